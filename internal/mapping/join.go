package mapping

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// joinIndex finds the blocks of one type by what one of their arguments refers to.
type joinIndex struct {
	byAddress map[string][]*resource.Block // the blocks that surely refer to this address
	byText    map[string][]*resource.Block // those that refer by a literal name
	maybe     map[string][]value.Reason    // there may be one for this address, and why that is not known
	anywhere  []value.Reason               // there may be one for any address
}

func joinKey(j *kind.Join) string { return j.Type + " by " + strings.Join(j.Key, ".") }

// indexJoins builds the index of every join that a kind of this dialect asks for.
func (t *target) indexJoins() {
	t.joins = map[string]*joinIndex{}
	t.aliases = map[string][]string{}
	for _, k := range t.kinds {
		for typ, argument := range k.Through {
			t.indexAliases(typ, argument)
		}
		for _, part := range k.Parts {
			t.indexPlaces(part.In(t.dialect))
		}
		t.indexAttributes(k.All())
	}
}

// indexAliases remembers which blocks only lead to another, so that what refers to an alias is found from its target.
func (t *target) indexAliases(typ, argument string) {
	for _, b := range t.byType[typ] {
		ref, exact := b.Body.Field(argument).ExactRef()
		if exact && !slices.Contains(t.aliases[ref.Address], b.Address) {
			t.aliases[ref.Address] = append(t.aliases[ref.Address], b.Address)
		}
	}
}

func (t *target) indexAttributes(attributes []*kind.Attribute) {
	for _, a := range attributes {
		t.indexPlaces(a.In(t.dialect))
		t.indexAttributes(a.Fields())
	}
}

func (t *target) indexPlaces(places []kind.Place) {
	for _, p := range places {
		if j := p.Join; j != nil && !j.All && t.joins[joinKey(j)] == nil {
			t.joins[joinKey(j)] = t.indexJoin(j)
		}
		t.indexPlaces(p.Concat)
	}
}

func (t *target) indexJoin(j *kind.Join) *joinIndex {
	index := &joinIndex{byAddress: map[string][]*resource.Block{}, byText: map[string][]*resource.Block{},
		maybe: map[string][]value.Reason{}}
	for _, b := range t.byType[j.Type] {
		key := follow(b.Body, j.Key)
		keys, isList := key.AsList()
		if !isList {
			keys = []value.Value{key}
		} else if key.IsOpen() {
			index.anywhere = append(index.anywhere, about(b, key.Reasons())...)
		}
		for _, one := range keys {
			index.add(b, one)
		}
	}
	return index
}

func (index *joinIndex) add(b *resource.Block, key value.Value) {
	ref, exact := key.ExactRef()
	text, isText := key.AsString()
	switch {
	case exact && b.Maybe != nil:
		index.maybe[ref.Address] = append(index.maybe[ref.Address], about(b, []value.Reason{*b.Maybe})...)
	case exact:
		index.byAddress[ref.Address] = append(index.byAddress[ref.Address], b)
	case isText && b.Maybe == nil:
		index.byText[text] = append(index.byText[text], b)
	case key.IsAbsent():
	case len(key.Refs()) > 0:
		for _, ref := range key.Refs() {
			index.maybe[ref.Address] = append(index.maybe[ref.Address], about(b, key.Reasons())...)
		}
		if !allNamed(key.Refs()) || undecided(key) {
			index.anywhere = append(index.anywhere, about(b, key.Reasons())...)
		}
	default:
		index.anywhere = append(index.anywhere, about(b, key.Reasons())...)
	}
}

func allNamed(refs []value.Ref) bool {
	for _, ref := range refs {
		if ref.Address == "" {
			return false
		}
	}
	return true
}

// undecided tells whether a key with references may still refer to something else: it is neither a choice between its
// references nor a text around them.
func undecided(key value.Value) bool {
	_, isTemplate := key.Template()
	return !isTemplate && len(key.Refs()) < 2
}

// about says of which block a reason is.
func about(b *resource.Block, reasons []value.Reason) []value.Reason {
	all := make([]value.Reason, 0, len(reasons)+1)
	for _, r := range reasons {
		all = append(all, value.Reason{Why: b.Address + " may be for this: " + r.Why, Grant: r.Grant})
	}
	if len(all) == 0 {
		all = append(all, value.Reason{Why: b.Address + " may be for this"})
	}
	return all
}

// join returns the bodies of the blocks that a join leads to. Each is a reference to its own block, so that a place
// without a path can be a ref.
func (t *target) join(j *kind.Join, f frame) value.Value {
	var all collector
	if j.All {
		for _, b := range t.byType[j.Type] {
			if b.Maybe != nil {
				all.reasons = append(all.reasons, about(b, []value.Reason{*b.Maybe})...)
				continue
			}
			all.items = append(all.items, row(b))
		}
		if !j.Declared {
			all.reasons = append(all.reasons, value.Reason{Grant: "assess the live account",
				Why: "the code of this target does not show all that the account has"})
		} else if len(all.items) == 0 && len(all.reasons) == 0 {
			return value.None()
		}
		return all.list()
	}
	if f.block == nil {
		return value.None()
	}
	index := t.joins[joinKey(j)]
	seen := map[*resource.Block]bool{}
	take := func(blocks []*resource.Block) {
		for _, b := range blocks {
			if !seen[b] {
				seen[b] = true
				all.items = append(all.items, row(b))
			}
		}
	}
	for _, address := range append([]string{f.block.Address}, t.aliases[f.block.Address]...) {
		take(index.byAddress[address])
		all.reasons = append(all.reasons, index.maybe[address]...)
	}
	if len(index.byText) > 0 && f.kind != nil {
		for _, text := range t.identities(f.kind, f.block) {
			take(index.byText[text])
		}
	}
	all.reasons = append(all.reasons, index.anywhere...)
	if len(all.items) == 0 && len(all.reasons) == 0 {
		return value.None()
	}
	all.origin = f.block.Origin
	return all.list()
}

func row(b *resource.Block) value.Value {
	return b.Body.At(b.Origin).Referring(true, value.Ref{Address: b.Address})
}
