package value

import (
	"hash/maphash"
	"reflect"
)

// Pool keeps one copy of what many values have in common, such as the settings that all replicas of a program share. A map takes
// some 400 bytes for even one member, so that a large cluster would not fit into memory otherwise. The zero Pool is not
// ready; a Pool is for one goroutine at a time.
type Pool struct {
	seed  maphash.Seed
	metas map[*Origin]*meta
	nodes map[uint64][]Value // lists and objects
}

// NewPool returns an empty Pool.
func NewPool() *Pool {
	return &Pool{seed: maphash.MakeSeed(), metas: map[*Origin]*meta{}, nodes: map[uint64][]Value{}}
}

// Share returns a value that is the same as v in everything, made of what values that were shared before are made of.
func (p *Pool) Share(v Value) Value {
	v, _ = p.share(v)
	return v
}

// share returns also a hash, which is the same for values that are the same.
func (p *Pool) share(v Value) (Value, uint64) {
	v.meta = p.remembered(v.meta)
	hash := maphash.Comparable(p.seed, v.meta) + uint64(v.state)
	switch data := v.data.(type) {
	case []Value:
		if len(data) == 0 {
			return v, hash
		}
		items := make([]Value, len(data))
		for i, item := range data {
			below := uint64(0)
			items[i], below = p.share(item)
			hash = hash*31 + below
		}
		v.data = items
		return p.keep(v, hash), hash
	case map[string]Value:
		members := make(map[string]Value, len(data))
		for name, member := range data {
			shared, below := p.share(member)
			members[name] = shared
			hash += (maphash.String(p.seed, name) | 1) * (below | 1) // in any order
		}
		v.data = members
		return p.keep(v, hash), hash
	}
	return v, hash ^ maphash.Comparable(p.seed, v.data)
}

// remembered returns one meta for all that only tell the same origin.
func (p *Pool) remembered(m *meta) *meta {
	if m == nil || len(m.reasons) > 0 || len(m.refs) > 0 || m.exact || m.isDefault || m.text != "" {
		return m
	}
	if p.metas[m.origin] == nil {
		p.metas[m.origin] = m
	}
	return p.metas[m.origin]
}

// keep returns the first of the lists and objects that are made of the same.
func (p *Pool) keep(v Value, hash uint64) Value {
	for _, known := range p.nodes[hash] {
		if sameParts(known, v) {
			return known
		}
	}
	p.nodes[hash] = append(p.nodes[hash], v)
	return v
}

// sameParts tells whether two lists or objects hold the very same values.
func sameParts(a, b Value) bool {
	if a.state != b.state || a.meta != b.meta {
		return false
	}
	switch data := a.data.(type) {
	case []Value:
		other, ok := b.data.([]Value)
		if !ok || len(data) != len(other) {
			return false
		}
		for i := range data {
			if !identical(data[i], other[i]) {
				return false
			}
		}
		return true
	case map[string]Value:
		other, ok := b.data.(map[string]Value)
		if !ok || len(data) != len(other) {
			return false
		}
		for name, member := range data {
			if twin, has := other[name]; !has || !identical(member, twin) {
				return false
			}
		}
		return true
	}
	return false
}

// identical tells whether two values that were shared are one.
func identical(a, b Value) bool {
	if a.state != b.state || a.meta != b.meta {
		return false
	}
	switch data := a.data.(type) {
	case []Value:
		other, ok := b.data.([]Value)
		return ok && len(data) == len(other) && (len(data) == 0 || &data[0] == &other[0])
	case map[string]Value:
		other, ok := b.data.(map[string]Value)
		return ok && reflect.ValueOf(data).Pointer() == reflect.ValueOf(other).Pointer()
	}
	switch b.data.(type) {
	case []Value, map[string]Value:
		return false
	}
	return a.data == b.data
}
