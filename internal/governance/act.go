package governance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// What faults call parts of an act that are no fields of the item, whose ids have no dots.
const (
	ActReason  = "act.reason"
	ActEstate  = "act.estate"
	ActVersion = "act.version"
)

// Discard is the verb of taking back a change that never came into force.
const Discard = "discard"

// step is one version of one item that is to be written.
type step struct {
	item    *Item
	version versionRow
}

// step makes the next version of an item.
func (d *Decisions) step(ctx context.Context, i *Item, verb, reason string) (*step, error) {
	r := d.Registers.Get(i.Register)
	who := access.From(ctx)
	body, err := i.Body.JSON()
	if err != nil {
		return nil, err
	}
	now := d.o.Now().UTC().Truncate(time.Millisecond)
	if i.At.After(now) { // a clock that was set back does not turn the order of versions around
		now = i.At
	}
	i.Version, i.At = i.Version+1, now
	if i.Created.IsZero() {
		i.Created = now
	}
	i.settle(r, verb)
	return &step{i, versionRow{Register: i.Register, Number: i.Number, Version: i.Version, Verb: verb, State: i.State, InForce: i.InForce,
		Body: string(body), Digest: record.Digest(body), Reason: reason, Actor: who.ID, ActorName: who.Name, At: state.Millis(now)}}, nil
}

// settle sets what follows from the state: what is in force, and whether the key is taken.
func (i *Item) settle(r *register.Register, verb string) {
	s := r.State(i.State)
	switch {
	case verb == Discard: // what held goes on holding
	case s.InForce:
		i.InForce = i.Version
	case s.Over:
		i.InForce = 0
	}
	i.Closed = s.Over
	i.Title, i.key = i.Body[r.Name].Text, ""
	if r.Key != "" && (!s.Over || s.KeepsKey) {
		i.key = strings.ToLower(i.Body[r.Key].Text)
	}
}

// entry is the record of a step.
func (s *step) entry() record.Entry {
	e := record.Entry{Kind: record.Decision, Verb: s.version.Verb, Estate: s.item.Estate, Subject: s.item.Subject(),
		Facts:   map[string]string{"version": strconv.FormatInt(s.item.Version, 10), "state": s.item.State},
		Digests: map[string]string{"body": s.version.Digest}}
	if s.version.Reason != "" {
		e.Digests["reason"] = record.Digest([]byte(s.version.Reason))
	}
	return e
}

