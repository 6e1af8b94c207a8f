package wire_test

import (
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
)

// whole is the built-in catalog, which tests share and do not change.
var whole = sync.OnceValues(func() (*catalog.Catalog, error) { return catalog.Load(builtin.Files) })

func loaded(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMain takes away what the machine's user has set up for AWS: the tests ask no cloud, and a bundle of certificates (AWS_CA_BUNDLE)
// would be read for each of the thousands of clients that they make. What they judge a thousand times is small, so that it pays to clear
// memory more seldom.
func TestMain(m *testing.M) {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
