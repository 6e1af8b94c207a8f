package export

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"
)

// parse reads an expression without macros, so that has(), all() and the like stay as they are written.
func parse(text string) (*ast.AST, error) {
	p, err := parser.NewParser(parser.Macros(), parser.EnableOptionalSyntax(true))
	if err != nil {
		return nil, err
	}
	parsed, issues := p.Parse(common.NewTextSource(text))
	if len(issues.GetErrors()) > 0 {
		return nil, fmt.Errorf("read the expression %s: %s", text, issues.ToDisplayString())
	}
	return parsed, nil
}

// tidy writes an expression in one form: without parentheses that it does not need, and with each operand of an outermost && or ||
// on a line of its own.
func tidy(text string) (string, error) {
	parsed, err := parse(text)
	if err != nil {
		return "", err
	}
	e := parsed.Expr()
	operator := ""
	if e.Kind() == ast.CallKind {
		operator = e.AsCall().FunctionName()
	}
	symbol, known := operators.FindReverse(operator)
	if operator != operators.LogicalAnd && operator != operators.LogicalOr || !known {
		return parser.Unparse(e, parsed.SourceInfo(), oneLine)
	}
	var all []string
	for _, operand := range operands(e, operator) {
		line, err := parser.Unparse(operand, parsed.SourceInfo(), oneLine)
		if err != nil {
			return "", err
		}
		if operand.Kind() == ast.CallKind && looser[operand.AsCall().FunctionName()] {
			line = "(" + line + ")"
		}
		all = append(all, line)
	}
	return strings.Join(all, " "+symbol+"\n"), nil
}

// oneLine keeps an expression on one line, however long.
var oneLine = parser.WrapOnColumn(1 << 20)

// looser are the operators whose operands want parentheses among those of && and ||.
var looser = map[string]bool{operators.LogicalAnd: true, operators.LogicalOr: true, operators.Conditional: true}

func operands(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operator {
		return []ast.Expr{e}
	}
	var all []ast.Expr
	for _, arg := range e.AsCall().Args() {
		all = append(all, operands(arg, operator)...)
	}
	return all
}

// literal writes a plain value (value.Value.Plain) as CEL.
func literal(plain any) (string, error) {
	switch v := plain.(type) {
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'e', -1, 64), nil
	case string:
		return quote(v), nil
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			text, err := literal(item)
			if err != nil {
				return "", err
			}
			items[i] = text
		}
		return "[" + strings.Join(items, ", ") + "]", nil
	case map[string]any:
		if len(v) == 0 {
			return "{}", nil
		}
	}
	return "", fmt.Errorf("a %T cannot be written as CEL", plain)
}

// quote writes a text as CEL does, which knows fewer escapes than Go.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
