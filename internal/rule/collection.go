package rule

import (
	"fmt"
	"reflect"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// list returns a CEL list: cel-go's own if all of it is known, else a partial one.
func (r *run) list(path string, f *field, elem kind.Type, v value.Value, items []value.Value) ref.Val {
	vals := make([]ref.Val, len(items), len(items)+1)
	whole := true
	for i, item := range items {
		at := path
		if elem.Base == kind.Object {
			at = path + "[" + strconv.Itoa(i) + called(item) + "]"
		}
		vals[i] = r.cel(at, f, elem, item)
		whole = whole && !types.IsUnknown(vals[i])
	}
	if whole && !v.IsOpen() {
		return types.NewRefValList(types.DefaultTypeAdapter, vals)
	}
	size := ref.Val(types.Int(len(vals)))
	if v.IsOpen() {
		more := r.unknown(path, v.Reasons())
		vals, size = append(vals, more), more
	}
	return &partial{vals: vals, size: size}
}

// called is the name of an object in a list, for whoever reads the evidence; "" if it has none.
func called(item value.Value) string {
	const most = 63 // as long as a name in Kubernetes
	held, _ := item.Member("name")
	if name, ok := held.AsString(); ok && name != "" && len(name) <= most {
		return " " + name
	}
	return ""
}

// partial is a list with unknown elements. One that is open ends in an unknown that stands for whatever else there may be,
// so that "exists" and "all" answer unknown unless a known element decides.
//
// It MUST NOT implement traits.Lister, of which traits.Adder would be the last part: cel-go takes the size of a Lister to
// be a number.
type partial struct {
	vals []ref.Val
	size ref.Val
}

var (
	_ traits.Container = (*partial)(nil)
	_ traits.Iterable  = (*partial)(nil)
	_ traits.Indexer   = (*partial)(nil)
	_ traits.Sizer     = (*partial)(nil)
)

func (p *partial) unknowns() ref.Val {
	var all *types.Unknown
	for _, v := range p.vals {
		if u, ok := v.(*types.Unknown); ok {
			all = types.MergeUnknowns(all, u)
		}
	}
	return all
}

// Contains implements traits.Container.
func (p *partial) Contains(wanted ref.Val) ref.Val {
	if types.IsUnknownOrError(wanted) {
		return wanted
	}
	for _, v := range p.vals {
		if !types.IsUnknown(v) && types.Equal(v, wanted) == types.True {
			return types.True
		}
	}
	return p.unknowns()
}

// Iterator implements traits.Iterable.
func (p *partial) Iterator() traits.Iterator { return &iterator{vals: p.vals} }

// Get implements traits.Indexer.
func (p *partial) Get(index ref.Val) ref.Val {
	i, ok := index.(types.Int)
	if !ok || i < 0 || int(i) >= len(p.vals) {
		if types.IsUnknown(p.size) {
			return p.size
		}
		return types.NewErr("index %v is out of range", index)
	}
	return p.vals[i]
}

// Size implements traits.Sizer.
func (p *partial) Size() ref.Val { return p.size }

// Equal implements ref.Val.
func (p *partial) Equal(ref.Val) ref.Val { return p.unknowns() }

// ConvertToNative implements ref.Val.
func (p *partial) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a list with unknown elements does not convert to %s", t)
}

// ConvertToType implements ref.Val.
func (p *partial) ConvertToType(ref.Type) ref.Val { return p.unknowns() }

// Type implements ref.Val.
func (p *partial) Type() ref.Type { return types.ListType }

// Value implements ref.Val.
func (p *partial) Value() any { return p }

type iterator struct {
	vals []ref.Val
	next int
}

func (i *iterator) HasNext() ref.Val { return types.Bool(i.next < len(i.vals)) }
func (i *iterator) Next() ref.Val    { i.next++; return i.vals[i.next-1] }

func (i *iterator) ConvertToNative(reflect.Type) (any, error) { return nil, fmt.Errorf("an iterator") }
func (i *iterator) ConvertToType(ref.Type) ref.Val            { return types.NewErr("an iterator") }
func (i *iterator) Equal(ref.Val) ref.Val                     { return types.False }
func (i *iterator) Type() ref.Type                            { return types.IteratorType }
func (i *iterator) Value() any                                { return i }