// write records an act and writes its steps, all or none.
func (d *Decisions) write(ctx context.Context, e record.Entry, steps ...*step) error {
	for _, s := range steps {
		if err := d.hold(ctx, s.item.Body); err != nil {
			return err
		}
	}
	_, err := d.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		for _, s := range steps {
			if err := s.put(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if state.Exists(err) && len(steps) == 1 {
		r := d.Registers.Get(steps[0].item.Register)
		return register.Faults{{Field: r.Key, Text: "Another open item says this already."}}
	}
	return err
}

// Create makes an item, for one estate or, with "", for all. Bodies with faults come back as register.Faults.
func (d *Decisions) Create(ctx context.Context, registerID, estate string, b register.Body) (*Item, error) {
	r, err := d.register(registerID)
	if err != nil {
		return nil, err
	}
	s, err := d.create(ctx, r, estate, asked(r, b, nil))
	if err != nil {
		return nil, err
	}
	if s.item.Number, err = d.take(ctx, r, 1); err != nil {
		return nil, err
	}
	s.number(r, s.item.Number)
	return s.item, d.write(ctx, s.entry(), s)
}

// create makes the first version of an item that has no number so far.
func (d *Decisions) create(ctx context.Context, r *register.Register, estate string, b register.Body) (*step, error) {
	if err := may(ctx, r); err != nil {
		return nil, err
	}
	if err := d.estate(ctx, estate); err != nil {
		return nil, err
	}
	body, err := d.fill(ctx, r, b)
	if err != nil {
		return nil, err
	}
	i := &Item{Register: r.ID, Estate: estate, State: r.Fresh().ID, Body: body}
	s, err := d.step(ctx, i, register.Create, "")
	if err != nil {
		return nil, err
	}
	return s, d.free(ctx, r, i)
}

// number gives the item its number.
func (s *step) number(r *register.Register, n int64) {
	s.item.Number, s.version.Number = n, n
	s.item.ID = fmt.Sprintf("%s-%d", r.Prefix, n)
}

func may(ctx context.Context, r *register.Register) error {
	if !access.From(ctx).May(r.Write) {
		have := strings.Join(access.RolesWith(r.Write), " or ")
		return &register.Refusal{Text: fmt.Sprintf("The permission %q is needed, which %s has.", r.Write, have)}
	}
	return nil
}

// asked is what people may write of a body; the rest stays as it was.
func asked(r *register.Register, b, before register.Body) register.Body {
	after := b.Clone()
	for _, f := range r.Fields {
		if f.Asked() {
			continue
		}
		delete(after, f.ID)
		if v, ok := before[f.ID]; ok {
			after[f.ID] = v
		}
	}
	return after
}

// free refuses an item whose key another open one of its estate has.
func (d *Decisions) free(ctx context.Context, r *register.Register, i *Item) error {
	if i.key == "" {
		return nil
	}
	other, err := d.byKey(ctx, r, i.Estate, i.key)
	if err != nil || other == 0 || other == i.Number {
		return err
	}
	return register.Faults{{Field: r.Key, Text: fmt.Sprintf("%s-%d says this already. Change that one.", r.Prefix, other)}}
}

// Change writes a new version of an item. expect is the version that the change was made to: if another is there by now, the
// error is a *Conflict. What is in force stays in force until the change is. Fields that steps and Ward set are left as they are.
func (d *Decisions) Change(ctx context.Context, registerID, id string, expect int64, b register.Body, reason string) (*Item, error) {
	r, i, err := d.current(ctx, registerID, id, expect)
	if err != nil {
		return nil, err
	}
	s, err := d.change(ctx, r, i, asked(r, b, i.Body), reason)
	if err != nil {
		return nil, err
	}
	return i, d.settled(ctx, i, expect, d.write(ctx, s.entry(), s))
}

func (d *Decisions) change(ctx context.Context, r *register.Register, i *Item, b register.Body, reason string) (*step, error) {
	if err := may(ctx, r); err != nil {
		return nil, err
	}
	if err := said(reason, false); err != nil {
		return nil, err
	}
	edit := r.State(i.State).Edit
	if edit == "" {
		return nil, &register.Refusal{Text: fmt.Sprintf("%s is %s and cannot be changed.", i.ID, i.State)}
	}
	if edit != i.State {
		b = r.Emptied(b)
	}
	body, err := d.fill(ctx, r, b)
	if err != nil {
		return nil, err
	}
	i.Body, i.State = body, edit
	s, err := d.step(ctx, i, register.Change, reason)
	if err != nil {
		return nil, err
	}
	return s, d.free(ctx, r, i)
}

// Move takes an item a step further. A step that its actor may not take is a *register.Refusal, one that wants more to be filled in
// register.Faults, and one on a version that is not the newest any more a *Conflict.
func (d *Decisions) Move(ctx context.Context, registerID, id string, expect int64, verb, reason string) (*Item, error) {
	r, i, err := d.current(ctx, registerID, id, expect)
	if err != nil {
		return nil, err
	}
	if verb == Discard {
		return d.discard(ctx, r, i, reason)
	}
	t := r.Transition(verb, i.State)
	if t == nil {
		return nil, &register.Refusal{Text: fmt.Sprintf("%s is %s: it cannot %s now.", i.ID, i.State, verb)}
	}
	done, err := d.done(ctx, r, i)
	if err != nil {
		return nil, err
	}
	if err := t.Admits(access.From(ctx), i.Body, done); err != nil {
		return nil, err
	}
	if err := said(reason, t.Reason); err != nil {
		return nil, err
	}
	body, err := d.fill(ctx, r, t.Apply(i.Body, access.From(ctx), d.today()))
	var faults register.Faults
	if errors.As(err, &faults) && !r.State(t.To).Over || err != nil && faults == nil { // what is over may stay as it is
		return nil, err
	}
	if missing := t.Missing(body); len(missing) > 0 {
		return nil, missing
	}
	i.Body, i.State = body, t.To
	s, err := d.step(ctx, i, verb, reason)
	if err != nil {
		return nil, err
	}
	if err := d.free(ctx, r, i); err != nil {
		return nil, err
	}
	return i, d.settled(ctx, i, expect, d.write(ctx, s.entry(), s))
}

// Step is a way on from where an item stands.
type Step struct {
	*register.Transition
	Refused string          // why whoever asks may not take it, "" if they may
	Missing register.Faults // what is to be filled in first
}

// Steps are the ways on from where an item stands, for whoever asks.
func (d *Decisions) Steps(ctx context.Context, i *Item) ([]Step, error) {
	r, err := d.register(i.Register)
	if err != nil {
		return nil, err
	}
	done, err := d.done(ctx, r, i)
	if err != nil {
		return nil, err
	}
	var all []Step
	for _, t := range r.From(i.State) {
		s := Step{Transition: t, Missing: t.Missing(t.Apply(i.Body, access.From(ctx), d.today()))}
		if err := t.Admits(access.From(ctx), i.Body, done); err != nil {
			s.Refused = err.Error()
		}
		all = append(all, s)
	}
	return all, nil
}

// Pending tells whether a change waits to come into force while what it changes still is.
func (d *Decisions) Pending(i *Item) bool {
	r := d.Registers.Get(i.Register)
	return i.InForce > 0 && !r.State(i.State).InForce
}

// discard takes an item back to the version that is in force.
func (d *Decisions) discard(ctx context.Context, r *register.Register, i *Item, reason string) (*Item, error) {
	if err := may(ctx, r); err != nil {
		return nil, err
	}
	if !d.Pending(i) {
		return nil, &register.Refusal{Text: fmt.Sprintf("%s has no change that waits to come into force.", i.ID)}
	}
	if err := said(reason, false); err != nil {
		return nil, err
	}
	held, err := d.Version(ctx, i.Register, i.ID, i.InForce)
	if err != nil {
		return nil, err
	}
	expect := i.Version
	i.Body, i.State = held.Body, held.State
	s, err := d.step(ctx, i, Discard, reason)
	if err != nil {
		return nil, err
	}
	return i, d.settled(ctx, i, expect, d.write(ctx, s.entry(), s))
}

// done is what was done to an item, as far as second persons go.
func (d *Decisions) done(ctx context.Context, r *register.Register, i *Item) ([]register.Act, error) {
	all, err := d.History(ctx, i.Register, i.ID)
	if err != nil {
		return nil, err
	}
	var done []register.Act
	for _, v := range slices.Backward(all) {
		done = append(done, register.Act{Verb: v.Verb, Actor: v.Actor, InForce: v.InForce == v.Version || v.Verb == Discard})
	}
	return done, nil
}

// said tells what is wrong with a reason.
func said(reason string, needed bool) error {
	invisible := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }
	switch {
	case needed && strings.TrimSpace(reason) == "":
		return register.Faults{{Field: ActReason, Text: "Say why."}}
	case utf8.RuneCountInString(reason) > 2000:
		return register.Faults{{Field: ActReason, Text: "This is longer than 2000 characters."}}
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, invisible):
		return register.Faults{{Field: ActReason, Text: "This holds characters that cannot be seen."}}
	}
	return nil
}

// current reads an item that is to be changed from a version.
func (d *Decisions) current(ctx context.Context, registerID, id string, expect int64) (*register.Register, *Item, error) {
	r, err := d.register(registerID)
	if err != nil {
		return nil, nil, err
	}
	i, err := d.Get(ctx, registerID, id)
	if err != nil {
		return nil, nil, err
	}
	if i.Version != expect {
		return nil, nil, d.conflict(ctx, i, expect)
	}
	return r, i, nil
}

// settled turns the error of a write that came too late into a Conflict.
func (d *Decisions) settled(ctx context.Context, i *Item, expect int64, err error) error {
	if !errors.Is(err, errStale) {
		return err
	}
	now, readErr := d.Get(ctx, i.Register, i.ID)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	return d.conflict(ctx, now, expect)
}

func (d *Decisions) conflict(ctx context.Context, now *Item, expect int64) error {
	c := &Conflict{Now: now}
	newest, err := d.Version(ctx, now.Register, now.ID, now.Version)
	if err != nil {
		return err
	}
	c.By = newest.ActorName
	if before, err := d.Version(ctx, now.Register, now.ID, expect); err == nil {
		c.Changed = d.Registers.Get(now.Register).Changed(before.Body, now.Body)
	}
	return c
}
