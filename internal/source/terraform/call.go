package terraform

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// call is a function call whose arguments are evaluated.
type call struct {
	scope *scope
	expr  *hclsyntax.FunctionCallExpr
	name  string
	args  []cty.Value
}

func (c *call) fault(what string) error { return faultf(c.expr.NameRange, "%s: %s", c.name, what) }

// unresolved is the result of a call that cannot be computed: unknown for the reasons of its arguments.
func (c *call) unresolved() cty.Value {
	v := derived(cty.DynamicVal, c.args...)
	if s := sortMarks(v.Marks()); len(s.refs) == 0 && len(s.reasons) == 0 {
		return derived(v, unknown(c.name+"() cannot be computed of these arguments ("+at(c.expr.NameRange)+")"))
	}
	return v
}

// special are the functions that know marks, open collections, blocks or files.
func special() map[string]func(*call) (cty.Value, error) {
	functions := collectionFunctions()
	maps.Copy(functions, fileFunctions())
	return functions
}

func (s *scope) call(expr *hclsyntax.FunctionCallExpr) (cty.Value, error) {
	c := &call{scope: s, expr: expr, name: expr.Name}
	if rest, ok := cutCore(c.name); ok {
		c.name = rest
	}
	switch c.name {
	case "try":
		return c.try()
	case "can":
		return c.can()
	}
	open, err := c.evaluate()
	if err != nil {
		return cty.NilVal, err
	}
	if open {
		return c.unresolved(), nil
	}
	if f, ok := s.mod.estate.special[c.name]; ok {
		if unary[c.name] && len(c.args) != 1 {
			return cty.NilVal, c.fault("wrong number of arguments")
		}
		return f(c)
	}
	if why, ok := volatile[c.name]; ok {
		return derived(cty.UnknownVal(cty.String), append(c.args, unknown(c.name+"() "+why))...), nil
	}
	f, ok := builtins[c.name]
	if !ok {
		return derived(cty.DynamicVal, append(c.args, unknown("the function "+c.name+" is not known here"))...), nil
	}
	return c.builtin(f)
}

// unary are the functions of one argument that are not in builtins.
var unary = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range []string{"alltrue", "anytrue", "compact", "distinct", "file", "filebase64", "filebase64sha256",
		"filebase64sha512", "fileexists", "filemd5", "filesha1", "filesha256", "filesha512", "flatten", "jsonencode", "keys",
		"length", "nonsensitive", "one", "reverse", "sensitive", "sort", "sum", "tolist", "tomap", "toset", "transpose",
		"values"} {
		names[name] = true
	}
	return names
}()

func cutCore(name string) (string, bool) {
	const prefix = "core::"
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):], true
	}
	return name, false
}

// evaluate evaluates the arguments. open is true if the last one, written with "...", is a list that is not known to
// its end.
func (c *call) evaluate() (open bool, err error) {
	for i, arg := range c.expr.Args {
		v, err := c.scope.part(arg)
		if err != nil {
			return false, err
		}
		if !c.expr.ExpandFinal || i < len(c.expr.Args)-1 {
			c.args = append(c.args, v)
			continue
		}
		list, ok := elements(v)
		if !ok {
			if plain, _ := v.Unmark(); plain.IsKnown() {
				return false, c.fault("the last argument is not a list")
			}
			c.args = append(c.args, v)
			return !c.takesOpen(), nil
		}
		c.args = append(c.args, listOf(list.known)...)
		if list.more != nil {
			c.args = append(c.args, cty.DynamicVal.WithMarks(list.more))
			return !c.takesOpen(), nil
		}
	}
	return false, nil
}

// takesOpen tells whether a function makes sense of an unknown argument in place of any number of them.
func (c *call) takesOpen() bool {
	return slices.Contains([]string{"concat", "merge", "flatten", "setunion"}, c.name)
}

