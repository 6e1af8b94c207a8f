package mirror

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Around returns the blocks of some types that are in a namespace or in none; those of all namespaces where everywhere is true of a
// type. The reading says of each of these types why there may be more, and of no other type that it was read. Callers MUST NOT change
// what is in the blocks.
func (m *Mirror) Around(namespace string, everywhere map[string]bool) source.Reading {
	unknown := m.unknown()
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := source.Reading{Kind: string(resource.Cluster), Dialect: resource.Cluster, Name: m.live.Name, Left: m.live.Left, Unasked: m.live.Unasked,
		Partial: map[string][]value.Reason{}}
	parts := make(map[string]bool, len(everywhere))
	for typ, all := range everywhere {
		read := partOf(typ)
		parts[read] = true
		if slices.Contains(m.live.Kinds, read) {
			r.Kinds = append(r.Kinds, typ)
		}
		r.Partial[typ] = m.doubtsAround(read, namespace, all, unknown)
	}
	take := func(b *resource.Block) {
		if _, wanted := everywhere[b.Type]; wanted {
			r.Blocks = append(r.Blocks, *b)
		}
	}
	for at, p := range m.parts {
		if parts[at.Kind] {
			all := slices.ContainsFunc(typesOf(at.Kind), func(typ string) bool { return everywhere[typ] })
			p.each("", all, take)
			if !all && namespace != "" {
				p.each(namespace, false, take)
			}
		}
	}
	return r
}

// Named returns the block of a type that has a name in a namespace, "" for what has none.
func (m *Mirror) Named(typ, namespace, name string) (found resource.Block, is bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	read := partOf(typ)
	for at, p := range m.parts {
		if at.Kind != read || at.Region != "" && at.Region != namespace {
			continue
		}
		p.mu.RLock()
		for _, b := range p.objects[namespace][name] {
			if b.Type == typ {
				found, is = b, true
			}
		}
		p.mu.RUnlock()
	}
	return found, is
}

// partOf is the type that the objects of a type are read as: parts of a control plane are made of pods.
func partOf(typ string) string {
	if slices.Contains(manifest.ComponentTypes(), typ) {
		return podType
	}
	return typ
}

// typesOf are the types of blocks that objects of a type make.
func typesOf(read string) []string {
	if read == podType {
		return append([]string{podType}, manifest.ComponentTypes()...)
	}
	return []string{read}
}

const podType = "Pod"

// doubtsAround are why there may be more of a type around an object. It is called with the lock held.
func (m *Mirror) doubtsAround(read, namespace string, all bool, unknown map[source.Part]value.Reason) []value.Reason {
	var why []value.Reason
	switch {
	case m.live.Name == "":
		why = append(why, unanswered(m.greeted))
	case len(m.live.Regions) > 0 && slices.Contains(m.live.Regional, read) && (all || namespace != "" && !slices.Contains(m.live.Regions, namespace)):
		why = append(why, value.Reason{Why: "only " + strings.Join(m.live.Regions, ", ") + " is copied", Grant: "copy all namespaces"})
	}
	for at, doubt := range unknown {
		if at.Kind == read && (all || at.Region == "" || at.Region == namespace) {
			why = append(why, doubt)
		}
	}
	return why
}
