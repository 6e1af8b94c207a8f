package history

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestFormer proves that two runs are told apart in the same way whether the earlier is read whole or only what does not stand any more, and
// that the one in which much differs is read whole.
func TestFormer(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		h := New(db, Options{})
		storeAll(t, h, season())
		whole, some := 0, 0
		for _, to := range []int64{3, 6, 12} {
			m, err := h.image(ctx, "e", to)
			if err != nil {
				t.Fatal(err)
			}
			for from := int64(1); from < to; from++ {
				earlier, err := h.Run(ctx, "e", from)
				if err != nil {
					t.Fatal(err)
				}
				all, err := h.imageOf(ctx, m.estate, earlier)
				if err != nil {
					t.Fatal(err)
				}
				rows, err := h.formerRows(ctx, m, earlier)
				if err != nil {
					t.Fatal(err)
				}
				want, err := h.compareWith(ctx, m, all, maxLimit)
				if err != nil {
					t.Fatal(err)
				}
				got, err := h.compareWith(ctx, m, rows, maxLimit)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(Run{})); diff != "" {
					t.Fatalf("from %d to %d (-whole +some):\n%s", from, to, diff)
				}
				chosen, err := h.former(ctx, m, earlier)
				if err != nil {
					t.Fatal(err)
				}
				if chosen == all {
					whole++
				} else {
					some++
				}
			}
		}
		if whole == 0 || some == 0 {
			t.Errorf("%d were read whole, %d in part", whole, some)
		}
	})
}
