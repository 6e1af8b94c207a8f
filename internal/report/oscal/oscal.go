// Package oscal writes an assessment as OSCAL 1.2.1: assessment results, a plan of action and milestones, and the
// skeleton of a system security plan.
//
// Identifiers are UUIDs of version 5, made from what they identify, so that the same assessment gives the same document
// and a finding keeps its identifier from one assessment to the next. What is unknown is never satisfied: its target is
// not-satisfied with the reason "other" and a remark that says so.
//
// The package must not know how an assessment comes about.
package oscal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// version is the version of OSCAL that is written.
const version = "1.2.1"

// namespace is where the program's own properties live.
const namespace = "https://ward.dev/ns/oscal"

// space is the space of names that identifiers are made from.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte(namespace))

// id returns the identifier of what the parts name.
func id(parts ...string) string {
	return uuid.NewSHA1(space, []byte(strings.Join(parts, "\x00"))).String()
}

// builder makes the objects that several documents share.
type builder struct {
	a         *assessment.Assessment
	known     *Known // of a plan
	scope     string // distinguishes documents about different estates
	collected string
	tool      component
	origins   []origin
}

func newBuilder(a *assessment.Assessment) *builder {
	at := a.AssessedAt.UTC()
	if at.Year() < 1970 {
		at = time.Unix(0, 0).UTC() // the standard refuses times before 1900
	}
	scope := []string{a.Estate, a.Framework.ID}
	for _, t := range a.Targets {
		scope = append(scope, t.Kind, t.Name)
	}
	tool := component{UUID: id("tool", a.Tool.Name, a.Tool.Version), Type: "software",
		Title:       line(strings.TrimSpace(a.Tool.Name + " " + a.Tool.Version)),
		Description: "The program that made the assessment.",
		Props:       props("catalog-digest", a.Tool.CatalogDigest), Status: state{State: "operational"}}
	return &builder{a: a, scope: strings.Join(scope, "\x00"), collected: at.Format(time.RFC3339), tool: tool,
		origins: []origin{{Actors: []actor{{Type: "tool", UUID: tool.UUID}}}}}
}

// document returns the identifier of a document about this estate at this time.
func (b *builder) document(kind string) string { return id(kind, b.scope, b.collected) }

func (b *builder) metadata(title string) metadata {
	return metadata{
		Title: line(title + ": " + b.estate()), LastModified: b.collected, Version: b.collected, OSCALVersion: version,
		Props: props("tool", b.a.Tool.Name, "tool-version", b.a.Tool.Version, "catalog-digest", b.a.Tool.CatalogDigest,
			"framework", b.a.Framework.ID, "coverage", report.Percent(b.a.Coverage.Ratio), "score",
			report.Percent(b.a.Summary.Score)),
	}
}

func (b *builder) estate() string { return orElse(b.a.Estate, "estate without a name") }

// props makes properties of names and values; those without a value are left out.
func props(pairs ...string) []property {
	var all []property
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := strings.TrimSpace(report.Clean(pairs[i+1])); v != "" {
			all = append(all, property{Name: pairs[i], NS: namespace, Value: v})
		}
	}
	return all
}

// line returns s as a text that the standard takes where it wants one line that is not empty.
func line(s string) string { return orElse(strings.TrimSpace(report.Clean(s)), "(not stated)") }

