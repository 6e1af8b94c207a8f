// Command program is built by tests that read what a Go binary was built from.
package main

import "golang.org/x/sync/errgroup"

func main() { _ = new(errgroup.Group).Wait() }
