package oscal

import (
	"fmt"
	"io"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Results writes OSCAL assessment results: an observation for each finding that does not pass and one for all passes of
// a check, a finding for each safeguard, a risk for each check that fails.
type Results struct{}

// Name is "oscal-results".
func (Results) Name() string { return "oscal-results" }

type resultsDocument struct {
	Results assessmentResults `json:"assessment-results"`
}

type assessmentResults struct {
	UUID       string     `json:"uuid"`
	Metadata   metadata   `json:"metadata"`
	ImportAP   reference  `json:"import-ap"`
	Results    []result   `json:"results"`
	BackMatter backMatter `json:"back-matter"`
}

type result struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Start        string           `json:"start"`
	End          string           `json:"end"`
	Props        []property       `json:"props,omitempty"`
	Local        localDefinitions `json:"local-definitions"`
	Controls     reviewedControls `json:"reviewed-controls"`
	Attestations []attestation    `json:"attestations,omitempty"`
	Observations []observation    `json:"observations,omitempty"`
	Risks        []risk           `json:"risks,omitempty"`
	Findings     []finding        `json:"findings,omitempty"`
	Remarks      string           `json:"remarks,omitempty"`
}

type attestation struct {
	Parts []part `json:"parts"`
}

type part struct {
	Name  string     `json:"name"`
	NS    string     `json:"ns"`
	Title string     `json:"title"`
	Props []property `json:"props,omitempty"`
	Prose string     `json:"prose"`
}

// Write implements report.Writer.
func (Results) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	b := newBuilder(a)
	plan := id("plan", b.scope)
	return report.WriteJSON(w, resultsDocument{assessmentResults{
		UUID:     b.document("assessment-results"),
		Metadata: b.metadata("Assessment results"),
		ImportAP: reference{Href: "#" + plan, Remarks: "No assessment plan was written as a document of its own; the resource says what was done."},
		Results:  []result{b.result()},
		BackMatter: backMatter{Resources: []resource{{UUID: plan, Title: "What was assessed and how",
			Description: lines(b.scopeText()), Props: props("framework", a.Framework.ID)}}},
	}})
}

func (b *builder) result() result {
	observations, risks := b.told(judged)
	for _, g := range report.Groups(b.a, assessment.Pass) {
		observations = append(observations, b.observePasses(g))
	}
	return result{
		UUID: b.document("result"), Title: line("Assessment by " + b.a.Framework.Title), Description: lines(b.scopeText()),
		Start: b.collected, End: b.collected,
		Props: props("evaluated", fmt.Sprint(b.a.Coverage.Evaluated), "unknown", fmt.Sprint(b.a.Coverage.Unknown),
			"not-applicable", fmt.Sprint(b.a.Coverage.NotApplicable), "coverage", report.Percent(b.a.Coverage.Ratio)),
		Local:    localDefinitions{InventoryItems: b.inventory(append(judged, assessment.Pass)...), Assets: b.assets()},
		Controls: b.reviewed(), Attestations: b.attestations(), Observations: observations, Risks: risks,
		Findings: b.findings(), Remarks: b.gaps(),
	}
}

// scopeText says what was read and by which framework it was judged.
func (b *builder) scopeText() string {
	var t strings.Builder
	fmt.Fprintf(&t, "%s, judged by %s", b.estate(), orElse(b.a.Framework.Title, "no framework"))
	if b.a.Framework.Source != "" {
		fmt.Fprintf(&t, " (%s)", b.a.Framework.Source)
	}
	for _, target := range b.a.Targets {
		fmt.Fprintf(&t, "\n%s %s: %s", report.Clean(target.Kind), report.Clean(target.Name),
			report.Count(target.Resources, "resource"))
	}
	return t.String()
}

// gaps are the remarks on what could not be read, and on the decisions given.
func (b *builder) gaps() string {
	var all []string
	for _, g := range b.a.Gaps {
		text := fmt.Sprintf("Not read: %s of %s: %s", g.What, g.Target, g.Reason)
		if g.Grant != "" {
			text += " (give " + g.Grant + ")"
		}
		all = append(all, report.Clean(text))
	}
	for _, n := range b.a.Notices {
		all = append(all, report.Clean(fmt.Sprintf("Notice: %s: %s: %s", n.Kind, n.ID, n.Text)))
	}
	return strings.Join(all, "\n")
}

