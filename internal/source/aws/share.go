package aws

import (
	"context"
	"strings"

	"ward.dev/ward/internal/value"
)

// shared is a list that an API tells for all resources of a region at once: what waits to be installed, what scales.
type shared struct {
	region *region
	name   string // the operation
	member string // of an item, by which it says whom it is about
	items  []value.Value
	why    *value.Reason // why there may be more
	origin *value.Origin
}

// gather asks for such a list. Give each block its share with keep.
func gather[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I, path, member string) *shared {
	service, name := named[O]()
	g := &shared{region: r, name: name, member: member, origin: r.origin(service, name)}
	for item, err := range pages(ctx, r, call, input, path) {
		if err != nil {
			why := r.why(service, name, err)
			g.why = &why
			break
		}
		g.items = append(g.items, item)
	}
	return g
}

// keep puts what is about a resource into its block, under the operation's name: a list, open if the rest could not be read.
func (g *shared) keep(b *block, names ...string) {
	var own []value.Value
	for _, item := range g.items {
		if g.about(text(item, g.member), names) {
			own = append(own, item)
		}
	}
	made := value.List(own...).At(g.origin)
	if g.why != nil {
		made = made.Open(*g.why)
	}
	b.keep(g.name, made)
}

// about tells whether a name is one of some. What is rehearsed has no names.
func (g *shared) about(name string, names []string) bool {
	for _, one := range names {
		if strings.EqualFold(name, one) {
			return true
		}
	}
	return g.region.run.rehearsal != nil
}
