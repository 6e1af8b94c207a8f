package estate

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/state"
)

// JobState is how far a job is.
type JobState string

// The states of a job.
const (
	Waiting JobState = "waiting"
	Running JobState = "running"
	Done    JobState = "done"
	Failed  JobState = "failed"
)

// lease is how long a worker holds a job without a sign of life; then another one may take it.
const lease = 2 * time.Minute

// maxAttempts is how often a job is begun whose workers die.
const maxAttempts = 3

// Progress is how far an assessment is.
type Progress struct {
	Step  string `json:"step"` // "reading", "judging", "keeping"
	What  string `json:"what,omitempty"`
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Job is one assessment that is wanted, under way or over.
type Job struct {
	bun.BaseModel `bun:"table:job" json:"-"`

	ID       string   `bun:",pk" json:"id"`
	Estate   string   `json:"estate"`
	State    JobState `json:"state" enum:"waiting,running,done,failed"`
	Reason   string   `json:"reason" doc:"schedule or demand"`
	ByID     string   `json:"-"`
	ByName   string   `json:"by"`
	Created  int64    `json:"-"`
	Started  int64    `json:"-"`
	Ended    int64    `json:"-"`
	Attempt  int64    `json:"attempt"`
	Worker   string   `json:"-"`
	Lease    int64    `json:"-"`
	Progress string   `json:"-"`
	Fault    string   `json:"fault,omitempty" doc:"Why it failed"`
	Run      int64    `json:"run,omitempty" doc:"The number of the assessment that came of it"`
}

// How tells how far the job is.
func (j Job) How() (p Progress) {
	if err := json.Unmarshal([]byte(j.Progress), &p); err != nil {
		return Progress{}
	}
	return p
}

// ErrRunning is the error of an assessment that is wanted while one waits or runs.
var ErrRunning = errors.New("an assessment of this estate waits or runs already")

// Want asks for an assessment of an estate, in the name of who acts in ctx. One that waits or runs already is returned with ErrRunning.
func (s *Store) Want(ctx context.Context, estate, reason string) (Job, error) {
	if _, err := s.Get(ctx, estate); err != nil {
		return Job{}, err
	}
	j := s.job(access.From(ctx), estate, reason)
	err := s.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &j) })
	if errors.Is(err, ErrRunning) {
		open, found, err := s.Current(ctx, estate)
		if err == nil && found {
			return open, ErrRunning
		}
		return open, errors.Join(err, ErrRunning)
	}
	return j, err
}

func (s *Store) job(by access.Actor, estate, reason string) Job {
	return Job{ID: state.NewID(), Estate: estate, State: Waiting, Reason: reason, ByID: by.ID, ByName: by.Name,
		Created: state.Millis(s.now()), Progress: "{}"}
}

func insert(ctx context.Context, tx bun.Tx, j *Job) error {
	var open int
	if err := tx.NewRaw("SELECT count(*) FROM job WHERE estate = ? AND state IN ('waiting', 'running')", j.Estate).Scan(ctx, &open); err != nil {
		return err
	}
	if open > 0 {
		return ErrRunning
	}
	_, err := tx.NewInsert().Model(j).Exec(ctx)
	if state.Exists(err) {
		return ErrRunning
	}
	return err
}

// Current returns the job of an estate that waits or runs.
func (s *Store) Current(ctx context.Context, estate string) (j Job, found bool, err error) {
	err = s.db.NewSelect().Model(&j).Where("estate = ? AND state IN ('waiting', 'running')", estate).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	return j, err == nil, err
}

// Jobs returns the newest jobs of an estate, at most limit.
func (s *Store) Jobs(ctx context.Context, estate string, limit int64) ([]Job, error) {
	var jobs []Job
	return jobs, s.db.NewSelect().Model(&jobs).Where("estate = ?", estate).Order("created DESC", "id DESC").Limit(limit).Scan(ctx)
}

// Schedule makes jobs of the estates whose time has come.
func (s *Store) Schedule(ctx context.Context) error {
	now := s.now()
	var due []row
	if err := s.db.NewSelect().Model(&due).Where("removed = 0 AND next > 0 AND next <= ?", state.Millis(now)).Scan(ctx); err != nil {
		return fmt.Errorf("read what is due: %w", err)
	}
	for _, r := range due {
		e, err := r.estate()
		if err != nil {
			return err
		}
		// Times that passed while nothing ran are not made up for.
		next := e.Next
		for !next.After(now) {
			next = next.Add(time.Duration(max(e.Hours, 1)) * time.Hour)
		}
		j := s.job(access.Program, e.ID, "schedule")
		err = s.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
			done, err := tx.NewRaw("UPDATE estate SET next = ? WHERE id = ? AND next = ?", state.Millis(next), e.ID, r.Next).Exec(ctx)
			if err := oneRow(done, err, ErrChanged); err != nil {
				return err
			}
			if err := insert(ctx, tx, &j); !errors.Is(err, ErrRunning) {
				return err
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrChanged) { // which another server did before
			return fmt.Errorf("schedule %s: %w", e.ID, err)
		}
	}
	return nil
}

