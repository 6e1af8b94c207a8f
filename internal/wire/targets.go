package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// ReadTargets reads every target with every reader that knows it. A target that cannot be read is a gap as long as another
// one can be; an error means that nothing could.
func ReadTargets(ctx context.Context, targets []string, options source.Options, say func(string)) ([]source.Reading, error) {
	var readings []source.Reading
	var faults []error
	seen := map[string]bool{}
	for _, name := range targets {
		name = filepath.Clean(name) // so that ./infra and infra/ are one target with one set of finding ids
		if seen[name] {
			continue
		}
		seen[name] = true
		say("reading " + name)
		found, err := ReadTarget(ctx, name, name, options)
		if err != nil {
			faults = append(faults, err)
			readings = append(readings, source.Reading{Kind: "unreadable", Name: name,
				Gaps: []resource.Gap{{Target: name, What: name, Reason: err.Error()}}})
			continue
		}
		readings = append(readings, found...)
	}
	if len(faults) == len(seen) {
		return nil, errors.Join(faults...)
	}
	return readings, nil
}

// ReadTarget reads the target at a path. Reports call it by another name if it is a copy of something, such as of a repository.
func ReadTarget(ctx context.Context, at, name string, options source.Options) ([]source.Reading, error) {
	info, err := os.Stat(at)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, errors.Unwrap(err))
	}
	options.Root = filepath.ToSlash(filepath.Clean(name))
	if !info.IsDir() {
		options.Root = path.Dir(options.Root)
	}
	if options.Root == "." {
		options.Root = ""
	}
	var readings []source.Reading
	var faults []error
	for _, reader := range Readers() {
		if !reader.Detect(at) {
			continue
		}
		reading, err := reader.Read(ctx, at, options)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		readings = append(readings, reading)
	}
	readings = Split(ctx, readings, options)
	rename(readings, at, name)
	if len(readings) > 0 || len(faults) > 0 {
		for _, fault := range faults {
			readings = append(readings, source.Reading{Kind: "unreadable", Name: name,
				Gaps: []resource.Gap{{Target: name, What: name, Reason: fault.Error()}}})
		}
		if len(readings) == len(faults) { // of which every one is a gap
			return nil, errors.Join(faults...)
		}
		return readings, nil
	}
	var kinds []string
	for _, reader := range Readers() {
		kinds = append(kinds, reader.Kind())
	}
	return nil, fmt.Errorf("read %s: nothing there is known to be one of %s", name, strings.Join(kinds, ", "))
}

// rename calls what was read at a path by the name of what it is a copy of.
func rename(readings []source.Reading, at, name string) {
	if at == name {
		return
	}
	for i := range readings {
		readings[i].Name = name
		for j, gap := range readings[i].Gaps {
			gap.Target = name
			gap.What, gap.Reason = strings.ReplaceAll(gap.What, at, name), strings.ReplaceAll(gap.Reason, at, name)
			readings[i].Gaps[j] = gap
		}
	}
}
