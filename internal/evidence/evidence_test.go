package evidence_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/evidence/storetest"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/verify"
)

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	os.Exit(m.Run())
}

// clock is one that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func archive(t *testing.T, db *state.DB, c *clock) (*evidence.Archive, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := evidence.OpenFolder(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := evidence.OpenFolder(filepath.Join(dir, "second"), c.now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := evidence.New(db, store, second, 0, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a, dir
}

// lines is a part with many lines, some of which are unlike those of others.
func lines(name string, n int, other map[int]string) evidence.Part {
	return evidence.Part{Name: name, Write: func(w io.Writer) error {
		for i := range n {
			text := fmt.Sprintf(`{"block":{"address":"bucket-%d","digest":"%s"}}`, i, record.Digest(fmt.Append(nil, i)))
			if with, ok := other[i]; ok {
				text = with
			}
			if _, err := io.WriteString(w, text+"\n"); err != nil {
				return err
			}
		}
		return nil
	}}
}

// TestFolder proves that a folder passes the suite of stores, and that its files are read-only.
func TestFolder(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	store, err := evidence.OpenFolder(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, store, func(at time.Time) { c.at = at })
	info, err := os.Stat(filepath.Join(dir, "a", "b", "one"))
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("%v, %v; want a file that is read-only", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "a", "b", ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestKeep proves that a bundle is kept as it was given and can be checked, that what is the same as before is not kept twice, and that
// bundles are found by estate and day.
func TestKeep(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		c := &clock{time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
		a, _ := archive(t, db, c)
		ctx := context.Background()
		first, err := a.Keep(ctx, "clinic", "run-1", []evidence.Part{lines("snapshot.jsonl", 50_000, nil), evidence.Bytes("assessment.json", []byte("{}"))})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(first.Name, "2026/05/sha256-") || first.Size < 5_000_000 || first.Written > first.Size {
			t.Errorf("kept %+v", first)
		}
		c.at = c.at.AddDate(0, 0, 1)
		second, err := a.Keep(ctx, "clinic", "run-2", []evidence.Part{
			lines("snapshot.jsonl", 50_000, map[int]string{20: "a line that is new", 40_000: "gone\n\n\n and more"}),
			evidence.Bytes("assessment.json", []byte("{}"))})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bytes: %d written at first, %d for two changed lines", first.Size, first.Written, second.Written)
		if second.Written*2 > first.Written {
			t.Errorf("two lines changed, and %d of %d bytes were written anew", second.Written, first.Written)
		}
		for _, b := range []evidence.Bundle{first, second} {
			if err := a.Check(ctx, b); err != nil {
				t.Error(err)
			}
			if row, ok, err := a.Record(ctx, b); err != nil || ok {
				t.Errorf("a record that nobody made: %+v, %v", row, err)
			}
		}
		found, err := a.Find(ctx, evidence.Wanted{Estate: "clinic", Limit: 1})
		if err != nil || len(found) != 1 || found[0].Digest != second.Digest {
			t.Errorf("found %+v, %v", found, err)
		}
		older, err := a.Find(ctx, evidence.Wanted{Before: second.Digest, From: first.Time(), To: second.Time()})
		if err != nil || len(older) != 1 || older[0].Digest != first.Digest {
			t.Errorf("older %+v, %v", older, err)
		}
		if _, err := a.Find(ctx, evidence.Wanted{Before: "sha256:none"}); !errors.Is(err, evidence.ErrNone) {
			t.Errorf("before nothing: %v", err)
		}
	})
}

// TestRefused proves that names which mean something to a file system are refused, and that a part which cannot be written leaves no bundle.
func TestRefused(t *testing.T) {
	a, _ := archive(t, statetest.SQLite(t), &clock{time.Now()})
	broken := errors.New("broken")
	for _, parts := range [][]evidence.Part{nil, {evidence.Bytes("../x", nil)}, {evidence.Bytes("/x", nil)}, {evidence.Bytes("a//b", nil)},
		{evidence.Bytes("a/.b", nil)},
		{evidence.Bytes("a", nil), evidence.Bytes("A", nil)}, {{Name: "x", Write: func(io.Writer) error { return broken }}}} {
		if _, err := a.Keep(t.Context(), "clinic", "run", parts); err == nil {
			t.Errorf("kept %+v", parts)
		}
	}
	if found, err := a.Find(t.Context(), evidence.Wanted{}); err != nil || len(found) > 0 {
		t.Errorf("found %+v, %v", found, err)
	}
}

// TestDamaged proves that a byte which was changed on the disk is found, and is not copied to the second store.
func TestDamaged(t *testing.T) {
	a, dir := archive(t, statetest.SQLite(t), &clock{time.Now()})
	b, err := a.Keep(t.Context(), "clinic", "run", []evidence.Part{lines("snapshot.jsonl", 3_000, nil)})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "chunks", "*", "*.zst"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, filepath.Join(dir, b.Name)) {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		rewrite(t, file, bad)
		if err := a.Check(t.Context(), b); err == nil || !strings.Contains(err.Error(), "is not what was kept") {
			t.Errorf("%s was changed: %v", file, err)
		}
		if _, err := a.Copy(t.Context()); err == nil {
			t.Error("what was changed was copied")
		}
		rewrite(t, file, good)
	}
	if n, err := a.Copy(t.Context()); n != 1 || err != nil {
		t.Errorf("copied %d, %v", n, err)
	}
}

