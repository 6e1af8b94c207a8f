package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"ward.dev/ward/ledger"
)

// TestRun proves that an export is proved with the right key and checkpoint, that one of another ledger is not, and that a program which
// calls it can tell the two apart.
func TestRun(t *testing.T) {
	klog.SetLogger(logr.Discard()) // Tessera talks
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"mine", "other"} {
		l, err := ledger.Open(t.Context(), file(name), ledger.Options{Name: "ward.test/" + name, Interval: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(t.Context(), []byte("a record of "+name)); err != nil {
			t.Fatal(err)
		}
		kept, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(t.Context(), []byte("another record")); err != nil {
			t.Fatal(err)
		}
		var export bytes.Buffer
		if err := l.Export(t.Context(), &export, 0, -1); err != nil {
			t.Fatal(err)
		}
		for ending, content := range map[string][]byte{".key": []byte(l.Key() + "\n"), ".kept": kept, ".export": export.Bytes()} {
			if err := os.WriteFile(file(name+ending), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file("empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--key", file("mine.key"), "--kept", file("mine.kept"), "--show", file("mine.export")}, 0, "none of its first 1 records was changed"},
		{[]string{"--key", file("mine.key"), "--show", file("mine.export")}, 0, "0 a record of mine\n1 another record\n"},
		{[]string{"--key", file("mine.key"), file("mine.export")}, 0, "Keep this checkpoint for the next time:\n\nward.test/mine\n2\n"},
		{[]string{"--key", file("other.key"), file("mine.export")}, 1, "NOT PROVED"},
		{[]string{"--key", file("mine.key"), "--kept", file("other.kept"), file("mine.export")}, 1, "the checkpoint that was kept"},
		{[]string{"--key", file("mine.key"), "--kept", file("empty"), file("mine.export")}, 1, "is empty"},
		{[]string{"--key", file("mine.key"), file("empty")}, 1, "has no manifest.json"},
		{[]string{file("mine.export")}, 2, "usage"},
		{[]string{"--key", file("mine.key")}, 2, "usage"},
		{[]string{"--nonsense"}, 2, "usage"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(c.args, &stdout, &stderr); code != c.code || !strings.Contains(stdout.String()+stderr.String(), c.says) {
			t.Errorf("%v: code %d, want %d and %q; it says\n%s%s", c.args, code, c.code, c.says, &stdout, &stderr)
		}
	}
}
