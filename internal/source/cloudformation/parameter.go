package cloudformation

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// parameter resolves a declared parameter: what was given, else its default, else unknown.
func (s *stack) parameter(name string) value.Value {
	if v, ok := s.parameters[name]; ok {
		return v
	}
	leave, reason := s.enter("parameter " + name)
	if reason != nil {
		return anything(*reason)
	}
	defer leave()
	v := s.resolveParameter(name)
	s.parameters[name] = v
	return v
}

// anything is an unknown that may name any block.
func anything(reasons ...value.Reason) value.Value {
	return value.Unresolved(reasons...).Referring(false, value.Ref{})
}

func (s *stack) resolveParameter(name string) value.Value {
	entry := s.document.parameters[name]
	declared := entry.value
	kind, _ := s.literal(field(declared, "Type"))
	list := kind == "CommaDelimitedList" || strings.HasPrefix(kind, "List<")
	given, ok := s.passed(name, list)
	if !ok {
		n := field(declared, "Default")
		if n != nil {
			given, ok = scalarOrList(n), true
		}
	}
	switch {
	case entry.twice:
		return anything(why("the parameter %s is given twice", name))
	case strings.HasPrefix(kind, "AWS::SSM::Parameter::Value<"):
		return anything(why("the parameter %s is read from Systems Manager at deployment", name))
	case s.isNoEcho(declared):
		hidden := anything(why("the parameter %s is NoEcho: its value is not shown", name))
		if ok && given.IsUnknown() {
			_, exact := given.ExactRef()
			return hidden.Referring(exact, given.Refs()...)
		}
		return hidden
	case !ok || given.IsAbsent():
		return anything(s.missing(name))
	}
	return typed(name, given, kind, list)
}

// missing says that a parameter has no value and, for a root stack, how to give it one.
func (s *stack) missing(name string) value.Reason {
	if s.parent != nil {
		return why("the parameter %s has no value and %s passes none", name, strings.TrimSuffix(s.prefix, "/"))
	}
	return granted("--parameter "+clip(name)+"=VALUE", "the parameter %s has no value", name)
}

// passed returns what the user or the parent stack gives for a parameter.
func (s *stack) passed(name string, list bool) (value.Value, bool) {
	if s.given != nil {
		return s.given(name, list)
	}
	if s.parent == nil {
		if text, ok := s.estate.given[name]; ok {
			return value.String(text), true
		}
	}
	return value.Value{}, false
}

// literal returns a scalar as it is written.
func (s *stack) literal(n *yaml.Node) (string, bool) {
	if n = follow(n); n == nil || n.Kind != yaml.ScalarNode {
		return "", false
	}
	return n.Value, true
}

// isNoEcho is true unless the template says plainly that the parameter may be shown.
func (s *stack) isNoEcho(declared *yaml.Node) bool {
	n := field(declared, "NoEcho")
	if n == nil {
		return false
	}
	text, ok := s.literal(n)
	return !ok || !strings.EqualFold(text, "false") && !strings.EqualFold(text, "no")
}

// scalarOrList is a parameter's default: functions are not allowed in it.
func scalarOrList(n *yaml.Node) value.Value {
	n = follow(n)
	if n == nil {
		return value.None()
	}
	switch n.Kind {
	case yaml.ScalarNode:
		// A plain empty default is an empty text, not a null.
		if v := scalar(n); !v.IsAbsent() {
			return v
		}
		return value.String("")
	case yaml.SequenceNode:
		var vs []value.Value
		for _, c := range n.Content {
			if c = follow(c); c == nil || c.Kind != yaml.ScalarNode {
				return anything(why("the parameter's default is not a text"))
			}
			vs = append(vs, scalar(c))
		}
		return value.List(vs...)
	}
	return anything(why("the parameter's default is not a text"))
}

// typed turns what was given into what the parameter's type makes of it.
func typed(name string, v value.Value, kind string, list bool) value.Value {
	unfit := why("what is given for the parameter %s does not fit its type", name)
	if v.IsUnknown() {
		if list {
			return v.Referring(false, v.Refs()...)
		}
		return v
	}
	if vs, ok := v.AsList(); ok {
		if !list || len(vs) > maxElements {
			return derived(unfit.Why, v).Referring(false, mergeRefs([]value.Ref{{}}, refsOf(v)...)...)
		}
		for _, e := range vs {
			if _, isScalar := e.Spelled(); !isScalar && !e.IsUnknown() {
				return anything(unfit)
			}
		}
		return v
	}
	text, ok := v.Spelled()
	if !ok {
		return anything(unfit)
	}
	if v := dynamic(value.String(text)); v.IsUnknown() {
		return v
	}
	switch {
	case list && text == "":
		return value.List()
	case list:
		var vs []value.Value
		for _, part := range strings.Split(text, ",") {
			vs = append(vs, value.String(strings.TrimSpace(part)))
		}
		return value.List(vs...)
	case kind == "Number":
		return number(text)
	}
	return value.String(text)
}
