package serve

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/record"
)

// work begins what the server does by itself. All of it ends with the context.
func (s *Server) work(ctx context.Context, all *sync.WaitGroup) {
	ctx = program(ctx)
	for range *s.settings.Workers {
		worker := estate.Worker{Store: s.estates, Assess: s.assess, Log: s.log, Done: s.assessed, Failed: s.failed}
		all.Go(func() { worker.Run(ctx) })
	}
	all.Go(func() {
		if err := s.outbox.Run(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("notifications are not sent any more", "error", err)
		}
	})
	all.Go(func() { s.warmAll(ctx) })
	s.every(ctx, all, time.Minute, "clear away what is over of the accounts", s.people.Sweep)
	s.every(ctx, all, time.Hour, "copy evidence to the second store", s.alone("copy evidence", s.copyEvidence))
	s.every(ctx, all, 24*time.Hour, "clear away files that no decision names", s.alone("clear files away", s.decisions.Sweep))
	s.every(ctx, all, time.Hour, "tell of what is due", s.alone("tell of what is due", s.tellDue))
	s.every(ctx, all, time.Minute, "tell of emergency access", s.alone("tell of emergency access", s.tellBreakGlass))
	s.every(ctx, all, time.Minute, "tell of the ledger", s.tellLedger())
	s.every(ctx, all, 24*time.Hour, "dispose of evidence that need be kept no longer", s.alone("dispose of evidence", s.dispose))
	s.every(ctx, all, 2*time.Second, "look for assessments of other servers", s.watch())
	if s.settings.Shared() {
		s.every(ctx, all, 5*time.Minute, "take back what another server was cut off from", s.alone("settle", s.keeper.Settle))
		s.every(ctx, all, 10*time.Second, "try the ledger again", s.probe)
	}
}

// alone has one of the servers that share a state do something at a time.
func (s *Server) alone(duty string, do func(context.Context) error) func(context.Context) error {
	if !s.settings.Shared() {
		return do
	}
	return func(ctx context.Context) error {
		_, err := s.db.Alone(ctx, duty, do)
		return err
	}
}

// probe writes a record to a ledger that could not be written, so that a server to which nobody is led finds out that it can be again.
func (s *Server) probe(ctx context.Context) error {
	if s.keeper.Ready() == nil {
		return nil
	}
	_, err := s.keeper.Act(ctx, record.Entry{Kind: record.Server, Verb: "resume"}, nil)
	return err
}

// warmAll reads the newest assessments after a start.
func (s *Server) warmAll(ctx context.Context) {
	all, err := s.estates.List(ctx)
	for _, e := range all {
		if err == nil {
			err = s.warm(ctx, e)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("cannot read the newest assessments", "error", err)
	}
}

func (s *Server) copyEvidence(ctx context.Context) error {
	if s.settings.Evidence.Bucket == nil {
		return nil
	}
	n, err := s.evidence.Copy(ctx)
	if n > 0 {
		s.log.InfoContext(ctx, "evidence was copied to the second store", "bundles", n)
	}
	return err
}

func (s *Server) dispose(ctx context.Context) error {
	n, err := s.evidence.Dispose(ctx, s.keeper)
	if n > 0 {
		s.log.InfoContext(ctx, "evidence was disposed of", "bundles", n)
	}
	return err
}

// every does something again and again. What goes wrong is told, and tried again the next time.
func (s *Server) every(ctx context.Context, all *sync.WaitGroup, pause time.Duration, what string, do func(context.Context) error) {
	all.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("cannot "+what, "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// assess does a job and has open pages follow it.
func (s *Server) assess(ctx context.Context, e estate.Estate, j estate.Job, tell func(estate.Progress)) error {
	s.live.Tell(e.ID)
	defer s.live.Tell(e.ID)
	return s.assessor.Assess(ctx, e, j, tell)
}

// assessed does what follows from an assessment. What is cut off here follows from the next one.
func (s *Server) assessed(ctx context.Context, e estate.Estate) {
	for _, next := range []struct {
		what string
		do   func(context.Context, estate.Estate) error
	}{{"read what was written", s.warm}, {"propose risks", s.feed}, {"tell what changed", s.tell}} {
		if err := next.do(ctx, e); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "cannot "+next.what, "estate", e.ID, "error", err)
		}
	}
}

// warm has the first who looks not wait.
func (s *Server) warm(ctx context.Context, e estate.Estate) error { return s.history.Warm(ctx, e.ID) }

// feed proposes risks for what fails on PHI.
func (s *Server) feed(ctx context.Context, e estate.Estate) error {
	checks, failing, err := s.history.FailingPHI(ctx, e.ID, 0)
	if err != nil {
		return err
	}
	_, err = s.decisions.Feed(ctx, e.ID, checks, failing)
	return err
}

// failed tells people of an assessment that came to nothing.
func (s *Server) failed(ctx context.Context, tx bun.Tx, j estate.Job, _ error) error {
	return s.outbox.Queue(ctx, tx, notify.Event{Kind: notify.AssessmentFailed, Estate: j.Estate, Key: "assessment/" + j.Estate, Link: "/runs?estate=" + j.Estate})
}

// watch has open pages follow the jobs that run, on this server or on another one.
func (s *Server) watch() func(context.Context) error {
	last := map[string]string{}
	return func(ctx context.Context) error {
		now, err := s.estates.States(ctx)
		if err != nil {
			return err
		}
		for id, state := range now {
			if last[id] != state {
				s.live.Tell(id)
			}
		}
		last = now
		return nil
	}
}
