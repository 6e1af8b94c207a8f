package history_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/history/historytest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestRuns proves that estates are kept apart, that a time leads to its run, and that a trend has its first and last run.
func TestRuns(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		h := history.New(db, history.Options{})
		if _, err := h.Run(ctx, "e", 0); !errors.Is(err, history.ErrNone) {
			t.Errorf("an estate without runs: %v", err)
		}
		if err := h.Warm(ctx, "e"); err != nil {
			t.Error(err)
		}
		one, other := newGenerator(20), newGenerator(10)
		const days = 205
		for n := range days {
			a := one.Assess()
			store(t, db, h, "e", a)
			one.Day++
			if n%80 == 0 {
				store(t, db, h, "f", other.Assess())
				other.Pass(100)
			}
		}
		for estate, want := range map[string][2]int{"e": {days, 20}, "f": {3, 10}} {
			r, err := h.Run(ctx, estate, 0)
			if err != nil || r.Number != int64(want[0]) || r.Resources != want[1] {
				t.Errorf("the newest run of %s is %d of %d resources, %v", estate, r.Number, r.Resources, err)
			}
			page, err := h.Findings(ctx, estate, 0, history.Filter{}, "", 1)
			if err != nil || page.Total != want[1]*madeChecks {
				t.Errorf("%s has %d findings, %v", estate, page.Total, err)
			}
		}
		for at, want := range map[time.Time]int64{firstDay: 1, firstDay.Add(time.Hour): 1, firstDay.AddDate(0, 0, 7).Add(time.Hour): 8, firstDay.AddDate(9, 0, 0): days} {
			if r, err := h.RunAt(ctx, "e", at); err != nil || r.Number != want {
				t.Errorf("at %v the run is %d, %v; want %d", at, r.Number, err, want)
			}
		}
		if _, err := h.RunAt(ctx, "e", firstDay.Add(-time.Second)); !errors.Is(err, history.ErrNone) {
			t.Errorf("before the first run: %v", err)
		}
		points, err := h.Trend(ctx, "e", firstDay, firstDay.AddDate(1, 0, 0))
		if err != nil || len(points) != 200 || points[0].Run != 1 || points[199].Run != days || points[0].Findings[assessment.Fail] == 0 {
			t.Errorf("%d points, %v", len(points), err)
		}
		points, err = h.Trend(ctx, "e", firstDay.AddDate(0, 0, 3), firstDay.AddDate(0, 0, 5))
		if err != nil || len(points) != 3 || points[0].Run != 4 || points[2].Run != 6 {
			t.Errorf("%v, %v", points, err)
		}
		runs, err := h.Runs(ctx, "e", 11, 3)
		if err != nil || len(runs) != 3 || runs[0].Number != 10 || runs[2].Number != 8 {
			t.Errorf("%v, %v", runs, err)
		}
	})
}

// TestPrune proves that nothing goes before its time, that what stood then goes with its runs, and what still stands does not.
func TestPrune(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		now := firstDay.AddDate(0, 0, 40)
		h := history.New(db, history.Options{Retention: 30 * 24 * time.Hour, Now: func() time.Time { return now }})
		g := newGenerator(100)
		for range 20 {
			store(t, db, h, "e", g.Assess())
			g.Pass(50)
		}
		if _, err := h.Prune(ctx, "e", now.AddDate(0, 0, -29)); !errors.Is(err, history.ErrKept) {
			t.Errorf("younger than the retention: %v", err)
		}
		if _, err := history.New(db, history.Options{}).Prune(ctx, "e", firstDay.AddDate(0, 0, 5)); !errors.Is(err, history.ErrKept) {
			t.Errorf("younger than six years: %v", err)
		}
		want, err := h.Reassemble(ctx, "e", 11)
		if err != nil {
			t.Fatal(err)
		}
		before := rows(t, db)
		if n, err := h.Prune(ctx, "e", firstDay.AddDate(0, 0, 10)); err != nil || n != 10 {
			t.Errorf("%d runs are gone, %v; want 10", n, err)
		}
		got, err := h.Reassemble(ctx, "e", 11)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("a run that is kept changed (-want +got):\n%s", diff)
		}
		if after := rows(t, db); after[0] >= before[0] || after[1] >= before[1] {
			t.Errorf("there were %v rows, and are %v", before, after)
		}
		if _, err := h.Run(ctx, "e", 10); !errors.Is(err, history.ErrNone) {
			t.Errorf("a run that is gone: %v", err)
		}
		now = firstDay.AddDate(20, 0, 0)
		if n, err := h.Prune(ctx, "e", firstDay.AddDate(10, 0, 0)); err != nil || n != 9 {
			t.Errorf("%d runs are gone, %v; want all but the newest", n, err)
		}
		if runs, err := h.Runs(ctx, "e", 0, 9); err != nil || len(runs) != 1 || runs[0].Number != 20 {
			t.Errorf("%v are left, %v", runs, err)
		}
	})
}

