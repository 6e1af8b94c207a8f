package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// How much memory, in bytes, is taken before the collector works in earnest. Runs are short, so a collection that is not needed
// is waste: with these an estate of 100,000 resources in code stays under 1 GiB, and an account of 40,000 is assessed in a
// container of 512 MiB.
const (
	quietCode = 900 << 20
	quietLive = 385 << 20
)

var quiet atomic.Int64

// Pace lets the heap grow freely up to what is quiet and then by half of what is live, unless GOGC or GOMEMLIMIT say else.
func Pace() {
	quiet.Store(quietCode)
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(1000)
	debug.SetMemoryLimit(quietCode)
	// Garbage from the start, it is finalized after every collection and tells of it.
	type bell struct{ _ *byte }
	var ring func(*bell)
	ring = func(b *bell) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetMemoryLimit(limit(live[0].Value.Uint64()))
		runtime.SetFinalizer(b, ring)
	}
	runtime.SetFinalizer(&bell{}, ring)
}

// limit is how much memory may be taken until the next collection, with so many bytes live.
func limit(live uint64) int64 { return max(quiet.Load(), int64(live+live/2)) }
