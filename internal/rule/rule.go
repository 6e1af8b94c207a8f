package rule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// Rule is one compiled expression.
type Rule struct {
	Text    string
	types   *Types
	self    *object
	params  *object
	env     *cel.Env
	ast     *cel.Ast
	program cel.Program
}

// maxText bounds a rule's text, in bytes.
const maxText = 8 << 10

// Compile type-checks an expression over self of a kind, params and now. wanted is the type that it must have.
func (t *Types) Compile(text string, of *kind.Kind, params map[string]*kind.Attribute, wanted kind.Type) (*Rule, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("expression is longer than %d bytes", maxText)
	}
	self, ok := t.objects[of.Name]
	if !ok {
		return nil, fmt.Errorf("kind %s is not loaded", of.Name)
	}
	parameters, err := t.parameters(of.Name, params)
	if err != nil {
		return nil, err
	}
	r := &Rule{Text: text, types: t, self: self, params: parameters}
	if r.env, err = t.environment(self, parameters); err != nil {
		return nil, err
	}
	checked, issues := r.env.Compile(text)
	if issues.Err() != nil {
		return nil, compileError(issues)
	}
	if err := refuse(checked, wanted); err != nil {
		return nil, err
	}
	r.ast = checked
	r.program, err = program(r.env, checked)
	return r, err
}

func program(env *cel.Env, checked *cel.Ast) (cel.Program, error) {
	return env.Program(checked, cel.EvalOptions(cel.OptOptimize))
}

// environment is CEL's standard library without the clock, with optional selection, strings and sets.
func (t *Types) environment(self, params *object) (*cel.Env, error) {
	return cel.NewCustomEnv(
		cel.CustomTypeProvider(&scoped{Types: t, params: params}),
		cel.CustomTypeAdapter(t),
		cel.StdLib(),
		cel.ClearMacros(),
		cel.Macros(hasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsVersion(4)),
		ext.Sets(),
		cel.Variable("self", self.typ),
		cel.Variable("params", params.typ),
		cel.Variable("now", cel.TimestampType),
	)
}

// scoped adds a check's own parameter type to the shared types.
type scoped struct {
	*Types
	params *object
}

// FindStructType implements types.Provider.
func (s *scoped) FindStructType(name string) (*types.Type, bool) {
	if name == s.params.name {
		return types.NewTypeTypeWithParam(s.params.typ), true
	}
	return s.Types.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (s *scoped) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name == s.params.name {
		f, ok := s.params.cel[field]
		return f, ok
	}
	return s.Types.FindStructFieldType(name, field)
}

// hasMacro makes has(a.b.c) into a.?b.?c.hasValue(): CEL's own has() answers false for the unknown.
var hasMacro = parser.NewGlobalMacro(operators.Has, 1,
	func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		if args[0].Kind() != ast.SelectKind {
			return nil, eh.NewError(args[0].ID(), "has() takes a selection such as has(self.key)")
		}
		return eh.NewMemberCall("hasValue", optional(eh, args[0])), nil
	})

func optional(eh parser.ExprHelper, e ast.Expr) ast.Expr {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return eh.Copy(e)
	}
	s := e.AsSelect()
	return eh.NewCall(operators.OptSelect, optional(eh, s.Operand()), eh.NewLiteral(types.String(s.FieldName())))
}

// compileError keeps the first line of each issue: where and what.
func compileError(issues *cel.Issues) error {
	var errs []error
	for _, e := range issues.Errors() {
		errs = append(errs, fmt.Errorf("column %d: %s", e.Location.Column()+1, strings.TrimSuffix(e.Message, "\n")))
	}
	return errors.Join(errs...)
}

// refuse finds what type-checks in CEL and yet could answer wrongly: dynamic types, and structs that are compared.
func refuse(checked *cel.Ast, wanted kind.Type) error {
	want := map[kind.Base]*cel.Type{kind.Bool: cel.BoolType, kind.Int: cel.IntType, kind.String: cel.StringType,
		kind.Double: cel.DoubleType}[wanted.Base]
	if wanted.Base == kind.List && wanted.Elem.Base == kind.String {
		want = cel.ListType(cel.StringType)
	}
	if want == nil {
		return fmt.Errorf("an expression cannot make a %s", wanted)
	}
	if got := checked.OutputType(); !got.IsExactType(want) {
		return fmt.Errorf("the expression is a %s, a %s is wanted", got, want)
	}
	var errs []error
	native := checked.NativeRep()
	typeOf := func(e ast.Expr) *types.Type { return native.TypeMap()[e.ID()] }
	visit := ast.NewExprVisitor(func(e ast.Expr) {
		if t := typeOf(e); t != nil && t.Kind() == types.DynKind {
			errs = append(errs, errors.New("a part of the expression has no definite type"))
		}
		if e.Kind() != ast.CallKind {
			return
		}
		switch call := e.AsCall(); call.FunctionName() {
		case operators.Equals, operators.NotEquals, operators.In:
			for _, arg := range call.Args() {
				if t := typeOf(arg); t != nil && (t.Kind() == types.StructKind || t.Kind() == types.MapKind && call.FunctionName() != operators.In) {
					errs = append(errs, fmt.Errorf("a %s cannot be compared; compare its attributes", t))
				}
			}
		}
	})
	ast.PostOrderVisit(native.Expr(), visit)
	return errors.Join(errs...)
}

// Value is the answer of a rule.
type Value uint8

const (
	// Unknown is the zero Value.
	Unknown Value = iota
	True
	False
)

// Answer is what a rule answered and why.
type Answer struct {
	Value Value
	// Unknowns says what would have to be known for a definite answer; empty unless Value is Unknown.
	Unknowns []UnknownAttribute
	// Reads are the attributes that the rule read, in order, each once.
	Reads []Read
}

// UnknownAttribute is an attribute that stood between a rule and its answer.
type UnknownAttribute struct {
	Attribute string
	Reasons   []value.Reason
}

// Read is one attribute that a rule read.
type Read struct {
	Attribute string
	Value     value.Value
	// Secret tells that Value must not be shown.
	Secret bool
}

// Input is what a rule is judged on.
type Input struct {
	World World
	Self  Subject
	// Params holds the value of each declared parameter.
	Params value.Value
	Now    time.Time
}

// Eval answers. An error in the evaluation is Unknown, never an answer.
func (r *Rule) Eval(in Input) Answer {
	run := &run{world: in.World, now: in.Now}
	result := run.eval(r, &node{of: r.self, run: run, resource: in.Self}, in.Params)
	return run.answer(result)
}

func (r *run) answer(result ref.Val) Answer {
	a := Answer{Reads: r.reads}
	switch result := result.(type) {
	case types.Bool:
		a.Value = False
		if result {
			a.Value = True
		}
	case *types.Unknown:
		for _, id := range result.IDs() {
			a.Unknowns = append(a.Unknowns, r.unknowns[id-1])
		}
	case *types.Err:
		a.Unknowns = []UnknownAttribute{r.failed(result)}
	default:
		a.Unknowns = []UnknownAttribute{{Attribute: "(rule)", Reasons: []value.Reason{{Why: fmt.Sprintf("the rule made a %T", result)}}}}
	}
	return a
}

func (r *run) failed(err *types.Err) UnknownAttribute {
	return UnknownAttribute{Attribute: "(rule)", Reasons: []value.Reason{{Why: "the rule could not be evaluated: " + err.Error()}}}
}
