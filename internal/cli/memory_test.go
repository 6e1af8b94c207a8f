package cli

import "testing"

// TestLimit proves that little memory is taken quietly, and that what is large grows by half.
func TestLimit(t *testing.T) {
	defer quiet.Store(quiet.Load())
	quiet.Store(quietLive)
	for live, want := range map[uint64]int64{0: quietLive, 200 << 20: quietLive, 400 << 20: 600 << 20} {
		if got := limit(live); got != want {
			t.Errorf("%d MiB live: a limit of %d MiB, want %d", live>>20, got>>20, want>>20)
		}
	}
}
