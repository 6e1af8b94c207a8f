// Package text writes an assessment for a person at a terminal, or for a pipe: a headline, what fails with the worst
// first, what is unknown and what would close it, gaps and notices, the safeguards, and three lines that stay on the
// screen when the rest has scrolled away.
//
// It must not know how an assessment comes about.
package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes text.
type Writer struct{}

// Name is "text".
func (Writer) Name() string { return "text" }

// How much of a list is shown unless the options say otherwise.
const (
	mostPlaces   = 8  // places of one check
	mostReasons  = 3  // reasons of one grant
	mostNotes    = 12 // gaps, notices and grants
	fixLines     = 3
	mostEvidence = 3
	mostGroups   = 25 // checks told in full
)

// Write implements report.Writer.
func (Writer) Write(w io.Writer, a *assessment.Assessment, o report.Options) error {
	p := &page{a: a, o: o, width: o.Columns()}
	p.headline()
	p.failing()
	p.unknown()
	p.settled()
	p.gaps()
	p.notices()
	p.safeguards()
	p.bottom()
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) headline() {
	a := p.a
	title := "HIPAA assessment"
	if a.Framework.Title != "" {
		title = report.Clean(a.Framework.Title)
	}
	if a.Estate != "" {
		title = report.Clean(a.Estate) + ": " + title
	}
	p.blank()
	p.para(1, bold, title)
	var about []string
	if a.Framework.Source != "" {
		about = append(about, report.Clean(a.Framework.Source))
	}
	if !a.AssessedAt.IsZero() {
		about = append(about, "assessed "+a.AssessedAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if a.Tool.Name != "" {
		about = append(about, strings.TrimSpace("by "+report.Clean(a.Tool.Name)+" "+report.Clean(a.Tool.Version)))
	}
	if len(about) > 0 {
		p.para(1, dim, strings.Join(about, ", "))
	}
	p.blank()
	resources := 0
	for _, t := range a.Targets {
		resources += t.Resources
		p.labelled(report.Clean(t.Kind), fmt.Sprintf("%s, %s", report.Clean(t.Name), report.Count(t.Resources, "resource")))
	}
	if len(a.Targets) > 1 {
		p.labelled("together", fmt.Sprintf("%s, %s", report.Count(len(a.Targets), "target"),
			report.Count(resources, "resource")))
	}
	p.blank()
	c := a.Coverage
	p.gauge("coverage", c.Ratio, fmt.Sprintf("%d of %s answered", c.Evaluated, report.Count(c.Evaluated+c.Unknown, "question")))
	p.gauge("score", a.Summary.Score, fmt.Sprintf("%d of %s met", a.Summary.Safeguards[assessment.Met],
		report.Count(scored(a), "safeguard")))
}

// scored returns how many safeguards the score is about.
func scored(a *assessment.Assessment) int {
	n := 0
	for outcome, count := range a.Summary.Safeguards {
		if outcome != assessment.Inherited && outcome != assessment.OutcomeNotNeeded {
			n += count
		}
	}
	return n
}

func (p *page) failing() {
	groups := report.Groups(p.a, assessment.Fail)
	p.heading("Failing", total(groups))
	if len(groups) == 0 {
		p.para(2, plain, "Nothing fails.")
		return
	}
	citations, baselined := report.Citations(p.a), report.Baselined(p.a)
	full := p.o.Places(len(groups), mostGroups)
	for _, g := range groups[:full] {
		p.group(g, citations[g.Check.ID], baselined)
	}
	if full == len(groups) {
		return
	}
	p.blank()
	p.para(2, dim, "The rest in short; ward explain CHECK and --verbose say more.")
	p.blank()
	for _, g := range groups[full:] {
		p.brief(g, baselined)
	}
}

// brief writes a check on two lines.
func (p *page) brief(g report.Group, baselined bool) {
	p.beside(severityStyle(g.Check.Severity), strings.ToUpper(report.Clean(string(g.Check.Severity))), plain,
		orElse(report.Clean(g.Check.Title), report.Clean(g.Check.ID)), p.mark(g, baselined))
	p.para(body, dim, report.Clean(g.Check.ID))
}

// mark says how many places a check fails at.
func (p *page) mark(g report.Group, baselined bool) string {
	mark := report.Count(len(g.Findings), "place")
	if g.PHI > 0 {
		mark += fmt.Sprintf(", %d PHI", g.PHI)
	}
	if baselined && g.New > 0 {
		mark += fmt.Sprintf(", %d new", g.New)
	}
	return mark
}

func total(groups []report.Group) string {
	findings, phi := 0, 0
	for _, g := range groups {
		findings += len(g.Findings)
		phi += g.PHI
	}
	if findings == 0 {
		return "none"
	}
	s := fmt.Sprintf("%s of %s", report.Count(findings, "finding"), report.Count(len(groups), "check"))
	if phi > 0 {
		s += fmt.Sprintf(", %d on PHI", phi)
	}
	return s
}

func (p *page) group(g report.Group, citations []string, baselined bool) {
	title := orElse(report.Clean(g.Check.Title), report.Clean(g.Check.ID))
	p.blank()
	p.beside(severityStyle(g.Check.Severity), strings.ToUpper(report.Clean(string(g.Check.Severity))), bold, title, p.mark(g, baselined))
	p.para(body, dim, report.Clean(g.Check.ID))
	p.blank()
	n := p.o.Places(len(g.Findings), mostPlaces)
	for i, f := range g.Findings[:n] {
		p.place(f, baselined)
		if i+1 == n || !sameEvidence(f, g.Findings[i+1]) {
			p.evidence(f)
		}
	}
	p.more(body, len(g.Findings)-n)
	p.blank()
	if way, fix := report.Fix(p.a, g.Check, g.Findings[0]); fix != "" {
		p.fix(way, fix)
	}
	if len(citations) > 0 {
		p.aside("cites", strings.Join(citations, ", "))
	}
}

// place writes where a finding is and what marks it.
func (p *page) place(f *assessment.Finding, baselined bool) {
	var marks []string
	if f.PHI == "yes" {
		marks = append(marks, "PHI")
	}
	if f.New && baselined {
		marks = append(marks, "new")
	}
	p.across(body, address(f), report.Place(f.Location), strings.Join(marks, " "))
	if f.Owner != "" {
		p.cut(body+2, dim, "owner: "+report.Clean(f.Owner))
	}
	if f.Conditional != "" {
		p.cut(body+2, dim, "exists only if: "+report.Clean(f.Conditional))
	}
	if p.o.Verbose && f.PHIReason != "" {
		p.cut(body+2, dim, "PHI: "+report.Clean(f.PHIReason))
	}
}

// evidence writes what was read, in short.
func (p *page) evidence(f *assessment.Finding) {
	most := p.o.Places(len(f.Evidence), mostEvidence)
	for _, e := range report.Telling(f.Evidence, most) {
		p.cut(body+2, dim, report.Evidence(e))
	}
	p.more(body+2, len(f.Evidence)-most)
}

// sameEvidence tells whether two findings rest on the same: then it is written once, below both.
func sameEvidence(a, b *assessment.Finding) bool {
	return slices.EqualFunc(a.Evidence, b.Evidence, func(x, y *assessment.Evidence) bool {
		return report.Evidence(x) == report.Evidence(y)
	})
}

func address(f *assessment.Finding) string {
	return orElse(report.Clean(f.Resource.Address), orElse(report.Clean(f.Resource.ID), "(no address)"))
}

func (p *page) fix(way, text string) {
	label := "fix"
	if p.o.Verbose {
		label = "fix, " + way
	}
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	n := len(lines)
	if !p.o.Verbose {
		n = min(n, fixLines)
	}
	for i, l := range lines[:n] {
		if i > 0 {
			label = ""
		}
		p.aside(label, l)
	}
	if n < len(lines) {
		p.aside("", "(ward explain shows the rest)")
	}
}

// unknown writes the unknown findings by what would close them.
func (p *page) unknown() {
	groups := report.Groups(p.a, assessment.Unknown)
	p.heading("Unknown", total(groups))
	if len(groups) == 0 {
		p.para(2, plain, "Every question has an answer.")
		return
	}
	p.para(2, dim, "Not knowing is not a pass. By what would close it:")
	grants := report.Grants(p.a)
	n := p.o.Places(len(grants), mostNotes)
	for _, g := range grants[:n] {
		p.grant(g)
	}
	if n < len(grants) {
		p.blank()
		p.more(2, len(grants)-n)
	}
}

func (p *page) grant(g report.Grant) {
	give := "nothing is known to help"
	if g.Grant != "" {
		give = report.Clean(g.Grant)
	}
	p.blank()
	p.beside(bold, fmt.Sprintf("closes %d", len(g.Findings)), bold, give, "")
	n := p.o.Places(len(g.Reasons), mostReasons)
	for _, r := range g.Reasons[:n] {
		p.para(body, plain, report.Clean(r))
	}
	p.more(body, len(g.Reasons)-n)
	if !p.o.Verbose {
		checks := map[string]bool{}
		for _, f := range g.Findings {
			checks[f.Check] = true
		}
		first := g.Findings[0]
		text := address(first)
		if len(g.Findings) > 1 {
			text += fmt.Sprintf(" and %d more, %s", len(g.Findings)-1, report.Count(len(checks), "check"))
		} else {
			text += ", " + report.Clean(first.Check)
		}
		p.cut(body, dim, text)
		return
	}
	for _, f := range g.Findings {
		p.across(body, address(f), report.Place(f.Location), "")
		p.cut(body+2, dim, report.Clean(f.Check))
	}
}

// settled writes what is excepted and, if the options are verbose, what passes and what does not apply.
func (p *page) settled() {
	p.listed("Excepted", assessment.Excepted, true)
	p.listed("Passing", assessment.Pass, p.o.Verbose)
	p.listed("Not applicable", assessment.NotApplicable, p.o.Verbose)
}

func (p *page) listed(name string, status assessment.Status, wanted bool) {
	groups := report.Groups(p.a, status)
	if len(groups) == 0 || !wanted {
		return
	}
	p.heading(name, total(groups))
	for _, g := range groups {
		p.blank()
		p.para(2, bold, report.Clean(g.Check.ID))
		n := p.o.Places(len(g.Findings), mostPlaces)
		for _, f := range g.Findings[:n] {
			p.across(4, address(f), report.Place(f.Location), "")
			if f.Status == assessment.Excepted {
				p.cut(6, dim, fmt.Sprintf("%s without exception %s", report.Clean(string(f.Judged)), report.Clean(f.Exception)))
			}
		}
		p.more(4, len(g.Findings)-n)
	}
}

func (p *page) gaps() {
	if len(p.a.Gaps) == 0 {
		return
	}
	p.heading("Gaps", "what could not be read")
	n := p.o.Places(len(p.a.Gaps), mostNotes)
	for _, g := range p.a.Gaps[:n] {
		p.blank()
		p.across(2, report.Clean(g.What), report.Clean(g.Target), "")
		p.para(4, plain, report.Clean(g.Reason))
		if g.Grant != "" {
			p.para(4, dim, "give: "+report.Clean(g.Grant))
		}
	}
	p.more(2, len(p.a.Gaps)-n)
}

func (p *page) notices() {
	if len(p.a.Notices) == 0 {
		return
	}
	p.heading("Notices", "decisions that need a look")
	n := p.o.Places(len(p.a.Notices), mostNotes)
	for _, notice := range p.a.Notices[:n] {
		p.blank()
		p.across(2, report.Clean(notice.Kind)+": "+report.Clean(notice.ID), report.Place(notice.Location), "")
		p.para(4, plain, report.Clean(notice.Text))
	}
	p.more(2, len(p.a.Notices)-n)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
