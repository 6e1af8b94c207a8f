// Package guard stops workloads of a cluster that break a policy which somebody else has approved: it scales them to zero, suspends or
// evicts them, or cuts them off by a network policy.
//
// It acts on the answer fail and on no other: what is unknown is told and left alone. Before an act it reads the object again and leaves
// alone one that is not as it was judged; it writes down what it is about to do, and if that cannot be written there is no act.
// A plan changes nothing: the API itself tells, by a dry run, what each act would come to.
//
// The package must not know how a cluster and images are read: it is given readings. All it asks of the API by itself are lists of single
// objects, so that it needs no right to read but those to list, and the few writes that Rules names.
package guard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/source"
)

// Guard judges by one policy.
type Guard struct {
	Policy    *Policy
	Catalog   *catalog.Catalog
	Framework *framework.Framework
	// Home is Ward's own namespace, which is left alone as those of Kubernetes itself are.
	Home string
	// Version of the program.
	Version string
	// Approval and Journal are what acting takes; nil for plans.
	Approval *Approval
	Journal  *Journal

	client dynamic.Interface
	tries  map[string]try // by verdict
}

// try is an act that came to nothing.
type try struct {
	times int
	next  time.Time
}

// New makes a guard for the cluster that config leads to.
func New(config *rest.Config, g Guard) (*Guard, error) {
	config = rest.CopyConfig(config)
	config.Timeout = 30 * time.Second
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return once{next} })
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	g.client, g.tries = client, map[string]try{}
	return &g, nil
}

// once keeps client-go from trying again by itself what the API refuses for now, such as for a disruption budget: a round must end, and each
// try is recorded.
type once struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	reply, err := o.next.RoundTrip(r)
	if err == nil {
		reply.Header.Del("Retry-After")
	}
	return reply, err
}

// State is what came of a verdict in a round.
type State string

const (
	Planned   State = "planned"   // it would be done
	Waiting   State = "waiting"   // it has not failed for long enough, or is tried again later
	Already   State = "already"   // nothing is left to do
	Held      State = "held"      // an act was undone, and is not repeated for now
	Protected State = "protected" // its namespace is left alone
	Unknown   State = "unknown"   // nobody knows whether it breaks the rule
	Refused   State = "refused"   // none of the rule's actions can be done to it, or not wholly
	Stopped   State = "stopped"   // there would be more acts than the policy allows
	Done      State = "done"
	Failed    State = "failed"
	Changed   State = "changed" // since it was judged
)

// Item is one verdict and what came of it.
type Item struct {
	Verdict
	State  State     `json:"state"`
	Act    string    `json:"act,omitempty"` // "scale", "suspend", "evict", "isolate"
	Detail string    `json:"detail,omitempty"`
	Record string    `json:"record,omitempty"` // the id in the journal
	Until  time.Time `json:"until,omitzero"`   // of what waits or is held
}

// Round is one look at the cluster.
type Round struct {
	At     time.Time `json:"at"`
	DryRun bool      `json:"dry_run"`
	Digest string    `json:"digest"`
	Items  []Item    `json:"items"`
	Passed int       `json:"passed"` // workloads of which every rule is known to hold
	Gaps   []string  `json:"gaps,omitempty"`
	// Storm says that and why nothing was done: there was more to do than the policy allows.
	Storm string `json:"storm,omitempty"`
}

// Count is how many items came to a state.
func (r *Round) Count(s State) int {
	n := 0
	for _, i := range r.Items {
		if i.State == s {
			n++
		}
	}
	return n
}

// Plan judges and asks the API what each act would come to. It changes nothing.
func (g *Guard) Plan(ctx context.Context, readings []source.Reading, now time.Time) (*Round, error) {
	return g.round(ctx, readings, now, true)
}

// Act judges and acts. An error means that the guard must not go on: the approval does not hold, or the journal cannot be written.
func (g *Guard) Act(ctx context.Context, readings []source.Reading, now time.Time) (*Round, error) {
	if g.Approval == nil || g.Journal == nil {
		return nil, errors.New("acting takes an approval and a journal")
	}
	if err := g.Approval.Holds(g.Policy, g.Catalog.Digest, now); err != nil {
		return nil, err
	}
	return g.round(ctx, readings, now, false)
}

func (g *Guard) round(ctx context.Context, readings []source.Reading, now time.Time, dry bool) (*Round, error) {
	if g.Journal != nil {
		if err := g.Journal.Refresh(); err != nil { // what people have undone
			return nil, err
		}
	}
	e := newEstate(readings)
	verdicts, passed, err := g.judge(ctx, e, now)
	if err != nil {
		return nil, err
	}
	r := &Round{At: now.UTC(), DryRun: dry, Digest: g.Policy.Digest(g.Catalog.Digest), Passed: passed, Gaps: e.gaps}
	for _, v := range verdicts {
		r.Items = append(r.Items, g.settle(v, e, now))
	}
	if err := g.remember(r, now); err != nil {
		return r, err
	}
	g.limit(r, now)
	for i := range r.Items {
		if item := &r.Items[i]; item.State == Planned {
			if err := g.act(ctx, item, e, now, dry); err != nil {
				return r, err
			}
		}
	}
	return r, ctx.Err()
}

