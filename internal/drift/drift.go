// Package drift compares what code declares with what an account holds: what runs and is in no code, what code declares
// and does not run, and what differs.
//
// It must not know how either was read. It only tells what both sides surely say: an attribute that one of them does not
// know is no difference, and a resource whose name code does not tell is neither missing nor found.
package drift

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Version of the JSON.
const Version = "1"

// Drift is how code and account differ.
type Drift struct {
	Version string `json:"version"`
	// Undeclared run and are in no code. What the provider made by itself is not told.
	Undeclared []Item `json:"undeclared"`
	// Missing are declared and do not run.
	Missing []Item `json:"missing"`
	// Differing are both, and are not the same.
	Differing []Pair `json:"differing"`
	// Unclear are declared under names that the code does not tell, or of kinds that could not be read whole.
	Unclear []Item `json:"unclear"`
	// Same counts the pairs in which nothing differs.
	Same int `json:"same"`
}

// Item is a resource on one side.
type Item struct {
	Kind     string              `json:"kind"`
	Address  string              `json:"address"`
	Region   string              `json:"region,omitempty"`
	Location assessment.Location `json:"location"`
	// Why says what the reader must know of it, "" for nothing.
	Why string `json:"why,omitempty"`
}

// Pair is a resource on both sides.
type Pair struct {
	Kind        string              `json:"kind"`
	Code        string              `json:"code"` // address
	Live        string              `json:"live"` // address
	Location    assessment.Location `json:"location"`
	Differences []Difference        `json:"differences"`
}

// Difference is an attribute that is not the same on both sides. Absent is nil.
type Difference struct {
	Attribute string `json:"attribute"`
	Code      any    `json:"code"`
	Live      any    `json:"live"`
}

// Clean tells that there is no drift; Unknown that something could not be told.
func (d *Drift) Clean() bool   { return len(d.Undeclared)+len(d.Missing)+len(d.Differing) == 0 }
func (d *Drift) Unknown() bool { return len(d.Unclear) > 0 }

// matcher pairs the resources of both sides.
type matcher struct {
	code, live *inventory.Inventory
	partner    map[*resource.Resource]*resource.Resource // both ways
	several    map[*resource.Resource]bool               // one of several that may be partners
}

// Of compares an inventory of code with one of accounts.
func Of(code, live *inventory.Inventory) *Drift {
	m := &matcher{code: code, live: live, partner: map[*resource.Resource]*resource.Resource{}, several: map[*resource.Resource]bool{}}
	ofCode, ofLive := byKind(code.Resources), byKind(live.Resources)
	for k, declared := range ofCode {
		m.pair(declared, ofLive[k])
	}
	d := &Drift{Version: Version, Undeclared: []Item{}, Missing: []Item{}, Differing: []Pair{}, Unclear: []Item{}}
	for _, k := range slices.SortedFunc(maps.Keys(both(ofCode, ofLive)), func(a, b *kind.Kind) int { return cmp.Compare(a.Name, b.Name) }) {
		if k.PerTarget() || len(k.Terraform)+len(k.CloudFormation) == 0 {
			continue // an account itself is in no code, nor is what cannot be declared
		}
		unclear := m.declared(d, ofCode[k], partial(live, k))
		m.running(d, ofLive[k], unclear)
	}
	return d
}

func byKind(all []*resource.Resource) map[*kind.Kind][]*resource.Resource {
	some := map[*kind.Kind][]*resource.Resource{}
	for _, r := range all {
		some[r.Kind] = append(some[r.Kind], r)
	}
	return some
}

func both(a, b map[*kind.Kind][]*resource.Resource) map[*kind.Kind]bool {
	keys := map[*kind.Kind]bool{}
	for _, m := range []map[*kind.Kind][]*resource.Resource{a, b} {
		for k := range m {
			keys[k] = true
		}
	}
	return keys
}

// partial says why there may be more of a kind in the accounts than was read, "" if there is not.
func partial(live *inventory.Inventory, k *kind.Kind) string {
	for _, g := range live.Gaps {
		if g.Kind == k.Name || g.Kind == "" {
			return g.Reason
		}
	}
	return ""
}

// pair finds partners: by a text that names only one on each side, such as an ARN, then by what they are called, then by a
// Name tag. What is called something need not be the only one, nor be named so where others refer to it.
func (m *matcher) pair(declared, running []*resource.Resource) {
	for _, names := range []func(*resource.Resource) []string{func(r *resource.Resource) []string { return r.Names }, called, nameTag} {
		here, there := index(m, declared, names), index(m, running, names)
		for _, name := range slices.Sorted(maps.Keys(here)) {
			m.match(here[name], there[name])
		}
	}
}

