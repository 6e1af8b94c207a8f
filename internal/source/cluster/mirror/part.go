package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/value"
)

// part is the copy of one type in all namespaces, or in one. It implements cache.ReflectorStore, and is what its reflector asks.
type part struct {
	mirror  *Mirror
	stream  *cluster.Stream
	ctx     context.Context // of its reflector, whose lists know no other
	stop    context.CancelFunc
	settled chan struct{} // closed once it was listed, or could not be

	mu      sync.RWMutex
	objects map[string]map[string][]resource.Block // by namespace and name
	listed  bool
	heard   time.Time     // of the API, last
	lively  bool          // a watch is open that would be noticed to break
	fault   *value.Reason // of the last call; nil if it was answered
	refused bool          // the fault will not pass by itself
}

// begin keeps a part up to date until its context ends or it is stopped.
func (m *Mirror) begin(ctx context.Context, stream *cluster.Stream) *part {
	p := &part{mirror: m, stream: stream, settled: make(chan struct{}), objects: map[string]map[string][]resource.Block{}}
	p.ctx, p.stop = context.WithCancel(ctx)
	reflector := cache.NewReflectorWithOptions(&calls{p}, &object{}, p, cache.ReflectorOptions{Name: "ward", TypeDescription: stream.Part.Kind})
	reflector.WatchListPageSize = pageSize
	m.running.Go(func() { reflector.RunWithContext(p.ctx) })
	return p
}

// doubt is why there may be more of the part, or other, than the copy holds; nil if there is not.
func (p *part) doubt(now time.Time, bound time.Duration) *value.Reason {
	p.mu.RLock()
	defer p.mu.RUnlock()
	silent := !p.lively && now.Sub(p.heard) > bound
	switch {
	case p.fault != nil && (p.refused || silent || !p.listed):
		return p.fault
	case !p.listed:
		return &value.Reason{Why: p.stream.Part.What() + " has not been listed yet", Grant: "wait until it has"}
	case silent:
		why := old(p.stream.Part.What(), p.heard)
		return &why
	}
	return nil
}

// failed notes that a call was not answered.
func (p *part) failed(verb string, err error) {
	if p.ctx.Err() != nil {
		return
	}
	why := p.stream.Why(verb, err)
	p.mu.Lock()
	news := p.fault == nil || *p.fault != why
	p.fault, p.refused, p.lively = &why, cluster.Refused(err), false
	p.settle()
	p.mu.Unlock()
	if news {
		p.mirror.look()
	}
}

// hears notes that the API has told something. lively tells that its silence from now on means that nothing has changed.
func (p *part) hears(lively bool) {
	p.mu.Lock()
	p.heard, p.lively = time.Now(), lively
	p.mu.Unlock()
}

// unnoticed is how long a connection may be broken without client-go noticing: it pings each 30 s and waits 15 s for the answer.
const unnoticed = 45 * time.Second

// lost notes that a watch is over, so that the silence of the API says nothing any more.
func (p *part) lost(because error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !errors.Is(because, io.EOF) && p.lively {
		now = now.Add(-unnoticed)
	}
	if p.lively || errors.Is(because, io.EOF) {
		p.heard = later(p.heard, now)
	}
	p.lively = false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// watches notes that a watch has begun, so that nothing is amiss with the part any more.
func (p *part) watches(lively bool) {
	p.hears(lively)
	p.mu.Lock()
	news := p.fault != nil
	p.fault, p.refused = nil, false
	p.mu.Unlock()
	if news {
		p.mirror.look()
	}
}

func (p *part) settle() {
	select {
	case <-p.settled:
	default:
		close(p.settled)
	}
}

// Add implements cache.ReflectorStore.
func (p *part) Add(some any) error { return p.Update(some) }

// Update implements cache.ReflectorStore.
func (p *part) Update(some any) error {
	o, err := objectOf(some)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.put(p.objects, o)
	p.mu.Unlock()
	p.mirror.changed()
	return nil
}

func (p *part) put(into map[string]map[string][]resource.Block, o *object) {
	if into[o.Namespace] == nil {
		into[o.Namespace] = map[string][]resource.Block{}
	}
	into[o.Namespace][o.Name] = o.blocks
}

// Delete implements cache.ReflectorStore.
func (p *part) Delete(some any) error {
	o, err := objectOf(some)
	if err != nil {
		return err
	}
	p.mu.Lock()
	if delete(p.objects[o.Namespace], o.Name); len(p.objects[o.Namespace]) == 0 {
		delete(p.objects, o.Namespace)
	}
	p.mu.Unlock()
	p.mirror.changed()
	return nil
}

// Replace implements cache.ReflectorStore.
func (p *part) Replace(all []any, _ string) error {
	objects := map[string]map[string][]resource.Block{}
	for _, some := range all {
		o, err := objectOf(some)
		if err != nil {
			return err
		}
		p.put(objects, o)
	}
	p.mu.Lock()
	p.objects, p.listed, p.heard = objects, true, time.Now()
	if !p.refused { // to watch it, which a list does not mend
		p.fault = nil
	}
	p.settle()
	p.mu.Unlock()
	p.mirror.changed()
	return nil
}

// Resync implements cache.ReflectorStore. There is nothing to do anew.
func (p *part) Resync() error { return nil }

var errObject = errors.New("a reflector hands over what is no object")

func objectOf(some any) (*object, error) {
	o, ok := some.(*object)
	if !ok {
		return nil, fmt.Errorf("%w: %T", errObject, some)
	}
	return o, nil
}

// each calls take for the blocks of the part in a namespace, or in all of them.
func (p *part) each(in string, all bool, take func(*resource.Block)) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for namespace, objects := range p.objects {
		if !all && namespace != in {
			continue
		}
		for _, blocks := range objects {
			for i := range blocks {
				take(&blocks[i])
			}
		}
	}
}
