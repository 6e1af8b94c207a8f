package export

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
)

// notExportable is why a check cannot be a policy: a clause that follows the check's id.
type notExportable struct{ why string }

func (n notExportable) Error() string { return n.why }

func refuse(format string, args ...any) error { return notExportable{fmt.Sprintf(format, args...)} }

// compiler translates one check.
type compiler struct {
	of     *check.Check
	kind   *kind.Kind
	root   string // CEL of the object
	before string // CEL of the object as it was before an update
	shape  *shape
	params map[string]string // CEL of each parameter

	variables []variable
	held      map[string]string // what reads each variable, by what it stands for
	deriving  []string
	fresh     int // how many names of elements were made
	// looks are the paths from the object that the check looks at.
	looks []string
	parts map[string]bool // of the kind that it looks at
	// containers says that the check looks at containers, which those that are attached later are among.
	containers bool
	roles      bool // ... and at their roles
}

// variable is one of the policy's variables.
type variable struct{ name, text string }

// frame is what attributes are read from: the object, or a row of a list in it.
type frame struct {
	row   string // CEL of the object or row
	shape *shape
	added map[string]string // CEL of members that a decoder added to the row
	outer bool              // it is the object itself
}

func (c *compiler) frame() frame { return frame{row: c.root, shape: c.shape, outer: true} }

// expression translates a rule's text over self.
func (c *compiler) expression(text string) (string, error) {
	parsed, err := parse(text)
	if err != nil {
		return "", err
	}
	t, err := c.translate(parsed.Expr(), scope{})
	if err != nil {
		return "", err
	}
	return t.plain()
}

// scope leads from the names that macros bind to what they stand for.
type scope map[string]term

func (s scope) with(name string, t term) scope {
	made := scope{name: t}
	for k, v := range s {
		if k != name {
			made[k] = v
		}
	}
	return made
}

// translate makes the CEL of a policy of an expression of a rule.
func (c *compiler) translate(e ast.Expr, in scope) (term, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		text, err := parser.Unparse(e, ast.NewSourceInfo(nil))
		return known(text), err
	case ast.IdentKind:
		return c.ident(e.AsIdent(), in)
	case ast.ListKind:
		texts, err := c.texts(e.AsList().Elements(), in)
		return known("[" + strings.Join(texts, ", ") + "]"), err
	case ast.SelectKind:
		return c.selected(e.AsSelect(), in)
	case ast.CallKind:
		return c.call(e.AsCall(), in)
	}
	return term{}, refuse("it has an expression that is not exported")
}

func (c *compiler) ident(name string, in scope) (term, error) {
	if t, ok := in[name]; ok {
		return t, nil
	}
	switch name {
	case "self":
		return term{form: object}, nil
	case "now":
		return term{}, refuse("it asks what time it is, and a policy has no clock")
	}
	return term{}, refuse("a policy does not know %s", name)
}

