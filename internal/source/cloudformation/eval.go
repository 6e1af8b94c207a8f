package cloudformation

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

// place is where an expression stands.
type place struct {
	path  string
	depth int
	loop  *loop
}

func (p place) key(name string) place {
	if p.path != "" {
		name = p.path + "." + name
	}
	return place{path: name, depth: p.depth + 1, loop: p.loop}
}

func (p place) index(i int) place {
	return place{path: p.path + "[" + strconv.Itoa(i) + "]", depth: p.depth + 1, loop: p.loop}
}

func (p place) deeper() place { p.depth++; return p }

var (
	tooDeep  = why("it is nested more than %d levels deep", maxDepth)
	tooMuch  = why("aliases, loops or nested stacks make the template grow far beyond its size")
	tooLong  = why("the text is longer than %d KiB", maxText>>10)
	isBroken = why("the template has something here that is no value")
)

// spend takes n steps from what the stack may expand to.
func (s *stack) spend(n int) bool {
	s.estate.steps -= n
	return s.estate.steps > 0
}

// eval resolves an expression.
func (s *stack) eval(n *yaml.Node, p place) value.Value {
	v, _ := s.evaluate(n, p)
	return v
}

// evaluate resolves an expression and tells whether it may turn out to be absent, which only Fn::If can do.
func (s *stack) evaluate(n *yaml.Node, p place) (v value.Value, optional bool) {
	if n = follow(n); n == nil {
		return value.Unresolved(isBroken), false
	}
	at := s.origin(n.Line, p.path)
	switch {
	case !s.spend(1+len(p.path)>>7) || s.estate.ctx.Err() != nil:
		return anything(tooMuch).At(at), true
	case p.depth > maxDepth:
		s.gap(n.Line, p.path, tooDeep.Why, "")
		return anything(tooDeep).At(at), true
	}
	if name, arg, ok := function(n); ok {
		if name == "Fn::If" {
			v, optional = s.choose(arg, p.deeper())
			if v.Origin() == nil {
				v = locate(v, at)
			}
			return v, optional
		}
		return locate(s.call(name, arg, p.deeper()), at), false
	}
	switch n.Kind {
	case yaml.ScalarNode:
		v = dynamic(scalar(n))
		if text, ok := v.AsString(); ok && p.loop != nil {
			s.spend(4)
			v = s.concat(p.loop.split(text))
		}
		return v.At(at), false
	case yaml.SequenceNode:
		return s.evalList(n, p).At(at), false
	case yaml.MappingNode:
		return s.evalObject(n, p).At(at), false
	}
	return value.Unresolved(isBroken).At(at), false
}

// locate sets the origin of a value and of the elements that it has from elsewhere.
func locate(v value.Value, at *value.Origin) value.Value {
	if vs, ok := v.AsList(); ok {
		located := make([]value.Value, len(vs))
		for i, e := range vs {
			if located[i] = e; e.Origin() == nil {
				located[i] = e.At(at)
			}
		}
		v = copyMeta(value.List(located...), v)
	}
	return v.At(at)
}

// copyMeta gives v what is known about another: where it was seen, its references, why it may hold more.
func copyMeta(v, from value.Value) value.Value {
	if from.IsOpen() {
		v = v.Open(from.Reasons()...)
	}
	if refs := from.Refs(); len(refs) > 0 {
		v = v.Referring(false, refs...)
	}
	return v.At(from.Origin())
}

// evalList resolves a sequence. Elements that are AWS::NoValue are left out; where it is not known whether an element
// is there, it is left out too and the list is open.
func (s *stack) evalList(n *yaml.Node, p place) value.Value {
	vs := make([]value.Value, 0, min(len(n.Content), maxElements))
	var open []value.Reason
	var refs []value.Ref
	for i, c := range n.Content {
		if s.estate.steps <= 0 {
			open = merge(open, tooMuch)
			break
		}
		v, optional := s.evaluate(c, p.index(i))
		switch {
		case optional:
			open, refs = merge(open, reasonsOf(v)...), mergeRefs(refs, refsOf(v)...)
		case !v.IsAbsent():
			vs = append(vs, v)
		}
	}
	if s.macro != nil {
		open = merge(open, *s.macro)
	}
	return opened(value.List(vs...), open, refs)
}

// opened returns v, open if there are reasons.
func opened(v value.Value, open []value.Reason, refs []value.Ref) value.Value {
	if len(open) > 0 {
		v = v.Open(open...)
	}
	if len(refs) > 0 {
		v = v.Referring(false, refs...)
	}
	return v
}

// evalObject resolves a mapping. A key whose value is AWS::NoValue is not there.
func (s *stack) evalObject(n *yaml.Node, p place) value.Value {
	members := make(map[string]value.Value, len(n.Content)/2)
	var open []value.Reason
	if hasOddKey(n) {
		open = merge(open, why("a key of the object is not a text"))
	}
	if s.macro != nil {
		open = merge(open, *s.macro)
	}
	for _, f := range fields(n) {
		switch {
		case s.estate.steps <= 0:
			return opened(value.Object(members), merge(open, tooMuch), nil)
		case strings.HasPrefix(f.key, forEachPrefix):
			open = merge(open, s.forEachMember(f, p, members)...)
		case f.key == "Fn::Transform":
			return s.transform(f.value, p)
		case strings.HasPrefix(f.key, "Fn::"):
			open = merge(open, why("%s stands beside other keys", f.key))
		default:
			key, known := p.loop.substitute(f.key)
			if !known {
				open = merge(open, why("the name %q is not known", f.key))
				continue
			}
			v := s.eval(f.value, p.key(key))
			if f.twice {
				v = anything(why("the key %q is given twice", key)).At(s.origin(f.line, p.key(key).path))
			}
			if !v.IsAbsent() {
				members[key] = v
			}
		}
	}
	return opened(value.Object(members), open, nil)
}

// call applies an intrinsic function to its argument.
func (s *stack) call(name string, arg *yaml.Node, p place) value.Value {
	switch name {
	case "Ref":
		return s.ref(arg, p)
	case "Fn::GetAtt":
		return s.getAtt(arg, p)
	case "Fn::Sub":
		return s.sub(arg, p)
	case "Fn::Join":
		return s.join(arg, p)
	case "Fn::Select":
		return s.pick(arg, p)
	case "Fn::Split":
		return s.split(arg, p)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition":
		return s.testCall(name, arg, p)
	case "Fn::FindInMap":
		return s.findInMap(arg, p)
	case "Fn::ImportValue":
		return s.importValue(arg, p)
	case "Fn::Base64":
		return s.base64(arg, p)
	case "Fn::Cidr":
		return s.cidr(arg, p)
	case "Fn::GetAZs":
		return value.Unresolved(why("Fn::GetAZs: the availability zones of a region are known only in the account"))
	case "Fn::Transform":
		return s.transform(arg, p)
	case "Fn::Length":
		return s.length(arg, p)
	case "Fn::ToJsonString":
		return s.toJSON(arg, p)
	}
	if strings.HasPrefix(name, "Fn::Rain::") {
		name = "!" + strings.TrimPrefix(name, "Fn::") // a tag of the tool rain, not of CloudFormation
	}
	reason := why("%s is not a function of CloudFormation that is understood here", name)
	s.gap(lineOf(arg), p.path, reason.Why, processed)
	return anything(reason)
}