// mapping is a map of strings to strings, some of which may be unknown.
type mapping struct {
	run  *run
	path string
	of   value.Value
}

var _ traits.Mapper = (*mapping)(nil)

// Find implements traits.Mapper.
func (m *mapping) Find(key ref.Val) (ref.Val, bool) {
	if types.IsUnknownOrError(key) {
		return key, true
	}
	name := fmt.Sprint(key.Value())
	v, ok := m.of.Member(name)
	switch {
	case ok && v.IsKnown():
		return types.String(fmt.Sprint(v.Data())), true
	case ok && v.IsUnknown():
		return m.run.unknown(m.path+"."+name, v.Reasons()), true
	case !ok && m.of.IsOpen():
		return m.run.unknown(m.path+"."+name, m.of.Reasons()), true
	}
	return nil, false
}

// Get implements traits.Indexer.
func (m *mapping) Get(key ref.Val) ref.Val {
	if v, ok := m.Find(key); ok {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Contains implements traits.Container. An entry whose value is unknown is there.
func (m *mapping) Contains(key ref.Val) ref.Val {
	if types.IsUnknownOrError(key) {
		return key
	}
	if _, ok := m.of.Member(fmt.Sprint(key.Value())); ok {
		return types.True
	}
	if m.of.IsOpen() {
		return m.run.unknown(m.path, m.of.Reasons())
	}
	return types.False
}

// Iterator implements traits.Iterable: over the keys, and an unknown one if there may be more.
func (m *mapping) Iterator() traits.Iterator {
	var keys []ref.Val
	for _, k := range m.of.Keys() {
		keys = append(keys, types.String(k))
	}
	if m.of.IsOpen() {
		keys = append(keys, m.run.unknown(m.path, m.of.Reasons()))
	}
	return &iterator{vals: keys}
}

// Size implements traits.Sizer.
func (m *mapping) Size() ref.Val {
	if m.of.IsOpen() {
		return m.run.unknown(m.path, m.of.Reasons())
	}
	return types.Int(m.of.Len())
}

// Equal implements ref.Val.
func (m *mapping) Equal(ref.Val) ref.Val { return types.NewErr("maps are not compared") }

// ConvertToNative implements ref.Val.
func (m *mapping) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a map does not convert to %s", t)
}

// ConvertToType implements ref.Val.
func (m *mapping) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a map does not convert to %s", t.TypeName())
}

// Type implements ref.Val.
func (m *mapping) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (m *mapping) Value() any { return m }

// arguments is the map of a check's parameters. They are constants, and no evidence.
type arguments struct {
	run *run
	of  value.Value
}

var _ traits.Mapper = (*arguments)(nil)

// Find implements traits.Mapper.
func (a *arguments) Find(key ref.Val) (ref.Val, bool) {
	v := a.of.Field(fmt.Sprint(key.Value()))
	if !v.IsKnown() {
		return nil, false
	}
	return types.DefaultTypeAdapter.NativeToValue(v.Plain()), true
}

// Get implements traits.Indexer.
func (a *arguments) Get(key ref.Val) ref.Val {
	if v, ok := a.Find(key); ok {
		return v
	}
	return types.NewErr("there is no parameter %v", key.Value())
}

// Contains implements traits.Container.
func (a *arguments) Contains(key ref.Val) ref.Val {
	_, ok := a.Find(key)
	return types.Bool(ok)
}

// Iterator implements traits.Iterable.
func (a *arguments) Iterator() traits.Iterator { return &iterator{} }

// Size implements traits.Sizer.
func (a *arguments) Size() ref.Val { return types.Int(len(a.of.Keys())) }

// Equal implements ref.Val.
func (a *arguments) Equal(ref.Val) ref.Val {
	return types.NewErr("parameters are not compared as a whole")
}

// ConvertToNative implements ref.Val.
func (a *arguments) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("parameters do not convert to %s", t)
}

// ConvertToType implements ref.Val.
func (a *arguments) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("parameters do not convert to %s", t.TypeName())
}

// Type implements ref.Val.
func (a *arguments) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (a *arguments) Value() any { return a }
