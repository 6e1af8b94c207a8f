package scope

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"ward.dev/ward/internal/yamlfile"
)

// Services tells which services of the providers may hold PHI under a business associate agreement. The zero Services
// knows of none.
type Services struct {
	lists map[string]*list // by provider
}

// list is one provider's file: catalog/eligible/PROVIDER.yaml.
type list struct {
	Provider string `yaml:"provider"`
	// Source is the title of the provider's own list, AsOf the day on which it was read.
	Source string `yaml:"source"`
	AsOf   string `yaml:"as_of"`
	// Eligible and NotEligible lead from the name that kinds use to the provider's name. What neither holds is unknown.
	Eligible    map[string]string `yaml:"eligible"`
	NotEligible map[string]string `yaml:"not_eligible"`
}

// LoadServices reads the folder eligible of each layer of the catalog; a later layer's file replaces the provider's
// whole list.
func LoadServices(layers ...fs.FS) (*Services, error) {
	s := &Services{lists: map[string]*list{}}
	var faults []error
	for _, layer := range layers {
		files, err := fs.Glob(layer, "eligible/*.yaml")
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		for _, file := range files {
			l, err := readList(layer, file)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			s.lists[l.Provider] = l
		}
	}
	return s, errors.Join(faults...)
}

func readList(fsys fs.FS, file string) (*list, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read eligible services: %w", err)
	}
	l := &list{}
	if err := yamlfile.Decode(file, data, l); err != nil {
		return nil, err
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: file, Line: 1, Text: fmt.Sprintf(format, args...)})
	}
	if want := path.Base(file); l.Provider+".yaml" != want {
		fault("provider is %q but the file is named %s", l.Provider, want)
	}
	if _, err := time.Parse(time.DateOnly, l.AsOf); err != nil || l.Source == "" {
		fault("source and as_of (a date such as 2026-01-31) are wanted")
	}
	for name := range l.NotEligible {
		if l.Eligible[name] != "" {
			fault("%s is both eligible and not eligible", name)
		}
	}
	return l, errors.Join(faults...)
}

// Eligible tells whether the service may hold PHI; known is false if the provider's list does not say, and source names
// the list and its day.
func (s *Services) Eligible(provider, service string) (eligible, known bool, source string) {
	if s == nil || s.lists[provider] == nil {
		return false, false, ""
	}
	l := s.lists[provider]
	source = fmt.Sprintf("%s of %s", l.Source, l.AsOf)
	if _, ok := l.Eligible[service]; ok {
		return true, true, source
	}
	_, ok := l.NotEligible[service]
	return false, ok, source
}

// Names returns the services that the provider's list names as eligible, sorted.
func (s *Services) Names(provider string) []string {
	if s == nil || s.lists[provider] == nil {
		return nil
	}
	var names []string
	for name := range s.lists[provider].Eligible {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
