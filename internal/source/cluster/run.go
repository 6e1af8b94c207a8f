package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/util/flowcontrol"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// run is one collection.
type run struct {
	options Options
	sink    source.Sink
	stop    context.CancelCauseFunc
	base    *url.URL
	client  *http.Client
	slots   chan struct{} // calls at once
	pace    flowcontrol.RateLimiter
	silent  atomic.Int64 // calls since something answered

	name, uid, caller string
	version           value.Value
	served            *served

	mu     sync.Mutex
	stats  source.Stats
	broken map[source.Part]bool // parts of which some call was not answered
}

// take waits for a free slot for a call.
func (r *run) take(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *run) release() { <-r.slots }

func (r *run) count(c call, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Calls[qualified(c.what, c.group)+":"+c.verb]++
}

func (r *run) failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Failed++
}

// work is one part to be read: a type in all namespaces, or in one.
type work struct {
	objects
	namespace string // "" for all
	part      source.Part
}

// plan lists the parts. Those that an earlier run has read whole are left out.
func (r *run) plan(types []objects) []work {
	var all []work
	for _, t := range types {
		in := []string{""}
		if t.namespaced && len(r.options.Namespaces) > 0 {
			in = r.options.Namespaces
		}
		for _, namespace := range in {
			w := work{t, namespace, source.Part{Target: r.target(), Region: namespace, Kind: t.Type()}}
			if r.options.Have == nil || !r.options.Have(w.part) {
				all = append(all, w)
			}
		}
	}
	return all
}

// collect reads all parts, several at once.
func (r *run) collect(ctx context.Context, all []work) error {
	queue := make(chan work)
	var workers sync.WaitGroup
	done := 0
	for range min(r.options.Concurrency, len(all)) {
		workers.Go(func() {
			for w := range queue {
				r.say(w, &done, len(all))
				r.collectOne(ctx, w)
			}
		})
	}
	for _, w := range all {
		if ctx.Err() != nil {
			break
		}
		queue <- w
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

func (r *run) collectOne(ctx context.Context, w work) {
	func() {
		defer r.survive(w)
		switch w.special {
		case itself:
			r.itself(ctx, w)
		case kubelet:
			r.kubelets(ctx, w)
		default:
			r.list(ctx, w)
		}
	}()
	if ctx.Err() != nil {
		return // a part that was cut off is not done
	}
	r.mu.Lock()
	whole := !r.broken[w.part]
	r.mu.Unlock()
	r.check(r.sink.Done(w.part, whole))
}

// say tells what is being read.
func (r *run) say(w work, done *int, total int) {
	r.mu.Lock()
	*done++
	n, blocks, calls := *done, r.stats.Blocks, 0
	for _, c := range r.stats.Calls {
		calls += c
	}
	r.mu.Unlock()
	if r.options.Progress != nil {
		r.options.Progress(n, total, fmt.Sprintf("%s of %s; %d objects, %d calls", w.part.Kind, r.name, blocks, calls))
	}
}

// emit hands a block to the sink. If that can take no more, the run stops.
func (r *run) emit(w work, b resource.Block) {
	r.mu.Lock()
	r.stats.Blocks++
	r.mu.Unlock()
	r.check(r.sink.Block(w.part, b))
}

// partial says that there may be more of a part.
func (r *run) partial(w work, why value.Reason) {
	r.breaks(w)
	r.check(r.sink.Partial(w.part, why))
}

// breaks notes that a part is to be asked for again.
func (r *run) breaks(w work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken[w.part] = true
}

func (r *run) check(err error) {
	if err != nil {
		r.stop(fmt.Errorf("keep what was read: %w", err))
	}
}

// survive turns a fault of this package into a part that is not known whole, so that one cannot end the run.
func (r *run) survive(w work) {
	if fault := recover(); fault != nil {
		r.mu.Lock()
		r.stats.Faults = append(r.stats.Faults, fmt.Errorf("collector of %s: %v\n%s", w.part.Kind, fault, debug.Stack()))
		r.mu.Unlock()
		r.partial(w, value.Reason{Why: "the collector of " + w.part.Kind + " broke; please report it"})
	}
}
