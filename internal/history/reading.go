package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// stood is a part as it stood at a run.
type stood[T any] struct {
	body         T
	since, until int64
}

// parts reads a section as it stood at a run, in its order.
func parts[T any](ctx context.Context, h *History, estate, run int64, section string) ([]stood[T], error) {
	return partsBy[T](ctx, h, "estate = ? AND until > ? AND +since <= ? AND section = ? ORDER BY place", estate, run, run, section)
}

func partsBy[T any](ctx context.Context, h *History, query string, args ...any) ([]stood[T], error) {
	rows, err := h.db.QueryContext(ctx, "SELECT since, until, pack FROM history_part WHERE "+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []stood[T]{}
	for rows.Next() {
		var one stood[T]
		var pack []byte
		if err := rows.Scan(&one.since, &one.until, &pack); err != nil {
			return nil, err
		}
		body, err := unzip.DecodeAll(pack, nil)
		if err != nil || json.Unmarshal(body, &one.body) != nil {
			return nil, errDamaged
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// section returns the bodies of a section at a run.
func section[T any](ctx context.Context, h *History, estate string, run int64, name string) ([]T, error) {
	number, r, err := h.find(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	list, err := parts[T](ctx, h, number, r.Number, name)
	if err != nil {
		return nil, fmt.Errorf("read the %ss of run %d: %w", name, r.Number, err)
	}
	return bodies(list), nil
}

func bodies[T any](list []stood[T]) []T {
	all := make([]T, 0, len(list))
	for _, one := range list {
		all = append(all, one.body)
	}
	return all
}

// Safeguards returns all safeguards of a run in the order of the framework.
func (h *History) Safeguards(ctx context.Context, estate string, run int64) ([]assessment.Safeguard, error) {
	return section[assessment.Safeguard](ctx, h, estate, run, sectionSafeguard)
}

// Safeguard returns one safeguard of a run.
func (h *History) Safeguard(ctx context.Context, estate string, run int64, citation string) (assessment.Safeguard, error) {
	number, r, err := h.find(ctx, estate, run)
	if err != nil {
		return assessment.Safeguard{}, err
	}
	list, err := partsBy[assessment.Safeguard](ctx, h, "estate = ? AND section = ? AND name = ? AND +since <= ? AND +until > ?", number,
		sectionSafeguard, []byte(citation), r.Number, r.Number)
	if err != nil {
		return assessment.Safeguard{}, fmt.Errorf("read safeguard %s of run %d: %w", citation, r.Number, err)
	}
	if len(list) == 0 {
		return assessment.Safeguard{}, ErrNone
	}
	return list[0].body, nil
}

// Views returns the other orders on the safeguards.
func (h *History) Views(ctx context.Context, estate string, run int64) ([]assessment.View, error) {
	return section[assessment.View](ctx, h, estate, run, sectionView)
}

// Notices returns what the reader of a run must know besides.
func (h *History) Notices(ctx context.Context, estate string, run int64) ([]assessment.Notice, error) {
	return section[assessment.Notice](ctx, h, estate, run, sectionNotice)
}

// Checks returns the texts of the checks that findings of a run name, sorted by id.
func (h *History) Checks(ctx context.Context, estate string, run int64) ([]assessment.Check, error) {
	return section[assessment.Check](ctx, h, estate, run, sectionCheck)
}

// Gaps returns what could not be read, and which grants would close it.
func (h *History) Gaps(ctx context.Context, estate string, run int64) ([]OpenGap, error) {
	number, r, err := h.find(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	list, err := parts[assessment.Gap](ctx, h, number, r.Number, sectionGap)
	if err != nil {
		return nil, fmt.Errorf("read the gaps of run %d: %w", r.Number, err)
	}
	times, err := h.times(ctx, number)
	if err != nil {
		return nil, err
	}
	gaps := make([]OpenGap, 0, len(list))
	for _, one := range list {
		gaps = append(gaps, OpenGap{Gap: one.body, SinceRun: one.since, Since: state.Time(times[one.since])})
	}
	return gaps, nil
}

// times returns when the runs of an estate assessed, those that were pruned too.
func (h *History) times(ctx context.Context, estate int64) (map[int64]int64, error) {
	var runs []struct{ Run, At int64 }
	if err := h.db.NewRaw("SELECT run, at FROM history_run WHERE estate = ?", estate).Scan(ctx, &runs); err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	times := make(map[int64]int64, len(runs))
	for _, one := range runs {
		times[one.Run] = one.At
	}
	return times, nil
}

// spells turns spans, the oldest first, into spells within the runs that are kept, the newest first. What follows without a break and says
// the same is one spell.
func (h *History) spells(ctx context.Context, estate int64, spans []span) ([]Spell, error) {
	var bounds []struct{ First, Last int64 }
	if err := h.db.NewRaw("SELECT min(run) AS first, max(run) AS last FROM history_run WHERE estate = ? AND phase = ? HAVING count(*) > 0", estate,
		published).Scan(ctx, &bounds); err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	times, err := h.times(ctx, estate)
	if err != nil || len(bounds) == 0 {
		return nil, err
	}
	first, last := bounds[0].First, bounds[0].Last
	list := []Spell{}
	add := func(s Spell) {
		if n := len(list); n > 0 && list[n-1].Status == s.Status && list[n-1].ToRun+1 == s.FromRun {
			list[n-1].ToRun, list[n-1].Reasons, list[n-1].Counts = s.ToRun, s.Reasons, s.Counts
			return
		}
		list = append(list, s)
	}
	next := first
	for _, one := range spans {
		from, to := max(one.since, first), min(one.until-1, last)
		if from > to {
			continue
		}
		if from > next && len(list) > 0 {
			add(Spell{FromRun: next, ToRun: from - 1})
		}
		one.Spell.FromRun, one.Spell.ToRun = from, to
		add(one.Spell)
		next = to + 1
	}
	if next <= last && len(list) > 0 {
		add(Spell{FromRun: next, ToRun: last})
	}
	for i := range list {
		list[i].From, list[i].To = state.Time(times[list[i].FromRun]), state.Time(times[list[i].ToRun])
	}
	slices.Reverse(list)
	return list, nil
}

// span is a spell before its times are known.
type span struct {
	Spell
	since, until int64
}

// SafeguardHistory returns the outcomes of a safeguard over all runs, the newest first.
func (h *History) SafeguardHistory(ctx context.Context, estate, citation string) ([]Spell, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil {
		return nil, err
	}
	list, err := partsBy[struct {
		Status   string
		Reasons  []string
		Findings map[assessment.Status]int
	}](ctx, h, "estate = ? AND section = ? AND name = ? ORDER BY +since", number, sectionSafeguard, []byte(citation))
	if err != nil {
		return nil, fmt.Errorf("read the history of safeguard %s: %w", citation, err)
	}
	spans := make([]span, 0, len(list))
	for _, one := range list {
		spans = append(spans, span{Spell{Status: one.body.Status, Reasons: one.body.Reasons, Counts: one.body.Findings}, one.since, one.until})
	}
	return h.spells(ctx, number, spans)
}
