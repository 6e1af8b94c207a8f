package catalog

import (
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// knows tells whether the schemas describe a dialect well enough to lint a kind in it: of what is read live, those kinds
// that are read or that name a place.
func (s *Schemas) knows(dialect string, k *kind.Kind) bool {
	switch dialect {
	case "terraform":
		return s.terraform != nil
	case "cloudformation":
		return s.cloudformation != nil
	}
	_, read := s.Live[k.Name]
	switch dialect {
	case "kubernetes", "cluster", "dockerfile", "image":
		return s.Live != nil && len(k.Blocks(dialect)) > 0
	}
	return s.Live != nil && (read && dialect == k.Provider() || places(k.All()))
}

// complete tells of a dialect that its shapes are blocks in which everything is set, and that every attribute has a place.
func complete(dialect string) bool {
	return dialect == "aws" || dialect == "kubernetes" || dialect == "cluster" || dialect == "dockerfile" || dialect == "image"
}

func places(attributes []*kind.Attribute) bool {
	for _, a := range attributes {
		if len(a.AWS) > 0 || places(a.Fields()) {
			return true
		}
	}
	return false
}

// joined returns the shapes of the blocks that a join leads to, and faults what it names and there is not.
func (l *linter) joined(p kind.Place, roots []shape) ([]shape, bool) {
	types := []string{p.Join.Type}
	if p.Join.Selected != nil {
		k := l.catalog.kinds[p.Join.Type]
		if k == nil {
			l.fault(p.Line, "there is no kind %s", p.Join.Type)
			return nil, false
		}
		types = k.Blocks(l.dialect)
		if _, errs := stepAll(roots, p.Join.Selected); len(errs) > 0 {
			l.fault(p.Line, "selected by %s: %s", strings.Join(p.Join.Selected, "."), errs[0])
		}
	}
	var all []shape
	for _, typ := range types {
		root, ok := l.schemas.block(l.dialect, typ)
		if !ok {
			l.fault(p.Line, "there is no block type %s", typ)
			return nil, false
		}
		for _, key := range [][]string{p.Join.Key, p.Join.Selecting} {
			if len(key) == 0 || key[0][0] == '@' {
				continue
			}
			if _, err := root.below(key); err != nil {
				l.fault(p.Line, "%s by %s: %v", p.Join.Type, strings.Join(key, "."), err)
			}
		}
		all = append(all, root)
	}
	return all, true
}

// nothing tells that an attribute has no rows in an account.
func nothing(places kind.Places) bool {
	return len(places) == 1 && (places[0].Text == "@none" || places[0].Text == "@unreadable")
}

// listed returns the shapes of the rows that a decoder lists of what has some shapes.
func listed(via string, of []shape) []shape {
	path, adds := decode.Rows(via)
	if path == nil {
		return of
	}
	rows, _ := stepAll(of, path)
	for i := range rows {
		members, free := rows[i].members()
		if free {
			continue
		}
		all := map[string]value.Value{}
		for name, member := range members {
			all[name], _ = member.(value.Value)
		}
		for _, name := range adds {
			all[name] = value.String("")
		}
		rows[i].node = value.Object(all)
	}
	return rows
}

// liveMembers returns what stands below a node of a reply in which everything is set.
func liveMembers(node any) (map[string]any, bool) {
	v, _ := node.(value.Value)
	for {
		items, ok := v.AsList()
		if !ok || len(items) == 0 {
			break
		}
		v = items[0]
	}
	members, ok := v.AsObject()
	if v.IsUnknown() || v.IsOpen() {
		return nil, true
	}
	if !ok {
		return nil, false
	}
	all := make(map[string]any, len(members))
	for name, member := range members {
		all[name] = member
	}
	return all, false
}
