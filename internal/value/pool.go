package value

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"
)

// Pool keeps one copy of what many values have in common, such as the settings that all replicas of a program share, so that a
// large cluster fits into memory. The zero Pool is not ready; a Pool is for one goroutine at a time.
type Pool struct {
	seed  maphash.Seed
	metas map[meta]*meta
	rares map[string]*rare // by their texts
	nodes map[uint64]Value // lists and objects
	items []Value          // of the lists that are being shared, the outermost first
	packs []Member         // of the objects that are being shared
	text  []byte
}

// NewPool returns an empty Pool.
func NewPool() *Pool {
	return &Pool{seed: maphash.MakeSeed(), metas: map[meta]*meta{}, rares: map[string]*rare{}, nodes: map[uint64]Value{}}
}

// Share returns a value that reads the same as v in everything, made of what values that were shared before are made of. Its
// objects are packed.
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
		return p.list(v, data, hash)
	case map[string]Value, fields:
		return p.object(v, hash)
	}
	return v, hash ^ maphash.Comparable(p.seed, v.data)
}

// list shares a list. Its items are gathered aside, so that nothing is made anew of a list that is known.
func (p *Pool) list(v Value, data []Value, hash uint64) (Value, uint64) {
	start := len(p.items)
	for i := range data {
		item, below := p.share(data[i])
		p.items = append(p.items, item)
		hash = hash*31 + below
	}
	items := p.items[start:]
	shared := p.keep(hash, func(known Value) bool {
		other, ok := known.data.([]Value)
		return ok && alike(known, v) && slices.EqualFunc(items, other, identical)
	}, func() Value {
		v.data = append([]Value{}, items...)
		return v
	})
	p.items = p.items[:start]
	return shared, hash
}

// object shares an object, as list does a list.
func (p *Pool) object(v Value, hash uint64) (Value, uint64) {
	start := len(p.packs)
	for name, member := range v.Members() {
		shared, below := p.share(member)
		p.packs = append(p.packs, Member{name, shared})
		hash += (maphash.String(p.seed, name) | 1) * (below | 1) // in any order
	}
	members := p.packs[start:]
	if _, packed := v.data.(fields); !packed {
		slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	}
	shared := p.keep(hash, func(known Value) bool {
		other, ok := known.data.(fields)
		return ok && alike(known, v) && slices.EqualFunc(members, other, func(a, b Member) bool {
			return a.Name == b.Name && identical(a.Value, b.Value)
		})
	}, func() Value {
		v.data = append(fields{}, members...)
		return v
	})
	p.packs = p.packs[:start]
	return shared, hash
}

// remembered returns one meta for all that tell the same.
func (p *Pool) remembered(m *meta) *meta {
	if m == nil {
		return nil
	}
	tells := *m
	if tells.rare != nothingRare {
		tells.rare = p.once(tells.rare)
	}
	if p.metas[tells] == nil {
		tells := tells // kept only if it is the first
		p.metas[tells] = &tells
	}
	return p.metas[tells]
}

// once returns one rare for all that hold the same.
func (p *Pool) once(r *rare) *rare {
	p.text = r.appendText(p.text[:0])
	if known := p.rares[string(p.text)]; known != nil {
		return known
	}
	p.rares[string(p.text)] = r
	return r
}

// appendText writes what r holds, each part after its length so that no two read alike.
func (r *rare) appendText(to []byte) []byte {
	add := func(parts ...string) {
		for _, part := range parts {
			to = append(binary.AppendUvarint(to, uint64(len(part))), part...)
		}
	}
	add(r.text, strconv.FormatBool(r.exact), strconv.Itoa(len(r.reasons)))
	for _, reason := range r.reasons {
		add(reason.Why, reason.Grant)
	}
	for _, ref := range r.refs {
		add(ref.Address, ref.Attribute)
	}
	return to
}

// keep returns the value with a hash that is the same as another, which is made if there is none.
func (p *Pool) keep(hash uint64, same func(Value) bool, make func() Value) Value {
	for ; ; hash++ { // past others that happen to have the same hash
		known, ok := p.nodes[hash]
		switch {
		case !ok:
			p.nodes[hash] = make()
			return p.nodes[hash]
		case same(known):
			return known
		}
	}
}

// alike tells whether two values have all in common but what they hold.
func alike(a, b Value) bool { return a.state == b.state && a.meta == b.meta }

// identical tells whether two values that were shared are one.
func identical(a, b Value) bool { return alike(a, b) && a.Identity() == b.Identity() }

// Identity is the same for two values only if they read the same in everything. Values that read the same may have several, unless
// one Pool has shared them.
type Identity struct {
	meta  *meta
	state State
	data  any
}

// Outside is the Identity of all of a list or an object but what it holds.
func (v Value) Outside() Identity {
	id := Identity{v.meta, v.state, v.data}
	switch data := v.data.(type) {
	case []Value:
		id.data = stretch[Value]{n: len(data)}
	case fields, map[string]Value:
		id.data = stretch[Member]{}
	}
	return id
}

// stretch is where the items of a list lie, or the members of an object that is packed.
type stretch[E any] struct {
	first *E // nil if there is none
	n     int
}

func stretchOf[E any](all []E) stretch[E] {
	if len(all) == 0 {
		return stretch[E]{}
	}
	return stretch[E]{&all[0], len(all)}
}

// Identity returns what a value can cheaply be told apart by.
func (v Value) Identity() Identity {
	id := Identity{v.meta, v.state, v.data}
	switch data := v.data.(type) {
	case []Value:
		id.data = stretchOf(data)
	case fields:
		id.data = stretchOf(data)
	case map[string]Value:
		id.data = new(byte) // the same as nothing else, since a map cannot be told apart
	}
	return id
}
