package terraform

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// forExpr evaluates [for …] and {for …}. An element of which it is not known whether it belongs to the result leaves
// the result open.
func (s *scope) forExpr(expr *hclsyntax.ForExpr) (cty.Value, error) {
	source, err := s.eval(expr.CollExpr)
	if err != nil {
		return cty.NilVal, err
	}
	c, ok := elements(source)
	if !ok {
		if plain, _ := source.Unmark(); plain.IsKnown() {
			return cty.NilVal, faultf(expr.CollExpr.Range(), "a for expression runs over a value that has no elements")
		}
		return derived(cty.DynamicVal, source), nil
	}
	r := forResult{s: s, expr: expr, members: map[string]cty.Value{}, groups: map[string][]cty.Value{}}
	r.out.more, r.out.marks = c.more, c.marks
	for it := c.known.ElementIterator(); it.Next(); {
		key, v := it.Element()
		if err := r.add(key, v); err != nil {
			return cty.NilVal, err
		}
	}
	if c.rest != cty.NilVal && expr.KeyExpr == nil && expr.CondExpr == nil {
		if r.out.rest, err = s.bind(expr, derived(cty.DynamicVal, c.rest), c.rest).part(expr.ValExpr); err != nil {
			return cty.NilVal, err
		}
	}
	return r.value(), nil
}

// forResult gathers what a for expression gives.
type forResult struct {
	s       *scope
	expr    *hclsyntax.ForExpr
	out     collection
	items   []cty.Value
	members map[string]cty.Value
	groups  map[string][]cty.Value
}

func (s *scope) bind(expr *hclsyntax.ForExpr, key, v cty.Value) *scope {
	vars := map[string]cty.Value{expr.ValVar: v}
	if expr.KeyVar != "" {
		vars[expr.KeyVar] = key
	}
	return s.with(vars)
}

func (r *forResult) add(key, v cty.Value) error {
	if outsized(v) {
		return faultf(r.expr.CollExpr.Range(), "an element is larger than this reader takes")
	}
	s := r.s.bind(r.expr, key, v)
	belongs, doubt := true, cty.ValueMarks(nil)
	if r.expr.CondExpr != nil {
		cond, err := s.eval(r.expr.CondExpr)
		if err != nil {
			return err
		}
		plain, err := argument(cond, cty.Bool)
		if err != nil || plain.IsNull() {
			return faultf(r.expr.CondExpr.Range(), "the condition of a for expression is not a bool")
		}
		if !plain.IsKnown() {
			belongs, doubt = false, marksOf(cond)
		} else if plain.False() {
			return nil
		}
	}
	item, err := s.part(r.expr.ValExpr)
	if err != nil {
		return err
	}
	name := ""
	if r.expr.KeyExpr != nil {
		raw, err := s.eval(r.expr.KeyExpr)
		if err != nil {
			return err
		}
		plain, err := argument(raw, cty.String)
		if err != nil || plain.IsNull() {
			return faultf(r.expr.KeyExpr.Range(), "the key of a for expression is not a string")
		}
		if !plain.IsKnown() {
			belongs, doubt = false, merge(doubt, marksOf(raw))
		} else {
			name = plain.AsString()
		}
	}
	if !belongs {
		r.out.more = merge(r.out.more, doubt, marksOf(item))
		return nil
	}
	return r.put(name, item)
}

func (r *forResult) put(name string, item cty.Value) error {
	switch {
	case r.expr.KeyExpr == nil:
		r.items = append(r.items, item)
	case r.expr.Group:
		r.groups[name] = append(r.groups[name], item)
	default:
		if _, twice := r.members[name]; twice {
			return faultf(r.expr.KeyExpr.Range(), "a for expression gives the same key twice")
		}
		r.members[name] = item
	}
	return nil
}

func (r *forResult) value() cty.Value {
	if r.expr.KeyExpr == nil {
		r.out.known = cty.TupleVal(r.items)
		return r.out.value()
	}
	for name, items := range r.groups {
		group := collection{known: cty.TupleVal(items), more: r.out.more}
		r.members[name] = group.value()
	}
	r.out.known = cty.ObjectVal(r.members)
	return r.out.value()
}

// splat evaluates a[*].b. A value that is not a list counts as a list of one, null as an empty one.
func (s *scope) splat(expr *hclsyntax.SplatExpr) (cty.Value, error) {
	source, err := s.eval(expr.Source)
	if err != nil {
		return cty.NilVal, err
	}
	plain, _ := source.Unmark()
	ty := plain.Type()
	c, ok := elements(source)
	switch {
	case ok && c.more != nil:
	case !plain.IsKnown():
		return derived(cty.DynamicVal, source), nil
	case plain.IsNull():
		return cty.EmptyTupleVal.WithSameMarks(source), nil
	case !ty.IsTupleType() && !ty.IsListType() && !ty.IsSetType():
		c = collection{known: cty.TupleVal([]cty.Value{source})}
	}
	each := func(v cty.Value) (cty.Value, error) {
		inner := s.with(nil)
		inner.item, inner.value = expr.Item, v
		return inner.part(expr.Each)
	}
	out := collection{more: c.more, marks: c.marks}
	var items []cty.Value
	for it := c.known.ElementIterator(); it.Next(); {
		_, v := it.Element()
		item, err := each(v)
		if err != nil {
			return cty.NilVal, err
		}
		items = append(items, item)
	}
	if c.rest != cty.NilVal {
		if out.rest, err = each(c.rest); err != nil {
			return cty.NilVal, err
		}
	}
	out.known = cty.TupleVal(items)
	return out.value(), nil
}

