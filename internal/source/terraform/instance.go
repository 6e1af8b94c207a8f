package terraform

import (
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// instance is one resource or data source: what a Block is made from.
type instance struct {
	mod     *module
	decl    *decl
	address string
	scope   *scope
	maybe   *reasonMark
	attrs   map[string]*cell
}

// meta are the arguments and blocks that tell Terraform how to handle a resource and are not part of it.
var meta = map[string]bool{"count": true, "for_each": true, "provider": true, "depends_on": true, "lifecycle": true,
	"provisioner": true, "connection": true}

// resource returns what a resource's name means in expressions, NilVal if it is not declared.
func (m *module) resource(key string) cty.Value {
	d, ok := m.config.byKey[key]
	if !ok {
		return cty.NilVal
	}
	return m.once(key, func() cty.Value {
		x := m.expand(d)
		vals := make([]cty.Value, len(x.copies))
		for i, each := range x.copies {
			inst := &instance{mod: m, decl: d, address: m.in(key + each.suffix), maybe: each.maybe,
				attrs: map[string]*cell{}, scope: m.scope.with(each.vars)}
			if inst.maybe == nil {
				inst.maybe = m.maybe
			}
			m.copies[key] = append(m.copies[key], inst)
			vals[i] = cty.CapsuleVal(instanceType, inst).Mark(inst.ref(""))
		}
		return x.value(vals)
	})
}

func (i *instance) ref(attribute string) refMark {
	return refMark(value.Ref{Address: i.address, Attribute: attribute})
}

// asValue is the block itself where a value is wanted.
func (i *instance) asValue() value.Value {
	return value.Unresolved(value.Reason{Why: i.address + " is a whole block"}).Referring(true, value.Ref(i.ref("")))
}

// once evaluates an argument once.
func (i *instance) once(name string, evaluate func() cty.Value) cty.Value {
	if c, ok := i.attrs[name]; ok {
		if c.busy {
			return unknown(i.address + "." + name + " is made from itself")
		}
		return c.v
	}
	c := &cell{busy: true}
	i.attrs[name] = c
	c.v = evaluate()
	if outsized(c.v) {
		c.v = unknown(i.address + "." + name + " is larger than this reader takes")
	}
	c.busy = false
	return c.v
}

// argument returns an argument as it is written.
func (i *instance) argument(attr *hclsyntax.Attribute) cty.Value {
	return i.once(attr.Name, func() cty.Value { return i.scope.result(attr.Expr) })
}

// attr returns what an expression gets that asks the block for an attribute: the argument of that name, or what only
// the provider knows.
func (i *instance) attr(name string) cty.Value {
	if i.decl.kind == "data" && i.decl.typ == policyDocument && (name == "json" || name == "minified_json") {
		return i.once("."+name, i.policy)
	}
	if !meta[name] {
		if attr, ok := i.decl.body.Attributes[name]; ok {
			return i.referred(name, i.argument(attr))
		}
		if blocks := i.scope.blocks(i.decl.body); blocks[name] != nil {
			return i.once("."+name, func() cty.Value { return blocks[name].asCty() })
		}
	}
	if i.decl.kind == "data" && i.decl.typ == "aws_region" && len(i.decl.body.Attributes) == 0 &&
		(name == "name" || name == "id" || name == "region") {
		if region := i.mod.provider(i.decl).region; region != "" {
			return cty.StringVal(region).Mark(i.ref(name))
		}
	}
	return i.computed(name)
}

// computed returns an attribute that the provider gives.
func (i *instance) computed(name string) cty.Value {
	v := cty.DynamicVal.Mark(i.ref(name))
	if i.decl.kind == "data" {
		v = v.Mark(reasonMark{why: i.address + "." + name + " is known only in the account",
			grant: "assess a plan (terraform show -json)", expr: i.address + "." + name, about: true})
	}
	if i.maybe != nil {
		v = v.Mark(*i.maybe)
	}
	return v
}

// referred returns an argument as seen by what refers to it. The value stays, with a reference to where it is from; an
// argument that is a reference itself is passed on, so that chains lead to their end.
func (i *instance) referred(name string, v cty.Value) cty.Value {
	plain, marks := v.Unmark()
	s := sortMarks(marks)
	switch {
	case s.exact(), s.text != "", s.open != nil:
	case plain.IsKnown() && plain.IsNull():
		return i.computed(name)
	case plain.IsKnown() && !plain.Type().IsPrimitiveType(): // its elements have references of their own
	default:
		v = plain.Mark(i.ref(name))
		for _, reason := range s.reasons {
			reason.about = true
			v = v.Mark(reason)
		}
		if !plain.IsKnown() && len(s.reasons) == 0 {
			v = v.Mark(reasonMark{why: join(value.Ref(i.ref(name))) + " is known after apply", about: true})
		}
	}
	if i.maybe != nil {
		v = v.Mark(*i.maybe)
	}
	return v
}

// group is the nested blocks of one type.
type group struct {
	bodies []nested
	more   cty.ValueMarks // says why there may be more of them
	line   int
}

// nested is one nested block and where its expressions are evaluated.
type nested struct {
	scope *scope
	body  *hclsyntax.Body
	line  int
}

// blocks returns the nested blocks of a body by type, dynamic ones expanded.
func (s *scope) blocks(body *hclsyntax.Body) map[string]*group {
	if len(body.Blocks) == 0 {
		return nil
	}
	groups := map[string]*group{}
	for _, block := range body.Blocks {
		name := blockType(block)
		g := groups[name]
		if g == nil {
			g = &group{line: block.TypeRange.Start.Line}
			groups[name] = g
		}
		if block.Type == "dynamic" && len(block.Labels) == 1 {
			s.dynamic(g, block)
			continue
		}
		g.bodies = append(g.bodies, nested{scope: s, body: block.Body, line: block.TypeRange.Start.Line})
	}
	maps.DeleteFunc(groups, func(_ string, g *group) bool { return len(g.bodies) == 0 && g.more == nil })
	return groups
}

// dynamic adds the blocks that a dynamic block gives.
func (s *scope) dynamic(g *group, block *hclsyntax.Block) {
	var content *hclsyntax.Block
	for _, inner := range block.Body.Blocks {
		if inner.Type == "content" {
			content = inner
		}
	}
	attr := block.Body.Attributes["for_each"]
	if content == nil || attr == nil {
		g.more = merge(g.more, unknown("the dynamic block is not complete: "+at(block.DefRange())).Marks())
		return
	}
	name := block.Labels[0]
	if it := block.Body.Attributes["iterator"]; it != nil {
		if t, ok := it.Expr.(*hclsyntax.ScopeTraversalExpr); ok {
			name = t.Traversal.RootName()
		}
	}
	source := s.result(attr.Expr)
	c, ok := elements(source)
	if !ok {
		if plain, _ := source.Unmark(); plain.IsKnown() {
			source = unknown("for_each is not a collection: " + at(attr.SrcRange))
		}
		g.more = merge(g.more, flat(marksOf(source)))
		return
	}
	isSet := c.known.Type().IsSetType()
	for it := c.known.ElementIterator(); it.Next(); {
		key, v := it.Element()
		if isSet {
			key = v
		}
		if len(g.bodies) >= maxCopies || outsized(v) {
			g.more = merge(g.more, unknown("the dynamic block gives more than this reader takes").Marks())
			return
		}
		inner := s.with(map[string]cty.Value{
			name: cty.ObjectVal(map[string]cty.Value{"key": key, "value": v})})
		g.bodies = append(g.bodies, nested{scope: inner, body: content.Body, line: block.TypeRange.Start.Line})
	}
	if c.more != nil {
		g.more = merge(g.more, c.more)
	}
}

// asCty returns nested blocks for expressions that refer to them.
func (g *group) asCty() cty.Value {
	c := collection{more: g.more}
	items := make([]cty.Value, len(g.bodies))
	for i, n := range g.bodies {
		members := map[string]cty.Value{}
		for name, attr := range n.body.Attributes {
			members[name] = n.scope.result(attr.Expr)
		}
		for name, inner := range n.scope.blocks(n.body) {
			members[name] = inner.asCty()
		}
		// What is not written may be set by the provider.
		rest := collection{known: cty.ObjectVal(members), more: unknown("it is known after apply").Marks()}
		items[i] = rest.value()
	}
	c.known = cty.TupleVal(items)
	return c.value()
}

// asValue returns nested blocks as a list of objects.
func (g *group) asValue(from value.Origin) value.Value {
	from.Line = g.line
	items := make([]value.Value, len(g.bodies))
	for i, n := range g.bodies {
		origin := from
		origin.Line = n.line
		members := map[string]value.Value{}
		for name, attr := range n.body.Attributes {
			where := below(origin, name)
			where.Line = attr.SrcRange.Start.Line
			members[name] = toValue(n.scope.result(attr.Expr), where)
		}
		for name, inner := range n.scope.blocks(n.body) {
			members[name] = inner.asValue(below(origin, name))
		}
		items[i] = value.Object(members).At(&origin)
	}
	out := value.List(items...).At(&from)
	if g.more != nil {
		s := sortMarks(g.more)
		out = out.Open(s.why()...)
		if len(s.refs) > 0 {
			out = out.Referring(false, s.refs...)
		}
	}
	return out
}

// block returns the instance as the rest of the program sees it.
func (i *instance) block() resource.Block {
	origin := value.Origin{File: i.decl.rng.Filename, Line: i.decl.rng.Start.Line}
	members := map[string]value.Value{}
	for name, attr := range i.decl.body.Attributes {
		if meta[name] {
			continue
		}
		where := value.Origin{File: attr.SrcRange.Filename, Line: attr.SrcRange.Start.Line, Path: name}
		members[name] = toValue(i.argument(attr), where)
	}
	for name, g := range i.scope.blocks(i.decl.body) {
		if meta[name] { // of the resource itself only: a nested block may well be called lifecycle
			continue
		}
		where := below(value.Origin{File: origin.File}, name)
		members[name] = g.asValue(where)
	}
	p := i.mod.provider(i.decl)
	b := resource.Block{Dialect: resource.Terraform, Type: i.decl.typ, Address: i.address, Target: i.mod.estate.name,
		Origin: &origin, Region: p.region, Data: i.decl.kind == "data"}
	if region, ok := members["region"].AsString(); ok && strings.HasPrefix(b.Type, "aws_") {
		b.Region = region
	}
	if leadsToCluster(b.Type) {
		b.Account, b.Region = p.alias, ""
		i.namespace(members)
	}
	if !b.Data && p.tags != cty.NilVal && strings.HasPrefix(b.Type, "aws_") {
		members["tags"] = i.tags(p, members)
	}
	b.Body = value.Object(members).At(&origin)
	if i.maybe != nil {
		reason := i.maybe.reason()
		b.Maybe = &reason
	}
	return b
}
