// Package cli is the command line: one file for each command. It parses what the user typed, calls what does the work, and
// chooses the exit code; it decides nothing about compliance.
package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/knowledge"
)

// Exit codes of every command; assess adds 3 and 4.
const (
	exitOK      = 0
	exitFailed  = 1 // could not run
	exitUsage   = 2
	exitFails   = 3 // something fails
	exitUnknown = 4 // nothing fails but something is unknown
)

// exit carries an exit code to Run; what there was to say has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usage marks an error as one of the command line.
type usage struct{ error }

// session is what a command talks to.
type session struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// Run runs a command line and returns its exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := &session{stdin, stdout, stderr}
	root := s.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	var code exit
	var wrong usage
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong), strings.HasPrefix(err.Error(), "unknown command"):
		fmt.Fprintf(stderr, "ward: %v\nRun 'ward --help' for usage.\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "ward: %v\n", err)
	return exitFailed
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "ward",
		Short:         "Know, show and enforce what the HIPAA Security Rule asks of clouds, clusters and code",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.AddCommand(
		s.assessCommand(), s.reportCommand(), s.diffCommand(), s.explainCommand(), s.wasteCommand(),
		s.snapshotCommand(), s.policyCommand(), s.sbomCommand(), s.vulndbCommand(),
		s.admissionCommand(), s.guardCommand(), s.activityCommand(),
		s.serveCommand(), s.configCommand(), s.ledgerCommand(), s.backupCommand(), s.restoreCommand(),
		s.catalogCommand(), s.versionCommand(),
	)
	return root
}

// loadCatalog reads and verifies the whole catalog: the built-in one and the user's own on top of it.
func loadCatalog(dirs []string) (*catalog.Catalog, error) {
	layers, err := catalogLayers(dirs)
	if err != nil {
		return nil, err
	}
	return catalog.Load(layers...)
}

// openCatalog reads what an assessment begins with.
func openCatalog(dirs []string) (*catalog.Catalog, error) {
	layers, err := catalogLayers(dirs)
	if err != nil {
		return nil, err
	}
	return knowledge.OpenCatalog(layers)
}

func catalogLayers(dirs []string) ([]fs.FS, error) {
	layers := []fs.FS{builtin.Files}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, usage{fmt.Errorf("--catalog: %w", err)}
		}
		if !info.IsDir() {
			return nil, usage{fmt.Errorf("--catalog: %s is not a folder", dir)}
		}
		layers = append(layers, os.DirFS(dir))
	}
	return layers, nil
}
