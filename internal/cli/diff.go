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
	command := &cobra.Command{
		Use:     "diff BEFORE.json AFTER.json",
		Short:   "Compare two assessments: what is new, fixed, worse",
		Long:    "Compares two saved assessments. Exit code 3 if anything is new, worse or lost from sight, 0 otherwise.",
		Example: "  ward diff yesterday.json today.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage{errors.New("two assessments are wanted: the one before and the one after")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
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
			if file == "" {
				err = write(d, s.stdout)
			} else {
				err = writeFile(file, func(w io.Writer) error { return write(d, w) })
			}
			if err != nil {
				return fmt.Errorf("write %s: %w", format, err)
			}
			if d.IsWorse() {
				return exit(exitFails)
			}
			return nil
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text, json or markdown, with =FILE to write a file")
	return command
}
