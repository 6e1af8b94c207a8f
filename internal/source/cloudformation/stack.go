package cloudformation

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// stack is one use of a template: as a root, or nested in another stack with its parameters.
type stack struct {
	estate   *estate
	document *document
	prefix   string // of its blocks' addresses
	parent   *stack
	depth    int
	// given returns what the parent passes for a parameter.
	given func(name string, list bool) (value.Value, bool)
	// maybe is set if it is not known whether the stack exists.
	maybe *value.Reason
	// macro is set if the template goes through a macro that may change anything.
	macro *value.Reason

	resources  []*declaration
	byID       map[string]*declaration
	conditions map[string]*declaration
	outputs    map[string]*declaration
	children   map[string]*stack
	parameters map[string]value.Value // resolved
	busy       map[string]bool        // being resolved: guards against circles
}

// declaration is an entry of a section: a resource, a condition, an output.
type declaration struct {
	id    string
	line  int
	node  *yaml.Node
	loop  *loop         // the Fn::ForEach variables around it
	maybe *value.Reason // it is not known whether the declaration is there at all
	twice bool
	truth *value.Value // whether it holds or exists, once that is resolved
}

func newStack(e *estate, d *document, prefix string) *stack {
	s := &stack{estate: e, document: d, prefix: prefix}
	s.declareAll()
	return s
}

// declareAll lists what the template declares. Conditions come first: collections of Fn::ForEach may need them.
func (s *stack) declareAll() {
	s.children, s.parameters, s.busy = map[string]*stack{}, map[string]value.Value{}, map[string]bool{}
	s.macro = s.document.macro()
	index := func(section string) (list []*declaration, byID map[string]*declaration) {
		list = s.declare(s.document.sections[section], place{path: section}, nil)
		byID = make(map[string]*declaration, len(list))
		for _, d := range list {
			if byID[d.id] != nil {
				d.twice = true
			}
			byID[d.id] = d
		}
		return list, byID
	}
	_, s.conditions = index("Conditions")
	s.resources, s.byID = index("Resources")
	_, s.outputs = index("Outputs")
}

// declare lists the entries of a section; Fn::ForEach is expanded.
func (s *stack) declare(section *yaml.Node, p place, maybe *value.Reason) []*declaration {
	var found []*declaration
	for _, f := range fields(section) {
		switch {
		case strings.HasPrefix(f.key, forEachPrefix):
			s.forEach(f, p, func(inner place, body *yaml.Node, reason *value.Reason) {
				if reason == nil {
					reason = maybe
				}
				found = append(found, s.declare(body, inner, reason)...)
			})
		case strings.HasPrefix(f.key, "Fn::"):
			s.gap(f.line, p.path, fmt.Sprintf("what %s adds to %s is not read", f.key, p.path), processed)
		default:
			d := &declaration{line: f.line, node: f.value, loop: p.loop, maybe: maybe, twice: f.twice}
			var known bool
			if d.id, known = p.loop.substitute(f.key); !known && maybe == nil {
				d.maybe = unknownName(f.key)
			}
			s.spend(len(d.id) >> 6)
			found = append(found, d)
		}
	}
	return found
}

func (s *stack) origin(line int, path string) *value.Origin {
	return &value.Origin{File: s.document.shown, Line: line, Path: path}
}

func (s *stack) gap(line int, what, reason, grant string) {
	if what != "" {
		what = s.document.file + ": " + what
	}
	s.estate.gaps.add(s.document.file, line, what, reason, grant)
}

// emit gives the stack's blocks, and those of the stacks nested in it, in the order of the template.
func (s *stack) emit(block func(resource.Block)) {
	s.reportTransforms()
	for _, d := range s.resources {
		if s.estate.ctx.Err() != nil {
			return
		}
		s.emitResource(d, block)
	}
	if s.estate.steps <= 0 {
		s.gap(0, "", tooMuch.Why+"; the rest is unknown", "")
	}
}

func (s *stack) emitResource(d *declaration, block func(resource.Block)) {
	p := place{loop: d.loop}
	kind := s.typeOf(d)
	if kind == "" {
		s.gap(d.line, d.id, fmt.Sprintf("the resource %s has no Type", d.id), "")
		return
	}
	if s.byID[d.id] != d {
		s.gap(d.line, d.id, fmt.Sprintf("the resource %s is given twice", d.id), "")
		return
	}
	exists := s.exists(d)
	if b, ok := exists.AsBool(); ok && !b {
		return
	}
	maybe := s.maybe
	if maybe == nil && exists.IsUnknown() {
		reason := exists.Reasons()[0]
		maybe = &reason
	}
	block(resource.Block{
		Dialect: resource.CloudFormation,
		Type:    kind,
		Address: s.prefix + d.id,
		Body:    s.body(d, kind, p),
		Origin:  s.origin(d.line, d.id),
		Maybe:   maybe,
	})
	s.reportType(d, kind)
	if isStack(kind) {
		if child := s.child(d); child != nil {
			child.maybe = maybe
			child.emit(block)
		}
	}
}

