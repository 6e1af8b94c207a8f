package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// perChunk is how many resources one transaction writes: few enough that others wait no longer than a moment.
const perChunk = 250

// Prepare writes an assessment as a run that nobody sees before it is published. It takes no lock on an estate: the caller MUST see to it
// that one run of an estate is prepared at a time, and one that was not published is taken away by the next. Many small transactions
// are made, so it MUST NOT be called within one.
func (h *History) Prepare(ctx context.Context, estate string, meta RunMeta, a *assessment.Assessment) (Run, error) {
	r := Run{Estate: estate, RunMeta: meta, AssessedAt: a.AssessedAt.UTC(), Tool: a.Tool, Framework: a.Framework, Targets: a.Targets,
		Coverage: a.Coverage, Summary: a.Summary, Gaps: len(a.Gaps), Notices: len(a.Notices), token: state.NewID()}
	if estate == "" || a.AssessedAt.IsZero() {
		return Run{}, errors.New("store an assessment: it wants an estate and a time")
	}
	p := &preparation{History: h, run: &r, assessment: a}
	if err := p.prepare(ctx); err != nil {
		return Run{}, fmt.Errorf("store the assessment of %s: %w", a.AssessedAt.UTC().Format(time.RFC3339), err)
	}
	return r, nil
}

// preparation is one run as it is written.
type preparation struct {
	*History
	run        *Run
	assessment *assessment.Assessment
	estate     int64
	words      *words
	known      texts // the words of what stands
	before     *standing
	called     time.Time
}

func (p *preparation) prepare(ctx context.Context) error {
	groups, err := group(p.assessment)
	if err != nil {
		return err
	}
	p.run.Resources = len(groups)
	if err := p.Clean(ctx, p.run.Estate); err != nil {
		return err
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	if p.words, err = loadWords(ctx, p.db, p.estate); err != nil {
		return err
	}
	p.known = p.words.all()
	if p.before, err = p.load(ctx); err != nil {
		return err
	}
	if err := p.subjects(ctx, groups); err != nil {
		return err
	}
	if err := p.gone(ctx); err != nil {
		return err
	}
	if err := p.parts(ctx); err != nil {
		return err
	}
	return p.finish(ctx)
}

// begin takes the next number.
func (p *preparation) begin(ctx context.Context) error {
	return p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		var err error
		if p.estate, err = p.makeEstate(ctx, tx, p.run.Estate); err != nil {
			return err
		}
		if err := tx.NewRaw("SELECT coalesce(max(run), 0) + 1 FROM history_run WHERE estate = ?", p.estate).Scan(ctx, &p.run.Number); err != nil {
			return err
		}
		_, err = tx.NewRaw("INSERT INTO history_run (estate, run, token, phase, at, called, body) VALUES (?, ?, ?, ?, ?, 0, '')", p.estate,
			p.run.Number, p.run.token, writing, state.Millis(p.run.AssessedAt)).Exec(ctx)
		return err
	})
}

// write runs one transaction of the run, unless the run was taken away.
func (p *preparation) write(ctx context.Context, act func(ctx context.Context, tx bun.Tx) error) error {
	return p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		var n int
		err := tx.NewRaw("SELECT count(*) FROM history_run WHERE estate = ? AND run = ? AND token = ? AND phase = ?", p.estate, p.run.Number,
			p.run.token, writing).Scan(ctx, &n)
		switch {
		case err != nil:
			return err
		case n == 0:
			return ErrAbandoned
		}
		return act(ctx, tx)
	})
}

// chunk is what one transaction writes.
type chunk struct {
	subjects, details             [][]any
	closedSubjects, closedDetails []closing
	bytes                         int
	called                        time.Time
	err                           error
}

func (c *chunk) empty() bool {
	return len(c.subjects)+len(c.details)+len(c.closedSubjects)+len(c.closedDetails) == 0
}

