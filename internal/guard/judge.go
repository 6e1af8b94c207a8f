package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Verdict is what a rule says of one workload: that it breaks the rule, or that nobody knows.
type Verdict struct {
	Rule     string              `json:"rule"`
	Check    string              `json:"check"`
	Title    string              `json:"title"`
	Severity assessment.Severity `json:"severity"`
	Finding  string              `json:"finding"` // its id, as in reports
	Status   assessment.Status   `json:"status"`  // Fail or Unknown
	PHI      string              `json:"phi"`
	Object   Object              `json:"object"`
	// Why says what was found, or what is not known, one clause each; there is one at least.
	Why  []string `json:"why"`
	rule *Rule
}

// key tells verdicts apart. A new object of the same name is another one.
func (v Verdict) key() string {
	return v.Rule + " " + v.Check + " " + v.Object.Address + " " + v.Object.UID
}

// judge asks every rule about every workload. passed are the workloads of which all that is asked is known to hold.
func (g *Guard) judge(ctx context.Context, e *estate, now time.Time) (all []Verdict, passed int, err error) {
	inv := mapping.Map(g.Catalog.Kinds, e.readings)
	for _, gap := range inv.Gaps {
		if gap.Reason == e.left() { // which is so by intent
			continue
		}
		e.gaps = append(e.gaps, strings.TrimSuffix(gap.What+": "+gap.Reason+"; grant: "+gap.Grant, "; grant: "))
	}
	workloads := map[string]*resource.Resource{}
	for _, r := range inv.Resources {
		if r.Kind.Name == Workload {
			workloads[r.Address] = r
		}
	}
	held, broken := map[string]bool{}, map[string]bool{}
	for i := range g.Policy.Rules {
		rule := &g.Policy.Rules[i]
		findings, err := g.ask(ctx, rule, inv, now)
		if err != nil {
			return nil, 0, err
		}
		for i := range findings {
			f := &findings[i]
			r := workloads[f.Resource.Address]
			block, ours := e.block(r)
			if f.Kind != Workload || !ours || !rule.about(f, block) {
				continue
			}
			if f.Status != assessment.Fail && f.Status != assessment.Unknown {
				held[r.Address] = true
				continue
			}
			broken[r.Address] = true
			all = append(all, g.verdict(rule, f, inv, r, block))
		}
	}
	for address := range held {
		if !broken[address] {
			passed++
		}
	}
	return all, passed, nil
}

// about tells whether a rule is about a workload. PHI is asked for later, since it may not be known.
func (r *Rule) about(f *assessment.Finding, b resource.Block) bool {
	return (len(r.Where.Namespaces) == 0 || r.Where.Namespaces.Match(b.Region)) && !r.Where.Except.Match(b.Address) &&
		(!r.Where.PHI || f.PHI != "no")
}

// ask judges the checks of one rule with its parameters.
func (g *Guard) ask(ctx context.Context, r *Rule, inv *inventory.Inventory, now time.Time) ([]assessment.Finding, error) {
	ids := r.checks(g.Catalog)
	asked := *g.Catalog
	asked.Checks = slices.DeleteFunc(slices.Clone(g.Catalog.Checks), func(c *check.Check) bool { return !slices.Contains(ids, c.ID) })
	c := &config.Config{PHI: g.Policy.PHI}
	if len(r.Params) > 0 {
		c.Params = []config.CheckParams{{Check: ids[0], Values: r.Params, Place: config.Place{File: g.Policy.file, Line: r.Line}}}
	}
	a, err := assess.Assess(ctx, assess.Request{Catalog: &asked, Framework: g.Framework, Config: c, Inventory: inv, Now: now, Version: g.Version})
	if err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	return a.Findings, nil
}

func (g *Guard) verdict(rule *Rule, f *assessment.Finding, inv *inventory.Inventory, r *resource.Resource, b resource.Block) Verdict {
	v := Verdict{Rule: rule.ID, rule: rule, Check: f.Check, Title: f.Title, Severity: f.Severity, Finding: f.ID, Status: f.Status, PHI: f.PHI,
		Object: objectOf(b)}
	switch {
	case f.Status == assessment.Unknown:
		for _, u := range f.Unknown {
			v.Why = append(v.Why, strings.TrimSuffix(u.Attribute+": "+u.Reason+"; grant: "+u.Grant, "; grant: "))
		}
	case rule.Where.PHI && f.PHI != "yes":
		v.Status = assessment.Unknown
		v.Why = []string{"whether it has to do with PHI is not known: " + f.PHIReason}
	case f.Conditional != "":
		v.Status = assessment.Unknown
		v.Why = []string{f.Conditional}
	default:
		params, err := g.Catalog.Check(f.Check).With(values(rule.Params))
		if err == nil {
			v.Why = flaws(inv, r, params)
		}
		if len(v.Why) == 0 {
			v.Why = shown(f)
		}
	}
	if len(v.Why) == 0 {
		v.Why = []string{f.Title + ": no"}
	}
	v.Why = few(v.Why)
	return v
}

// maxWhy bounds the clauses of one verdict.
const maxWhy = 8

func few(why []string) []string {
	if len(why) > maxWhy {
		why = append(why[:maxWhy:maxWhy], fmt.Sprintf("and %d more", len(why)-maxWhy))
	}
	return why
}

// flaws are the vulnerabilities of a workload's images that the parameters of a check are about, if they are about any.
func flaws(inv *inventory.Inventory, r *resource.Resource, params value.Value) []string {
	advisories, severities, packages := texts(params.Field("advisories")), texts(params.Field("severities")), texts(params.Field("packages"))
	if advisories == nil && severities == nil {
		return nil
	}
	text := func(r *resource.Resource, attribute string) string { s, _ := r.Get(attribute).AsString(); return s }
	var all []string
	images, _ := r.Get("images").AsList()
	for _, ref := range images {
		image := lookup(inv, ref)
		if image == nil {
			continue
		}
		found, _ := image.Get("vulnerabilities").AsList()
		for _, ref := range found {
			flaw := lookup(inv, ref)
			if flaw == nil {
				continue
			}
			names := append(texts(flaw.Get("aliases")), text(flaw, "name"))
			if len(advisories) > 0 && !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(advisories, n) }) ||
				len(severities) > 0 && !slices.Contains(severities, text(flaw, "severity")) ||
				len(packages) > 0 && !slices.Contains(packages, text(flaw, "package")) && !slices.Contains(packages, text(flaw, "source")) {
				continue
			}
			mended := "nobody has a fix"
			if fixed := text(flaw, "fixed"); fixed != "" {
				mended = "fixed in " + fixed
			}
			all = append(all, fmt.Sprintf("%s has %s %s with %s; %s", image.Address, text(flaw, "package"), text(flaw, "version"),
				text(flaw, "name"), mended))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func lookup(inv *inventory.Inventory, ref value.Value) *resource.Resource {
	id, _ := ref.AsString()
	return inv.Lookup(id)
}

// texts are those of a list, nil if it is none.
func texts(v value.Value) []string {
	items, ok := v.AsList()
	if !ok {
		return nil
	}
	all := []string{}
	for _, item := range items {
		if s, ok := item.AsString(); ok {
			all = append(all, s)
		}
	}
	return all
}

// shown is the evidence of a finding in a few words.
func shown(f *assessment.Finding) []string {
	var all []string
	for _, e := range f.Evidence {
		text, err := json.Marshal(e.Value)
		if err != nil || e.State == "secret" {
			text = []byte(e.State)
		}
		all = append(all, e.Attribute+" is "+shorten(string(text)))
	}
	return all
}

func shorten(text string) string {
	const most = 120
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