// lines returns s as a text that the standard takes where it wants something.
func lines(s string) string { return orElse(strings.TrimSpace(report.CleanText(s)), "(not stated)") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

var notToken = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// control returns the identifier of a safeguard as a control: 164.312(a)(1) is hipaa-164.312-a-1. Citations that would
// give the same identifier are as good as the same.
func control(citation string) string { return token("hipaa-" + citation) }

// token makes an identifier of any text.
func token(s string) string {
	return orElse(strings.Trim(notToken.ReplaceAllString(s, "-"), "-."), "unnamed")
}

func (b *builder) assets() assessmentAssets {
	return assessmentAssets{Components: []component{b.tool}, Platforms: []platform{{UUID: id("platform", b.tool.UUID),
		Title: b.tool.Title, Uses: []usesComponent{{Component: b.tool.UUID}}}}}
}

func (b *builder) itemID(f *assessment.Finding) string {
	return id("resource", f.Resource.ID, f.Resource.Address)
}

// inventory lists the resources that findings of the given statuses are about, once each.
func (b *builder) inventory(statuses ...assessment.Status) []inventoryItem {
	seen := map[string]bool{}
	var items []inventoryItem
	for i := range b.a.Findings {
		f := &b.a.Findings[i]
		uuid := b.itemID(f)
		if !slices.Contains(statuses, f.Status) || seen[uuid] {
			continue
		}
		seen[uuid] = true
		items = append(items, inventoryItem{UUID: uuid, Description: line(address(f)),
			Props: props("kind", f.Kind, "provider", f.Resource.Provider, "account", f.Resource.Account,
				"region", f.Resource.Region,
				"phi", f.PHI, "place", report.Place(f.Location))})
	}
	return items
}

func address(f *assessment.Finding) string { return orElse(f.Resource.Address, f.Resource.ID) }

// key names a finding; its place among all stands in where it has no identifier.
func (b *builder) key(f *assessment.Finding) string {
	if f.ID != "" {
		return f.ID
	}
	return f.Check + "\x00" + f.Resource.ID + "\x00" + f.Resource.Address + "\x00" + report.Place(f.Location)
}

func (b *builder) observationID(f *assessment.Finding) string { return id("observation", b.key(f)) }

// observe is one finding with its evidence.
func (b *builder) observe(f *assessment.Finding) observation {
	o := observation{
		UUID: b.observationID(f), Title: line(orElse(f.Title, f.Check)),
		Description: fmt.Sprintf("%s: %s on %s", line(string(f.Status)), line(f.Check), line(address(f))),
		Props: props("check", f.Check, "status", string(f.Status), "judged", string(f.Judged), "severity", string(f.Severity),
			"phi", f.PHI, "place", report.Place(f.Location), "finding", f.ID, "exception", f.Exception),
		Methods: []string{"TEST"}, Types: []string{"finding"}, Origins: b.origins, Collected: b.collected,
		Subjects: []subject{{UUID: b.itemID(f), Type: "inventory-item", Title: line(address(f))}},
	}
	if f.New {
		o.Props = append(o.Props, props("new", "true")...)
	}
	for _, e := range f.Evidence {
		text := report.Evidence(e)
		if at := report.Place(e.Location); at != "" {
			text += " (" + at + ")"
		}
		o.Evidence = append(o.Evidence, evidence{Description: line(text)})
	}
	var remarks []string
	for _, u := range f.Unknown {
		remarks = append(remarks, "unknown: "+report.Unknown(u))
	}
	if f.Conditional != "" {
		remarks = append(remarks, "exists only if: "+report.Clean(f.Conditional))
	}
	if f.PHIReason != "" {
		remarks = append(remarks, "PHI: "+report.Clean(f.PHIReason))
	}
	o.Remarks = strings.Join(remarks, "\n")
	return o
}

// observePasses is the passing findings of one check together: their subjects stand for them.
func (b *builder) observePasses(g report.Group) observation {
	o := observation{
		UUID: id("passes", b.scope, g.Check.ID), Title: line(orElse(g.Check.Title, g.Check.ID)),
		Description: fmt.Sprintf("pass: %s on %s", line(g.Check.ID), report.Count(len(g.Findings), "resource")),
		Props:       props("check", g.Check.ID, "status", "pass", "severity", string(g.Check.Severity)),
		Methods:     []string{"TEST"}, Types: []string{"control-objective"}, Origins: b.origins, Collected: b.collected,
	}
	for _, f := range g.Findings {
		o.Subjects = append(o.Subjects, subject{UUID: b.itemID(f), Type: "inventory-item", Title: line(address(f))})
	}
	return o
}

func (b *builder) riskID(status assessment.Status, check string) string {
	return id("risk", b.scope, string(status), check)
}

// risk is a check that fails or whose answer is unknown, with the observations that show it.
func (b *builder) risk(g report.Group, status assessment.Status) risk {
	c := g.Check
	r := risk{
		UUID: b.riskID(status, c.ID), Title: line(orElse(c.Title, c.ID)), Status: "open",
		Description: fmt.Sprintf("%s fails on %s.", line(c.ID), report.Count(len(g.Findings), "resource")),
		Statement:   lines(c.Why), Origins: b.origins,
		Props: props("check", c.ID, "status", string(status), "phi-resources", fmt.Sprint(g.PHI)),
		Characterization: []characterization{{Origin: b.origins[0],
			Facets: []facet{{Name: "severity", System: namespace, Value: line(string(c.Severity))}}}},
	}
	switch status {
	case assessment.Unknown:
		r.Status = "investigating"
		r.Description = fmt.Sprintf("Unknown: whether %s holds on %s is not known.", line(c.ID),
			report.Count(len(g.Findings), "resource"))
	case assessment.Excepted:
		r.Status = "deviation-approved"
		r.Description = fmt.Sprintf("%s does not pass on %s under an exception in force.", line(c.ID),
			report.Count(len(g.Findings), "resource"))
	}
	for _, f := range g.Findings {
		r.Observations = append(r.Observations, observationRef{b.observationID(f)})
	}
	r.Remediations = b.remediations(g, status)
	return r
}

func (b *builder) remediations(g report.Group, status assessment.Status) []response {
	if status == assessment.Excepted {
		return nil
	}
	var all []response
	add := func(key, title, text string) {
		all = append(all, response{UUID: id("remediation", b.scope, string(status), g.Check.ID, key),
			Lifecycle: "recommendation",
			Title:     line(title), Description: lines(text)})
	}
	if status == assessment.Unknown {
		seen := map[string]bool{}
		for _, f := range g.Findings {
			for _, u := range f.Unknown {
				if u.Grant != "" && !seen[u.Grant] {
					seen[u.Grant] = true
					add("grant\x00"+u.Grant, "Make it known", "Give "+u.Grant)
				}
			}
		}
		return all
	}
	for _, way := range []string{"terraform", "cloudformation", "kubernetes", "dockerfile", "cli", "console"} {
		if text := strings.TrimSpace(g.Check.Fix[way]); text != "" {
			add(way, "Fix: "+way, text)
		}
	}
	return all
}

// judged are the statuses that a document tells one by one.
var judged = []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted}

// told is the observations and risks of the given statuses, worst first.
func (b *builder) told(statuses []assessment.Status) (observations []observation, risks []risk) {
	for _, status := range statuses {
		for _, g := range report.Groups(b.a, status) {
			for _, f := range g.Findings {
				observations = append(observations, b.observe(f))
			}
			risks = append(risks, b.risk(g, status))
		}
	}
	return distinct(observations), risks
}

// distinct drops observations whose identifier was there before: findings that say the same of the same resource.
func distinct(all []observation) []observation {
	seen := map[string]bool{}
	kept := all[:0]
	for _, o := range all {
		if !seen[o.UUID] {
			seen[o.UUID] = true
			kept = append(kept, o)
		}
	}
	return kept
}
