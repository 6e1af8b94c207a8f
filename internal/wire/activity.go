package wire

import (
	"context"
	"slices"
	"time"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/activity/journal"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/value"
)

// ActivityOptions say which journal is read and how far back.
type ActivityOptions struct {
	Dir        string
	Since, Now time.Time
	// Namespaces whose activity is told; none for all.
	Namespaces []string
}

// JoinActivity adds what a journal tells to the reading of a cluster, so that it is judged with it.
func JoinActivity(r *source.Reading, o ActivityOptions) error {
	record, err := journal.Read(o.Dir, o.Since)
	if err != nil {
		return err
	}
	account := ""
	for _, b := range r.Blocks {
		account = b.Account
	}
	blocks, doubts := record.Blocks(r.Name, account, r.Blocks, o.Now)
	for _, b := range blocks {
		if len(o.Namespaces) == 0 || b.Global || slices.Contains(o.Namespaces, b.Region) {
			r.Blocks = append(r.Blocks, b)
		}
	}
	if r.Partial == nil {
		r.Partial = map[string][]value.Reason{}
	}
	for _, typ := range activity.Types() {
		r.Kinds = append(slices.Clip(r.Kinds), typ)
		delete(r.Unasked, typ)
		if len(doubts[typ]) > 0 {
			r.Partial[typ] = append(r.Partial[typ], doubts[typ]...)
		}
	}
	for _, why := range record.Gaps() {
		r.Gaps = append(r.Gaps, resource.Gap{Target: r.Name, Kind: "kubernetes.activity", What: "activity of containers", Reason: why.Why, Grant: why.Grant})
	}
	return nil
}

// Pods follows the pods of a cluster.
type Pods struct {
	activity.Pods
	copied *mirror.Mirror
	seen   chan struct{} // holds one while nobody uses what follows
	last   uint64
	missed map[string]bool // containers that were waited for
}

// FollowPods keeps what is known of pods as it is in the cluster until ctx ends. Stopped waits for that.
func FollowPods(ctx context.Context, o KubernetesOptions) (*Pods, error) {
	types := activity.OwnerTypes()
	o.Types, o.Left = func(typ string) bool { return slices.Contains(types, typ) }, "only what activity is attributed by is followed"
	copied, err := mirror.Start(ctx, mirror.Options{Cluster: o})
	if err != nil {
		return nil, err
	}
	p := &Pods{copied: copied, seen: make(chan struct{}, 1), missed: map[string]bool{}}
	p.seen <- struct{}{}
	return p, nil
}

// Wait waits until the cluster was read once.
func (p *Pods) Wait(ctx context.Context) error { return p.copied.Wait(ctx) }

// Follow looks at the cluster after each change, until ctx ends.
func (p *Pods) Follow(ctx context.Context) {
	const pause = time.Second // in which many changes come together
	for {
		select {
		case <-p.copied.Changes():
			p.Look()
		case <-ctx.Done():
			p.copied.Stopped()
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// Look sees what has changed since the last time.
func (p *Pods) Look() {
	<-p.seen
	defer func() { p.seen <- struct{}{} }()
	version := p.copied.Version()
	if version == p.last {
		return
	}
	p.last = version
	reading := p.copied.Reading()
	blocks := make([]*resource.Block, len(reading.Blocks))
	for i := range reading.Blocks {
		blocks[i] = &reading.Blocks[i]
	}
	p.See(blocks)
}

// Owner tells whose an event is. A container that the cluster has not shown so far is waited for a moment, since Falco is faster, but
// once only: Falco tells nothing else by then.
func (p *Pods) Owner(ctx context.Context, e *activity.Event) activity.Owner {
	const pause, most = 100 * time.Millisecond, 10
	for n := 1; ; n++ {
		tried := *e
		owner := p.Attribute(&tried)
		if owner.Why == "" || n == most || n == 1 && p.waited(e) {
			*e = tried
			return owner
		}
		select {
		case <-time.After(pause):
			p.Look()
		case <-ctx.Done():
			return owner
		}
	}
}

// waited tells whether an event's container was waited for before, and notes that it is now.
func (p *Pods) waited(e *activity.Event) bool {
	const most = 10_000
	<-p.seen
	defer func() { p.seen <- struct{}{} }()
	key := e.Container + " " + e.Namespace + "/" + e.Pod
	if p.missed[key] {
		return true
	}
	if len(p.missed) >= most {
		clear(p.missed)
	}
	p.missed[key] = true
	return false
}
