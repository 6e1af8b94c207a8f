package state_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestDo proves that acts that run side by side lose nothing, that one which errs leaves nothing, and that a key is held once.
func TestDo(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		if _, err := db.ExecContext(ctx, "CREATE TABLE counter (id TEXT PRIMARY KEY, n BIGINT NOT NULL)"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO counter VALUES (?, ?)", "a", 0); err != nil {
			t.Fatal(err)
		}
		add := func(ctx context.Context, tx bun.Tx) error {
			var n int
			if err := tx.NewRaw("SELECT n FROM counter WHERE id = ?", "a").Scan(ctx, &n); err != nil {
				return err
			}
			_, err := tx.NewRaw("UPDATE counter SET n = ? WHERE id = ?", n+1, "a").Exec(ctx)
			return err
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				for range 10 {
					if err := db.Do(ctx, add); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		no := errors.New("no")
		if err := db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return errors.Join(add(ctx, tx), no) }); !errors.Is(err, no) {
			t.Errorf("got %v, want the error of the act", err)
		}
		var n int
		if err := db.NewRaw("SELECT n FROM counter").Scan(ctx, &n); err != nil || n != 50 {
			t.Errorf("counted %d, %v; want 50", n, err)
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO counter VALUES (?, ?)", "a", 0); !state.Exists(err) {
			t.Errorf("a second row of a key: %v", err)
		}
	})
}

// TestNewer proves that a state of a newer version is left alone, and that a copy of an older one is kept before it is migrated.
func TestNewer(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db, err := state.Open(ctx, state.Place{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var newest int64
	if err := db.NewRaw("SELECT max(version_id) FROM goose_db_version").Scan(ctx, &newest); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)", newest+1000, true); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := state.Open(ctx, state.Place{Dir: dir}); !errors.Is(err, state.ErrNewer) {
		t.Errorf("got %v, want ErrNewer", err)
	}
	info, err := os.Stat(filepath.Join(dir, state.File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want it for its owner alone", info.Mode(), err)
	}
}

// TestAlone proves that of many who are to do something one does it at a time, that the next may when it is done, and that one who died is
// waited for only as long as it may take.
func TestAlone(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx := context.Background()
		var at, done, most atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					_, err := db.Alone(ctx, "count", func(context.Context) error {
						most.Store(max(most.Load(), at.Add(1)))
						time.Sleep(time.Millisecond)
						at.Add(-1)
						done.Add(1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if most.Load() != 1 || done.Load() == 0 {
			t.Errorf("done %d times, by %d at once", done.Load(), most.Load())
		}
		if _, err := db.ExecContext(ctx, "INSERT INTO duty VALUES (?, ?, ?)", "dead", "a", state.Millis(time.Now().Add(time.Second))); err != nil {
			t.Fatal(err)
		}
		act := func(context.Context) error { return nil }
		if did, err := db.Alone(ctx, "dead", act); did || err != nil {
			t.Errorf("done %v beside another, %v", did, err)
		}
		time.Sleep(1100 * time.Millisecond)
		if did, err := db.Alone(ctx, "dead", act); !did || err != nil {
			t.Errorf("done %v after the other died, %v", did, err)
		}
	})
}

// TestTogether proves that servers that start at once on an empty PostgreSQL all get its tables.
func TestTogether(t *testing.T) {
	url := statetest.PostgresURL(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := state.Open(context.Background(), state.Place{URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			db.Close()
		})
	}
	all.Wait()
}
