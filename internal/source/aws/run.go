package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// run is one collection: what all its collectors share.
type run struct {
	source.Recorder
	options   Options
	rehearsal *rehearsal
	slots     chan struct{} // calls at once
	seen      stamps
	accounts  []*account // that are read; the first is the one that the run began with
	manager   string     // the organization's management account, "" if it is not known

	mu       sync.Mutex
	retryers map[string]aws.Retryer
	// regionsOf are the regions that AWS offers a service in, as far as that was asked.
	regionsOf map[string][]string
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

// retryer returns the one retryer of a service in a region of an account: it slows down all calls to it when the service
// asks for that.
func (r *run) retryer(account, region, service string) aws.Retryer {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := account + "/" + region + "/" + service
	made, ok := r.retryers[key]
	if !ok {
		made = retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, func(s *retry.StandardOptions) {
				s.MaxAttempts = r.options.Attempts
				s.MaxBackoff = r.options.Backoff
				s.RateLimiter = ratelimit.None // a large account is throttled often, and attempts are bounded already
			})
		})
		r.retryers[key] = made
	}
	return made
}

func (r *run) count(at *region, service, operation string, err error) {
	r.Call(service + ":" + operation)
	if err != nil && !answered(err) {
		r.Failed()
		r.Break(at.part())
	}
}

func (r *region) part() source.Part {
	return source.Part{Target: r.account.target(), Region: r.name, Kind: r.kind}
}

// emit hands a block to the sink. If that can take no more, the run stops.
func (r *run) emit(at *region, b resource.Block) {
	if r.rehearsal != nil {
		r.rehearsal.blocks = append(r.rehearsal.blocks, b)
		return
	}
	r.Block(at.part(), b)
}

func (r *run) partial(at *region, why value.Reason) {
	if r.rehearsal == nil {
		r.Partial(at.part(), why)
	}
}

// work is one part to be read.
type work struct {
	collector
	region *region
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
		defer w.region.survive()
		w.collect(ctx, w.region)
	}()
	if ctx.Err() != nil {
		return // a part that was cut off is not done
	}
	r.Done(w.region.part())
}

// say tells what is being read.
func (r *run) say(w work, n, total int) {
	if r.options.Progress != nil {
		so := r.Stats()
		r.options.Progress(n, total, fmt.Sprintf("%s in %s of %s; %d resources, %d calls", w.kind, w.region.name, w.region.account.ID,
			so.Blocks, so.Total()))
	}
}

// plan lists the parts of an account: global kinds in its home region, the others in each region. Parts that an earlier
// run has read whole are left out.
func (r *run) plan(a *account, regions []string, table []collector) []work {
	var all []work
	for _, c := range table {
		in := regions
		if c.global {
			in = []string{a.home}
		}
		for i, name := range in {
			at := &region{run: r, account: a, name: name, kind: c.kind, global: c.global, first: i == 0}
			if r.options.Have == nil || !r.options.Have(at.part()) {
				all = append(all, work{c, at})
			}
		}
	}
	// Regions in turn, so that no service of one region gets all calls at once.
	slices.SortStableFunc(all, func(a, b work) int { return strings.Compare(b.region.name, a.region.name) })
	return all
}

const defaultBackoff = 20 * time.Second
