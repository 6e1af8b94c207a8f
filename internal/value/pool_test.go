package value_test

import (
	"fmt"
	"reflect"
	"testing"

	"ward.dev/ward/internal/value"
)

// TestPool proves that a shared value is what it was, in everything that is remembered of it, and that what two have in common is there
// once.
func TestPool(t *testing.T) {
	origin := &value.Origin{File: "f", Line: 3}
	make := func(name string) value.Value {
		at := value.Seen(origin)
		return at.On(value.Object(map[string]value.Value{
			"name":   value.String(name).At(origin),
			"common": value.List(value.Int(1), value.Float(1), value.Bool(true), value.None(), value.Object(nil)).At(origin),
			"open":   value.List(value.String("a")).Open(value.Reason{Why: "denied"}),
			"gone":   value.Unresolved(value.Reason{Why: "denied", Grant: "list"}),
			"ref":    value.String("x").Referring(true, value.Ref{Address: "b"}),
			"unset":  value.Bool(false).AsDefault(),
			"empty":  value.List(),
		}))
	}
	pool := value.NewPool()
	a, b := pool.Share(make("a")), pool.Share(make("b"))
	for name, shared := range map[string]value.Value{"a": a, "b": b} {
		if !reflect.DeepEqual(shared, packed(make(name))) {
			t.Errorf("%s is not what it was: %v", name, shared.Plain())
		}
	}
	one, _ := a.Field("common").AsList()
	two, _ := b.Field("common").AsList()
	if &one[0] != &two[0] {
		t.Error("what both have is there twice")
	}
	for _, name := range a.Keys() { // also what is remembered of a value
		if same := a.Field(name).Identity() == b.Field(name).Identity(); same != (name != "name") {
			t.Errorf("%s is the same: %v", name, same)
		}
	}
	// what differs in one thing only stays apart
	apart := []value.Value{value.List(value.Int(1)), value.List(value.Float(1)), value.List(value.String("1")), value.List(value.List(value.Int(1))),
		value.List(value.Int(1)).At(origin), value.List(value.Int(1)).Open(value.Reason{Why: "w"}), value.List(value.None()), value.List(value.Value{}),
		value.List(), value.Object(nil), value.Object(map[string]value.Value{"a": value.Int(1)}), value.Object(map[string]value.Value{"b": value.Int(1)})}
	for i, v := range apart {
		if got := pool.Share(v); !reflect.DeepEqual(got, packed(v)) {
			t.Errorf("%d became %s", i, fmt.Sprint(got.Plain()))
		}
	}
}

// packed returns a value whose objects are packed, as a Pool packs them.
func packed(v value.Value) value.Value {
	made := v
	if items, ok := v.AsList(); ok {
		all := make([]value.Value, len(items))
		for i, item := range items {
			all[i] = packed(item)
		}
		made = value.List(all...)
	} else if v.IsObject() {
		members := map[string]value.Value{}
		for name, member := range v.Members() {
			members[name] = packed(member)
		}
		made = value.Compact(members)
	} else {
		return v
	}
	if v.Origin() != nil {
		made = made.At(v.Origin())
	}
	if v.IsOpen() {
		made = made.Open(v.Reasons()...)
	}
	return made
}
