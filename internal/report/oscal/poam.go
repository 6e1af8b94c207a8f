package oscal

import (
	"fmt"
	"io"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// POAM writes an OSCAL plan of action and milestones: an item for each check that fails, with the fix, and one for each
// check with unknown answers, with what would make them known. What could not be read and what a person has still to
// attest are items too.
type POAM struct{}

// Name is "oscal-poam".
func (POAM) Name() string { return "oscal-poam" }

type poamDocument struct {
	Plan poam `json:"plan-of-action-and-milestones"`
}

type poam struct {
	UUID         string           `json:"uuid"`
	Metadata     metadata         `json:"metadata"`
	SystemID     systemID         `json:"system-id"`
	Local        localDefinitions `json:"local-definitions"`
	Observations []observation    `json:"observations,omitempty"`
	Risks        []risk           `json:"risks,omitempty"`
	Items        []poamItem       `json:"poam-items"`
}

type systemID struct {
	Type string `json:"identifier-type"`
	ID   string `json:"id"`
}

type poamItem struct {
	UUID         string           `json:"uuid"`
	Title        string           `json:"title"`
	Description  string           `json:"description"`
	Props        []property       `json:"props,omitempty"`
	Observations []observationRef `json:"related-observations,omitempty"`
	Risks        []riskRef        `json:"related-risks,omitempty"`
	Remarks      string           `json:"remarks,omitempty"`
}

// Write implements report.Writer.
func (POAM) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	b := newBuilder(a)
	open := []assessment.Status{assessment.Fail, assessment.Unknown}
	observations, risks := b.told(open)
	p := poam{
		UUID: b.document("poam"), Metadata: b.metadata("Plan of action and milestones"), SystemID: b.systemID(),
		Local:        localDefinitions{InventoryItems: b.inventory(open...), Assets: b.assets()},
		Observations: observations, Risks: risks,
	}
	p.Metadata.Remarks = "To complete by a person: who does each item, and by when."
	citations := report.Citations(a)
	for _, status := range open {
		for _, g := range report.Groups(a, status) {
			p.Items = append(p.Items, b.item(g, status, citations[g.Check.ID]))
		}
	}
	for _, g := range a.Gaps {
		p.Items = append(p.Items, gapItem(b, g))
	}
	p.Items = append(p.Items, b.attestationItems()...)
	if len(p.Items) == 0 {
		p.Items = []poamItem{{UUID: id("nothing", b.scope), Title: "Nothing to do",
			Description: "Nothing fails, nothing is unknown, nothing was left unread and no attestation is due. The standard wants an item, so this one says so."}}
	}
	return report.WriteJSON(w, poamDocument{p})
}

func (b *builder) systemID() systemID {
	return systemID{Type: namespace, ID: line(orElse(b.a.Estate, id("system", b.scope)))}
}

func (b *builder) item(g report.Group, status assessment.Status, citations []string) poamItem {
	i := poamItem{
		UUID: id("item", b.scope, string(status), g.Check.ID), Title: line(orElse(g.Check.Title, g.Check.ID)),
		Description: fmt.Sprintf("%s fails on %s, %d of them with PHI.", line(g.Check.ID),
			report.Count(len(g.Findings), "resource"), g.PHI),
		Props:   props("check", g.Check.ID, "status", string(status), "severity", string(g.Check.Severity)),
		Risks:   []riskRef{{b.riskID(status, g.Check.ID)}},
		Remarks: "To complete by a person: owner, resources, scheduled completion.",
	}
	if status == assessment.Unknown {
		i.Title = line("Find out: " + orElse(g.Check.Title, g.Check.ID))
		i.Description = fmt.Sprintf("Whether %s holds on %s is unknown, %d of them with PHI.", line(g.Check.ID),
			report.Count(len(g.Findings), "resource"), g.PHI)
	}
	for _, c := range citations {
		i.Props = append(i.Props, props("control", control(c))...)
	}
	seen := map[string]bool{}
	for _, f := range g.Findings {
		if o := b.observationID(f); !seen[o] {
			seen[o] = true
			i.Observations = append(i.Observations, observationRef{o})
		}
	}
	return i
}

func gapItem(b *builder, g assessment.Gap) poamItem {
	text := fmt.Sprintf("%s of %s could not be read: %s", g.What, g.Target, g.Reason)
	if g.Grant != "" {
		text += ". Give " + g.Grant
	}
	return poamItem{UUID: id("gap", b.scope, g.Target, g.What, g.Reason),
		Title: line("Close the gap: " + g.What), Description: lines(text),
		Props: props("status", "unknown")}
}

// attestationItems are what people have still to say, once each, with the safeguards that wait for it.
func (b *builder) attestationItems() []poamItem {
	index := map[string]int{}
	var items []poamItem
	for _, s := range b.a.Safeguards {
		for _, t := range s.Attestations {
			if t.State == "in date" {
				continue
			}
			at, ok := index[t.ID]
			if !ok {
				at = len(items)
				index[t.ID] = at
				items = append(items, poamItem{UUID: id("attestation", b.scope, t.ID), Title: line("Attest: " + t.ID),
					Description: lines(fmt.Sprintf("%s To be said by: %s.", t.Statement, t.Role)),
					Remarks:     report.CleanText(t.Note),
					Props: props("attestation", t.ID, "state", t.State, "role", t.Role, "owner", t.Owner,
						"expires", t.Expires)})
			}
			items[at].Props = append(items[at].Props, props("control", control(s.Citation))...)
		}
	}
	return items
}
