package activity

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// The types of blocks: what one rule told of one container in one day, and what was heard of one machine.
const (
	TypeAlert = "Activity"
	TypeWatch = "ActivityWatch"
)

// Types are all types of blocks.
func Types() []string { return []string{TypeAlert, TypeWatch} }

// MaxAlerts is how many alerts are told. Who has more has to look at them elsewhere first.
const MaxAlerts = 10_000

// Silence is how long nothing may be heard of a node before it counts as not watched.
const Silence = 24 * time.Hour

// Record is what a journal tells of some time. Its zero value is empty; Add fills it.
type Record struct {
	alerts map[alertKey]*Entry
	hosts  map[string]*host
	// Refused is how many events were not taken, and Doubts are why there may be more than was read.
	Refused int
	Doubts  []value.Reason
	left    int // alerts beyond MaxAlerts
}

// alertKey is what alerts are counted by.
type alertKey struct {
	rule, host, container, namespace, pod, name, workload string
	day                                                   string
}

type host struct {
	first, last time.Time
	lost        int
}

// Add takes one entry.
func (r *Record) Add(e Entry) {
	if r.alerts == nil {
		r.alerts, r.hosts = map[alertKey]*Entry{}, map[string]*host{}
	}
	if e.Refused > 0 {
		r.Refused += e.Refused
		return
	}
	if e.Time.After(e.Received) { // no clock is trusted with the future
		e.Time = e.Received
	}
	r.hear(&e)
	if e.Word() {
		return
	}
	key := alertKey{rule: e.Rule, host: e.Host, namespace: e.Namespace, pod: e.Pod, name: e.Name, workload: e.Workload,
		day: e.Time.Format(time.DateOnly)}
	if e.Workload != "" { // whose pods are alike
		key.host, key.pod = "", ""
	} else if e.Pod == "" {
		key.container = e.Container
	}
	known := r.alerts[key]
	if known == nil {
		if len(r.alerts) >= MaxAlerts {
			r.left++
			return
		}
		e.Received = e.Time // from here on the first and the last time
		r.alerts[key] = &e
		return
	}
	known.Count += e.Count
	known.Priority = min(known.Priority, e.Priority)
	if e.Time.Before(known.Received) {
		known.Received = e.Time
	}
	if e.Time.After(known.Time) {
		known.Time = e.Time
	}
}

func (r *Record) hear(e *Entry) {
	if e.Host == "" {
		return
	}
	h := r.hosts[e.Host]
	if h == nil && len(r.hosts) >= MaxAlerts {
		return // no cluster has so many
	}
	if h == nil {
		h = &host{first: e.Time}
		r.hosts[e.Host] = h
	}
	if e.Time.Before(h.first) {
		h.first = e.Time
	}
	if e.Time.After(h.last) {
		h.last = e.Time
	}
	h.lost += e.Lost
}

// Blocks are what the record says of a cluster. Those that had no owner are attributed by its pods, as far as they are still there.
// doubts are, by type, why there may be more than the blocks tell: also that nothing was heard of some of the cluster's nodes.
func (r *Record) Blocks(target, cluster string, live []resource.Block, now time.Time) (blocks []resource.Block,
	doubts map[string][]value.Reason) {
	var pods Pods
	owners := OwnerTypes()
	var seen []*resource.Block
	var nodes []string
	for i := range live {
		b := &live[i]
		switch {
		case slices.Contains(owners, b.Type):
			seen = append(seen, b)
		case b.Type == "Node":
			nodes = append(nodes, strings.TrimPrefix(b.Address, "Node/"))
		}
	}
	pods.See(seen)
	heard := func(namespace string) *value.Origin {
		return &value.Origin{Call: &value.Call{API: "falco", At: now.UTC().Truncate(time.Second), Account: cluster, Region: namespace}}
	}
	everywhere := heard("")
	scope := resource.Block{Dialect: resource.Cluster, Target: target, Account: cluster, Origin: everywhere}
	taken := map[string]bool{}
	for _, key := range r.sorted() {
		e := *r.alerts[key]
		if e.Why != "" {
			e.Owner = pods.Attribute(&e.Event)
		}
		b := scope
		b.Type, b.Region, b.Global = TypeAlert, e.Namespace, e.Namespace == ""
		b.Address = address(&e)
		for n := 2; taken[b.Address]; n++ {
			b.Address = fmt.Sprintf("%s~%d", address(&e), n)
		}
		taken[b.Address] = true
		b.Origin = heard(e.Namespace)
		b.Body = alertBody(&e, b.Address, b.Origin)
		blocks = append(blocks, b)
	}
	for _, name := range r.machines() {
		b := scope
		b.Type, b.Address, b.Global = TypeWatch, TypeWatch+"/"+name, true
		b.Body = watchBody(name, r.hosts[name], everywhere)
		blocks = append(blocks, b)
	}
	return blocks, map[string][]value.Reason{TypeAlert: append(r.Gaps(), r.silent(nodes, now)...), TypeWatch: r.Doubts}
}

func (r *Record) sorted() []alertKey {
	keys := make([]alertKey, 0, len(r.alerts))
	for key := range r.alerts {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b alertKey) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.workload, b.workload),
			cmp.Compare(a.rule, b.rule), cmp.Compare(a.pod, b.pod), cmp.Compare(a.name, b.name), cmp.Compare(a.host, b.host),
			cmp.Compare(a.container, b.container))
	})
	return keys
}

