package history

import (
	"os"
	"testing"

	"ward.dev/ward/internal/state"
)

// BenchmarkReading reads the runs of the estate that BenchmarkHistory kept where WARD_HISTORY_KEEP says, one after the other, as who asks about a
// date has it done.
func BenchmarkReading(b *testing.B) {
	dir := os.Getenv("WARD_HISTORY_KEEP")
	if dir == "" {
		b.Skip("WARD_HISTORY_KEEP names no state")
	}
	db, err := state.Open(b.Context(), state.Place{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	h := New(db, Options{})
	estate, newest, err := h.find(b.Context(), "e", 0)
	if err != nil {
		b.Fatal(err)
	}
	for i := int64(0); b.Loop(); i++ {
		r, err := h.Run(b.Context(), "e", 1+i*37%newest.Number)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := h.readImage(b.Context(), estate, r); err != nil {
			b.Fatal(err)
		}
	}
}
