// Package mapping turns the blocks that sources read into resources of the catalog's kinds: places are followed, joins
// and references resolved, defaults filled in.
//
// What a place means is data in the kind files; this package knows no kind, no provider and no source by name. It never
// turns what is unknown into something definite: a block that may belong to a resource leaves the result open.
package mapping

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// mapper holds what is shared by all targets of one run.
type mapper struct {
	kinds  []*kind.Kind
	byName map[string]*kind.Kind
	// texts leads from a kind and a literal name to the resources that are called so.
	texts map[string]map[string][]*resource.Resource
	// global are the resources whose names mean the same everywhere.
	global   map[*resource.Resource]bool
	builtins map[string][]builtin
	// wanted are the attributes that are read, nil for all. The others are unknown.
	wanted map[*kind.Attribute]bool
	// lazy tells that what is not asked for need not be prepared. Only one goroutine reads then.
	lazy bool
	// unnamed are the kinds whose resources nobody looks for by name.
	unnamed map[*kind.Kind]bool
}

type builtin struct {
	match    *regexp.Regexp
	resource *resource.Resource
}

// target is one reading with its indexes.
type target struct {
	*mapper
	name      string
	dialect   string
	partial   map[string][]value.Reason // see source.Reading
	blocks    []resource.Block
	byAddress map[string]*resource.Block
	byType    map[string][]*resource.Block
	joins     map[string]*joinIndex
	// called holds the names of the resources of each kind by their blocks, taken what the unknown ones are made of, in the
	// whole target and within each root module.
	called map[string]map[string]names
	taken  map[string]map[string]bool
	// aliases leads from a block's address to those of the blocks that only lead to it.
	aliases map[string][]string
	// leads are the types of blocks that only lead to another.
	leads map[string]bool
	// used are the blocks that some resource takes as part of itself; undecided those that may belong to any.
	used      sync.Map
	undecided map[*resource.Block]bool
	// near and byNamespace find blocks by type, root and namespace.
	near        sync.Once
	byNamespace map[[3]string][]*resource.Block
	// adrift are the addresses of the blocks that may be for any resource, and why.
	adrift map[string]value.Reason
	// of leads from a resource to the block that it is made of: two kinds may share an address. made leads from a block's
	// address to the resources made of it.
	of        map[*resource.Resource]*resource.Block
	made      map[string][]*resource.Resource
	resources []*resource.Resource
	// strays are, by their owner, blocks that it does not stand for and that run unlike each other.
	strays map[string][]*resource.Block
	// filling tells that all resources of all targets have their names. From then on meanings holds what meant has said.
	filling  bool
	meanings sync.Map
}

// Map makes the inventory of what was read.
func Map(kinds []*kind.Kind, readings []source.Reading) *inventory.Inventory {
	return mapAll(kinds, readings, false)
}

// Take is Map for readings that nobody uses afterwards: of live ones it forgets blocks as it goes, since the replies about a
// large account are as big as its resources.
func Take(kinds []*kind.Kind, readings []source.Reading) *inventory.Inventory {
	return mapAll(kinds, readings, true)
}

func mapAll(kinds []*kind.Kind, readings []source.Reading, take bool) *inventory.Inventory {
	m := newMapper(kinds)
	builtin := m.makeBuiltins()
	var targets []*target
	var gaps []resource.Gap
	for _, reading := range readings {
		reading = m.derived(reading)
		gaps = append(gaps, m.gaps(reading)...)
		targets = append(targets, m.newTarget(reading))
	}
	for _, t := range targets {
		t.plan()
	}
	var all []*resource.Resource
	var listed []inventory.Target
	var unjudged []inventory.Unjudged
	for i, t := range targets {
		t.fill(take)
		all = append(all, t.resources...)
		unjudged = append(unjudged, t.unjudged())
		gaps = append(gaps, t.drifting()...)
		listed = append(listed, inventory.Target{Kind: readings[i].Kind, Name: t.name, Resources: len(t.resources), Roots: len(t.roots())})
	}
	inv := inventory.New(listed, all, builtin, gaps)
	inv.Unjudged = unjudged
	return inv
}

