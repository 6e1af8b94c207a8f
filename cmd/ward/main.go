// Command ward assesses infrastructure code and live accounts against the HIPAA Security Rule.
package main

import (
	"os"
	"runtime/debug"

	"ward.dev/ward/internal/cli"
)

// memory is where the collector begins to work harder, in bytes. An estate of 100,000 resources then stays under 1 GiB;
// GOMEMLIMIT replaces it.
const memory = 900 << 20

// growth lets the heap grow to many times what is live before it is collected: runs are short, and memory bounds it.
const growth = 1000

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
