package scope

import (
	"fmt"
	"io/fs"
	"slices"

	"ward.dev/ward/internal/dated"
)

// Services tells which services of the providers may hold PHI under a business associate agreement. The zero Services
// knows of none.
type Services struct {
	lists map[string]*list // by provider
}

// list is one provider's file: catalog/eligible/PROVIDER.yaml.
type list struct {
	dated.Head `yaml:",inline"`
	// Eligible and NotEligible lead from the name that kinds use to the provider's name. What neither holds is unknown.
	Eligible    map[string]string `yaml:"eligible"`
	NotEligible map[string]string `yaml:"not_eligible"`
}

// LoadServices reads the folder eligible of each layer of the catalog.
func LoadServices(layers ...fs.FS) (*Services, error) {
	lists, err := dated.Load[list]("eligible", layers)
	return &Services{lists: lists}, err
}

// Faults implements dated.Table.
func (l *list) Faults() []string {
	var faults []string
	for name := range l.NotEligible {
		if l.Eligible[name] != "" {
			faults = append(faults, name+" is both eligible and not eligible")
		}
	}
	return faults
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
