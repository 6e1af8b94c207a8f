// Package mirror keeps a copy of a running cluster, or of a part of it, as blocks that are the same as those that package cluster
// collects. It lists every type once and then watches it; how lists are paged, begun anew and how often is client-go's reflectors'.
//
// What the copy does not know it says: a type that was not listed yet, that is denied, or that nothing was heard of for longer than
// Options.Stale has gaps, as in a collection that was denied it. So a copy is never silently old. The package must not know checks.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/value"
)

// Options say which cluster is copied, and what of it.
type Options struct {
	// Cluster leads to the cluster and bounds the calls. Its Types are those that are copied; kubelets and Secrets are not.
	Cluster cluster.Options
	// Stale bounds how long a type counts as known whole after the last that was heard of it; 0 is 90 s. The API tells each minute of
	// a watch at least that it goes on.
	Stale time.Duration
	// Renew is how often the cluster is asked what it serves; 0 is a third of Stale. A type that it begins to serve is not known
	// earlier. What the cluster tells of itself is asked for anew each tenth time.
	Renew time.Duration
}

func (o Options) withDefaults() Options {
	if o.Stale <= 0 {
		o.Stale = 90 * time.Second
	}
	if o.Renew <= 0 {
		o.Renew = o.Stale / 3
	}
	return o
}

// Mirror is a copy. Its methods may be called from several goroutines at once.
type Mirror struct {
	options Options
	session *cluster.Session // of the goroutine that runs
	changes chan struct{}
	version atomic.Uint64
	first   chan struct{} // closed once the cluster has been greeted, or has not answered to it
	running sync.WaitGroup

	mu      sync.RWMutex
	live    source.Live
	gaps    []resource.Gap
	itself  *resource.Block
	greeted error // why nothing is known of the cluster at all; nil if something is
	renewed time.Time
	parts   map[source.Part]*part
	was     string // what was not known when that was last looked at
}

// errNotYet is why nothing is known before the cluster has answered.
var errNotYet = errors.New("the cluster has not answered yet")

// Start begins a copy that is kept until ctx ends. It asks nothing before it returns; an error means that the options lead nowhere.
func Start(ctx context.Context, o Options) (*Mirror, error) {
	o = o.withDefaults()
	session, err := cluster.Connect(o.Cluster)
	if err != nil {
		return nil, err
	}
	m := &Mirror{options: o, session: session, changes: make(chan struct{}, 1), first: make(chan struct{}), greeted: errNotYet,
		parts: map[source.Part]*part{}}
	ctx = logr.NewContext(ctx, logr.Discard()) // a library says what it has to say in its answers
	m.running.Go(func() { m.run(ctx) })
	return m, nil
}

// Stopped waits until everything that the copy runs has ended after its context has.
func (m *Mirror) Stopped() { m.running.Wait() }

// Wait waits until every type was listed once or is known not to be readable. It is an error if the cluster did not answer at all:
// the copy goes on trying.
func (m *Mirror) Wait(ctx context.Context) error {
	select {
	case <-m.first:
	case <-ctx.Done():
		return fmt.Errorf("wait for the cluster: %w", context.Cause(ctx))
	}
	m.mu.RLock()
	err, parts := m.greeted, make([]*part, 0, len(m.parts))
	for _, p := range m.parts {
		parts = append(parts, p)
	}
	m.mu.RUnlock()
	if err != nil {
		return err
	}
	for _, p := range parts {
		select {
		case <-p.settled:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", p.stream.Part.What(), context.Cause(ctx))
		}
	}
	return nil
}

// Version grows with every change of what the copy holds, and of what it does not know.
func (m *Mirror) Version() uint64 { return m.version.Load() }

// Changes tells of changes: after the last one, whoever receives from it receives at least once. It is for one receiver.
func (m *Mirror) Changes() <-chan struct{} { return m.changes }

func (m *Mirror) changed() {
	m.version.Add(1)
	select {
	case m.changes <- struct{}{}:
	default:
	}
}

// run greets the cluster, follows what it serves, and notices what has not been heard of for long.
func (m *Mirror) run(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, m.options.Renew) {
		err := m.session.Greet(ctx)
		m.mu.Lock()
		if m.greeted = err; err == nil {
			m.renewed = time.Now()
		}
		m.mu.Unlock()
		if err == nil {
			m.follow(ctx)
			m.about(ctx)
		}
		select {
		case <-m.first:
		default:
			close(m.first)
		}
		m.changed()
		if err == nil || !sleep(ctx, wait) {
			break
		}
	}
	m.keep(ctx)
}

// looks is how many times, in the time that a type may be silent, it is looked at whether one is.
const looks = 10

func (m *Mirror) keep(ctx context.Context) {
	next := time.Now().Add(m.options.Renew)
	for n := 1; sleep(ctx, m.options.Stale/looks); {
		if time.Now().After(next) {
			if m.session.Renew(ctx) == nil {
				m.mu.Lock()
				m.renewed = time.Now()
				m.mu.Unlock()
				m.follow(ctx)
				if n%10 == 0 {
					m.about(ctx)
				}
				n++
			}
			next = time.Now().Add(m.options.Renew)
		}
		m.look()
	}
}

// look notices that more or less is known than the last time.
func (m *Mirror) look() {
	now := fmt.Sprint(m.unknown())
	m.mu.Lock()
	news := now != m.was
	m.was = now
	m.mu.Unlock()
	if news {
		m.changed()
	}
}

// follow begins to watch what the cluster serves, and ends what it does no longer.
func (m *Mirror) follow(ctx context.Context) {
	live, gaps := m.session.Live(), m.session.Gaps()
	served := map[source.Part]*cluster.Stream{}
	for _, stream := range m.session.Streams() {
		served[stream.Part] = stream
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live, m.gaps = live, gaps
	for at, p := range m.parts {
		if now := served[at]; now == nil || now.Version != p.stream.Version {
			p.stop()
			delete(m.parts, at)
			m.changed()
		}
	}
	for at, stream := range served {
		if m.parts[at] == nil {
			m.parts[at] = m.begin(ctx, stream)
		}
	}
}

// about reads what the cluster shows of itself.
func (m *Mirror) about(ctx context.Context) {
	block, wanted := m.session.Itself(ctx)
	if !wanted || ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	m.itself = &block
	m.mu.Unlock()
	m.changed()
}

// sleep waits. It tells whether the context has not ended by then.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// unknown is why there may be more of a part than the copy holds.
func (m *Mirror) unknown() map[source.Part]value.Reason {
	now := time.Now()
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := map[source.Part]value.Reason{}
	for at, p := range m.parts {
		if why := p.doubt(now, m.options.Stale); why != nil {
			all[at] = *why
		}
	}
	if !m.renewed.IsZero() && now.Sub(m.renewed) > m.options.Stale { // the cluster may serve a type that it did not
		why := old("what the cluster serves", m.renewed)
		for _, typ := range m.live.Kinds {
			at := source.Part{Target: m.live.Name, Kind: typ}
			if _, known := all[at]; !known {
				all[at] = why
			}
		}
	}
	return all
}

// old is why something counts as unknown that was known once.
func old(what string, since time.Time) value.Reason {
	return value.Reason{Why: fmt.Sprintf("%s was last told at %s, and nothing was heard since", what, since.UTC().Format(time.RFC3339)),
		Grant: "a connection to the cluster that holds"}
}
