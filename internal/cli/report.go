package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/wire"
)

func (s *session) reportCommand() *cobra.Command {
	var given []string
	var l look
	command := &cobra.Command{
		Use:     "report ASSESSMENT.json",
		Short:   "Write a saved assessment in other formats",
		Long:    "Reads what 'ward assess -o json' wrote (- is standard input) and writes it in any other format.",
		Example: "  ward assess infra/ -o json=now.json\n  ward report now.json -o html=now.html -o oscal-poam=poam.json",
		Args:    one("an assessment that 'ward assess -o json' wrote"),
		RunE: func(_ *cobra.Command, args []string) error {
			outputs, err := parseOutputs(given)
			if err != nil {
				return err
			}
			if err := l.check(); err != nil {
				return err
			}
			a, err := s.readAssessment(args[0])
			if err != nil {
				return err
			}
			return s.write(outputs, a, l)
		},
	}
	command.Flags().StringArrayVarP(&given, "output", "o", nil, "FORMAT[=FILE], as often as wanted; formats: "+strings.Join(wire.Formats(), ", ")+" (default text)")
	s.lookFlags(command, &l)
	return command
}

// one wants exactly one argument.
func one(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage{errors.New("one argument is wanted: " + what)}
		}
		return nil
	}
}

func (s *session) readAssessment(name string) (*assessment.Assessment, error) {
	in := s.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read assessment: %w", err)
		}
		defer f.Close()
		in = f
	}
	a, err := jsonreport.Read(io.Reader(in))
	if err != nil {
		return nil, fmt.Errorf("read assessment %s: %w", name, err)
	}
	return a, nil
}