func newMapper(kinds []*kind.Kind) *mapper {
	m := &mapper{kinds: kinds, byName: map[string]*kind.Kind{}, texts: map[string]map[string][]*resource.Resource{},
		global: map[*resource.Resource]bool{}}
	for _, k := range kinds {
		m.byName[k.Name] = k
	}
	return m
}

func (m *mapper) makeBuiltins() []*resource.Resource {
	m.builtins = map[string][]builtin{}
	var all []*resource.Resource
	for _, k := range m.kinds {
		for _, b := range k.Builtin {
			r := &resource.Resource{Kind: k, ID: "builtin:" + k.Name + ":" + b.Match,
				Address: "the provider's own " + k.Title}
			r.Values = make([]value.Value, len(k.All()))
			for i, a := range k.All() {
				r.Values[i] = value.Unresolved(value.Reason{Why: "the provider's own " + k.Title + " is not described so far"})
				if v, ok := b.Attributes[a.Name]; ok {
					r.Values[i] = v.Value
				}
			}
			m.builtins[k.Name] = append(m.builtins[k.Name], builtin{regexp.MustCompile(b.Match), r})
			all = append(all, r)
		}
	}
	return all
}

func (m *mapper) newTarget(reading source.Reading) *target {
	t := &target{mapper: m, name: reading.Name, blocks: reading.Blocks, dialect: string(reading.Dialect), partial: reading.Partial,
		of:        make(map[*resource.Resource]*resource.Block, len(reading.Blocks)),
		byAddress: make(map[string]*resource.Block, len(reading.Blocks)), byType: map[string][]*resource.Block{},
		made: make(map[string][]*resource.Resource, len(reading.Blocks))}
	if t.dialect == "" && len(t.blocks) > 0 {
		t.dialect = string(t.blocks[0].Dialect)
	}
	if t.live() {
		t.partial = m.partial(reading)
	}
	for i := range t.blocks {
		b := &t.blocks[i]
		t.byAddress[b.Address] = b
		if !b.Data {
			t.byType[b.Type] = append(t.byType[b.Type], b)
		}
	}
	return t
}

// partial says of every kind of a live target why there may be more than was read.
func (m *mapper) partial(reading source.Reading) map[string][]value.Reason {
	all := make(map[string][]value.Reason, len(m.kinds))
	add := func(into, typ string) {
		if why := unread(reading, typ); len(why) > 0 {
			all[into] = firstFew(append(all[into], why...))
		}
	}
	if reading.Dialect != resource.Cluster {
		for _, k := range m.kinds {
			add(k.Name, k.Name)
		}
		return all
	}
	types := map[string]bool{} // a cluster is read by the types of its objects, of which a kind may have several
	for _, k := range m.kinds {
		blocks := k.Blocks(string(reading.Dialect))
		for _, typ := range blocks {
			types[typ] = true
			if typ != k.Name {
				add(k.Name, typ)
			}
		}
		if len(blocks) == 0 && k.Provider() != provider {
			add(k.Name, k.Name)
		}
		joinedTypes(types, k, string(reading.Dialect))
	}
	for typ := range types {
		if m.byName[typ] == nil || slices.Contains(m.byName[typ].Blocks(string(reading.Dialect)), typ) {
			add(typ, typ)
		}
	}
	return all
}

// provider is the first part of the names of the kinds that a cluster has.
const provider = "kubernetes"

// gaps are those of a reading. A gap in a type of a cluster's objects is one in the kinds that are made of them.
func (m *mapper) gaps(reading source.Reading) []resource.Gap {
	if reading.Dialect != resource.Cluster {
		return reading.Gaps
	}
	var all []resource.Gap
	for _, gap := range reading.Gaps {
		typ, found := gap.Kind, false
		for _, k := range m.kinds {
			if typ != "" && slices.Contains(k.Blocks(string(reading.Dialect)), typ) {
				gap.Kind, found = k.Name, true
				all = append(all, gap)
			}
		}
		if !found {
			all = append(all, gap)
		}
	}
	return all
}