// builtin calls a function of the standard library.
func (c *call) builtin(f function.Function) (cty.Value, error) {
	params, variadic := f.Params(), f.VarParam()
	if len(c.args) < len(params) || variadic == nil && len(c.args) > len(params) {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	if !c.bounded() {
		return derived(cty.DynamicVal, append(c.args, unknown(c.name+"() gives more than this reader takes"))...), nil
	}
	args := make([]cty.Value, len(c.args))
	for i, v := range c.args {
		want := variadic
		if i < len(params) {
			want = &params[i]
		}
		converted, err := argument(v, want.Type)
		if err != nil {
			return cty.NilVal, c.fault("an argument has the wrong type")
		}
		args[i] = converted
	}
	out, err := f.Call(args)
	if err != nil {
		return cty.NilVal, c.fault("an argument is not valid")
	}
	return derived(out, c.args...), nil
}

// bounded tells whether the arguments can only give a result of reasonable size.
func (c *call) bounded() bool {
	for i, v := range c.args {
		plain, _ := v.UnmarkDeep()
		if !plain.IsKnown() || plain.IsNull() {
			continue
		}
		switch {
		case (c.name == "format" || c.name == "formatlist") && i == 0 && isString(plain):
			if wide(plain.AsString()) {
				return false
			}
		case c.name == "indent" && plain.Type() == cty.Number:
			if n, _ := plain.AsBigFloat().Int64(); n > 1_000 {
				return false
			}
		case c.name == "pow" && plain.Type() == cty.Number:
			if n, _ := plain.AsBigFloat().Float64(); n > 1_000_000 || n < -1_000_000 {
				return false
			}
		}
	}
	return true
}

// wide tells whether a format asks for a width or precision of more than three digits, or takes it from an argument.
func wide(format string) bool {
	digits := 0
	for _, r := range format {
		if r < '0' || r > '9' {
			digits = 0
			continue
		}
		if digits++; digits > 3 {
			return len(format) < 1 || containsWidth(format)
		}
	}
	return false
}

// containsWidth tells whether four digits follow a percent sign with nothing but flags between.
func containsWidth(format string) bool {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		digits := 0
		for j := i + 1; j < len(format); j++ {
			switch b := format[j]; {
			case b >= '0' && b <= '9':
				if digits++; digits > 3 {
					return true
				}
				continue
			case b == '.' || b == '+' || b == '-' || b == ' ' || b == '#' || b == '[' || b == ']':
				digits = 0
				continue
			}
			break
		}
	}
	return false
}

// try returns the first argument that can be evaluated. Where it is not known whether an argument can, later ones may
// count too.
func (c *call) try() (cty.Value, error) {
	strict := c.scope.with(nil)
	strict.strict = true
	if c.expr.ExpandFinal {
		return unknown("try is called with a list of arguments: " + at(c.expr.NameRange)), nil
	}
	var doubtful []cty.Value
	for _, arg := range c.expr.Args {
		v, err := strict.eval(arg)
		if err != nil {
			continue
		}
		sure := certain(v)
		if len(doubtful) == 0 && sure {
			return v, nil
		}
		doubtful = append(doubtful, v)
		if sure {
			break
		}
	}
	switch len(doubtful) {
	case 0:
		return cty.NilVal, c.fault("no argument can be evaluated")
	case 1:
		return doubtful[0], nil
	}
	return derived(cty.DynamicVal, doubtful...), nil
}

// certain tells whether an expression that gave v would give something whatever is not known yet: a known value, or
// an attribute of a block that exists.
func certain(v cty.Value) bool {
	if _, ok := elements(v); ok {
		return true
	}
	plain, marks := v.Unmark()
	s := sortMarks(marks)
	for _, reason := range s.reasons {
		if reason.maybe {
			return false
		}
	}
	return plain.IsKnown() || s.exact() || s.text != ""
}

func (c *call) can() (cty.Value, error) {
	strict := c.scope.with(nil)
	strict.strict = true
	if len(c.expr.Args) != 1 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	v, err := strict.eval(c.expr.Args[0])
	switch {
	case err != nil:
		return cty.False, nil
	case certain(v):
		return cty.True, nil
	}
	return derived(cty.UnknownVal(cty.Bool), v), nil
}
