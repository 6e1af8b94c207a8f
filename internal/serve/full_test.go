//go:build linux

package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ward.dev/ward/examples"
)

// small is the environment variable that tells the test program that it runs where it may mount a small disk at a folder.
const small = "WARD_SERVE_SMALL"

// onSmallDisk runs a test once more, in a mount namespace of its own with a small disk, and returns its folder there; "" outside, when all is
// done. A machine that lets nobody have namespaces cannot run it.
func onSmallDisk(t *testing.T, size string) string {
	t.Helper()
	if dir := os.Getenv(small); dir != "" {
		if err := syscall.Mount("ward-test", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	c.Env = append(os.Environ(), small+"="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
	out, err := c.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("this machine allows no namespaces to mount a small disk in: %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	return ""
}

// ballast fills a disk but for some bytes and returns the file that does.
func ballast(t *testing.T, dir string, left uint64) string {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	free := disk.Bavail * uint64(disk.Bsize)
	if free <= left {
		t.Fatalf("only %d bytes are free", free)
	}
	file := filepath.Join(dir, "ballast")
	if err := os.WriteFile(file, bytes.Repeat([]byte{1}, int(free-left)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDiskFull proves that on a disk which fills up, a little sooner or later, the server does what it acknowledges or says that it did not, that
// /readyz tells what is in the way, that it goes on or says that it must be restarted once there is room, and that after a restart all that was
// acknowledged is there, nothing else is, the ledger verifies, the database is whole and the estate is assessed again; and that a server which
// is started on a full disk says so.
func TestDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a disk; make test runs it")
	}
	dir := onSmallDisk(t, "64m")
	if dir == "" {
		return
	}
	if err := os.CopyFS(filepath.Join(dir, "code"), examples.Clinic); err != nil {
		t.Fatal(err)
	}
	settings := settingsOf(t, filepath.Join(dir, "data"))
	s, stop := run(t, settings)
	c := newCaller(t, s, administrator(t, s))
	if err := s.Declare(t.Context(), "Clinic", filepath.Join(dir, "code", "clinic")); err != nil {
		t.Fatal(err)
	}
	again(t, s, 1)
	acknowledged := []string{"clinic"}
	for round, left := range []uint64{1 << 20, 100 << 10, 400 << 10, 3 << 20} {
		heavy := ballast(t, dir, left)
		done, refused := c.until(round, 3)
		acknowledged = append(acknowledged, done...)
		t.Logf("with %d bytes left, %d were acknowledged until the disk was full, and then: %v", left, len(done), refused)
		status, ready := c.call("GET", "/readyz", "")
		if status != http.StatusServiceUnavailable || !strings.Contains(ready, `"disk":"full"`) {
			t.Errorf("it says that it is ready: %d %s", status, ready)
		}
		if status, _ := c.call("GET", "/healthz", ""); status != http.StatusOK {
			t.Errorf("it is taken for dead: %d", status)
		}
		startsFull(t, settings, dir)
		if err := os.Remove(heavy); err != nil {
			t.Fatal(err)
		}
		id, status, text := c.declare(fmt.Sprint("After room was made ", round))
		_, ready = c.call("GET", "/readyz", "")
		if id != "" {
			acknowledged = append(acknowledged, id)
		} else if !strings.Contains(text, "/readyz") || !strings.Contains(ready, "restart the server") {
			t.Errorf("with room: %d %s %s", status, text, ready)
		}
		t.Logf("ready: %s; with room: %d %s; it ended with: %v", ready, status, text, stop())

		s, stop = run(t, settings)
		c = newCaller(t, s, c.cookie)
		acknowledged = append(acknowledged, restarted(t, s, c, acknowledged, round))
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// run is a server as start has it, that may end in an error.
func run(t *testing.T, settings Settings) (*Server, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Open(ctx, settings, "test", &loud{})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, func() error { cancel(); return <-ended }
}

// startsFull proves that a server whose disk is full says so at its start.
func startsFull(t *testing.T, settings Settings, dir string) {
	t.Helper()
	rest := filepath.Join(dir, "rest")
	err := os.WriteFile(rest, make([]byte, 64<<20), 0o600)
	if err == nil {
		t.Fatal("the disk is not full")
	}
	defer os.Remove(rest)
	settings.Data = filepath.Join(dir, "other")
	defer os.RemoveAll(settings.Data)
	s, err := Open(t.Context(), settings, "test", &loud{})
	if err == nil {
		_ = s.close(t.Context())
		t.Error("a server starts on a full disk")
	} else if !strings.Contains(err.Error(), "no space left") && !strings.Contains(err.Error(), "full") {
		t.Errorf("a start on a full disk says: %v", err)
	}
}

// restarted checks what a server that was started again has, and that it works; it returns the estate that it declares.
func restarted(t *testing.T, s *Server, c *caller, acknowledged []string, round int) string {
	t.Helper()
	sound(t, s)
	have := c.declared()
	for _, id := range acknowledged {
		if !slices.Contains(have, id) {
			t.Errorf("%s was acknowledged and is gone", id)
		}
	}
	if len(have) != len(acknowledged) {
		t.Errorf("%d estates, and %d were acknowledged", len(have), len(acknowledged))
	}
	if status, ready := c.call("GET", "/readyz", ""); status != http.StatusOK {
		t.Errorf("after a restart: %d %s", status, ready)
	}
	id, status, text := c.declare(fmt.Sprint("After a restart ", round))
	if id == "" {
		t.Errorf("after a restart: %d %s", status, text)
	}
	runs, err := s.history.Runs(t.Context(), "clinic", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	again(t, s, runs[0].Number+1)
	sound(t, s)
	return id
}

// until declares estates, several at a time, until some were refused by each. It returns the ids of those that were acknowledged and what was
// said to the others, each once.
func (c *caller) until(round, times int) (acknowledged, refused []string) {
	c.t.Helper()
	var all sync.WaitGroup
	var mutex sync.Mutex
	for worker := range 4 {
		all.Go(func() {
			for n, left := 0, times; left > 0 && n < 2000; n++ {
				if n%10 == 9 {
					c.call("POST", "/api/v1/estates/clinic/assess", "{}")
				}
				id, status, text := c.declare(fmt.Sprintf("Estate %d of %d in %d", n, worker, round))
				if status == http.StatusTooManyRequests {
					time.Sleep(time.Second)
					continue
				}
				mutex.Lock()
				if id != "" {
					acknowledged = append(acknowledged, id)
				} else {
					left--
					if said := fmt.Sprint(status, " ", text); !slices.Contains(refused, said) {
						refused = append(refused, said)
					}
					if status != http.StatusServiceUnavailable || strings.Contains(text, "went wrong") {
						c.t.Errorf("refused by %d %s", status, text)
					}
				}
				mutex.Unlock()
			}
		})
	}
	all.Wait()
	if len(refused) == 0 {
		c.t.Errorf("%d were acknowledged, and none refused", len(acknowledged))
	}
	return acknowledged, refused
}

// sound checks that the ledger verifies, that the database is whole and tells the same as the ledger, and that each assessment has its
// evidence.
func sound(t *testing.T, s *Server) {
	t.Helper()
	ctx := t.Context()
	if _, err := s.ledger.Verify(ctx, nil); err != nil {
		t.Errorf("the ledger: %v", err)
	}
	var whole string
	if err := s.db.NewRaw("PRAGMA integrity_check").Scan(ctx, &whole); err != nil || whole != "ok" {
		t.Errorf("the database: %s, %v", whole, err)
	}
	agrees(t, s)
	runs, err := s.history.Runs(ctx, "clinic", 0, 100)
	if err != nil || len(runs) == 0 {
		t.Fatalf("%d assessments, %v", len(runs), err)
	}
	for _, r := range runs {
		if _, err := s.history.Reassemble(ctx, "clinic", r.Number); err != nil {
			t.Errorf("assessment %d: %v", r.Number, err)
		}
		bundle, err := s.evidence.Bundle(ctx, r.Digests["evidence"])
		if err == nil {
			err = s.evidence.Check(ctx, bundle)
		}
		if err != nil {
			t.Errorf("the evidence of assessment %d: %v", r.Number, err)
		}
	}
}
