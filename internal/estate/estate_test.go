package estate_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// clock is set by tests.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *clock) time() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
}

func each(t *testing.T, test func(t *testing.T, ctx context.Context, s *estate.Store, db *state.DB, log *recordtest.Log, c *clock)) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
		k, log := recordtest.Open(t, db, c.time)
		test(t, recordtest.As("ada@example.org", access.Administrator), estate.Open(db, k, c.time, nil), db, log, c)
	})
}

var clinic = estate.Estate{Name: "The Clinic", Hours: 6, Sources: []estate.Source{{Type: estate.Folder, Path: "/srv/clinic"}}}

// TestDeclare proves that an estate is kept as it was declared, that each change is recorded, and that nobody overwrites what somebody
// else has changed.
func TestDeclare(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *estate.Store, _ *state.DB, log *recordtest.Log, _ *clock) {
		e, err := s.Create(ctx, clinic)
		if err != nil || e.ID != "the-clinic" || e.Version != 1 || e.Next.IsZero() {
			t.Fatalf("%+v, %v", e, err)
		}
		if _, err := s.Create(ctx, clinic); !errors.Is(err, estate.ErrExists) {
			t.Errorf("a second one of the name: %v", err)
		}
		changed := e
		changed.Hours = 0
		if changed, err = s.Change(ctx, changed); err != nil || changed.Version != 2 || !changed.Next.IsZero() {
			t.Errorf("%+v, %v", changed, err)
		}
		if _, err := s.Change(ctx, e); !errors.Is(err, estate.ErrChanged) {
			t.Errorf("a change of the old version: %v", err)
		}
		if err := s.Remove(ctx, e.ID, 2); err != nil {
			t.Error(err)
		}
		if _, err := s.Get(ctx, e.ID); !errors.Is(err, estate.ErrNotFound) {
			t.Errorf("after it was removed: %v", err)
		}
		var verbs []string
		for _, entry := range log.Entries(t) {
			if entry.Kind != record.Configuration || entry.Estate != "the-clinic" || entry.Actor.Name != "ada@example.org" || entry.Digests["body"] == "" {
				t.Errorf("entry %+v", entry)
			}
			verbs = append(verbs, entry.Verb)
		}
		if got := strings.Join(verbs, " "); got != "create change remove" {
			t.Errorf("recorded %q", got)
		}
	})
}

