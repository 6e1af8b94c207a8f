package guard

import (
	"context"
	"time"

	"ward.dev/ward/internal/source"
)

// Watching says when a guard looks at the cluster.
type Watching struct {
	// Changes tells that something may have changed.
	Changes <-chan struct{}
	// Read reads the cluster and its images. A fault is told, and it is tried again.
	Read func(ctx context.Context) ([]source.Reading, error)
	// Tell is told of each round, and of faults after which the guard goes on.
	Tell func(*Round, error)
	// Pause is the least time between two rounds; 0 is 2 s. Every is the most; 0 is a minute.
	Pause, Every time.Duration
}

// Watch looks and acts until its context ends, or until the guard must not go on.
func (g *Guard) Watch(ctx context.Context, w Watching) error {
	if w.Pause <= 0 {
		w.Pause = 2 * time.Second
	}
	if w.Every <= 0 {
		w.Every = time.Minute
	}
	for {
		next := time.Now().Add(w.Every)
		readings, err := w.Read(ctx)
		if err != nil {
			w.Tell(nil, err)
		} else {
			round, err := g.Act(ctx, readings, time.Now())
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			w.Tell(round, nil)
			next = round.next(next)
		}
		if !w.wait(ctx, next) {
			return nil
		}
	}
}

// next is when something that waits is ripe, if that is sooner.
func (r *Round) next(at time.Time) time.Time {
	for _, i := range r.Items {
		if !i.Until.IsZero() && i.Until.After(time.Now()) && i.Until.Before(at) {
			at = i.Until
		}
	}
	return at
}

// wait waits for a change or for a time, and for the pause in any case. It tells whether the context has not ended.
func (w *Watching) wait(ctx context.Context, until time.Time) bool {
	pause, end := time.NewTimer(w.Pause), time.NewTimer(time.Until(until))
	defer pause.Stop()
	defer end.Stop()
	changed, paused := false, false
	for !changed || !paused {
		select {
		case <-ctx.Done():
			return false
		case <-pause.C:
			paused = true
		case <-w.Changes:
			changed = true
		case <-end.C:
			changed = true
		}
	}
	return true
}
