package decode

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/value"
)

var why = value.Reason{Why: "var.x has no value"}

func unknown() value.Value { return value.Unresolved(why) }

// template is an unknown text of which the template is known.
func template(s string, refs ...value.Ref) value.Value {
	return unknown().Text(s).Referring(false, refs...)
}

// tree makes a value of plain Go data.
func tree(t testing.TB, data any) value.Value {
	t.Helper()
	switch d := data.(type) {
	case value.Value:
		return d
	case nil:
		return value.None()
	case string:
		return value.String(d)
	case bool:
		return value.Bool(d)
	case int:
		return value.Int(int64(d))
	case []any:
		vs := make([]value.Value, len(d))
		for i, x := range d {
			vs[i] = tree(t, x)
		}
		return value.List(vs...)
	case map[string]any:
		m := map[string]value.Value{}
		for k, x := range d {
			m[k] = tree(t, x)
		}
		return value.Object(m)
	}
	t.Fatalf("no value of %T", data)
	return value.Value{}
}

type (
	obj  = map[string]any
	list = []any
)

// plainly writes a value as plain Go data: "?" for an unknown one, "?" and its template in one text, nil for an absent
// one, and a last element "..." for an open list.
func plainly(v value.Value) any {
	switch {
	case v.IsAbsent():
		return nil
	case v.IsUnknown():
		s, _ := v.Template()
		return "?" + s
	}
	switch d := v.Data().(type) {
	case []value.Value:
		out := list{}
		for _, e := range d {
			out = append(out, plainly(e))
		}
		if v.IsOpen() {
			out = append(out, "...")
		}
		return out
	case map[string]value.Value:
		out := obj{}
		for k, e := range d {
			out[k] = plainly(e)
		}
		if v.IsOpen() {
			out["..."] = true
		}
		return out
	case int64:
		return int(d)
	default:
		return d
	}
}

func named(t testing.TB, name string) Decoder {
	t.Helper()
	d, ok := ByName(name)
	if !ok {
		t.Fatalf("there is no decoder %q", name)
	}
	return d
}

// Every decoder is described, and what it is asked of nothing or of something hidden is nothing or hidden, at the same
// place and for the same reasons.
func TestEveryDecoder(t *testing.T) {
	origin := &value.Origin{File: "main.tf", Line: 3}
	ref := value.Ref{Address: "aws_kms_key.k", Attribute: "arn"}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			decode := named(t, name)
			if Doc(name) == "" || Makes(name) == "" {
				t.Error("it has no doc or no type")
			}
			if (Makes(name) == "list object") != (Items(name) != nil) {
				t.Error("objects without fields, or fields without objects")
			}
			if got := decode(value.None().At(origin)); !got.IsAbsent() {
				t.Errorf("of an absent value it makes %v", plainly(got))
			}
			got := decode(value.Unresolved(why).Referring(true, ref).At(origin))
			if !got.IsUnknown() || !cmp.Equal(got.Reasons(), []value.Reason{why}) || got.Origin() != origin {
				t.Errorf("of an unknown value it makes %v, %v at %v", plainly(got), got.Reasons(), got.Origin())
			}
			if r, ok := got.ExactRef(); !ok || r != ref {
				t.Errorf("the reference became %v, exact %v", r, ok)
			}
			for _, wrong := range []value.Value{value.Int(-7), value.String("\x01?"), value.List(value.Int(1)), value.Object(nil)} {
				decode(wrong) // must not panic
			}
		})
	}
	if !slices.IsSorted(Names()) {
		t.Error("the names are not sorted")
	}
	if _, ok := ByName("nonesuch"); ok || Items("nonesuch") != nil || Makes("nonesuch") != "" {
		t.Error("a name that does not exist is known")
	}
}

// What a decoder makes of an object is what Items says: no field is missing, none is extra.
func TestItems(t *testing.T) {
	for name, raw := range map[string]any{
		"iam.policy":     obj{"Statement": obj{"Effect": "Deny", "Condition": obj{"Bool": obj{"a": "b"}}}},
		"ec2.rules":      obj{"protocol": "tcp"},
		"nacl.rules":     obj{"protocol": "tcp"},
		"ecs.containers": list{obj{"name": "web"}},
	} {
		elements, _ := named(t, name)(tree(t, raw)).AsList()
		if len(elements) != 1 {
			t.Fatalf("%s makes %d objects", name, len(elements))
		}
		checkFields(t, name, elements[0], Items(name))
	}
}

func checkFields(t *testing.T, where string, v value.Value, fields []Field) {
	t.Helper()
	var want []string
	for _, f := range fields {
		want = append(want, f.Name)
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s.%s: %q is not a sentence", where, f.Name, f.Doc)
		}
		if inner, ok := v.Field(f.Name).AsList(); ok && f.Type == "list object" {
			for _, e := range inner {
				checkFields(t, where+"."+f.Name, e, f.Fields)
			}
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, v.Keys()); diff != "" {
		t.Errorf("%s (-declared +made):\n%s", where, diff)
	}
}

type decoding struct {
	why  string
	raw  any
	want any
}

func decodes(t *testing.T, name string, cases []decoding) {
	t.Helper()
	decode := named(t, name)
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) {
			if diff := cmp.Diff(c.want, plainly(decode(tree(t, c.raw)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Any value goes through every decoder without a panic, and what comes out unknown has a reason.
func FuzzDecoders(f *testing.F) {
	for _, seed := range []string{"rate(1 day)", "cron(0 5 ? * 2#1 *)", `[{"from_port":1,"protocol":"tcp","cidr_blocks":["::/0"]}]`,
		`{"variables":{"PASSWORD":"x"}}`, `[{"Key":"a","Value":"b"}]`, `{"years":1}`, `[{"name":"web","environment":[]}]`,
		"TLSv1.2_2021", "1", "true"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, raw := range []value.Value{value.String(text), jsonTree(value.String(text)), template(text), jsonTree(template(text))} {
			for _, name := range Names() {
				if got := named(t, name)(raw); got.IsUnknown() && len(got.Reasons()) == 0 {
					t.Errorf("%s: unknown without a reason", name)
				}
			}
		}
	})
}
