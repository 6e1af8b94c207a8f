package mirror

import (
	"cmp"
	"slices"
	"strings"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Select returns the blocks of some types in a namespace, sorted by type and address; those that have no namespace if it is "". doubts
// say of the types why there may be more, or other, than was returned: a type that has none is known whole. Callers MUST NOT change
// the blocks.
func (m *Mirror) Select(namespace string, types ...string) (found []*resource.Block, doubts map[string][]value.Reason) {
	doubts = m.doubts(namespace, types)
	m.each(namespace, false, func(b *resource.Block) {
		if slices.Contains(types, b.Type) {
			found = append(found, b)
		}
	})
	slices.SortFunc(found, func(a, b *resource.Block) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Address, b.Address))
	})
	return found, doubts
}

// Live tells what is copied of which cluster. It is empty before the cluster has answered.
func (m *Mirror) Live() source.Live {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.live
}

// doubts are why there may be more of types in a namespace.
func (m *Mirror) doubts(namespace string, types []string) map[string][]value.Reason {
	unknown := m.unknown()
	m.mu.RLock()
	live, fault := m.live, m.greeted
	m.mu.RUnlock()
	all := map[string][]value.Reason{}
	for _, typ := range types {
		read := typ
		if slices.Contains(manifest.ComponentTypes(), typ) { // which are made of pods
			read = "Pod"
		}
		add := func(why value.Reason) { all[typ] = append(all[typ], why) }
		switch {
		case live.Name == "":
			add(unanswered(fault))
		case !slices.Contains(live.Kinds, read):
			why, told := live.Unasked[read]
			if !told {
				why = value.Reason{Why: read + " is not copied", Grant: "copy it, too"}
			}
			add(why)
		case namespace != "" && len(live.Regions) > 0 && slices.Contains(live.Regional, read) && !slices.Contains(live.Regions, namespace):
			add(value.Reason{Why: "only " + strings.Join(live.Regions, ", ") + " is copied", Grant: "copy all namespaces"})
		}
		for at, why := range unknown {
			if at.Kind == read && (at.Region == "" || at.Region == namespace) {
				add(why)
			}
		}
	}
	return all
}

// unanswered is why nothing is known of the cluster.
func unanswered(fault error) value.Reason {
	if fault == nil {
		fault = errNotYet
	}
	return value.Reason{Why: fault.Error(), Grant: "a connection to the cluster"}
}

// Reading returns the copy as cluster.Collect would have gathered it.
func (m *Mirror) Reading() source.Reading {
	m.mu.RLock()
	live, gaps, fault := m.live, m.gaps, m.greeted
	m.mu.RUnlock()
	if live.Name == "" {
		why := unanswered(fault)
		return source.Reading{Kind: string(resource.Cluster), Dialect: resource.Cluster, Name: "kubernetes",
			Gaps: []resource.Gap{{Target: "kubernetes", What: "the cluster", Reason: why.Why, Grant: why.Grant}}}
	}
	// A Gathered reports no fault.
	var all source.Gathered
	_ = all.Begin(live)
	m.each("", true, func(b *resource.Block) { _ = all.Block(source.Part{Target: live.Name}, *b) })
	for at, why := range m.unknown() {
		_ = all.Partial(at, why)
	}
	for _, gap := range gaps {
		_ = all.Gap(gap)
	}
	return all.Readings()[0]
}

// each calls take for the blocks in a namespace, or in all of them.
func (m *Mirror) each(in string, everywhere bool, take func(*resource.Block)) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.itself != nil && (in == "" || everywhere) {
		take(m.itself)
	}
	for _, p := range m.parts {
		p.each(in, everywhere, take)
	}
}
