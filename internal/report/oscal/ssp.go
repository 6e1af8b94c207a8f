package oscal

import (
	"fmt"
	"io"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// SSP writes the skeleton of an OSCAL system security plan: every safeguard with its status, who answers for it and what
// is attested, and what is Known besides. What only a person can say is marked "To complete by a person".
type SSP struct{ Known Known }

// Name is "oscal-ssp".
func (SSP) Name() string { return "oscal-ssp" }

const complete = "To complete by a person: "

type sspDocument struct {
	Plan ssp `json:"system-security-plan"`
}

type ssp struct {
	UUID            string                `json:"uuid"`
	Metadata        metadata              `json:"metadata"`
	ImportProfile   reference             `json:"import-profile"`
	Characteristics characteristics       `json:"system-characteristics"`
	Implementation  implementation        `json:"system-implementation"`
	Control         controlImplementation `json:"control-implementation"`
	BackMatter      backMatter            `json:"back-matter"`
}

type characteristics struct {
	SystemIDs   []systemID  `json:"system-ids"`
	Name        string      `json:"system-name"`
	Description string      `json:"description"`
	Props       []property  `json:"props,omitempty"`
	Sensitivity string      `json:"security-sensitivity-level"`
	Information information `json:"system-information"`
	Status      state       `json:"status"`
	Boundary    described   `json:"authorization-boundary"`
	Network     described   `json:"network-architecture"`
	Flow        described   `json:"data-flow"`
	Remarks     string      `json:"remarks"`
}

type information struct {
	Types []informationType `json:"information-types"`
}

type informationType struct {
	UUID        string `json:"uuid"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type described struct {
	Description string `json:"description"`
	Remarks     string `json:"remarks,omitempty"`
}

type implementation struct {
	Users      []user      `json:"users"`
	Components []component `json:"components"`
	Remarks    string      `json:"remarks"`
}

type user struct {
	UUID    string   `json:"uuid"`
	Title   string   `json:"title"`
	Roles   []string `json:"role-ids"`
	Remarks string   `json:"remarks"`
}

type controlImplementation struct {
	Description  string        `json:"description"`
	Requirements []requirement `json:"implemented-requirements"`
}

type requirement struct {
	UUID        string            `json:"uuid"`
	Control     string            `json:"control-id"`
	Props       []property        `json:"props,omitempty"`
	Roles       []responsibleRole `json:"responsible-roles,omitempty"`
	ByComponent []byComponent     `json:"by-components,omitempty"`
	Remarks     string            `json:"remarks,omitempty"`
}

type byComponent struct {
	Component   string     `json:"component-uuid"`
	UUID        string     `json:"uuid"`
	Description string     `json:"description"`
	Props       []property `json:"props,omitempty"`
	Status      state      `json:"implementation-status"`
	Remarks     string     `json:"remarks,omitempty"`
}

// Write implements report.Writer.
func (s SSP) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	b := newBuilder(a)
	b.known = &s.Known
	profile := id("profile", a.Framework.ID)
	m := b.metadata("System security plan")
	m.Roles, m.Parties = b.roles(), s.Known.parties()
	m.Remarks = "A skeleton made from an assessment. " + complete + "everything that is marked so. Nobody has approved this plan."
	return report.WriteJSON(w, sspDocument{ssp{
		UUID: b.document("ssp"), Metadata: m,
		ImportProfile: reference{Href: "#" + profile,
			Remarks: "The framework is not published as an OSCAL profile; the resource says what it is."},
		Characteristics: b.characteristics(),
		Implementation: implementation{
			Users: []user{{UUID: id("user", b.scope), Title: "Workforce members with access to ePHI",
				Roles:   []string{"workforce"},
				Remarks: complete + "the kinds of users, their privileges and how many there are."}},
			Components: append(b.components(), s.Known.services()...),
			Remarks:    complete + "the components of the system besides those that were read.",
		},
		Control: controlImplementation{Description: lines("How each safeguard of " + orElse(a.Framework.Title,
			"the framework") +
			" is implemented, as far as the assessment knows."), Requirements: b.requirements()},
		BackMatter: backMatter{Resources: []resource{{UUID: profile, Title: line(a.Framework.Title),
			Description: lines(a.Framework.Source),
			Props:       props("framework", a.Framework.ID)}}},
	}})
}

func (b *builder) characteristics() characteristics {
	phi, items := 0, b.inventory(assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass,
		assessment.NotApplicable)
	for _, i := range items {
		for _, p := range i.Props {
			if p.Name == "phi" && p.Value == "yes" {
				phi++
			}
		}
	}
	return characteristics{
		SystemIDs: []systemID{b.systemID()}, Name: line(b.estate()),
		Description: complete + "what the system is for and who it serves.",
		Props:       props("resources", fmt.Sprint(len(items)), "resources-with-phi", fmt.Sprint(phi)),
		Sensitivity: "to-complete",
		Information: information{Types: []informationType{{UUID: id("ephi", b.scope),
			Title: "Electronic protected health information",
			Description: fmt.Sprintf("%s with PHI among %d that were judged. %swhich ePHI is created, received, kept and sent, and its outside sources.",
				report.Count(phi, "resource"), len(items), complete)}}},
		Status: state{State: "other", Remarks: complete + "whether the system is in operation, under development or other."},
		Boundary: described{Description: lines("What was read:\n" + b.scopeText()),
			Remarks: complete + "the boundary, with a diagram, and what lies outside of what was read."},
		Network: described{Description: complete + "the network architecture, with a diagram."},
		Flow:    described{Description: b.known.flow()},
		Remarks: complete + "the levels of confidentiality, integrity and availability, and the sensitivity that follows.",
	}
}

// roles are those that attestations name, and the ones that every plan needs.
func (b *builder) roles() []role {
	all := []role{{"security-official", "Security official (164.308(a)(2))"}, {"workforce", "Workforce member"},
		{"provider", "Cloud provider"}, {"accountable", "Answers for the safeguard"}}
	seen := map[string]bool{"security-official": true, "workforce": true, "provider": true, "accountable": true}
	for _, s := range b.a.Safeguards {
		for _, t := range s.Attestations {
			if r := token("role-" + t.Role); t.Role != "" && !seen[r] {
				seen[r] = true
				all = append(all, role{r, line(t.Role)})
			}
		}
	}
	return all
}

func (b *builder) systemComponent() string { return id("this-system", b.scope) }

func providerComponent(from string) string { return id("provider", from) }

// components are the system itself and each provider that something is inherited from.
func (b *builder) components() []component {
	all := []component{{UUID: b.systemComponent(), Type: "this-system", Title: line(b.estate()),
		Description: lines(b.scopeText()),
		Status:      state{State: "other", Remarks: complete + "the operational status."}}}
	seen := map[string]bool{}
	for _, s := range b.a.Safeguards {
		if s.Inherited == nil || seen[s.Inherited.From] {
			continue
		}
		seen[s.Inherited.From] = true
		all = append(all, component{UUID: providerComponent(s.Inherited.From), Type: "service", Title: line(s.Inherited.From),
			Description: lines("The provider, under " + s.Inherited.Under + "."), Status: state{State: "operational"}})
	}
	return all
}

func (b *builder) requirements() []requirement {
	var all []requirement
	for i := range b.a.Safeguards {
		all = append(all, b.requirement(&b.a.Safeguards[i]))
	}
	if len(all) == 0 {
		all = []requirement{{UUID: id("requirement", b.scope), Control: "none", Remarks: "The assessment names no safeguard."}}
	}
	return all
}

func (b *builder) requirement(s *assessment.Safeguard) requirement {
	r := requirement{UUID: id("requirement", b.scope, s.Citation), Control: control(s.Citation),
		Props: props("label", s.Citation, "name", s.Name, "specification", s.Specification, "responsible", s.Responsible,
			"outcome", string(s.Status), "coverage", report.Coverage(*s)),
		Roles: b.responsible(s), Remarks: report.CleanText(s.Obligation)}
	by := byComponent{Component: b.systemComponent(), UUID: id("by", b.scope, s.Citation), Description: lines(b.how(s)),
		Status: implemented(s), Remarks: complete + "how the safeguard is implemented beyond what checks and attestations say."}
	for _, t := range s.Attestations {
		by.Props = append(by.Props, props("attestation", strings.Join(nonempty(t.ID, t.State, t.Owner,
			t.Document, t.Reviewed, t.Expires), ", "))...)
	}
	r.ByComponent = []byComponent{by}
	if in := s.Inherited; in != nil {
		status := state{State: "planned", Remarks: "The agreement is not confirmed."}
		if in.Confirmed {
			status = state{State: "implemented"}
		}
		r.ByComponent = append(r.ByComponent, byComponent{Component: providerComponent(in.From), UUID: id("by",
			b.scope, s.Citation, in.From),
			Description: lines("Under " + in.Under + ": " + in.Reason), Status: status})
	}
	return r
}

func nonempty(list ...string) []string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func (b *builder) responsible(s *assessment.Safeguard) []responsibleRole {
	var all []responsibleRole
	seen := map[string]bool{}
	add := func(r, remarks string) {
		if !seen[r] {
			seen[r] = true
			all = append(all, responsibleRole{RoleID: r, Remarks: remarks})
		}
	}
	if name := b.known.Accountable[s.Citation]; name != "" {
		seen["accountable"] = true
		all = append(all, responsibleRole{RoleID: "accountable", PartyUUIDs: []string{partyOf(name)}})
	} else if s.Responsible != "provider" {
		add("security-official", complete+"the person.")
	}
	if s.Responsible == "provider" || s.Responsible == "shared" {
		add("provider", "")
	}
	for _, t := range s.Attestations {
		if t.Role != "" {
			add(token("role-"+t.Role), "")
		}
	}
	return all
}

// how says what is known of the implementation.
func (b *builder) how(s *assessment.Safeguard) string {
	var t strings.Builder
	fmt.Fprintf(&t, "Outcome of the assessment: %s.", orElse(string(s.Status), "unknown"))
	for _, r := range s.Reasons {
		t.WriteString("\n" + report.Clean(r))
	}
	for _, c := range s.Checks {
		fmt.Fprintf(&t, "\nCheck %s (%s): %s.", report.Clean(c.Check), report.Clean(c.Strength),
			orElse(string(c.Status), "unknown"))
	}
	for _, a := range s.Attestations {
		fmt.Fprintf(&t, "\nAttestation %s: %s. %s", report.Clean(a.ID), report.Clean(a.State), report.Clean(a.Statement))
	}
	for _, means := range b.known.Means[s.Citation] {
		t.WriteString("\n" + report.Clean(means))
	}
	if s.Alternative != "" {
		t.WriteString("\nEquivalent measure: " + report.Clean(s.Alternative))
	}
	return t.String()
}

// implemented is a safeguard's status as OSCAL says it. Only what is met is implemented; the provider's part of what is
// inherited is told by the provider's component.
func implemented(s *assessment.Safeguard) state {
	switch s.Status {
	case assessment.Met:
		if s.Alternative != "" {
			return state{State: "alternative"}
		}
		return state{State: "implemented"}
	case assessment.NotMet:
		return state{State: "partial", Remarks: "Not met."}
	case assessment.OutcomeNotNeeded:
		return state{State: "not-applicable"}
	case assessment.Inherited:
		return state{State: "not-applicable", Remarks: "Inherited: the provider's component tells it."}
	case assessment.Manual:
		return state{State: "planned", Remarks: "It waits for a person's attestation."}
	}
	return state{State: "partial", Remarks: "Unknown: not everything that it needs is known."}
}
