package record_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/uptrace/bun"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger"
)

// TestMain lets the test's own program be the one that is killed: see TestKilled.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	if dir := os.Getenv("WARD_RECORD_ACTS"); dir != "" {
		fmt.Println("fault", actForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// place opens a state, its ledger and its keeper.
func place(ctx context.Context, dir string) (*state.DB, *ledger.Ledger, *record.Keeper, error) {
	db, err := state.Open(ctx, state.Place{Dir: dir})
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := ledger.Open(ctx, filepath.Join(dir, "ledger"), ledger.Options{Name: "ward.test", Interval: 100 * time.Millisecond})
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := record.Open(ctx, db, l, time.Now)
	return db, l, k, err
}

// actForever does acts, each of which adds a row, and prints the id of every one that was acknowledged, until it is killed.
func actForever(dir string) error {
	ctx := recordtest.As("ann@example.org", access.Compliance)
	db, _, k, err := place(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS done (act TEXT PRIMARY KEY)"); err != nil {
		return err
	}
	faults := make(chan error)
	for worker := range 4 {
		go func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("act/%d-%d-%d", os.Getpid(), worker, n)
				_, err := k.Act(ctx, record.Entry{Kind: record.Decision, Verb: "approve", Subject: id}, func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.NewRaw("INSERT INTO done VALUES (?)", id).Exec(ctx)
					return err
				})
				if err != nil {
					faults <- err
					return
				}
				fmt.Println(id)
			}
		}()
	}
	return <-faults
}

// TestKilled proves that whatever was acknowledged is in the state and in the ledger after the program was killed at any moment, and that
// each entry of the ledger was carried out or is taken back.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds; make test runs it")
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for round := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "WARD_RECORD_ACTS="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, count := bufio.NewScanner(out), 0
		for lines.Scan() {
			acknowledged[lines.Text()] = true
			if count++; count == 9+round {
				time.AfterFunc(time.Duration(round)*17*time.Millisecond, func() { _ = cmd.Process.Kill() })
			}
		}
		_ = cmd.Wait()
	}
	db, l, _, err := place(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer l.Close(context.Background())
	if len(acknowledged) < 60 {
		t.Errorf("only %d acts were acknowledged", len(acknowledged))
	}
	var done []string
	if err := db.NewRaw("SELECT act FROM done").Scan(t.Context(), &done); err != nil {
		t.Fatal(err)
	}
	carriedOut := map[string]bool{}
	for _, id := range done {
		carriedOut[id] = true
	}
	for id := range acknowledged {
		if !carriedOut[id] {
			t.Errorf("%s was acknowledged and is not in the state", id)
		}
	}
	agree(t, db, l, carriedOut)
}

// agree checks that each entry of the ledger has a row, which says that it was taken back if and only if it was not carried out.
func agree(t *testing.T, db *state.DB, l *ledger.Ledger, carriedOut map[string]bool) {
	t.Helper()
	var rows []record.Row
	if err := db.NewSelect().Model(&rows).Order("position").Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	size, err := l.Size(t.Context())
	if err != nil || size != int64(len(rows)) {
		t.Fatalf("%d rows, and %d records in the ledger, %v", len(rows), size, err)
	}
	found, back := 0, 0
	err = l.Read(t.Context(), 0, size, func(position int64, body []byte) error {
		row := rows[position]
		var e record.Entry
		if err := json.Unmarshal(body, &e); err != nil || row.Position != position || row.Body != string(body) {
			t.Errorf("record %d is %s, and its row %+v, %v", position, body, row, err)
		}
		switch {
		case e.Verb == "void":
			back++
		case carriedOut[e.Subject] != (row.Void < 0):
			t.Errorf("%s was carried out: %v; its row says that record %d takes it back", e.Subject, carriedOut[e.Subject], row.Void)
		case row.Void < 0:
			found++
		}
		return nil
	})
	if err != nil || found != len(carriedOut) {
		t.Errorf("%d of %d acts have their record, %v", found, len(carriedOut), err)
	}
	t.Logf("%d acts, %d taken back", found, back)
}