// dedupe returns items without those that are known to be the same as an earlier one; sorted if all are known strings,
// as the elements of a set are.
func dedupe(items []cty.Value) []cty.Value {
	var out []cty.Value
	seen := map[string]bool{}
	allStrings := true
	for _, item := range items {
		plain, _ := item.UnmarkDeep()
		if !isString(plain) {
			allStrings = false
			if !plain.IsKnown() || !slices.ContainsFunc(out, func(other cty.Value) bool {
				bare, _ := other.UnmarkDeep()
				return bare.IsKnown() && bare.RawEquals(plain)
			}) {
				out = append(out, item)
			}
			continue
		}
		if !seen[plain.AsString()] {
			seen[plain.AsString()] = true
			out = append(out, item)
		}
	}
	if allStrings {
		slices.SortFunc(out, func(a, b cty.Value) int {
			return compareStrings(a, b)
		})
	}
	return out
}

func compareStrings(a, b cty.Value) int {
	a, _ = a.Unmark()
	b, _ = b.Unmark()
	switch x, y := a.AsString(), b.AsString(); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// listOf returns the elements of a list, tuple or set.
func listOf(v cty.Value) []cty.Value {
	items := make([]cty.Value, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		items = append(items, item)
	}
	return items
}

// convertTo converts a value to a type that a variable declares. Sets are kept as lists, since the elements of a cty
// set cannot carry marks; blocks become objects of the attributes that the type asks for.
func (s *scope) convertTo(v cty.Value, want cty.Type) (cty.Value, error) {
	plain, marks := v.Unmark()
	if want == cty.DynamicPseudoType || !plain.IsKnown() {
		if c, ok := elements(v); ok && c.more != nil {
			return v, nil
		}
		if want == cty.DynamicPseudoType || !plain.Type().Equals(cty.DynamicPseudoType) {
			return v, nil
		}
		return cty.UnknownVal(want.WithoutOptionalAttributesDeep()).WithMarks(marks), nil
	}
	if plain.IsNull() {
		return cty.NullVal(want.WithoutOptionalAttributesDeep()).WithMarks(marks), nil
	}
	out, err := s.convertKnown(plain, want)
	if err != nil {
		return cty.NilVal, err
	}
	if isCapsule(plain) {
		return out, nil // what is asked of the block refers to it
	}
	return out.WithMarks(marks), nil
}

func (s *scope) convertKnown(v cty.Value, want cty.Type) (cty.Value, error) {
	ty := v.Type()
	switch {
	case want.IsPrimitiveType():
		return convert.Convert(v, want)
	case want.IsCollectionType() && !want.IsMapType():
		if !ty.IsTupleType() && !ty.IsListType() && !ty.IsSetType() {
			return cty.NilVal, faultf(noRange, "the value is not a list")
		}
		items := listOf(v)
		for i := range items {
			var err error
			if items[i], err = s.convertTo(items[i], want.ElementType()); err != nil {
				return cty.NilVal, err
			}
		}
		if want.IsSetType() {
			return setOf(items), nil
		}
		return cty.TupleVal(items), nil
	case want.IsMapType():
		return s.convertMembers(v, func(string) (cty.Type, bool) { return want.ElementType(), true }, nil)
	case want.IsObjectType():
		types := want.AttributeTypes()
		return s.convertMembers(v, func(name string) (cty.Type, bool) { t, ok := types[name]; return t, ok }, &want)
	case want.IsTupleType():
		return convert.Convert(v, want)
	}
	return v, nil
}

func (s *scope) convertMembers(v cty.Value, typeOf func(string) (cty.Type, bool), object *cty.Type) (cty.Value, error) {
	members := map[string]cty.Value{}
	ty := v.Type()
	if isCapsule(v) && object != nil {
		for name := range object.AttributeTypes() {
			member, err := s.attr(v, name, noRange)
			if err != nil {
				return cty.NilVal, err
			}
			members[name] = member
		}
		return cty.ObjectVal(members), nil
	}
	if !ty.IsObjectType() && !ty.IsMapType() {
		return cty.NilVal, faultf(noRange, "the value is not an object")
	}
	for it := v.ElementIterator(); it.Next(); {
		key, member := it.Element()
		want, ok := typeOf(key.AsString())
		if !ok {
			continue
		}
		converted, err := s.convertTo(member, want)
		if err != nil {
			return cty.NilVal, err
		}
		members[key.AsString()] = converted
	}
	if object != nil {
		for name, attr := range object.AttributeTypes() {
			if _, ok := members[name]; ok {
				continue
			}
			if !object.AttributeOptional(name) {
				return cty.NilVal, faultf(noRange, "the attribute %q is missing", name)
			}
			members[name] = cty.NullVal(attr.WithoutOptionalAttributesDeep())
		}
	}
	return cty.ObjectVal(members), nil
}
