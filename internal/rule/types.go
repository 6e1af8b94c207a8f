// Package rule type-checks and evaluates CEL over resources, with three answers: true, false and unknown.
//
// Types come from the kind files. What is unknown in a resource is unknown in CEL, carries its reasons to the answer, and
// never becomes false by way of has() or a list that may hold more. Every attribute that a rule reads is recorded.
// The package does not know where resources come from nor what an answer means for a safeguard, and a rule reaches no
// clock, file or network.
package rule

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"google.golang.org/protobuf/reflect/protoreflect"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// object is a CEL struct type: a kind, a group of a kind's attributes that share the first part of their name, an item of
// a list, or a check's parameters.
type object struct {
	name   string
	kind   *kind.Kind // nil for items and parameters
	prefix string     // of a group: "encryption"
	fields map[string]*field
	typ    *types.Type
	cel    map[string]*types.FieldType
}

// field is a member of an object: an attribute or a group of them.
type field struct {
	name      string
	attribute *kind.Attribute
	index     int // of the attribute among the kind's values
	group     *object
	item      *object               // of a list of objects
	target    *object               // of a ref
	derived   func() (*Rule, error) // of an attribute with is:; compiled when it is first read
	typ       *types.Type
}

// Types are the CEL types of a set of kinds.
type Types struct {
	registry *types.Registry
	env      func() (*cel.Env, error)
	kinds    map[string]*kind.Kind
	objects  map[string]*object
}

// anyResource is what a "ref any" leads to.
const anyResource = "any"

// NewTypes makes the CEL types of the kinds. Derived attributes are compiled when they are first read; Verify compiles all.
func NewTypes(kinds []*kind.Kind) (*Types, []error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, []error{err}
	}
	t := &Types{registry: registry, kinds: map[string]*kind.Kind{}, objects: map[string]*object{}}
	t.env = sync.OnceValues(t.newEnvironment)
	var faults []error
	t.objects[anyResource] = newObject(anyResource, nil, "")
	for _, k := range kinds {
		t.kinds[k.Name] = k
		t.objects[k.Name] = newObject(k.Name, k, "")
	}
	for _, k := range kinds {
		for i, a := range k.All() {
			if err := t.addAttribute(t.objects[k.Name], a, i); err != nil {
				faults = append(faults, fmt.Errorf("%s:%d: attribute %s: %w", k.File, a.Line, a.Name, err))
			}
		}
	}
	for _, o := range t.objects {
		o.seal()
	}
	t.bindDerived(kinds)
	return t, faults
}

func newObject(name string, k *kind.Kind, prefix string) *object {
	return &object{name: name, kind: k, prefix: prefix, fields: map[string]*field{}, typ: types.NewObjectType(name)}
}

// addAttribute puts the attribute into its object, making the groups on the way to it.
func (t *Types) addAttribute(o *object, a *kind.Attribute, index int) error {
	parts := strings.Split(a.Name, ".")
	for i, part := range parts[:len(parts)-1] {
		f := o.fields[part]
		if f == nil {
			prefix := strings.Join(parts[:i+1], ".")
			group := newObject(o.name+"."+part, o.kind, prefix)
			t.objects[group.name] = group
			f = &field{name: part, group: group, typ: group.typ}
			o.fields[part] = f
		}
		if f.group == nil {
			return fmt.Errorf("%s is an attribute already, so nothing can stand below it", f.attribute.Name)
		}
		o = f.group
	}
	name := parts[len(parts)-1]
	if o.fields[name] != nil {
		return fmt.Errorf("a group of this name exists")
	}
	f, err := t.newField(o.name+"."+name, a)
	if err != nil {
		return err
	}
	f.name, f.index = name, index
	o.fields[name] = f
	return nil
}

// newField types one attribute; path names the object types of its items.
func (t *Types) newField(path string, a *kind.Attribute) (*field, error) {
	f := &field{name: a.Name, attribute: a}
	var err error
	f.typ, err = t.celType(f, path, a, a.Type)
	return f, err
}

