package decode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/value"
)

// TestParameters proves that every vocabulary's form reads alike, and that a parameter whose name is hidden leaves the
// map open.
func TestParameters(t *testing.T) {
	object := func(name, key, set string) value.Value {
		return value.Object(map[string]value.Value{name: value.String(key), set: value.String("ON")})
	}
	hiddenName := value.Object(map[string]value.Value{
		"name": value.Unresolved(value.Reason{Why: "hidden"}), "value": value.String("1")})
	tests := []struct {
		name string
		raw  value.Value
		want map[string]any
		open bool
	}{
		{"a map", value.Object(map[string]value.Value{"tls": value.String("ON")}), map[string]any{"tls": "on"}, false},
		{"blocks", value.List(object("name", "tls", "value")), map[string]any{"tls": "on"}, false},
		{"CloudFormation", value.List(object("ParameterName", "tls", "ParameterValue")), map[string]any{"tls": "on"}, false},
		{"keys", value.List(object("parameter_key", "tls", "parameter_value")), map[string]any{"tls": "on"}, false},
		{"a hidden name", value.List(hiddenName), map[string]any{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made := parameters(test.raw)
			got := map[string]any{}
			for _, key := range made.Keys() {
				got[key] = made.Field(key).Data()
			}
			if diff := cmp.Diff(test.want, got); diff != "" || made.IsOpen() != test.open {
				t.Errorf("open %v, wanted %v; -want +got:\n%s", made.IsOpen(), test.open, diff)
			}
		})
	}
}

// TestTableResource proves that a hidden name stays hidden.
func TestTableResource(t *testing.T) {
	if got, _ := tableResource(value.String("visits")).AsString(); got != "table/visits" {
		t.Errorf("got %q", got)
	}
	if got := tableResource(value.Unresolved(value.Reason{Why: "hidden"})); !got.IsUnknown() {
		t.Errorf("got %v, wanted unknown", got)
	}
}
