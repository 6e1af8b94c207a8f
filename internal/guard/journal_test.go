package guard_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/guard"
)

// journal writes records into a new journal and returns its folder.
func journal(t *testing.T, records ...guard.Record) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := guard.OpenJournal(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, r := range records {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var some = []guard.Record{{Type: guard.RecordIntent, At: time.Unix(1, 0), Rule: "a"}, {Type: guard.RecordOutcome, At: time.Unix(2, 0), Rule: "a"},
	{Type: guard.RecordIntent, At: time.Unix(3, 0), Rule: "b"}}

// TestChain proves that a journal that was changed does not verify: a byte, a line taken out, lines in another order.
func TestChain(t *testing.T) {
	dir := journal(t, some...)
	records, head, err := guard.Verify(dir)
	if err != nil || len(records) != 3 || head == "" {
		t.Fatalf("%d records, %q, %v", len(records), head, err)
	}
	file := filepath.Join(dir, "journal.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for name, forged := range map[string][]byte{
		"a byte":      bytes.Replace(text, []byte(`"rule":"a"`), []byte(`"rule":"c"`), 1),
		"a line less": bytes.Join([][]byte{lines[0], lines[2]}, nil),
		"turned":      bytes.Join([][]byte{lines[1], lines[0], lines[2]}, nil),
		"no record":   append(bytes.Clone(text), "x\n"...),
		"no end":      bytes.TrimSuffix(text, []byte("\n")),
	} {
		if err := os.WriteFile(file, forged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := guard.Verify(dir); !errors.Is(err, guard.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
		if j, err := guard.OpenJournal(dir, true); err == nil {
			j.Close()
			if name != "no end" {
				t.Errorf("%s: it was opened", name)
			}
		}
	}
}

// TestTorn proves that a journal whose last line was not written to its end is gone on with, and tells of it.
func TestTorn(t *testing.T) {
	dir := journal(t, some...)
	file, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString(`{"seq":4,"type":"inte`)
		file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	j, err := guard.OpenJournal(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Append(some[0]); err != nil {
		t.Fatal(err)
	}
	records, _, err := guard.Verify(dir)
	if err != nil || len(records) != 5 || records[3].Type != guard.RecordTorn {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// TestTogether proves that one guard runs by a journal at a time, while others may add to it.
func TestTogether(t *testing.T) {
	dir := journal(t)
	first, err := guard.OpenJournal(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := guard.OpenJournal(dir, true); err == nil {
		t.Error("a second guard runs")
	}
	person, err := guard.OpenJournal(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer person.Close()
	for _, j := range []*guard.Journal{first, person, person, first} {
		if err := j.Append(some[0]); err != nil {
			t.Fatal(err)
		}
	}
	if records, _, err := guard.Verify(dir); err != nil || len(records) != 4 || records[3].Seq != 4 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// TestRecover proves that what came of acts that were interrupted is looked at and recorded.
func TestRecover(t *testing.T) {
	s := newSite(t, "interrupted", policyText("interrupted", "scale", "", ""))
	s.cluster.Apply(t, deployment("interrupted", "done", true, 0)+deployment("interrupted", "not", true, 2))
	g := s.guard()
	three := int64(3)
	for _, name := range []string{"done", "not"} {
		o := guard.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "interrupted", Name: name, UID: s.uid(name), Address: "Deployment/interrupted/" + name}
		if err := g.Journal.Append(guard.Record{Type: guard.RecordIntent, At: time.Now(), Act: "scale", Object: &o, Replicas: &three}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := g.Recover(t.Context())
	if err != nil || len(found) != 2 || found[0].Result != guard.ResultDone || found[1].Result != guard.ResultNothing {
		t.Fatalf("%+v, %v", found, err)
	}
	if again, err := g.Recover(t.Context()); err != nil || len(again) > 0 {
		t.Errorf("again %+v, %v", again, err)
	}
	if _, err := s.undo(found[0].ID); err != nil || s.replicas("done") != 3 {
		t.Errorf("undone: %v", err)
	}
	if _, err := s.undo(found[1].ID); err == nil || !strings.Contains(err.Error(), "was not done") {
		t.Errorf("undone what was not done: %v", err)
	}
}

// FuzzJournal proves that no content of the file makes reading it fail in another way than with an error.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"seq":1,"id":"1","at":"2026-01-01T00:00:00Z","type":"intent","previous":""}` + "\n"))
	f.Add([]byte(`{"seq":1,"object":{},"replicas":null,"before":[[]],"previous":""}` + "\n{"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "journal.jsonl"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, before := guard.Verify(dir)
		j, err := guard.OpenJournal(dir, true)
		if err != nil {
			return
		}
		defer j.Close()
		if err := j.Append(guard.Record{Type: guard.RecordGone}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := guard.Verify(dir); err != nil {
			t.Errorf("verified %v before, %v after", before, err)
		}
	})
}
