package rule

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// node is an object in CEL: a resource or a group of its attributes, or an item of a list.
type node struct {
	of       *object
	run      *run
	path     string             // of the resource or item from self, for the evidence: "encryption.key"; "" for self
	resource *resource.Resource // of kinds and groups; nil for items, and for a ref to what is not in the inventory
	item     value.Value        // of items
	missing  []value.Reason     // of a ref to what is not in the inventory
}

var (
	_ ref.Val            = (*node)(nil)
	_ traits.Indexer     = (*node)(nil)
	_ traits.FieldTester = (*node)(nil)
)

// raw returns the value of a field that is an attribute.
func (n *node) raw(f *field) value.Value {
	switch {
	case n.of.kind == nil:
		n.run.hangsOn(f.attribute)
		return n.item.Field(f.name)
	case n.resource == nil:
		return value.Unresolved(n.missing...)
	case n.resource == n.run.self:
		n.run.hangsOn(f.attribute)
	}
	return n.resource.Values[f.index]
}

// below is the path of a field from self. Attributes of self are the most read by far; theirs costs nothing.
func (n *node) below(f *field) string {
	name := f.name
	if n.of.kind != nil && f.attribute != nil {
		name = f.attribute.Name
	}
	if n.path == "" {
		return name
	}
	return n.path + "." + name
}

// isSet tells CEL whether to call get: yes for the unknown, whose get is unknown.
func (n *node) isSet(f *field) bool {
	if f.group != nil || f.derived != nil {
		return true
	}
	v := n.raw(f)
	if v.IsAbsent() {
		n.run.read(n.below(f), v, f.attribute)
	}
	return !v.IsAbsent()
}

// get returns the CEL value of a field.
func (n *node) get(f *field) ref.Val {
	if f.group != nil {
		return &node{of: f.group, run: n.run, path: n.path, resource: n.resource, missing: n.missing}
	}
	path := n.below(f)
	if f.derived != nil {
		return n.run.derive(n, f, path)
	}
	v := n.raw(f)
	n.run.read(path, v, f.attribute)
	return n.run.cel(path, f, f.attribute.Type, v)
}

// cel turns what is known of an attribute into a CEL value.
func (r *run) cel(path string, f *field, typ kind.Type, v value.Value) ref.Val {
	if !v.IsKnown() {
		return r.unknown(path, reasonsOf(v, path))
	}
	mismatch := func() ref.Val {
		return r.unknown(path, []value.Reason{{Why: fmt.Sprintf("%s is not a %s", path, typ)}})
	}
	switch typ.Base {
	case kind.Bool:
		if b, ok := v.Data().(bool); ok {
			return types.Bool(b)
		}
	case kind.Int:
		if i, ok := v.Data().(int64); ok {
			return types.Int(i)
		}
	case kind.Double:
		switch d := v.Data().(type) {
		case float64:
			return types.Double(d)
		case int64:
			return types.Double(d)
		}
	case kind.String:
		if s, ok := v.Data().(string); ok {
			return types.String(s)
		}
	case kind.Time:
		s, _ := v.AsString()
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if at, err := time.Parse(layout, s); err == nil {
				return types.Timestamp{Time: at}
			}
		}
	case kind.Ref:
		if id, ok := v.AsString(); ok {
			return r.follow(path, f, id, v)
		}
	case kind.Object:
		if v.IsObject() {
			return &node{of: f.item, run: r, path: path, item: v}
		}
	case kind.Map:
		if v.IsObject() {
			return &mapping{run: r, path: path, of: v}
		}
	case kind.List:
		if items, ok := v.AsList(); ok {
			return r.list(path, f, *typ.Elem, v, items)
		}
	}
	return mismatch()
}

// follow returns the resource that a ref leads to, or a node of which all is unknown if it is not in the inventory.
func (r *run) follow(path string, f *field, id string, v value.Value) ref.Val {
	if target := r.world.Lookup(id); target != nil {
		of := f.target
		if of.kind != nil && target.Kind != of.kind {
			return r.unknown(path, []value.Reason{{Why: fmt.Sprintf("%s leads to a %s", path, target.Kind.Name)}})
		}
		return &node{of: of, run: r, path: path, resource: target}
	}
	reasons := v.Reasons()
	if len(reasons) == 0 {
		reasons = []value.Reason{{Why: fmt.Sprintf("%s leads to %q, which is not in this assessment", path, id)}}
	}
	return &node{of: f.target, run: r, path: path, missing: reasons}
}

// ConvertToNative implements ref.Val.
func (n *node) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s does not convert to %s", n.of.name, t)
}

// ConvertToType implements ref.Val.
func (n *node) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a %s does not convert to %s", n.of.name, t.TypeName())
}

// Equal implements ref.Val. Rules that compare structs are refused when they are compiled.
func (n *node) Equal(other ref.Val) ref.Val {
	return types.NewErr("structs are not compared")
}

// Type implements ref.Val.
func (n *node) Type() ref.Type { return n.of.typ }

// Value implements ref.Val.
func (n *node) Value() any { return n }

// Get implements traits.Indexer for selections whose type CEL only knows while it runs.
func (n *node) Get(index ref.Val) ref.Val {
	f, ok := n.of.fields[fmt.Sprint(index.Value())]
	if !ok {
		return types.NewErr("%s has no %v", n.of.name, index.Value())
	}
	return n.get(f)
}

// IsSet implements traits.FieldTester.
func (n *node) IsSet(index ref.Val) ref.Val {
	f, ok := n.of.fields[fmt.Sprint(index.Value())]
	if !ok {
		return types.NewErr("%s has no %v", n.of.name, index.Value())
	}
	return types.Bool(n.isSet(f))
}
