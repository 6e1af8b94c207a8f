package terraform

import (
	"reflect"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"ward.dev/ward/internal/value"
)

var noRange hcl.Range

// Blocks and modules are values too, of which attributes are resolved when they are asked for.
var (
	instanceType = cty.Capsule("resource", reflect.TypeFor[instance]())
	moduleType   = cty.Capsule("module", reflect.TypeFor[module]())
)

func isCapsule(v cty.Value) bool {
	return v != cty.NilVal && (v.Type() == instanceType || v.Type() == moduleType)
}

func capsuleOf[T any](v cty.Value) (T, bool) {
	var none T
	plain, _ := v.Unmark()
	if !plain.Type().IsCapsuleType() || !plain.IsKnown() || plain.IsNull() {
		return none, false
	}
	inner, ok := plain.EncapsulatedValue().(T)
	return inner, ok
}

// traversal evaluates a reference such as local.a.b or aws_s3_bucket.b[0].id.
func (s *scope) traversal(t hcl.Traversal) (cty.Value, error) {
	root := t.RootName()
	rng := t.SourceRange()
	if v, ok := s.lookup(root); ok {
		return s.steps(v, t[1:])
	}
	if s.bare {
		return cty.NilVal, faultf(rng, "the template uses %s, which it was not given", root)
	}
	switch root {
	case "each", "count", "self":
		return cty.NilVal, faultf(rng, "%s cannot be used here", root)
	}
	name, ok := attrName(t, 1)
	if !ok {
		return cty.NilVal, faultf(rng, "%s is not a complete reference", root)
	}
	rest := t[2:]
	var v cty.Value
	var err error
	switch root {
	case "var":
		v = s.mod.variable(name)
	case "local":
		v = s.mod.local(name)
	case "module":
		v = s.mod.child(name)
	case "path":
		v, err = s.mod.path(name, rng)
	case "terraform", "tofu":
		v, err = s.mod.estate.terraform(name, rng)
	case "data":
		second, ok := attrName(t, 2)
		if !ok {
			return cty.NilVal, faultf(rng, "data.%s is not a complete reference", name)
		}
		v, rest = s.mod.resource("data."+name+"."+second), t[3:]
	case "ephemeral":
		return unknown("ephemeral values are known only while Terraform runs"), nil
	default:
		v = s.mod.resource(root + "." + name)
	}
	if err != nil {
		return cty.NilVal, err
	}
	if v == cty.NilVal {
		return cty.NilVal, faultf(rng, "%s.%s is not declared", root, name)
	}
	return s.steps(v, rest)
}

func attrName(t hcl.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	attr, ok := t[i].(hcl.TraverseAttr)
	return attr.Name, ok
}

func (s *scope) steps(v cty.Value, t hcl.Traversal) (cty.Value, error) {
	for _, step := range t {
		var err error
		switch step := step.(type) {
		case hcl.TraverseAttr:
			v, err = s.attr(v, step.Name, step.SrcRange)
		case hcl.TraverseIndex:
			v, err = s.index(v, step.Key, step.SrcRange)
		default:
			err = faultf(step.SourceRange(), "the reference cannot be followed")
		}
		if err != nil {
			return cty.NilVal, err
		}
	}
	return v, nil
}

// attr returns v.name.
func (s *scope) attr(v cty.Value, name string, rng hcl.Range) (cty.Value, error) {
	plain, marks := v.Unmark()
	if inst, ok := capsuleOf[*instance](plain); ok {
		return inst.attr(name), nil
	}
	if mod, ok := capsuleOf[*module](plain); ok {
		out := mod.output(name)
		if out == cty.NilVal {
			return cty.NilVal, faultf(rng, "%s has no output %q", mod.address, name)
		}
		return out, nil
	}
	if c, ok := elements(v); ok && c.more != nil {
		if member, ok := memberOf(c.known, name); ok {
			return member, nil
		}
		if c.rest != cty.NilVal {
			return s.attr(c.rest, name, rng)
		}
		return derived(cty.DynamicVal, v), nil
	}
	if !plain.IsKnown() {
		return below1(v, name), nil
	}
	if member, ok := memberOf(plain, name); ok {
		return member.WithMarks(flat(marks)), nil
	}
	if plain.IsNull() {
		return cty.NilVal, faultf(rng, "an attribute %q is asked of null", name)
	}
	return cty.NilVal, faultf(rng, "the value has no attribute %q", name)
}

