package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/wire"
)

// TestCatalog runs every proof over the built-in catalog, those of AWS, Kubernetes and images.
func TestCatalog(t *testing.T) {
	c := loaded(t)
	for _, fault := range c.Prove(wire.ReadText, "") {
		t.Error(fault)
	}
	if len(c.Checks) < 150 {
		t.Errorf("the catalog has %d checks; at least 150 were promised", len(c.Checks))
	}
}

// TestPlaces proves that every place that a kind names exists in the providers' own schemas, where those are at hand.
func TestPlaces(t *testing.T) {
	dir := os.Getenv("WARD_SHARED")
	if dir == "" {
		dir = filepath.Join(root, "..", "shared")
	}
	dir = filepath.Join(dir, "schemas")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the providers' schemas are not on this machine: %v", err)
	}
	schemas, err := catalog.ReadSchemas(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := loaded(t)
	for _, fault := range c.Lint(schemas) {
		t.Error(fault)
	}
}

// TestKubernetesPlaces proves that every place that a kind of Kubernetes names exists in the types of its API, and that every
// attribute has one.
func TestKubernetesPlaces(t *testing.T) {
	c := loaded(t)
	for _, fault := range c.Lint(&catalog.Schemas{Live: wire.Shapes()}) {
		if strings.Contains(fault.Error(), "kubernetes.") {
			t.Error(fault)
		}
	}
}
