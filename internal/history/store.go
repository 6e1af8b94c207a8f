package history

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// forever is the end of what holds.
const forever = math.MaxInt64

// Phases of a run.
const (
	writing   = 0
	prepared  = 1
	published = 2
	removing  = 3
	pruned    = 4 // its number and time stay, since what it said first may still hold
)

// perStatement is how many rows one statement writes.
const perStatement = 100

// insert writes rows with as few statements as may be. It passes arguments as the database takes them, not as text.
func insert(ctx context.Context, db *state.DB, tx bun.Tx, table string, columns []string, rows [][]any) error {
	for chunk := range slices.Chunk(rows, perStatement) {
		args := make([]any, 0, len(chunk)*len(columns))
		for _, row := range chunk {
			args = append(args, row...)
		}
		if _, err := tx.Tx.ExecContext(ctx, insertion(db.Postgres(), table, columns, len(chunk)), args...); err != nil {
			return fmt.Errorf("write %s: %w", table, err)
		}
	}
	return nil
}

func insertion(postgres bool, table string, columns []string, rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, strings.Join(columns, ", "))
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + marks(postgres, row*len(columns), len(columns)) + ")")
	}
	return b.String()
}

// marks are the places of n arguments after the first so many.
func marks(postgres bool, after, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if postgres {
			fmt.Fprintf(&b, "$%d", after+i+1)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// nameSize is that of the names of resources in rows.
const nameSize = 16

type name [nameSize]byte

// closing is a row that holds no longer.
type closing struct {
	since int64
	name  name
}

// end closes rows of a table before a run. They are told by their whole key, by as few statements as may be.
func end(ctx context.Context, db *state.DB, tx bun.Tx, table string, estate, run int64, rows []closing) error {
	slices.SortFunc(rows, func(a, b closing) int { return cmp.Compare(a.since, b.since) })
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && n < perStatement && rows[n].since == rows[0].since {
			n++
		}
		args := []any{run, estate, rows[0].since}
		for i := range rows[:n] {
			args = append(args, rows[i].name[:])
		}
		one, two, three := "?", "?", "?"
		if db.Postgres() {
			one, two, three = "$1", "$2", "$3"
		}
		query := fmt.Sprintf("UPDATE %s SET until = %s WHERE estate = %s AND since = %s AND name IN (%s)", table, one, two, three,
			marks(db.Postgres(), 3, n))
		if _, err := tx.Tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("write %s: %w", table, err)
		}
		rows = rows[n:]
	}
	return nil
}

// estateNumber returns the number of an estate, 0 if the history has nothing of it.
func (h *History) estateNumber(ctx context.Context, db bun.IDB, estate string) (int64, error) {
	var numbers []int64
	if err := db.NewRaw("SELECT number FROM history_estate WHERE estate = ?", estate).Scan(ctx, &numbers); err != nil {
		return 0, fmt.Errorf("read the history: %w", err)
	}
	if len(numbers) == 0 {
		return 0, nil
	}
	return numbers[0], nil
}

// makeEstate returns the number of an estate, which it makes if need be.
func (h *History) makeEstate(ctx context.Context, tx bun.Tx, estate string) (int64, error) {
	number, err := h.estateNumber(ctx, tx, estate)
	if err != nil || number != 0 {
		return number, err
	}
	if err := tx.NewRaw("SELECT coalesce(max(number), 0) + 1 FROM history_estate").Scan(ctx, &number); err != nil {
		return 0, err
	}
	_, err = tx.NewRaw("INSERT INTO history_estate (number, estate, assigned) VALUES (?, ?, 0)", number, estate).Exec(ctx)
	return number, err
}
