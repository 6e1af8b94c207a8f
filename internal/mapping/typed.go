package mapping

import (
	"fmt"
	"math"
	"strconv"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// typed brings a raw value to the type that the kind declares. What does not fit is unknown and says so.
func (t *target) typed(a *kind.Attribute, typ kind.Type, raw value.Value, f frame) value.Value {
	if typ.Base != kind.List && typ.Base != kind.Map {
		raw = single(raw)
	}
	if typ.Base == kind.Ref {
		return t.link(typ.Kind, raw, f.root(), 0)
	}
	if typ.Base == kind.List && typ.Elem.Base == kind.Ref {
		raw = listed(raw)
	}
	if !raw.IsKnown() {
		return raw
	}
	switch typ.Base {
	case kind.List:
		return t.typedList(a, *typ.Elem, raw, f)
	case kind.Map:
		return typedMap(raw)
	case kind.Object:
		return t.typedItem(a, raw, f)
	}
	if v, ok := scalar(typ.Base, raw); ok {
		return v
	}
	return value.Unresolved(value.Reason{Why: fmt.Sprintf("%s should be a %s", a.Name, typ)}).At(raw.Origin())
}

// listed makes a list of one reference that stands where a list of them is wanted. It is open where the reference is to an
// attribute that may itself be a list.
func listed(raw value.Value) value.Value {
	ref, exact := raw.ExactRef()
	if !exact || raw.IsKnown() {
		return raw
	}
	list := value.List(raw).At(raw.Origin())
	switch ref.Attribute {
	case "", "id", "arn", "name", "Arn", "Id":
		return list
	}
	return list.Open(raw.Reasons()...)
}

// single makes one value of a list that stands where one value is wanted: none of an empty list, the value on which all
// known elements agree, else unknown.
func single(v value.Value) value.Value {
	items, isList := v.AsList()
	if !isList {
		return v
	}
	if len(items) == 0 {
		if v.IsOpen() {
			return value.Unresolved(v.Reasons()...).At(v.Origin())
		}
		return value.None().At(v.Origin())
	}
	first := single(items[0])
	for _, item := range items[1:] {
		item = single(item)
		if first.IsUnknown() {
			return first
		}
		if item.IsUnknown() {
			return item
		}
		if !same(first, item) {
			return value.Unresolved(value.Reason{Why: "several different values are set"}).At(v.Origin())
		}
	}
	return first
}

func same(a, b value.Value) bool {
	refA, exactA := a.ExactRef()
	refB, exactB := b.ExactRef()
	if exactA || exactB {
		return exactA && exactB && refA == refB
	}
	return a.State() == b.State() && fmt.Sprint(a.Data()) == fmt.Sprint(b.Data())
}

func scalar(base kind.Base, v value.Value) (value.Value, bool) {
	keep := func(made value.Value) (value.Value, bool) {
		if v.IsDefault() {
			made = made.AsDefault()
		}
		return made.At(v.Origin()), true
	}
	switch base {
	case kind.Bool:
		switch data := v.Data().(type) {
		case bool:
			return v, true
		case string:
			if b, err := strconv.ParseBool(data); err == nil {
				return keep(value.Bool(b))
			}
		}
	case kind.Int:
		switch data := v.Data().(type) {
		case int64:
			return v, true
		case float64:
			if data == math.Trunc(data) && math.Abs(data) < 1<<53 {
				return keep(value.Int(int64(data)))
			}
		case string:
			if n, err := strconv.ParseInt(data, 10, 64); err == nil {
				return keep(value.Int(n))
			}
		}
	case kind.Double:
		switch data := v.Data().(type) {
		case float64:
			return v, true
		case int64:
			return keep(value.Float(float64(data)))
		case string:
			if x, err := strconv.ParseFloat(data, 64); err == nil {
				return keep(value.Float(x))
			}
		}
	case kind.String, kind.Time:
		switch data := v.Data().(type) {
		case string:
			return v, true
		case bool, int64, float64:
			return keep(value.String(fmt.Sprint(data)))
		}
	}
	return value.Value{}, false
}

func (t *target) typedList(a *kind.Attribute, elem kind.Type, raw value.Value, f frame) value.Value {
	items, isList := raw.AsList()
	if !isList {
		items = []value.Value{raw}
	}
	all := collector{origin: raw.Origin(), items: make([]value.Value, 0, len(items))}
	if isList && raw.IsOpen() {
		all.reasons = raw.Reasons()
	}
	for _, item := range items {
		if v := t.typed(a, elem, item, f); !v.IsAbsent() {
			all.items = append(all.items, v)
		}
	}
	return all.list()
}

func typedMap(raw value.Value) value.Value {
	if items, ok := raw.AsList(); ok && len(items) == 1 {
		raw = items[0]
	}
	if !raw.IsObject() {
		return value.Unresolved(value.Reason{Why: "a map was wanted"}).At(raw.Origin())
	}
	texts := make([]value.Member, 0, raw.Len())
	for k, v := range raw.Members() {
		if text, ok := scalar(kind.String, v); ok && v.IsKnown() {
			texts = append(texts, value.Member{Name: k, Value: text})
		} else if !v.IsAbsent() {
			texts = append(texts, value.Member{Name: k, Value: value.Unresolved(v.Reasons()...).At(v.Origin())})
		}
	}
	made := value.Packed(texts).At(raw.Origin())
	if raw.IsOpen() {
		made = made.Open(raw.Reasons()...)
	}
	return made
}

// typedItem reads the fields of one object of a list. Fields without places are those that a decoder made.
func (t *target) typedItem(a *kind.Attribute, raw value.Value, f frame) value.Value {
	if !raw.IsObject() {
		return value.Unresolved(value.Reason{Why: fmt.Sprintf("an element of %s is not an object", a.Name)}).At(raw.Origin())
	}
	item := frame{kind: f.kind, block: t.rowBlock(raw, f), body: raw, outer: &f}
	if f.outer != nil {
		item.outer = f.outer
	}
	fields := make([]value.Member, 0, len(a.Fields())) // packed: an estate has more items than anything else
	for _, field := range a.Fields() {
		if !t.wants(field) {
			fields = append(fields, value.Member{Name: field.Name, Value: unwanted})
			continue
		}
		var v value.Value
		if field.Anywhere() {
			v = t.attribute(field, item).Value
			if t.ofKubernetes() && v.Origin() == nil { // where whoever wants to set it looks
				v = v.At(raw.Origin())
			}
		} else if v = t.typed(field, field.Type, raw.Field(field.Name), item); v.IsAbsent() && field.Default != nil {
			v = field.DefaultValue()
		}
		fields = append(fields, value.Member{Name: field.Name, Value: v})
	}
	return value.Packed(fields).At(raw.Origin())
}

// rowBlock is the block that a row is the body of, if it came by a join, else the block that holds it.
func (t *target) rowBlock(raw value.Value, f frame) *resource.Block {
	if ref, ok := raw.ExactRef(); ok && t.byAddress[ref.Address] != nil {
		return t.byAddress[ref.Address]
	}
	return f.block
}

// maxHops bounds how far a reference is followed through aliases and through attributes that hold another reference.
const maxHops = 8

// link resolves a reference to the ID of a resource of a kind. A reference to what is not in the inventory stays known as
// a text, with the reason why nothing more is known of it. in is the root module that it is written in.
func (t *target) link(kindName string, raw value.Value, in string, hops int) value.Value {
	if ref, ok := raw.ExactRef(); ok && hops < maxHops {
		return t.linkBlock(kindName, ref, raw, hops)
	}
	text, isText := raw.AsString()
	if !isText {
		if raw.IsKnown() {
			return value.Unresolved(value.Reason{Why: "a reference was wanted"}).At(raw.Origin())
		}
		return raw
	}
	if text == "" {
		return value.None().At(raw.Origin())
	}
	switch r, several := t.meant(kindName, text, in); {
	case r != nil:
		return value.String(r.ID).At(raw.Origin())
	case several:
		return t.dangling(kindName, text, fmt.Sprintf("several resources are called %q", text), raw)
	}
	if id := t.builtin(kindName, text); id != "" {
		return value.String(id).At(raw.Origin())
	}
	if why := t.partial[kindName]; len(why) > 0 { // it may be one of those that could not be read
		return value.String(text).At(raw.Origin()).Open(why...)
	}
	return t.dangling(kindName, text, fmt.Sprintf("%q is not among the resources assessed", text), raw)
}

// builtin returns the ID of the provider's own resource that a text refers to, "" if there is none.
func (m *mapper) builtin(kindName, text string) string {
	for _, b := range m.builtins[kindName] {
		if b.match.MatchString(text) {
			return b.resource.ID
		}
	}
	return ""
}

// dangling is a reference to a resource of a kind, "" for any, that cannot be followed.
func (m *mapper) dangling(kindName, text, why string, raw value.Value) value.Value {
	grant := "assess what declares it too"
	if k := m.byName[kindName]; k != nil && k.Elsewhere != "" {
		grant = k.Elsewhere
	}
	return value.String(text).At(raw.Origin()).Open(value.Reason{Why: why, Grant: grant})
}

func (t *target) linkBlock(kindName string, ref value.Ref, raw value.Value, hops int) value.Value {
	for _, r := range t.made[ref.Address] {
		if kindName == "" || r.Kind.Name == kindName {
			return value.String(r.ID).At(raw.Origin())
		}
	}
	b := t.byAddress[ref.Address]
	if b == nil {
		return t.dangling(kindName, ref.Address, ref.Address+" is not declared in the code assessed", raw)
	}
	if k := t.byName[kindName]; k != nil {
		if argument, ok := k.Through[b.Type]; ok && !b.Data { // a lookup does not say where it leads
			return t.link(kindName, b.Body.Field(argument), root(b), hops+1)
		}
	}
	if held := b.Body.Field(ref.Attribute); ref.Attribute != "" && !b.Data && !held.IsAbsent() {
		return t.link(kindName, held, root(b), hops+1)
	}
	if b.Data {
		if id := t.builtin(kindName, ref.Address); id != "" { // the kind of lookup says enough
			return value.String(id).At(raw.Origin())
		}
		return t.dangling(kindName, ref.Address, ref.Address+" is looked up when the code runs", raw)
	}
	return t.dangling(kindName, ref.Address, ref.Address+" is of a kind that is not assessed", raw)
}
