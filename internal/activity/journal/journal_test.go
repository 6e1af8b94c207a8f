package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/activity/journal"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func entry(rule string, at time.Time) activity.Entry {
	return activity.Entry{Received: at, Count: 1, Event: activity.Event{Time: at, Rule: rule, Host: "node-1", Priority: activity.Warning}}
}

// clock is one that a test sets.
type clock struct {
	sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time       { c.Lock(); defer c.Unlock(); return c.at }
func (c *clock) pass(d time.Duration) { c.Lock(); defer c.Unlock(); c.at = c.at.Add(d) }

func open(t *testing.T, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func rules(t *testing.T, dir string, since time.Time) (rules int, doubts string) {
	t.Helper()
	record, err := journal.Read(dir, since)
	if err != nil {
		t.Fatal(err)
	}
	blocks, why := record.Blocks("kubernetes:test", "uid", nil, noon)
	for _, b := range blocks {
		if b.Type == activity.TypeAlert {
			rules++
		}
	}
	return rules, fmt.Sprint(why[activity.TypeWatch])
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "activity-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTogether proves that entries that come at once are all in the journal when they are taken.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir, Now: (&clock{at: noon}).now})
	var group sync.WaitGroup
	const n = 500
	for i := range n {
		group.Go(func() {
			if err := j.Append(t.Context(), entry(fmt.Sprint("rule ", i), noon)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, doubts := rules(t, dir, noon.Add(-time.Hour)); got != n || doubts != "[]" {
		t.Errorf("%d rules, %s", got, doubts)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if err := j.Append(t.Context(), entry("late", noon)); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("a closed journal: %v", err)
	}
}

// TestCrash proves that what was cut off at any byte neither hides what was taken before nor what comes after.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir, Now: (&clock{at: noon}).now})
	for _, rule := range []string{"first", "second"} {
		if err := j.Append(t.Context(), entry(rule, noon)); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	path := files(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for n := range len(whole) {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		if n >= first {
			want = 1
		}
		if got, doubts := rules(t, dir, noon.Add(-time.Hour)); got != want || doubts != "[]" {
			t.Fatalf("cut at %d: %d rules, %s", n, got, doubts)
		}
	}
	after := open(t, journal.Options{Dir: dir, Now: (&clock{at: noon}).now})
	if err := after.Append(t.Context(), entry("third", noon)); err != nil {
		t.Fatal(err)
	}
	if got, doubts := rules(t, dir, noon.Add(-time.Hour)); got != 2 || doubts != "[]" {
		t.Errorf("after a crash: %d rules, %s", got, doubts)
	}
}

// TestDamage proves that a line that cannot be read is told, and the others are read.
func TestDamage(t *testing.T) {
	for name, line := range map[string]string{
		"no JSON": "{\n", "nothing": "\n", "no entry": "{}\n", "two in a line": `{"received":"2026-11-22T12:00:00Z","refused":1}{}` + "\n",
		"something newer": `{"received":"2026-11-22T12:00:00Z","refused":1,"later":1}` + "\n", "endless": strings.Repeat("x", 1<<20) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, journal.Options{Dir: dir, Now: (&clock{at: noon}).now})
			if err := j.Append(t.Context(), entry("first", noon)); err != nil {
				t.Fatal(err)
			}
			path := files(t, dir)[0]
			whole, _ := os.ReadFile(path)
			if err := os.WriteFile(path, append([]byte(line), whole...), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, doubts := rules(t, dir, noon.Add(-time.Hour)); got != 1 || !strings.Contains(doubts, "1 lines of activity-2026-11-22-") {
				t.Errorf("%d rules, %s", got, doubts)
			}
		})
	}
}

// TestRotation proves that files end with the day and when they are large, and are taken away when their time is over.
func TestRotation(t *testing.T) {
	dir, at := t.TempDir(), &clock{at: noon.Add(-48 * time.Hour)}
	j := open(t, journal.Options{Dir: dir, Now: at.now, MaxFile: 1, Keep: 25 * time.Hour})
	add := func(rule string, want int) {
		t.Helper()
		if err := j.Append(t.Context(), entry(rule, at.now())); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); len(got) != want {
			t.Errorf("%s: there are %v, want %d", rule, got, want)
		}
	}
	add("first", 1)
	add("second", 2)
	at.pass(24 * time.Hour)
	add("third", 3)
	at.pass(24 * time.Hour)
	add("fourth", 2)
	if got, _ := rules(t, dir, noon.Add(-time.Hour)); got != 1 {
		t.Errorf("%d rules within the hour, want 1", got)
	}
}

// TestFaults proves that a disk that takes nothing is an error of Append, and that the next entry is tried again.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	at := &clock{at: noon}
	j := open(t, journal.Options{Dir: filepath.Join(dir, "journal"), Now: at.now})
	if err := os.RemoveAll(filepath.Join(dir, "journal")); err != nil {
		t.Fatal(err)
	}
	at.pass(24 * time.Hour) // so that a new file is wanted
	if err := j.Append(t.Context(), entry("first", noon)); err == nil {
		t.Error("an entry was taken that is nowhere")
	}
	if err := os.Mkdir(filepath.Join(dir, "journal"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), entry("second", noon)); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Append(ctx, entry("third", noon)); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := journal.Open(journal.Options{Dir: "/proc/journal"}); err == nil {
		t.Error("a journal was opened where nothing can be written")
	}
}

// TestNoJournal proves that a folder without a journal is not one in which nothing happened.
func TestNoJournal(t *testing.T) {
	if _, err := journal.Read(t.TempDir(), noon); err == nil || !strings.Contains(err.Error(), "ward activity serve") {
		t.Errorf("got %v", err)
	}
	if _, err := journal.Read(filepath.Join(t.TempDir(), "none"), noon); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