// settle decides what is to be done about a verdict, as far as that can be told without asking the cluster.
func (g *Guard) settle(v Verdict, e *estate, now time.Time) Item {
	item := Item{Verdict: v, State: Planned}
	switch {
	case v.Status == assessment.Unknown:
		item.State, item.Detail = Unknown, "nothing is done about what is not known"
		return item
	case g.protects(v.Object.Namespace):
		item.State, item.Detail = Protected, "the namespace "+v.Object.Namespace+" is left alone"
		return item
	}
	act, why := e.choose(v.rule, v.Object)
	if act == nil {
		item.State, item.Detail = Refused, why
		return item
	}
	item.Act = act.name
	if how := act.already(e, v.Object); how != "" {
		item.State, item.Detail = Already, how
		return item
	}
	if until, by := g.held(v, now); until.After(now) {
		item.State, item.Until, item.Detail = Held, until, "the act "+by+" was undone; it is not repeated before "+stamp(until)
		return item
	}
	if t, ok := g.tries[v.key()]; ok && t.next.After(now) {
		item.State, item.Until, item.Detail = Waiting, t.next, "it came to nothing before, and is tried again at "+stamp(t.next)
	}
	return item
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// remember keeps since when verdicts stand, and lets those wait that have not for long enough.
func (g *Guard) remember(r *Round, now time.Time) error {
	standing := map[string]bool{}
	for i := range r.Items {
		item := &r.Items[i]
		key := item.key()
		standing[key] = true
		if item.State != Planned || item.rule.Grace <= 0 || r.DryRun {
			continue
		}
		since, known := g.Journal.seen(key)
		if !known {
			since = now
			if _, err := g.Journal.append(g.record(item, RecordSeen, now)); err != nil {
				return err
			}
		}
		if ripe := since.Add(time.Duration(item.rule.Grace)); ripe.After(now) {
			item.State, item.Until = Waiting, ripe
			item.Detail = fmt.Sprintf("it fails since %s; the rule waits %s", stamp(since), item.rule.Grace)
		}
	}
	if r.DryRun {
		return nil
	}
	for _, key := range g.Journal.pending() {
		if !standing[key] {
			if _, err := g.Journal.append(Record{Type: RecordGone, At: now, Key: key}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Guard) held(v Verdict, now time.Time) (time.Time, string) {
	if g.Journal == nil {
		return time.Time{}, ""
	}
	return g.Journal.held(v.Object.UID, v.Rule, now)
}

// limit lets nothing be done if there is more to do than the policy allows: then the policy or the advisories are likely wrong, or
// something happens that people must look at.
func (g *Guard) limit(r *Round, now time.Time) {
	due, lately := r.Count(Planned), 0
	if g.Journal != nil {
		lately = g.Journal.acts(now.Add(-time.Hour), now)
	}
	switch l := g.Policy.Limit; {
	case due > l.PerRound:
		r.Storm = fmt.Sprintf("%d acts are due, and the policy allows %d at once (limit: per_round)", due, l.PerRound)
	case due > 0 && due+lately > l.PerHour:
		r.Storm = fmt.Sprintf("%d acts are due and %d were done within an hour, and the policy allows %d (limit: per_hour)", due, lately, l.PerHour)
	default:
		return
	}
	for i := range r.Items {
		if r.Items[i].State == Planned {
			r.Items[i].State, r.Items[i].Detail = Stopped, "nothing is done while more is due than the policy allows"
		}
	}
}

// system are namespaces that nobody can take the protection from.
var system = []string{"kube-system", "kube-public", "kube-node-lease"}

func (g *Guard) protects(namespace string) bool {
	return namespace == "" || slices.Contains(system, namespace) || namespace == g.Home || g.Policy.Protected.Match(namespace)
}

// backoff lets an act that came to nothing wait before it is tried again.
func (g *Guard) backoff(key string, now time.Time) time.Time {
	t := g.tries[key]
	t.next = now.Add(min(time.Minute<<min(t.times, 10), 30*time.Minute))
	t.times++
	g.tries[key] = t
	return t.next
}

// record begins what is written down of an item.
func (g *Guard) record(i *Item, typ string, now time.Time) Record {
	r := Record{Type: typ, At: now, Key: i.key(), Policy: g.Policy.Digest(g.Catalog.Digest), Rule: i.Rule, Check: i.Check, Title: i.Title,
		Finding: i.Finding, Why: i.Why, Object: &i.Object, Act: i.Act}
	if g.Approval != nil {
		r.Approval = g.Approval.Digest()
		r.ApprovedBy = g.Approval.By
	}
	return r
}

// lower is a kind as people write it in a sentence.
func lower(kind string) string { return strings.ToLower(kind) }