// match pairs the resources of one name: the only ones, or the only ones in a region.
func (m *matcher) match(some, others []*resource.Resource) {
	for _, r := range some {
		if m.partner[r] != nil || len(others) == 0 {
			continue
		}
		near := slices.DeleteFunc(slices.Clone(others), func(o *resource.Resource) bool {
			return m.partner[o] != nil || len(others) > 1 && o.Region != r.Region
		})
		if len(near) == 1 && (len(some) == 1 || r.Region != "") {
			m.partner[r], m.partner[near[0]] = near[0], r
			continue
		}
		m.several[r] = true
		for _, o := range others {
			m.several[o] = true
		}
	}
}

func index(m *matcher, all []*resource.Resource, names func(*resource.Resource) []string) map[string][]*resource.Resource {
	by := map[string][]*resource.Resource{}
	for _, r := range all {
		if m.partner[r] != nil {
			continue
		}
		for _, name := range names(r) {
			if !slices.Contains(by[name], r) {
				by[name] = append(by[name], r)
			}
		}
	}
	return by
}

func called(r *resource.Resource) []string {
	if name, ok := r.Get("name").AsString(); ok && name != "" {
		return []string{name}
	}
	return nil
}

func nameTag(r *resource.Resource) []string {
	if r.Kind.Index("tags") < 0 {
		return nil
	}
	if name, ok := r.Get("tags").Field("Name").AsString(); ok {
		return []string{name}
	}
	return nil
}

// declared sorts what code declares. It tells how many could not be looked up.
func (m *matcher) declared(d *Drift, all []*resource.Resource, partial string) (unclear int) {
	for _, r := range all {
		other := m.partner[r]
		switch {
		case other != nil:
			m.compare(d, r, other)
		case r.Maybe != nil:
			unclear++
			d.Unclear = append(d.Unclear, item(r, "whether it exists is not known: "+r.Maybe.Why))
		case len(r.Names) == 0 && len(nameTag(r)) == 0:
			unclear++
			d.Unclear = append(d.Unclear, item(r, "the code does not tell its name; compare a plan (terraform show -json) of it"))
		case m.several[r]:
			d.Unclear = append(d.Unclear, item(r, "several in the account have its name"))
		case partial != "":
			d.Unclear = append(d.Unclear, item(r, "it was not found, and not all was read: "+partial))
		default:
			d.Missing = append(d.Missing, item(r, ""))
		}
	}
	return unclear
}

// running sorts what the account holds and code does not name.
func (m *matcher) running(d *Drift, all []*resource.Resource, unclear int) {
	for _, r := range all {
		if m.partner[r] != nil || r.Provided {
			continue
		}
		why := ""
		if m.several[r] {
			why = "it has the name of one that is declared, and so have others"
		} else if unclear > 0 {
			why = fmt.Sprintf("it may be one of %d whose names the code does not tell", unclear)
		}
		d.Undeclared = append(d.Undeclared, item(r, why))
	}
}

func item(r *resource.Resource, why string) Item {
	return Item{Kind: r.Kind.Name, Address: r.Address, Region: r.Region, Location: assess.Location(r.Origin), Why: why}
}

// compare tells the attributes that both sides know and that are not the same.
func (m *matcher) compare(d *Drift, code, live *resource.Resource) {
	p := Pair{Kind: code.Kind.Name, Code: code.Address, Live: live.Address, Location: assess.Location(code.Origin)}
	for i, a := range code.Kind.All() {
		if a.Is != "" || a.Name == "name" || a.Name == "region" || !m.told(a, code) || !m.told(a, live) {
			continue
		}
		declared, running := decode.Own(code.Values[i], live.Account), live.Values[i]
		if a.Secret || m.same(a, declared, running) { // secrets are left out of what was read
			continue
		}
		p.Differences = append(p.Differences, Difference{Attribute: a.Name, Code: m.show(m.code, declared), Live: m.show(m.live, running)})
	}
	if len(p.Differences) == 0 {
		d.Same++
		return
	}
	d.Differing = append(d.Differing, p)
}

// told tells whether what a resource was read from has a way to say an attribute of it.
func (m *matcher) told(a *kind.Attribute, r *resource.Resource) bool {
	return r.Kind.Own(a, string(r.Dialect))
}

