package governance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/catalog"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestScanned proves that a file is kept whole after it was scanned, and that one which is malicious, or cannot be scanned, leaves nothing behind.
func TestScanned(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		keeper, _ := recordtest.Open(t, db, nil)
		all, err := register.Load(catalog.Files, "registers")
		if err != nil {
			t.Fatal(err)
		}
		files, err := evidence.OpenFolder(t.TempDir(), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		verdict := error(nil)
		d, err := governance.Open(t.Context(), db, keeper, all, governance.Options{Files: files, Scan: func(_ context.Context, file io.Reader) error {
			if text, err := io.ReadAll(file); err != nil || string(text) != "evidence" {
				t.Errorf("scanned: %q, %v", text, err)
			}
			return verdict
		}})
		if err != nil {
			t.Fatal(err)
		}
		kept := func() (n int) {
			if err := db.NewRaw("SELECT count(*) FROM upload").Scan(t.Context(), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		var faults register.Faults
		verdict = fmt.Errorf("%w: Test", governance.ErrMalicious)
		if _, err := d.Keep(t.Context(), "a.pdf", strings.NewReader("evidence")); !errors.As(err, &faults) || kept() != 0 {
			t.Errorf("malicious: %v, %d files", err, kept())
		}
		var refusal *register.Refusal
		verdict = os.ErrDeadlineExceeded
		if _, err := d.Keep(t.Context(), "a.pdf", strings.NewReader("evidence")); !errors.As(err, &refusal) || kept() != 0 {
			t.Errorf("not known: %v, %d files", err, kept())
		}
		verdict = nil
		if f, err := d.Keep(t.Context(), "a.pdf", strings.NewReader("evidence")); err != nil || f.Size != 8 || kept() != 1 {
			t.Errorf("good: %+v, %v, %d files", f, err, kept())
		}
	})
}