// subjects writes what differs from what stands. Encoding takes most of the time, so all processors do it; a chunk is written as soon as
// those before it are.
func (p *preparation) subjects(ctx context.Context, groups []*subjectGroup) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := (len(groups) + perChunk - 1) / perChunk
	done := make([]chan *chunk, n)
	for i := range done {
		done[i] = make(chan *chunk, 1)
	}
	next := make(chan int)
	var encoders sync.WaitGroup
	defer encoders.Wait()
	defer cancel()
	for range runtime.GOMAXPROCS(0) {
		encoders.Go(func() {
			e, err := p.newEncoder()
			for i := range next {
				c := &chunk{err: err}
				if err == nil {
					c = e.chunk(groups[i*perChunk : min((i+1)*perChunk, len(groups))])
				}
				done[i] <- c
			}
		})
	}
	room := make(chan struct{}, 4*runtime.GOMAXPROCS(0)) // chunks that wait to be written
	encoders.Go(func() {
		defer close(next)
		for i := range n {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for i := range done {
		select {
		case c := <-done[i]:
			if err := p.writeChunk(ctx, c); err != nil {
				return err
			}
			<-room
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

var (
	subjectColumns = []string{"estate", "since", "name", "until", "pack"}
	detailColumns  = []string{"estate", "since", "name", "until", "digest", "pack"}
)

func (p *preparation) writeChunk(ctx context.Context, c *chunk) error {
	if c.err != nil {
		return c.err
	}
	if c.called.After(p.called) {
		p.called = c.called
	}
	if c.empty() {
		return nil
	}
	p.run.Stored.Added += len(c.subjects) + len(c.details)
	p.run.Stored.Closed += len(c.closedSubjects) + len(c.closedDetails)
	p.run.Stored.Bytes += c.bytes
	words := p.freshWords()
	return p.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insert(ctx, p.db, tx, "history_word", []string{"estate", "number", "word"}, words); err != nil {
			return err
		}
		if err := end(ctx, p.db, tx, "history_subject", p.estate, p.run.Number, c.closedSubjects); err != nil {
			return err
		}
		if err := insert(ctx, p.db, tx, "history_subject", subjectColumns, c.subjects); err != nil {
			return err
		}
		if err := end(ctx, p.db, tx, "history_detail", p.estate, p.run.Number, c.closedDetails); err != nil {
			return err
		}
		return insert(ctx, p.db, tx, "history_detail", detailColumns, c.details)
	})
}

func (p *preparation) freshWords() [][]any {
	first, list := p.words.fresh()
	rows := make([][]any, len(list))
	for i, word := range list {
		rows[i] = []any{p.estate, first + i, []byte(word)}
	}
	return rows
}

// gone closes the rows of resources that are there no more.
func (p *preparation) gone(ctx context.Context) error {
	for {
		c := &chunk{}
		for name, row := range p.before.subjects {
			if len(c.closedSubjects) == perChunk {
				break
			}
			if !row.seen.Load() {
				c.closedSubjects = append(c.closedSubjects, closing{row.since, name})
				c.closedDetails = append(c.closedDetails, closing{row.detailSince, name})
				row.seen.Store(true)
			}
		}
		if c.empty() {
			return nil
		}
		if err := p.writeChunk(ctx, c); err != nil {
			return err
		}
	}
}

// runBody is what the row of a run says besides its columns.
type runBody struct {
	Run
	Version string `json:"version"` // of the assessment
	Name    string `json:"name"`    // that it gives the estate
}

// finish says that all is written.
func (p *preparation) finish(ctx context.Context) error {
	body, err := json.Marshal(runBody{*p.run, p.assessment.Version, p.assessment.Estate})
	if err != nil {
		return err
	}
	return p.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE history_run SET phase = ?, called = ?, body = ? WHERE estate = ? AND run = ?", prepared,
			state.Millis(p.called), string(body), p.estate, p.run.Number).Exec(ctx)
		return err
	})
}
