package terraform

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// input is a value that the user gave for a variable of a root module.
type input struct {
	v   cty.Value
	raw *string // of --var: an expression where the variable is not a string
}

// variable returns var.name, NilVal if it is not declared.
func (m *module) variable(name string) cty.Value {
	d, ok := m.config.variables[name]
	if !ok {
		return cty.NilVal
	}
	return m.once("var."+name, func() cty.Value {
		v := m.given(d)
		if m.isSet(d, "sensitive") {
			v = hidden(v, reasonMark{why: m.in("var."+name) + " is sensitive", expr: m.in("var." + name)})
		}
		return v
	})
}

// given returns the variable's value in its type: what was passed, else its default.
func (m *module) given(d *decl) cty.Value {
	want, defaults := constraint(d)
	missing := reasonMark{why: m.in("var."+d.name) + " has no value", expr: m.in("var." + d.name)}
	v, ok := m.passed(d, want)
	if m.parent == nil {
		missing.grant = "--var " + d.name + "=VALUE"
	}
	nullable := true
	if attr, set := d.body.Attributes["nullable"]; set {
		plain, err := argument(m.scope.result(attr.Expr), cty.Bool)
		nullable = err != nil || !plain.IsKnown() || plain.IsNull() || plain.True()
	}
	if plain, _ := v.Unmark(); ok && (nullable || !plain.IsKnown() || !plain.IsNull()) {
		return m.typed(d, v, want, defaults)
	}
	attr, ok := d.body.Attributes["default"]
	if !ok {
		return cty.UnknownVal(bare(want)).Mark(missing)
	}
	return m.typed(d, m.scope.result(attr.Expr), want, defaults)
}

// bare returns a type of which an unknown value may be made.
func bare(ty cty.Type) cty.Type {
	if ty.IsPrimitiveType() {
		return ty
	}
	return cty.DynamicPseudoType
}

// passed returns what the caller or the user passes for the variable.
func (m *module) passed(d *decl, want cty.Type) (cty.Value, bool) {
	if m.parent != nil {
		attr, ok := m.call.body.Attributes[d.name]
		if !ok {
			return cty.NullVal(cty.DynamicPseudoType), false
		}
		return m.outer.result(attr.Expr), true
	}
	in, ok := m.inputs[d.name]
	if !ok {
		return cty.NullVal(cty.DynamicPseudoType), false
	}
	if in.raw == nil {
		return in.v, true
	}
	if want == cty.DynamicPseudoType && d.body.Attributes["type"] == nil || want.IsPrimitiveType() {
		return cty.StringVal(*in.raw), true
	}
	if tooDeep([]byte(*in.raw), nativeSyntax) {
		return unknown(fmt.Sprintf("--var %s nests too deep", d.name)), true
	}
	expr, diags := hclsyntax.ParseExpression([]byte(*in.raw), "--var "+d.name, hcl.InitialPos)
	if diags.HasErrors() {
		return unknown(fmt.Sprintf("--var %s is not an expression", d.name)), true
	}
	bareScope := &scope{mod: m, bare: true}
	return bareScope.result(expr), true
}

func (m *module) typed(d *decl, v cty.Value, want cty.Type, defaults *typeexpr.Defaults) cty.Value {
	if defaults != nil {
		v = defaults.Apply(v)
	}
	out, err := m.scope.convertTo(v, want)
	if err != nil {
		return unknown(fmt.Sprintf("the value of %s is not of its type (%s)", m.in("var."+d.name), at(d.rng)))
	}
	return out
}

// constraint returns the type that a variable declares.
func constraint(d *decl) (cty.Type, *typeexpr.Defaults) {
	attr, ok := d.body.Attributes["type"]
	if !ok {
		return cty.DynamicPseudoType, nil
	}
	expr := attr.Expr
	if literal, ok := literalString(expr); ok { // JSON, and the syntax before 0.12
		if tooDeep([]byte(literal), nativeSyntax) {
			return cty.DynamicPseudoType, nil
		}
		parsed, diags := hclsyntax.ParseExpression([]byte(literal), attr.SrcRange.Filename, attr.SrcRange.Start)
		if diags.HasErrors() {
			return cty.DynamicPseudoType, nil
		}
		expr = parsed
	}
	switch hcl.ExprAsKeyword(expr) { // the syntax before 0.12
	case "list":
		return cty.List(cty.DynamicPseudoType), nil
	case "map":
		return cty.Map(cty.DynamicPseudoType), nil
	}
	ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
	if diags.HasErrors() {
		return cty.DynamicPseudoType, nil
	}
	return ty, defaults
}

