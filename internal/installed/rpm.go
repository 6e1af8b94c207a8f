package installed

import (
	"context"
	"fmt"

	"ward.dev/ward/internal/rpmdb"
	"ward.dev/ward/internal/software"
)

func readRPM(ctx context.Context, _ string, data []byte, r *Record) error {
	packages, err := rpmdb.Read(ctx, data)
	if err != nil {
		return err
	}
	for _, from := range packages {
		p := software.Package{
			Name: from.Name, Version: from.Version + "-" + from.Release, Arch: from.Arch, Licenses: licenses(from.License),
		}
		if from.Epoch != 0 {
			p.Version = fmt.Sprintf("%d:%s", from.Epoch, p.Version)
		}
		p.Source, p.SourceVersion = software.SplitSourceRPM(from.SourceRPM)
		if p.Source == p.Name {
			p.Source = ""
		}
		if p.SourceVersion == from.Version+"-"+from.Release {
			p.SourceVersion = ""
		}
		r.Packages = append(r.Packages, p)
		for _, file := range from.Files {
			r.own(relative(file))
		}
	}
	return nil
}

// readRPMJournal reads the log that SQLite writes before it changes the database: what stands in it is in no other file.
func readRPMJournal(_ context.Context, _ string, data []byte, r *Record) error {
	if len(data) > 0 {
		r.Faults = append(r.Faults, "rpm's database was not closed: what changed last stands in a log that is not read")
	}
	return nil
}
