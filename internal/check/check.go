// Package check holds the checks of the catalog: a claim about one kind of resource that holds when it passes, and the
// examples that prove what it means.
//
// It knows kinds and rules. It must not know frameworks, sources or reports; a check reaches no clock, file or network.
package check

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// Check is one check file. See docs/format/check.md.
type Check struct {
	Title    string              `yaml:"title"`
	Severity assessment.Severity `yaml:"severity"`
	// Why says what goes wrong with PHI when the claim does not hold.
	Why string `yaml:"why"`
	// When limits the check to the resources for which it is true; the others are not applicable.
	When string `yaml:"when"`
	// Require is the claim.
	Require string `yaml:"require"`
	// Params may be set in ward.yaml.
	Params map[string]*kind.Attribute `yaml:"params"`
	// Fix says how to put it right, by "console", "cli", "terraform", "cloudformation", "kubernetes", "dockerfile".
	Fix Fix `yaml:"fix"`
	// Aka lists the names of the same idea in other tools: "prowler", "aws-config", "steampipe", "trivy".
	Aka map[string][]string `yaml:"aka"`
	// Live says that only a live account can answer: the check is not asked of code.
	Live bool `yaml:"live"`
	// Waste names the price in catalog/prices of what is not used where the check fails. ward waste asks such checks, ward
	// assess does not.
	Waste string `yaml:"waste"`
	// Unclaimed says why no framework lists the check, "" if one does.
	Unclaimed string `yaml:"unclaimed"`

	// ID is the kind and the file's name: "aws.s3.bucket.encrypted-with-kms".
	ID   string     `yaml:"-"`
	Kind *kind.Kind `yaml:"-"`
	File string     `yaml:"-"`

	when, require *rule.Rule
	defaults      value.Value
	examples      []byte // the end of the file, with as many empty lines before it as the rest has
}

// Examples reads the examples, which stand last in the file. They are as long as the rest of the catalog together, and only
// proofs need them.
func (c *Check) Examples() ([]Example, error) {
	if len(c.examples) == 0 {
		return nil, nil
	}
	var tail struct {
		Examples []Example `yaml:"examples"`
	}
	err := yamlfile.Decode(c.File, c.examples, &tail)
	return tail.Examples, err
}

// Fix is guidance in words and commands.
type Fix struct {
	Console        string `yaml:"console"`
	CLI            string `yaml:"cli"`
	Terraform      string `yaml:"terraform"`
	CloudFormation string `yaml:"cloudformation"`
	Kubernetes     string `yaml:"kubernetes"`
	Dockerfile     string `yaml:"dockerfile"`
}

// Map returns the parts that are there, by name.
func (f Fix) Map() map[string]string {
	m := map[string]string{}
	for k, v := range map[string]string{"console": f.Console, "cli": f.CLI, "terraform": f.Terraform, "cloudformation": f.CloudFormation,
		"kubernetes": f.Kubernetes, "dockerfile": f.Dockerfile} {
		if v != "" {
			m[k] = strings.TrimSpace(v)
		}
	}
	return m
}

// Example is a resource with the answer that the check must give.
type Example struct {
	Name   string            `yaml:"name"`
	Expect assessment.Status `yaml:"expect"`
	// Given are attributes; those not given have their default or are absent. A ref is given as the attributes of its target.
	Given map[string]kind.Literal `yaml:"given"`
	// Unknown names attributes that could not be read.
	Unknown kind.Names `yaml:"unknown"`
	// Open names lists and maps that may hold more than Given says.
	Open kind.Names `yaml:"open"`
	// One of Terraform, CloudFormation, Kubernetes and Dockerfile is text that the real reader reads instead; Address picks the
	// resource if there are several.
	Terraform      string `yaml:"terraform"`
	CloudFormation string `yaml:"cloudformation"`
	Kubernetes     string `yaml:"kubernetes"`
	Dockerfile     string `yaml:"dockerfile"`
	Address        string `yaml:"address"`
	// Params that differ from the defaults.
	Params map[string]kind.Literal `yaml:"params"`
	// Now is the day of the assessment, YYYY-MM-DD; 2026-01-01 if not given.
	Now  string `yaml:"now"`
	Line int    `yaml:"-"`
}

