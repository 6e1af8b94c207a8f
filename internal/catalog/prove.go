package catalog

import (
	"fmt"
	"runtime"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// Prove runs the proofs over the whole catalog and returns every fault, located:
//
//   - every example gets the answer that it claims, and every check has a pass, a fail and an unknown;
//   - every clause of every check, pinned true and then false, changes the answer of some example;
//   - hiding any one attribute, or leaving any list open, or denying any one permission, never turns one definite answer
//     into another;
//   - every check that a framework names exists, every safeguard is answered somehow, no two unlike safeguards carry the
//     same list, and every check is claimed or says why not.
//
// That expressions read only declared attributes is proved when the catalog loads. Of the checks, only those whose id
// contains pattern are proved; "" proves all, on all processors.
func (c *Catalog) Prove(read ReadText, pattern string) []error {
	found := make([][]error, len(c.Checks))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, one := range c.Checks {
		if strings.Contains(one.ID, pattern) {
			group.Go(func() error { found[i] = c.proveCheck(one, read); return nil })
		}
	}
	_ = group.Wait() // the functions return no error
	faults := slices.Concat(found...)
	for _, f := range c.Frameworks {
		faults = append(faults, c.proveFramework(f)...)
	}
	return append(faults, c.proveClaims()...)
}

// staged is an example with its scene.
type staged struct {
	check.Example
	*scene
}

func (c *Catalog) proveCheck(of *check.Check, read ReadText) []error {
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: of.File, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	written, err := of.Examples()
	if err != nil {
		return []error{err}
	}
	var examples []staged
	seen := map[assessment.Status]int{}
	names := map[string]bool{}
	for _, e := range written {
		s, err := c.stage(of, e, read)
		if err != nil {
			fault(e.Line, "example %q: %v", e.Name, err)
			continue
		}
		if names[e.Name] || e.Name == "" {
			fault(e.Line, "example %q: a name of its own is wanted", e.Name)
		}
		names[e.Name] = true
		seen[e.Expect]++
		examples = append(examples, staged{e, s})
		if got := s.evaluate(of); got.Status != e.Expect {
			fault(e.Line, "example %q: expected %s, got %s%s", e.Name, e.Expect, got.Status, because(got))
		} else if ruleFailed(got) {
			fault(e.Line, "example %q: %s", e.Name, because(got))
		}
	}
	for _, status := range []assessment.Status{assessment.Pass, assessment.Fail, assessment.Unknown} {
		if seen[status] == 0 {
			fault(1, "an example that expects %s is wanted", status)
		}
	}
	if of.When != "" && seen[assessment.NotApplicable] == 0 {
		fault(1, "an example that expects not applicable is wanted, since there is a when:")
	}
	proveDialects(of, written, fault)
	if len(faults) == 0 {
		provePins(of, examples, fault)
		proveHiding(of, examples, fault)
		proveDenying(of, examples, fault)
	}
	return faults
}

// proveDialects wants an example in each vocabulary that the kind can be read from; code says nothing about what is live.
func proveDialects(of *check.Check, examples []check.Example, fault func(int, string, ...any)) {
	if of.Live {
		if of.Fix.Console == "" && of.Fix.CLI == "" {
			fault(1, "fix wants console or cli")
		}
		return
	}
	written := map[resource.Dialect]bool{}
	for _, e := range examples {
		dialect, _ := e.Code()
		written[dialect] = true
	}
	k := of.Kind
	for dialect, name := range map[resource.Dialect]string{resource.Terraform: "Terraform", resource.CloudFormation: "CloudFormation",
		resource.Kubernetes: "Kubernetes", resource.Dockerfile: "a Dockerfile"} {
		if len(k.Blocks(string(dialect))) > 0 && !written[dialect] {
			fault(1, "an example in %s is wanted", name)
		}
	}
	switch {
	case len(k.Kubernetes) > 0 && of.Fix.Kubernetes == "" || len(k.Dockerfile) > 0 && of.Fix.Dockerfile == "":
		fault(1, "fix wants kubernetes or dockerfile, as the kind is written")
	case len(k.Image) > 0 && of.Fix.CLI == "" && of.Fix.Dockerfile == "":
		fault(1, "fix wants dockerfile or cli")
	case len(k.Kubernetes)+len(k.Dockerfile)+len(k.Image) > 0:
	case of.Fix.Terraform == "" && len(k.Terraform) > 0 || of.Fix.Console == "" && of.Fix.CLI == "":
		fault(1, "fix wants terraform, and console or cli")
	}
}

func because(a check.Answer) string {
	var parts []string
	for _, u := range a.Unknowns {
		for _, r := range u.Reasons {
			parts = append(parts, u.Attribute+": "+r.Why)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func ruleFailed(a check.Answer) bool {
	for _, u := range a.Unknowns {
		if u.Attribute == "(rule)" {
			return true
		}
	}
	return false
}

func provePins(of *check.Check, examples []staged, fault func(int, string, ...any)) {
	for _, clause := range of.Clauses() {
		for _, answer := range []bool{true, false} {
			pinned, err := of.Pinned(clause, answer)
			if err != nil {
				fault(1, "%s: %v", clause.Where, err)
				continue
			}
			changed := false
			for _, e := range examples {
				changed = changed || e.evaluate(pinned).Status != e.Expect
			}
			if !changed {
				fault(1, "%s: no example notices when this clause is always %v", clause.Where, answer)
			}
		}
	}
}

// proveHiding hides each value of each resource of each example in turn, also within lists.
func proveHiding(of *check.Check, examples []staged, fault func(int, string, ...any)) {
	for _, e := range examples {
		for _, r := range e.resources {
			for i, a := range r.Kind.All() {
				saved := r.Values[i]
				variants(saved, func(changed value.Value, where string) {
					r.Values[i] = changed
					got := e.evaluate(of).Status
					if flips(e.Expect, got) {
						fault(e.Line, "example %q: hiding %s turns %s into %s", e.Name, trail(r, a.Name+where), e.Expect, got)
					}
				})
				r.Values[i] = saved
			}
		}
	}
}

// proveDenying denies each permission in turn: all that is read with it becomes unknown at once.
func proveDenying(of *check.Check, examples []staged, fault func(int, string, ...any)) {
	for _, e := range examples {
		denied := map[string]bool{}
		for _, r := range e.resources {
			for _, a := range r.Kind.All() {
				for _, action := range a.Live {
					denied[action] = true
				}
			}
		}
		for action := range denied {
			if got := e.without(action, of); flips(e.Expect, got) {
				fault(e.Line, "example %q: denying %s turns %s into %s", e.Name, action, e.Expect, got)
			}
		}
	}
}

// without answers with all unknown that is read by an action.
func (s *staged) without(action string, of *check.Check) assessment.Status {
	type change struct {
		r     *resource.Resource
		i     int
		saved value.Value
	}
	var changes []change
	for _, r := range s.resources {
		for i, a := range r.Kind.All() {
			if slices.Contains(a.Live, action) {
				changes = append(changes, change{r, i, r.Values[i]})
				r.Values[i] = unresolved()
			}
		}
	}
	got := s.evaluate(of).Status
	for _, c := range changes {
		c.r.Values[c.i] = c.saved
	}
	return got
}

// flips tells whether losing knowledge made another definite answer. A check whose when: became unknown may pass, since
// its claim holds anyway.
func flips(before, after assessment.Status) bool {
	if after == before || after == assessment.Unknown {
		return false
	}
	return !(before == assessment.NotApplicable && after == assessment.Pass)
}

// variants calls try with every way to know one thing less of v.
func variants(v value.Value, try func(value.Value, string)) {
	if v.IsUnknown() {
		return
	}
	try(unresolved(), "")
	if items, ok := v.AsList(); ok {
		try(v.Open(value.Reason{Why: "there may be more"}), " (left open)")
		for i, item := range items {
			variants(item, func(changed value.Value, where string) {
				list := append([]value.Value(nil), items...)
				list[i] = changed
				try(again(v, value.List(list...)), fmt.Sprintf("[%d]%s", i, where))
			})
		}
	}
	if fields, ok := v.AsObject(); ok {
		for name, field := range fields {
			variants(field, func(changed value.Value, where string) {
				object := map[string]value.Value{}
				for k, f := range fields {
					object[k] = f
				}
				object[name] = changed
				try(again(v, value.Object(object)), "."+name+where)
			})
		}
	}
}

// again keeps an open value open.
func again(old, made value.Value) value.Value {
	if old.IsOpen() {
		return made.Open(old.Reasons()...)
	}
	return made
}

func (c *Catalog) proveFramework(f *framework.Framework) []error {
	var faults []error
	fault := func(file, format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: file, Text: fmt.Sprintf(format, args...)})
	}
	lists := map[string]string{}
	for _, s := range f.Safeguards {
		var ids []string
		seen := map[string]bool{}
		for _, l := range s.Checks {
			file := l.File
			if file == "" {
				file = f.File
			}
			switch {
			case !c.Has(l.Check):
				fault(file, "%s: there is no check %q%s", s.Citation, l.Check, yamlfile.Suggest(l.Check, c.IDs()))
			case seen[l.Check]:
				fault(file, "%s lists check %s twice", s.Citation, l.Check)
			}
			seen[l.Check] = true
			ids = append(ids, l.Check)
		}
		if len(ids) == 0 && len(s.Attestations) == 0 && s.Inherited == nil && s.Unanswered == "" {
			fault(f.File, "%s: neither checks, attestations nor inheritance, and no reason why (unanswered:)", s.Citation)
		}
		if len(ids) == 0 {
			continue
		}
		sort.Strings(ids)
		list := strings.Join(ids, " ")
		if other, ok := lists[list]; ok {
			fault(f.File, "%s and %s carry the same list of checks; say what each asks by itself", other, s.Citation)
		}
		lists[list] = s.Citation
	}
	return faults
}

// proveClaims wants every check in a framework, or a reason why it is in none.
func (c *Catalog) proveClaims() []error {
	claimed := map[string]bool{}
	for _, f := range c.Frameworks {
		for id := range f.Citations() {
			claimed[id] = true
		}
	}
	var faults []error
	for _, one := range c.Checks {
		if claimed[one.ID] == (one.Unclaimed != "") {
			text := "no framework lists the check, and it does not say why (unclaimed:)"
			if claimed[one.ID] {
				text = "the check says why no framework lists it, but one does"
			}
			faults = append(faults, yamlfile.Fault{File: one.File, Line: 1, Text: text})
		}
	}
	return faults
}