// plan makes the empty resources, so that references can be resolved while they are filled.
func (t *target) plan() {
	kindsOf := map[string][]*kind.Kind{}
	t.strays = map[string][]*resource.Block{}
	t.called, t.taken = map[string]map[string]names{}, map[string]map[string]bool{}
	for _, k := range t.kinds {
		for _, typ := range k.Blocks(t.dialect) {
			kindsOf[typ] = append(kindsOf[typ], k)
		}
	}
	for _, k := range kindsOf["target"] {
		if t.holds(k.Provider()) {
			t.resources = append(t.resources, &resource.Resource{Kind: k, ID: t.name + "#" + k.Name + "@" + t.dialect,
				Address: k.Name, Target: t.name})
		}
	}
	for i := range t.blocks {
		b := &t.blocks[i]
		if b.Data || t.owned(b, kindsOf) {
			continue
		}
		for _, k := range kindsOf[b.Type] {
			r := &resource.Resource{Kind: k, ID: t.name + "#" + b.Address, Address: b.Address, Target: t.name,
				Account: b.Account, Region: b.Region, Origin: b.Origin, Maybe: b.Maybe, Dialect: b.Dialect, Live: t.live()}
			if len(t.made[b.Address]) > 0 {
				r.ID += "#" + k.Name
			}
			t.made[b.Address] = append(t.made[b.Address], r)
			t.of[r] = b
			if b.Global {
				t.global[r] = true
			}
			t.resources = append(t.resources, r)
			if t.unnamed[k] {
				continue
			}
			n := t.namesOf(k, b)
			t.remember(k, b, n)
			r.Names = n.texts
			for _, text := range n.texts {
				t.addText(k.Name, text, r)
				if t.live() { // for references to any kind; code has those to its blocks
					t.addText("", text, r)
				}
			}
		}
	}
	t.indexJoins()
}

// owned tells whether a block was made by another that is a resource of the same kind, and which stands for it.
func (t *target) owned(b *resource.Block, kindsOf map[string][]*kind.Kind) bool {
	made := b
	for range maxHops {
		owner := t.byAddress[made.Owner]
		if owner == nil || owner.Owner == owner.Address {
			return false
		}
		if !manifest.Stands(*owner, *made) {
			return t.likeAnother(made)
		}
		if slices.ContainsFunc(kindsOf[owner.Type], func(k *kind.Kind) bool { return slices.Contains(kindsOf[b.Type], k) }) {
			return true
		}
		made = owner
	}
	return false
}

// maxStrays bounds the strays that are compared with each other.
const maxStrays = 16

// likeAnother tells of a block which its owner does not stand for that another of the same owner runs the same and is a resource
// already: what a webhook adds to all pods of a Deployment is said once.
func (t *target) likeAnother(b *resource.Block) bool {
	for _, other := range t.strays[b.Owner] {
		if other.Type == b.Type && manifest.Stands(*other, *b) {
			return true
		}
	}
	if len(t.strays[b.Owner]) < maxStrays {
		t.strays[b.Owner] = append(t.strays[b.Owner], b)
	}
	return false
}

// belongs tells of a block that another stands for it, so that it is no resource.
func (t *target) belongs(b *resource.Block) bool {
	return b.Owner != "" && t.byAddress[b.Owner] != nil && len(t.made[b.Address]) == 0
}

// addText remembers that a resource of a kind is called so.
func (m *mapper) addText(kindName, text string, r *resource.Resource) {
	if m.texts[kindName] == nil {
		m.texts[kindName] = map[string][]*resource.Resource{}
	}
	if !slices.Contains(m.texts[kindName][text], r) {
		m.texts[kindName][text] = append(m.texts[kindName][text], r)
	}
}

// holds tells whether any block is of the provider: "aws_..." or "AWS::..."; files of Kubernetes hold nothing else.
func (t *target) holds(provider string) bool {
	if t.dialect == string(resource.Kubernetes) {
		return len(t.byType) > 0
	}
	for typ := range t.byType {
		lower := strings.ToLower(typ)
		if strings.HasPrefix(lower, provider+"_") || strings.HasPrefix(lower, provider+"::") {
			return true
		}
	}
	return false
}

