package guard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// act is one way to stop a workload.
type act struct {
	name   string
	action string // the action of rules that it belongs to
	// can says why it cannot be done to an object, "" if it can.
	can func(e *estate, o Object) string
	// already says how it has been done, "" if it has not.
	already func(e *estate, o Object) string
	// do does it, or asks the API what it would come to.
	do func(ctx context.Context, g *Guard, e *estate, t *target, dry bool) error
	// stands tells whether an object is as the act leaves it; now is nil if there is no such object.
	stands func(ctx context.Context, g *Guard, r Record, now *unstructured.Unstructured) (bool, string, error)
	// undo restores what was before. It changes nothing that others have changed since.
	undo func(ctx context.Context, g *Guard, r Record, dry bool) (string, error)
}

// acts in the order in which they are looked for.
var acts = []act{scaling, suspending, evicting, isolating}

// target is an object that is acted on.
type target struct {
	object Object
	now    *unstructured.Unstructured
	record *Record // of the intent
	detail string  // what came of it, for people
	made   *Object
	after  map[string]any
}

// choose finds the first action of a rule that can be done to an object.
func (e *estate) choose(r *Rule, o Object) (*act, string) {
	var why []string
	if b := e.of(o); b.Owner != "" {
		return nil, "it is made by " + b.Owner + ", which must be stopped in its place and was not read"
	}
	for _, action := range r.Actions {
		var reasons []string
		for i := range acts {
			if acts[i].action != action {
				continue
			}
			reason := acts[i].can(e, o)
			if reason == "" {
				return &acts[i], ""
			}
			reasons = append(reasons, reason)
		}
		why = append(why, action+": "+reasons[len(reasons)-1])
	}
	return nil, strings.Join(why, "; ")
}

func actNamed(name string) *act {
	for i := range acts {
		if acts[i].name == name {
			return &acts[i]
		}
	}
	return nil
}

// act does what is planned, or asks what it would come to. An error means that nothing more must be done.
func (g *Guard) act(ctx context.Context, item *Item, e *estate, now time.Time, dry bool) error {
	a := actNamed(item.Act)
	live, err := g.live(ctx, item.Object)
	switch {
	case err != nil:
		item.State, item.Detail, item.Until = Failed, err.Error(), g.backoff(item.key(), now)
		return nil
	case live == nil || string(live.GetUID()) != item.Object.UID:
		item.State, item.Detail = Changed, "it is gone"
		return nil
	case !asJudged(e.of(item.Object), live):
		item.State, item.Detail = Changed, "it has changed since it was judged, and is judged anew"
		return nil
	}
	t := &target{object: item.Object, now: live}
	if dry {
		if err := a.do(ctx, g, e, t, true); err != nil {
			item.State, item.Detail = Failed, "the cluster would not do it: "+err.Error()
			return nil
		}
		item.Detail = t.detail
		if grace := item.rule.Grace; grace > 0 {
			item.Detail += fmt.Sprintf(", once it has failed for %s", grace)
		}
		return nil
	}
	return g.recorded(ctx, item, a, e, t, now)
}

// recorded acts between two records.
func (g *Guard) recorded(ctx context.Context, item *Item, a *act, e *estate, t *target, now time.Time) error {
	r := g.record(item, RecordIntent, now)
	before, whole := scrubbed(t.now)
	r.Before, r.Whole = before, whole
	if n, found, err := unstructured.NestedInt64(t.now.Object, "spec", "replicas"); found && err == nil {
		r.Replicas = &n
	}
	id, err := g.Journal.append(r)
	if err != nil {
		return err // and nothing is done
	}
	r.ID, item.Record, t.record = id, id, &r
	fault := a.do(ctx, g, e, t, false)
	// What has been done is written down even if the guard is stopped meanwhile.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer done()
	r.Type, r.At, r.Before, r.Made, r.After, r.Detail = RecordOutcome, time.Now(), nil, t.made, t.after, t.detail
	r.Result, item.State, item.Detail = ResultDone, Done, t.detail
	if fault != nil {
		item.State, item.Detail, item.Until = Failed, fault.Error(), g.backoff(item.key(), now)
		r.Result, r.Detail = ResultNothing, fault.Error()
		if errors.Is(fault, errUnanswered) {
			r.Result, r.Detail = g.look(ctx, r)
			r.Detail = fault.Error() + "; " + r.Detail
		}
	} else {
		delete(g.tries, item.key())
	}
	if r.Result == ResultDone {
		if err := g.tell(ctx, item.Object, r); err != nil {
			r.Event = err.Error()
		}
	}
	_, err = g.Journal.append(r)
	return err
}