func literalString(expr hclsyntax.Expression) (string, bool) {
	template, ok := expr.(*hclsyntax.TemplateExpr)
	if !ok || !template.IsStringLiteral() {
		return "", false
	}
	v, diags := template.Value(nil)
	if diags.HasErrors() || !isString(v) {
		return "", false
	}
	return v.AsString(), true
}

// hidden replaces every string of a sensitive value: it must never be shown. Numbers and bools stay, since checks ask
// for them and they are no secrets.
func hidden(v cty.Value, why reasonMark) cty.Value {
	plain, marks := v.Unmark()
	c, ok := elements(v)
	switch {
	case ok:
		c.known = hiddenElements(c.known, why)
		if c.rest != cty.NilVal {
			c.rest = hidden(c.rest, why)
		}
		return c.value()
	case plain.Type() == cty.String && !(plain.IsKnown() && plain.IsNull()):
		return cty.UnknownVal(cty.String).WithMarks(flat(marks)).Mark(why)
	}
	return v
}

func hiddenElements(v cty.Value, why reasonMark) cty.Value {
	if ty := v.Type(); ty.IsObjectType() || ty.IsMapType() {
		members := map[string]cty.Value{}
		for it := v.ElementIterator(); it.Next(); {
			key, member := it.Element()
			members[key.AsString()] = hidden(member, why)
		}
		return cty.ObjectVal(members)
	}
	items := listOf(v)
	for i := range items {
		items[i] = hidden(items[i], why)
	}
	return cty.TupleVal(items)
}

// readInputs gathers the values of a root module's variables. Later ones win, in Terraform's order: terraform.tfvars,
// terraform.tfvars.json, *.auto.tfvars by name, --var-file, --var.
func (m *module) readInputs() {
	m.inputs = map[string]input{}
	e := m.estate
	var auto []string
	for _, name := range e.namesIn(m.config.dir) {
		if strings.HasSuffix(name, ".auto.tfvars") || strings.HasSuffix(name, ".auto.tfvars.json") {
			auto = append(auto, name)
		}
	}
	slices.Sort(auto)
	for _, name := range append([]string{"terraform.tfvars", "terraform.tfvars.json"}, auto...) {
		name = path.Join(m.config.dir, name)
		if _, err := e.files.root.Stat(name); err != nil {
			continue
		}
		src, err := e.files.file(name, maxFile)
		if err != nil {
			e.gap(e.shown(name), err.Error(), "")
			continue
		}
		m.addInputs(e.shown(name), src)
	}
	for _, file := range e.varFiles {
		m.addInputs(file.name, file.src)
	}
	for name, raw := range e.options.Vars {
		m.inputs[name] = input{raw: &raw}
	}
}

func (m *module) addInputs(name string, src []byte) {
	lang := nativeSyntax
	if filepath.Ext(name) == ".json" {
		lang = jsonSyntax
	}
	if tooDeep(src, lang) {
		m.estate.gap(name, fmt.Sprintf("nests deeper than %d levels", maxNesting), "")
		return
	}
	var file *hcl.File
	var diags hcl.Diagnostics
	if lang == jsonSyntax {
		file, diags = hcljson.Parse(src, name)
	} else {
		file, diags = hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	}
	m.estate.faults(name, diags)
	if file == nil || file.Body == nil {
		return
	}
	attrs, diags := file.Body.JustAttributes()
	m.estate.faults(name, diags)
	for _, key := range sortedKeys(attrs) {
		v, diags := attrs[key].Expr.Value(nil)
		if diags.HasErrors() {
			m.estate.faults(name, diags)
			v = unknown(fmt.Sprintf("the value of var.%s cannot be read (%s)", key, at(attrs[key].Range)))
		}
		m.inputs[key] = input{v: v}
	}
}
