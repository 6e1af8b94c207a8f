// Package value holds what is known of one attribute: a tree in which every node is known, absent or unknown, and
// remembers where it was seen, why it is unknown and what it refers to.
//
// It must not know of kinds, checks, providers or file formats. Sources build values, everything above reads them.
//
// The zero Value is unknown. Nothing in this package turns an unknown into something definite.
package value

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// State says how much is known of a value.
type State uint8

const (
	// Unknown is the zero State: nothing could be learned, and Reasons says why.
	Unknown State = iota
	// Absent means that the source said there is none: an argument that is not set, a null.
	Absent
	// Known means that the value is there; lists and objects may still hold unknown elements or be open.
	Known
)

// String returns "unknown", "absent" or "known".
func (s State) String() string { return [...]string{"unknown", "absent", "known"}[s] }

// Reason says why something is unknown, and what would make it known.
type Reason struct {
	// Why is one clause that names the cause: "var.bucket_name has no value", "s3:GetBucketPolicy was denied".
	Why string
	// Grant is what the reader must be given to learn the value, "" if nothing helps: an IAM action such as
	// "s3:GetBucketPolicy", or an input such as "--var bucket_name=...".
	Grant string
}

// Origin is where a value was seen. The zero Origin means that it is not known where.
type Origin struct {
	File string // slash-separated path relative to the target's root; "" for what an API replied
	Line int    // 1-based; 0 when there is no line
	Path string // the place in the source's own vocabulary: "versioning_configuration.status"
	Call *Call  // the call whose reply it was read from; nil for files
}

// Call is one request to a provider's API.
type Call struct {
	API     string    // "s3:GetBucketPolicy": service and operation
	At      time.Time // when the reply came
	Account string    // the account that was asked about
	Region  string
	Caller  string // the identity that asked: an ARN
}

// String returns file:line, the file alone, or the API call.
func (o Origin) String() string {
	if o.Call != nil {
		return o.Call.API
	}
	if o.Line > 0 {
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	return o.File
}

// Ref is a reference to another block, in the source's own vocabulary.
type Ref struct {
	// Address is the block's address: "module.a.aws_kms_key.k[0]" or a CloudFormation logical id. Empty means any
	// block: something unresolved may point anywhere.
	Address string
	// Attribute is what was asked of it: "arn", "id", "Arn"; "" for the block itself.
	Attribute string
}

// meta is what a value remembers besides itself. There are millions, so what few of them have stands apart.
type meta struct {
	origin    *Origin
	isDefault bool
	*rare
}

type rare struct {
	reasons []Reason
	refs    []Ref
	exact   bool
	text    string
}

var nothingRare = &rare{}

// Value is a node of the tree. Values are immutable; the With methods return copies. Copying is cheap.
type Value struct {
	data  any // bool, int64, float64, string, []Value, map[string]Value, fields
	meta  *meta
	state State
}

// Constructors.

// Bool, Int, Float and String return known scalars.
func Bool(b bool) Value      { return Value{state: Known, data: b} }
func Int(n int64) Value      { return Value{state: Known, data: n} }
func Float(f float64) Value  { return Value{state: Known, data: f} }
func String(s string) Value  { return Value{state: Known, data: s} }
func List(vs ...Value) Value { return Value{state: Known, data: vs} }

// Strings returns a known list of known strings.
func Strings(ss ...string) Value {
	vs := make([]Value, len(ss))
	for i, s := range ss {
		vs[i] = String(s)
	}
	return List(vs...)
}

// Object returns a known object. A key that is not in it is absent, unless the object is Open.
func Object(m map[string]Value) Value {
	if m == nil {
		m = map[string]Value{}
	}
	return Value{state: Known, data: m}
}

// Compact is Object for what is kept in great numbers and read seldom: a small map takes half a kilobyte.
func Compact(m map[string]Value) Value {
	packed := make([]Member, 0, len(m))
	for name, v := range m {
		packed = append(packed, Member{name, v})
	}
	return Packed(packed)
}

// Packed is Compact of members in any order, of which it takes hold. The last one of a name counts.
func Packed(members []Member) Value {
	byName := func(a, b Member) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(members, byName) {
		slices.SortStableFunc(members, byName)
	}
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || members[i+1].Name != m.Name {
			kept = append(kept, m)
		}
	}
	return Value{state: Known, data: fields(kept)}
}

// Member is one of an object's.
type Member struct {
	Name  string
	Value Value
}