// look finds out what came of an act whose end nobody saw.
func (g *Guard) look(ctx context.Context, r Record) (result, detail string) {
	a := actNamed(r.Act)
	if a == nil || r.Object == nil {
		return ResultUnknown, "this program does not know the act"
	}
	now, err := g.live(ctx, *r.Object)
	if err != nil {
		return ResultUnknown, err.Error()
	}
	if now != nil && string(now.GetUID()) != r.Object.UID {
		now = nil // another one of the same name
	}
	stands, how, err := a.stands(ctx, g, r, now)
	switch {
	case err != nil:
		return ResultUnknown, err.Error()
	case stands:
		return ResultDone, how
	}
	return ResultNothing, how
}

// Recover writes down what came of acts that an earlier run began and did not end, and returns them.
func (g *Guard) Recover(ctx context.Context) ([]Record, error) {
	var all []Record
	for _, r := range g.Journal.open() {
		result, detail := g.look(ctx, r)
		if r.Type == RecordUndo { // which was undone if the act does not stand any more
			switch result {
			case ResultDone:
				result = ResultNothing
			case ResultNothing:
				result = ResultDone
			}
			r.Type = RecordUndone
		} else {
			r.Type = RecordOutcome
		}
		r.At, r.Result, r.Detail = time.Now(), result, "looked at after an interruption: "+detail
		if _, err := g.Journal.append(r); err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

func dryRun(dry bool) []string {
	if dry {
		return []string{meta.DryRunAll}
	}
	return nil
}

const manager = "ward-guard"

// Undo restores what an act changed, and nothing that others have changed since. It is recorded as acts are. The act is not repeated for as
// long as hold says.
func (g *Guard) Undo(ctx context.Context, dir, id, by string, hold Duration, now time.Time) (Record, error) {
	intent, outcome, err := Find(dir, id)
	if err != nil {
		return Record{}, err
	}
	switch {
	case outcome == nil:
		return Record{}, fmt.Errorf("nobody knows what came of act %s; the next run of the guard looks", id)
	case outcome.Result != ResultDone:
		return Record{}, fmt.Errorf("act %s was not done (%s), so there is nothing to undo", id, outcome.Detail)
	}
	a := actNamed(intent.Act)
	if a == nil {
		return Record{}, fmt.Errorf("this program does not know the act %q", intent.Act)
	}
	intent.Made, intent.After = outcome.Made, outcome.After
	if _, err := a.undo(ctx, g, intent, true); err != nil { // which tells what cannot be undone before anything is written
		return Record{}, err
	}
	r := Record{Type: RecordUndo, At: now, Of: id, By: by, Key: intent.Key, Rule: intent.Rule, Check: intent.Check, Title: intent.Title,
		Object: intent.Object, Act: intent.Act, Made: intent.Made, Policy: intent.Policy}
	if r.ID, err = g.Journal.append(r); err != nil {
		return r, err
	}
	detail, fault := a.undo(ctx, g, intent, false)
	r.Type, r.At, r.Result, r.Detail, r.Until = RecordUndone, time.Now(), ResultDone, detail, now.Add(time.Duration(hold))
	if fault != nil {
		r.Result, r.Detail, r.Until = ResultFailed, fault.Error(), time.Time{}
	}
	_, err = g.Journal.append(r)
	return r, errors.Join(fault, err)
}
