package admission

import (
	"maps"
	"slices"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
)

// dialect is the vocabulary of what is reviewed and of what stands around it.
const dialect = string(resource.Cluster)

// needs is what checks read besides the object that they are asked of. It follows from the attributes that their rules select, so
// that only those objects are looked at on which an answer can hang.
type needs struct {
	kinds map[string]bool
	// attributes are those that are read of any object.
	attributes map[*kind.Attribute]bool
	// types of blocks; true for those of all namespaces, false for those of the object's own and of none.
	types map[string]bool
	// namesakes tells that other objects of the same kind matter that have the same name.
	namesakes bool
	// later tells that objects matter which refer to this one or are chosen by it: they may well come after it.
	later bool
	// images tells that what is in images matters.
	images bool
}

func noNeeds() needs {
	return needs{kinds: map[string]bool{}, attributes: map[*kind.Attribute]bool{}, types: map[string]bool{}}
}

// others tells whether more is needed than the object itself.
func (n needs) others() bool { return len(n.types) > 0 || n.images }

// add adds what others need.
func (n *needs) add(o needs) {
	for name := range o.kinds {
		n.kinds[name] = true
	}
	maps.Copy(n.attributes, o.attributes)
	for typ, everywhere := range o.types {
		n.types[typ] = n.types[typ] || everywhere
	}
	n.namesakes, n.later, n.images = n.namesakes || o.namesakes, n.later || o.later, n.images || o.images
}

// analyst finds out what checks need.
type analyst struct {
	catalog *catalog.Catalog
	owners  map[*kind.Attribute]*kind.Kind
}

func newAnalyst(c *catalog.Catalog) *analyst {
	a := &analyst{c, map[*kind.Attribute]*kind.Kind{}}
	for _, k := range c.Kinds {
		a.own(k, k.All())
	}
	return a
}

func (a *analyst) own(k *kind.Kind, attributes []*kind.Attribute) {
	for _, one := range attributes {
		a.owners[one] = k
		a.own(k, one.Fields())
	}
}

// of returns what a check needs.
func (a *analyst) of(c *check.Check) needs {
	w := walk{analyst: a, check: c, needs: noNeeds(), away: map[*kind.Kind]bool{}}
	for again := true; again; { // until nothing more is found to be reached in other namespaces
		again, w.needs = false, noNeeds()
		before := len(w.away)
		for _, r := range c.Rules() {
			for _, one := range r.Attributes() {
				w.attribute(one)
			}
		}
		for _, i := range c.Kind.Shown() {
			w.attribute(c.Kind.All()[i])
		}
		again = len(w.away) > before
	}
	return w.needs
}

// walk goes through the places of the attributes that a check selects.
type walk struct {
	*analyst
	check *check.Check
	needs
	// away are the kinds of which resources of other namespaces may be reached.
	away map[*kind.Kind]bool
}

func (w *walk) attribute(a *kind.Attribute) {
	w.attributes[a] = true
	refers := refersTo(a)
	k := w.owners[a]
	everywhere := k == nil || w.away[k]
	var joins []*kind.Join
	w.places(k, a.In(dialect), &joins, 0)
	for _, j := range joins {
		w.join(k, j, everywhere)
		// The rows of a join of all blocks, and those that are named by what a decoder makes, may be of any namespace.
		everywhere = everywhere || j.All || j.Via != ""
	}
	everywhere = everywhere || decoded(a) // what a decoder makes may be NAMESPACE/NAME
	for _, name := range refers {
		w.kind(name, everywhere)
	}
}

// refersTo are the kinds that an attribute refers to.
func refersTo(a *kind.Attribute) (kinds []string) {
	for t := &a.Type; t != nil; t = t.Elem {
		if t.Base == kind.Ref {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}

// decoded tells whether what an attribute says is made by a decoder. Names of images mean the same everywhere.
func decoded(a *kind.Attribute) bool {
	via := func(name string) bool { return name != "" && name != "image.name" }
	var any func(places []kind.Place) bool
	any = func(places []kind.Place) bool {
		return slices.ContainsFunc(places, func(p kind.Place) bool { return via(p.Via) || any(p.Concat) })
	}
	return via(a.Via) || any(a.In(dialect))
}

// kind adds a kind whose resources are referred to, any kind if it has no name.
func (w *walk) kind(name string, everywhere bool) {
	if name == "" {
		for _, k := range w.catalog.Kinds {
			if len(k.Blocks(dialect)) > 0 {
				w.kind(k.Name, true)
			}
		}
		return
	}
	k := w.catalog.Kind(name)
	if k == nil {
		return
	}
	w.kinds[name] = true
	w.images = w.images || len(k.Image) > 0
	if everywhere {
		w.away[k] = true
	}
	for _, typ := range k.Blocks(dialect) {
		w.types[typ] = w.types[typ] || everywhere
	}
	for typ := range k.Through {
		w.types[typ] = w.types[typ] || everywhere
	}
}

// maxParts bounds how parts of a kind stand in others.
const maxParts = 8

// places finds the joins of places, those of the parts that they stand in as well.
func (w *walk) places(k *kind.Kind, places []kind.Place, joins *[]*kind.Join, depth int) {
	for _, p := range places {
		w.places(k, p.Concat, joins, depth)
		if p.Part != "" && k != nil && depth < maxParts {
			w.places(k, k.Parts[p.Part].In(dialect), joins, depth+1)
		}
		if p.Join != nil {
			*joins = append(*joins, p.Join)
		}
	}
}

func (w *walk) join(k *kind.Kind, j *kind.Join, everywhere bool) {
	w.later = w.later || k == w.check.Kind && (len(j.Key) > 0 || j.Selected != nil)
	if j.Selected != nil {
		w.kind(j.Type, everywhere)
		return
	}
	w.namesakes = w.namesakes || len(j.Key) > 0
	w.types[j.Type] = w.types[j.Type] || everywhere || j.All || j.Via != ""
}
