package sheet_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/sheet"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestKeep proves that a sheet holds from its run until before the next, that what is the same as before takes no room, that sorts and estates
// are apart, and that nothing is said of runs from before the first.
func TestKeep(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		const maps, grants sheet.Table = "phi_map", "grant_missing"
		keep := func(table sheet.Table, estate string, run int64, says string) {
			t.Helper()
			if err := db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return table.Keep(ctx, tx, estate, run, []string{says}) }); err != nil {
				t.Fatal(err)
			}
		}
		keep(maps, "a", 2, "one")
		keep(maps, "a", 3, "one")
		keep(maps, "a", 5, "two")
		keep(maps, "b", 4, "three")
		keep(grants, "a", 1, "four")
		read := func(table sheet.Table, estate string, run int64) string {
			t.Helper()
			var says []string
			err := table.Of(ctx, db, estate, run, &says)
			if errors.Is(err, sheet.ErrNone) {
				return "none"
			}
			if err != nil {
				t.Fatal(err)
			}
			return says[0]
		}
		var got []string
		for run := range int64(6) {
			got = append(got, read(maps, "a", run+1))
		}
		if diff := cmp.Diff([]string{"none", "one", "one", "one", "two", "two"}, got); diff != "" {
			t.Error(diff)
		}
		if read(maps, "b", 4) != "three" || read(grants, "a", 9) != "four" || read(grants, "b", 9) != "none" {
			t.Error("sorts or estates are mixed up")
		}
		var rows []int64
		if err := db.NewRaw("SELECT run FROM phi_map WHERE estate = 'a' ORDER BY run").Scan(ctx, &rows); err != nil || !cmp.Equal(rows, []int64{2, 5}) {
			t.Errorf("rows of runs %v, %v", rows, err)
		}
	})
}
