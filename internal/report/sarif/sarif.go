// Package sarif writes an assessment as SARIF 2.1.0, in the shape that code scanning services take.
//
// A fail is a result of kind "fail" whose level follows the severity. An unknown stays in the file: it has kind "open",
// which the standard keeps for what could not be decided, and so level "none". An excepted finding is what it was judged
// to be, suppressed. Passes and findings that do not apply are written only if the options are verbose, because code
// scanning services take no notice of the kind and would show them as alerts.
//
// The package must not know how an assessment comes about.
package sarif

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes SARIF.
type Writer struct{}

// Name is "sarif".
func (Writer) Name() string { return "sarif" }

// Write implements report.Writer.
func (Writer) Write(w io.Writer, a *assessment.Assessment, o report.Options) error {
	s := scan{a: a, baselined: report.Baselined(a), index: map[string]int{}, citations: report.Citations(a)}
	wanted := []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted}
	if o.Verbose {
		wanted = append(wanted, assessment.Pass, assessment.NotApplicable)
	}
	results, rules := []result{}, []rule{}
	for _, status := range wanted {
		for _, g := range report.Groups(a, status) {
			at, ok := s.index[g.Check.ID]
			if !ok {
				at = len(rules)
				s.index[g.Check.ID] = at
				rules = append(rules, s.rule(g))
			}
			for _, f := range g.Findings {
				results = append(results, s.result(at, f))
			}
		}
	}
	return report.WriteJSON(w, log{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []run{{
			Tool: tool{Driver: driver{Name: name(a), Version: clean(a.Tool.Version), Rules: rules,
				Properties: bag{"catalogDigest": clean(a.Tool.CatalogDigest)}}},
			Invocations: []invocation{s.invocation()},
			ColumnKind:  "unicodeCodePoints",
			Results:     results,
			Properties: bag{"framework": clean(a.Framework.ID), "coverage": a.Coverage.Ratio, "score": a.Summary.Score,
				"evaluated": a.Coverage.Evaluated, "unknown": a.Coverage.Unknown, "notApplicable": a.Coverage.NotApplicable},
		}},
	})
}

type scan struct {
	a         *assessment.Assessment
	baselined bool
	index     map[string]int
	citations map[string][]string
}

func name(a *assessment.Assessment) string {
	if a.Tool.Name == "" {
		return "ward"
	}
	return clean(a.Tool.Name)
}

// maxTags is how many tags a rule may have in code scanning services.
const maxTags = 20

func (s *scan) rule(g report.Group) rule {
	c, citations := g.Check, s.citations[g.Check.ID]
	tags := []string{"security", "hipaa"}
	for _, cite := range citations {
		if len(tags) < maxTags {
			tags = append(tags, clean(cite))
		}
	}
	r := rule{ID: identifier(c.ID), Default: ruleLevel{level(c.Severity)}, Properties: bag{"tags": tags, "precision": "high",
		"severity": clean(string(c.Severity)), "security-severity": score(c.Severity)}}
	r.ShortDescription = &message{Text: orElse(clean(c.Title), identifier(c.ID))}
	r.FullDescription = &message{Text: orElse(report.CleanText(c.Why), r.ShortDescription.Text)}
	r.Help = help(c, citations)
	return r
}

// help tells why and how to put it right.
func help(c assessment.Check, citations []string) *message {
	var text, markdown strings.Builder
	add := func(heading, body string) {
		if body = strings.TrimSpace(report.CleanText(body)); body == "" {
			return
		}
		fmt.Fprintf(&text, "%s\n%s\n\n", heading, body)
		fmt.Fprintf(&markdown, "**%s**\n\n%s\n\n", heading, body)
	}
	add("Why", c.Why)
	for _, way := range [][2]string{{"terraform", "Fix in Terraform"}, {"cloudformation", "Fix in CloudFormation"},
		{"kubernetes", "Fix in Kubernetes"}, {"dockerfile", "Fix in the Dockerfile"},
		{"cli", "Fix on the command line"}, {"console", "Fix in the console"}} {
		add(way[1], c.Fix[way[0]])
	}
	add("Safeguards", strings.Join(citations, ", "))
	if text.Len() == 0 {
		return nil
	}
	return &message{Text: strings.TrimSpace(text.String()), Markdown: strings.TrimSpace(markdown.String())}
}

func (s *scan) result(rule int, f *assessment.Finding) result {
	judged := f.Status
	if f.Status == assessment.Excepted {
		judged = f.Judged
	}
	r := result{RuleID: identifier(f.Check), RuleIndex: rule, Message: message{Text: text(judged, f)},
		Locations: []location{s.location(f)}, Properties: properties(f)}
	r.Kind, r.Level = kind(judged, f.Severity)
	if f.ID != "" {
		r.Fingerprints = map[string]string{"wardFinding/v1": clean(f.ID)}
	}
	if f.Status == assessment.Excepted {
		r.Suppressions = []suppression{{Kind: "external", Status: "accepted", Justification: "exception " + clean(f.Exception)}}
	}
	if s.baselined && f.Status == assessment.Fail {
		r.BaselineState = "unchanged"
		if f.New {
			r.BaselineState = "new"
		}
	}
	return r
}

