package cluster

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync/atomic"

	"k8s.io/client-go/util/flowcontrol"

	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// run is one collection.
type run struct {
	source.Recorder
	options Options
	base    *url.URL
	client  *http.Client
	slots   chan struct{} // calls at once
	pace    flowcontrol.RateLimiter
	silent  atomic.Int64 // calls since something answered

	name, uid, caller string
	version           value.Value
	served            *served
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
	return source.Each(ctx, r.options.Concurrency, all, func(n int, w work) {
		r.say(w, n, len(all))
		r.collectOne(ctx, w)
	})
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
	r.Done(w.part)
}

// say tells what is being read.
func (r *run) say(w work, n, total int) {
	if r.options.Progress != nil {
		so := r.Stats()
		r.options.Progress(n, total, fmt.Sprintf("%s of %s; %d objects, %d calls", w.part.Kind, r.name, so.Blocks, so.Total()))
	}
}

// survive turns a fault of this package into a part that is not known whole, so that one cannot end the run.
func (r *run) survive(w work) {
	if fault := recover(); fault != nil {
		r.Fault(fmt.Errorf("collector of %s: %v\n%s", w.part.Kind, fault, debug.Stack()))
		r.Partial(w.part, value.Reason{Why: "the collector of " + w.part.Kind + " broke; please report it"})
	}
}