// typeOf returns a resource's type, "" if it has none.
func (s *stack) typeOf(d *declaration) string {
	n := follow(field(d.node, "Type"))
	if n != nil && n.Kind == yaml.ScalarNode && resourceType.MatchString(n.Value) {
		return n.Value
	}
	kind, _ := s.textOf(n, place{loop: d.loop})
	return kind
}

// retention is what CloudFormation writes beside Properties and that says what becomes of the data.
var retention = []string{"DeletionPolicy", "UpdateReplacePolicy"}

func (s *stack) body(d *declaration, kind string, p place) value.Value {
	at := s.origin(d.line, "")
	if d.twice {
		return value.Unresolved(why("the resource %s is given twice", d.id)).At(at)
	}
	body := value.Object(nil).At(at)
	if s.macro != nil {
		body = body.Open(*s.macro)
	}
	for _, f := range fields(d.node) {
		switch {
		case f.key == "Properties" && f.twice:
			return value.Unresolved(why("the Properties of %s are given twice", d.id)).At(at)
		case f.key == "Properties" && !empty(f.value):
			body = s.eval(f.value, p)
		case strings.HasPrefix(f.key, "Fn::"):
			return value.Unresolved(notProcessed(f.key)).At(at)
		}
	}
	if body.IsAbsent() {
		body = value.Object(nil).At(at)
	}
	body = s.withGlobals(body, kind)
	own, ok := body.AsObject()
	if !ok {
		return body
	}
	members := make(map[string]value.Value, len(own)+len(retention))
	for k, v := range own {
		members[k] = v
	}
	for _, name := range retention {
		if n := field(d.node, name); n != nil {
			if _, taken := own[name]; !taken {
				members[name] = s.eval(n, p.key(name))
			}
		}
	}
	return copyMeta(value.Object(members), body)
}

func empty(n *yaml.Node) bool {
	n = follow(n)
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// textOf returns what a node says if it is, or resolves to, a known text.
func (s *stack) textOf(n *yaml.Node, p place) (string, bool) {
	if n == nil {
		return "", false
	}
	text, ok := s.eval(n, p).Spelled()
	return text, ok && text != ""
}

// exists tells whether a resource or an output is created: a known bool, or unknown.
func (s *stack) exists(d *declaration) value.Value {
	if d.truth != nil {
		return *d.truth
	}
	truth := value.Bool(true)
	if n := field(d.node, "Condition"); n != nil {
		if name, ok := s.textOf(n, place{loop: d.loop}); ok {
			truth = s.condition(name)
		} else {
			truth = value.Unresolved(why("the condition of %s is not a name", d.id))
		}
	}
	if b, ok := truth.AsBool(); (!ok || b) && d.maybe != nil {
		truth = value.Unresolved(*d.maybe)
	}
	d.truth = &truth
	return truth
}

// condition tells whether a named condition holds: a known bool, or unknown with reasons that name it.
func (s *stack) condition(name string) value.Value {
	v := s.rawCondition(name)
	if v.IsKnown() {
		return v
	}
	reasons := make([]value.Reason, 0, len(v.Reasons()))
	for _, r := range v.Reasons() {
		if !strings.HasPrefix(r.Why, "the condition ") {
			r.Why = "the condition " + clip(name) + " is not known: " + r.Why
		}
		reasons = append(reasons, r)
	}
	return value.Unresolved(reasons...)
}

// rawCondition is condition with the reasons of what it rests on.
func (s *stack) rawCondition(name string) value.Value {
	d := s.conditions[name]
	if d == nil {
		return value.Unresolved(why("the condition %s is not declared", name))
	}
	if d.truth != nil {
		return *d.truth
	}
	leave, reason := s.enter("condition " + name)
	if reason != nil {
		return value.Unresolved(*reason)
	}
	defer leave()
	truth := s.test(d.node, place{path: "Conditions." + name, loop: d.loop})
	if d.twice {
		truth = value.Unresolved(why("the condition %s is given twice", name))
	}
	d.truth = &truth
	return truth
}

// enter marks something as being resolved, or says why it cannot be: it already is, or too much depends on it.
func (s *stack) enter(what string) (leave func(), reason *value.Reason) {
	switch {
	case s.busy[what]:
		reason := why("the %s depends on itself", what)
		return nil, &reason
	case s.estate.pending >= maxPending:
		reason := why("the %s is at the end of a chain of more than %d others", what, maxPending)
		return nil, &reason
	}
	s.busy[what] = true
	s.estate.pending++
	return func() { delete(s.busy, what); s.estate.pending-- }, nil
}
