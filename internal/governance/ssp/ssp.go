// Package ssp makes the system security plan of an estate at a time from what is known: an assessment, and what was in force in the registers.
//
// It must not know how a plan is shown. What nobody has said is named as open, never made up.
package ssp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/report/oscal"
)

// Plan is a system security plan.
type Plan struct {
	At         time.Time
	Estate     string // its id
	Framework  *framework.Framework
	Assessment *assessment.Assessment // nil if there was none
	Safeguards []Safeguard
	People     []Person
	// What was in force in the registers.
	Flows, Vendors, Agreements, Policies, Risks, Exceptions, Drills []governance.Holding
	// Open are the things that a plan wants and nobody has said.
	Open []string
}

// Safeguard is one of the framework with how it is met and by whom.
type Safeguard struct {
	governance.Shared
	Obligation string
	// State is as the assessment has it; without one it is unknown.
	State    assessment.Safeguard
	Policies []governance.Holding
}

// Person is a person or a role with what it answers for.
type Person struct {
	Name  string
	Holds []string // citations
}

// Make makes the plan of an estate at a time. a may be nil.
func Make(ctx context.Context, d *governance.Decisions, f *framework.Framework, a *assessment.Assessment, estate string,
	at time.Time) (*Plan, error) {
	p := &Plan{At: at, Estate: estate, Framework: f, Assessment: a}
	for _, part := range []struct {
		register string
		into     *[]governance.Holding
	}{{governance.Flow, &p.Flows}, {governance.Vendor, &p.Vendors}, {governance.Agreement, &p.Agreements}, {governance.Policy, &p.Policies},
		{governance.Risk, &p.Risks}, {governance.Exception, &p.Exceptions}, {governance.Drill, &p.Drills}} {
		held, err := d.InForce(ctx, part.register, estate, at)
		if err != nil {
			return nil, err
		}
		*part.into = held
	}
	rows, err := d.Matrix(ctx, f, estate, at)
	if err != nil {
		return nil, err
	}
	p.safeguards(rows)
	p.people()
	p.open()
	return p, nil
}

func (p *Plan) safeguards(rows []governance.Shared) {
	states := map[string]assessment.Safeguard{}
	if p.Assessment != nil {
		for _, s := range p.Assessment.Safeguards {
			states[s.Citation] = s
		}
	}
	for i, row := range rows {
		s := Safeguard{Shared: row, Obligation: p.Framework.Safeguards[i].Obligation}
		var known bool
		if s.State, known = states[row.Citation]; !known {
			s.State = assessment.Safeguard{Citation: row.Citation, Status: assessment.OutcomeUnknown, Reasons: []string{"it was not assessed"}}
		}
		for _, policy := range p.Policies {
			if slices.Contains(policy.Holds["citations"].List, row.Citation) {
				s.Policies = append(s.Policies, policy)
			}
		}
		p.Safeguards = append(p.Safeguards, s)
	}
}

func (p *Plan) people() {
	at := map[string]int{}
	for _, s := range p.Safeguards {
		if s.Item == nil {
			continue
		}
		name := s.Item.Holds["accountable"].Text
		i, ok := at[strings.ToLower(name)]
		if !ok {
			i = len(p.People)
			at[strings.ToLower(name)] = i
			p.People = append(p.People, Person{Name: name})
		}
		p.People[i].Holds = append(p.People[i].Holds, s.Citation)
	}
}

// open names what a plan wants and nobody has said.
func (p *Plan) open() {
	say := func(missing bool, format string, args ...any) {
		if missing {
			p.Open = append(p.Open, fmt.Sprintf(format, args...))
		}
	}
	say(p.Assessment == nil, "There is no assessment of this estate at this time, so that the state of every safeguard is unknown.")
	say(len(p.Flows) == 0, "The ePHI inventory has no confirmed entry: it is not known which ePHI is created, received, kept and sent.")
	say(len(p.Risks) == 0, "No risk is decided: there is no risk analysis (164.308(a)(1)(ii)(A)).")
	say(len(p.Policies) == 0, "No policy is in force (164.316(a)).")
	say(len(p.Agreements) == 0, "No agreement with a business associate is in force (164.308(b)(3)).")
	say(len(p.Drills) == 0, "No drill of the contingency plans is signed off (164.308(a)(7)(ii)(D)).")
	nobody, unconfirmed := 0, 0
	for _, s := range p.Safeguards {
		if s.Shared.Open() {
			nobody++
		}
		if s.From != "" && !s.Confirmed {
			unconfirmed++
		}
	}
	say(nobody > 0, "Nobody is assigned to %d of %d safeguards.", nobody, len(p.Safeguards))
	say(unconfirmed > 0, "%d safeguards rest on an agreement with a provider that nobody has attested.", unconfirmed)
}

// Known is what the plan adds to a plan in OSCAL.
func (p *Plan) Known() oscal.Known {
	k := oscal.Known{Accountable: map[string]string{}, Means: map[string][]string{}}
	for _, s := range p.Safeguards {
		if s.Item != nil {
			k.Accountable[s.Citation] = s.Item.Holds["accountable"].Text
		}
		for _, policy := range s.Policies {
			b := policy.Holds
			k.Means[s.Citation] = append(k.Means[s.Citation], fmt.Sprintf("Policy %s: %s, version %s.", policy.ID, b["title"].Text, b["version"].Text))
		}
	}
	for _, v := range p.Vendors {
		text := v.Holds["services"].Text
		if assured := v.Holds["assurance"].Text; assured != "" {
			text += "\nAssurance: " + assured + until(v.Holds["assured_until"])
		}
		k.Services = append(k.Services, oscal.Service{Name: v.Holds["title"].Text, Description: text})
	}
	for _, f := range p.Flows {
		b := f.Holds
		line := fmt.Sprintf("%s: %s in %s", b["title"].Text, b["how"].Text, b["where"].Text)
		for _, part := range [][2]string{{" from ", "from"}, {" to ", "to"}, {" by ", "channel"}} {
			if text := b[part[1]].Text; text != "" {
				line += part[0] + text
			}
		}
		k.Flows = append(k.Flows, line+".")
	}
	return k
}

func until(v register.Value) string {
	if v.Empty() {
		return "."
	}
	return " until " + v.Text + "."
}
