package history_test

import (
	"context"
	"testing"
	"time"

	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestSize proves, on a twentieth of the estate of the benchmark, that a day costs rows for what changed in it and no more, that all that is
// kept of a finding is some 50 bytes a run, and that every question is answered.
func TestSize(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while; make test runs it")
	}
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		const resources, days = 5000, 4
		h := history.New(db, history.Options{})
		g := newGenerator(resources)
		first := store(t, db, h, "e", g.assess())
		if bytes := first.Stored.Bytes / (resources * madeChecks); bytes > 60 {
			t.Errorf("a finding takes %d bytes", bytes)
		}
		for range days - 1 {
			g.pass(5)
			r := store(t, db, h, "e", g.assess())
			// 5 of 1,000 findings change, each at most a row of two tables; besides the parts.
			if most := resources*madeChecks*5/1000*2 + 200; r.Stored.Added > most || r.Stored.Closed > most {
				t.Errorf("a day cost %+v, want at most %d rows", r.Stored, most)
			}
		}
		for _, q := range questions(t, h) {
			start := time.Now()
			if err := q.ask(1); err != nil {
				t.Errorf("%s: %v", q.name, err)
			}
			t.Logf("%s took %v", q.name, time.Since(start))
		}
		if err := h.Warm(context.Background(), "e"); err != nil {
			t.Error(err)
		}
	})
}
