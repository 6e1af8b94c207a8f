package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/diff"
)

func (s *session) diffCommand() *cobra.Command {
	var output string
	var drift driftFlags
	command := &cobra.Command{
		Use:   "diff BEFORE.json AFTER.json",
		Short: "Compare two assessments, or code with what runs",
		Long: `Compares two saved assessments. Exit code 3 if anything is new, worse or lost from sight, 0 otherwise.

With --snapshot it compares code with what an account held then (ward snapshot aws): what runs and is in no code, what is
declared and does not run, what differs. Exit code 3 if there is such drift, 4 if there is none but something could not be told. A
plan (terraform show -json) tells more names than the code alone.`,
		Example: `  ward diff yesterday.json today.json
  ward diff infra/ --snapshot clinic.snapshot`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(drift.snapshots) > 0 {
				return nil
			}
			if len(args) != 2 {
				return usage{errors.New("two assessments are wanted: the one before and the one after")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(drift.snapshots) > 0 {
				return s.drift(args, drift, output)
			}
			format, file, _ := strings.Cut(output, "=")
			write, ok := map[string]func(*diff.Diff, io.Writer) error{
				"text": (*diff.Diff).WriteText, "json": (*diff.Diff).WriteJSON, "markdown": (*diff.Diff).WriteMarkdown}[format]
			if !ok {
				return usage{fmt.Errorf("format %q is not text, json or markdown", format)}
			}
			before, err := s.readAssessment(args[0])
			if err != nil {
				return err
			}
			after, err := s.readAssessment(args[1])
			if err != nil {
				return err
			}
			d := diff.Of(before, after)
			if err := s.writeTo(file, func(w io.Writer) error { return write(d, w) }); err != nil {
				return fmt.Errorf("write %s: %w", format, err)
			}
			if d.IsWorse() {
				return exit(exitFails)
			}
			return nil
		},
	}
	drift.add(command)
	command.Flags().StringVarP(&output, "output", "o", "text", "text, json or markdown, with =FILE to write a file")
	return command
}
