package decode

import "ward.dev/ward/internal/value"

// references lists the blocks that the values of a map or list refer to, such as the table and the bucket that a function
// is told of in its environment. A text around several references counts for each of them.
func references(v value.Value) value.Value {
	switch {
	case v.IsAbsent():
		return v
	case v.IsUnknown():
		return hidden(v)
	}
	var out []value.Value
	seen := map[value.Ref]bool{}
	within(v, seen, &out)
	return from(v, value.List(out...))
}

func within(v value.Value, seen map[value.Ref]bool, out *[]value.Value) {
	if elements, ok := v.AsList(); ok {
		for _, element := range elements {
			within(element, seen, out)
		}
		return
	}
	if _, ok := v.AsObject(); ok {
		for _, key := range v.Keys() {
			within(v.Field(key), seen, out)
		}
		return
	}
	for _, ref := range v.Refs() {
		if ref.Address != "" && !seen[ref] {
			seen[ref] = true
			why := value.Reason{Why: ref.Address + " is known after apply"}
			*out = append(*out, value.Unresolved(why).Referring(true, ref).At(v.Origin()))
		}
	}
}