// fill reads the attributes of every resource, on all processors. If it may, it forgets live blocks that are read.
func (t *target) fill(forget bool) {
	t.filling = true
	workers := runtime.GOMAXPROCS(0)
	var shared map[string]bool
	if forget = forget && t.live(); forget {
		shared = t.shared()
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			pool := value.NewPool()
			for i := w; i < len(t.resources); i += workers {
				r := t.resources[i]
				t.fillOne(r)
				if t.live() { // what calls replied says the same of many; of code, every value has a line of its own
					for i, v := range r.Values {
						r.Values[i] = pool.Share(v)
					}
				}
				if b := t.of[r]; forget && b != nil && !shared[b.Type] && len(t.made[b.Address]) == 1 {
					b.Body = value.Value{} // nobody else asks for it
				}
			}
		}()
	}
	wait.Wait()
}

func (t *target) fillOne(r *resource.Resource) {
	f := frame{parts: map[string]value.Value{}, kind: r.Kind}
	if b, ok := t.of[r]; ok {
		f.block, f.body = b, b.Body
	} else {
		f.body = value.Object(nil)
	}
	r.Provided = slices.ContainsFunc(r.Kind.Provided.In(t.dialect), func(p kind.Place) bool {
		yes, _ := single(t.at(p, f)).Data().(bool)
		return yes
	})
	attributes := r.Kind.All()
	r.Values = make([]value.Value, len(attributes))
	for i, a := range attributes {
		switch {
		case a.Is != "":
		case t.wants(a):
			r.Values[i] = t.attribute(a, f).orAt(r.Origin)
		default:
			r.Values[i] = unwanted
		}
	}
}

// wants tells whether an attribute is to be read.
func (m *mapper) wants(a *kind.Attribute) bool { return m.wanted == nil || m.wanted[a] }

// unwanted is the value of an attribute that nobody has asked for.
var unwanted = value.Unresolved(value.Reason{Why: "it was not asked for"})

// live tells whether the target is what runs, rather than code.
func (t *target) live() bool { return resource.Dialect(t.dialect).Live() }

// ofKubernetes tells whether the blocks are objects of Kubernetes, of files or of a cluster.
func (t *target) ofKubernetes() bool {
	return t.dialect == string(resource.Kubernetes) || t.dialect == string(resource.Cluster)
}

// runs is what the user can assess to learn what code does not say.
func (t *target) runs() string {
	if t.ofKubernetes() {
		return "the cluster"
	}
	return "the live account"
}

// unreadable is why an attribute that has no place in this dialect is unknown.
func (t *target) unreadable(a *kind.Attribute) value.Reason {
	if t.live() {
		return value.Reason{Why: a.Name + " cannot be read from " + t.runs()}
	}
	return value.Reason{Why: fmt.Sprintf("%s cannot be read from %s", a.Name, t.dialect), Grant: "assess " + t.runs()}
}

// read is a mapped value on its way.
type read struct{ value.Value }

// orAt gives a value that was seen nowhere in particular the place of its resource.
func (v read) orAt(origin *value.Origin) value.Value {
	if v.Origin() == nil && origin != nil && !v.IsKnown() {
		return v.At(origin)
	}
	return v.Value
}

// attribute reads one attribute, of a resource or of an item.
func (t *target) attribute(a *kind.Attribute, f frame) read {
	places := a.In(t.dialect)
	raw := value.None()
	if len(places) == 0 {
		raw = value.Unresolved(t.unreadable(a))
	}
	for _, p := range places {
		if raw = t.at(p, f); !raw.IsAbsent() {
			break
		}
	}
	raw = via(a.Via, raw)
	if t.live() && f.block != nil { // it names itself by its number, where code says self
		raw = decode.Own(raw, f.block.Account)
	}
	if raw.IsAbsent() && a.Default != nil {
		if text, _ := a.DefaultValue().AsString(); a.Type.Base == kind.Ref && text != "" { // what is referred to when nobody says
			return read{t.typed(a, a.Type, a.DefaultValue(), f)}
		}
		return read{a.DefaultValue()}
	}
	return read{t.typed(a, a.Type, raw, f)}
}