// alter returns the assessment of a generator after some of its findings were set.
func alter(g *historytest.Generator, change func()) *assessment.Assessment {
	change()
	g.Day++
	return g.Assess()
}

// TestChanges proves that what got worse, better, unknown, new and lost between two runs is told apart, and that not knowing is never better.
func TestChanges(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		h := history.New(db, history.Options{})
		g := newGenerator(40)
		for _, r := range g.Resources {
			for i := range r.Findings {
				set(&r.Findings[i], assessment.Pass)
			}
		}
		at := func(r, f int) *assessment.Finding { return &g.Resources[r].Findings[f] }
		set(at(1, 0), assessment.Fail)
		set(at(2, 0), assessment.Fail)
		set(at(3, 0), assessment.Fail)
		set(at(4, 1), assessment.Unknown)
		set(at(5, 1), assessment.Fail)
		store(t, db, h, "e", g.Assess())
		if _, err := h.Changes(ctx, "e", 0, 0, 10); !errors.Is(err, history.ErrNone) {
			t.Errorf("the first run has nothing before it: %v", err)
		}
		second := alter(g, func() {
			set(at(1, 0), assessment.Pass)       // better
			set(at(2, 0), assessment.Unknown)    // newly unknown
			set(at(3, 0), assessment.Excepted)   // better
			set(at(4, 1), assessment.Fail)       // worse
			set(at(6, 2), assessment.Fail)       // worse
			set(at(7, 2), assessment.Unknown)    // newly unknown
			g.Resources[8].About.PHI = "yes"     // which has nothing open
			g.Resources[8].Findings[0].ID = "!a" // gone and new, but passing
			g.Resources = slices.Delete(g.Resources, 5, 6)
			g.Add()
			set(at(len(g.Resources)-1, 0), assessment.Fail)
		})
		store(t, db, h, "e", second)
		c, err := h.Changes(ctx, "e", 0, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		want := history.ChangeCounts{Worse: 2, Better: 2, NewlyUnknown: 2, NewResources: 1, AllNew: 1, Gone: 1, GoneOpen: 1}
		if diff := gocmp.Diff(want, c.Counts); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, one := range c.Better {
			if one.After == assessment.Unknown {
				t.Errorf("%v is better", one)
			}
		}
		if len(c.NewlyUnknown) == 2 && c.NewlyUnknown[0].Before == c.NewlyUnknown[1].Before {
			t.Errorf("%+v", c.NewlyUnknown)
		}
		if cut, err := h.Changes(ctx, "e", 1, 2, 1); err != nil || len(cut.Worse) != 1 || cut.Counts != want {
			t.Errorf("cut to one: %+v, %v", cut, err)
		}
		third := alter(g, func() {
			for i := range g.Resources[7].Findings {
				g.Resources[7].Findings[i].Subject.PHI = "yes"
			}
		})
		store(t, db, h, "e", third)
		if c, err = h.Changes(ctx, "e", 2, 3, 10); err != nil {
			t.Fatal(err)
		}
		for _, one := range c.Worse {
			if one.Why == "" || one.Before != one.After {
				t.Errorf("%+v", one)
			}
		}
	})
}

// TestAssign proves that an assignment of a finding goes before one of its resource, that before one of its check, and that each can be taken
// back.
func TestAssign(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		h := history.New(db, history.Options{})
		g := newGenerator(80)
		store(t, db, h, "e", g.Assess())
		f := &g.Resources[0].Findings[0]
		assign := func(what history.Scope, owner string) error {
			return db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return h.Assign(ctx, tx, "e", what, owner, firstDay) })
		}
		for _, step := range []struct {
			what        history.Scope
			owner, want string
			total       int
		}{
			{history.Scope{Check: f.Check}, "c", "c", 2},
			{history.Scope{Address: f.Resource.Address}, "r", "r", madeChecks},
			{history.Scope{Finding: f.ID}, "f", "f", 1},
			{history.Scope{Finding: f.ID}, "", "r", madeChecks},
			{history.Scope{Address: f.Resource.Address}, "", "c", 2},
			{history.Scope{Check: f.Check}, "", "", 800},
		} {
			if err := assign(step.what, step.owner); err != nil {
				t.Fatal(err)
			}
			got, err := h.Finding(ctx, "e", 0, f.ID)
			if err != nil || got.Item.Owner != step.want {
				t.Errorf("after %v to %q the owner is %q, %v; want %q", step.what, step.owner, got.Item.Owner, err, step.want)
			}
			page, err := h.Findings(ctx, "e", 0, history.Filter{Owners: []string{step.want}}, "", 10)
			if err != nil || page.Total != step.total {
				t.Errorf("%q owns %d, %v; want %d", step.want, page.Total, err, step.total)
			}
		}
		if list, err := h.Assignments(ctx, "e"); err != nil || len(list) != 0 {
			t.Errorf("%v are left, %v", list, err)
		}
		for _, bad := range []history.Scope{{}, {Finding: "a", Check: "b"}} {
			if assign(bad, "x") == nil {
				t.Errorf("%+v is taken", bad)
			}
		}
	})
}