// kind returns the kind and level of a status. What is not a status that is known here is open, like an unknown.
func kind(s assessment.Status, severity assessment.Severity) (kind, lvl string) {
	switch s {
	case assessment.Fail:
		return "fail", level(severity)
	case assessment.Pass:
		return "pass", "none"
	case assessment.NotApplicable:
		return "notApplicable", "none"
	}
	return "open", "none"
}

func level(s assessment.Severity) string {
	switch s {
	case assessment.Medium:
		return "warning"
	case assessment.Low:
		return "note"
	}
	return "error"
}

// score is the number by which code scanning services rank security results.
func score(s assessment.Severity) string {
	switch s {
	case assessment.High:
		return "8.0"
	case assessment.Medium:
		return "5.5"
	case assessment.Low:
		return "3.0"
	}
	return "9.5"
}

func text(judged assessment.Status, f *assessment.Finding) string {
	var b strings.Builder
	title := orElse(clean(f.Title), clean(f.Check))
	switch judged {
	case assessment.Fail:
		fmt.Fprintf(&b, "Fails: %s.", title)
	case assessment.Pass:
		fmt.Fprintf(&b, "Passes: %s.", title)
	case assessment.NotApplicable:
		fmt.Fprintf(&b, "Not applicable: %s.", title)
	default:
		fmt.Fprintf(&b, "Unknown: %s.", title)
	}
	fmt.Fprintf(&b, "\n%s", orElse(clean(f.Resource.Address), "(no address)"))
	if f.PHI == "yes" {
		b.WriteString(" has PHI")
		if f.PHIReason != "" {
			b.WriteString(": " + clean(f.PHIReason))
		}
	}
	for _, u := range f.Unknown {
		b.WriteString("\n" + report.Unknown(u))
	}
	if judged == assessment.Fail {
		for _, e := range f.Evidence {
			b.WriteString("\n" + report.Short(report.Evidence(e), 300))
		}
	}
	if f.Conditional != "" {
		b.WriteString("\nexists only if: " + clean(f.Conditional))
	}
	return b.String()
}

func properties(f *assessment.Finding) bag {
	b := bag{}
	for k, v := range map[string]string{"phi": f.PHI, "phiReason": f.PHIReason, "severity": string(f.Severity), "kind": f.Kind,
		"resource": f.Resource.ID, "account": f.Resource.Account, "region": f.Resource.Region,
		"status": string(f.Status), "judged": string(f.Judged)} {
		if v != "" {
			b[k] = clean(v)
		}
	}
	return b
}

// location is where the finding is. Code scanning services refuse results without a file, so a finding without one
// stands at the target, or at the root where there are several, and says so.
func (s *scan) location(f *assessment.Finding) location {
	l := location{Physical: place(f.Location)}
	if f.Resource.Address != "" {
		l.Logical = []logical{{Name: clean(f.Resource.Address), Kind: "resource"}}
	}
	if f.Location.File == "" {
		l.Message = &message{Text: "The source does not say in which file this resource is."}
		if len(s.a.Targets) == 1 && s.a.Targets[0].Name != "" {
			l.Physical.Artifact.URI = uri(s.a.Targets[0].Name)
		}
	}
	return l
}

func place(at assessment.Location) physical {
	if at.File == "" {
		return physical{Artifact: artifact{URI: "."}}
	}
	p := physical{Artifact: artifact{URI: uri(at.File)}}
	if at.Line > 0 {
		p.Region = &region{StartLine: at.Line}
	}
	return p
}

// uri returns a path as a relative reference, or a file URI if it is absolute.
func uri(path string) string {
	u := url.URL{Path: strings.ToValidUTF8(path, "\ufffd")}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

func (s *scan) invocation() invocation {
	i := invocation{Successful: true}
	if !s.a.AssessedAt.IsZero() {
		i.EndTimeUTC = s.a.AssessedAt.UTC().Format(time.RFC3339)
	}
	for _, g := range s.a.Gaps {
		text := fmt.Sprintf("Not read: %s of %s: %s", clean(g.What), clean(g.Target), clean(g.Reason))
		if g.Grant != "" {
			text += " (give " + clean(g.Grant) + ")"
		}
		i.Notifications = append(i.Notifications, notification{Level: "warning", Message: message{Text: text}})
	}
	for _, n := range s.a.Notices {
		note := notification{Level: "note",
			Message: message{Text: fmt.Sprintf("%s: %s: %s", clean(n.Kind), clean(n.ID), clean(n.Text))}}
		if n.Location.File != "" {
			note.Locations = []location{{Physical: place(n.Location)}}
		}
		i.Notifications = append(i.Notifications, note)
	}
	return i
}

func identifier(s string) string { return orElse(clean(s), "unnamed") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func clean(s string) string { return report.Clean(s) }
