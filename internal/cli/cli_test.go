package cli_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/testcluster"
)

// sharing runs the tests of this package, some of which share a cluster.
type sharing struct{ *testing.M }

func (s sharing) Run() int { return testcluster.Main(s.M) }

func TestMain(m *testing.M) {
	testscript.Main(sharing{m}, map[string]func(){
		"ward": func() { // as cmd/ward does
			cli.Pace()
			os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// TestScripts runs the command line as users do; each script says what it proves.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"image": makeImage,
			"sign":  signImage,
		},
	})
}

// exits CODE COMMAND...: the command ends with this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		code = string(rune('0' + exit.ExitCode()))
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