// same tells whether two values surely are the same, or whether that cannot be told.
func (m *matcher) same(a *kind.Attribute, code, live value.Value) bool {
	if code.IsAbsent() { // the code leaves it to the provider
		return true
	}
	if a.Type.Base == kind.Ref {
		return m.sameRef(code, live)
	}
	if rows := a.Type.Base == kind.List && len(a.Fields()) > 0; rows && sureRows(code) && sureRows(live) {
		return m.sameRows(a, code, live)
	} else if rows || !sure(code) || !sure(live) {
		return true
	}
	if live.IsAbsent() {
		return false
	}
	switch a.Type.Base {
	case kind.Map:
		return sameText(ownTags(code), ownTags(live))
	case kind.List:
		if a.Type.Elem.Base == kind.Ref {
			return m.sameRefs(code, live)
		}
		return sameSet(code, live)
	}
	return sameText(code, live)
}

// sureRows tells whether a list is known and closed, whatever its rows hold.
func sureRows(v value.Value) bool {
	rows, _ := v.AsList()
	return !v.IsUnknown() && !v.IsOpen() && !slices.ContainsFunc(rows, value.Value.IsUnknown)
}

// sure tells whether a value and all below it are known and closed.
func sure(v value.Value) bool {
	if v.IsUnknown() || v.IsOpen() {
		return false
	}
	if items, ok := v.AsList(); ok {
		return !slices.ContainsFunc(items, func(item value.Value) bool { return !sure(item) })
	}
	if fields, ok := v.AsObject(); ok {
		for _, field := range fields {
			if !sure(field) {
				return false
			}
		}
	}
	return true
}

func sameText(a, b value.Value) bool { return fmt.Sprint(a.Plain()) == fmt.Sprint(b.Plain()) }

// sameRows compares lists in which the order means nothing.
func (m *matcher) sameRows(a *kind.Attribute, code, live value.Value) bool {
	declared, _ := code.AsList()
	running, _ := live.AsList()
	left := slices.Clone(running)
	for _, row := range declared {
		i := slices.IndexFunc(left, func(other value.Value) bool {
			return !slices.ContainsFunc(a.Fields(), func(f *kind.Attribute) bool { return !m.same(f, row.Field(f.Name), other.Field(f.Name)) })
		})
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

// sameSet compares lists of texts or numbers.
func sameSet(a, b value.Value) bool {
	texts := func(v value.Value) []string {
		items, _ := v.AsList()
		all := make([]string, len(items))
		for i, item := range items {
			all[i] = fmt.Sprint(item.Plain())
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(texts(a), texts(b))
}

// ownTags are the tags that people set, not those that AWS adds.
func ownTags(v value.Value) value.Value {
	fields, _ := v.AsObject()
	own := make(map[string]value.Value, len(fields))
	for name, field := range fields {
		if !strings.HasPrefix(name, "aws:") {
			own[name] = field
		}
	}
	return value.Object(own)
}

// sameRef compares what two references lead to. One that leads out of what was read cannot be compared.
func (m *matcher) sameRef(code, live value.Value) bool {
	if code.IsKnown() && live.IsAbsent() {
		return false
	}
	to, isTo := code.AsString()
	from, isFrom := live.AsString()
	if !isTo || !isFrom {
		return true
	}
	switch a, b := m.code.Lookup(to), m.live.Lookup(from); {
	case a != nil && b != nil:
		return m.partner[a] == b || m.partner[a] == nil || m.partner[b] == nil
	case a != nil: // it leads to something in the account that was not read
		return len(a.Names) == 0 || slices.Contains(a.Names, from)
	case b != nil: // the code names it by a text
		return slices.Contains(b.Names, to) || !strings.HasPrefix(to, "arn:")
	}
	return to == from || strings.HasPrefix(to, "arn:") != strings.HasPrefix(from, "arn:")
}

func (m *matcher) sameRefs(code, live value.Value) bool {
	a, _ := code.AsList()
	b, _ := live.AsList()
	if len(a) != len(b) {
		return false
	}
	for _, ref := range a {
		if !slices.ContainsFunc(b, func(other value.Value) bool { return m.sameRef(ref, other) }) {
			return false
		}
	}
	return true
}

// show returns what can be shown of a value: references by the address that they lead to.
func (m *matcher) show(in *inventory.Inventory, v value.Value) any {
	switch data := v.Data().(type) {
	case string:
		if r := in.Lookup(data); r != nil {
			return r.Address
		}
		return data
	case []value.Value:
		all := make([]any, len(data))
		for i, item := range data {
			all[i] = m.show(in, item)
		}
		return all
	case map[string]value.Value:
		all := make(map[string]any, len(data))
		for name, field := range data {
			all[name] = m.show(in, field)
		}
		return all
	}
	return v.Data()
}
