package terraform

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Bounds of evaluation. What is over a bound is unknown and says so.
const (
	maxSteps = 20_000_000 // expressions evaluated in one target
	maxDepth = 8_000      // expressions inside expressions, references followed
	maxSize  = 250_000    // parts, and bytes/16, of one value that has a name
)

// scope is where an expression is evaluated: a module instance and the names that are bound on the way to the
// expression.
type scope struct {
	mod    *module
	parent *scope
	vars   map[string]cty.Value
	item   *hclsyntax.AnonSymbolExpr
	value  cty.Value // of item
	// strict is set inside try and can: an error is not turned into an unknown element but reaches them.
	strict bool
	// bare is set in a template file: nothing but its own names can be used.
	bare bool
}

func (s *scope) with(vars map[string]cty.Value) *scope {
	return &scope{mod: s.mod, parent: s, vars: vars, strict: s.strict, bare: s.bare}
}

func (s *scope) lookup(name string) (cty.Value, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return cty.NilVal, false
}

// fault is an error in evaluating an expression. Its text names no values: they may be secrets.
type fault struct {
	what string
	rng  hcl.Range
}

func (f *fault) Error() string {
	if f.rng.Filename == "" {
		return f.what
	}
	return fmt.Sprintf("%s (%s)", f.what, at(f.rng))
}

func faultf(rng hcl.Range, format string, args ...any) error {
	return &fault{what: fmt.Sprintf(format, args...), rng: rng}
}

// result evaluates an expression; an error becomes an unknown value that says what is wrong. cty answers misuse with
// panics: should one get here, one expression is lost and not the target, and a gap says so.
func (s *scope) result(expr hclsyntax.Expression) (v cty.Value) {
	e := s.mod.estate
	depth, templates := e.depth, e.templates
	defer func() {
		if recover() != nil {
			e.depth, e.templates = depth, templates
			e.gap(at(expr.Range()), misuse, "")
			v = unknown(misuse + " (" + at(expr.Range()) + ")")
		}
	}()
	v, err := s.eval(expr)
	if err != nil {
		return unknown(err.Error())
	}
	return v
}

// misuse is what is said of an expression that this reader gets wrong.
const misuse = "the expression cannot be evaluated by this reader"

// part evaluates an element of a larger expression: an error makes the element unknown and not the whole, except
// inside try and can.
func (s *scope) part(expr hclsyntax.Expression) (cty.Value, error) {
	v, err := s.eval(expr)
	if err != nil && !s.strict {
		return unknown(err.Error()), nil
	}
	return v, err
}

// eval evaluates an expression. Marks, unlike in hclsyntax's own evaluation, survive every step.
func (s *scope) eval(expr hclsyntax.Expression) (cty.Value, error) {
	e := s.mod.estate
	if e.steps++; e.steps > maxSteps {
		return unknown("the target takes too many steps to evaluate"), nil
	}
	if e.depth++; e.depth > maxDepth {
		e.depth--
		return unknown("the expression nests too deep: " + at(expr.Range())), nil
	}
	v, err := s.dispatch(expr)
	e.depth--
	if v == cty.NilVal && err == nil {
		err = faultf(expr.Range(), "the expression cannot be evaluated")
	}
	return v, err
}

