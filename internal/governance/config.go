package governance

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/register"
)

// Config returns what ward.yaml says with what was in force at a time in the registers of an estate added, so that an assessment treats both
// alike: whether an exception is over or an attestation out of date is found out there. base may be nil; it is not changed. What
// ward.yaml decides stays as it is: a decision of the registers on the same thing has no effect, and a notice says so.
func (d *Decisions) Config(ctx context.Context, estate string, base *config.Config, at time.Time) (*config.Config,
	[]assessment.Notice, error) {
	merged := config.Config{}
	if base != nil {
		merged = *base
	}
	m := &merger{config: &merged}
	for _, add := range []struct {
		register string
		add      func(Holding)
	}{{Exception, m.exception}, {Attestation, m.attestation}, {Alternative, m.alternative}} {
		held, err := d.InForce(ctx, add.register, estate, at)
		if err != nil {
			return nil, nil, err
		}
		// What is decided for one estate goes before what is decided for all.
		slices.SortStableFunc(held, func(a, b Holding) int { return len(b.Estate) - len(a.Estate) })
		for _, h := range held {
			add.add(h)
		}
	}
	return m.config, m.notices, nil
}

type merger struct {
	config  *config.Config
	notices []assessment.Notice
}

// clash tells that a decision has no effect because of another on the same thing.
func (m *merger) clash(h Holding, id string, at config.Place) {
	where := at.File
	if at.Line > 0 {
		where = fmt.Sprintf("%s:%d", at.File, at.Line)
	}
	m.notices = append(m.notices, assessment.Notice{Kind: h.Register + " ineffective", ID: id,
		Text:     fmt.Sprintf("%s has no effect, because %s decides the same; end one of them", h.ID, where),
		Location: assessment.Location{File: h.Subject()}})
}

func place(h Holding) config.Place { return config.Place{File: h.Subject()} }

func (m *merger) exception(h Holding) {
	e := exceptionOf(h)
	for _, other := range m.config.Exceptions {
		if other.ID != e.ID {
			continue
		}
		if h.Holds["imported"].Text != "" || reflect.DeepEqual(other.Checks, e.Checks) && reflect.DeepEqual(other.Resources, e.Resources) {
			m.clash(h, e.ID, other.Place)
			return
		}
		// Both count from EX-1, which is no reason for an approved decision about something else to have no effect.
		e.ID = h.Subject()
	}
	m.config.Exceptions = append(slices.Clip(m.config.Exceptions), e)
}

func (m *merger) attestation(h Holding) {
	a := attestationOf(h)
	for _, other := range m.config.Attestations {
		if other.ID == a.ID {
			if h.Estate == "" && isItem(other.Place) {
				return // the estate's own answer goes before that for all estates
			}
			m.clash(h, a.ID, other.Place)
			return
		}
	}
	m.config.Attestations = append(slices.Clip(m.config.Attestations), a)
}

func (m *merger) alternative(h Holding) {
	a := alternativeOf(h)
	for _, other := range m.config.Alternatives {
		if other.Citation == a.Citation {
			if h.Estate == "" && isItem(other.Place) {
				return
			}
			m.clash(h, a.Citation, other.Place)
			return
		}
	}
	m.config.Alternatives = append(slices.Clip(m.config.Alternatives), a)
}

// isItem tells whether a decision comes from the registers and not from a file.
func isItem(p config.Place) bool { return p.Line == 0 }

func date(v register.Value) config.Date {
	day, err := time.Parse(time.DateOnly, v.Text)
	if err != nil {
		return config.Date{}
	}
	return config.NewDate(day)
}

// name is the id that an exception has in ward.yaml.
func name(id string, b register.Body) string {
	if imported := b["imported"].Text; imported != "" {
		return imported
	}
	return id
}

func exceptionOf(h Holding) config.Exception {
	b := h.Holds
	e := config.Exception{ID: name(h.ID, b), Owner: b["owner"].Text, Reason: b["reason"].Text, Measure: b["measure"].Text,
		Approver: b["approver"].Text, Approved: date(b["approved"]), Expires: date(b["expires"]), Place: place(h)}
	for _, pattern := range b["checks"].List {
		e.Checks = append(e.Checks, config.Pattern(pattern))
	}
	if r := b["resources"].Selector; r != nil {
		e.Resources = config.Selector{Address: config.Pattern(r.Address), Target: config.Pattern(r.Target)}
		for key, values := range r.Tags {
			if e.Resources.Tags == nil {
				e.Resources.Tags = map[string]kind.Names{}
			}
			e.Resources.Tags[key] = values
		}
	}
	return e
}

func attestationOf(h Holding) config.Attestation {
	b := h.Holds
	return config.Attestation{ID: b["statement"].Text, Answer: b["answer"].Text, Owner: b["owner"].Text, Document: b["document"].Text,
		Reviewed: date(b["reviewed"]), Expires: date(b["expires"]), Note: b["note"].Text, Place: place(h)}
}

func alternativeOf(h Holding) config.Alternative {
	b := h.Holds
	return config.Alternative{Citation: b["citation"].Text, Measure: b["measure"].Text, Reason: b["reason"].Text, Document: b["document"].Text,
		Owner: b["owner"].Text, Approver: b["approver"].Text, Reviewed: date(b["reviewed"]), Expires: date(b["expires"]), Place: place(h)}
}

// What follows is the way back: what ward.yaml says as people would write it into the registers, without what only a step sets.

func text(b register.Body, field, value string) {
	if value != "" {
		b[field] = register.Of(value)
	}
}

func exceptionBody(e config.Exception) register.Body {
	b := register.Body{}
	text(b, "title", "Exception "+e.ID)
	text(b, "owner", e.Owner)
	text(b, "reason", e.Reason)
	text(b, "measure", e.Measure)
	text(b, "expires", e.Expires.String())
	var checks []string
	for _, pattern := range e.Checks {
		checks = append(checks, string(pattern))
	}
	b["checks"] = register.Value{List: checks}
	r := &register.Resources{Address: string(e.Resources.Address), Target: string(e.Resources.Target)}
	for _, key := range slices.Sorted(maps.Keys(e.Resources.Tags)) {
		if r.Tags == nil {
			r.Tags = map[string][]string{}
		}
		r.Tags[key] = e.Resources.Tags[key]
	}
	b["resources"] = register.Value{Selector: r}
	return b
}

func attestationBody(a config.Attestation) register.Body {
	b := register.Body{}
	text(b, "statement", a.ID)
	text(b, "answer", a.Answer)
	text(b, "owner", a.Owner)
	text(b, "document", a.Document)
	text(b, "expires", a.Expires.String())
	text(b, "note", a.Note)
	return b
}

func alternativeBody(a config.Alternative) register.Body {
	b := register.Body{}
	text(b, "citation", a.Citation)
	text(b, "measure", a.Measure)
	text(b, "reason", a.Reason)
	text(b, "document", a.Document)
	text(b, "owner", a.Owner)
	expires := a.Expires
	if expires.IsZero() { // as docs/format/ward-yaml.md says
		expires = a.Reviewed.AddMonths(12)
	}
	text(b, "expires", expires.String())
	return b
}
