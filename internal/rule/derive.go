package rule

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"ward.dev/ward/internal/kind"
)

func located(file string, a *kind.Attribute, err error) error {
	return fmt.Errorf("%s:%d: attribute %s: %w", file, a.Line, a.Name, err)
}

// fieldOf returns the field of a kind's attribute, nil if the attribute is at fault and has none.
func (t *Types) fieldOf(k *kind.Kind, name string) *field {
	o := t.objects[k.Name]
	parts := strings.Split(name, ".")
	for _, part := range parts[:len(parts)-1] {
		f := o.fields[part]
		if f == nil || f.group == nil {
			return nil
		}
		o = f.group
	}
	return o.fields[parts[len(parts)-1]]
}

// circles finds derived attributes that depend on themselves.
func (t *Types) circles(kinds []*kind.Kind) []error {
	var faults []error
	for _, k := range kinds {
		for _, a := range k.All() {
			f := t.fieldOf(k, a.Name)
			if f == nil || f.derived == nil {
				continue
			}
			if path := t.circle(f, []*field{f}); path != nil {
				faults = append(faults, located(k.File, a, fmt.Errorf("depends on itself: %s", strings.Join(path, " > "))))
			}
		}
	}
	return faults
}

func (t *Types) circle(f *field, path []*field) []string {
	for _, next := range f.derived.selects() {
		if next.derived == nil {
			continue
		}
		if next == path[0] {
			var names []string
			for _, p := range append(path, next) {
				names = append(names, p.attribute.Name)
			}
			return names
		}
		seen := false
		for _, p := range path {
			seen = seen || p == next
		}
		if seen {
			continue
		}
		if found := t.circle(next, append(path, next)); found != nil {
			return found
		}
	}
	return nil
}

// selects returns the attributes that the rule's text selects, of whatever object.
func (r *Rule) selects() []*field {
	var fields []*field
	native := r.ast.NativeRep()
	ast.PostOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		operand, name, ok := selection(e)
		if !ok {
			return
		}
		typ := native.GetType(operand.ID())
		if typ != nil && typ.Kind() == types.OpaqueKind && len(typ.Parameters()) == 1 {
			typ = typ.Parameters()[0]
		}
		if typ == nil || typ.Kind() != types.StructKind {
			return
		}
		if o, ok := r.types.objects[typ.TypeName()]; ok && o.fields[name] != nil {
			fields = append(fields, o.fields[name])
		}
	}))
	return fields
}

func selection(e ast.Expr) (operand ast.Expr, name string, ok bool) {
	switch e.Kind() {
	case ast.SelectKind:
		return e.AsSelect().Operand(), e.AsSelect().FieldName(), true
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != "_?._" || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, "", false
		}
		return call.Args()[0], fmt.Sprint(call.Args()[1].AsLiteral().Value()), true
	}
	return nil, "", false
}

// Attributes returns the names of the attributes that the rule and the derived attributes below it select.
func (r *Rule) Attributes() []*kind.Attribute {
	var list []*kind.Attribute
	seen := map[*field]bool{}
	var visit func(*Rule)
	visit = func(r *Rule) {
		for _, f := range r.selects() {
			if seen[f] {
				continue
			}
			seen[f] = true
			if f.attribute != nil {
				list = append(list, f.attribute)
			}
			if f.derived != nil {
				visit(f.derived)
			}
		}
	}
	visit(r)
	return list
}
