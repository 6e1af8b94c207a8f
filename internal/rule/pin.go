package rule

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Clause is a part of a rule that answers true or false by itself: an operand of && and ||, what ! negates, the condition
// of a choice, or the rule as a whole.
type Clause struct {
	id int64
	// Column where the clause stands in the rule's text, from 1.
	Column int
}

// Clauses lists the clauses of the rule.
func (r *Rule) Clauses() []Clause {
	native := r.ast.NativeRep()
	var list []Clause
	seen := map[int64]bool{}
	add := func(e ast.Expr) {
		if seen[e.ID()] || isLogic(e) || e.Kind() == ast.LiteralKind || generated(native, e) {
			return
		}
		seen[e.ID()] = true
		list = append(list, Clause{id: e.ID(), Column: int(native.SourceInfo().GetStartLocation(e.ID()).Column()) + 1})
	}
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if isLogic(e) && !generated(native, e) {
			for i, arg := range e.AsCall().Args() {
				if e.AsCall().FunctionName() != operators.Conditional || i == 0 {
					add(arg)
				}
			}
		}
	}))
	add(native.Expr())
	return list
}

// generated tells whether a macro made the expression: it has no place in the text.
func generated(native *ast.AST, e ast.Expr) bool {
	_, found := native.SourceInfo().GetOffsetRange(e.ID())
	return !found || e.Kind() == ast.IdentKind && strings.HasPrefix(e.AsIdent(), "@") ||
		e.Kind() == ast.CallKind && e.AsCall().FunctionName() == knownFunction
}

func isLogic(e ast.Expr) bool {
	if e.Kind() != ast.CallKind {
		return false
	}
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		return true
	}
	return false
}

// Pin returns the rule with one clause replaced by true or false, to prove that some example depends on it.
func (r *Rule) Pin(c Clause, answer bool) (*Rule, error) {
	var found ast.Expr
	ast.PreOrderVisit(r.ast.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == c.id {
			found = e
		}
	}))
	if found == nil {
		return nil, fmt.Errorf("the rule has no such clause")
	}
	factory := ast.NewExprFactory()
	saved := factory.CopyExpr(found)
	found.SetKindCase(factory.NewLiteral(c.id, types.Bool(answer)))
	defer found.SetKindCase(saved)
	env, err := r.types.environment()
	if err != nil {
		return nil, err
	}
	planned, err := program(env, r.ast)
	return &Rule{Text: r.Text, types: r.types, self: r.self, params: r.params, ast: r.ast,
		plan: func() (cel.Program, error) { return planned, nil }}, err
}
