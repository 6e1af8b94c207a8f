package source

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Sink takes what a live source reads, as it is read. Its methods may be called from several goroutines at once. An error
// means that nothing more can be taken, such as when a disk is full; the source then stops.
type Sink interface {
	// Begin tells of a target before anything of it.
	Begin(Live) error
	// Block takes one block of a part.
	Block(Part, resource.Block) error
	// Partial says why there may be more in a part than its blocks.
	Partial(Part, value.Reason) error
	// Gap takes something that was not read and belongs to no part.
	Gap(resource.Gap) error
	// Done says that all that there is to read of a part was asked for. whole tells that every call was answered.
	Done(part Part, whole bool) error
}

// Live is a target that runs: an account, or a cluster. The regions of a cluster are its namespaces, and what is called a kind
// here is a type of its objects: "Deployment.apps".
type Live struct {
	Dialect resource.Dialect `json:"dialect"`
	Name    string           `json:"name"` // "aws:123456789012"
	Account string           `json:"account"`
	Caller  string           `json:"caller"` // the identity that asks
	// Kinds are those that are to be read of it, so that the others are known not to be.
	Kinds []string `json:"kinds"`
	// Left says why all other kinds were left out.
	Left string `json:"left,omitempty"`
	// Unasked are kinds that are not read, or only if somebody asks for them, and why. That is no gap: it is only told where
	// something about them is asked.
	Unasked map[string]value.Reason `json:"unasked,omitempty"`
	// Regions are those that were read of the kinds in Regional, where others exist and nobody says that they are empty; none
	// if all regions are read.
	Regions  []string `json:"regions,omitempty"`
	Regional []string `json:"regional,omitempty"`
}

// gaps tells what was not to be read of a target, and may hold anything.
func (l Live) gaps() []resource.Gap {
	var all []resource.Gap
	if l.Left != "" {
		all = append(all, resource.Gap{Target: l.Name, What: "other services", Reason: l.Left, Grant: "leave out --services"})
	}
	if why, some := l.elsewhere(); some {
		what := "other regions"
		if l.Dialect == resource.Cluster {
			what = "other namespaces"
		}
		all = append(all, resource.Gap{Target: l.Name, What: what, Reason: why.Why, Grant: why.Grant})
	}
	return all
}

func (l Live) elsewhere() (value.Reason, bool) {
	if l.Dialect == resource.Cluster {
		return value.Reason{Why: "only " + strings.Join(l.Regions, ", ") + " was read", Grant: "leave out --namespace"}, len(l.Regions) > 0
	}
	return value.Reason{Why: "only " + strings.Join(l.Regions, ", ") + " was read", Grant: "leave out --regions, or say --no-other-regions"},
		len(l.Regions) > 0
}

// Part is what is read at once: the resources of one kind in one region of one target; of a cluster, see Live.
type Part struct {
	Target string `json:"target"`
	Region string `json:"region"`
	Kind   string `json:"kind"`
}

// What names the part for people.
func (p Part) What() string {
	if p.Region == "" {
		return p.Kind
	}
	return p.Kind + " in " + p.Region
}

// Gathered is a Sink that collects Readings in memory. The zero value is ready.
type Gathered struct {
	mu       sync.Mutex
	begun    []Live
	readings map[string]*Reading
	gaps     []resource.Gap
}

// Begin implements Sink.
func (g *Gathered) Begin(l Live) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.readings == nil {
		g.readings = map[string]*Reading{}
	}
	r := g.readings[l.Name]
	if r == nil {
		r = &Reading{Name: l.Name, Kind: string(l.Dialect), Dialect: l.Dialect, Partial: map[string][]value.Reason{}}
		g.readings[l.Name] = r
		g.begun = append(g.begun, l)
	}
	r.live = l // a run that goes on with an earlier one begins a target again
	r.Kinds, r.Left, r.Unasked = l.Kinds, l.Left, l.Unasked
	return nil
}

// Block implements Sink.
func (g *Gathered) Block(p Part, b resource.Block) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.readings[p.Target]
	r.Blocks = append(r.Blocks, b)
	return nil
}

// Partial implements Sink.
func (g *Gathered) Partial(p Part, why value.Reason) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.readings[p.Target]
	r.Partial[p.Kind] = append(r.Partial[p.Kind], why)
	r.Gaps = append(r.Gaps, resource.Gap{Target: p.Target, Kind: p.Kind, What: p.What(), Reason: why.Why, Grant: why.Grant})
	return nil
}

// Gap implements Sink.
func (g *Gathered) Gap(gap resource.Gap) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gaps = append(g.gaps, gap)
	return nil
}

// Done implements Sink.
func (g *Gathered) Done(Part, bool) error { return nil }

// Begun returns the targets.
func (g *Gathered) Begun() []Live { return g.begun }

// Readings returns all that was gathered, in an order that does not depend on that in which it came.
func (g *Gathered) Readings() []Reading {
	var all []Reading
	for _, r := range g.readings {
		if why, some := r.live.elsewhere(); some {
			for _, kind := range r.live.Regional {
				r.Partial[kind] = append(r.Partial[kind], why)
			}
		}
		r.Gaps = append(r.Gaps, r.live.gaps()...)
		slices.SortFunc(r.Blocks, func(a, b resource.Block) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Region, b.Region))
		})
		r.Blocks = slices.CompactFunc(r.Blocks, func(a, b resource.Block) bool { return a.Type == b.Type && a.Address == b.Address })
		for kind, why := range r.Partial {
			sortReasons(why)
			r.Partial[kind] = slices.Compact(why)
		}
		slices.SortFunc(r.Gaps, func(a, b resource.Gap) int {
			return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Grant, b.Grant))
		})
		r.Gaps = slices.Compact(r.Gaps) // a kind may take several calls of an operation
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Reading) int { return cmp.Compare(a.Name, b.Name) })
	if len(g.gaps) > 0 && len(all) > 0 {
		slices.SortFunc(g.gaps, func(a, b resource.Gap) int {
			return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.What, b.What))
		})
		all[0].Gaps = append(all[0].Gaps, g.gaps...)
	}
	return all
}

func sortReasons(why []value.Reason) {
	slices.SortFunc(why, func(a, b value.Reason) int { return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Grant, b.Grant)) })
}