// Code returns the text that is to be read by the real reader of its dialect; "" where attributes are given instead.
func (e *Example) Code() (resource.Dialect, string) {
	switch {
	case e.Terraform != "":
		return resource.Terraform, e.Terraform
	case e.CloudFormation != "":
		return resource.CloudFormation, e.CloudFormation
	case e.Kubernetes != "":
		return resource.Kubernetes, e.Kubernetes
	case e.Dockerfile != "":
		return resource.Dockerfile, e.Dockerfile
	}
	return "", ""
}

type plainExample Example

// YAMLShape implements yamlfile.Shaped.
func (e *Example) YAMLShape(*yaml.Node) any { return &plainExample{} }

// UnmarshalYAML remembers the line.
func (e *Example) UnmarshalYAML(node *yaml.Node) error {
	if err := node.Decode((*plainExample)(e)); err != nil {
		return err
	}
	e.Line = node.Line
	return nil
}

// List returns the files of the checks below a folder, one folder for each kind and one file for each check, by id.
func List(fsys fs.FS, dir string) (map[string]string, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list checks: %w", err)
	}
	ids := make(map[string]string, len(files))
	for _, file := range files {
		ids[idOf(file)] = file
	}
	return ids, nil
}

func idOf(file string) string {
	return path.Base(path.Dir(file)) + "." + strings.TrimSuffix(path.Base(file), ".yaml")
}

// Load reads check files. A fault in one does not keep the others from being read.
func Load(fsys fs.FS, files []string, kinds map[string]*kind.Kind, types *rule.Types) ([]*Check, []error) {
	checks, faults := make([]*Check, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			c, err := read(fsys, file, kinds, types)
			if err != nil {
				faults[i] = err
				return nil
			}
			checks[i] = c
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	isNil := func(c *Check) bool { return c == nil }
	return slices.DeleteFunc(checks, isNil), slices.DeleteFunc(faults, func(err error) bool { return err == nil })
}

// examplesKey begins the examples, the last key of a check file.
var examplesKey = []byte("\nexamples:")

func read(fsys fs.FS, file string, kinds map[string]*kind.Kind, types *rule.Types) (*Check, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read check: %w", err)
	}
	c := &Check{File: file}
	if at := bytes.Index(data, examplesKey); at >= 0 {
		lines := bytes.Count(data[:at+1], []byte("\n"))
		c.examples = append(bytes.Repeat([]byte("\n"), lines), data[at+1:]...)
		data = data[:at+1]
	}
	if err := yamlfile.Decode(file, data, c); err != nil {
		return nil, err
	}
	folder := path.Base(path.Dir(file))
	c.ID = idOf(file)
	if c.Kind = kinds[folder]; c.Kind == nil {
		var names []string
		for name := range kinds {
			names = append(names, name)
		}
		return nil, yamlfile.Fault{File: file, Line: 1, Text: fmt.Sprintf("there is no kind %q%s", folder, yamlfile.Suggest(folder, names))}
	}
	return c, c.compile(types)
}

func (c *Check) compile(types *rule.Types) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: c.File, Line: 1, Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case c.Title == "" || c.Why == "" || c.Require == "":
		fault("title, why and require are wanted")
	case !map[assessment.Severity]bool{"critical": true, "high": true, "medium": true, "low": true}[c.Severity]:
		fault("severity is critical, high, medium or low, not %q", c.Severity)
	}
	defaults := map[string]value.Value{}
	for name, p := range c.Params {
		if p.Default == nil || !kind.Fits(p.Default.Value, p.Type) || p.Doc == "" {
			fault("parameter %s: type, doc and a default of that type are wanted", name)
			continue
		}
		defaults[name] = p.Default.Value
	}
	c.defaults = value.Compact(defaults)
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	var err error
	if c.When != "" {
		if c.when, err = types.Compile(c.When, c.Kind, c.Params, boolType); err != nil {
			fault("when: %v", err)
		}
	}
	if c.require, err = types.Compile(c.Require, c.Kind, c.Params, boolType); err != nil {
		fault("require: %v", err)
	}
	return errors.Join(faults...)
}

