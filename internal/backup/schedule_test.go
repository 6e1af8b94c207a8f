package backup_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// scheduled is a schedule over a state whose clock the test sets.
func scheduled(t *testing.T, db *state.DB) (s *backup.Schedule, log *recordtest.Log, pass func(time.Duration)) {
	t.Helper()
	var mutex sync.Mutex
	now := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	clock := func() time.Time {
		mutex.Lock()
		defer mutex.Unlock()
		return now
	}
	k, log := recordtest.Open(t, db, clock)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "secret.key"), []byte("a secret of the server"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = &backup.Schedule{Source: backup.Source{DB: db, Keeper: k, Dir: data, Ward: "test", Now: clock}, Folder: t.TempDir(), Every: 24 * time.Hour, Keep: 2}
	return s, log, func(d time.Duration) {
		mutex.Lock()
		defer mutex.Unlock()
		now = now.Add(d)
	}
}

func listed(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSchedule proves that a backup is made when one is due and not before, that it can be opened with the recipient's key and with no other,
// that the ledger has the digest of its file, and that old ones go after a newer one is there, which is recorded too, and nothing else goes.
func TestSchedule(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		s, log, pass := scheduled(t, db)
		recipient, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		s.Seal = backup.Seal{Recipients: []string{recipient.Recipient().String()}}
		write(t, filepath.Join(s.Folder, "ward-19990101T000000Z.age"), "of somebody else")
		for range 4 {
			if made, err := s.Run(ann); err != nil || made == nil {
				t.Fatalf("made %v, %v", made, err)
			}
			if made, err := s.Run(ann); err != nil || made != nil {
				t.Errorf("made %v before it was due, %v", made, err)
			}
			pass(s.Every)
		}
		want := []string{"ward-19990101T000000Z.age", "ward-20260503T030000Z.age", "ward-20260504T030000Z.age"}
		if diff := cmp.Diff(want, listed(t, s.Folder)); diff != "" {
			t.Error(diff)
		}
		text, err := os.ReadFile(filepath.Join(s.Folder, want[2]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Verify(bytes.NewReader(text), backup.Key{Identities: recipient.String()}); err != nil {
			t.Error(err)
		}
		other, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Verify(bytes.NewReader(text), backup.Key{Identities: other.String()}); err == nil {
			t.Error("it opens with another key")
		}
		var acts []string
		for _, e := range log.Entries(t) {
			if e.Kind == record.Server {
				acts = append(acts, e.Verb+" "+e.Subject)
			}
		}
		wantActs := []string{"back up backup/ward-20260501T030000Z.age", "back up backup/ward-20260502T030000Z.age", "back up backup/ward-20260503T030000Z.age",
			"remove backup backup/ward-20260501T030000Z.age", "back up backup/ward-20260504T030000Z.age", "remove backup backup/ward-20260502T030000Z.age"}
		if diff := cmp.Diff(wantActs, acts); diff != "" {
			t.Error(diff)
		}
		entries := log.Entries(t)
		if got := entries[len(entries)-2].Digests["backup"]; got != record.Digest(text) {
			t.Errorf("the ledger says %s, and the file is %s", got, record.Digest(text))
		}
	})
}

// TestScheduleFails proves that a backup that cannot be written or recorded leaves nothing behind and takes no older one away, that it is tried
// again after half an hour, that a file which somebody has taken away is replaced, and that the last good one is told as it is.
func TestScheduleFails(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		s, log, pass := scheduled(t, db)
		first, err := s.Run(ann)
		if err != nil || first == nil {
			t.Fatal(err)
		}
		pass(s.Every)
		log.Fail(errors.New("disk full"))
		if made, err := s.Run(ann); !errors.Is(err, record.ErrUnrecorded) || made != nil {
			t.Errorf("unrecorded: %v, %v", made, err)
		}
		log.Fail(nil)
		if diff := cmp.Diff([]string{first.Name}, listed(t, s.Folder)); diff != "" {
			t.Error(diff)
		}
		if made, err := s.Run(ann); err != nil || made != nil {
			t.Errorf("tried again at once: %v, %v", made, err)
		}
		if last, err := s.Last(ann); err != nil || last == nil || last.Name != first.Name {
			t.Errorf("the last one is %v, %v", last, err)
		}
		pass(31 * time.Minute)
		folder := s.Folder
		s.Folder = filepath.Join(folder, "not mounted")
		if made, err := s.Run(ann); err == nil || made != nil || !strings.Contains(err.Error(), s.Folder) {
			t.Errorf("a folder that is not there: %v, %v", made, err)
		}
		s.Folder = folder
		pass(31 * time.Minute)
		second, err := s.Run(ann)
		if err != nil || second == nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(folder, second.Name)); err != nil {
			t.Fatal(err)
		}
		if last, err := s.Last(ann); err != nil || last == nil || last.Name != first.Name {
			t.Errorf("after a file was taken away the last one is %v, %v", last, err)
		}
		pass(time.Minute)
		if third, err := s.Run(ann); err != nil || third == nil {
			t.Errorf("it is not replaced: %v, %v", third, err)
		}
	})
}

// TestScheduleTurns proves that of several servers on one state one makes the backup, and that a server which was stopped while it made one
// leaves nothing in the folder and the turn to the next.
func TestScheduleTurns(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		s, _, pass := scheduled(t, db)
		stopped, stop := context.WithCancel(ann)
		stop()
		if made, err := s.Run(stopped); err == nil || made != nil {
			t.Errorf("stopped: %v, %v", made, err)
		}
		var all sync.WaitGroup
		made := make(chan *backup.Made, 4)
		for range 4 {
			all.Go(func() {
				m, err := s.Run(ann)
				if err != nil {
					t.Error(err)
				}
				made <- m
			})
		}
		all.Wait()
		close(made)
		n := 0
		for m := range made {
			if m != nil {
				n++
			}
		}
		if n != 1 || len(listed(t, s.Folder)) != 1 {
			t.Errorf("%d backups, in the folder %v", n, listed(t, s.Folder))
		}
		// One that was killed while it wrote.
		left := filepath.Join(s.Folder, ".new-ward-1")
		write(t, left, "half")
		if err := os.Chtimes(left, s.Source.Now(), s.Source.Now()); err != nil {
			t.Fatal(err)
		}
		pass(25 * time.Hour)
		if m, err := s.Run(ann); err != nil || m == nil {
			t.Errorf("%v, %v", m, err)
		}
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what was left: %v", err)
		}
	})
}

// TestSealCheck proves that recipients are told to be wrong before there is anything to back up, of the older and of the newer sort.
func TestSealCheck(t *testing.T) {
	newer, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	older, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	a, b := older.Recipient().String(), newer.Recipient().String()
	for _, good := range [][]string{nil, {a}, {b}, {b, b}} {
		if err := (backup.Seal{Recipients: good}).Check(); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range [][]string{{"age1nobody"}, {a, b}, {b, a}, {older.String()}} {
		if err := (backup.Seal{Recipients: bad}).Check(); err == nil || strings.Contains(err.Error(), older.String()) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
