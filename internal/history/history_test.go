package history_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report/reporttest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// store prepares and publishes an assessment.
func store(t testing.TB, db *state.DB, h *history.History, estate string, a *assessment.Assessment) history.Run {
	t.Helper()
	r, err := h.Prepare(context.Background(), estate, history.RunMeta{Started: a.AssessedAt.Add(-time.Minute), Ended: a.AssessedAt, Cause: "demand"}, a)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, db, h, r)
	return r
}

func publish(t testing.TB, db *state.DB, h *history.History, r history.Run) {
	t.Helper()
	if err := db.Do(context.Background(), func(ctx context.Context, tx bun.Tx) error { return h.Publish(ctx, tx, r) }); err != nil {
		t.Fatal(err)
	}
}

// same compares two assessments, whatever the order of their findings and whether lists are empty or nil.
func same(want, got *assessment.Assessment) string {
	byID := cmpopts.SortSlices(func(a, b assessment.Finding) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Resource.ID, b.Resource.ID), cmp.Compare(a.Location.Line, b.Location.Line))
	})
	return gocmp.Diff(want, got, byID, cmpopts.EquateEmpty())
}

// TestReassemble proves that an assessment comes back as it was stored, also from a run before the newest.
func TestReassemble(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := history.New(db, history.Options{})
		g := newGenerator(300)
		all := []*assessment.Assessment{reporttest.Clinic(), reporttest.Hostile(), g.Assess()}
		g.Pass(100)
		all = append(all, g.Assess(), reporttest.Clinic())
		for i, a := range all {
			a.AssessedAt = firstDay.AddDate(0, 0, i)
			if r := store(t, db, h, "e", a); r.Number != int64(i+1) {
				t.Errorf("run %d has the number %d", i+1, r.Number)
			}
		}
		for i, a := range all {
			got, err := h.Reassemble(context.Background(), "e", int64(i+1))
			if err != nil {
				t.Fatal(err)
			}
			if i == 3 { // what did not change was read again by this run
				for n := range a.Findings {
					a.Findings[n].Location.Call.At = got.Findings[0].Location.Call.At
				}
			}
			if i == 1 { // holds bytes that are no text, which JSON cannot hold either
				a, got = throughJSON(t, a), throughJSON(t, got)
			}
			if diff := same(a, got); diff != "" {
				t.Errorf("run %d (-want +got):\n%s", i+1, diff)
			}
		}
	})
}

func throughJSON(t *testing.T, a *assessment.Assessment) *assessment.Assessment {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	read := &assessment.Assessment{}
	if err := json.Unmarshal(b, read); err != nil {
		t.Fatal(err)
	}
	return read
}

// TestUnchanged proves that what stays as it is costs no row, whenever it was read and in whatever order.
func TestUnchanged(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := history.New(db, history.Options{})
		g := newGenerator(200)
		if r := store(t, db, h, "e", g.Assess()); r.Stored.Added < 400 {
			t.Errorf("the first run added %d rows, want two for each of 200 resources and more", r.Stored.Added)
		}
		before := rows(t, db)
		g.Pass(0)
		a := g.Assess()
		slices.Reverse(a.Findings)
		if r := store(t, db, h, "e", a); r.Stored != (history.Stored{}) {
			t.Errorf("an unchanged estate cost %+v", r.Stored)
		}
		if after := rows(t, db); !slices.Equal(before, after) {
			t.Errorf("there were %v rows, and are %v", before, after)
		}
	})
}

func rows(t *testing.T, db *state.DB) []int {
	t.Helper()
	var counts []int
	for _, table := range []string{"history_subject", "history_detail", "history_part", "history_word"} {
		var n int
		if err := db.NewRaw("SELECT count(*) FROM "+table).Scan(context.Background(), &n); err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	return counts
}

// TestHalfWritten proves that nobody sees a run before it is published, that one which was not is taken away whole, and that its writer
// can do no harm after that.
func TestHalfWritten(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		h := history.New(db, history.Options{})
		g := newGenerator(300)
		first := g.Assess()
		store(t, db, h, "e", first)
		before := rows(t, db)
		g.Pass(100)
		left, err := h.Prepare(ctx, "e", history.RunMeta{}, g.Assess())
		if err != nil {
			t.Fatal(err)
		}
		see := func() {
			t.Helper()
			if r, err := h.Run(ctx, "e", 0); err != nil || r.Number != 1 {
				t.Errorf("the newest run is %d, %v", r.Number, err)
			}
			if _, err := h.Run(ctx, "e", 2); !errors.Is(err, history.ErrNone) {
				t.Errorf("a run that is not published: %v", err)
			}
			got, err := h.Reassemble(ctx, "e", 0)
			if err != nil {
				t.Fatal(err)
			}
			if got.AssessedAt != first.AssessedAt || len(got.Findings) != len(first.Findings) || got.Summary.Findings[assessment.Fail] !=
				first.Summary.Findings[assessment.Fail] {
				t.Error("the published run is not as it was")
			}
		}
		see()
		if err := h.Clean(ctx); err != nil {
			t.Fatal(err)
		}
		see()
		after := rows(t, db)
		if before[0] != after[0] || before[1] != after[1] || before[2] != after[2] {
			t.Errorf("there were %v rows, and are %v", before, after)
		}
		err = db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return h.Publish(ctx, tx, left) })
		if !errors.Is(err, history.ErrAbandoned) {
			t.Errorf("a run that was taken away is published: %v", err)
		}
		if r := store(t, db, h, "e", g.Assess()); r.Number != 2 {
			t.Errorf("the next run has the number %d", r.Number)
		}
	})
}
