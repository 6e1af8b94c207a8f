// Package storetest is the suite that every driver of evidence.Store passes.
package storetest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/evidence"
)

// Run runs the suite on a store that is empty. Later is called to have the store's clock stand at a time; it may be nil where the clock
// cannot be set, and then nothing is deleted.
func Run(t *testing.T, s evidence.Store, later func(time.Time)) {
	ctx := context.Background()
	now := time.Now().UTC().Truncate(time.Second)
	until := now.Add(48 * time.Hour)
	t.Run("nothing", func(t *testing.T) {
		_, get := s.Get(ctx, "a/none")
		_, tell := s.Until(ctx, "a/none")
		for what, err := range map[string]error{"get": get, "until": tell, "delete": s.Delete(ctx, "a/none"), "extend": s.Extend(ctx, "a/none", until)} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s of nothing: %v", what, err)
			}
		}
	})
	t.Run("names", func(t *testing.T) {
		for _, name := range []string{"", ".", "../a", "/a", "a//b", "a/../b", "a\\b", "a\x00b"} {
			if err := s.Put(ctx, name, []byte("x"), until); err == nil {
				t.Errorf("%q is taken as a name", name)
			}
		}
	})
	t.Run("kept", func(t *testing.T) {
		content := strings.Repeat("evidence ", 100_000)
		if err := s.Put(ctx, "a/b/one", []byte(content), until); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, "a/b/one", []byte("other"), now); err != nil {
			t.Fatal(err)
		}
		if got := text(t, s, "a/b/one"); got != content {
			t.Errorf("%d bytes are there, not the %d that were put first", len(got), len(content))
		}
		lasts(t, s, "a/b/one", until)
		if err := s.Delete(ctx, "a/b/one"); !errors.Is(err, evidence.ErrKept) {
			t.Errorf("deleted before its time: %v", err)
		}
		if got := text(t, s, "a/b/one"); got != content {
			t.Error("it is gone")
		}
	})
	t.Run("longer", func(t *testing.T) {
		if err := s.Put(ctx, "two", []byte("x"), until); err != nil {
			t.Fatal(err)
		}
		for _, each := range []time.Time{until.Add(24 * time.Hour), until} {
			if err := s.Extend(ctx, "two", each); err != nil {
				t.Fatal(err)
			}
			lasts(t, s, "two", until.Add(24*time.Hour))
		}
		if err := s.Put(ctx, "two", []byte("x"), until.Add(72*time.Hour)); err != nil {
			t.Fatal(err)
		}
		lasts(t, s, "two", until.Add(72*time.Hour))
	})
	if later == nil {
		return
	}
	t.Run("after", func(t *testing.T) {
		later(until.Add(100 * time.Hour))
		if err := s.Delete(ctx, "two"); err != nil {
			t.Errorf("not deleted after its time: %v", err)
		}
		if _, err := s.Get(ctx, "two"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after it was deleted: %v", err)
		}
	})
}

func text(t *testing.T, s evidence.Store, name string) string {
	t.Helper()
	r, err := s.Get(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func lasts(t *testing.T, s evidence.Store, name string, want time.Time) {
	t.Helper()
	if got, err := s.Until(context.Background(), name); err != nil || got.Before(want) {
		t.Errorf("%s is kept until %v, %v; want %v", name, got, err, want)
	}
}
