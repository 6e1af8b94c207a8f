// Package terraform turns the blocks of Terraform's provider for Kubernetes into the objects that the provider makes of them.
//
// It must not know how Terraform is read, nor what is right for an object; it reaches no file and no network.
//
// # Members
//
// The provider names members in snake case and those of which there may be several in the singular: "host_ipc" is hostIPC,
// "container" is containers. What belongs to what is found in the Go types of Kubernetes' API, so that there is no list of members,
// but for those that the provider calls otherwise (types.go). A member that has no counterpart leaves its object open: what is
// not said in it is unknown, not absent.
package terraform

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"ward.dev/ward/internal/value"
)

// Types are the types of blocks that Object knows, sorted.
func Types() []string {
	var all []string
	for name := range byType {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Object returns the object that a block of a type declares; ok is false for a type that Object does not know.
func Object(typ string, body value.Value) (made value.Value, ok bool) {
	o, ok := byType[typ]
	if !ok {
		return value.Value{}, false
	}
	shape := reflect.TypeOf(o.shape)
	made = withDefaults(shape, object(shape, body))
	members, isObject := made.AsObject()
	if !isObject {
		members = map[string]value.Value{}
	}
	members["apiVersion"] = value.String(o.apiVersion).At(body.Origin())
	members["kind"] = value.String(shape.Name()).At(body.Origin())
	if metadata := members["metadata"]; strings.HasPrefix(typ, "kubernetes_default_service_account") && metadata.Field("name").IsAbsent() {
		members["metadata"] = with(metadata, "name", value.String("default").At(body.Origin()))
	}
	return like(body, value.Object(members), made), true
}

// translate brings what a block says to the shape of a type of the API.
func translate(t reflect.Type, raw value.Value) value.Value {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case !raw.IsKnown():
		return raw
	case t == reflect.TypeFor[intstr.IntOrString]():
		return number(only(raw), 10)
	case t == reflect.TypeFor[resource.Quantity]():
		return text(only(raw))
	case t == reflect.TypeFor[meta.Time]():
		return only(raw)
	}
	switch t.Kind() {
	case reflect.Struct:
		if raw = only(raw); !raw.IsKnown() {
			return raw
		}
		return withDefaults(t, object(t, raw))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return text(only(raw))
		}
		return list(t.Elem(), raw)
	case reflect.Map:
		return labels(t.Elem(), only(raw))
	case reflect.Bool:
		return boolean(only(raw))
	case reflect.Int, reflect.Int32, reflect.Int64:
		return number(only(raw), 10)
	case reflect.String:
		if v := text(only(raw)); v.Data() != "" {
			return v
		}
		return value.None().At(raw.Origin()) // as the provider takes it
	}
	return raw
}

// object translates the members of one block.
func object(t reflect.Type, raw value.Value) value.Value {
	members, ok := raw.AsObject()
	if !ok {
		return value.Unresolved(value.Reason{Why: "a block was wanted"}).At(raw.Origin())
	}
	made := map[string]value.Value{}
	var odd []value.Reason
	for _, name := range raw.Keys() {
		place, known := placeOf(t, name)
		switch {
		case !known && !members[name].IsAbsent():
			odd = append(odd, value.Reason{Why: fmt.Sprintf("%s is no member of a %s", name, t.Name()), Grant: "assess the cluster"})
		case !known || place == nil:
		case place[0].name == inline:
			odd = append(odd, inlined(made, t, only(members[name]))...)
		default:
			set(made, place, members[name])
		}
	}
	v := like(raw, value.Object(made))
	if len(odd) > 0 {
		v = v.Open(odd...)
	}
	return v
}

// inlined adds the members of a block that the API has none of.
func inlined(into map[string]value.Value, t reflect.Type, raw value.Value) []value.Reason {
	if !raw.IsKnown() {
		return raw.Reasons()
	}
	inner := object(t, raw)
	for _, name := range inner.Keys() {
		into[name] = inner.Field(name)
	}
	if inner.IsOpen() || inner.IsUnknown() {
		return inner.Reasons()
	}
	return nil
}

// set puts a member where it belongs, perhaps some members down.
func set(into map[string]value.Value, place []member, raw value.Value) {
	first := place[0]
	if len(place) == 1 {
		v := translate(first.typ, raw)
		if first.name == "mode" || first.name == "defaultMode" { // of files
			v = number(text(only(raw)), 8)
		}
		if items, isList := v.AsList(); isList && len(items) == 0 && !v.IsOpen() && first.blocks() {
			v = value.None().At(raw.Origin()) // a plan writes so that there is none
		}
		if first.zeroIsNone && v.IsKnown() && (v.Data() == int64(0) || v.Data() == false) {
			v = value.None().At(raw.Origin())
		}
		if before, twice := into[first.name]; !twice || before.IsAbsent() {
			into[first.name] = v
		} else if more, ok := v.AsObject(); ok { // data and data_wo
			for key := range more {
				before = with(before, key, more[key])
			}
			into[first.name] = before
		}
		return
	}
	below, _ := into[first.name].AsObject()
	inner := make(map[string]value.Value, len(below)+1)
	for name, v := range below {
		inner[name] = v
	}
	set(inner, place[1:], raw)
	into[first.name] = value.Object(inner).At(raw.Origin())
}

// list translates the blocks of which there may be several.
func list(t reflect.Type, raw value.Value) value.Value {
	items, isList := raw.AsList()
	if !isList {
		items = []value.Value{raw} // JSON writes one as it is
	}
	all := make([]value.Value, len(items))
	for i, item := range items {
		all[i] = translate(t, item)
		if all[i].IsAbsent() && t.Kind() == reflect.String { // an empty text is one, such as the core of the groups
			all[i] = text(item)
		}
	}
	return like(raw, value.List(all...))
}

