package source

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Recorder hands a Sink what a collection reads, counts it, and stops the collection when the sink can take no more. Its methods
// may be called from several goroutines at once.
type Recorder struct {
	Sink Sink
	Stop context.CancelCauseFunc // ends the collection, and is given the reason

	mu     sync.Mutex
	stats  Stats
	broken map[Part]bool // parts of which some call was not answered
}

// Begin tells of a target. It stops nothing, since nothing has begun.
func (r *Recorder) Begin(l Live) error {
	if err := r.Sink.Begin(l); err != nil {
		return fmt.Errorf("keep what was read: %w", err)
	}
	return nil
}

// Block records one block of a part.
func (r *Recorder) Block(p Part, b resource.Block) {
	r.mu.Lock()
	r.stats.Blocks++
	r.mu.Unlock()
	r.check(r.Sink.Block(p, b))
}

// Partial records that there may be more of a part, and why.
func (r *Recorder) Partial(p Part, why value.Reason) {
	r.Break(p)
	r.check(r.Sink.Partial(p, why))
}

// Gap records what was not read and belongs to no part.
func (r *Recorder) Gap(g resource.Gap) { r.check(r.Sink.Gap(g)) }

// Done records that all of a part was asked for.
func (r *Recorder) Done(p Part) {
	r.mu.Lock()
	whole := !r.broken[p]
	r.mu.Unlock()
	r.check(r.Sink.Done(p, whole))
}

// Call counts a call by its name, "s3:GetBucketPolicy".
func (r *Recorder) Call(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stats.Calls == nil {
		r.stats.Calls = map[string]int{}
	}
	r.stats.Calls[name]++
}

// Failed counts a call that was not answered.
func (r *Recorder) Failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Failed++
}

// Break notes that a part is to be asked for again.
func (r *Recorder) Break(p Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = map[Part]bool{}
	}
	r.broken[p] = true
}

// Forgive takes back that a call for a part was not answered: there was nobody to ask.
func (r *Recorder) Forgive(p Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Failed--
	delete(r.broken, p)
}

// Fault records that a collector broke.
func (r *Recorder) Fault(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats.Faults = append(r.stats.Faults, err)
}

// Stats returns what was counted so far.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Calls = maps.Clone(s.Calls)
	return s
}

func (r *Recorder) check(err error) {
	if err != nil {
		r.Stop(fmt.Errorf("keep what was read: %w", err))
	}
}

// Each does something with all items, several at once, until the context ends; it returns why it ended. n counts the items from 1
// as they begin.
func Each[T any](ctx context.Context, atOnce int, all []T, do func(n int, one T)) error {
	type numbered struct {
		n   int
		one T
	}
	queue := make(chan numbered)
	var workers sync.WaitGroup
	for range min(atOnce, len(all)) {
		workers.Go(func() {
			for next := range queue {
				do(next.n, next.one)
			}
		})
	}
	for i, one := range all {
		if ctx.Err() != nil {
			break
		}
		queue <- numbered{i + 1, one}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}
