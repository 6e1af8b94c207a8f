package history

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// In all questions a run is a number; 0 is the newest that is published. One that is not there is ErrNone.

// runRow is the row of a run.
type runRow struct {
	Estate, Run, Called int64
	Token, Body         string
}

const runColumns = "estate, run, called, token, body"

func (row runRow) decode() (runBody, error) {
	var b runBody
	if err := json.Unmarshal([]byte(row.Body), &b); err != nil {
		return b, fmt.Errorf("read run %d: %w", row.Run, errDamaged)
	}
	b.token = row.Token
	return b, nil
}

// one reads one run.
func (h *History) one(ctx context.Context, query string, args ...any) (runRow, runBody, error) {
	var rows []runRow
	if err := h.db.NewRaw("SELECT "+runColumns+" FROM history_run WHERE "+query, args...).Scan(ctx, &rows); err != nil {
		return runRow{}, runBody{}, fmt.Errorf("read the runs: %w", err)
	}
	if len(rows) == 0 {
		return runRow{}, runBody{}, ErrNone
	}
	body, err := rows[0].decode()
	return rows[0], body, err
}

// read reads a run of an estate.
func (h *History) read(ctx context.Context, estate string, run int64) (runRow, runBody, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil {
		return runRow{}, runBody{}, err
	}
	if run == 0 {
		return h.one(ctx, "estate = ? AND phase = ? ORDER BY run DESC LIMIT 1", number, published)
	}
	return h.one(ctx, "estate = ? AND run = ? AND phase = ?", number, run, published)
}

// find reads a run with the number of its estate.
func (h *History) find(ctx context.Context, estate string, run int64) (int64, Run, error) {
	row, body, err := h.read(ctx, estate, run)
	return row.Estate, body.Run, err
}

// Run returns one run.
func (h *History) Run(ctx context.Context, estate string, run int64) (Run, error) {
	_, r, err := h.find(ctx, estate, run)
	return r, err
}

// RunAt returns the newest run that assessed at or before a time.
func (h *History) RunAt(ctx context.Context, estate string, at time.Time) (Run, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil {
		return Run{}, err
	}
	_, body, err := h.one(ctx, "estate = ? AND phase = ? AND at <= ? ORDER BY at DESC, run DESC LIMIT 1", number, published, state.Millis(at))
	return body.Run, err
}

// Runs lists published runs, the newest first, from the one before a number; 0 is from the newest.
func (h *History) Runs(ctx context.Context, estate string, before int64, limit int) ([]Run, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil {
		return nil, err
	}
	if before <= 0 {
		before = forever
	}
	var rows []runRow
	if err := h.db.NewRaw("SELECT "+runColumns+" FROM history_run WHERE estate = ? AND phase = ? AND run < ? ORDER BY run DESC LIMIT ?", number,
		published, before, bounded(limit)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	list := make([]Run, 0, len(rows))
	for _, row := range rows {
		body, err := row.decode()
		if err != nil {
			return nil, err
		}
		list = append(list, body.Run)
	}
	return list, nil
}

// maxLimit bounds a page of a list.
const maxLimit = 500

func bounded(limit int) int { return min(max(limit, 1), maxLimit) }

// maxPoints bounds a trend.
const maxPoints = 200

// Trend returns a point for each run from a time until a time, the oldest first, thinned evenly to 200 if there are more; the first and
// the last are always there.
func (h *History) Trend(ctx context.Context, estate string, from, to time.Time) ([]Point, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil {
		return nil, err
	}
	var runs []int64
	if err := h.db.NewRaw("SELECT run FROM history_run WHERE estate = ? AND phase = ? AND at >= ? AND at <= ? ORDER BY run", number, published,
		state.Millis(from), state.Millis(to)).Scan(ctx, &runs); err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	points := []Point{}
	if runs = thin(runs); len(runs) == 0 {
		return points, nil
	}
	var rows []runRow
	if err := h.db.NewRaw("SELECT "+runColumns+" FROM history_run WHERE estate = ? AND run IN (?) ORDER BY run", number, bun.In(runs)).
		Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	for _, row := range rows {
		body, err := row.decode()
		if err != nil {
			return nil, err
		}
		points = append(points, Point{Run: row.Run, At: body.AssessedAt, Safeguards: body.Summary.Safeguards, Findings: body.Summary.Findings,
			FailingPHI: body.Summary.FailingPHI, Score: body.Summary.Score, Coverage: body.Coverage.Ratio, Catalog: body.Tool.CatalogDigest})
	}
	return points, nil
}

// thin keeps at most maxPoints, evenly, with the first and the last.
func thin(runs []int64) []int64 {
	n := len(runs)
	if n <= maxPoints {
		return runs
	}
	kept := make([]int64, maxPoints)
	for i := range kept {
		kept[i] = runs[i*(n-1)/(maxPoints-1)]
	}
	return kept
}