// TestMistakes proves that each mistake in a declaration is told with its field, and that folders stay below the roots.
func TestMistakes(t *testing.T) {
	db := statetest.SQLite(t)
	k, _ := recordtest.Open(t, db, nil)
	root := t.TempDir()
	s := estate.Open(db, k, time.Now, []string{root})
	tests := map[string]estate.Estate{
		"name":                  {Sources: []estate.Source{{Type: estate.AWS}}},
		"sources":               {Name: "a"},
		"hours":                 {Name: "a", Hours: -1, Sources: []estate.Source{{Type: estate.AWS}}},
		"sources[0].type":       {Name: "a", Sources: []estate.Source{{Type: "ftp"}}},
		"sources[0].path":       {Name: "a", Sources: []estate.Source{{Type: estate.Folder, Path: root + "/../etc"}}},
		"sources[0].url":        {Name: "a", Sources: []estate.Source{{Type: estate.Repository, URL: "https://me:secret@example.org/x.git"}}},
		"sources[0].role":       {Name: "a", Sources: []estate.Source{{Type: estate.AWS, Role: "Reader"}}},
		"sources[0].kubeconfig": {Name: "a", Sources: []estate.Source{{Type: estate.Kubernetes, Kubeconfig: "config"}}},
		"config":                {Name: "a", Config: "/etc/ward.yaml", Sources: []estate.Source{{Type: estate.AWS}}},
	}
	for field, e := range tests {
		_, err := s.Create(recordtest.As("ada"), e)
		var fault *estate.Fault
		if !errors.As(err, &fault) || fault.Field != field {
			t.Errorf("%s: got %+v, %v", field, fault, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells a password: %v", err)
		}
	}
	if _, err := s.Create(recordtest.As("ada"), estate.Estate{Name: "a",
		Sources: []estate.Source{{Type: estate.Folder, Path: root + "/infra"}}}); err != nil {
		t.Errorf("a folder below the root: %v", err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(root, "infra")); err != nil {
		t.Fatal(err)
	}
	if s.Inside(filepath.Join(root, "infra")) {
		t.Error("a link that leads out, which the folder became later, is taken for a folder below the root")
	}
}

// TestOnce proves that of many who want an assessment of one estate, on however many machines, one gets it, and one worker does it.
func TestOnce(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *estate.Store, _ *state.DB, _ *recordtest.Log, _ *clock) {
		e, err := s.Create(ctx, clinic)
		if err != nil {
			t.Fatal(err)
		}
		var mutex sync.Mutex
		got := map[string]int{}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				j, err := s.Want(ctx, e.ID, "demand")
				mutex.Lock()
				defer mutex.Unlock()
				if err != nil && !errors.Is(err, estate.ErrRunning) {
					t.Error(err)
				}
				if err == nil {
					got["wanted"]++
				}
				got[j.ID]++
			})
		}
		all.Wait()
		if got["wanted"] != 1 || len(got) != 2 {
			t.Errorf("got %v; want one job that all are told of", got)
		}
		claimed := 0
		for _, worker := range []string{"a", "b", "c", "d"} {
			all.Go(func() {
				_, found, err := s.Claim(ctx, worker)
				mutex.Lock()
				defer mutex.Unlock()
				if err != nil {
					t.Error(err)
				}
				if found {
					claimed++
				}
			})
		}
		all.Wait()
		if claimed != 1 {
			t.Errorf("%d workers got the job", claimed)
		}
	})
}

