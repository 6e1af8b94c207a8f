package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// Workload is the kind that guards act on.
const Workload = "kubernetes.workload"

// Policy says what is stopped, and how. docs/guard.md describes the file.
type Policy struct {
	Version int    `yaml:"version"`
	Author  string `yaml:"author"` // who must not approve it
	// PHI says what holds PHI, as in ward.yaml.
	PHI config.PHI `yaml:"phi"`
	// Protected are patterns on namespaces that are left alone besides those of Kubernetes and Ward's own.
	Protected config.Patterns `yaml:"protected"`
	Limit     Limit           `yaml:"limit"`
	// MaxAdvisoryAge is how old advisories may be: what older ones do not tell of is unknown.
	MaxAdvisoryAge Duration `yaml:"max_advisory_age"`
	Rules          []Rule   `yaml:"rules"`

	file string
	text []byte
}

// Limit bounds how much is done.
type Limit struct {
	PerRound int `yaml:"per_round"`
	PerHour  int `yaml:"per_hour"`
}

// Rule says of which failing checks what follows.
type Rule struct {
	ID string `yaml:"id"`
	// Checks are patterns on ids of checks of workloads, Severity their severities; all of them if there is none.
	Checks   config.Patterns `yaml:"check"`
	Severity Severities      `yaml:"severity"`
	// Params are of the one check that the rule names.
	Params map[string]kind.Literal `yaml:"params"`
	Where  Where                   `yaml:"where"`
	// Actions are tried in their order: the first that can be done to a workload is.
	Actions Actions  `yaml:"action"`
	Grace   Duration `yaml:"grace"` // how long it must have failed
	Line    int      `yaml:"-"`
}

// Where says which workloads a rule is about.
type Where struct {
	Namespaces config.Patterns `yaml:"namespaces"` // none for all
	PHI        bool            `yaml:"phi"`        // only those that are known to have to do with PHI
	Except     config.Patterns `yaml:"except"`     // addresses: Deployment/records/legacy
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *Rule) UnmarshalYAML(node *yaml.Node) error {
	type plain Rule
	r.Line = node.Line
	return node.Decode((*plain)(r))
}

// YAMLShape implements yamlfile.Shaped.
func (r *Rule) YAMLShape(*yaml.Node) any { type plain Rule; return new(plain) }

// Severities are one severity or a list.
type Severities []assessment.Severity

// Actions are one action or a list: "scale", "evict", "isolate".
type Actions []string

// YAMLShape implements yamlfile.Shaped.
func (s *Severities) YAMLShape(*yaml.Node) any { return nil }

// YAMLShape implements yamlfile.Shaped.
func (a *Actions) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *Severities) UnmarshalYAML(node *yaml.Node) error {
	return oneOrMore(node, (*[]assessment.Severity)(s))
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (a *Actions) UnmarshalYAML(node *yaml.Node) error { return oneOrMore(node, (*[]string)(a)) }

func oneOrMore[T ~string](node *yaml.Node, into *[]T) error {
	if node.Kind == yaml.ScalarNode {
		*into = []T{T(node.Value)}
		return nil
	}
	return node.Decode(into)
}

// Duration is a time such as 90s, 10m, 12h or 7d.
type Duration time.Duration

// YAMLShape implements yamlfile.Shaped.
func (d *Duration) YAMLShape(*yaml.Node) any { return nil }

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	made, err := ParseDuration(node.Value)
	if err != nil || node.Kind != yaml.ScalarNode {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: a time such as 10m, 12h or 7d is wanted", node.Line)}}
	}
	*d = made
	return nil
}

// maxDuration bounds every time that people write.
const maxDuration = 366 * 24 * time.Hour