func rewrite(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestDispose proves that nothing is deleted before six years after its last use, that its deletion is recorded, and that what a younger
// bundle shares with it stays.
func TestDispose(t *testing.T) {
	begun := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	c, db := &clock{begun}, statetest.SQLite(t)
	a, dir := archive(t, db, c)
	k, log := recordtest.Open(t, db, c.now)
	ctx := access.With(t.Context(), access.Program)
	shared := lines("snapshot.jsonl", 1000, nil)
	old, err := a.Keep(ctx, "clinic", "run-1", []evidence.Part{shared, evidence.Bytes("own", []byte("only of the first"))})
	if err != nil {
		t.Fatal(err)
	}
	c.at = begun.AddDate(3, 0, 0)
	young, err := a.Keep(ctx, "clinic", "run-2", []evidence.Part{shared})
	if err != nil {
		t.Fatal(err)
	}
	c.at = begun.AddDate(6, 0, -1)
	if n, err := a.Dispose(ctx, k); n != 0 || err != nil {
		t.Fatalf("%d were disposed of before their time, %v", n, err)
	}
	c.at = begun.AddDate(6, 3, 0)
	if n, err := a.Dispose(ctx, k); n != 1 || err != nil {
		t.Fatalf("%d were disposed of, %v; want one", n, err)
	}
	if _, err := a.Bundle(ctx, old.Digest); !errors.Is(err, evidence.ErrNone) {
		t.Errorf("the old bundle: %v", err)
	}
	if err := a.Check(ctx, young); err != nil {
		t.Error(err)
	}
	if e := log.Entries(t); len(e) != 1 || e[0].Verb != "dispose" || e[0].Subject != "bundle/"+old.Digest {
		t.Errorf("records %+v", e)
	}
	c.at = begun.AddDate(9, 3, 0)
	if n, err := a.Dispose(ctx, k); n != 1 || err != nil {
		t.Fatalf("%d were disposed of, %v; want the other", n, err)
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
}

// TestExport proves that an exported archive proves itself with the ledger's public key and a kept checkpoint, and that an archive in which
// anything was changed does not.
func TestExport(t *testing.T) {
	db, c := statetest.SQLite(t), &clock{time.Now()}
	a, _ := archive(t, db, c)
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), dir, ledger.Options{Name: "ward.test/clinic", Interval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	k, err := record.Open(t.Context(), db, l, c.now)
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.With(t.Context(), access.Program)
	b, err := a.Keep(ctx, "clinic", "run-1", []evidence.Part{lines("snapshot.jsonl", 5000, nil),
		evidence.Bytes("assessment.json", []byte(`{"version":"1"}`))})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Export(ctx, io.Discard, b, l); !errors.Is(err, evidence.ErrUnrecorded) {
		t.Errorf("exported without a record: %v", err)
	}
	if _, err := k.Act(ctx, record.Entry{Kind: record.Assessment, Verb: "finish", Estate: "clinic", Subject: "run/run-1",
		Digests: map[string]string{"evidence": b.Digest}}, nil); err != nil {
		t.Fatal(err)
	}
	kept, err := l.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Act(ctx, record.Entry{Kind: record.Server, Verb: "go on"}, nil); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := a.Export(ctx, &out, b, l); err != nil {
		t.Fatal(err)
	}
	proof, err := verify.Evidence(bytes.NewReader(out.Bytes()), l.Key(), kept)
	if err != nil || proof.Digest != b.Digest || proof.Position != 0 || proof.Ledger.Kept != 1 || proof.Manifest.Run != "run-1" {
		t.Fatalf("%+v, %v", proof, err)
	}
	tampered(t, out.Bytes(), l.Key(), kept)
}

// tampered changes each file of an archive in some way.
func tampered(t *testing.T, whole []byte, key string, kept []byte) {
	t.Helper()
	names := files(t, whole, nil)
	for _, victim := range names {
		if victim == verify.ReadmeName {
			continue
		}
		for what, change := range map[string]func(name string, content []byte) (string, []byte){
			"gone":    func(string, []byte) (string, []byte) { return "", nil },
			"renamed": func(name string, content []byte) (string, []byte) { return name + "x", content },
			"changed": func(name string, content []byte) (string, []byte) {
				content = bytes.Clone(content)
				content[len(content)/3] ^= 1
				return name, content
			},
		} {
			var out bytes.Buffer
			w := tar.NewWriter(&out)
			files(t, whole, func(name string, content []byte) {
				if name == victim {
					name, content = change(name, content)
				}
				if name == "" {
					return
				}
				if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o400}); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(content); err != nil {
					t.Fatal(err)
				}
			})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := verify.Evidence(&out, key, kept); err == nil {
				t.Errorf("%s is %s, and the archive is proved all the same", victim, what)
			}
		}
	}
}

func files(t *testing.T, archive []byte, visit func(name string, content []byte)) (names []string) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, head.Name)
		if visit != nil {
			visit(head.Name, content)
		}
	}
}