func (t *Types) celType(f *field, path string, a *kind.Attribute, typ kind.Type) (*types.Type, error) {
	switch typ.Base {
	case kind.Bool:
		return types.BoolType, nil
	case kind.Int:
		return types.IntType, nil
	case kind.Double:
		return types.DoubleType, nil
	case kind.String:
		return types.StringType, nil
	case kind.Time:
		return types.TimestampType, nil
	case kind.Map:
		return types.NewMapType(types.StringType, types.StringType), nil
	case kind.Ref:
		name := typ.Kind
		if name == "" {
			name = anyResource
		}
		target, ok := t.objects[name]
		if !ok {
			return nil, fmt.Errorf("type %q refers to a kind that does not exist", typ)
		}
		f.target = target
		return target.typ, nil
	case kind.List:
		elem, err := t.celType(f, path, a, *typ.Elem)
		return types.NewListType(elem), err
	case kind.Object:
		if len(a.Fields()) == 0 {
			return nil, fmt.Errorf("a list of objects wants item: or a decoder that makes objects")
		}
		f.item = newObject(path+".item", nil, "")
		t.objects[f.item.name] = f.item
		for _, sub := range a.Fields() {
			member, err := t.newField(f.item.name+"."+sub.Name, sub)
			if err != nil {
				return nil, fmt.Errorf("item field %s: %w", sub.Name, err)
			}
			f.item.fields[sub.Name] = member
		}
		f.item.seal()
		return f.item.typ, nil
	}
	return nil, fmt.Errorf("type is missing")
}

// seal makes the CEL view of the fields.
func (o *object) seal() {
	o.cel = make(map[string]*types.FieldType, len(o.fields))
	for name, f := range o.fields {
		o.cel[name] = &types.FieldType{
			Type: f.typ,
			IsSet: func(target any) bool {
				n, ok := target.(*node)
				return !ok || n.isSet(f)
			},
			GetFrom: func(target any) (any, error) {
				switch target := target.(type) {
				case *node:
					return target.get(f), nil
				case *types.Unknown:
					return target, nil
				case ref.Val:
					return target, nil
				}
				return nil, fmt.Errorf("%s is asked of %T", f.name, target)
			},
		}
	}
}

// The rest implements types.Provider and types.Adapter.

// EnumValue implements types.Provider; there are no enumerations.
func (t *Types) EnumValue(name string) ref.Val { return t.registry.EnumValue(name) }

// FindIdent implements types.Provider.
func (t *Types) FindIdent(name string) (ref.Val, bool) { return t.registry.FindIdent(name) }

// FindStructType implements types.Provider.
func (t *Types) FindStructType(name string) (*types.Type, bool) {
	if o, ok := t.objects[name]; ok {
		return types.NewTypeTypeWithParam(o.typ), true
	}
	return t.registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (t *Types) FindStructFieldNames(name string) ([]string, bool) {
	o, ok := t.objects[name]
	if !ok {
		return t.registry.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(o.fields))
	for n := range o.fields {
		names = append(names, n)
	}
	sort.Strings(names)
	return names, true
}

// FindStructFieldType implements types.Provider.
func (t *Types) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if o, ok := t.objects[name]; ok {
		f, ok := o.cel[field]
		return f, ok
	}
	return t.registry.FindStructFieldType(name, field)
}

// NewValue implements types.Provider: rules make no structs.
func (t *Types) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("a rule cannot make a %s", name)
}

// NativeToValue implements types.Adapter.
func (t *Types) NativeToValue(v any) ref.Val {
	if val, ok := v.(ref.Val); ok {
		return val
	}
	return t.registry.NativeToValue(v)
}

// reasonsOf is value.Value.Reasons with the grants kept, for the absent too.
func reasonsOf(v value.Value, name string) []value.Reason {
	if v.IsAbsent() {
		return []value.Reason{{Why: name + " is not set, and what holds then is not known", Grant: "set it"}}
	}
	return v.Reasons()
}

// RegisterType lets CEL's own libraries declare their types.
func (t *Types) RegisterType(all ...ref.Type) error { return t.registry.RegisterType(all...) }

// RegisterDescriptor is part of what cel-go asks of a provider; rules use no messages.
func (t *Types) RegisterDescriptor(file protoreflect.FileDescriptor) error {
	return t.registry.RegisterDescriptor(file)
}
