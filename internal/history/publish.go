package history

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// Publish makes a prepared run the newest of its estate, in the caller's transaction.
func (h *History) Publish(ctx context.Context, tx bun.Tx, r Run) error {
	estate, err := h.estateNumber(ctx, tx, r.Estate)
	if err != nil {
		return err
	}
	result, err := tx.NewRaw("UPDATE history_run SET phase = ? WHERE estate = ? AND run = ? AND token = ? AND phase = ?", published, estate,
		r.Number, r.token, prepared).Exec(ctx)
	if err != nil {
		return fmt.Errorf("publish run %d: %w", r.Number, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("publish run %d: %w", r.Number, ErrAbandoned)
	}
	return nil
}

// Clean takes away what runs left behind that were prepared and not published: of the given estates, or of all if none is given. Prepare
// does so for its own estate. The caller MUST know that no such run is being prepared elsewhere.
func (h *History) Clean(ctx context.Context, estates ...string) error {
	query := "SELECT r.estate, r.run FROM history_run r JOIN history_estate e ON e.number = r.estate WHERE r.phase IN (?, ?, ?)"
	args := []any{writing, prepared, removing}
	if len(estates) > 0 {
		query += " AND e.estate IN (?)"
		args = append(args, bun.In(estates))
	}
	var left []struct{ Estate, Run int64 }
	if err := h.db.NewRaw(query, args...).Scan(ctx, &left); err != nil {
		return fmt.Errorf("look for runs that were cut off: %w", err)
	}
	for _, one := range left {
		if err := h.remove(ctx, one.Estate, one.Run); err != nil {
			return fmt.Errorf("take away run %d, which was cut off: %w", one.Run, err)
		}
	}
	return nil
}

// tables that hold spans, and what tells the rows of one run apart.
var tables = map[string]string{"history_subject": "name", "history_detail": "name", "history_part": "section, name"}

// remove takes a run away that was not published: first nobody may write to it, then what it closed holds again and what it said goes,
// and the run itself last, so that what is cut off here is done again.
func (h *History) remove(ctx context.Context, estate, run int64) error {
	taken := func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE history_run SET phase = ?, token = '' WHERE estate = ? AND run = ? AND phase <> ?", removing, estate, run,
			published).Exec(ctx)
		return err
	}
	if err := h.db.Do(ctx, taken); err != nil {
		return err
	}
	for table, key := range tables {
		if err := h.deleteRows(ctx, table, key, "since", estate, run); err != nil {
			return err
		}
		reopen := fmt.Sprintf("UPDATE %[1]s SET until = ? WHERE estate = ? AND until = ? AND (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE estate = ? "+
			"AND until = ? LIMIT ?)", table, key)
		if err := h.repeat(ctx, reopen, int64(forever), estate, run, estate, run, perChunk); err != nil {
			return err
		}
	}
	return h.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM history_run WHERE estate = ? AND run = ? AND phase = ?", estate, run, removing).Exec(ctx)
		return err
	})
}

// deleteRows deletes the rows of an estate that begin or end with a run.
func (h *History) deleteRows(ctx context.Context, table, key, column string, estate, run int64) error {
	query := fmt.Sprintf("DELETE FROM %[1]s WHERE estate = ? AND %[3]s = ? AND (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE estate = ? AND "+
		"%[3]s = ? LIMIT ?)", table, key, column)
	return h.repeat(ctx, query, estate, run, estate, run, perChunk)
}

// repeat runs a statement, each time in a transaction of its own, until it changes nothing.
func (h *History) repeat(ctx context.Context, query string, args ...any) error {
	for {
		var n int64
		err := h.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
			result, err := tx.NewRaw(query, args...).Exec(ctx)
			if err != nil {
				return err
			}
			n, err = result.RowsAffected()
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// Prune deletes what only runs before a time say. It refuses, with ErrKept, what is younger than the retention; the newest run is kept
// whatever its age. It returns how many runs are gone.
func (h *History) Prune(ctx context.Context, estate string, before time.Time) (int, error) {
	if before.After(h.now().Add(-h.retention)) {
		return 0, fmt.Errorf("delete the history before %s: %w for %d days", before.UTC().Format(time.DateOnly), ErrKept,
			int(h.retention.Hours()/24))
	}
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil || number == 0 {
		return 0, err
	}
	var gone int64
	var first int64 // the first run that is kept
	err = h.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewRaw("SELECT coalesce(min(run), 0) FROM history_run WHERE estate = ? AND phase = ? AND (at >= ? OR run = (SELECT max(run) "+
			"FROM history_run WHERE estate = ? AND phase = ?))", number, published, state.Millis(before), number, published).Scan(ctx, &first); err != nil {
			return err
		}
		result, err := tx.NewRaw("UPDATE history_run SET phase = ?, body = '' WHERE estate = ? AND run < ? AND phase = ?", pruned, number, first,
			published).Exec(ctx)
		if err != nil {
			return err
		}
		if gone, err = result.RowsAffected(); err != nil {
			return err
		}
		// Before their rows, without which what comes after could not be made of them.
		_, err = tx.NewRaw("DELETE FROM history_image WHERE estate = ? AND run < ?", number, first).Exec(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete the history: %w", err)
	}
	h.images.forget(number, first)
	for table, key := range tables {
		for {
			var runs []int64
			if err := h.db.NewRaw("SELECT min(until) FROM "+table+" WHERE estate = ? HAVING min(until) <= ?", number, first).Scan(ctx, &runs); err != nil {
				return int(gone), fmt.Errorf("delete the history: %w", err)
			}
			if len(runs) == 0 {
				break
			}
			if err := h.deleteRows(ctx, table, key, "until", number, runs[0]); err != nil {
				return int(gone), fmt.Errorf("delete the history: %w", err)
			}
		}
	}
	return int(gone), nil
}