var boolType, _ = kind.ParseType("bool")

// Answer is what a check found.
type Answer struct {
	Status   assessment.Status
	Unknowns []rule.UnknownAttribute
	Reads    []rule.Read
	Own      []*kind.Attribute // see rule.Answer
}

// Rules returns the rules of the check: when, if there is one, and require.
func (c *Check) Rules() []*rule.Rule {
	if c.when == nil {
		return []*rule.Rule{c.require}
	}
	return []*rule.Rule{c.when, c.require}
}

// With returns the parameters with some replaced. Unknown names and values of the wrong type are errors.
func (c *Check) With(params map[string]value.Value) (value.Value, error) {
	if len(params) == 0 {
		return c.defaults, nil
	}
	merged := map[string]value.Value{}
	for name, p := range c.Params {
		merged[name] = p.Default.Value
	}
	var names []string
	for name := range c.Params {
		names = append(names, name)
	}
	for name, v := range params {
		p, ok := c.Params[name]
		if !ok {
			return c.defaults, fmt.Errorf("check %s has no parameter %q%s", c.ID, name, yamlfile.Suggest(name, names))
		}
		if !kind.Fits(v, p.Type) {
			return c.defaults, fmt.Errorf("check %s: parameter %s is a %s", c.ID, name, p.Type)
		}
		merged[name] = v
	}
	return value.Compact(merged), nil
}

// Evaluate answers for one resource. params are those that With returned.
//
// With an unknown When the check passes only if Require holds anyway, and is unknown otherwise.
func (c *Check) Evaluate(world rule.World, r *resource.Resource, params value.Value, now time.Time) Answer {
	return judge(c.when, c.require, rule.Input{World: world, Self: r, Params: params, Now: now})
}

func judge(when, require *rule.Rule, in rule.Input) Answer {
	applies := rule.Answer{Value: rule.True}
	if when != nil {
		applies = when.Eval(in)
	}
	if applies.Value == rule.False {
		return Answer{Status: assessment.NotApplicable, Reads: applies.Reads, Own: applies.Own}
	}
	holds := require.Eval(in)
	a := Answer{Reads: merged(applies.Reads, holds.Reads), Own: append(applies.Own, holds.Own...)}
	switch {
	case holds.Value == rule.True:
		a.Status = assessment.Pass
	case applies.Value == rule.Unknown:
		a.Status, a.Unknowns = assessment.Unknown, append(applies.Unknowns, holds.Unknowns...)
	case holds.Value == rule.False:
		a.Status = assessment.Fail
	default:
		a.Status, a.Unknowns = assessment.Unknown, holds.Unknowns
	}
	return a
}

func merged(a, b []rule.Read) []rule.Read {
	if len(a) == 0 {
		return b
	}
	for _, read := range b {
		known := false
		for _, have := range a {
			known = known || have.Attribute == read.Attribute
		}
		if !known {
			a = append(a, read)
		}
	}
	return a
}

// Clause is a part of a check that answers by itself.
type Clause struct {
	// Where is "when" or "require" and the column.
	Where string
	rule  *rule.Rule
	of    rule.Clause
}

// Clauses lists the clauses of the check.
func (c *Check) Clauses() []Clause {
	var list []Clause
	for _, r := range c.Rules() {
		name := "require"
		if r == c.when {
			name = "when"
		}
		for _, clause := range r.Clauses() {
			list = append(list, Clause{fmt.Sprintf("%s, column %d", name, clause.Column), r, clause})
		}
	}
	return list
}

// Pinned returns the check with one clause pinned, to prove that some example depends on it.
func (c *Check) Pinned(clause Clause, answer bool) (*Check, error) {
	r, err := clause.rule.Pin(clause.of, answer)
	if err != nil {
		return nil, err
	}
	pinned := *c
	if clause.rule == c.when {
		pinned.when = r
	} else {
		pinned.require = r
	}
	return &pinned, nil
}