// fields are the members of an object that is packed, sorted by name.
type fields []Member

func (f fields) get(name string) (Value, bool) {
	i, ok := slices.BinarySearchFunc(f, name, func(one Member, name string) int { return strings.Compare(one.Name, name) })
	if !ok {
		return Value{}, false
	}
	return f[i].Value, true
}

func (f fields) unpacked() map[string]Value {
	m := make(map[string]Value, len(f))
	for _, one := range f {
		m[one.Name] = one.Value
	}
	return m
}

// None returns an absent value.
func None() Value { return Value{state: Absent} }

// Unresolved returns an unknown value with its reasons. Callers MUST give at least one.
func Unresolved(reasons ...Reason) Value {
	return Value{meta: &meta{rare: &rare{reasons: reasons}}}
}

func (v Value) with(change func(*meta)) Value {
	m := meta{rare: nothingRare}
	if v.meta != nil {
		m = *v.meta
	}
	change(&m)
	v.meta = &m
	return v
}

func (v Value) withRare(change func(*rare)) Value {
	return v.with(func(m *meta) {
		r := *m.rare
		change(&r)
		m.rare = &r
	})
}

// At returns v seen at o.
func (v Value) At(o *Origin) Value { return v.with(func(m *meta) { m.origin = o }) }

// Stamp marks values as seen at one place, sharing what they remember of it.
type Stamp struct{ m *meta }

// Seen returns the Stamp of a place.
func Seen(o *Origin) Stamp { return Stamp{&meta{origin: o, rare: nothingRare}} }

// Origin is the place.
func (s Stamp) Origin() *Origin { return s.m.origin }

// On returns v seen there.
func (s Stamp) On(v Value) Value {
	if v.meta != nil {
		return v.At(s.m.origin)
	}
	v.meta = s.m
	return v
}

// Open returns a known list or object of which there may be more than what it holds, for the given reasons.
// A key that an open object does not hold is unknown, not absent.
func (v Value) Open(reasons ...Reason) Value {
	return v.withRare(func(r *rare) { r.reasons = append(append([]Reason(nil), r.reasons...), reasons...) })
}

// Referring returns v with references to other blocks. exact says that v is nothing but that one reference: not one of
// several candidates, not a text around it.
func (v Value) Referring(exact bool, refs ...Ref) Value {
	return v.withRare(func(r *rare) { r.refs, r.exact = refs, exact && len(refs) == 1 })
}

// Text returns an unknown string of which a template is known: "arn:aws:s3:::${aws_s3_bucket.b.id}/*". Decoders of
// documents may parse it; nothing else may treat it as the value.
func (v Value) Text(template string) Value { return v.withRare(func(r *rare) { r.text = template }) }

// AsDefault returns v marked as the provider's default for an argument that nobody set.
func (v Value) AsDefault() Value { return v.with(func(m *meta) { m.isDefault = true }) }

// Readers.

// State tells how much is known.
func (v Value) State() State { return v.state }

// IsKnown, IsAbsent and IsUnknown tell the state.
func (v Value) IsKnown() bool   { return v.state == Known }
func (v Value) IsAbsent() bool  { return v.state == Absent }
func (v Value) IsUnknown() bool { return v.state == Unknown }

// Data returns bool, int64, float64, string, []Value or map[string]Value; nil unless known. Callers MUST NOT modify it.
func (v Value) Data() any {
	if packed, ok := v.data.(fields); ok {
		return packed.unpacked()
	}
	return v.data
}

// AsString, AsBool, AsList and AsObject return the known value if it is of that type.
func (v Value) AsString() (string, bool) { s, ok := v.data.(string); return s, ok }
func (v Value) AsBool() (bool, bool)     { b, ok := v.data.(bool); return b, ok }
func (v Value) AsList() ([]Value, bool)  { l, ok := v.data.([]Value); return l, ok }
func (v Value) AsObject() (map[string]Value, bool) {
	m, ok := v.Data().(map[string]Value)
	return m, ok
}

// IsObject tells whether v is a known object, without unpacking it as AsObject does.
func (v Value) IsObject() bool {
	switch v.data.(type) {
	case map[string]Value, fields:
		return true
	}
	return false
}

// Members yields the members of a known object, in any order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		switch data := v.data.(type) {
		case map[string]Value:
			maps.All(data)(yield)
		case fields:
			for i := range data {
				if !yield(data[i].Name, data[i].Value) {
					return
				}
			}
		}
	}
}

