package rule

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/yamlfile"
)

// All rules share one CEL environment, since making one costs as much as compiling many rules. What a rule calls self and
// params are therefore bound to the variables of its kind and of its parameters' types once it is parsed.

func selfName(kindName string) string { return "self@" + kindName }

func paramsName(typ string) string { return "params@" + typ }

// paramTypes are the types that a parameter can have.
var paramTypes = map[string]*cel.Type{
	"bool": cel.BoolType, "int": cel.IntType, "double": cel.DoubleType, "string": cel.StringType,
	"list string": cel.ListType(cel.StringType), "list int": cel.ListType(cel.IntType),
}

// bind replaces self by the variable of the kind, and params.NAME by an entry of the map of its type.
func bind(parsed *cel.Ast, of *kind.Kind, params map[string]*kind.Attribute) error {
	native := parsed.NativeRep()
	factory := ast.NewExprFactory()
	next := ast.MaxID(native)
	var faults []error
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch {
		case e.Kind() == ast.IdentKind && e.AsIdent() == "self":
			e.SetKindCase(factory.NewIdent(e.ID(), selfName(of.Name)))
		case e.Kind() == ast.SelectKind && isIdent(e.AsSelect().Operand(), "params"):
			name := e.AsSelect().FieldName()
			p, ok := params[name]
			if !ok {
				faults = append(faults, fmt.Errorf("there is no parameter %q%s", name, yamlfile.Suggest(name, names(params))))
				return
			}
			operand := e.AsSelect().Operand()
			operand.SetKindCase(factory.NewIdent(operand.ID(), paramsName(p.Type.String())))
			next++
			key := factory.NewLiteral(next, types.String(name))
			e.SetKindCase(factory.NewCall(e.ID(), operators.Index, factory.CopyExpr(operand), key))
		case isIdent(e, "params"):
			faults = append(faults, errors.New("params is used as params.NAME only"))
		}
	}))
	return errors.Join(faults...)
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

func names(params map[string]*kind.Attribute) []string {
	list := make([]string, 0, len(params))
	for name := range params {
		list = append(list, name)
	}
	return list
}

// checkParams refuses parameters of types that have no map.
func checkParams(params map[string]*kind.Attribute) error {
	var faults []error
	for name, p := range params {
		if paramTypes[p.Type.String()] == nil {
			faults = append(faults, fmt.Errorf("parameter %s: a parameter cannot be a %s", name, p.Type))
		}
	}
	return errors.Join(faults...)
}
