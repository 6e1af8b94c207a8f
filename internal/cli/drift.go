package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/drift"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/wire"
)

// driftFlags say what code is compared with, and how the code is read.
type driftFlags struct {
	snapshots []string
	code      assessFlags
}

func (d *driftFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVar(&d.snapshots, "snapshot", nil, "compare code with what this file of ward snapshot holds")
	flags.StringArrayVar(&d.code.catalogs, "catalog", nil, "a folder with your own kinds/, checks/ and frameworks/")
	d.code.addReading(command)
}

// drift compares code with what accounts held.
func (s *session) drift(targets []string, f driftFlags, output string) error {
	format, file, _ := strings.Cut(output, "=")
	write, ok := map[string]func(*drift.Drift, io.Writer) error{"text": (*drift.Drift).WriteText, "json": (*drift.Drift).WriteJSON}[format]
	if !ok {
		return usage{fmt.Errorf("format %q is not text or json", format)}
	}
	if len(targets) == 0 {
		return usage{errors.New("compare the snapshot with what? give a folder of Terraform, a plan or a template")}
	}
	g, err := s.settle(targets, f.code)
	if err != nil {
		return err
	}
	k, err := openKnowledge(f.code, g.config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := wire.ReadTargets(ctx, targets, g.options, func(string) {})
	if err != nil {
		return err
	}
	live, _, err := readSnapshots(f.snapshots)
	if err != nil {
		return err
	}
	for _, reading := range code { // what could not be read may declare what seems to be in no code
		for _, gap := range reading.Gaps {
			fmt.Fprintf(s.stderr, "ward: not read: %s: %s\n", gap.What, gap.Reason)
		}
	}
	d := drift.Of(mapping.Map(k.Catalog.Kinds, code), mapping.Map(k.Catalog.Kinds, live))
	if err := s.writeTo(file, func(w io.Writer) error { return write(d, w) }); err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	switch {
	case !d.Clean():
		return exit(exitFails)
	case d.Unknown():
		return exit(exitUnknown)
	}
	return nil
}
