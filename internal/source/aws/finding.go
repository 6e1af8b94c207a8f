package aws

import (
	"ward.dev/ward/internal/value"
)

// only keeps some members of an object: findings tell of people, addresses and files, which are nobody's business here.
func only(item value.Value, names ...string) value.Value {
	if _, ok := item.AsObject(); !ok {
		return item
	}
	kept := map[string]value.Value{}
	for _, name := range names {
		if v := item.Field(name); !v.IsAbsent() {
			kept[name] = v
		}
	}
	return value.Object(kept).At(item.Origin())
}

// firstOf returns the first item of a list, with only some of its members; none of an empty list. A reply without the list
// is no answer.
func firstOf(reply value.Value, list string, names ...string) value.Value {
	items, ok := reply.Field(list).AsList()
	switch {
	case reply.IsUnknown():
		return reply
	case !ok:
		return value.Unresolved(value.Reason{Why: "the reply does not hold " + list}).At(reply.Origin())
	case len(items) == 0:
		return value.None().At(reply.Origin())
	}
	return only(items[0], names...)
}
