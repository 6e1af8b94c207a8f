package cloudformation

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// test resolves a condition's expression to a known bool or an unknown.
func (s *stack) test(n *yaml.Node, p place) value.Value {
	if n = follow(n); n == nil {
		return value.Unresolved(isBroken)
	}
	if !s.spend(1) {
		return value.Unresolved(tooMuch)
	}
	if p.depth > maxDepth {
		return value.Unresolved(tooDeep)
	}
	name, arg, ok := function(n)
	if !ok && n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		if key := follow(n.Content[0]); key != nil && key.Value == "Condition" {
			name, arg, ok = "Condition", n.Content[1], true
		}
	}
	if ok {
		return asBool(s.testOrCall(name, arg, p.deeper()))
	}
	return asBool(s.eval(n, p))
}

func (s *stack) testOrCall(name string, arg *yaml.Node, p place) value.Value {
	switch name {
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition":
		return s.testCall(name, arg, p)
	}
	return s.call(name, arg, p)
}

// asBool takes true and "true" alike; what is neither is unknown.
func asBool(v value.Value) value.Value {
	if v.IsUnknown() {
		return v
	}
	switch text, _ := v.Spelled(); text {
	case "true":
		return value.Bool(true)
	case "false":
		return value.Bool(false)
	}
	return value.Unresolved(why("it is neither true nor false"))
}

// testCall applies a condition function, in three-valued logic.
func (s *stack) testCall(name string, arg *yaml.Node, p place) value.Value {
	switch name {
	case "Condition":
		text, ok := s.textOf(arg, p)
		if !ok {
			return value.Unresolved(why("the name of a condition is not known"))
		}
		return s.rawCondition(text)
	case "Fn::Equals":
		args := items(arg)
		if len(args) != 2 {
			return value.Unresolved(why("Fn::Equals wants two values"))
		}
		return s.equals(args[0], args[1], p)
	case "Fn::Not":
		args := items(arg)
		if len(args) != 1 {
			return value.Unresolved(why("Fn::Not wants one condition"))
		}
		v := s.test(args[0], p)
		if b, ok := v.AsBool(); ok {
			return value.Bool(!b)
		}
		return v
	}
	return s.all(name == "Fn::Or", items(arg), p)
}

// all is Fn::And, or Fn::Or if any is set: one decisive operand decides, whatever the others are.
func (s *stack) all(any bool, args []*yaml.Node, p place) value.Value {
	if len(args) == 0 {
		return value.Unresolved(why("Fn::And and Fn::Or want conditions"))
	}
	var reasons []value.Reason
	for _, n := range args {
		v := s.test(n, p)
		b, ok := v.AsBool()
		if ok && b == any {
			return value.Bool(any)
		}
		if !ok {
			reasons = merge(reasons, v.Reasons()...)
		}
	}
	if reasons != nil {
		return value.Unresolved(reasons...)
	}
	return value.Bool(!any)
}

// equals is Fn::Equals. Plain words such as Yes and True are truth values in YAML 1.1; where it matters whether they are
// read so or as they are written, the answer is unknown.
func (s *stack) equals(x, y *yaml.Node, p place) value.Value {
	a, b := s.eval(x, p), s.eval(y, p)
	read, written := equal(a, b), equal(s.asWritten(x, a), s.asWritten(y, b))
	if read.IsKnown() && !same(read, written) {
		return value.Unresolved(why("Fn::Equals compares a truth value of YAML, such as Yes or True, with a text"))
	}
	return read
}

// asWritten returns the text of a plain truth value, or of the parameter's default that v comes from; else v.
func (s *stack) asWritten(n *yaml.Node, v value.Value) value.Value {
	n = follow(n)
	if n == nil || !v.IsKnown() {
		return v
	}
	if name, arg, ok := function(n); ok && name == "Ref" {
		id, _ := s.literal(arg)
		if _, given := s.passed(id, false); given {
			return v
		}
		n = follow(field(s.document.parameters[id].value, "Default"))
	}
	if n == nil || n.Kind != yaml.ScalarNode {
		return v
	}
	if _, isBool := scalar(n).AsBool(); isBool {
		return value.String(n.Value)
	}
	return v
}

// equal compares as CloudFormation does: as texts.
func equal(a, b value.Value) value.Value {
	if a.IsKnown() && b.IsKnown() && isWhole(a) && isWhole(b) {
		return value.Bool(same(a, b))
	}
	if _, exact := a.ExactRef(); exact && same(a, b) {
		return value.Bool(true)
	}
	return derived("Fn::Equals compares what is not there", a, b)
}

