package value_test

import (
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/value"
)

// TestZeroIsUnknown proves that a value nobody made is unknown, says why, and gives nothing definite.
func TestZeroIsUnknown(t *testing.T) {
	var v value.Value
	if !v.IsUnknown() || v.IsKnown() || v.IsAbsent() || len(v.Reasons()) == 0 || v.Data() != nil {
		t.Errorf("the zero value is %v with data %v and reasons %v", v.State(), v.Data(), v.Reasons())
	}
	if f := v.Field("x"); !f.IsUnknown() {
		t.Errorf("a field of the unknown is %v", f.State())
	}
}

// TestField proves what the members of objects are when they are there, when they are not, and when that is not known.
func TestField(t *testing.T) {
	reason := value.Reason{Why: "there may be more"}
	object := value.Object(map[string]value.Value{"a": value.Int(1)})
	for _, test := range []struct {
		name string
		of   value.Value
		key  string
		want value.State
	}{
		{"there", object, "a", value.Known},
		{"not there", object, "b", value.Absent},
		{"perhaps there", object.Open(reason), "b", value.Unknown},
		{"of what is absent", value.None(), "a", value.Absent},
		{"of what is no object", value.String("x"), "a", value.Unknown},
		{"of what is unknown", value.Unresolved(reason), "a", value.Unknown},
	} {
		if got := test.of.Field(test.key).State(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// TestCopiesStand proves that the With methods change a copy and nothing else.
func TestCopiesStand(t *testing.T) {
	first := value.Strings("a")
	second := first.Open(value.Reason{Why: "more"}).At(&value.Origin{File: "f", Line: 3}).AsDefault()
	if first.IsOpen() || first.Origin() != nil || first.IsDefault() {
		t.Error("the first value changed")
	}
	if !second.IsOpen() || second.Origin().String() != "f:3" || !second.IsDefault() {
		t.Error("the second value lacks what it was given")
	}
}

// TestExactRef proves that a reference is exact only if it is the only one.
func TestExactRef(t *testing.T) {
	a, b := value.Ref{Address: "a"}, value.Ref{Address: "b"}
	unknown := value.Unresolved(value.Reason{Why: "known after apply"})
	if _, ok := unknown.Referring(true, a, b).ExactRef(); ok {
		t.Error("one of two is exact")
	}
	if _, ok := unknown.Referring(false, a).ExactRef(); ok {
		t.Error("a text around a reference is exact")
	}
	if ref, ok := unknown.Referring(true, a).ExactRef(); !ok || ref != a {
		t.Error("the only one is not exact")
	}
}

// TestCompact proves that a packed object reads as the map that it was made of, open or not.
func TestCompact(t *testing.T) {
	m := map[string]value.Value{"b": value.Int(2), "a": value.String("x"), "c": value.None()}
	for name, v := range map[string]value.Value{"closed": value.Compact(m), "open": value.Compact(m).Open(value.Reason{Why: "w"})} {
		if got, ok := v.AsObject(); !ok || len(got) != 3 {
			t.Errorf("%s: an object of %d, %v", name, len(got), ok)
		}
		if _, ok := v.Data().(map[string]value.Value); !ok {
			t.Errorf("%s: data of type %T", name, v.Data())
		}
		if got := strings.Join(v.Keys(), ""); got != "abc" {
			t.Errorf("%s: keys %s", name, got)
		}
		if got, _ := v.Field("a").AsString(); got != "x" || !v.Field("c").IsAbsent() || v.Field("d").IsUnknown() != v.IsOpen() {
			t.Errorf("%s: %q, %v, %v", name, got, v.Field("c"), v.Field("d"))
		}
	}
	twice := value.Packed([]value.Member{{Name: "b", Value: value.Int(1)}, {Name: "a", Value: value.Int(2)}, {Name: "b", Value: value.Int(3)}})
	if got := fmt.Sprint(twice.Plain()); got != "map[a:2 b:3]" || twice.Len() != 2 {
		t.Errorf("of two members with one name %s is left", got)
	}
	if v := value.Compact(nil); !v.IsKnown() || len(v.Keys()) != 0 || !v.Field("a").IsAbsent() {
		t.Errorf("an empty object is %v", v)
	}
}
