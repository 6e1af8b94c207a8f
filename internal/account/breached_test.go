package account_test

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state/statetest"
)

func listOf(t testing.TB, end string, passwords ...string) string {
	t.Helper()
	var lines []string
	for i, p := range passwords {
		lines = append(lines, fmt.Sprintf("%X:%d", sha1.Sum([]byte(p)), i*7))
	}
	slices.Sort(lines)
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, end)+end), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBreached proves that each password of a list is found and none besides, whatever ends its lines and however few there are.
func TestBreached(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		for _, n := range []int{1, 2, 3, 10, 1000} {
			var in []string
			for i := range n {
				in = append(in, fmt.Sprint("password ", i))
			}
			b, err := account.OpenBreached(listOf(t, end, in...))
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				if has, err := b.Has(in[i]); !has || err != nil {
					t.Errorf("%s of %d is not found: %v", in[i], n, err)
				}
				if has, err := b.Has(in[i] + " more"); has || err != nil {
					t.Errorf("of %d, %s more is found: %v", n, in[i], err)
				}
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestBreachedRefused proves that a file which is no such list is refused when it is opened.
func TestBreachedRefused(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "passwords": "letmein\nsecret\n", "a line without an end": strings.Repeat("A", 10_000),
		"not in order": fmt.Sprintf("%X:1\n%X:1\n", slices.Repeat([]byte{9}, 20), slices.Repeat([]byte{1}, 20))} {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := account.OpenBreached(path); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	if _, err := account.OpenBreached(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a list that is not there: %v", err)
	}
}

// TestNewPasswordBreached proves that a password which became known is not taken, that another is, and that none is taken while the list cannot be
// read.
func TestNewPasswordBreached(t *testing.T) {
	const known, other = "purple! monkeys dishwash", "eight green ladders!"
	list, err := account.OpenBreached(listOf(t, "\n", known, "x", "y"))
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, statetest.SQLite(t), func(o *account.Options) { o.Breached = list })
	s := h.first()
	var wrong *account.Mistake
	if _, err := h.ChangePassword(h.context(s.ticket), s.password, known, home); !errors.As(err, &wrong) || wrong.Field != "password" {
		t.Errorf("a password that became known: %v", err)
	}
	if err := list.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ChangePassword(h.context(s.ticket), s.password, other, home); err == nil || errors.As(err, &wrong) {
		t.Errorf("without the list: %v", err)
	}
}