// reviewed selects the safeguards that apply and names those that do not.
func (b *builder) reviewed() reviewedControls {
	r := reviewedControls{Description: "The safeguards of the framework. Those that do not apply are excluded, and the remarks say why."}
	var s controlSelection
	var why []string
	for _, g := range b.a.Safeguards {
		if g.Status == assessment.OutcomeNotNeeded {
			s.ExcludeControls = append(s.ExcludeControls, selectionID{control(g.Citation)})
			why = append(why, report.Clean(g.Citation+": "+strings.Join(g.Reasons, "; ")))
			continue
		}
		s.IncludeControls = append(s.IncludeControls, selectionID{control(g.Citation)})
	}
	if len(s.IncludeControls) == 0 {
		s.IncludeAll = &struct{}{}
	}
	s.Remarks = strings.Join(why, "\n")
	r.Selections = []controlSelection{s}
	return r
}

// attestations are what people said and what they have not said, once each.
func (b *builder) attestations() []attestation {
	seen := map[string]bool{}
	var parts []part
	for _, s := range b.a.Safeguards {
		for _, t := range s.Attestations {
			if seen[t.ID] {
				continue
			}
			seen[t.ID] = true
			parts = append(parts, part{Name: "attestation", NS: namespace, Title: line(t.ID),
				Props: props("state", t.State, "role", t.Role, "owner", t.Owner, "document", t.Document, "reviewed", t.Reviewed,
					"expires", t.Expires, "note", t.Note),
				Prose: lines(t.Statement)})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []attestation{{Parts: parts}}
}

// findings is one finding for each safeguard that applies.
func (b *builder) findings() []finding {
	byCheck := map[string][]*assessment.Finding{}
	for _, status := range judged {
		for _, g := range report.Groups(b.a, status) {
			byCheck[g.Check.ID] = append(byCheck[g.Check.ID], g.Findings...)
		}
	}
	passes := map[string]bool{}
	for _, g := range report.Groups(b.a, assessment.Pass) {
		passes[g.Check.ID] = true
	}
	var all []finding
	for i := range b.a.Safeguards {
		s := &b.a.Safeguards[i]
		if s.Status == assessment.OutcomeNotNeeded {
			continue
		}
		f := finding{UUID: id("finding", b.scope, s.Citation), Title: line(s.Citation + " " + s.Name),
			Description: lines(s.Obligation),
			Props: props("label", s.Citation, "specification", s.Specification, "responsible", s.Responsible,
				"outcome", string(s.Status),
				"coverage", report.Coverage(*s)),
			Origins: b.origins, Remarks: report.CleanText(strings.Join(s.Reasons, "\n")),
			Target: target{Type: "objective-id", ID: control(s.Citation), Title: line(s.Name), Status: satisfied(s)}}
		b.relate(&f, s, byCheck, passes)
		all = append(all, f)
	}
	return all
}

func (b *builder) relate(f *finding, s *assessment.Safeguard, byCheck map[string][]*assessment.Finding,
	passes map[string]bool) {
	observed, risky := map[string]bool{}, map[string]bool{}
	for _, c := range s.Checks {
		for _, g := range byCheck[c.Check] {
			if o := b.observationID(g); !observed[o] {
				observed[o] = true
				f.Observations = append(f.Observations, observationRef{o})
			}
			if r := b.riskID(g.Status, g.Check); !risky[r] {
				risky[r] = true
				f.Risks = append(f.Risks, riskRef{r})
			}
		}
		if passes[c.Check] {
			f.Observations = append(f.Observations, observationRef{id("passes", b.scope, c.Check)})
		}
	}
}

// satisfied is what a safeguard's outcome comes to in OSCAL, which knows two answers. Only what is met, or inherited
// under an agreement that is confirmed, is satisfied.
func satisfied(s *assessment.Safeguard) state {
	switch {
	case s.Status == assessment.Met:
		return state{State: "satisfied", Reason: "pass"}
	case s.Status == assessment.NotMet:
		return state{State: "not-satisfied", Reason: "fail"}
	case s.Status == assessment.Inherited && s.Inherited != nil && s.Inherited.Confirmed:
		return state{State: "satisfied", Reason: "other",
			Remarks: line("inherited from " + s.Inherited.From + " under " + s.Inherited.Under + ", which is attested and in date")}
	case s.Status == assessment.Inherited:
		return state{State: "not-satisfied", Reason: "other", Remarks: "inherited under an agreement that is not confirmed"}
	case s.Status == assessment.Manual:
		return state{State: "not-satisfied", Reason: "other", Remarks: "manual: it waits for a person's attestation"}
	}
	return state{State: "not-satisfied", Reason: "other", Remarks: "unknown: not everything that it needs is known"}
}
