package html

import (
	"fmt"
	"html/template"
	"math"
	"slices"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// data is what the page is filled from.
type data struct {
	A          *assessment.Assessment
	Policy     string
	Styles     template.CSS
	Title      string
	When       string
	Resources  int
	Baselined  bool
	Scored     int
	Asked      int
	Coverage   ring
	Score      ring
	Outcomes   []bar
	Severities []severity
	Grants     []grant
	Unknown    int
	Excepted   []group
	Settled    []settled
}

// ring is a share drawn as an arc, with the numbers in units of the drawing.
type ring struct {
	Share     string
	Arc, Rest string
}

const radius = 52

func ringOf(share float64) ring {
	round := 2 * math.Pi * radius
	arc := math.Max(0, math.Min(1, share)) * round
	return ring{Share: report.Percent(share), Arc: fmt.Sprintf("%.1f", arc), Rest: fmt.Sprintf("%.1f", round-arc)}
}

// bar is one piece of a stacked bar, which is 600 units wide.
type bar struct {
	Word     string
	Class    string
	Count    int
	X, Width string
}

const barWidth = 600

func outcomes(a *assessment.Assessment) []bar {
	total := 0
	for _, o := range report.Outcomes() {
		total += a.Summary.Safeguards[o]
	}
	var bars []bar
	x := 0.0
	for _, o := range report.Outcomes() {
		n := a.Summary.Safeguards[o]
		if n == 0 {
			continue
		}
		width := barWidth * float64(n) / float64(total)
		bars = append(bars, bar{Word: string(o), Class: barClass(o), Count: n,
			X: fmt.Sprintf("%.1f", x), Width: fmt.Sprintf("%.1f", width)})
		x += width
	}
	return bars
}

func barClass(o assessment.Outcome) string {
	switch o {
	case assessment.Manual:
		return "manual"
	case assessment.Inherited:
		return "inherited"
	}
	return class(o)
}

// severity is the failing checks of one severity.
type severity struct {
	Name   string
	Count  int
	Groups []group
}

// group is a check with the findings that are listed.
type group struct {
	report.Group
	Citations []string
	Fix, Way  string
	Listed    []*assessment.Finding
	More      int
}

type grant struct {
	report.Grant
	Listed []*assessment.Finding
	More   int
}

// settled is findings that need no action, counted by check.
type settled struct {
	Check               assessment.Check
	Passes, Unconcerned int
}

func view(a *assessment.Assessment, o report.Options) data {
	d := data{A: a, Policy: policy(), Styles: template.CSS(styles), Title: "HIPAA assessment",
		Baselined: report.Baselined(a),
		Coverage:  ringOf(a.Coverage.Ratio), Score: ringOf(a.Summary.Score), Outcomes: outcomes(a),
		Asked: a.Coverage.Evaluated + a.Coverage.Unknown, Unknown: a.Summary.Findings[assessment.Unknown]}
	if a.Framework.Title != "" {
		d.Title = report.Clean(a.Framework.Title)
	}
	if !a.AssessedAt.IsZero() {
		d.When = a.AssessedAt.UTC().Format("2 January 2006, 15:04 UTC")
	}
	for _, t := range a.Targets {
		d.Resources += t.Resources
	}
	for outcome, n := range a.Summary.Safeguards {
		if outcome != assessment.Inherited && outcome != assessment.OutcomeNotNeeded {
			d.Scored += n
		}
	}
	citations := report.Citations(a)
	listed := func(g report.Group) group {
		n := o.Places(len(g.Findings), mostPlaces)
		way, fix := report.Fix(a, g.Check, g.Findings[0])
		return group{Group: g, Citations: citations[g.Check.ID], Way: way, Fix: fix,
			Listed: g.Findings[:n], More: len(g.Findings) - n}
	}
	d.Severities = severities(report.Groups(a, assessment.Fail), listed)
	for _, g := range report.Groups(a, assessment.Excepted) {
		d.Excepted = append(d.Excepted, listed(g))
	}
	for _, g := range report.Grants(a) {
		n := o.Places(len(g.Findings), mostPlaces)
		d.Grants = append(d.Grants, grant{Grant: g, Listed: g.Findings[:n], More: len(g.Findings) - n})
	}
	d.Settled = settledChecks(a)
	return d
}

// RowCoverage is the coverage of a view's row, "-" where no check asks anything.
func (d data) RowCoverage(row assessment.ViewRow) string {
	for _, s := range d.A.Safeguards {
		if slices.Contains(row.Citations, s.Citation) && report.Asked(s) > 0 {
			return report.Percent(row.Coverage)
		}
	}
	return "-"
}

func severities(groups []report.Group, listed func(report.Group) group) []severity {
	var all []severity
	for rank, name := range report.Severities() {
		s := severity{Name: string(name)}
		for _, g := range groups {
			if report.SeverityRank(g.Check.Severity) == rank {
				s.Groups = append(s.Groups, listed(g))
				s.Count += len(g.Findings)
			}
		}
		if s.Count > 0 {
			all = append(all, s)
		}
	}
	return all
}

func settledChecks(a *assessment.Assessment) []settled {
	index := map[string]int{}
	var all []settled
	for _, status := range []assessment.Status{assessment.Pass, assessment.NotApplicable} {
		for _, g := range report.Groups(a, status) {
			i, ok := index[g.Check.ID]
			if !ok {
				i = len(all)
				index[g.Check.ID] = i
				all = append(all, settled{Check: g.Check})
			}
			if status == assessment.Pass {
				all[i].Passes += len(g.Findings)
			} else {
				all[i].Unconcerned += len(g.Findings)
			}
		}
	}
	return all
}
