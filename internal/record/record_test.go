package record_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

var approve = record.Entry{Kind: record.Decision, Verb: "approve", Subject: "exception/EX-1"}

// TestAct proves that an act and its record stand or fall together, whichever of the two errs.
func TestAct(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := recordtest.As("ann@example.org", access.Compliance)
		k, log := recordtest.Open(t, db, nil)
		done := 0
		act := func(context.Context, bun.Tx) error { done++; return nil }
		if _, err := k.Act(context.Background(), approve, act); err == nil || done != 0 {
			t.Errorf("an act of nobody: %v, done %d times", err, done)
		}
		e, err := k.Act(ctx, approve, act)
		if err != nil || done != 1 || e.Actor.Name != "ann@example.org" || e.ID == "" || e.At.IsZero() {
			t.Fatalf("entry %+v, %v, done %d times", e, err, done)
		}
		log.Fail(errors.New("disk full"))
		if _, err := k.Act(ctx, approve, act); !errors.Is(err, record.ErrUnrecorded) || done != 1 || k.Ready() == nil {
			t.Errorf("a ledger that cannot be written: %v, done %d times, ready %v", err, done, k.Ready())
		}
		log.Fail(nil)
		conflict := errors.New("somebody else was faster")
		if _, err := k.Act(ctx, approve, func(context.Context, bun.Tx) error { return conflict }); !errors.Is(err, conflict) {
			t.Errorf("got %v, want the error of the act", err)
		}
		rows, err := k.Find(ctx, record.Wanted{Subject: "exception/EX-1"})
		if err != nil || len(rows) != 2 || rows[0].Void != 2 || rows[1].Void != -1 {
			t.Errorf("rows %+v, %v; want the second to be taken back by record 2", rows, err)
		}
		if rows, err := k.Find(ctx, record.Wanted{Kinds: []record.Kind{record.Server}}); err != nil || len(rows) != 1 {
			t.Errorf("rows %+v, %v; want the one that takes back", rows, err)
		}
	})
}

// TestCutOff proves that what was recorded but not done is taken back at the next start, however far the program had come, and that a
// ledger which lost records is refused.
func TestCutOff(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := recordtest.As("ann@example.org", access.Compliance)
		k, log := recordtest.Open(t, db, nil)
		for range 3 {
			if _, err := k.Act(ctx, approve, nil); err != nil {
				t.Fatal(err)
			}
		}
		// The program died after it had appended record 1, and after it had taken back record 2 in the ledger but not in the state.
		if _, err := db.ExecContext(ctx, "DELETE FROM record WHERE position > 0"); err != nil {
			t.Fatal(err)
		}
		id := log.Entries(t)[2].ID
		if _, err := log.Append(ctx, []byte(`{"id":"back","kind":"server","verb":"void","actor":{"id":"ward"},"subject":"record/`+id+`","facts":{"position":"2"}}`)); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second start finds nothing to do
			if _, err := record.Open(ctx, db, log, time.Now); err != nil {
				t.Fatal(err)
			}
			var rows []struct{ Position, Void int64 }
			if err := db.NewRaw("SELECT position, void FROM record ORDER BY position").Scan(ctx, &rows); err != nil {
				t.Fatal(err)
			}
			want := []struct{ Position, Void int64 }{{0, -1}, {1, 4}, {2, 3}, {3, -1}, {4, -1}}
			if len(rows) != len(want) {
				t.Fatalf("rows %v, want %v", rows, want)
			}
			for i := range want {
				if rows[i] != want[i] {
					t.Errorf("row %v, want %v", rows[i], want[i])
				}
			}
		}
		if _, err := record.Open(ctx, db, &recordtest.Log{}, time.Now); err == nil || !strings.Contains(err.Error(), "taken back") {
			t.Errorf("an empty ledger under a state with records: %v", err)
		}
	})
}

// TestShared proves that of several servers on one ledger none takes back what another one may be carrying out, that each takes back what was
// cut off once it must be over, and that an act which was taken back meanwhile is not done.
func TestShared(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := recordtest.As("ann@example.org", access.Compliance)
		now, log := time.Now(), &recordtest.Log{}
		clock := func() time.Time { return now }
		servers := [2]*record.Keeper{}
		for i := range servers {
			k, err := record.OpenShared(ctx, db, log, clock)
			if err != nil {
				t.Fatal(err)
			}
			servers[i] = k
		}
		act := func(position int64, void int64) {
			t.Helper()
			var rows []record.Row
			if err := db.NewRaw("SELECT * FROM record WHERE position = ?", position).Scan(ctx, &rows); err != nil {
				t.Fatal(err)
			}
			if void == 0 && len(rows) > 0 || void != 0 && (len(rows) != 1 || rows[0].Void != void) {
				t.Errorf("record %d: %+v, want it taken back by %d", position, rows, void)
			}
		}
		for i := range 4 { // both know of what each does
			if _, err := servers[i%2].Act(ctx, approve, nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.ExecContext(ctx, "DELETE FROM record WHERE position = 2"); err != nil { // it is under way
			t.Fatal(err)
		}
		for _, k := range servers {
			if err := k.Settle(ctx); err != nil {
				t.Fatal(err)
			}
		}
		act(2, 0)
		now = now.Add(16 * time.Minute)
		for _, k := range servers {
			if err := k.Settle(ctx); err != nil {
				t.Fatal(err)
			}
		}
		act(2, 4)
		if len(log.Entries(t)) != 5 {
			t.Errorf("%d entries, want one that takes another back", len(log.Entries(t)))
		}
		if !db.Postgres() { // where an act that hangs holds up all others
			return
		}
		_, err := servers[0].Act(ctx, approve, func(context.Context, bun.Tx) error {
			now = now.Add(16 * time.Minute)
			return servers[1].Settle(ctx)
		})
		if !state.Exists(err) {
			t.Errorf("an act that hung for 16 minutes: %v", err)
		}
		act(5, 6)
	})
}

// TestClock proves that the time of entries does not go back with the clock, and that they tell of it.
func TestClock(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	k, _ := recordtest.Open(t, statetest.SQLite(t), func() time.Time { return now })
	ctx := recordtest.As("ann@example.org")
	first, err := k.Act(ctx, approve, nil)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(-time.Hour)
	second, err := k.Act(ctx, approve, nil)
	if err != nil {
		t.Fatal(err)
	}
	if second.At.Before(first.At) || second.Facts["clock_behind"] != "1h0m0s" || first.Facts != nil {
		t.Errorf("first %+v, second %+v", first, second)
	}
}
