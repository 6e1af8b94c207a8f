package phimap_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestMaps proves that a run has the map that was kept for it or last before it, that one that many look at is read once, and that it is
// another one as soon as another is kept.
func TestMaps(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		keep := func(estate string, run int64, m *phimap.Map) {
			t.Helper()
			if err := db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return phimap.Keep(ctx, tx, estate, run, m) }); err != nil {
				t.Fatal(err)
			}
		}
		of := func(left int) *phimap.Map {
			return &phimap.Map{Nodes: []phimap.Node{{ID: "t#a", Address: "a", PHI: "yes", Encrypted: "unknown"}}, Edges: []phimap.Edge{}, Left: left}
		}
		maps := phimap.NewMaps(db)
		if _, err := maps.Of(ctx, "e", 1); !errors.Is(err, phimap.ErrNone) {
			t.Errorf("without a map: %v", err)
		}
		keep("e", 1, of(0))
		keep("e", 2, of(0)) // is the same, and costs nothing
		keep("e", 4, of(1))
		var seen [6]*phimap.Map
		for run := int64(1); run <= 5; run++ {
			m, err := maps.Of(ctx, "e", run)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(of(map[bool]int{true: 1}[run >= 4]), m); diff != "" {
				t.Errorf("run %d (-want +got):\n%s", run, diff)
			}
			seen[run] = m
		}
		if seen[1] != seen[2] || seen[2] != seen[3] || seen[3] == seen[4] || seen[4] != seen[5] {
			t.Error("a map was read again, or one stands for another")
		}
		for left := range 20 {
			keep("other", int64(left+1), of(left+2))
			if m, err := maps.Of(ctx, "other", int64(left+1)); err != nil || m.Left != left+2 {
				t.Errorf("map %d: %+v, %v", left, m, err)
			}
		}
		if m, err := maps.Of(ctx, "e", 1); err != nil || m == seen[1] {
			t.Errorf("of %d maps the oldest is still at hand, %v", 22, err)
		}
	})
}
