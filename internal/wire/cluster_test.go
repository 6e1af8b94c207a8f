package wire_test

import (
	"slices"
	"testing"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/wire"
)

// TestClusterTypes proves that the collector of clusters reads every type of objects that a kind is made of or joined with.
func TestClusterTypes(t *testing.T) {
	c := loaded(t)
	read := append(wire.KubernetesTypes(), cluster.Files()...)
	read = append(read, activity.Types()...) // which --activity gives
	read = append(read, "Subject")           // which follows from roles and bindings
	for _, k := range c.Kinds {
		types := k.Blocks(string(resource.Cluster))
		if len(types) == 0 {
			continue
		}
		for _, needed := range k.Needs(string(resource.Cluster)) {
			if c.Kind(needed) == nil { // a kind answers for its own
				types = append(slices.Clip(types), needed)
			}
		}
		for _, typ := range types {
			if !slices.Contains(read, typ) {
				t.Errorf("%s: %s is not read of a cluster; internal/source/cluster/table.go says what is", k.Name, typ)
			}
		}
	}
}
