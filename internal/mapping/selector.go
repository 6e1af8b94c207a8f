package mapping

import (
	"fmt"
	"slices"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// labelsPart is the part of a kind that label selectors are held against.
const labelsPart = "labels"

// selecting returns the bodies of the blocks of a type whose label selector matches the labels of a frame's block.
func (t *target) selecting(j *kind.Join, f frame) value.Value {
	labels := t.part(labelsPart, f)
	all := taking{target: t, owner: f.block, seen: map[*resource.Block]bool{}}
	for _, b := range t.neighbours(j.Type, f.block) {
		all.takeSelected(b, f.block, selects(follow(b.Body, j.Selecting), labels, j.Plain))
	}
	all.reasons = append(firstFew(all.reasons), t.partial[j.Type]...)
	return all.orNone(f.block.Origin)
}

// selected returns the bodies of the blocks of a kind whose labels match the label selector of a frame's block.
func (t *target) selected(j *kind.Join, f frame) value.Value {
	selector := follow(f.body, j.Selected)
	all := taking{target: t, owner: f.block, seen: map[*resource.Block]bool{}}
	k := t.byName[j.Type]
	if k == nil || selector.IsAbsent() {
		return value.None()
	}
	for _, typ := range k.Blocks(t.dialect) {
		for _, b := range t.neighbours(typ, f.block) {
			if len(t.made[b.Address]) == 0 {
				continue
			}
			labels := t.part(labelsPart, frame{kind: k, block: b, body: b.Body})
			all.takeSelected(b, f.block, selects(selector, labels, j.Plain))
		}
	}
	all.reasons = append(firstFew(all.reasons), t.partial[j.Type]...)
	return all.orNone(f.block.Origin)
}

// neighbours are the blocks of a type that are, or may be, in the namespace of a block.
func (t *target) neighbours(typ string, b *resource.Block) []*resource.Block {
	t.near.Do(func() {
		t.byNamespace = map[[3]string][]*resource.Block{}
		for i := range t.blocks {
			one := &t.blocks[i]
			at := [3]string{one.Type, one.Root(), one.Region}
			if !resource.Placed(one.Region) {
				at[2] = ""
			}
			t.byNamespace[at] = append(t.byNamespace[at], one)
		}
	})
	if !resource.Placed(b.Region) && !t.live() { // of what says no namespace, all of the root may be in the same
		var all []*resource.Block
		for _, one := range t.byType[typ] {
			if one.Root() == b.Root() {
				all = append(all, one)
			}
		}
		return all
	}
	own := t.byNamespace[[3]string{typ, b.Root(), b.Region}]
	if t.live() {
		return own
	}
	return slices.Concat(own, t.byNamespace[[3]string{typ, b.Root(), ""}])
}

// takeSelected takes a block as far as a selector chose it.
func (all *taking) takeSelected(b, owner *resource.Block, a match) {
	switch {
	case a.known && !a.holds:
	case !a.known:
		all.reasons = append(all.reasons, about(b, a.why)...)
	case b.Region != owner.Region && !resource.Placed(b.Region):
		all.reasons = append(all.reasons, about(b, []value.Reason{unplaced(b)})...)
	case b.Region != owner.Region:
		all.reasons = append(all.reasons, about(b, []value.Reason{unplaced(owner)})...)
	default:
		all.take([]*resource.Block{b})
	}
}

func (all *taking) orNone(origin *value.Origin) value.Value {
	if len(all.items) == 0 && len(all.reasons) == 0 {
		return value.None()
	}
	all.origin = origin
	return all.list()
}

// match is whether a selector matches: unknown unless known is set, with the reasons why.
type match struct {
	known, holds bool
	why          []value.Reason
}

func surely(holds bool) match { return match{known: true, holds: holds} }

// and holds if both do; it surely does not if one of them does not.
func (m match) and(other match) match {
	switch {
	case m.known && !m.holds || other.known && !other.holds:
		return surely(false)
	case m.known && other.known:
		return surely(true)
	}
	return match{why: slices.Concat(m.why, other.why)}
}

// selects tells whether a label selector matches labels, as Kubernetes does: an empty selector matches everything, one that
// is not there nothing. A plain selector is a map of labels, of which an empty one matches nothing.
func selects(selector, labels value.Value, plain bool) match {
	if !selector.IsKnown() {
		return match{known: selector.IsAbsent(), why: selector.Reasons()}
	}
	if plain {
		if len(selector.Keys()) == 0 && !selector.IsOpen() {
			return surely(false)
		}
		return hasLabels(selector, labels)
	}
	all := hasLabels(selector.Field("matchLabels"), labels)
	expressions := selector.Field("matchExpressions")
	list, _ := expressions.AsList()
	for _, e := range list {
		all = all.and(fulfils(e, labels))
	}
	if !expressions.IsAbsent() && (!expressions.IsKnown() || expressions.IsOpen()) {
		all = all.and(match{why: expressions.Reasons()})
	}
	return all
}

// hasLabels tells whether all labels of a map are there with the same text.
func hasLabels(wanted, labels value.Value) match {
	if wanted.IsAbsent() {
		return surely(true)
	}
	all := surely(true)
	for _, key := range wanted.Keys() {
		all = all.and(labelIn(labels, key, []value.Value{wanted.Field(key)}))
	}
	if !wanted.IsKnown() || wanted.IsOpen() {
		all = all.and(match{why: wanted.Reasons()})
	}
	return all
}

// labelIn tells whether a label is there with one of some texts.
func labelIn(labels value.Value, key string, texts []value.Value) match {
	have := labels.Field(key)
	if have.IsAbsent() {
		return surely(false)
	}
	if !have.IsKnown() {
		return match{why: have.Reasons()}
	}
	unknown := match{}
	for _, text := range texts {
		if !text.IsKnown() {
			unknown.why = append(unknown.why, text.Reasons()...)
		} else if fmt.Sprint(text.Data()) == fmt.Sprint(have.Data()) {
			return surely(true)
		}
	}
	if len(unknown.why) > 0 {
		return unknown
	}
	return surely(false)
}

// fulfils tells whether labels fulfil one expression of a selector.
func fulfils(e, labels value.Value) match {
	key, isKey := e.Field("key").AsString()
	operator, isOperator := e.Field("operator").AsString()
	if !isKey || !isOperator {
		return match{why: []value.Reason{{Why: "an expression of a label selector is not known"}}}
	}
	values := e.Field("values")
	texts, _ := values.AsList()
	in := labelIn(labels, key, texts)
	if values.IsOpen() || values.IsUnknown() {
		if in.known && !in.holds && !labels.Field(key).IsAbsent() {
			in = match{why: values.Reasons()}
		}
	}
	have := labels.Field(key)
	exists := match{known: !have.IsUnknown(), holds: have.IsKnown(), why: have.Reasons()}
	switch operator {
	case "In":
		return in
	case "NotIn":
		return in.not()
	case "Exists":
		return exists
	case "DoesNotExist":
		return exists.not()
	}
	return match{why: []value.Reason{{Why: fmt.Sprintf("a label selector has the operator %q, which is not known", operator)}}}
}

func (m match) not() match {
	m.holds = !m.holds
	return m
}