// TestSchedule proves that what is due becomes one job, that times at which nothing ran are not made up for, and that a job of a worker
// that died goes to another one, but not for ever.
func TestSchedule(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *estate.Store, db *state.DB, _ *recordtest.Log, c *clock) {
		e, err := s.Create(ctx, clinic)
		if err != nil {
			t.Fatal(err)
		}
		c.add(49 * time.Hour)
		for range 2 {
			if err := s.Schedule(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if e, err = s.Get(ctx, e.ID); err != nil || !e.Next.Equal(c.time().Add(5*time.Hour)) {
			t.Errorf("next at %v, %v; now %v", e.Next, err, c.time())
		}
		first, found, err := s.Claim(ctx, "a")
		if err != nil || !found || first.Reason != "schedule" {
			t.Fatalf("%+v, %v, %v", first, found, err)
		}
		c.add(time.Minute)
		if err := s.Hold(ctx, first, estate.Progress{Step: "reading", Done: 1, Total: 2}); err != nil {
			t.Error(err)
		}
		if open, _, err := s.Current(ctx, e.ID); err != nil || open.How().Total != 2 {
			t.Errorf("%+v, %v", open, err)
		}
		c.add(3 * time.Minute)
		second, found, err := s.Claim(ctx, "b")
		if err != nil || !found || second.ID != first.ID {
			t.Fatalf("%+v, %v, %v", second, found, err)
		}
		if err := s.Hold(ctx, first, estate.Progress{}); !errors.Is(err, estate.ErrLost) {
			t.Errorf("the worker that was thought dead: %v", err)
		}
		if err := s.End(ctx, db, first, 1, nil); !errors.Is(err, estate.ErrLost) {
			t.Errorf("the worker that was thought dead ends the job: %v", err)
		}
		if err := s.Recover(ctx); err != nil {
			t.Fatal(err)
		}
		c.add(time.Millisecond)
		if third, found, err := s.Claim(ctx, "c"); err != nil || !found || third.Attempt != 3 {
			t.Errorf("after the only server was killed: %+v, %v, %v", third, found, err)
		}
		c.add(3 * time.Minute)
		if _, found, err := s.Claim(ctx, "d"); err != nil || found {
			t.Errorf("a fourth attempt: %v, %v", found, err)
		}
		jobs, err := s.Jobs(ctx, e.ID, 10)
		if err != nil || len(jobs) != 1 || jobs[0].State != estate.Failed || jobs[0].Fault == "" {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}

// TestWorker proves that a job is done, that a fault and a panic end in a failed job and not in a dead server, and that what is cut off by a
// stop of the server is begun again.
func TestWorker(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *estate.Store, db *state.DB, _ *recordtest.Log, _ *clock) {
		e, err := s.Create(ctx, clinic)
		if err != nil {
			t.Fatal(err)
		}
		var acts []estate.Assess
		// It goes on for a while after it has ended the job, which must not look as if another worker had taken it.
		end := func(ctx context.Context, _ estate.Estate, j estate.Job, tell func(estate.Progress)) error {
			if err := s.End(ctx, db, j, 7, nil); err != nil {
				return err
			}
			tell(estate.Progress{Step: "keeping"})
			time.Sleep(1500 * time.Millisecond)
			return nil
		}
		stopped := make(chan struct{})
		acts = append(acts,
			func(context.Context, estate.Estate, estate.Job, func(estate.Progress)) error {
				return errors.New("no credentials")
			},
			func(context.Context, estate.Estate, estate.Job, func(estate.Progress)) error { panic("oh") },
			func(ctx context.Context, _ estate.Estate, _ estate.Job, _ func(estate.Progress)) error {
				close(stopped)
				<-ctx.Done()
				return ctx.Err()
			}, end)
		told, done := 0, make(chan bool, 1)
		w := estate.Worker{Store: s, Log: slog.New(slog.DiscardHandler), Pause: 10 * time.Millisecond,
			Assess: func(ctx context.Context, e estate.Estate, j estate.Job, tell func(estate.Progress)) error {
				act := acts[0]
				acts = acts[1:]
				return act(ctx, e, j, tell)
			},
			Done:   func(ctx context.Context, _ estate.Estate) { done <- ctx.Err() == nil },
			Failed: func(context.Context, bun.Tx, estate.Job, error) error { told++; return nil }}
		run := func(until func() bool) {
			working, stop := context.WithCancel(context.Background())
			var all sync.WaitGroup
			all.Go(func() { w.Run(working) })
			for range 500 {
				if until() {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			all.Wait()
		}
		ended := func() bool {
			_, open, err := s.Current(ctx, e.ID)
			if err != nil {
				t.Error(err)
			}
			return !open
		}
		for _, fault := range []string{"no credentials", "a fault of ward itself"} {
			if _, err := s.Want(ctx, e.ID, "demand"); err != nil && !errors.Is(err, estate.ErrRunning) {
				t.Fatal(err)
			}
			run(ended)
			if jobs, err := s.Jobs(ctx, e.ID, 1); err != nil || jobs[0].State != estate.Failed || !strings.Contains(jobs[0].Fault, fault) {
				t.Errorf("%+v, %v; want %s", jobs, err, fault)
			}
		}
		if told != 2 {
			t.Errorf("%d faults were told", told)
		}
		if _, err := s.Want(ctx, e.ID, "demand"); err != nil {
			t.Fatal(err)
		}
		run(func() bool {
			select {
			case <-stopped:
				return true
			default:
				return false
			}
		})
		if j, open, err := s.Current(ctx, e.ID); err != nil || !open || j.State != estate.Waiting || j.Attempt != 0 {
			t.Errorf("after the stop: %+v, %v, %v", j, open, err)
		}
		run(func() bool { return len(done) > 0 })
		if !<-done {
			t.Error("what follows from a job that was done cannot be done")
		}
		if jobs, err := s.Jobs(ctx, e.ID, 1); err != nil || jobs[0].State != estate.Done || jobs[0].Run != 7 || jobs[0].ByName != "ada@example.org" {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}
