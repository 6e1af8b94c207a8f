package register

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
)

// The verbs of acts that every register has.
const (
	Create = "create"
	Change = "change"
)

// Act is something that was done to an item, as far as it bears on who may take the next step.
type Act struct {
	Verb    string
	Actor   string // the id of the account
	InForce bool   // it put the item into force
}

// Refusal is a step that may not be taken, in a sentence for whoever wanted to.
type Refusal struct{ Text string }

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Admits tells whether somebody may take a step, given what was done to the item so far, the oldest first. No elevation and no breaking
// of glass takes the place of a second person.
func (t *Transition) Admits(who access.Actor, b Body, done []Act) error {
	if who.Via == access.Program.Via {
		return refuse("A person must do this, not the program.")
	}
	if !who.May(t.Need) {
		return refuse("The permission %q is needed, which %s has.", t.Need, strings.Join(access.RolesWith(t.Need), " or "))
	}
	for _, id := range t.NotNamed {
		if strings.EqualFold(strings.TrimSpace(b[id].Text), strings.TrimSpace(who.Name)) {
			return refuse("A second person is needed: this names you (%s), so somebody else must do it.", id)
		}
	}
	apart := t.apart()
	if len(apart) == 0 {
		return nil
	}
	for _, act := range slices.Backward(done) {
		if act.Actor == who.ID && slices.Contains(apart, act.Verb) {
			return refuse("A second person is needed: you did %q yourself, so somebody else must do this.", act.Verb)
		}
		if act.InForce { // what was before it was decided then
			break
		}
	}
	return nil
}

// apart are the verbs whose actors may not take the step.
func (t *Transition) apart() []string {
	if t.SecondPerson {
		return append([]string{Create, Change, "propose"}, t.Apart...)
	}
	return t.Apart
}

// Apply returns the body after a step, before it is filled in: what the step sets.
func (t *Transition) Apply(b Body, who access.Actor, today time.Time) Body {
	after := b.Clone()
	for field, what := range t.Sets {
		switch what {
		case "today":
			after[field] = Of(today.UTC().Format(time.DateOnly))
		case "me":
			after[field] = Of(who.Name)
		default:
			delete(after, field)
		}
	}
	return after
}

// Missing tells which fields must be filled before a step, and why it may not be taken otherwise.
func (t *Transition) Missing(b Body) Faults {
	var faults Faults
	need := func(fields []string) {
		for _, id := range fields {
			if b[id].Empty() && faults.Of(id) == "" {
				faults = append(faults, Fault{id, "This is needed before you can " + t.Verb + "."})
			}
		}
	}
	need(t.Requires)
	for _, r := range t.RequiresIf {
		if r.Holds(b) {
			need(r.Fields)
		}
	}
	for _, c := range t.If {
		if !c.Holds(b) && faults.Of(c.On) == "" {
			faults = append(faults, Fault{c.On, "With this answer you cannot " + t.Verb + "."})
		}
	}
	return faults
}

// Emptied is the body that a change begins with where it takes the item back to an earlier state: without what steps had set.
func (r *Register) Emptied(b Body) Body {
	after := b.Clone()
	for _, f := range r.Fields {
		if f.By == ByFlow {
			delete(after, f.ID)
		}
	}
	return after
}

// Reminder is a date on which somebody must look at an item.
type Reminder struct {
	Date time.Time // the day, in UTC
	Says string
	Late bool // it is over
}

// DueBy returns the reminders of a body in a state that are told on a day, looking at least some days ahead.
func (r *Register) DueBy(b Body, state string, today time.Time, ahead int) []Reminder {
	today = today.UTC().Truncate(24 * time.Hour)
	var all []Reminder
	for _, d := range r.Due {
		day, err := time.Parse(time.DateOnly, b[d.Field].Text)
		if err != nil || !slices.Contains(d.In, state) || !hold(d.If, b) || d.Until != "" && !b[d.Until].Empty() {
			continue
		}
		if !day.After(today.AddDate(0, 0, max(ahead, d.Days))) {
			all = append(all, Reminder{day, d.Says, day.Before(today)})
		}
	}
	return all
}