func (r *Record) machines() []string {
	var all []string
	for name := range r.hosts {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Gaps are why there may have been more than the record holds.
func (r *Record) Gaps() []value.Reason {
	all := slices.Clone(r.Doubts)
	if r.Refused > 0 {
		all = append(all, value.Reason{Why: fmt.Sprintf("%d events were not taken, since too many came at once or the journal could not be written", r.Refused),
			Grant: "make the rules of Falco that tell most tell less, and watch /healthz"})
	}
	if r.left > 0 {
		why := fmt.Sprintf("there are more than %d alerts; %d events of others were left out", MaxAlerts, r.left)
		all = append(all, value.Reason{Why: why, Grant: "fewer --activity-days"})
	}
	return all
}

// silent tells of the nodes that were not heard of lately.
func (r *Record) silent(nodes []string, now time.Time) []value.Reason {
	var quiet []string
	for _, name := range nodes {
		if h := r.hosts[name]; h == nil || now.Sub(h.last) > Silence {
			quiet = append(quiet, name)
		}
	}
	if len(quiet) == 0 {
		return nil
	}
	slices.Sort(quiet)
	few := quiet[:min(len(quiet), 3)]
	text := strings.Join(few, ", ")
	if more := len(quiet) - len(few); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []value.Reason{{Why: "nothing was heard of Falco on " + text + " for a day",
		Grant: "run Falco there; docs/activity.md says how"}}
}

// address says whose the alert is, its rule and its day, so that an exception can be made for what was looked at.
func address(e *Entry) string {
	parts := []string{TypeAlert}
	switch {
	case e.Workload != "":
		kind, rest, _ := strings.Cut(e.Workload, "/")
		_, name, _ := strings.Cut(rest, "/")
		parts = append(parts, e.Namespace, kind, name)
	case e.Pod != "":
		parts = append(parts, cmp.Or(e.Namespace, "-"), "Pod", e.Pod)
	case e.Container != "":
		parts = append(parts, "-", "Container", e.Container)
	default:
		parts = append(parts, "-", "Node", cmp.Or(e.Host, "-"))
	}
	if e.Name != "" {
		parts = append(parts, e.Name)
	}
	return strings.Join(append(parts, slug(e.Rule), e.Time.Format(time.DateOnly)), "/")
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slug is a rule's name as part of an address: "terminal-shell-in-container".
func slug(rule string) string {
	return cmp.Or(strings.Trim(notSlug.ReplaceAllString(strings.ToLower(rule), "-"), "-"), "rule")
}

func alertBody(e *Entry, name string, origin *value.Origin) value.Value {
	members := map[string]value.Value{
		"metadata": value.Object(map[string]value.Value{"name": value.String(name), "namespace": orNone(e.Namespace)}),
		"rule":     value.String(e.Rule), "priority": value.String(e.Priority.String()), "rank": value.Int(int64(e.Priority)),
		"source": orNone(e.Source), "tags": value.Strings(e.Tags...), "count": value.Int(int64(e.Count)),
		"first": dated(e.Received), "last": dated(e.Time), "node": orNone(e.Host), "namespace": orNone(e.Namespace),
		"pod": orNone(e.Pod), "container": orNone(e.Name), "process": orNone(e.Process), "user": orNone(e.User), "file": orNone(e.File),
		"workload": value.None(), "workloadName": value.None(),
	}
	switch {
	case e.Workload != "":
		members["workload"] = value.Unresolved(value.Reason{Why: "it is a reference"}).Referring(true, value.Ref{Address: e.Workload})
		members["workloadName"] = value.String(e.Workload)
	case e.Why != "":
		why := value.Reason{Why: e.Why}
		members["workload"], members["workloadName"] = value.Unresolved(why), value.Unresolved(why)
	}
	return object(members, origin)
}

func watchBody(name string, h *host, origin *value.Origin) value.Value {
	return object(map[string]value.Value{
		"metadata": value.Object(map[string]value.Value{"name": value.String(name)}),
		"node":     value.String(name), "first": dated(h.first), "last": dated(h.last), "lost": value.Int(int64(h.lost)),
	}, origin)
}

func object(members map[string]value.Value, origin *value.Origin) value.Value {
	seen := value.Seen(origin)
	for name, member := range members {
		members[name] = seen.On(member)
	}
	return seen.On(value.Object(members))
}

func orNone(s string) value.Value {
	if s == "" {
		return value.None()
	}
	return value.String(s)
}

func dated(t time.Time) value.Value { return value.String(t.UTC().Format(time.RFC3339)) }

// Unasked is why nothing is known of activity where no journal is given.
var Unasked = value.Reason{Why: "no journal of what containers did was given",
	Grant: "--activity FOLDER, which ward activity serve fills"}

// Shapes returns, for each type of block, a body in which everything is set.
func Shapes() map[string]value.Value {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	e := Entry{Received: at, Count: 1, Owner: Owner{Workload: "Deployment/a/b"}, Event: Event{Time: at, Rule: "a", Source: "a",
		Tags: []string{"a"}, Host: "a", Container: "a", Namespace: "a", Pod: "a", Name: "a", Process: "a", User: "a", File: "a"}}
	var o value.Origin
	return map[string]value.Value{TypeAlert: alertBody(&e, "a", &o), TypeWatch: watchBody("a", &host{first: at, last: at}, &o)}
}
