package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/wire"
)

// output is one -o FORMAT[=FILE].
type output struct {
	writer report.Writer
	file   string // "" for standard output
}

// parseOutputs reads every -o before any work is done. No -o is text.
func parseOutputs(given []string) ([]output, error) {
	if len(given) == 0 {
		given = []string{"text"}
	}
	var outputs []output
	var toStdout []string
	for _, text := range given {
		format, file, _ := strings.Cut(text, "=")
		writer, err := wire.Writer(format)
		if err != nil {
			return nil, usage{err}
		}
		if file == "" || file == "-" {
			file = ""
			toStdout = append(toStdout, format)
		}
		outputs = append(outputs, output{writer, file})
	}
	if len(toStdout) > 1 {
		return nil, usage{fmt.Errorf("%s would all go to standard output; give files: -o %s=FILE",
			strings.Join(toStdout, " and "), toStdout[len(toStdout)-1])}
	}
	return outputs, nil
}

// look is how reports look.
type look struct {
	color   string // auto, always, never
	verbose bool
}

// check refuses words that --color does not know.
func (l look) check() error {
	switch l.color {
	case "auto", "always", "never":
		return nil
	}
	return usage{fmt.Errorf("--color %q is not auto, always or never", l.color)}
}

// write writes every report. A file appears whole or not at all.
func (s *session) write(outputs []output, a *assessment.Assessment, l look) error {
	for _, o := range outputs {
		if o.file == "" {
			options := report.Options{Width: width(s.stdout), Color: colored(s.stdout, l.color), Verbose: l.verbose}
			if err := o.writer.Write(s.stdout, a, options); err != nil {
				return fmt.Errorf("write %s: %w", o.writer.Name(), err)
			}
			continue
		}
		if err := writeFile(o.file, func(w io.Writer) error {
			return o.writer.Write(w, a, report.Options{Verbose: l.verbose})
		}); err != nil {
			return fmt.Errorf("write %s: %w", o.writer.Name(), err)
		}
		fmt.Fprintf(s.stderr, "wrote %s\n", o.file)
	}
	return nil
}

// writeTo writes to a file, or to standard output if there is no name.
func (s *session) writeTo(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(s.stdout)
	}
	return writeFile(name, write)
}

// writeFile writes beside the file and renames, so that what was there stays until all is written.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already if all went well
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func terminal(w any) (int, bool) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, false
	}
	return int(f.Fd()), term.IsTerminal(int(f.Fd()))
}

// width is that of the terminal, within what is pleasant to read, and 80 elsewhere.
func width(w io.Writer) int {
	if fd, ok := terminal(w); ok {
		if columns, _, err := term.GetSize(fd); err == nil && columns > 0 {
			return min(columns, 120)
		}
	}
	return 80
}

// colored follows --color, and in "auto" the terminal and NO_COLOR (no-color.org).
func colored(w io.Writer, when string) bool {
	switch when {
	case "always":
		return true
	case "never":
		return false
	}
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