func (c *compiler) texts(list []ast.Expr, in scope) ([]string, error) {
	texts := make([]string, len(list))
	for i, e := range list {
		t, err := c.translate(e, in)
		if err != nil {
			return nil, err
		}
		if texts[i], err = t.plain(); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func (c *compiler) selected(s ast.SelectExpr, in scope) (term, error) {
	if s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == "params" && in["params"].form == none {
		return known(c.param(s.FieldName())), nil
	}
	operand, err := c.translate(s.Operand(), in)
	if err != nil {
		return term{}, err
	}
	return c.member(operand, s.FieldName())
}

// param returns the CEL of a parameter, which is a variable of the policy.
func (c *compiler) param(name string) string {
	return c.variable("param "+name, "param_"+name, c.params[name])
}

// member reads an attribute of what a term stands for.
func (c *compiler) member(of term, name string) (term, error) {
	switch of.form {
	case object:
		full := strings.TrimPrefix(of.prefix+"."+name, ".")
		if a := c.kind.Attributes[full]; a != nil {
			return c.attribute(a, c.frame())
		}
		return term{form: object, prefix: full}, nil
	case item:
		if a := of.attribute.Field(name); a != nil {
			return c.attribute(a, of.row)
		}
	case reference:
		return term{}, refuse("it reads %s of another object (%s)", name, of.attribute.Name)
	}
	return term{}, refuse("it reads %s in a way that is not exported", name)
}

func (c *compiler) call(call ast.CallExpr, in scope) (term, error) {
	if call.IsMemberFunction() {
		return c.memberCall(call, in)
	}
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.Has:
		t, err := c.translate(args[0], in)
		if err != nil {
			return term{}, err
		}
		return known(t.present()), nil
	case operators.OptSelect:
		operand, err := c.translate(args[0], in)
		if err != nil {
			return term{}, err
		}
		t, err := c.member(operand, strings.Trim(fmt.Sprint(args[1].AsLiteral().Value()), `"`))
		t.asked = true
		return t, err
	case operators.Index, operators.OptIndex, operators.In:
		return c.lookup(name, args, in)
	default:
		return c.function(name, args, in)
	}
}

// lookup translates m[key], m[?key] and key in m.
func (c *compiler) lookup(operator string, args []ast.Expr, in scope) (term, error) {
	holder, key := args[0], args[1]
	if operator == operators.In {
		holder, key = key, holder
	}
	t, err := c.translate(holder, in)
	if err != nil {
		return term{}, err
	}
	keys, err := c.texts([]ast.Expr{key}, in)
	if err != nil {
		return term{}, err
	}
	k := keys[0]
	if t.form == tags { // a list of maps, of which the first that has the key counts
		each := c.name()
		having := fmt.Sprintf("%s.filter(%s, (%s) in %s)", t.text, each, k, each)
		switch operator {
		case operators.In:
			return known(fmt.Sprintf("%s.exists(%s, (%s) in %s)", t.text, each, k, each)), nil
		case operators.Index:
			return known(fmt.Sprintf("%s[0][%s]", having, k)), nil
		}
		return term{form: plain, optional: fmt.Sprintf("%s[?0][?%s]", having, k), asked: true}, nil
	}
	text, err := t.plain()
	if err != nil {
		return term{}, err
	}
	switch operator {
	case operators.In:
		return known(fmt.Sprintf("((%s) in (%s))", k, text)), nil
	case operators.Index:
		return known(fmt.Sprintf("(%s)[%s]", text, k)), nil
	}
	return term{form: plain, optional: fmt.Sprintf("(%s)[?%s]", text, k), asked: true}, nil
}

// functions are those that mean the same in a policy; the others of Ward's language do not exist there.
var functions = map[string]bool{"size": true, "string": true, "int": true, "contains": true, "startsWith": true, "endsWith": true,
	"matches": true, "replace": true, "split": true, "lowerAscii": true, "upperAscii": true, "substring": true, "trim": true, "join": true, "indexOf": true,
	"lastIndexOf": true}

func (c *compiler) function(name string, args []ast.Expr, in scope) (term, error) {
	texts, err := c.texts(args, in)
	if err != nil {
		return term{}, err
	}
	if symbol, ok := operators.FindReverseBinaryOperator(name); ok && len(texts) == 2 {
		return known(fmt.Sprintf("((%s) %s (%s))", texts[0], symbol, texts[1])), nil
	}
	switch symbol, unary := operators.FindReverse(name); {
	case name == operators.Conditional:
		return known(fmt.Sprintf("((%s) ? (%s) : (%s))", texts[0], texts[1], texts[2])), nil
	case unary && len(texts) == 1:
		return known(fmt.Sprintf("%s(%s)", symbol, texts[0])), nil
	case functions[name]:
		return known(fmt.Sprintf("%s(%s)", name, strings.Join(texts, ", "))), nil
	}
	return term{}, refuse("a policy has no function %s", name)
}

// macros are those that look at each element of a list.
var macros = []string{"all", "exists", "exists_one", "filter", "map"}

func (c *compiler) memberCall(call ast.CallExpr, in scope) (term, error) {
	target, err := c.translate(call.Target(), in)
	if err != nil {
		return term{}, err
	}
	name, args := call.FunctionName(), call.Args()
	if slices.Contains(macros, name) && len(args) == 2 && args[0].Kind() == ast.IdentKind {
		return c.macro(target, name, args[0].AsIdent(), args[1], in)
	}
	texts, err := c.texts(args, in)
	if err != nil {
		return term{}, err
	}
	given := strings.Join(texts, ", ")
	if target.asked { // an optional value
		switch name {
		case "orValue", "hasValue", "value":
			return known(fmt.Sprintf("%s.%s(%s)", target.maybe(), name, given)), nil
		}
		return term{}, refuse("a policy has no function %s", name)
	}
	text, err := target.plain()
	if err != nil {
		return term{}, err
	}
	if !functions[name] {
		return term{}, refuse("a policy has no function %s", name)
	}
	return known(fmt.Sprintf("(%s).%s(%s)", text, name, given)), nil
}

func (c *compiler) macro(over term, name, bound string, predicate ast.Expr, in scope) (term, error) {
	if reserved.MatchString(bound) {
		return term{}, refuse("its name %s is one that the export gives", bound)
	}
	element := known(bound)
	switch over.form {
	case items:
		element = term{form: item, attribute: over.attribute, row: c.rowOf(over, bound)}
	case references:
		element = term{form: reference, attribute: over.attribute}
	}
	t, err := c.translate(predicate, in.with(bound, element))
	if err != nil {
		return term{}, err
	}
	inner, err := t.plain()
	if err != nil {
		return term{}, err
	}
	if over.form == tags {
		if name != "exists" && name != "all" {
			return term{}, refuse("it makes a list of labels and annotations")
		}
		each := c.name()
		return known(fmt.Sprintf("%s.%s(%s, %s.%s(%s, %s))", over.text, name, each, each, name, bound, inner)), nil
	}
	text, err := over.read()
	if err != nil {
		return term{}, err
	}
	return known(fmt.Sprintf("(%s).%s(%s, %s)", text, name, bound, inner)), nil
}

// reserved are the names that c.name makes.
var reserved = regexp.MustCompile(`^e\d+$`)

// name makes a name for the elements of a list that no other has around it.
func (c *compiler) name() string {
	c.fresh++
	return fmt.Sprintf("e%d", c.fresh)
}

// variable adds a variable to the policy, unless it has one of this key, and returns what reads it.
func (c *compiler) variable(key, name, text string) string {
	if held, ok := c.held[key]; ok {
		return held
	}
	for slices.ContainsFunc(c.variables, func(v variable) bool { return v.name == name }) {
		name += "_"
	}
	c.variables = append(c.variables, variable{name, text})
	c.held[key] = "variables." + name
	return c.held[key]
}

// derived makes a variable of an attribute that follows from others.
func (c *compiler) derived(a *kind.Attribute) (term, error) {
	name := strings.ReplaceAll(a.Name, ".", "_")
	if slices.Contains(c.deriving, name) {
		return term{}, fmt.Errorf("attribute %s depends on itself", a.Name)
	}
	c.deriving = append(c.deriving, name)
	text, err := c.expression(a.Is)
	c.deriving = c.deriving[:len(c.deriving)-1]
	if err != nil {
		return term{}, err
	}
	return known(c.variable("attribute "+a.Name, name, text)), nil
}

// asNotExportable tells whether an error says why a check cannot be a policy.
func asNotExportable(err error) (string, bool) {
	var n notExportable
	ok := errors.As(err, &n)
	return n.why, ok
}
