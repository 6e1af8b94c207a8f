package history

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/uptrace/bun"
)

// perKept is how many resources of which one must have changed for a run to be kept packed anew. What changed less is read from rows.
const perKept = 16

// keep keeps an image packed, if much has changed since the last one that was.
func (h *History) keep(ctx context.Context, m *image) error {
	var last, changed, ended int64
	err := h.db.NewRaw("SELECT coalesce(max(run), 0) FROM history_image WHERE estate = ?", m.estate).Scan(ctx, &last)
	if err != nil {
		return fmt.Errorf("look for packed runs: %w", err)
	}
	if last >= m.run.Number {
		return nil
	}
	if last > 0 {
		err := h.db.NewRaw("SELECT (SELECT count(*) FROM history_subject WHERE estate = ? AND since > ?), (SELECT count(*) FROM history_subject "+
			"WHERE estate = ? AND until > ? AND until <= ?)", m.estate, last, m.estate, last, m.run.Number).Scan(ctx, &changed, &ended)
		if err != nil {
			return fmt.Errorf("count what changed: %w", err)
		}
		if max(changed, ended)*perKept < int64(len(m.subjects)) {
			return nil
		}
	}
	pack, err := m.pack()
	if err != nil {
		return fmt.Errorf("pack run %d: %w", m.run.Number, err)
	}
	err = h.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO history_image (estate, run, pack) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", m.estate, m.run.Number, pack).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep run %d packed: %w", m.run.Number, err)
	}
	return nil
}

// readPacked makes a run of the last one before it that is kept packed and the rows that changed since; nil without one. What is damaged is
// as good as none: all that it says stands in rows too.
func (h *History) readPacked(ctx context.Context, m *image) (*builder, error) {
	var from []int64
	if err := h.db.NewRaw("SELECT run FROM history_image WHERE estate = ? AND run <= ? ORDER BY run DESC LIMIT 1", m.estate, m.run.Number).
		Scan(ctx, &from); err != nil || len(from) == 0 {
		return nil, err
	}
	ended, err := h.endedSince(ctx, m, from[0])
	if err != nil {
		return nil, err
	}
	// The packed run is read after that: while it is there, Prune has not deleted rows that tell what ended since.
	var pack [][]byte
	if err := h.db.NewRaw("SELECT pack FROM history_image WHERE estate = ? AND run = ?", m.estate, from[0]).Scan(ctx, &pack); err != nil || len(pack) == 0 {
		return nil, err
	}
	b := newBuilder(m)
	if err := b.unpack(pack[0]); err != nil {
		m.checks, m.subjects = nil, nil
		return nil, nil
	}
	b.drop(ended)
	b.sorted = len(b.subjects)
	err = h.readRows(ctx, b, "SELECT name, since, pack FROM history_subject WHERE estate = ? AND since > ? AND since <= ? AND +until > ?", m.estate,
		from[0], m.run.Number, m.run.Number)
	b.dropChecks()
	return b, err
}

// endedSince returns the resources of rows that stood at a run and do not stand at that of an image.
func (h *History) endedSince(ctx context.Context, m *image, run int64) (map[resourceKey]bool, error) {
	query, args := endedOf("name, pack", m, Run{Number: run})
	rows, err := h.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ended := map[resourceKey]bool{}
	var one subject
	var usual identities
	for rows.Next() {
		var key, pack []byte
		if err := rows.Scan(&key, &pack); err != nil {
			return nil, err
		}
		if err := one.unpack(pack, m.words); err != nil {
			return nil, err
		}
		ended[resourceKey{one.id, usual.own(name(key), one.id)}] = true
	}
	return ended, rows.Err()
}

// drop takes resources out, and their answers.
func (b *builder) drop(ended map[resourceKey]bool) {
	if len(ended) == 0 {
		return
	}
	subjects, answers := b.subjects[:0], uint32(0)
	for i := range b.subjects {
		s := b.subjects[i]
		if ended[s.key()] {
			for at := s.first; at < s.first+s.findings; at++ {
				b.move(at, none)
			}
			continue
		}
		for at := s.first; at < s.first+s.findings; at++ {
			b.move(at, answers+at-s.first)
		}
		s.first = answers
		answers += s.findings
		subjects = append(subjects, s)
	}
	b.subjects, b.answers = subjects, b.answers[:answers]
}

// dropChecks takes those out that nothing was asked of any more.
func (b *builder) dropChecks() {
	used := make([]bool, len(b.checks))
	for i := range b.answers {
		used[b.answers[i].check] = true
	}
	if !slices.Contains(used, false) {
		return
	}
	var left []checked
	now := make([]uint16, len(b.checks))
	for i, one := range b.checks {
		if now[i] = uint16(len(left)); used[i] {
			left = append(left, one)
		}
	}
	for i := range b.answers {
		b.answers[i].check = now[b.answers[i].check]
	}
	b.checks = left
}

// none is the place of what is dropped.
const none = math.MaxUint32

// move gives an answer another place before its own, with what only a few have.
func (b *builder) move(from, to uint32) {
	f := b.answers[from]
	if to != none {
		b.answers[to] = f
	}
	if !f.special || to == from {
		return
	}
	if id, ok := b.long[from]; ok {
		delete(b.long, from)
		if to != none {
			b.long[to] = id
		}
	}
	if id, ok := b.odd[from]; ok {
		delete(b.odd, from)
		if to != none {
			b.odd[to] = id
		}
	}
	if j, ok := b.judged[from]; ok {
		delete(b.judged, from)
		if to != none {
			b.judged[to] = j
		}
	}
}
