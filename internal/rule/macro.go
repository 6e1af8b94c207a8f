package rule

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

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

// knownFunction is true of what is known; CEL makes a call with an unknown argument unknown.
const knownFunction = "@known"

// The last element of an open list is an unknown that stands for whatever else there may be, perhaps nothing. What a
// predicate says without looking at the element, such as exists(x, true), must not count for it. exists(x, p) therefore
// means exists(x, p && @known(x)), and all(x, p) means all(x, p || !@known(x)): nothing changes for what is known.
var (
	existsMacro = parser.NewReceiverMacro(operators.Exists, 2,
		func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return parser.MakeExists(eh, target, []ast.Expr{args[0], eh.NewCall(operators.LogicalAnd, args[1], known(eh, args[0]))})
		})
	allMacro = parser.NewReceiverMacro(operators.All, 2,
		func(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			unknown := eh.NewCall(operators.LogicalNot, known(eh, args[0]))
			return parser.MakeAll(eh, target, []ast.Expr{args[0], eh.NewCall(operators.LogicalOr, args[1], unknown)})
		})
)

func known(eh parser.ExprHelper, element ast.Expr) ast.Expr {
	return eh.NewCall(knownFunction, eh.Copy(element))
}
