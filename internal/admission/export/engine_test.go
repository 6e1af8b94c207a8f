package export_test

import (
	"encoding/json"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// world is what the engine makes of one object, as if it were all of a cluster.
type world struct {
	inventory *inventory.Inventory
}

func newWorld(t *testing.T, c *catalog.Catalog, object map[string]any) world {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var data any
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	block, err := manifest.Block(manifest.Value(data, &value.Origin{}), manifest.Scope{Dialect: resource.Cluster, Target: "test", Cluster: "test"})
	if err != nil {
		t.Fatal(err)
	}
	reading := source.Reading{Kind: "kubernetes", Name: "test", Dialect: resource.Cluster, Blocks: []resource.Block{block}, Kinds: []string{block.Type}}
	return world{mapping.Map(c.Kinds, []source.Reading{reading})}
}

// answer is that of a check about the object; "" if it is about objects of another kind.
func (w world) answer(of *check.Check, params value.Value) assessment.Status {
	for _, r := range w.inventory.Resources {
		if r.Kind == of.Kind {
			return of.Evaluate(w.inventory, r, params, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Status
		}
	}
	return ""
}
