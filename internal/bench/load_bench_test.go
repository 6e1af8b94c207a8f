package bench

import (
	"testing"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
)

// BenchmarkLoad reads, type-checks and compiles the whole catalog, as with a catalog of one's own.
func BenchmarkLoad(b *testing.B) {
	asTheProgram(b)
	for range b.N {
		if _, err := catalog.Load(builtin.Files); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen reads what an assessment begins with: kinds, frameworks and the names of checks.
func BenchmarkOpen(b *testing.B) {
	asTheProgram(b)
	for range b.N {
		c, err := catalog.Open(builtin.Files)
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Link(c.Framework("hipaa-security-rule")); err != nil {
			b.Fatal(err)
		}
	}
}
