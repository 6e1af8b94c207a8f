package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/backup"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/ledger"
)

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	os.Exit(m.Run())
}

// server is what a server has open.
type server struct {
	dir, url string
	db       *state.DB
	ledger   *ledger.Ledger
	keeper   *record.Keeper
	evidence *evidence.Archive
}

// open opens a server in a data directory; url is "" for SQLite.
func open(t *testing.T, dir, url string) *server {
	t.Helper()
	s := &server{dir: dir, url: url}
	var err error
	if s.db, err = state.Open(t.Context(), state.Place{Dir: dir, URL: url}); err != nil {
		t.Fatal(err)
	}
	s.ledger, err = ledger.Open(t.Context(), filepath.Join(dir, backup.LedgerDir), ledger.Options{Name: "ward.test/clinic", Interval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if s.keeper, err = record.Open(t.Context(), s.db, s.ledger, time.Now); err != nil {
		t.Fatal(err)
	}
	folder, err := evidence.OpenFolder(filepath.Join(dir, backup.EvidenceDir), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if s.evidence, err = evidence.New(s.db, folder, nil, 0, time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *server) close(t *testing.T) {
	t.Helper()
	if s.db == nil {
		return
	}
	if err := errors.Join(s.ledger.Close(context.Background()), s.db.Close()); err != nil {
		t.Error(err)
	}
	s.db = nil
}

var ann = recordtest.As("ann@example.org", access.Administrator)

// assess keeps evidence and records it, as an assessment does.
func (s *server) assess(t *testing.T, run string) {
	t.Helper()
	b, err := s.evidence.Keep(ann, "clinic", run, []evidence.Part{evidence.Bytes("assessment.json", []byte(`{"run":"`+run+`"}`))})
	if err == nil {
		_, err = s.keeper.Act(ann, record.Entry{Kind: record.Assessment, Verb: "finish", Subject: "run/" + run, Digests: map[string]string{"evidence": b.Digest}}, nil)
	}
	if err != nil {
		t.Error(err)
	}
}

func (s *server) source() backup.Source {
	return backup.Source{DB: s.db, Keeper: s.keeper, Dir: s.dir, Ward: "test", Now: time.Now}
}

// count is how many runs of the state can be proved: a record, and its evidence.
func (s *server) count(t *testing.T) int {
	t.Helper()
	rows, err := s.keeper.Find(t.Context(), record.Wanted{Kinds: []record.Kind{record.Assessment}, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, row := range rows {
		if row.Void >= 0 {
			continue
		}
		e, err := row.Entry()
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.evidence.Bundle(t.Context(), e.Digests["evidence"])
		if err == nil {
			err = s.evidence.Check(t.Context(), b)
		}
		if err != nil {
			t.Errorf("%s: %v", row.Subject, err)
		}
		n++
	}
	return n
}

// TestRoundTrip proves that what a backup brings back is what was there, from each database into each, with values of all sorts, also in
// tables that refer to others, and that it is not restored over anything.
func TestRoundTrip(t *testing.T) {
	for _, from := range []string{"sqlite", "postgres"} {
		for _, to := range []string{"sqlite", "postgres"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				url := map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return statetest.PostgresURL(t) }}
				s := open(t, filepath.Join(t.TempDir(), "data"), url[from]())
				if err := os.WriteFile(filepath.Join(s.dir, "ward-server.yaml"), []byte("listen: x\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				s.assess(t, "one")
				s.assess(t, "two")
				odd := "\u2028 'quoted' \"x\" \\ ü <b> ? $1 \n"
				if _, err := s.keeper.Act(ann, record.Entry{Kind: record.Configuration, Verb: "set", Subject: odd}, func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.NewRaw("INSERT INTO evidence_link (id, secret, bundle, made, ends, maker, used) VALUES (?, ?, '', ?, 0, '', -9007199254740993)", "id", odd, 1<<62).Exec(ctx)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				m, err := backup.Write(ann, &out, s.source(), backup.Seal{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := backup.Verify(bytes.NewReader(out.Bytes()), backup.Key{}); err != nil {
					t.Fatal(err)
				}
				target := backup.Target{Dir: filepath.Join(t.TempDir(), "restored"), URL: url[to](), Now: time.Now}
				if _, err := backup.Restore(ann, bytes.NewReader(out.Bytes()), target, backup.Key{}); err != nil {
					t.Fatal(err)
				}
				back := open(t, target.Dir, target.URL)
				if n := back.count(t); n != 2 {
					t.Errorf("%d runs can be proved, want 2 (of %+v)", n, m.Tables)
				}
				var link struct {
					Secret     string
					Made, Used int64
				}
				if err := back.db.NewRaw("SELECT secret, made, used FROM evidence_link").Scan(t.Context(), &link); err != nil || link.Secret != odd || link.Made != 1<<62 || link.Used != -9007199254740993 {
					t.Errorf("%+v, %v", link, err)
				}
				if text, err := os.ReadFile(filepath.Join(target.Dir, "ward-server.yaml")); err != nil || string(text) != "listen: x\n" {
					t.Errorf("%s, %v", text, err)
				}
				last, err := back.keeper.Find(t.Context(), record.Wanted{Limit: 1})
				if err != nil || len(last) != 1 || last[0].Verb != "restore" || last[0].Actor != "ann@example.org" {
					t.Errorf("the last record is %+v, %v", last, err)
				}
				for _, over := range []backup.Target{target, {Dir: filepath.Join(t.TempDir(), "other"), URL: target.URL, Now: time.Now}} {
					if over.Dir != target.Dir && over.URL == "" {
						continue
					}
					if _, err := backup.Restore(ann, bytes.NewReader(out.Bytes()), over, backup.Key{}); !errors.Is(err, backup.ErrOccupied) {
						t.Errorf("restored over something: %v", err)
					}
				}
				back.assess(t, "three") // it goes on
			})
		}
	}
}

// TestWhileWriting proves that a backup which is made while others write is whole: all that it tells of can be proved.
func TestWhileWriting(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		url := ""
		if db.Postgres() {
			url = statetest.PostgresURL(t)
		}
		s := open(t, filepath.Join(t.TempDir(), "data"), url)
		s.assess(t, "first")
		var all sync.WaitGroup
		stop := make(chan struct{})
		for worker := range 4 {
			all.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
						s.assess(t, fmt.Sprintf("%d-%d", worker, n))
					}
				}
			})
		}
		for range 3 {
			var out bytes.Buffer
			if _, err := backup.Write(ann, &out, s.source(), backup.Seal{}); err != nil {
				t.Error(err)
				break
			}
			target := backup.Target{Dir: filepath.Join(t.TempDir(), "restored"), Now: time.Now}
			if _, err := backup.Restore(ann, &out, target, backup.Key{}); err != nil {
				t.Error(err)
				break
			}
			back := open(t, target.Dir, "")
			if n := back.count(t); n < 1 {
				t.Errorf("%d runs can be proved", n)
			}
			back.close(t)
		}
		close(stop)
		all.Wait()
	})
}

// TestDamaged proves that a backup of which any byte was changed, or that was cut off, is neither verified nor restored, unless what is in it
// is the same: packed bytes have a few bits that say nothing.
func TestDamaged(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), "")
	s.assess(t, "one")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, seal := range map[string]backup.Seal{"plain": {}, "sealed": {Recipients: []string{identity.Recipient().String()}}} {
		key := backup.Key{Identities: identity.String()}
		var out bytes.Buffer
		if _, err := backup.Write(ann, &out, s.source(), seal); err != nil {
			t.Fatal(err)
		}
		good := out.Bytes()
		want, err := backup.Verify(bytes.NewReader(good), key)
		if err != nil {
			t.Fatal(err)
		}
		same, broken := 0, 0
		for at := 0; at < len(good); at += 1 + len(good)/200 {
			bad := bytes.Clone(good)
			bad[at] ^= 0x10
			if got, err := backup.Verify(bytes.NewReader(bad), key); err == nil && cmp.Equal(got, want) {
				same++
			} else if err == nil {
				t.Errorf("%s: byte %d of %d was changed, and it is verified: %s", name, at, len(good), cmp.Diff(want, got))
			} else {
				broken = at
			}
			if _, err := backup.Verify(bytes.NewReader(good[:at]), key); err == nil {
				t.Errorf("%s: it is cut off after byte %d of %d, and it is verified", name, at, len(good))
			}
		}
		// What fills an archive up between files says nothing, and is not proved; of a sealed one all is.
		if most := map[string]int{"plain": 20, "sealed": 2}[name]; same > most {
			t.Errorf("%s: %d of 200 bytes can be changed without its being seen", name, same)
		}
		bad := bytes.Clone(good)
		bad[broken] ^= 0x10
		target := backup.Target{Dir: filepath.Join(t.TempDir(), "restored"), Now: time.Now}
		if _, err := backup.Restore(ann, bytes.NewReader(bad), target, key); err == nil {
			t.Errorf("%s: what was damaged is restored", name)
		}
		left, err := os.ReadDir(filepath.Dir(target.Dir))
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v", name, left, err)
		}
	}
}

// TestSealed proves that an encrypted backup shows nothing and is opened by its passphrase or key alone.
func TestSealed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "data"), "")
	var out bytes.Buffer
	if _, err := backup.Write(ann, &out, s.source(), backup.Seal{Passphrase: "a long passphrase"}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "age-encryption.org/v1\n") {
		t.Error("it is not in the format of age")
	}
	if _, err := backup.Verify(bytes.NewReader(out.Bytes()), backup.Key{}); !errors.Is(err, backup.ErrSealed) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := backup.Verify(bytes.NewReader(out.Bytes()), backup.Key{Passphrase: "another passphrase"}); err == nil {
		t.Error("opened with another passphrase")
	}
	if _, err := backup.Verify(bytes.NewReader(out.Bytes()), backup.Key{Passphrase: "a long passphrase"}); err != nil {
		t.Error(err)
	}
}

// FuzzVerify proves that no input makes reading a backup crash.
func FuzzVerify(f *testing.F) {
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := backup.Verify(bytes.NewReader(text), backup.Key{}); err == nil && m.Format != backup.Format {
			t.Errorf("%+v", m)
		}
	})
}