func (s *scope) dispatch(expr hclsyntax.Expression) (cty.Value, error) {
	switch expr := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return expr.Val, nil
	case *hclsyntax.TemplateExpr:
		return s.template(expr)
	case *hclsyntax.TemplateWrapExpr:
		return s.eval(expr.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return s.templateJoin(expr)
	case *hclsyntax.ParenthesesExpr:
		return s.eval(expr.Expression)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversal(expr.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		v, err := s.eval(expr.Source)
		if err != nil {
			return cty.NilVal, err
		}
		return s.steps(v, expr.Traversal)
	case *hclsyntax.FunctionCallExpr:
		return s.call(expr)
	case *hclsyntax.ConditionalExpr:
		return s.conditional(expr)
	case *hclsyntax.IndexExpr:
		return s.indexExpr(expr)
	case *hclsyntax.TupleConsExpr:
		return s.tuple(expr)
	case *hclsyntax.ObjectConsExpr:
		return s.object(expr)
	case *hclsyntax.ObjectConsKeyExpr:
		return s.objectKey(expr)
	case *hclsyntax.ForExpr:
		return s.forExpr(expr)
	case *hclsyntax.SplatExpr:
		return s.splat(expr)
	case *hclsyntax.AnonSymbolExpr:
		for up := s; up != nil; up = up.parent {
			if up.item == expr {
				return up.value, nil
			}
		}
	case *hclsyntax.BinaryOpExpr:
		return s.binary(expr)
	case *hclsyntax.UnaryOpExpr:
		return s.operate(expr.Op, expr.SrcRange, expr.Val)
	}
	return cty.NilVal, faultf(expr.Range(), "the expression cannot be evaluated")
}

func (s *scope) tuple(expr *hclsyntax.TupleConsExpr) (cty.Value, error) {
	vals := make([]cty.Value, len(expr.Exprs))
	for i, element := range expr.Exprs {
		v, err := s.part(element)
		if err != nil {
			return cty.NilVal, err
		}
		vals[i] = v
	}
	return cty.TupleVal(vals), nil
}

func (s *scope) object(expr *hclsyntax.ObjectConsExpr) (cty.Value, error) {
	c := collection{}
	members := make(map[string]cty.Value, len(expr.Items))
	for _, item := range expr.Items {
		key, err := s.eval(item.KeyExpr)
		if err != nil {
			return cty.NilVal, err
		}
		v, err := s.part(item.ValueExpr)
		if err != nil {
			return cty.NilVal, err
		}
		name, err := convert.Convert(key, cty.String)
		if err != nil || name.IsNull() {
			return cty.NilVal, faultf(item.KeyExpr.Range(), "the key of an object is not a string")
		}
		plain, _ := name.Unmark()
		if !plain.IsKnown() {
			c.more = merge(c.more, marksOf(key), marksOf(v))
			continue
		}
		members[plain.AsString()] = v
	}
	c.known = cty.ObjectVal(members)
	return c.value(), nil
}

// merge returns the marks of all sets; never nil, so that it can say that a collection is open.
func merge(sets ...cty.ValueMarks) cty.ValueMarks {
	all := cty.ValueMarks{}
	for _, set := range sets {
		for mark := range set {
			all[mark] = struct{}{}
		}
	}
	return all
}

// objectKey evaluates a key: a bare word is a string.
func (s *scope) objectKey(expr *hclsyntax.ObjectConsKeyExpr) (cty.Value, error) {
	if !expr.ForceNonLiteral {
		if word := hcl.ExprAsKeyword(expr.Wrapped); word != "" {
			return cty.StringVal(word), nil
		}
	}
	return s.eval(expr.Wrapped)
}

func (s *scope) indexExpr(expr *hclsyntax.IndexExpr) (cty.Value, error) {
	coll, err := s.eval(expr.Collection)
	if err != nil {
		return cty.NilVal, err
	}
	key, err := s.eval(expr.Key)
	if err != nil {
		return cty.NilVal, err
	}
	return s.index(coll, key, expr.SrcRange)
}

// operate applies an operator.
func (s *scope) operate(op *hclsyntax.Operation, rng hcl.Range, operands ...hclsyntax.Expression) (cty.Value, error) {
	vals := make([]cty.Value, len(operands))
	plain := make([]cty.Value, len(operands))
	for i, operand := range operands {
		v, err := s.eval(operand)
		if err != nil {
			return cty.NilVal, err
		}
		vals[i] = v
		if plain[i], err = argument(v, op.Impl.Params()[i].Type); err != nil {
			return cty.NilVal, faultf(operand.Range(), "an operand has the wrong type")
		}
	}
	out, err := op.Impl.Call(plain)
	if err != nil {
		return cty.NilVal, faultf(rng, "an operator cannot be applied")
	}
	return derived(out, vals...), nil
}

// argument converts a value for a parameter and takes all marks off.
func argument(v cty.Value, want cty.Type) (cty.Value, error) {
	plain, _ := v.UnmarkDeep()
	return convert.Convert(plain, want)
}

// binary applies an operator of two operands; one operand may be enough to know the result of a logical one.
func (s *scope) binary(expr *hclsyntax.BinaryOpExpr) (cty.Value, error) {
	var decisive cty.Value
	switch expr.Op {
	case hclsyntax.OpLogicalAnd:
		decisive = cty.False
	case hclsyntax.OpLogicalOr:
		decisive = cty.True
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		return s.equality(expr)
	default:
		return s.operate(expr.Op, expr.SrcRange, expr.LHS, expr.RHS)
	}
	left, err := s.eval(expr.LHS)
	if err != nil {
		return cty.NilVal, err
	}
	leftBool, err := argument(left, cty.Bool)
	if err != nil {
		return cty.NilVal, faultf(expr.LHS.Range(), "an operand is not a bool")
	}
	if leftBool.RawEquals(decisive) {
		return derived(decisive, left), nil
	}
	right, err := s.eval(expr.RHS)
	if err != nil {
		if !leftBool.IsKnown() && !s.strict {
			return derived(cty.UnknownVal(cty.Bool), left, unknown(err.Error())), nil
		}
		return cty.NilVal, err
	}
	rightBool, err := argument(right, cty.Bool)
	if err != nil {
		return cty.NilVal, faultf(expr.RHS.Range(), "an operand is not a bool")
	}
	if rightBool.RawEquals(decisive) {
		return derived(decisive, right), nil
	}
	out, err := expr.Op.Impl.Call([]cty.Value{leftBool, rightBool})
	if err != nil {
		return cty.NilVal, faultf(expr.SrcRange, "an operator cannot be applied")
	}
	return derived(out, left, right), nil
}

// equality compares. Of some values more is known than cty knows.
func (s *scope) equality(expr *hclsyntax.BinaryOpExpr) (cty.Value, error) {
	left, err := s.eval(expr.LHS)
	if err != nil {
		return cty.NilVal, err
	}
	right, err := s.eval(expr.RHS)
	if err != nil {
		return cty.NilVal, err
	}
	leftPlain, _ := left.UnmarkDeep()
	rightPlain, _ := right.UnmarkDeep()
	out, known := presence(left, rightPlain)
	if !known {
		out, known = presence(right, leftPlain)
	}
	switch {
	case known && expr.Op == hclsyntax.OpNotEqual:
		out = out.Not()
	case !known:
		if out, err = expr.Op.Impl.Call([]cty.Value{leftPlain, rightPlain}); err != nil {
			return cty.NilVal, faultf(expr.SrcRange, "values cannot be compared")
		}
	}
	return derived(out, left, right), nil
}

// presence compares a value with null or an empty string where more is known of it than cty knows: an open collection
// is there, and so is the id or arn that a block gets.
func presence(v, other cty.Value) (equal cty.Value, ok bool) {
	isNone := other.IsKnown() && other.IsNull()
	if !isNone && !(isString(other) && other.AsString() == "") {
		return cty.NilVal, false
	}
	if _, ok := elements(v); ok && isNone {
		return cty.False, true
	}
	s := sortMarks(v.Marks())
	if v.IsKnown() || !s.exact() || len(s.reasons) > 0 {
		return cty.NilVal, false
	}
	attribute := s.refs[0].Attribute
	return cty.False, attribute == "id" || attribute == "arn"
}

// conditional evaluates cond ? a : b. With an unknown condition the result is what both have in common.
func (s *scope) conditional(expr *hclsyntax.ConditionalExpr) (cty.Value, error) {
	cond, err := s.eval(expr.Condition)
	if err != nil {
		return cty.NilVal, err
	}
	plain, err := argument(cond, cty.Bool)
	if err != nil || plain.IsNull() {
		return cty.NilVal, faultf(expr.Condition.Range(), "the condition is not a bool")
	}
	if plain.IsKnown() {
		chosen, other := expr.TrueResult, expr.FalseResult
		if plain.False() {
			chosen, other = other, chosen
		}
		v, err := s.eval(chosen)
		if err != nil {
			return cty.NilVal, err
		}
		return s.unify(v, other), nil
	}
	yes, err := s.part(expr.TrueResult)
	if err != nil {
		return cty.NilVal, err
	}
	no, err := s.part(expr.FalseResult)
	if err != nil {
		return cty.NilVal, err
	}
	return either(cond, yes, no), nil
}

// unify converts the chosen branch of a conditional to the type that it has in common with the other branch, where
// that is a plain literal: cond ? 1 : "a" is a string.
func (s *scope) unify(v cty.Value, other hclsyntax.Expression) cty.Value {
	literal, diags := other.Value(nil)
	if diags.HasErrors() || literal.IsNull() || !literal.Type().IsPrimitiveType() || !v.Type().IsPrimitiveType() {
		return v
	}
	want, _ := convert.UnifyUnsafe([]cty.Type{v.Type(), literal.Type()})
	if want == cty.NilType {
		return v
	}
	if converted, err := convert.Convert(v, want); err == nil {
		return converted
	}
	return v
}

// either returns what is known of a value that is one of two.
func either(cond, a, b cty.Value) cty.Value {
	plainA, _ := a.Unmark()
	plainB, _ := b.Unmark()
	if plainA.IsKnown() && plainB.IsKnown() && !plainA.IsNull() && !plainB.IsNull() {
		if plainA.Type().IsPrimitiveType() && plainA.RawEquals(plainB) {
			return derived(plainA, a, b)
		}
		if plainA.Type().IsObjectType() && plainB.Type().IsObjectType() {
			if v, ok := eitherObject(cond, plainA, plainB); ok {
				return v
			}
		}
	}
	ty := cty.DynamicPseudoType
	if plainA.Type().Equals(plainB.Type()) && plainA.Type().IsPrimitiveType() {
		ty = plainA.Type()
	}
	return derived(cty.UnknownVal(ty), cond, a, b)
}

func eitherObject(cond, a, b cty.Value) (cty.Value, bool) {
	if a.LengthInt() != b.LengthInt() {
		return cty.NilVal, false
	}
	members := map[string]cty.Value{}
	for name := range a.Type().AttributeTypes() {
		if !b.Type().HasAttribute(name) {
			return cty.NilVal, false
		}
		members[name] = either(cond, a.GetAttr(name), b.GetAttr(name))
	}
	return cty.ObjectVal(members), true
}
