package rule

import (
	"fmt"
	"slices"
	"strings"
	"sync"

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

// bindDerived prepares the derived attributes of all kinds.
func (t *Types) bindDerived(kinds []*kind.Kind) {
	for _, k := range kinds {
		for _, a := range k.All() {
			if f := t.fieldOf(k, a.Name); f != nil && a.Is != "" {
				f.derived = sync.OnceValues(func() (*Rule, error) { return t.Compile(a.Is, k, nil, a.Type) })
			}
		}
	}
}

// Verify compiles every derived attribute and finds those that depend on themselves.
func (t *Types) Verify(kinds []*kind.Kind) []error {
	var faults []error
	for _, k := range kinds {
		for _, a := range k.All() {
			f := t.fieldOf(k, a.Name)
			if f == nil || f.derived == nil {
				continue
			}
			if _, err := f.derived(); err != nil {
				faults = append(faults, located(k.File, a, err))
			} else if path := circle(f, []*field{f}); path != nil {
				faults = append(faults, located(k.File, a, fmt.Errorf("depends on itself: %s", strings.Join(path, " > "))))
			}
		}
	}
	return faults
}

// below returns the attributes that a derived attribute selects; none if it does not compile, which Verify tells.
func (f *field) below() []*field {
	if f.derived == nil {
		return nil
	}
	r, err := f.derived()
	if err != nil {
		return nil
	}
	return r.selects()
}

func circle(f *field, path []*field) []string {
	for _, next := range f.below() {
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
		if slices.Contains(path, next) {
			continue
		}
		if found := circle(next, append(path, next)); found != nil {
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

// Attributes returns the attributes that the rule and the derived attributes below it select.
func (r *Rule) Attributes() []*kind.Attribute {
	var list []*kind.Attribute
	seen := map[*field]bool{}
	var visit func([]*field)
	visit = func(fields []*field) {
		for _, f := range fields {
			if seen[f] {
				continue
			}
			seen[f] = true
			if f.attribute != nil {
				list = append(list, f.attribute)
			}
			visit(f.below())
		}
	}
	visit(r.selects())
	return list
}