func memberOf(v cty.Value, name string) (cty.Value, bool) {
	if v.IsNull() {
		return cty.NilVal, false
	}
	switch ty := v.Type(); {
	case ty.IsObjectType():
		if ty.HasAttribute(name) {
			return v.GetAttr(name), true
		}
	case ty.IsMapType():
		has, _ := v.HasIndex(cty.StringVal(name)).Unmark()
		if has.IsKnown() && has.True() {
			return v.Index(cty.StringVal(name)), true
		}
	}
	return cty.NilVal, false
}

// below1 returns a member of an unknown value: unknown for the same reasons. Where the value is exactly a reference,
// so is its member.
func below1(v cty.Value, name string) cty.Value {
	plain, marks := v.Unmark()
	out := cty.DynamicVal
	if ty := plain.Type(); ty.IsObjectType() && ty.HasAttribute(name) {
		out = cty.UnknownVal(ty.AttributeType(name))
	} else if ty.IsCollectionType() {
		out = cty.UnknownVal(ty.ElementType())
	}
	s := sortMarks(marks)
	if !s.exact() {
		return out.WithMarks(flat(marks))
	}
	next := cty.NewValueMarks(refMark(value.Ref{Address: s.refs[0].Address, Attribute: s.refs[0].Attribute + "." + name}))
	for _, reason := range s.reasons {
		next[reason] = struct{}{}
	}
	return out.WithMarks(next)
}

// index returns v[key].
func (s *scope) index(v, key cty.Value, rng hcl.Range) (cty.Value, error) {
	plain, marks := v.Unmark()
	bareKey, _ := key.UnmarkDeep()
	if bareKey.IsKnown() && bareKey.IsNull() {
		return cty.NilVal, faultf(rng, "the index is null")
	}
	if isCapsule(plain) {
		return s.indexCapsule(v, bareKey, rng)
	}
	c, ok := elements(v)
	switch {
	case !ok && plain.IsKnown():
		return cty.NilVal, faultf(rng, "the value has no elements")
	case !ok && !bareKey.IsKnown():
		return derived(cty.DynamicVal, v, key), nil
	case !ok:
		return below1(v, keyText(bareKey)), nil
	case !bareKey.IsKnown():
		return anyOf(c, v, key), nil
	case c.more != nil:
		return s.indexOpen(c, v, bareKey), nil
	}
	out, diags := hcl.Index(plain, bareKey, &rng)
	if diags.HasErrors() {
		return cty.NilVal, faultf(rng, "the index is not in the collection")
	}
	return out.WithMarks(flat(marks)), nil
}

// indexOpen indexes a collection that may have more elements. Where a list has unknown elements no position is sure.
func (s *scope) indexOpen(c collection, v, key cty.Value) cty.Value {
	if name, err := convert.Convert(key, cty.String); err == nil {
		if member, ok := memberOf(c.known, name.AsString()); ok {
			return member
		}
	}
	if c.rest != cty.NilVal && c.known.LengthInt() == 0 {
		return c.rest
	}
	return derived(cty.DynamicVal, v)
}

func (s *scope) indexCapsule(v, key cty.Value, rng hcl.Range) (cty.Value, error) {
	if isString(key) {
		return s.attr(v, key.AsString(), rng)
	}
	return cty.NilVal, faultf(rng, "the value has no elements")
}

// anyOf returns an element that nobody knows which: it has the references and reasons of all.
func anyOf(c collection, v, key cty.Value) cty.Value {
	items := []cty.Value{v, key}
	if c.rest != cty.NilVal {
		if c.known.LengthInt() == 0 {
			return c.rest
		}
		items = append(items, c.rest)
	}
	if list := listOf(c.known); len(list) == 1 && c.more == nil && len(marksOf(list[0])) > 0 {
		return derived(list[0], key)
	}
	return derived(cty.DynamicVal, items...)
}

func keyText(key cty.Value) string {
	if key.Type() == cty.Number {
		n, _ := key.AsBigFloat().Int64()
		return strconv.FormatInt(n, 10)
	}
	if isString(key) {
		return key.AsString()
	}
	return "*"
}
