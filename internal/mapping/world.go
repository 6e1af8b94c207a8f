package mapping

import (
	"slices"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// World is one reading of which a resource is only read when somebody asks for it: for questions about few resources among many. It
// is for one goroutine.
type World struct {
	target *target
	byID   map[string]*resource.Resource
}

// Open finds out which resources a reading has. others are resources of other readings that those of this one may refer to, already
// read, such as images; they are not changed. wanted are the attributes that are read, and nil for all: what rules select
// (rule.Rule.Attributes) and what else somebody looks at. The others are unknown.
func Open(kinds []*kind.Kind, reading source.Reading, others []*resource.Resource, wanted map[*kind.Attribute]bool) *World {
	m := newMapper(kinds)
	m.lazy = true
	if wanted != nil {
		m.wanted, m.unnamed = wanted, m.unnamedAmong(wanted, string(reading.Dialect))
	}
	builtin := m.makeBuiltins()
	for _, r := range others {
		for _, text := range r.Names {
			m.addText(r.Kind.Name, text, r)
		}
	}
	t := m.newTarget(m.derived(reading))
	t.plan()
	w := &World{target: t, byID: make(map[string]*resource.Resource, len(builtin)+len(others)+len(t.resources))}
	for _, list := range [][]*resource.Resource{builtin, others, t.resources} {
		for _, r := range list {
			w.byID[r.ID] = r
		}
	}
	return w
}

// unnamedAmong are the kinds to whose resources none of some attributes leads by a name: only joins do, which lead to blocks.
func (m *mapper) unnamedAmong(attributes map[*kind.Attribute]bool, dialect string) map[*kind.Kind]bool {
	named := map[string]bool{}
	for a := range attributes {
		for t := &a.Type; t != nil; t = t.Elem {
			if t.Base == kind.Ref && !joined(a, dialect) {
				named[t.Kind] = true
			}
		}
	}
	unnamed := map[*kind.Kind]bool{}
	for _, k := range m.kinds {
		byName := named[k.Name] || named[""]
		eachJoin(k, dialect, func(j *kind.Join) { byName = byName || len(j.Key) > 0 }) // others name it
		unnamed[k] = !byName
	}
	return unnamed
}

// joined tells of an attribute that it holds nothing but blocks that joins lead to.
func joined(a *kind.Attribute, dialect string) bool {
	return a.Via == "" && (a.Default == nil || a.Type.Base == kind.List) && !slices.ContainsFunc(a.In(dialect), func(p kind.Place) bool {
		return p.Join == nil || len(p.Path) > 0 || len(p.Take) > 0 || p.Via != ""
	})
}

// Lookup implements rule.World.
func (w *World) Lookup(id string) *resource.Resource {
	r := w.byID[id]
	if r != nil && r.Values == nil {
		w.target.fillOne(r)
	}
	return r
}

// Of returns the resources that are made of the block of an address; none if another block stands for it (see resource.Block.Owner).
func (w *World) Of(address string) []*resource.Resource {
	made := w.target.made[address]
	for _, r := range made {
		w.Lookup(r.ID)
	}
	return made
}
