package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/waste"
)

func (s *session) wasteCommand() *cobra.Command {
	var snapshots, catalogs []string
	var output string
	command := &cobra.Command{
		Use:   "waste",
		Short: "Find what is paid for and not used, with its monthly cost",
		Long: `Judges what an account held (ward snapshot aws) by best practice beyond the Security Rule: unattached volumes and addresses,
idle balancers, old snapshots. Amounts are list prices of one region and of the day that the table names; a table of your own
(--catalog DIR with prices/aws.yaml) replaces it. Nothing is changed.`,
		Example: "  ward waste --snapshot clinic.snapshot\n  ward waste aws --profile clinic",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 || len(snapshots) == 0 {
				return usage{errors.New("--snapshot FILE says what is judged, or say: ward waste aws")}
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			readings, begun, err := readSnapshots(snapshots)
			if err != nil {
				return err
			}
			return s.waste(readings, catalogs, begun, output)
		},
	}
	common := func(c *cobra.Command) {
		c.Flags().StringArrayVar(&catalogs, "catalog", nil, "a folder with your own kinds/, checks/ and prices/")
		c.Flags().StringVarP(&output, "output", "o", "text", "text or json, with =FILE to write a file")
	}
	common(command)
	command.Flags().StringArrayVar(&snapshots, "snapshot", nil, "a file of ward snapshot")
	var a awsFlags
	var quiet bool
	live := &cobra.Command{
		Use:   "aws",
		Short: "Find what is paid for and not used in live AWS accounts",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			progress := s.progress(quiet)
			defer progress.done()
			now := time.Now()
			readings, err := s.readAWS(ctx, a, &given{now: now}, progress)
			if err != nil {
				return err
			}
			progress.done()
			return s.waste(readings, catalogs, now, output)
		},
	}
	common(live)
	a.add(live, "keep what is read in this file, for ward assess --snapshot")
	live.Flags().BoolVar(&quiet, "quiet", false, "no progress on standard error")
	command.AddCommand(live)
	return command
}

// waste judges what was read. It exits with 3 if something is not used, with 4 if that is not known of something, or something
// could not be listed.
func (s *session) waste(readings []source.Reading, catalogs []string, now time.Time, output string) error {
	format, file, _ := strings.Cut(output, "=")
	write, ok := map[string]func(*waste.Waste, io.Writer) error{"text": (*waste.Waste).WriteText, "json": (*waste.Waste).WriteJSON}[format]
	if !ok {
		return usage{fmt.Errorf("format %q is not text or json", format)}
	}
	layers, err := catalogLayers(catalogs)
	if err != nil {
		return err
	}
	prices, err := waste.LoadPrices(layers...)
	if err != nil {
		return err
	}
	c, err := openCatalog(catalogs)
	if err != nil {
		return err
	}
	estate := mapping.Map(c.Kinds, readings)
	there := map[string]bool{}
	for _, r := range estate.Resources {
		there[r.Kind.Name] = true
	}
	for _, gap := range estate.Gaps { // what could not be listed would be asked about too
		there[gap.Kind] = true
	}
	if err := c.LoadChecks(func(kind string) bool { return there[kind] }); err != nil {
		return err
	}
	w := waste.Of(c, estate, prices, now)
	if err := s.writeTo(file, func(out io.Writer) error { return write(w, out) }); err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	switch {
	case len(w.Items) > 0:
		return exit(exitFails)
	case len(w.Unknown)+len(w.Gaps) > 0:
		return exit(exitUnknown)
	}
	return nil
}
