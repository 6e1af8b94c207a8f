package mapping

import (
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// joinIndex finds the blocks of one type by what one of their arguments refers to.
type joinIndex struct {
	byAddress map[string][]*resource.Block // the blocks that surely refer to this address
	byText    map[string][]*resource.Block // those that refer by a literal name
	byMade    map[string][]textual         // those that refer by a text that is not known, by what it is made of
	textual   map[string][]textual         // those of them that may mean any resource of a root module
	maybe     map[string][]value.Reason    // there may be one for this address, and why that is not known
	maybeText map[string][]value.Reason    // there may be one for what is called so
	anywhere  map[string][]value.Reason    // there may be one for any address of a root module
}

// A block of which it is not known whom it is for leaves open what is in its own root module or template. What is deployed
// apart from it stays as it is, or one parameter without a value would hide every answer about a large repository; such a
// block is told as a gap instead, so that no safeguard counts as met while it may be about anything. See Map.

// maxOpen bounds how many blocks one answer is told to hang on.
const maxOpen = 8

// open notes that a block may be for any resource of its root module.
func (t *target) open(index *joinIndex, b *resource.Block, why []value.Reason) {
	at := t.reach(b)
	index.anywhere[at] = append(index.anywhere[at], why...)
	if _, told := t.adrift[b.Address]; !told && len(why) > 0 && !t.ofKubernetes() {
		t.adrift[b.Address] = why[0]
	}
}

// reach is how far a block may lead of which it is not known where: in an account into all regions, by an ARN.
func (t *target) reach(b *resource.Block) string {
	if t.live() {
		return ""
	}
	return b.Root()
}

// textual is a block that refers by a text that is not known whole.
type textual struct {
	block *resource.Block
	calls []string       // with holes
	why   []value.Reason // why it is not known whether the block is meant
}

func joinKey(k *kind.Kind, j *kind.Join) string {
	return k.Name + ": " + j.Type + " by " + strings.Join(j.Key, ".") + " via " + j.Via
}

// indexJoins builds the index of every join that a kind of this dialect asks for.
func (t *target) indexJoins() {
	t.joins = map[string]*joinIndex{}
	t.adrift = map[string]value.Reason{}
	t.aliases, t.leads, t.undecided = map[string][]string{}, map[string]bool{}, map[*resource.Block]bool{}
	for _, k := range t.kinds {
		for typ, argument := range k.Through {
			t.leads[typ] = true
			t.indexAliases(typ, argument)
		}
		if !t.declares(k) {
			continue // nothing of the kind will be filled
		}
		for _, part := range k.Parts {
			t.indexPlaces(k, part.In(t.dialect))
		}
		t.indexAttributes(k, k.All())
	}
}

func (t *target) declares(k *kind.Kind) bool {
	return k.PerTarget() && !t.live() || slices.ContainsFunc(k.Blocks(t.dialect), func(typ string) bool { return len(t.byType[typ]) > 0 })
}

// indexAliases remembers which blocks only lead to another, so that what refers to an alias is found from its target.
func (t *target) indexAliases(typ, argument string) {
	for _, b := range t.byType[typ] {
		ref, exact := b.Body.Field(argument).ExactRef()
		if exact && !slices.Contains(t.aliases[ref.Address], b.Address) {
			t.aliases[ref.Address] = append(t.aliases[ref.Address], b.Address)
		}
	}
}

func (t *target) indexAttributes(k *kind.Kind, attributes []*kind.Attribute) {
	for _, a := range attributes {
		if t.wants(a) {
			t.indexPlaces(k, a.In(t.dialect))
			t.indexAttributes(k, a.Fields())
		}
	}
}

func (t *target) indexPlaces(k *kind.Kind, places []kind.Place) {
	for _, p := range places {
		if j := p.Join; j != nil && len(j.Key) > 0 && !t.lazy {
			t.index(k, j)
		}
		t.indexPlaces(k, p.Concat)
	}
}

// index returns the index of a join, which it makes when it is asked for first.
func (t *target) index(k *kind.Kind, j *kind.Join) *joinIndex {
	key := joinKey(k, j)
	if t.joins[key] == nil {
		t.joins[key] = t.indexJoin(k, j)
	}
	return t.joins[key]
}

func (t *target) indexJoin(k *kind.Kind, j *kind.Join) *joinIndex {
	index := &joinIndex{byAddress: map[string][]*resource.Block{}, byText: map[string][]*resource.Block{},
		byMade: map[string][]textual{}, maybe: map[string][]value.Reason{}, maybeText: map[string][]value.Reason{},
		textual: map[string][]textual{}, anywhere: map[string][]value.Reason{}}
	for _, b := range t.byType[j.Type] {
		key := via(j.Via, t.keyOf(b, j.Key))
		keys, isList := key.AsList()
		if !isList {
			keys = []value.Value{key}
		} else if key.IsOpen() {
			t.open(index, b, about(b, key.Reasons()))
			t.undecided[b] = true
		}
		for _, one := range keys {
			t.indexKey(index, k, b, one, 0)
		}
	}
	return index
}

// keyOf reads what a block refers to another by.
func (t *target) keyOf(b *resource.Block, path []string) value.Value {
	if path[0][0] == '@' {
		return t.pseudo(path[0], frame{block: b, body: b.Body})
	}
	return follow(b.Body, path)
}

// indexKey files a block by its key, for the kind that it belongs to a resource of.
func (t *target) indexKey(index *joinIndex, k *kind.Kind, b *resource.Block, key value.Value, hops int) {
	why := about(b, key.Reasons())
	if b.Maybe != nil {
		why = about(b, []value.Reason{*b.Maybe})
	}
	text, isText := key.AsString()
	ref, exact := key.ExactRef()
	if !key.IsAbsent() && (b.Maybe != nil || !isText && !exact) {
		t.undecided[b] = true
	}
	switch {
	case key.IsAbsent():
	case isText && b.Maybe != nil:
		for _, name := range calls(text) {
			index.maybeText[name] = append(index.maybeText[name], why...)
		}
	case isText:
		for _, name := range calls(text) {
			index.byText[name] = append(index.byText[name], b)
		}
		t.indexUnplaced(index, k, text, why)
	case exact:
		index.byAddress[ref.Address] = append(index.byAddress[ref.Address], b)
	default:
		t.indexUnknown(index, k, b, key, why)
	}
	if !exact || isText || len(t.made[ref.Address]) > 0 {
		return
	}
	made := expression(key)
	index.byMade[made] = append(index.byMade[made], textual{block: b, why: why})
	looked := t.byAddress[ref.Address]
	if looked == nil || !looked.Data || hops == maxHops || !slices.Contains(k.Blocks(t.dialect), looked.Type) {
		return
	}
	for _, place := range k.Identity.In(t.dialect) { // a lookup of what may well be declared here
		t.indexKey(index, k, b, t.at(place, frame{block: looked, body: looked.Body}), hops+1)
	}
}

// indexUnplaced files a block that names another with its namespace, "NAMESPACE/NAME", for those of the name whose namespace is
// not said.
func (t *target) indexUnplaced(index *joinIndex, k *kind.Kind, text string, why []value.Reason) {
	_, name, qualified := strings.Cut(text, "/")
	if !qualified || t.dialect != string(resource.Kubernetes) {
		return
	}
	for _, r := range t.texts[k.Name][name] {
		if other := t.of[r]; other != nil && !other.Placed() {
			index.maybe[other.Address] = append(index.maybe[other.Address], append(why, unplaced(other))...)
		}
	}
}

// unplaced is why a block that says no namespace may be in any.
func unplaced(b *resource.Block) value.Reason {
	return value.Reason{Why: "the namespace of " + b.Address + " is not said in the files", Grant: "--namespace, or assess the cluster"}
}

// indexUnknown files a block whose key is not known: a choice, a text around references, or nothing that can be told.
func (t *target) indexUnknown(index *joinIndex, k *kind.Kind, b *resource.Block, key value.Value, why []value.Reason) {
	leads := false // to something that may be meant itself
	for _, ref := range key.Refs() {
		if len(t.made[ref.Address]) > 0 {
			leads = true
			index.maybe[ref.Address] = append(index.maybe[ref.Address], why...)
		}
	}
	template, isTemplate := key.Template()
	if !isTemplate {
		if !leads || !allNamed(key.Refs()) || len(key.Refs()) < 2 { // it is no choice between some
			t.open(index, b, why)
		}
		return
	}
	w := textual{block: b, calls: calls(holes(template)), why: why}
	for _, name := range w.calls {
		if len(t.texts[k.Name][name]) > 0 { // it names one that is here
			t.indexKey(index, k, b, value.String(name), 0)
			return
		}
	}
	made := expression(key)
	index.byMade[made] = append(index.byMade[made], w)
	if !t.taken[k.Name][made] && !(leads && allNamed(key.Refs())) {
		at := root(b)
		index.textual[at] = append(index.textual[at], w)
	}
}

func allNamed(refs []value.Ref) bool {
	for _, ref := range refs {
		if ref.Address == "" {
			return false
		}
	}
	return true
}

// about says of which block a reason is.
func about(b *resource.Block, reasons []value.Reason) []value.Reason {
	all := make([]value.Reason, 0, len(reasons)+1)
	for _, r := range reasons {
		all = append(all, value.Reason{Why: b.Address + " may be for this: " + r.Why, Grant: r.Grant})
	}
	if len(all) == 0 {
		all = append(all, value.Reason{Why: b.Address + " may be for this"})
	}
	return all
}

// join returns the bodies of the blocks that a join leads to. Each is a reference to its own block, so that a place
// without a path can be a ref.
func (t *target) join(j *kind.Join, f frame) value.Value {
	switch {
	case j.All:
		return t.joinAll(j, f)
	case f.block == nil || f.kind == nil:
		return value.None()
	case j.Selecting != nil:
		return t.selecting(j, f)
	case j.Selected != nil:
		return t.selected(j, f)
	}
	index := t.index(f.kind, j) // made by now, unless the target is lazy
	all := taking{target: t, owner: f.block, seen: map[*resource.Block]bool{}}
	for _, address := range append([]string{f.block.Address}, t.aliases[f.block.Address]...) {
		all.take(index.byAddress[address])
		all.reasons = append(all.reasons, index.maybe[address]...)
	}
	n := t.namesOf(f.kind, f.block)
	for _, text := range n.texts {
		all.takeNamed(index.byText[text], f.kind.Name, text)
		all.reasons = append(all.reasons, index.maybeText[text]...)
	}
	own := f.root()
	for _, made := range n.made {
		for _, w := range index.byMade[made] {
			switch there := root(w.block); {
			case there == own:
				all.take([]*resource.Block{w.block})
			case !t.taken[f.kind.Name][within(there, made)]: // the same words may stand for another name there
				all.reasons = append(all.reasons, w.why...)
			}
		}
	}
	for i := range index.textual[own] {
		if len(all.reasons) > maxOpen {
			break
		}
		if w := &index.textual[own][i]; w.may(n) || len(f.kind.Identity.In(t.dialect)) == 0 {
			all.reasons = append(all.reasons, w.why...)
		}
	}
	all.reasons = append(all.reasons, firstFew(index.anywhere[t.reach(f.block)])...)
	all.reasons = append(all.reasons, t.partial[j.Type]...)
	if len(all.items) == 0 && len(all.reasons) == 0 {
		return value.None()
	}
	all.origin = f.block.Origin
	return all.list()
}

// joinAll returns the bodies of all blocks of a type: of the whole target for what is asked of an account, of the same root
// module or template for a resource, since what is deployed apart may be in another account.
func (t *target) joinAll(j *kind.Join, f frame) value.Value {
	all := taking{target: t, seen: map[*resource.Block]bool{}}
	for _, b := range t.byType[j.Type] {
		if f.block != nil && f.block.Root() != b.Root() && !t.live() {
			continue
		}
		if b.Maybe != nil {
			all.reasons = append(all.reasons, about(b, []value.Reason{*b.Maybe})...)
			continue
		}
		all.take([]*resource.Block{b})
	}
	all.reasons = append(all.reasons, t.partial[j.Type]...)
	if !j.Declared && t.ofKubernetes() && !t.live() {
		all.reasons = append(all.reasons, value.Reason{Grant: "assess the cluster",
			Why: "the files of this target do not show all that the cluster has"})
	} else if !j.Declared && !t.live() {
		all.reasons = append(all.reasons, value.Reason{Grant: "assess the live account",
			Why: "the code of this target does not show all that the account has"})
	} else if j.Declared && len(all.items) == 0 && len(all.reasons) == 0 {
		return value.None()
	}
	return all.list() // of an account that has none, a list of nothing
}

// taking collects the rows of a join, each block once.
type taking struct {
	collector
	target *target
	owner  *resource.Block // whose rows they are; nil for those of a whole target
	seen   map[*resource.Block]bool
}

// take adds the blocks that exist whenever their owner does, and leaves open what others would add.
func (all *taking) take(blocks []*resource.Block) {
	for _, b := range blocks {
		switch {
		case all.seen[b] || all.target.belongs(b):
		case b.Maybe == nil || together(b, all.owner):
			all.items = append(all.items, all.target.row(b))
		default:
			all.reasons = append(all.reasons, about(b, []value.Reason{*b.Maybe})...)
		}
		all.seen[b] = true
	}
}

// takeNamed adds the blocks that refer to the owner by a literal name. Where they stand the name may mean another.
func (all *taking) takeNamed(blocks []*resource.Block, kindName, name string) {
	for _, b := range blocks {
		switch r, several := all.target.meant(kindName, name, root(b)); {
		case several:
			all.reasons = append(all.reasons, about(b, []value.Reason{{Why: fmt.Sprintf("several resources are called %q", name)}})...)
		case r != nil && r.Target == all.target.name && r.Address == all.owner.Address:
			all.take([]*resource.Block{b})
		}
	}
}

// together tells whether a block surely exists if another does: both hang on the same count of the same module.
func together(b, owner *resource.Block) bool {
	return owner != nil && owner.Maybe != nil && *b.Maybe == *owner.Maybe
}

func firstFew(reasons []value.Reason) []value.Reason {
	if len(reasons) <= maxOpen {
		return reasons
	}
	more := value.Reason{Why: fmt.Sprintf("and %d more reasons of this kind", len(reasons)-maxOpen)}
	return append(slices.Clone(reasons[:maxOpen]), more)
}

// may tells whether a text that is not known whole may mean what has these names.
func (w *textual) may(n names) bool {
	return n.unknown || slices.ContainsFunc(n.texts, func(name string) bool {
		return slices.ContainsFunc(w.calls, func(call string) bool { return may(call, name) })
	})
}

func (t *target) row(b *resource.Block) value.Value {
	t.used.Store(b, true)
	return b.Body.At(b.Origin).Referring(true, value.Ref{Address: b.Address})
}
