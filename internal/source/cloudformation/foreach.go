package cloudformation

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

const forEachPrefix = "Fn::ForEach::"

// loop is a variable of Fn::ForEach and those around it. The nil loop has none.
type loop struct {
	name  string
	value value.Value
	outer *loop
}

func (l *loop) find(name string) (value.Value, bool) {
	for ; l != nil; l = l.outer {
		if l.name == name {
			return l.value, true
		}
	}
	return value.Value{}, false
}

// split finds the loops' variables in a text: "${Name}", and "&{Name}", which drops what no logical ID may hold.
func (l *loop) split(text string) []part {
	var parts []part
	for start := 0; l != nil; {
		i := strings.IndexByte(text[start:], '{')
		if i < 0 {
			break
		}
		open := start + i
		end := strings.IndexByte(text[open:], '}')
		if end < 0 {
			break
		}
		start = open + 1
		name := text[open+1 : open+end]
		v, ok := l.find(name)
		if !ok || open == 0 || text[open-1] != '$' && text[open-1] != '&' {
			continue
		}
		if known, ok := v.Spelled(); ok && text[open-1] == '&' {
			v = value.String(strings.Map(alphanumeric, known))
		}
		parts = append(parts, part{literal: text[:open-1]}, part{value: &v, name: name})
		text, start = text[open+end+1:], 0
	}
	return append(parts, part{literal: text})
}

func alphanumeric(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// substitute puts the loops' variables into a name; known is false if one of them is not known.
func (l *loop) substitute(text string) (name string, known bool) {
	if l == nil {
		return text, true
	}
	var b strings.Builder
	known = true
	for _, p := range l.split(text) {
		if p.value == nil {
			b.WriteString(p.literal)
			continue
		}
		s, ok := p.value.Spelled()
		if !ok {
			s, known = "${"+p.name+"}", false
		}
		b.WriteString(s)
	}
	return b.String(), known
}

// forEach calls visit with the body of an Fn::ForEach for each element of its collection. If it is not known what the
// collection holds, visit is called once with an unknown variable and the reason.
func (s *stack) forEach(f entry, p place, visit func(inner place, body *yaml.Node, reason *value.Reason)) {
	args := items(f.value)
	var name string
	if len(args) == 3 {
		name, _ = s.literal(args[0])
	}
	if name == "" {
		s.gap(f.line, f.key, f.key+" wants a name, a collection and what to repeat", "")
		return
	}
	if p.depth > maxDepth {
		s.gap(f.line, f.key, tooDeep.Why, "")
		return
	}
	inner := func(v value.Value) place {
		q := p.deeper()
		q.loop = &loop{name: name, value: v, outer: p.loop}
		return q
	}
	collection := s.eval(args[1], p.deeper())
	vs, ok := collection.AsList()
	if !ok || collection.IsOpen() {
		unknown := derived(fmt.Sprintf("the collection of %s is not a list", f.key), collection)
		reason := unknown.Reasons()[0]
		visit(inner(unknown), args[2], &reason)
	}
	for _, v := range vs {
		if !s.spend(4) {
			s.gap(f.line, f.key, tooMuch.Why, "")
			return
		}
		if _, ok := v.Spelled(); ok {
			visit(inner(v), args[2], nil)
			continue
		}
		unknown := derived(fmt.Sprintf("an element of the collection of %s is not a text", f.key), v)
		reason := unknown.Reasons()[0]
		visit(inner(v), args[2], &reason)
	}
}

// forEachMember adds to an object what an Fn::ForEach among its keys gives, and says why there may be more.
func (s *stack) forEachMember(f entry, p place, members map[string]value.Value) (open []value.Reason) {
	before := s.estate.gaps.count
	s.forEach(f, p, func(inner place, body *yaml.Node, reason *value.Reason) {
		for _, g := range fields(body) {
			if strings.HasPrefix(g.key, forEachPrefix) {
				open = merge(open, s.forEachMember(g, inner, members)...)
				continue
			}
			key, known := inner.loop.substitute(g.key)
			if !known && reason == nil {
				reason = unknownName(g.key)
			}
			if reason != nil {
				open = merge(open, *reason)
				continue
			}
			if v := s.eval(g.value, inner.key(key)); !v.IsAbsent() {
				members[key] = v
			}
		}
	})
	if s.estate.gaps.count > before {
		open = merge(open, why("%s was not read whole", f.key))
	}
	return open
}
