// Package dated reads the catalog's tables of what a provider said on a day: which services may hold PHI, what things cost.
//
// It must not know what a table says.
package dated

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"ward.dev/ward/internal/yamlfile"
)

// Head is what each table begins with.
type Head struct {
	Provider string `yaml:"provider"`
	// Source is the title of what the table was read from, AsOf the day on which that was.
	Source string `yaml:"source"`
	AsOf   string `yaml:"as_of"`
}

func (h *Head) head() *Head { return h }

// Table is a struct that embeds a Head. T is its type, so that Load can make one.
type Table[T any] interface {
	*T
	head() *Head
	// Faults says what is wrong with the table, apart from its head.
	Faults() []string
}

// Load reads a folder of each layer of the catalog, one file for each provider: FOLDER/PROVIDER.yaml. A later layer's file
// replaces the provider's whole table.
func Load[T any, P Table[T]](folder string, layers []fs.FS) (map[string]P, error) {
	tables := map[string]P{}
	var faults []error
	for _, layer := range layers {
		files, err := fs.Glob(layer, folder+"/*.yaml")
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		for _, file := range files {
			table, err := read[T, P](layer, file)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			tables[table.head().Provider] = table
		}
	}
	return tables, errors.Join(faults...)
}

func read[T any, P Table[T]](fsys fs.FS, file string) (P, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	table := P(new(T))
	if err := yamlfile.Decode(file, data, table); err != nil {
		return nil, err
	}
	texts := table.Faults()
	head := table.head()
	if want := path.Base(file); head.Provider+".yaml" != want {
		texts = append(texts, fmt.Sprintf("provider is %q but the file is named %s", head.Provider, want))
	}
	if _, err := time.Parse(time.DateOnly, head.AsOf); err != nil || head.Source == "" {
		texts = append(texts, "source and as_of (a date such as 2026-01-31) are wanted")
	}
	var faults []error
	for _, text := range texts {
		faults = append(faults, yamlfile.Fault{File: file, Line: 1, Text: text})
	}
	return table, errors.Join(faults...)
}
