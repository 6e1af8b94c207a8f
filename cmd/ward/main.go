// Command ward assesses infrastructure code and live accounts against the HIPAA Security Rule.
package main

import (
	"os"

	"ward.dev/ward/internal/cli"
)

func main() {
	cli.Pace()
	os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
