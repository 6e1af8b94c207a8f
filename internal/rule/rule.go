package rule

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// Rule is one compiled expression. It is planned when it is first evaluated.
type Rule struct {
	Text   string
	types  *Types
	self   *object
	params map[string]*kind.Attribute
	ast    *cel.Ast
	plan   func() (cel.Program, error)
}

// maxText bounds a rule's text, in bytes.
const maxText = 8 << 10

// Compile type-checks an expression over self of a kind, params and now. wanted is the type that it must have. It may be
// called by several goroutines at once.
func (t *Types) Compile(text string, of *kind.Kind, params map[string]*kind.Attribute, wanted kind.Type) (*Rule, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("expression is longer than %d bytes", maxText)
	}
	self, ok := t.objects[of.Name]
	if !ok {
		return nil, fmt.Errorf("kind %s is not loaded", of.Name)
	}
	if err := checkParams(params); err != nil {
		return nil, err
	}
	env, err := t.environment()
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, compileError(issues)
	}
	if err := bind(parsed, of, params); err != nil {
		return nil, err
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, compileError(issues)
	}
	if err := refuse(checked, wanted); err != nil {
		return nil, err
	}
	r := &Rule{Text: text, types: t, self: self, params: params, ast: checked}
	r.plan = sync.OnceValues(func() (cel.Program, error) { return program(env, checked) })
	return r, nil
}

func program(env *cel.Env, checked *cel.Ast) (cel.Program, error) {
	return env.Program(checked, cel.EvalOptions(cel.OptOptimize))
}

// environment is the one CEL environment of all rules: the standard library without a clock, optional selection, strings
// and sets, with a variable self for each kind and one map of parameters for each of their types.
func (t *Types) environment() (*cel.Env, error) { return t.env() }

func (t *Types) newEnvironment() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.CustomTypeProvider(t),
		cel.CustomTypeAdapter(t),
		cel.StdLib(),
		cel.ClearMacros(),
		cel.Macros(hasMacro, allMacro, existsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		cel.Function(knownFunction, cel.Overload(knownFunction+"_any", []*cel.Type{cel.TypeParamType("T")}, cel.BoolType,
			cel.UnaryBinding(func(ref.Val) ref.Val { return types.True }))),
		cel.OptionalTypes(),
		ext.Strings(ext.StringsVersion(4)),
		ext.Sets(),
		cel.Variable("now", cel.TimestampType),
	}
	for name := range t.kinds {
		options = append(options, cel.Variable(selfName(name), t.objects[name].typ))
	}
	for text, typ := range paramTypes {
		options = append(options, cel.Variable(paramsName(text), cel.MapType(cel.StringType, typ)))
	}
	return cel.NewCustomEnv(options...)
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
	// Own are the attributes of the subject itself that were read, and of items of lists those that were read of any. In one world
	// and with the same parameters, a subject of the kind that has the same there gets the same answer, if the items of its lists
	// are also called the same.
	Own []*kind.Attribute
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
	run := &run{world: in.World, self: in.Self, now: in.Now}
	result := run.eval(r, &node{of: r.self, run: run, resource: in.Self}, in.Params)
	return run.answer(result)
}

func (r *run) answer(result ref.Val) Answer {
	a := Answer{Reads: r.reads, Own: r.own}
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
