package installed

import (
	"context"
	"regexp"
	"strings"

	"ward.dev/ward/internal/software"
)

var separators = regexp.MustCompile(`[-_.]+`)

// readPython reads the core metadata of an installed distribution:
// https://packaging.python.org/en/latest/specifications/core-metadata/
func readPython(_ context.Context, _ string, data []byte, r *Record) error {
	fields := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" { // the description follows
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(name)
		if ok && fields[name] == "" && line[0] != ' ' && line[0] != '\t' {
			fields[name] = strings.TrimSpace(value)
		}
	}
	// PyPI takes names that differ only so for the same.
	name := strings.ToLower(separators.ReplaceAllString(fields["name"], "-"))
	if name == "" || fields["version"] == "" {
		r.fault(name, fields["version"])
		return nil
	}
	license := fields["license-expression"]
	if license == "" {
		license = fields["license"]
	}
	if strings.EqualFold(license, "UNKNOWN") {
		license = ""
	}
	r.Packages = append(r.Packages, software.Package{
		Ecosystem: "PyPI", Name: name, Version: fields["version"], Licenses: licenses(license),
	})
	return nil
}
