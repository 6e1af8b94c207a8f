// Package clamdtest starts a real clamd for tests.
package clamdtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Bad is what the daemon of tests calls malicious, by a signature of its own.
const Bad = "this is what a test calls malicious\n"

// Start starts a real clamd that knows one signature, and returns where it listens, as clamd.Parse has it, and what ends it.
func Start(t *testing.T) (where string, stop func()) {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		program = "/usr/sbin/clamd" // which is not on everybody's path
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no clamd; make setup installs it")
		}
		t.Skip("there is no clamd; make setup installs it")
	}
	dir, err := os.MkdirTemp("", "ward-clamd-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "socket"), filepath.Join(dir, "clamd.conf")
	for name, text := range map[string]string{
		filepath.Join(dir, "test.hsb"): fmt.Sprintf("%x:%d:Ward.Test\n", sha256.Sum256([]byte(Bad)), len(Bad)),
		config:                         fmt.Sprintf("LocalSocket %s\nDatabaseDirectory %s\nForeground yes\nStreamMaxLength 1M\nTemporaryDirectory %s\n", socket, dir, dir),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := &bytes.Buffer{}
	c := exec.Command(program, "--config-file="+config)
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { _ = c.Process.Kill(); _ = c.Wait() })
	t.Cleanup(stop)
	for range 300 {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return "unix:" + socket, stop
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("clamd does not listen: %s", out)
	return "", nil
}
