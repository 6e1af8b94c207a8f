package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/examples"
	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/objects/objectstest"
)

// machines are what servers on several machines share.
type machines struct {
	t                    *testing.T
	endpoint, state, log string
	keys                 string
}

func newMachines(t *testing.T) *machines {
	t.Helper()
	if testing.Short() {
		t.Skip("starts PostgreSQL, MariaDB and an emulator of S3; make test runs it")
	}
	cloud := emulator.Start(t)
	cloud.Setenv(t)
	objectstest.Bucket(t, cloud, "clinic-ledger", false)
	objectstest.Bucket(t, cloud, "clinic-evidence", true)
	return &machines{t: t, endpoint: cloud.URL, state: statetest.PostgresURL(t), log: objectstest.Database(t).Name, keys: t.TempDir()}
}

// machine makes the data directory of one of them, with its settings.
func (m *machines) machine(keys string) string {
	m.t.Helper()
	dir := m.t.TempDir()
	text := fmt.Sprintf(`listen: 127.0.0.1:0
url: https://ward.example.org
database: %q
keys: %s
ledger:
  database: %q
  bucket: {name: clinic-ledger, prefix: ward/, region: %[4]s, endpoint: %[5]q}
evidence:
  bucket: {name: clinic-evidence, region: %[4]s, endpoint: %[5]q}
`, m.state, keys, m.log, emulator.Region, m.endpoint)
	if err := os.WriteFile(filepath.Join(dir, SettingsFile), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	if err := os.CopyFS(dir, examples.Clinic); err != nil {
		m.t.Fatal(err)
	}
	return dir
}

// TestShared proves that servers on several machines work on one state by configuration alone: who signed in at one is signed in at the other,
// what one keeps the other proves, and when one is killed the other goes on with what it was at; and that one with another key is refused.
func TestShared(t *testing.T) {
	m := newMachines(t)
	first, address := begin(t, m.machine(m.keys))
	settings := settingsOf(t, m.machine(m.keys))
	settings.Listen = "127.0.0.1:0"
	second, stop := start(t, settings)
	ctx := context.Background()

	ada := newCaller(t, second, administrator(t, second))
	for name, at := range map[string]string{"first": address, "second": second.settings.Listen} {
		ada.at = at
		if status, text := ada.call(http.MethodGet, "/api/v1/estates", ""); status != http.StatusOK {
			t.Errorf("who signed in at the second server gets of the %s: %d %s", name, status, text)
		}
	}
	again(t, second, 3)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // that it was killed
	runs, err := second.history.Runs(ctx, "clinic", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	// The lease of what the first server was at runs out.
	if _, err := second.db.ExecContext(ctx, "UPDATE job SET lease = 0 WHERE state = 'running'"); err != nil {
		t.Fatal(err)
	}
	again(t, second, runs[0].Number+2)
	provenWhole(t, second)

	restoredElsewhere(t, second, stop)

	settings.Data, settings.Keys = t.TempDir(), t.TempDir()
	if _, err = Open(ctx, settings, "test", io.Discard); err == nil || !strings.Contains(err.Error(), "copy it from another server") {
		t.Errorf("a server without the keys of the others: %v", err)
	}
	if err := os.WriteFile(filepath.Join(settings.Keys, "secret.key"), make([]byte, keySize), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Open(ctx, settings, "test", io.Discard); err == nil || !strings.Contains(err.Error(), "is not the key that the state was made with") {
		t.Errorf("a server with another key: %v", err)
	}
}

// restoredElsewhere backs servers up while they work, loses their database, and goes on with what is restored: the ledger in the bucket tells of
// more than the backup, and that is taken back there.
func restoredElsewhere(t *testing.T, s *Server, stop func() error) {
	t.Helper()
	ctx := context.Background()
	var file bytes.Buffer
	_, err := backup.Write(ctx, &file, backup.Source{DB: s.db, Dir: s.settings.Data, Keys: s.settings.Keys, Ward: "test", Now: time.Now}, backup.Seal{})
	if err != nil {
		t.Fatal(err)
	}
	runs, err := s.history.Runs(ctx, "clinic", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	again(t, s, runs[0].Number+1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	settings := s.settings
	settings.Data, settings.Database = filepath.Join(t.TempDir(), "restored"), statetest.PostgresURL(t)
	_, err = backup.Restore(ctx, &file, backup.Target{Dir: settings.Data, URL: settings.Database, Now: time.Now,
		Ledger: func(ctx context.Context, data string) (*ledger.Ledger, error) {
			restored := settings.Restored(data)
			return restored.OpenLedger(ctx)
		}}, backup.Key{})
	if err != nil {
		t.Fatal(err)
	}
	settings.Listen = "127.0.0.1:0"
	back, end := start(t, settings.Restored(settings.Data))
	if now, err := back.history.Runs(ctx, "clinic", 0, 1); err != nil || now[0].Number != runs[0].Number {
		t.Errorf("restored up to assessment %d, %v; want %d", now[0].Number, err, runs[0].Number)
	}
	rows, err := back.keeper.Find(ctx, record.Wanted{Kinds: []record.Kind{record.Assessment}, Limit: 1})
	if err != nil || len(rows) != 1 || rows[0].Void < 0 {
		t.Errorf("the assessment after the backup: %+v, %v; want it taken back", rows, err)
	}
	again(t, back, runs[0].Number+1)
	provenWhole(t, back)
	if err := end(); err != nil {
		t.Error(err)
	}
}

// provenWhole checks that the ledger of a server verifies, also for who only reads the bucket, and that each assessment has its evidence there.
func provenWhole(t *testing.T, s *Server) {
	t.Helper()
	ctx := context.Background()
	reader, err := s.settings.LedgerReader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	proved, err := reader.Verify(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.history.Runs(ctx, "clinic", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		bundle, err := s.evidence.Bundle(ctx, r.Digests["evidence"])
		if err == nil {
			err = s.evidence.Check(ctx, bundle)
		}
		if err != nil {
			t.Errorf("assessment %d: %v", r.Number, err)
		}
	}
	starts, err := s.keeper.Find(ctx, record.Wanted{Kinds: []record.Kind{record.Server}})
	if err != nil || len(starts) < 2 {
		t.Errorf("%d records of servers, %v; want the start of each", len(starts), err)
	}
	var workers []string
	if err := s.db.NewRaw("SELECT DISTINCT worker FROM job WHERE state = 'done'").Scan(ctx, &workers); err != nil {
		t.Fatal(err)
	}
	var double int
	err = s.db.NewRaw(`SELECT count(*) FROM job a JOIN job b ON a.estate = b.estate AND a.id < b.id AND a.started > 0 AND b.started > 0
		AND a.state = 'done' AND b.started < a.ended`).Scan(ctx, &double)
	if err != nil || double > 0 {
		t.Errorf("%d assessments of one estate at once, %v", double, err)
	}
	t.Logf("%d assessments by %d workers, %d records", len(all), len(workers), proved.Size)
}

// TestKeys proves that a key is made once, whoever is faster, and that the state is not worked on with another one.
func TestKeys(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		ctx, file := context.Background(), filepath.Join(t.TempDir(), "keys", "secret.key")
		keys := make(chan []byte, 4)
		for range 4 {
			go func() {
				key, err := sealingKey(ctx, db, file)
				if err != nil {
					t.Error(err)
				}
				keys <- key
			}()
		}
		first := <-keys
		for range 3 {
			if key := <-keys; string(key) != string(first) || len(key) != keySize {
				t.Error("two keys were made")
			}
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file is %v, %v", info.Mode(), err)
		}
		left, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(left) != 1 {
			t.Errorf("%d files, %v", len(left), err)
		}
		for what, content := range map[string][]byte{"another": make([]byte, keySize), "cut off": first[:8]} {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := sealingKey(ctx, db, file); err == nil {
				t.Errorf("a key that is %s was taken", what)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if _, err := sealingKey(ctx, db, file); err == nil {
			t.Error("another key was made for a state that has one")
		}
	})
}
