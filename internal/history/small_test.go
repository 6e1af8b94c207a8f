package history_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		first := store(t, db, h, "e", g.Assess())
		if bytes := first.Stored.Bytes / (resources * madeChecks); bytes > 60 {
			t.Errorf("a finding takes %d bytes", bytes)
		}
		for range days - 1 {
			g.Pass(5)
			r := store(t, db, h, "e", g.Assess())
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

// TestAllChanges proves that programs get more changes than a page has, of the same comparison, and no more than they ask for.
func TestAllChanges(t *testing.T) {
	db := statetest.SQLite(t)
	h := history.New(db, history.Options{})
	g := newGenerator(2000)
	store(t, db, h, "e", g.Assess())
	g.Pass(200)
	store(t, db, h, "e", g.Assess())
	page, err := h.Changes(t.Context(), "e", 1, 2, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.AllChanges(t.Context(), "e", 1, 2, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Worse) != 500 || len(all.Worse) <= 500 || len(all.Worse) != all.Counts.Worse || len(all.Better) != all.Counts.Better || page.Counts != all.Counts {
		t.Errorf("a page has %d that are worse, all are %d; counted %+v and %+v", len(page.Worse), len(all.Worse), page.Counts, all.Counts)
	}
	if diff := cmp.Diff(page.Worse, all.Worse[:len(page.Worse)]); diff != "" {
		t.Error(diff)
	}
	few, err := h.AllChanges(t.Context(), "e", 1, 2, 7)
	if err != nil || len(few.Worse) != 7 {
		t.Errorf("%d of 7, %v", len(few.Worse), err)
	}
}
