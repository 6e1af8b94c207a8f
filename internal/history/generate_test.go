package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report/reporttest"
)

// generator makes an estate that changes a little from day to day.
type generator struct {
	random    *rand.Rand
	day       int
	resources []*made
	next      int
	questions [][]*assessment.Question // by kind
	checks    []assessment.Check
}

// made is a resource of a generator.
type made struct {
	about    assessment.Subject
	findings []assessment.Finding
}

const (
	madeKinds  = 40
	madeChecks = 10 // of each kind
)

var firstDay = time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC)

func newGenerator(resources int) *generator {
	g := &generator{random: rand.New(rand.NewPCG(1, 2))}
	severities := []assessment.Severity{assessment.Critical, assessment.High, assessment.High, assessment.Medium, assessment.Medium, assessment.Low}
	for kind := range madeKinds {
		var list []*assessment.Question
		for check := range madeChecks {
			n := kind*madeChecks + check
			id := fmt.Sprintf("aws.kind%02d.does-what-is-asked-%d", kind, check)
			list = append(list, &assessment.Question{Check: id, Title: fmt.Sprintf("Things of kind %d do what is asked of them, number %d", kind, check),
				Severity: severities[n%len(severities)], Citations: []string{citationOf(n % 70), citationOf((n * 7) % 70)}})
			g.checks = append(g.checks, assessment.Check{ID: id, Title: list[check].Title, Severity: list[check].Severity,
				Why: "What is not done is not safe, and nobody would know of it before it is too late.",
				Fix: map[string]string{"console": "Open the page of the thing and set it.", "terraform": "Set what_is_asked = true."}})
		}
		g.questions = append(g.questions, list)
	}
	for range resources {
		g.add()
	}
	return g
}

func citationOf(n int) string { return fmt.Sprintf("164.3%02d(%c)(%d)", 8+n/10, 'a'+n%5, n%10) }

func (g *generator) add() {
	i := g.next
	g.next++
	kind := i % madeKinds
	target := fmt.Sprintf("account-%02d", i%20)
	address := fmt.Sprintf("arn:aws:kind%02d:eu-west-%d:%012d:thing/service-%d/%08x", kind, i%4, 100000000000+i%20, i%997, i*2654435761%(1<<32))
	r := &made{about: assessment.Subject{Kind: fmt.Sprintf("aws.kind%02d", kind), PHI: []string{"no", "no", "yes", "unknown", "no"}[i%5],
		PHIReason: "it is reached from what holds PHI", Resource: assessment.Resource{ID: target + "#" + address, Address: address, Provider: "aws",
			Account: fmt.Sprintf("%012d", 100000000000+i%20), Region: fmt.Sprintf("eu-west-%d", i%4)}}}
	r.about.Location.Call = &assessment.Call{API: "kind:Describe", Account: r.about.Resource.Account, Region: r.about.Resource.Region, Caller: "ward"}
	rows := make([]*assessment.Evidence, 8)
	for n := range rows {
		rows[n] = &assessment.Evidence{Attribute: fmt.Sprintf("settings.number_%d", n), State: "known", Value: fmt.Sprintf("value-%d-%x", n, i*7919),
			Location: r.about.Location}
	}
	rows[7].Value = int64(i)
	for n, q := range g.questions[kind] {
		f := assessment.Finding{ID: fmt.Sprintf("%016x", uint64(i*madeChecks+n)*0x9E3779B97F4A7C15), Question: q, Subject: &r.about,
			Unknown: []assessment.UnknownValue{}, Evidence: []*assessment.Evidence{rows[n%8], rows[(n+3)%8], rows[7]}}
		set(&f, g.status())
		r.findings = append(r.findings, f)
	}
	g.resources = append(g.resources, r)
}

// status of a finding: most pass.
func (g *generator) status() assessment.Status {
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

func set(f *assessment.Finding, status assessment.Status) {
	f.Status, f.Judged, f.Exception, f.Unknown = status, "", "", []assessment.UnknownValue{}
	switch status {
	case assessment.Excepted:
		f.Judged, f.Exception = assessment.Fail, "EX-1"
	case assessment.Unknown:
		f.Unknown = append(f.Unknown, assessment.UnknownValue{Attribute: "settings.number_1", Reason: "access was denied", Grant: "kind:Describe"})
	}
}

// pass lets a day go by: so many of 1,000 findings change, and a tenth of that of the resources go and as many come.
func (g *generator) pass(perMille float64) {
	g.day++
	n := float64(len(g.resources)) * perMille / 1000
	for range int(n * madeChecks) {
		r := g.resources[g.random.IntN(len(g.resources))]
		f := &r.findings[g.random.IntN(len(r.findings))]
		status := g.status()
		for status == f.Status {
			status = g.status()
		}
		set(f, status)
	}
	for range int(n / 10) {
		at := g.random.IntN(len(g.resources))
		g.resources = slices.Delete(g.resources, at, at+1)
		g.add()
	}
}

// assess makes the assessment of the day. Calls have the time of the day.
func (g *generator) assess() *assessment.Assessment {
	at := firstDay.AddDate(0, 0, g.day)
	a := &assessment.Assessment{Version: "1", Tool: assessment.Tool{Name: "ward", Version: "test", CatalogDigest: "sha256:00"}, AssessedAt: at,
		Estate: "made", Framework: assessment.Framework{ID: "hipaa", Title: "HIPAA", Source: "45 CFR part 164"}, Checks: g.checks,
		Gaps: []assessment.Gap{{Target: "account-01", What: "kind:List", Reason: "access was denied", Grant: "kind:List"}}}
	for n := range 20 {
		a.Targets = append(a.Targets, assessment.Target{Kind: "aws", Name: fmt.Sprintf("account-%02d", n), Resources: len(g.resources) / 20})
	}
	a.Findings = make([]assessment.Finding, 0, len(g.resources)*madeChecks)
	for _, r := range g.resources {
		r.about.Location.Call.At = at
		a.Findings = append(a.Findings, r.findings...)
	}
	for n := range 70 {
		s := assessment.Safeguard{Citation: citationOf(n), Name: fmt.Sprintf("Safeguard %d", n), Specification: "required", Obligation: "Do what is asked.",
			Responsible: "customer", Status: assessment.NotMet, Reasons: []string{}, Attestations: []assessment.AttestationState{}}
		for c := n; c < len(g.checks); c += 70 {
			s.Checks = append(s.Checks, assessment.SafeguardCheck{Check: g.checks[c].ID, Strength: "implements", Reason: "It shows it.", Status: assessment.Fail})
		}
		a.Safeguards = append(a.Safeguards, s)
	}
	reporttest.Sum(a)
	return a
}
