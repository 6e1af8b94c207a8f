package scope

import (
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// edge is a reference along which PHI spreads.
type edge struct {
	to        int32
	backward  bool // the reference stands in the resource that is reached
	attribute string
}

// graph holds the edges of each resource, one after the other.
type graph struct {
	start []int32
	edges []edge
}

func (g *graph) from(i int32) []edge { return g.edges[g.start[i]:g.start[i+1]] }

// newGraph reads every reference twice: to count the edges of each resource, and to place them.
func newGraph(inv *inventory.Inventory) *graph {
	b := builder{inv: inv, index: make(map[*resource.Resource]int32, len(inv.Resources)), plans: map[*kind.Kind][]carrier{}}
	for i, r := range inv.Resources {
		b.index[r] = int32(i)
	}
	counts := make([]int32, len(inv.Resources)+1)
	b.walk(func(from int32, _ edge) { counts[from+1]++ })
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	g := &graph{start: counts, edges: make([]edge, counts[len(counts)-1])}
	next := append([]int32(nil), counts...)
	b.walk(func(from int32, e edge) {
		g.edges[next[from]] = e
		next[from]++
	})
	return g
}

type builder struct {
	inv   *inventory.Inventory
	index map[*resource.Resource]int32
	plans map[*kind.Kind][]carrier
}

// carrier is an attribute that PHI spreads along, or a list whose items have such fields.
type carrier struct {
	name   string
	index  int
	phi    string
	fields []carrier
}

func (b *builder) walk(add func(from int32, e edge)) {
	for i, r := range b.inv.Resources {
		for _, c := range b.plan(r.Kind) {
			if c.index < len(r.Values) {
				b.follow(int32(i), c, c.name, r.Values[c.index], add)
			}
		}
	}
}

func (b *builder) plan(k *kind.Kind) []carrier {
	plan, ok := b.plans[k]
	if !ok {
		plan = carriers(k.All())
		b.plans[k] = plan
	}
	return plan
}

func carriers(attributes []*kind.Attribute) []carrier {
	var list []carrier
	for i, a := range attributes {
		if a.Is != "" {
			continue
		}
		c := carrier{name: a.Name, index: i, phi: a.PHI, fields: carriers(a.Fields())}
		if c.phi != "" || len(c.fields) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// follow adds the edges of one value. What is unknown or leads out of the inventory adds none.
func (b *builder) follow(holder int32, c carrier, name string, v value.Value, add func(int32, edge)) {
	if items, ok := v.AsList(); ok {
		for _, item := range items {
			b.follow(holder, c, name, item, add)
		}
		return
	}
	if v.IsObject() {
		for _, f := range c.fields {
			below, _ := v.Member(f.name)
			b.follow(holder, f, name+"."+f.name, below, add)
		}
		return
	}
	id, ok := v.AsString()
	if !ok || c.phi == "" {
		return
	}
	target, ok := b.index[b.inv.Lookup(id)]
	if !ok || target == holder {
		return
	}
	if c.phi != "from" {
		add(holder, edge{to: target, attribute: name})
	}
	if c.phi != "to" {
		add(target, edge{to: holder, backward: true, attribute: name})
	}
}

// Flow is a way that PHI can take between two resources, by their places in the inventory, and the reference that says so.
type Flow struct {
	From, To  int
	Attribute string
}

// Flows are the ways between resources that want has, each once.
func Flows(inv *inventory.Inventory, want func(i int) bool) []Flow {
	g := newGraph(inv)
	var all []Flow
	for i := range inv.Resources {
		if !want(i) {
			continue
		}
		for _, e := range g.from(int32(i)) {
			if want(int(e.to)) {
				all = append(all, Flow{i, int(e.to), e.attribute})
			}
		}
	}
	return all
}
