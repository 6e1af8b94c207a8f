package estate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/state"
)

// Assess makes the assessment that a job wants and ends the job in the transaction that publishes it. It tells how far it is from time to
// time; its context ends when the server stops or the job is lost.
type Assess func(ctx context.Context, e Estate, j Job, tell func(Progress)) error

// Worker does jobs, one at a time.
type Worker struct {
	Store  *Store
	Assess Assess
	Log    *slog.Logger
	// Pause is how long to wait when there is nothing to do; 0 is a second.
	Pause time.Duration
	// Done is called after a job was done, for what follows from it and may be done later if it is cut off. It may be nil.
	Done func(ctx context.Context, e Estate)
	// Failed is called in the transaction that ends a job which came to nothing, to tell people. It may be nil.
	Failed func(ctx context.Context, tx bun.Tx, j Job, fault error) error
}

// beat is how often a worker says that it lives.
const beat = lease / 8

// Run does jobs until the context ends. What it is doing then is let go of and begun again by whoever comes next.
func (w Worker) Run(ctx context.Context) {
	name := state.NewID()
	pause := w.Pause
	if pause == 0 {
		pause = time.Second
	}
	for ctx.Err() == nil {
		worked, err := w.once(ctx, name)
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "the queue of assessments cannot be used", "error", err)
		}
		if worked {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// once schedules what is due and does one job.
func (w Worker) once(ctx context.Context, name string) (worked bool, err error) {
	if err := w.Store.Schedule(ctx); err != nil {
		return false, err
	}
	j, found, err := w.Store.Claim(ctx, name)
	if err != nil || !found {
		return false, err
	}
	return true, w.do(ctx, j)
}

func (w Worker) do(ctx context.Context, j Job) error {
	e, err := w.Store.Get(ctx, j.Estate)
	if err != nil {
		return w.fail(ctx, j, err)
	}
	log := w.Log.With("estate", e.ID, "job", j.ID)
	log.InfoContext(ctx, "assessment begins", "reason", j.Reason, "attempt", j.Attempt)
	begun := time.Now()
	err = w.held(ctx, e, j)
	switch {
	case err == nil:
		log.InfoContext(ctx, "assessment ends", "seconds", time.Since(begun).Seconds())
		if w.Done != nil {
			w.Done(ctx, e)
		}
		return nil
	case ctx.Err() != nil: // the server stops
		return w.Store.Release(context.WithoutCancel(ctx), j)
	case errors.Is(err, ErrLost):
		log.WarnContext(ctx, "assessment was taken over by another worker")
		return nil
	}
	log.ErrorContext(ctx, "assessment failed", "error", err)
	return w.fail(ctx, j, err)
}

// held assesses while the job is held.
func (w Worker) held(ctx context.Context, e Estate, j Job) (err error) {
	ctx, stop := context.WithCancelCause(access.With(ctx, j.actor()))
	defer stop(nil)
	var mutex sync.Mutex
	var now Progress
	tell := func(p Progress) {
		mutex.Lock()
		defer mutex.Unlock()
		now = p
	}
	ended := make(chan struct{})
	var holding sync.WaitGroup
	holding.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		var told Progress
		last := time.Now()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
			}
			mutex.Lock()
			p := now
			mutex.Unlock()
			if p == told && time.Since(last) < beat {
				continue
			}
			if err := w.Store.Hold(ctx, j, p); errors.Is(err, ErrLost) {
				stop(ErrLost)
				return
			}
			told, last = p, time.Now()
		}
	})
	defer holding.Wait()
	defer close(ended)
	defer func() {
		if fault := recover(); fault != nil { // one estate that Ward errs on must not end the server
			err = fmt.Errorf("a fault of ward itself; please report it: %v", fault)
		}
		if err != nil && errors.Is(context.Cause(ctx), ErrLost) { // a job that has ended is held no longer either, and is not lost
			err = ErrLost
		}
	}()
	return w.Assess(ctx, e, j, tell)
}

// actor is whom the assessment is done for.
func (j Job) actor() access.Actor {
	if j.ByID == "" || j.ByID == access.Program.ID {
		return access.Program
	}
	return access.Actor{ID: j.ByID, Name: j.ByName, Via: "job", Session: j.ID}
}

func (w Worker) fail(ctx context.Context, j Job, fault error) error {
	return w.Store.db.Do(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error {
		if err := w.Store.End(ctx, tx, j, 0, fault); err != nil {
			return err
		}
		if w.Failed == nil {
			return nil
		}
		return w.Failed(ctx, tx, j, fault)
	})
}
