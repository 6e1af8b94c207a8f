package catalog

import (
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
	return s.Live != nil && (read || places(k.All()))
}

func places(attributes []*kind.Attribute) bool {
	for _, a := range attributes {
		if len(a.AWS) > 0 || places(a.Fields()) {
			return true
		}
	}
	return false
}

// nothing tells that an attribute has no rows in an account.
func nothing(places kind.Places) bool {
	return len(places) == 1 && (places[0].Text == "@none" || places[0].Text == "@unreadable")
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
