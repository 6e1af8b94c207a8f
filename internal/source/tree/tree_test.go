package tree_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/source/tree"
)

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func isYAML(name string) bool { return strings.HasSuffix(name, ".yaml") }

// TestWalk proves that a folder's files come in order, that hidden ones do not, and that a link which leads out is told and not
// followed.
func TestWalk(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, "secret.yaml", "a: secret")
	write(t, dir, "b/c.yaml", "c")
	write(t, dir, "a.yaml", "a")
	write(t, dir, ".git/config", "hidden")
	write(t, dir, "node_modules/x.yaml", "hidden")
	for link, to := range map[string]string{"out.yaml": filepath.Join(outside, "secret.yaml"), "out": outside, "in.yaml": "a.yaml",
		"out.png": filepath.Join(outside, "secret.yaml")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var files, skipped []string
	if err := opened.Walk(context.Background(), isYAML, func(file string) bool { files = append(files, file); return true },
		func(file, _ string) { skipped = append(skipped, file) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a.yaml", "b/c.yaml"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"out", "out.yaml"}, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	for _, name := range []string{"out.yaml", "../" + filepath.Base(outside) + "/secret.yaml", filepath.Join(outside, "secret.yaml")} {
		if content, err := opened.Read(name); err == nil {
			t.Errorf("%s was read: %s", name, content)
		}
	}
	if content, err := opened.Read("in.yaml"); err != nil || string(content) != "a" {
		t.Errorf("a link that stays within reads %q, %v", content, err)
	}
}

// TestOneFile proves that of a target that is a file nothing else is visited, also if it is given as a link.
func TestOneFile(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	write(t, dir, "a.yaml", "a")
	write(t, dir, "b.yaml", "b")
	link := filepath.Join(elsewhere, "link")
	if err := os.Symlink(filepath.Join(dir, "a.yaml"), link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{filepath.Join(dir, "a.yaml"), link} {
		opened, err := tree.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		_ = opened.Walk(context.Background(), isYAML, func(file string) bool { files = append(files, file); return true }, nil)
		if diff := cmp.Diff([]string{"a.yaml"}, files); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		opened.Close()
	}
}

// TestBounds proves that a large file gives its head and an error, and that what is no file gives an error without its path.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "large.yaml", strings.Repeat("a", tree.MaxFile+1))
	write(t, dir, "just.yaml", strings.Repeat("a", tree.MaxFile))
	opened, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if head, err := opened.Read("large.yaml"); !errors.Is(err, tree.ErrTooLarge) || len(head) == 0 || len(head) > 1<<20 {
		t.Errorf("a large file gives %d bytes, %v", len(head), err)
	}
	if content, err := opened.Read("just.yaml"); err != nil || len(content) != tree.MaxFile {
		t.Errorf("a file at the bound gives %d bytes, %v", len(content), err)
	}
	if _, err := opened.Read("."); err == nil {
		t.Error("a folder was read")
	}
	if _, err := tree.Open(filepath.Join(dir, "none")); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("what does not exist gives %v", err)
	}
}
