package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/examples"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/evidence"
)

// child is the environment variable that makes the test program a server on a data directory, which asks for assessments without end.
const child = "WARD_SERVE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(child); dir != "" {
		fmt.Fprintln(os.Stderr, busy(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(usersChild); dir != "" {
		if err := quiet(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// busy serves, and has the estate assessed again and again.
func busy(dir string) error {
	ctx := context.Background()
	settings, err := Load("", dir, "127.0.0.1:0")
	if err != nil {
		return err
	}
	s, err := Open(ctx, settings, "test", io.Discard)
	if err != nil {
		return err
	}
	if err := s.Declare(ctx, "Clinic", filepath.Join(dir, "clinic")); err != nil {
		return err
	}
	fmt.Println("ready", s.settings.Listen)
	go func() {
		for ; ; time.Sleep(20 * time.Millisecond) {
			_, _ = s.estates.Want(program(ctx), "clinic", "demand") // most often one is under way
		}
	}()
	return s.Run(ctx)
}

// begin starts a busy server of its own process on a data directory, and returns it with the address that it listens on.
func begin(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), child+"="+dir)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ready {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return c, address
}

// TestKilled proves that a server which is killed at any moment comes up again with all that it had acknowledged: the ledger verifies, the
// state tells the same, every assessment has its evidence, and the one that was cut off is made anew.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("kills servers for a while; make test runs it")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, examples.Clinic); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		c, _ := begin(t, dir)
		time.Sleep(time.Duration(200+rand.IntN(2500)) * time.Millisecond)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // that it was killed
	}

	s, _ := start(t, settingsOf(t, dir))
	ctx := context.Background()
	if _, err := s.ledger.Verify(ctx, nil); err != nil {
		t.Errorf("the ledger: %v", err)
	}
	size := agrees(t, s)
	runs, err := s.history.Runs(ctx, "clinic", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if _, err := s.history.Reassemble(ctx, "clinic", r.Number); err != nil {
			t.Errorf("assessment %d: %v", r.Number, err)
		}
		bundle, err := s.evidence.Bundle(ctx, r.Digests["evidence"])
		if err != nil {
			t.Errorf("assessment %d: %v", r.Number, err)
			continue
		}
		if err := s.evidence.Check(ctx, bundle); err != nil {
			t.Errorf("assessment %d: %v", r.Number, err)
		}
		if _, there, err := s.evidence.Record(ctx, bundle); err != nil || !there {
			t.Errorf("assessment %d: no record of its evidence: %v", r.Number, err)
		}
	}
	t.Logf("%d assessments were published before the last kill, %d records", len(runs), size)
	again(t, s, int64(len(runs))+1)
	if bundles, err := s.evidence.Find(ctx, evidence.Wanted{Estate: "clinic"}); err != nil || len(bundles) <= len(runs) {
		t.Errorf("%d bundles of evidence after %d assessments, %v", len(bundles), len(runs)+1, err)
	}
}

// again waits for an assessment more. A job that was killed too often ends as failed, and the next one is asked for as people would.
func again(t *testing.T, s *Server, number int64) {
	t.Helper()
	ctx := context.Background()
	for range 1200 {
		if runs, err := s.history.Runs(ctx, "clinic", 0, 1); err == nil && len(runs) > 0 && runs[0].Number >= number {
			return
		}
		if _, err := s.estates.Want(program(ctx), "clinic", "demand"); err != nil && !errors.Is(err, estate.ErrRunning) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the estate is assessed no more")
}