// choose is Fn::If. While its condition is unknown, only what both branches agree on is known.
func (s *stack) choose(arg *yaml.Node, p place) (v value.Value, optional bool) {
	args := items(arg)
	if len(args) != 3 {
		return anything(why("Fn::If wants a condition and two values")), true
	}
	var truth value.Value
	if name, ok := s.literal(args[0]); ok && follow(args[0]).Tag == "!!str" {
		name, _ = p.loop.substitute(name)
		truth = s.condition(name)
	} else {
		truth = s.test(args[0], p)
	}
	if b, ok := truth.AsBool(); ok {
		if b {
			return s.evaluate(args[1], p)
		}
		return s.evaluate(args[2], p)
	}
	then, maybeThen := s.evaluate(args[1], p)
	otherwise, maybeElse := s.evaluate(args[2], p)
	if then.IsAbsent() && otherwise.IsAbsent() {
		return then, false
	}
	optional = maybeThen || maybeElse || then.IsAbsent() || otherwise.IsAbsent()
	return either(then, otherwise, truth.Reasons()), optional
}

// either is one of two values, and it is not known which: what they have in common stays known.
func either(a, b value.Value, reasons []value.Reason) value.Value {
	if same(a, b) {
		return a
	}
	if x, ok := a.AsObject(); ok {
		if y, ok := b.AsObject(); ok {
			return eitherObject(a, b, x, y, reasons)
		}
	}
	if x, ok := a.AsList(); ok {
		if y, ok := b.AsList(); ok {
			return eitherList(a, b, x, y, reasons)
		}
	}
	refs := mergeRefs(candidates(a), candidates(b)...)
	return value.Unresolved(merge(merge(slices.Clone(reasons), unknowns(a)...), unknowns(b)...)...).Referring(false, refs...)
}

func eitherObject(a, b value.Value, x, y map[string]value.Value, reasons []value.Reason) value.Value {
	members := make(map[string]value.Value, len(x))
	for key := range maps.Keys(x) {
		members[key] = placed(either(a.Field(key), b.Field(key), reasons), x[key], a)
	}
	for key := range maps.Keys(y) {
		if _, ok := x[key]; !ok {
			members[key] = placed(either(a.Field(key), b.Field(key), reasons), y[key], b)
		}
	}
	v := value.Object(members)
	if a.IsOpen() || b.IsOpen() {
		v = v.Open(merge(merge(nil, openness(a)...), openness(b)...)...)
	}
	return v.At(a.Origin())
}

// eitherList goes element by element if the lists are equally long, else it is the common elements and perhaps more.
func eitherList(a, b value.Value, x, y []value.Value, reasons []value.Reason) value.Value {
	if len(x) == len(y) && !a.IsOpen() && !b.IsOpen() {
		vs := make([]value.Value, len(x))
		for i := range x {
			vs[i] = placed(either(x[i], y[i], reasons), x[i], a)
		}
		return value.List(vs...).At(a.Origin())
	}
	var common []value.Value
	refs := mergeRefs(candidates(a), candidates(b)...)
	for _, v := range x {
		if len(x)*len(y) <= maxElements && slices.ContainsFunc(y, func(w value.Value) bool { return same(v, w) }) {
			common = append(common, v)
		}
	}
	open := merge(merge(slices.Clone(reasons), openness(a)...), openness(b)...)
	return value.List(common...).Open(open...).Referring(false, refs...).At(a.Origin())
}

// placed gives v an origin if it has none: that of the first that has one.
func placed(v value.Value, from ...value.Value) value.Value {
	for _, f := range from {
		if v.Origin() == nil && f.Origin() != nil {
			v = v.At(f.Origin())
		}
	}
	return v
}

func openness(v value.Value) []value.Reason {
	if v.IsOpen() {
		return v.Reasons()
	}
	return nil
}

// unknowns are the reasons of a value that is itself unknown.
func unknowns(v value.Value) []value.Reason {
	if v.IsUnknown() {
		return v.Reasons()
	}
	return nil
}

// candidates are the blocks that a value, or an element of a list, may point to. A known text may name any.
func candidates(v value.Value) []value.Ref {
	refs := refsOf(v)
	if text, ok := v.AsString(); ok && text != "" || v.IsOpen() {
		refs = mergeRefs(refs, value.Ref{})
	}
	vs, _ := v.AsList()
	for _, e := range vs {
		refs = mergeRefs(refs, candidates(e)...)
	}
	return refs
}
