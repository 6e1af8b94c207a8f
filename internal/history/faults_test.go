package history_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// The child of TestKilled stores the second day of an estate in the state that these name, and says so before it begins.
const (
	childDir = "WARD_HISTORY_DIR"
	childURL = "WARD_HISTORY_URL"
)

const killedResources = 1200

func TestMain(m *testing.M) {
	if os.Getenv(childDir) != "" || os.Getenv(childURL) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child() error {
	ctx := context.Background()
	db, err := state.Open(ctx, state.Place{Dir: os.Getenv(childDir), URL: os.Getenv(childURL)})
	if err != nil {
		return err
	}
	g := newGenerator(killedResources)
	g.Pass(200)
	a := g.Assess()
	fmt.Println("begins")
	_, err = history.New(db, history.Options{}).Prepare(ctx, "e", history.RunMeta{}, a)
	fmt.Println("done")
	return err
}

// TestKilled proves that a program which is killed while it stores an assessment leaves what was there as it was, whenever that happens, and
// that the next one stores the assessment whole.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while; make test runs it")
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, state.Place{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) { killed(t, state.Place{URL: statetest.PostgresURL(t)}) })
}

func killed(t *testing.T, p state.Place) {
	ctx := context.Background()
	db, err := state.Open(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := history.New(db, history.Options{})
	g := newGenerator(killedResources)
	first := g.Assess()
	store(t, db, h, "e", first)
	want := sum(t, first)
	before := rows(t, db)
	cut := 0
	for n := range 4 {
		if !kill(t, p, time.Duration(n)*30*time.Millisecond) {
			cut++
		}
		h := history.New(db, history.Options{})
		got, err := h.Reassemble(ctx, "e", 0)
		if err != nil {
			t.Fatal(err)
		}
		if sum(t, got) != want {
			t.Fatal("after a kill the run is not as it was")
		}
		if err := h.Clean(ctx); err != nil {
			t.Fatal(err)
		}
		if after := rows(t, db); before[0] != after[0] || before[1] != after[1] || before[2] != after[2] {
			t.Errorf("there were %v rows, and are %v", before, after)
		}
		if got, err = h.Reassemble(ctx, "e", 0); err != nil || sum(t, got) != want {
			t.Errorf("after what was cut off is taken away, the run is not as it was: %v", err)
		}
	}
	if cut == 0 {
		t.Error("no child was killed before it was done")
	}
	g.Pass(200)
	second := g.Assess()
	kill(t, p, 100*time.Millisecond)
	store(t, db, h, "e", second) // which takes away what the last child left
	got, err := h.Reassemble(ctx, "e", 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Findings {
		got.Findings[i].Location.Call.At = second.AssessedAt
		for _, e := range got.Findings[i].Evidence {
			e.Location.Call.At = second.AssessedAt
		}
	}
	if sum(t, got) != sum(t, second) {
		t.Error("the assessment that was stored after a kill is not as it was")
	}
}

// sum is a digest of an assessment, whatever the order of its findings.
func sum(t *testing.T, a *assessment.Assessment) [sha256.Size]byte {
	t.Helper()
	sorted := *a
	sorted.Findings = slices.Clone(a.Findings)
	slices.SortFunc(sorted.Findings, func(a, b assessment.Finding) int { return strings.Compare(a.ID, b.ID) })
	b, err := json.Marshal(sorted)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// kill runs a child and kills it some time after it began to store, and tells whether it was done by then.
func kill(t *testing.T, p state.Place, after time.Duration) (done bool) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDir+"="+p.Dir, childURL+"="+p.URL)
	var failed strings.Builder
	c.Stderr = &failed
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "begins" {
		t.Fatalf("the child says %q %s", lines.Text(), failed.String())
	}
	time.Sleep(after)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		done = done || lines.Text() == "done"
	}
	_ = c.Wait() // it was killed
	return done
}
