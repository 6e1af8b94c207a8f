// Package framework holds what a rule book asks: its safeguards, and how each is answered: by checks, by a person's
// attestation, by inheritance from a provider. Frameworks list checks, never the reverse.
//
// It must not know how checks are judged.
package framework

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/yamlfile"
)

// Framework is one framework file with the link files in the folder of its name. See docs/format/framework.md.
type Framework struct {
	ID     string `yaml:"framework"`
	Title  string `yaml:"title"`
	Source string `yaml:"source"`
	Doc    string `yaml:"doc"`
	// Default frameworks are used when none is asked for.
	Default    bool         `yaml:"default"`
	Safeguards []*Safeguard `yaml:"safeguards"`
	Views      []View       `yaml:"views"`

	File       string `yaml:"-"`
	byCitation map[string]*Safeguard
}

// Safeguard is one standard or implementation specification.
type Safeguard struct {
	Citation      string        `yaml:"citation"`
	Name          string        `yaml:"name"`
	Specification string        `yaml:"specification"` // standard, required, addressable
	Obligation    string        `yaml:"obligation"`
	Responsible   string        `yaml:"responsible"` // customer, provider, shared
	Attestations  []Attestation `yaml:"attestations"`
	Inherited     *Inherited    `yaml:"inherited"`
	// MayNotApply tells that an organization may answer that the safeguard does not concern it.
	MayNotApply bool `yaml:"may_not_apply"`
	// Unanswered says why a safeguard has neither checks, attestations nor inheritance, "" otherwise.
	Unanswered string `yaml:"unanswered"`
	// Checks come from the file itself and from the link files.
	Checks []Link `yaml:"checks"`

	Line int `yaml:"-"`
}

// Link says that a check bears on a safeguard, how strongly, and why.
type Link struct {
	Check    string `yaml:"check"`
	Strength string `yaml:"strength"` // implements, supports, evidence
	Reason   string `yaml:"reason"`
	// File and Line are where the link is written.
	File string `yaml:"-"`
	Line int    `yaml:"-"`
}

// Attestation is what a person must say for the safeguard.
type Attestation struct {
	ID        string `yaml:"id"`
	Statement string `yaml:"statement"`
	Role      string `yaml:"role"`
	// ReviewMonths is how long it holds, in months; 12 if not given.
	ReviewMonths int `yaml:"review_months"`
}

// Inherited is what a provider answers for.
type Inherited struct {
	From   string `yaml:"from"`
	Under  string `yaml:"under"` // the id of the attestation of the agreement
	Reason string `yaml:"reason"`
}

// View is another order on the safeguards.
type View struct {
	ID    string    `yaml:"id"`
	Title string    `yaml:"title"`
	Rows  []ViewRow `yaml:"rows"`
}

// ViewRow names the safeguards of a row.
type ViewRow struct {
	ID        string   `yaml:"id"`
	Title     string   `yaml:"title"`
	Citations []string `yaml:"citations"`

	Line int `yaml:"-"`
}

// links is a file in the framework's folder: checks with the safeguards they bear on.
type links struct {
	Links []struct {
		Check      string                `yaml:"check"`
		Safeguards map[string]linkReason `yaml:"safeguards"`
	} `yaml:"links"`
}

type linkReason struct {
	Strength string `yaml:"strength"`
	Reason   string `yaml:"reason"`
	line     int
}

// The plain types decode without the methods that keep the line.
type (
	plainSafeguard  Safeguard
	plainLink       Link
	plainViewRow    ViewRow
	plainLinkReason linkReason
)

// YAMLShape implements yamlfile.Shaped.
func (s *Safeguard) YAMLShape(*yaml.Node) any { return &plainSafeguard{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *Safeguard) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainSafeguard)(s))
	s.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (l *Link) YAMLShape(*yaml.Node) any { return &plainLink{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *Link) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainLink)(l))
	l.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (r *ViewRow) YAMLShape(*yaml.Node) any { return &plainViewRow{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *ViewRow) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainViewRow)(r))
	r.Line = node.Line
	return err
}

// YAMLShape implements yamlfile.Shaped.
func (r *linkReason) YAMLShape(*yaml.Node) any { return &plainLinkReason{} }

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *linkReason) UnmarshalYAML(node *yaml.Node) error {
	err := node.Decode((*plainLinkReason)(r))
	r.line = node.Line
	return err
}

// Safeguard returns the safeguard of a citation, nil if there is none.
func (f *Framework) Safeguard(citation string) *Safeguard { return f.byCitation[citation] }

// Citations returns, for each check that the framework lists, the citations of its safeguards in order.
func (f *Framework) Citations() map[string][]string {
	m := map[string][]string{}
	for _, s := range f.Safeguards {
		for _, l := range s.Checks {
			m[l.Check] = append(m[l.Check], s.Citation)
		}
	}
	return m
}

// Load reads every framework of a folder, without its link files.
func Load(fsys fs.FS, dir string) ([]*Framework, []error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, []error{err}
	}
	sort.Strings(files)
	var all []*Framework
	var faults []error
	for _, file := range files {
		f, err := read(fsys, file)
		if err != nil {
			faults = append(faults, err)
		}
		if f != nil {
			all = append(all, f)
		}
	}
	return all, faults
}