// labels translates a map.
func labels(t reflect.Type, raw value.Value) value.Value {
	members, ok := raw.AsObject()
	if !ok {
		return raw
	}
	all := make(map[string]value.Value, len(members))
	for key, v := range members {
		if t.Kind() == reflect.String || t == reflect.TypeFor[resource.Quantity]() {
			v = text(v)
		}
		all[key] = v
	}
	return like(raw, value.Object(all))
}

// only is the block where there can be one only, which Terraform writes as a list.
func only(raw value.Value) value.Value {
	items, isList := raw.AsList()
	switch {
	case !isList:
		return raw
	case len(items) == 0 && raw.IsOpen():
		return value.Unresolved(raw.Reasons()...).At(raw.Origin())
	case len(items) == 0:
		return value.None().At(raw.Origin())
	case len(items) > 1:
		return value.Unresolved(value.Reason{Why: "it is given several times"}).At(raw.Origin())
	}
	return items[0]
}

// withDefaults adds what the provider sets when nobody says.
func withDefaults(t reflect.Type, v value.Value) value.Value {
	for name, data := range defaults[t.Name()] {
		if !v.Field(name).IsAbsent() {
			continue
		}
		made := value.Bool(data == true)
		if text, ok := data.(string); ok {
			made = value.String(text)
		}
		v = with(v, name, made.AsDefault().At(v.Origin()))
	}
	return v
}

func with(v value.Value, name string, held value.Value) value.Value {
	members, _ := v.AsObject()
	all := make(map[string]value.Value, len(members)+1)
	for key, member := range members {
		all[key] = member
	}
	all[name] = held
	return like(v, value.Object(all))
}

// like gives made what is remembered of those that it was made of: where they were seen, and why there may be more.
func like(raw, made value.Value, more ...value.Value) value.Value {
	if o := raw.Origin(); o != nil {
		made = made.At(o)
	}
	for _, v := range append(more, raw) {
		if v.IsOpen() || v.IsUnknown() {
			return made.Open(v.Reasons()...)
		}
	}
	return made
}

func text(v value.Value) value.Value {
	if spelled, ok := v.Spelled(); ok && v.IsKnown() {
		return again(v, value.String(spelled))
	}
	return v
}

func boolean(v value.Value) value.Value {
	s, ok := v.AsString()
	if !ok {
		return v
	}
	if b, err := strconv.ParseBool(s); err == nil {
		return again(v, value.Bool(b))
	}
	return value.None().At(v.Origin())
}

// number reads a number that is written as a text, as the provider does where it must tell zero from nothing.
func number(v value.Value, base int) value.Value {
	s, ok := v.AsString()
	if !ok {
		return v
	}
	if n, err := strconv.ParseInt(s, base, 64); err == nil {
		return again(v, value.Int(n))
	} else if s == "" {
		return value.None().At(v.Origin())
	}
	return v
}

// again is a value in another type, with what is remembered of it.
func again(v, made value.Value) value.Value {
	if refs := v.Refs(); len(refs) > 0 {
		_, exact := v.ExactRef()
		made = made.Referring(exact, refs...)
	}
	return made.At(v.Origin())
}

// member is one of an API's type.
type member struct {
	name       string
	typ        reflect.Type
	zeroIsNone bool // Go's zero is not written
}

// blocks tells of a list that its elements are written as blocks.
func (m member) blocks() bool {
	t := m.typ
	return t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

const inline = ":inline"

// placeOf finds the members that lead to where a member of a block belongs; nil of what is for Terraform alone.
func placeOf(t reflect.Type, name string) (place []member, known bool) {
	path, renamed := special[t.Name()][name]
	if !renamed {
		if m, ok := find(t, name); ok {
			return []member{m}, true
		}
		_, ours := special["*"][name]
		return nil, ours
	}
	if path == "" {
		return nil, true
	}
	if path == inline {
		return []member{{name: inline}}, true
	}
	for step := range strings.SplitSeq(path, ".") {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		m := member{name: step}
		if t != nil && t.Kind() == reflect.Struct {
			if found, ok := find(t, step); ok {
				m = found
			}
		}
		if m.typ == nil { // of an older version of the API
			m.typ = reflect.TypeFor[any]()
		}
		place, t = append(place, m), m.typ
	}
	return place, true
}

// find returns the member of a type that a block calls by a name: the same but for case and underscores, or the singular.
func find(t reflect.Type, name string) (member, bool) {
	all := membersOf(t)
	plain := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	if m, ok := all[plain]; ok {
		return m, true
	}
	for _, plural := range []string{plain + "s", plain + "es", strings.TrimSuffix(plain, "y") + "ies"} {
		if m, ok := all[plural]; ok && m.typ.Kind() == reflect.Slice {
			return m, true
		}
	}
	return member{}, false
}

var members sync.Map // reflect.Type to map[string]member

// membersOf are the members of a type by their names in lower case.
func membersOf(t reflect.Type) map[string]member {
	if all, ok := members.Load(t); ok {
		return all.(map[string]member)
	}
	all := map[string]member{}
	addMembers(t, all)
	members.Store(t, all)
	return all
}

func addMembers(t reflect.Type, all map[string]member) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			addMembers(f.Type, all)
		case name != "":
			all[strings.ToLower(name)] = member{name, f.Type, strings.Contains(options, "omitempty") && f.Type.Kind() != reflect.Pointer}
		}
	}
}