// ParseDuration reads a Duration.
func ParseDuration(text string) (Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 366 {
			return Duration(time.Duration(n) * 24 * time.Hour), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > maxDuration {
		return 0, fmt.Errorf("%q is no time such as 10m, 12h or 7d, of a year at most", text)
	}
	return Duration(d), nil
}

// String writes whole days as such.
func (d Duration) String() string {
	if day := 24 * time.Hour; time.Duration(d) >= day && time.Duration(d)%day == 0 {
		return fmt.Sprintf("%dd", time.Duration(d)/day)
	}
	return time.Duration(d).String()
}

// defaults of what a policy does not say.
const (
	defaultPerRound = 5
	defaultPerHour  = 20
	defaultAge      = Duration(7 * 24 * time.Hour)
)

// ReadPolicy reads a policy. All faults come back joined, with their lines.
func ReadPolicy(file string) (*Policy, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > yamlfile.MaxSize {
		return nil, fmt.Errorf("read the policy: %s is no file of %d bytes at most", file, yamlfile.MaxSize)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	return ParsePolicy(file, text)
}

// ParsePolicy reads a policy as it stands in a file. What it says of checks is verified by Resolve.
func ParsePolicy(file string, text []byte) (*Policy, error) {
	p := &Policy{file: file, text: text, Limit: Limit{defaultPerRound, defaultPerHour}, MaxAdvisoryAge: defaultAge}
	if err := yamlfile.Decode(file, text, p); err != nil {
		return nil, err
	}
	return p, errors.Join(p.faults()...)
}

func (p *Policy) fault(line int, format string, args ...any) error {
	return yamlfile.Fault{File: p.file, Line: line, Text: fmt.Sprintf(format, args...)}
}

func (p *Policy) faults() []error {
	var all []error
	add := func(wrong bool, line int, format string, args ...any) {
		if wrong {
			all = append(all, p.fault(line, format, args...))
		}
	}
	add(p.Version != 1, 0, "version: 1 is wanted")
	add(strings.TrimSpace(p.Author) == "", 0, "author: who wrote the policy is wanted, since somebody else must approve it")
	add(p.Limit.PerRound < 1 || p.Limit.PerHour < 1, 0, "limit: per_round and per_hour are 1 at least")
	add(!slices.Contains([]string{"", "unknown", "yes", "no"}, p.PHI.Default), 0, "phi: default is unknown, yes or no")
	add(slices.Contains(p.Protected, ""), 0, "protected: a pattern is empty")
	add(len(p.Rules) == 0, 0, "rules: one at least is wanted")
	seen := map[string]bool{}
	for _, r := range p.Rules {
		add(r.ID == "", r.Line, "a rule has no id")
		add(r.ID != "" && seen[r.ID], r.Line, "another rule is called %s, too", r.ID)
		seen[r.ID] = true
		add(len(r.Checks) == 0 && len(r.Severity) == 0, r.Line, "rule %s: check or severity is wanted", r.ID)
		add(slices.Contains(r.Checks, "") || slices.Contains(r.Where.Namespaces, "") || slices.Contains(r.Where.Except, ""), r.Line,
			"rule %s: a pattern is empty", r.ID)
		add(len(r.Actions) == 0, r.Line, "rule %s: action is wanted: %s", r.ID, strings.Join(actionNames, ", "))
		for _, a := range r.Actions {
			add(!slices.Contains(actionNames, a), r.Line, "rule %s: there is no action %q%s; there are %s", r.ID, a,
				yamlfile.Suggest(a, actionNames), strings.Join(actionNames, ", "))
		}
		for _, s := range r.Severity {
			add(!slices.Contains(severities, s), r.Line, "rule %s: there is no severity %q", r.ID, s)
		}
		for _, n := range r.Where.Namespaces {
			add(slices.Contains(system, string(n)), r.Line, "rule %s: the namespace %s is left alone always, so that the rule would do nothing", r.ID, n)
		}
	}
	return all
}

var (
	actionNames = []string{"scale", "evict", "isolate"}
	severities  = []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
)

// checks are the ids of the checks of a rule, sorted.
func (r *Rule) checks(c *catalog.Catalog) []string {
	var ids []string
	for _, one := range c.Checks {
		if one.Kind.Name == Workload && one.Waste == "" && (len(r.Checks) == 0 || r.Checks.Match(one.ID)) &&
			(len(r.Severity) == 0 || slices.Contains(r.Severity, one.Severity)) {
			ids = append(ids, one.ID)
		}
	}
	return ids
}

// Resolve verifies what the policy says of checks. The catalog MUST have those of workloads loaded.
func (p *Policy) Resolve(c *catalog.Catalog) error {
	var all []error
	for i := range p.Rules {
		r := &p.Rules[i]
		for _, pattern := range r.Checks {
			if !slices.ContainsFunc(c.IDs(), func(id string) bool { return catalog.KindOf(id) == Workload && pattern.Match(id) }) {
				all = append(all, p.fault(r.Line, "rule %s: no check of workloads is called %s%s", r.ID, pattern, suggest(string(pattern), c.IDs())))
			}
		}
		ids := r.checks(c)
		switch {
		case len(ids) == 0 && len(all) == 0:
			all = append(all, p.fault(r.Line, "rule %s: no check has these names and severities", r.ID))
		case len(r.Params) > 0 && len(ids) != 1:
			all = append(all, p.fault(r.Line, "rule %s: params are of one check, and the rule names %d", r.ID, len(ids)))
		case len(r.Params) > 0:
			if _, err := c.Check(ids[0]).With(values(r.Params)); err != nil {
				all = append(all, p.fault(r.Line, "rule %s: %v", r.ID, err))
			}
		}
	}
	return errors.Join(all...)
}

func suggest(word string, ids []string) string {
	var ours []string
	for _, id := range ids {
		if catalog.KindOf(id) == Workload {
			ours = append(ours, id)
		}
	}
	return yamlfile.Suggest(word, ours)
}

func values(literals map[string]kind.Literal) map[string]value.Value {
	set := make(map[string]value.Value, len(literals))
	for name, l := range literals {
		set[name] = l.Value
	}
	return set
}

// Digest is what an approval is about: every byte of the policy, and the catalog that says what its checks mean.
func (p *Policy) Digest(catalogDigest string) string {
	h := sha256.New()
	fmt.Fprintf(h, "ward guard 1\n%s\n%d\n", catalogDigest, len(p.text))
	h.Write(p.text)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
