// Package historytest makes estates of any size that change from day to day, for tests and benchmarks of what is kept over time.
package historytest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report/reporttest"
)

// Generator makes an estate that changes a little from day to day.
type Generator struct {
	Day       int // since FirstDay
	Resources []*Resource
	random    *rand.Rand
	next      int
	questions [][]*assessment.Question // by kind
	checks    []assessment.Check
}

// Resource is a resource of a Generator.
type Resource struct {
	About    assessment.Subject
	Findings []assessment.Finding
}

// Kinds is how many kinds of resources there are, Checks how many checks of each kind.
const (
	Kinds  = 40
	Checks = 10
)

// FirstDay is when an estate is assessed first.
var FirstDay = time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC)

// New makes an estate of so many resources. It is the same each time.
func New(resources int) *Generator {
	g := &Generator{random: rand.New(rand.NewPCG(1, 2))}
	severities := []assessment.Severity{assessment.Critical, assessment.High, assessment.High, assessment.Medium, assessment.Medium, assessment.Low}
	for kind := range Kinds {
		var list []*assessment.Question
		for check := range Checks {
			n := kind*Checks + check
			id := fmt.Sprintf("aws.kind%02d.does-what-is-asked-%d", kind, check)
			list = append(list, &assessment.Question{Check: id, Title: fmt.Sprintf("Things of kind %d do what is asked of them, number %d", kind, check),
				Severity: severities[n%len(severities)], Citations: slices.Compact([]string{Citation(n), Citation(n * 7)})})
			g.checks = append(g.checks, assessment.Check{ID: id, Title: list[check].Title, Severity: list[check].Severity,
				Why: "What is not done is not safe, and nobody would know of it before it is too late.",
				Fix: map[string]string{"console": "Open the page of the thing and set it.", "terraform": "Set what_is_asked = true."}})
		}
		g.questions = append(g.questions, list)
	}
	for range resources {
		g.Add()
	}
	return g
}

// clinic is where the safeguards come from.
var clinic = reporttest.Clinic()

// Citation is that of a safeguard; there is one for each number.
func Citation(n int) string { return clinic.Safeguards[n%len(clinic.Safeguards)].Citation }

// Add adds a resource.
func (g *Generator) Add() {
	i := g.next
	g.next++
	kind := i % Kinds
	target := fmt.Sprintf("account-%02d", i%20)
	address := fmt.Sprintf("arn:aws:kind%02d:eu-west-%d:%012d:thing/service-%d/%08x", kind, i%4, 100000000000+i%20, i%997, i*2654435761%(1<<32))
	r := &Resource{About: assessment.Subject{Kind: fmt.Sprintf("aws.kind%02d", kind), PHI: []string{"no", "no", "yes", "unknown", "no"}[i%5],
		PHIReason: "it is reached from what holds PHI", Resource: assessment.Resource{ID: target + "#" + address, Address: address, Provider: "aws",
			Account: fmt.Sprintf("%012d", 100000000000+i%20), Region: fmt.Sprintf("eu-west-%d", i%4)}}}
	r.About.Location.Call = &assessment.Call{API: "kind:Describe", Account: r.About.Resource.Account, Region: r.About.Resource.Region, Caller: "ward"}
	rows := make([]*assessment.Evidence, 8)
	for n := range rows {
		rows[n] = &assessment.Evidence{Attribute: fmt.Sprintf("settings.number_%d", n), State: "known", Value: fmt.Sprintf("value-%d-%x", n, i*7919),
			Location: r.About.Location}
	}
	rows[7].Value = int64(i)
	for n, q := range g.questions[kind] {
		f := assessment.Finding{ID: assess.ID(q.Check, target, address), Question: q, Subject: &r.About,
			Unknown: []assessment.UnknownValue{}, Evidence: []*assessment.Evidence{rows[n%8], rows[(n+3)%8], rows[7]}}
		Set(&f, g.status())
		r.Findings = append(r.Findings, f)
	}
	g.Resources = append(g.Resources, r)
}

// status of a finding: most pass.
func (g *Generator) status() assessment.Status {
	switch n := g.random.IntN(100); {
	case n < 8:
		return assessment.Fail
	case n < 12:
		return assessment.Unknown
	case n < 13:
		return assessment.Excepted
	case n < 20:
		return assessment.NotApplicable
	}
	return assessment.Pass
}

// Set gives a finding another status.
func Set(f *assessment.Finding, status assessment.Status) {
	f.Status, f.Judged, f.Exception, f.Unknown = status, "", "", []assessment.UnknownValue{}
	switch status {
	case assessment.Excepted:
		f.Judged, f.Exception = assessment.Fail, "EX-1"
	case assessment.Unknown:
		f.Unknown = append(f.Unknown, assessment.UnknownValue{Attribute: "settings.number_1", Reason: "access was denied", Grant: "kind:Describe"})
	}
}

// Pass lets a day go by: so many of 1,000 findings change, and a tenth of that of the resources go and as many come.
func (g *Generator) Pass(perMille float64) {
	g.Day++
	n := float64(len(g.Resources)) * perMille / 1000
	for range int(n * Checks) {
		r := g.Resources[g.random.IntN(len(g.Resources))]
		f := &r.Findings[g.random.IntN(len(r.Findings))]
		status := g.status()
		for status == f.Status {
			status = g.status()
		}
		Set(f, status)
	}
	for range int(n / 10) {
		at := g.random.IntN(len(g.Resources))
		g.Resources = slices.Delete(g.Resources, at, at+1)
		g.Add()
	}
}

// Assess makes the assessment of the day. Calls have the time of the day.
func (g *Generator) Assess() *assessment.Assessment {
	at := FirstDay.AddDate(0, 0, g.Day)
	a := &assessment.Assessment{Version: "1", Tool: assessment.Tool{Name: "ward", Version: "test", CatalogDigest: "sha256:00"}, AssessedAt: at,
		Estate: "made", Framework: assessment.Framework{ID: "hipaa", Title: "HIPAA", Source: "45 CFR part 164"}, Checks: g.checks,
		Gaps: []assessment.Gap{{Target: "account-01", What: "kind:List", Reason: "access was denied", Grant: "kind:List"}}}
	for n := range 20 {
		a.Targets = append(a.Targets, assessment.Target{Kind: "aws", Name: fmt.Sprintf("account-%02d", n), Resources: len(g.Resources) / 20})
	}
	a.Findings = make([]assessment.Finding, 0, len(g.Resources)*Checks)
	for _, r := range g.Resources {
		r.About.Location.Call.At = at
		a.Findings = append(a.Findings, r.Findings...)
	}
	a.Views = clinic.Views
	for _, s := range clinic.Safeguards {
		s.Checks = nil
		for kind := range g.questions {
			for _, q := range g.questions[kind] {
				if slices.Contains(q.Citations, s.Citation) {
					s.Checks = append(s.Checks, assessment.SafeguardCheck{Check: q.Check, Strength: "implements", Reason: "It shows it.", Status: assessment.Fail})
				}
			}
		}
		a.Safeguards = append(a.Safeguards, s)
	}
	reporttest.Sum(a)
	return a
}
