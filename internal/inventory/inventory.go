// Package inventory holds everything that was read of an estate: resources, gaps and targets.
//
// It must not know sources nor checks.
package inventory

import (
	"ward.dev/ward/internal/resource"
)

// Target is one thing that was read.
type Target struct {
	Kind, Name string
	Resources  int
	// Roots is how many root modules or templates, deployed apart from each other, were read together.
	Roots int
}

// Unjudged is what a target declares and nobody judges.
type Unjudged struct {
	Target string
	// Types counts the blocks of types that no kind describes.
	Types map[string]int
	// Stray are the addresses of blocks that describe another which the code does not declare.
	Stray []string
}

// Inventory is what was read, sealed: nobody changes it once it is made.
type Inventory struct {
	Targets []Target
	// Resources in a stable order: by target as given, then as the source lists them.
	Resources []*resource.Resource
	Gaps      []resource.Gap
	Unjudged  []Unjudged

	byID map[string]*resource.Resource
}

// New seals an inventory. builtin resources can be referred to and are not judged.
func New(targets []Target, resources, builtin []*resource.Resource, gaps []resource.Gap) *Inventory {
	inv := &Inventory{Targets: targets, Resources: resources, Gaps: gaps,
		byID: make(map[string]*resource.Resource, len(resources)+len(builtin))}
	for _, list := range [][]*resource.Resource{builtin, resources} {
		for _, r := range list {
			inv.byID[r.ID] = r
		}
	}
	return inv
}

// Lookup implements rule.World.
func (inv *Inventory) Lookup(id string) *resource.Resource { return inv.byID[id] }