func read(fsys fs.FS, file string) (*Framework, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read framework: %w", err)
	}
	f := &Framework{File: file, byCitation: map[string]*Safeguard{}}
	if err := yamlfile.Decode(file, data, f); err != nil {
		return nil, err
	}
	return f, errors.Join(f.check()...)
}

// LoadLinks adds the link files in the framework's folder of every layer of a catalog: its own, and a user's for checks of
// their own. A file of a later layer replaces the one of the same name.
func (f *Framework) LoadLinks(dir string, layers ...fs.FS) []error {
	var faults []error
	from := map[string]fs.FS{}
	for _, layer := range layers {
		files, err := fs.Glob(layer, path.Join(dir, f.ID, "*.yaml"))
		if err != nil {
			faults = append(faults, err)
		}
		for _, file := range files {
			from[file] = layer
		}
	}
	files := slices.Sorted(maps.Keys(from))
	read, errs := make([]links, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			read[i], errs[i] = readLinks(from[file], file)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	for i, file := range files {
		if errs[i] != nil {
			faults = append(faults, errs[i])
			continue
		}
		faults = append(faults, f.addLinks(file, read[i])...)
	}
	return faults
}

func readLinks(fsys fs.FS, file string) (links, error) {
	var l links
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return l, fmt.Errorf("read links: %w", err)
	}
	return l, yamlfile.Decode(file, data, &l)
}

// addLinks links the checks of another file to the framework's safeguards.
func (f *Framework) addLinks(file string, l links) []error {
	var faults []error
	for _, link := range l.Links {
		citations := make([]string, 0, len(link.Safeguards))
		for citation := range link.Safeguards {
			citations = append(citations, citation)
		}
		sort.Strings(citations)
		for _, citation := range citations {
			reason := link.Safeguards[citation]
			s := f.byCitation[citation]
			if s == nil {
				faults = append(faults, yamlfile.Fault{File: file, Line: reason.line,
					Text: fmt.Sprintf("check %s: there is no safeguard %q", link.Check, citation)})
				continue
			}
			made := Link{link.Check, reason.Strength, reason.Reason, file, reason.line}
			if err := made.check(); err != nil {
				faults = append(faults, yamlfile.Fault{File: file, Line: reason.line,
					Text: fmt.Sprintf("check %s for %s: %v", link.Check, citation, err)})
			}
			s.Checks = append(s.Checks, made)
		}
	}
	return faults
}

func (l Link) check() error {
	if l.Reason == "" {
		return errors.New("a reason is wanted")
	}
	switch l.Strength {
	case "implements", "supports", "evidence":
		return nil
	}
	return fmt.Errorf("strength is implements, supports or evidence, not %q", l.Strength)
}

func (f *Framework) check() []error {
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: f.File, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	if want := strings.TrimSuffix(path.Base(f.File), ".yaml"); f.ID != want {
		fault(0, "framework is %q but the file is named for %q", f.ID, want)
	}
	attestations := map[string]string{}
	for _, s := range f.Safeguards {
		if other := f.byCitation[s.Citation]; other != nil {
			fault(s.Line, "%s stands twice, first at line %d", s.Citation, other.Line)
		}
		f.byCitation[s.Citation] = s
		for _, word := range s.check() {
			fault(s.Line, "%s: %s", s.Citation, word)
		}
		for i := range s.Checks {
			l := &s.Checks[i]
			l.File = f.File
			if err := l.check(); err != nil {
				fault(l.Line, "%s: check %s: %v", s.Citation, l.Check, err)
			}
		}
		for i := range s.Attestations {
			a := &s.Attestations[i]
			if a.ReviewMonths == 0 {
				a.ReviewMonths = 12
			}
			if other, ok := attestations[a.ID]; ok && other != a.Statement {
				fault(s.Line, "%s: attestation %s is stated differently elsewhere", s.Citation, a.ID)
			}
			attestations[a.ID] = a.Statement
		}
	}
	for _, s := range f.Safeguards {
		if s.Inherited != nil && attestations[s.Inherited.Under] == "" {
			fault(s.Line, "%s: inherited under %q, which is no attestation of this framework", s.Citation, s.Inherited.Under)
		}
	}
	for _, v := range f.Views {
		for _, r := range v.Rows {
			for _, c := range r.Citations {
				if f.byCitation[c] == nil {
					fault(r.Line, "view %s, row %s: there is no safeguard %q", v.ID, r.ID, c)
				}
			}
		}
	}
	return faults
}

func (s *Safeguard) check() []string {
	var faults []string
	if s.Name == "" || s.Obligation == "" {
		faults = append(faults, "name and obligation are wanted")
	}
	if !oneOf(s.Specification, "standard", "required", "addressable") {
		faults = append(faults, "specification is standard, required or addressable")
	}
	if !oneOf(s.Responsible, "customer", "provider", "shared") {
		faults = append(faults, "responsible is customer, provider or shared")
	}
	for _, a := range s.Attestations {
		if a.ID == "" || a.Statement == "" || a.Role == "" {
			faults = append(faults, "an attestation has id, statement and role")
		}
	}
	return faults
}

func oneOf(word string, words ...string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}