// Len is the number of members of a known object, 0 of anything else.
func (v Value) Len() int {
	switch data := v.data.(type) {
	case map[string]Value:
		return len(data)
	case fields:
		return len(data)
	}
	return 0
}

// Member returns a member that a known object holds.
func (v Value) Member(name string) (member Value, ok bool) {
	switch data := v.data.(type) {
	case map[string]Value:
		member, ok = data[name]
	case fields:
		member, ok = data.get(name)
	}
	return member, ok
}

// Holding returns v, a known object, with other members, of which it takes hold as Packed does. What is remembered of v stays.
func (v Value) Holding(members []Member) Value {
	v.data = Packed(members).data
	return v
}

// With returns v, a known object, with some members added or in place of those of their names.
func (v Value) With(some ...Member) Value {
	all := make([]Member, 0, v.Len()+len(some))
	for name, member := range v.Members() {
		all = append(all, Member{name, member})
	}
	return v.Holding(append(all, some...))
}

// Spelled returns a known scalar as texts pass it around: as JSON writes it, without quotes.
func (v Value) Spelled() (text string, ok bool) {
	switch d := v.data.(type) {
	case string:
		return d, true
	case bool:
		return strconv.FormatBool(d), true
	case int64:
		return strconv.FormatInt(d, 10), true
	case float64:
		return strconv.FormatFloat(d, 'f', -1, 64), true
	}
	return "", false
}

// Reasons says why v is unknown or, if it is a known list or object, why there may be more of it.
func (v Value) Reasons() []Reason {
	if v.meta == nil {
		if v.state == Unknown {
			return []Reason{{Why: "nothing was read"}}
		}
		return nil
	}
	if v.state == Unknown && len(v.meta.reasons) == 0 {
		return []Reason{{Why: "nothing was read"}}
	}
	return v.meta.reasons
}

// IsOpen tells whether v is known but may hold more than it shows.
func (v Value) IsOpen() bool { return v.state == Known && v.meta != nil && len(v.meta.reasons) > 0 }

// Refs returns the blocks that v refers to or was made from.
func (v Value) Refs() []Ref {
	if v.meta == nil {
		return nil
	}
	return v.meta.refs
}

// ExactRef returns the one block that v refers to, if it is nothing but that reference.
func (v Value) ExactRef() (Ref, bool) {
	if v.meta == nil || !v.meta.exact || len(v.meta.refs) != 1 {
		return Ref{}, false
	}
	return v.meta.refs[0], true
}

// Template returns what Text was given.
func (v Value) Template() (string, bool) {
	if v.meta == nil || v.meta.text == "" {
		return "", false
	}
	return v.meta.text, true
}

// IsDefault tells whether v is a provider's default.
func (v Value) IsDefault() bool { return v.meta != nil && v.meta.isDefault }

// Origin returns where v was seen, nil if that is not known.
func (v Value) Origin() *Origin {
	if v.meta == nil {
		return nil
	}
	return v.meta.origin
}

// Field returns the member of an object: absent if a closed object does not hold it, unknown if v is unknown or open.
// The member of an absent value is absent. Of anything else there are no members: unknown, saying so.
func (v Value) Field(name string) Value {
	switch v.state {
	case Absent:
		return v
	case Unknown:
		return v
	}
	if !v.IsObject() {
		return Unresolved(Reason{Why: fmt.Sprintf("%q is asked of a value that is not an object", name)}).At(v.Origin())
	}
	if held, ok := v.Member(name); ok {
		return held
	}
	if v.IsOpen() {
		return Unresolved(v.Reasons()...).At(v.Origin())
	}
	return None().At(v.Origin())
}

// Keys returns the sorted keys of a known object.
func (v Value) Keys() []string {
	keys := make([]string, 0, v.Len())
	for name := range v.Members() {
		keys = append(keys, name)
	}
	sort.Strings(keys)
	return keys
}

// Plain returns the known value as plain Go data: bool, int64, float64, string, []any or map[string]any. What is absent or
// unknown is nil.
func (v Value) Plain() any {
	switch data := v.Data().(type) {
	case []Value:
		list := make([]any, len(data))
		for i, item := range data {
			list[i] = item.Plain()
		}
		return list
	case map[string]Value:
		object := make(map[string]any, len(data))
		for k, field := range data {
			object[k] = field.Plain()
		}
		return object
	}
	return v.data
}
