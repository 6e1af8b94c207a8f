package mapping

import (
	"maps"
	"slices"

	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
)

// unjudged tells what of the target nobody judges: blocks of types that no kind describes, and blocks that describe
// another which the code does not declare, such as the policy of a bucket that is looked up. It is called when all
// resources are filled.
func (t *target) unjudged() inventory.Unjudged {
	var companions map[string]bool
	u := inventory.Unjudged{Target: t.name, Types: map[string]int{}}
	for i := range t.blocks {
		b := &t.blocks[i]
		_, used := t.used.Load(b)
		if b.Data || used || t.undecided[b] || t.leads[b.Type] || t.belongs(b) || len(t.made[b.Address]) > 0 {
			continue
		}
		if companions == nil {
			companions = t.companions()
		}
		if companions[b.Type] {
			u.Stray = append(u.Stray, b.Address)
		} else {
			u.Types[b.Type]++
		}
	}
	return u
}

// companions are the types of blocks that some kind takes as part of its resources.
func (t *target) companions() map[string]bool {
	types := map[string]bool{}
	for _, k := range t.kinds {
		joinedTypes(types, k, t.dialect)
	}
	return types
}

// joinedTypes adds the types of blocks that a kind takes as part of its resources.
func joinedTypes(types map[string]bool, k *kind.Kind, dialect string) {
	eachJoin(k, dialect, func(j *kind.Join) {
		if j.Selected == nil { // which leads to a kind
			types[j.Type] = true
		}
	})
}

// shared are the types of blocks that others than their own resources read: companions, and what selectors are held against.
func (t *target) shared() map[string]bool {
	types := t.companions()
	for _, k := range t.kinds {
		eachJoin(k, t.dialect, func(j *kind.Join) {
			if held := t.byName[j.Type]; j.Selected != nil && held != nil {
				for _, typ := range held.Blocks(t.dialect) {
					types[typ] = true
				}
			}
		})
	}
	return types
}

// eachJoin tells of every join of a kind.
func eachJoin(k *kind.Kind, dialect string, tell func(*kind.Join)) {
	var within func([]kind.Place)
	within = func(places []kind.Place) {
		for _, p := range places {
			if p.Join != nil {
				tell(p.Join)
			}
			within(p.Concat)
		}
	}
	var of func([]*kind.Attribute)
	of = func(attributes []*kind.Attribute) {
		for _, a := range attributes {
			within(a.In(dialect))
			of(a.Fields())
		}
	}
	for _, part := range k.Parts {
		within(part.In(dialect))
	}
	of(k.All())
}

// roots are the root modules and templates of the target.
func (t *target) roots() map[string]bool {
	roots := map[string]bool{}
	if t.live() {
		return map[string]bool{"": true}
	}
	for i := range t.blocks {
		roots[t.blocks[i].Root()] = true
	}
	return roots
}

// drifting tells, in a target of several root modules or templates, of the blocks that may be for a resource of another
// one: what they say is only taken into account within their own.
func (t *target) drifting() []resource.Gap {
	if len(t.roots()) < 2 {
		return nil
	}
	var gaps []resource.Gap
	for _, address := range slices.Sorted(maps.Keys(t.adrift)) {
		why := t.adrift[address]
		gaps = append(gaps, resource.Gap{Target: t.name, What: address, Grant: why.Grant,
			Reason: "it is not known which resource it is for, perhaps one of another root module or template: " + why.Why})
	}
	return gaps
}