// Claim gives a worker the oldest job that waits, or whose worker has died. A job that was begun too often fails.
func (s *Store) Claim(ctx context.Context, worker string) (j Job, found bool, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		j, found = Job{}, false
		now := state.Millis(s.now())
		q := tx.NewSelect().Model(&j).Where("state = 'waiting' OR state = 'running' AND lease < ?", now).Order("created").Limit(1)
		if s.db.Postgres() {
			q = q.For("UPDATE SKIP LOCKED")
		}
		if err := q.Scan(ctx); errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		if j.Attempt == maxAttempts {
			j.State, j.Ended = Failed, now
			j.Fault = fmt.Sprintf("it was begun %d times, and each time the server was stopped or killed before it ended", maxAttempts)
		} else {
			j.State, j.Attempt, j.Worker, j.Lease = Running, j.Attempt+1, worker, now+lease.Milliseconds()
			j.Started, found = now, true
		}
		_, err := tx.NewUpdate().Model(&j).WherePK().Exec(ctx)
		return err
	})
	return j, found, err
}

// Recover lets go of the jobs that run, so that they need not wait until the lease of a worker that was killed is over. The caller MUST be the
// only server of the state.
func (s *Store) Recover(ctx context.Context) error {
	_, err := s.db.NewRaw("UPDATE job SET lease = 0 WHERE state = 'running'").Exec(ctx)
	if err != nil {
		return fmt.Errorf("take over what was cut off: %w", err)
	}
	return nil
}

// ErrLost is the error of a worker whose lease another one has taken.
var ErrLost = errors.New("another worker has taken this assessment")

// Hold keeps a job and tells how far it is. ErrLost means that the worker must stop.
func (s *Store) Hold(ctx context.Context, j Job, p Progress) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	done, err := s.db.NewRaw("UPDATE job SET lease = ?, progress = ? WHERE id = ? AND worker = ? AND attempt = ? AND state = 'running'",
		state.Millis(s.now().Add(lease)), string(body), j.ID, j.Worker, j.Attempt).Exec(ctx)
	return oneRow(done, err, ErrLost)
}

// End ends a job, in the transaction that publishes what came of it; fault is why nothing did.
func (s *Store) End(ctx context.Context, tx bun.IDB, j Job, run int64, fault error) error {
	outcome, text := Done, ""
	if fault != nil {
		outcome, text = Failed, fault.Error()
	}
	done, err := tx.NewRaw("UPDATE job SET state = ?, ended = ?, run = ?, fault = ? WHERE id = ? AND worker = ? AND attempt = ? AND state = 'running'",
		outcome, state.Millis(s.now()), run, text, j.ID, j.Worker, j.Attempt).Exec(ctx)
	return oneRow(done, err, ErrLost)
}

// Release lets go of a job that a worker could not end because it is being stopped, so that it is begun again at the next start.
func (s *Store) Release(ctx context.Context, j Job) error {
	_, err := s.db.NewRaw("UPDATE job SET state = 'waiting', lease = 0, attempt = attempt - 1 WHERE id = ? AND worker = ? AND attempt = ? "+
		"AND state = 'running'", j.ID, j.Worker, j.Attempt).Exec(ctx)
	return err
}

// States tells how far the newest job of each estate is, in a word that differs when anything of it does.
func (s *Store) States(ctx context.Context) (map[string]string, error) {
	var rows []struct{ Estate, Word string }
	err := s.db.NewRaw("SELECT estate, id || state || progress AS word FROM job WHERE state IN ('waiting', 'running') OR "+
		"created = (SELECT max(created) FROM job AS newer WHERE newer.estate = job.estate)").Scan(ctx, &rows)
	words := map[string]string{}
	for _, r := range rows {
		words[r.Estate] += r.Word
	}
	return words, err
}

// Counts tells how many jobs there are in each state.
func (s *Store) Counts(ctx context.Context) (map[JobState]int, error) {
	var rows []struct {
		State JobState
		N     int
	}
	err := s.db.NewRaw("SELECT state, count(*) AS n FROM job GROUP BY state").Scan(ctx, &rows)
	counts := map[JobState]int{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts, err
}
