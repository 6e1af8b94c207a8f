package manifest

import (
	"encoding/json"
	"fmt"

	"ward.dev/ward/internal/value"
)

// Value returns what a JSON decoder made of an object (nil, bool, numbers, string, []any, map[string]any), seen at one place.
// A null is absent, as Kubernetes reads it.
func Value(data any, origin *value.Origin) value.Value {
	return tree(data, value.Seen(origin))
}

func tree(data any, at value.Stamp) value.Value {
	switch d := data.(type) {
	case nil:
		return at.On(value.None())
	case bool:
		return at.On(value.Bool(d))
	case string:
		return at.On(value.String(d))
	case int64:
		return at.On(value.Int(d))
	case int:
		return at.On(value.Int(int64(d)))
	case float64:
		if whole := int64(d); float64(whole) == d {
			return at.On(value.Int(whole))
		}
		return at.On(value.Float(d))
	case json.Number:
		if n, err := d.Int64(); err == nil {
			return at.On(value.Int(n))
		}
		f, _ := d.Float64()
		return at.On(value.Float(f))
	case []any:
		list := make([]value.Value, len(d))
		for i, item := range d {
			list[i] = tree(item, at)
		}
		return at.On(value.List(list...))
	case map[string]any:
		members := make([]value.Member, 0, len(d))
		for key, member := range d {
			members = append(members, value.Member{Name: key, Value: tree(member, at)})
		}
		return at.On(value.Packed(members))
	}
	return at.On(value.Unresolved(value.Reason{Why: fmt.Sprintf("a %T is no JSON", data)}))
}
