package decode

import (
	"slices"

	"ward.dev/ward/internal/value"
)

// Own writes self for the number of the account that policies are read from, in the lists of accounts that their judged
// statements have. Any other value is returned as it is.
func Own(v value.Value, account string) value.Value {
	items, ok := v.AsList()
	if !ok || account == "" {
		return v
	}
	var made []value.Value
	for i, item := range items {
		members, _ := item.AsObject()
		for _, name := range []string{"accounts", "whole_accounts"} {
			list, judged := members[name]
			if _, is := members["denied_guards"]; !is || !judged || !names(list, account) {
				continue
			}
			if made == nil {
				made = slices.Clone(items)
			}
			made[i] = put(made[i], name, renamed(list, account))
		}
	}
	if made == nil {
		return v
	}
	return reopened(v, value.List(made...))
}

func names(list value.Value, account string) bool {
	items, _ := list.AsList()
	return slices.ContainsFunc(items, func(item value.Value) bool { s, _ := item.AsString(); return s == account })
}

func renamed(list value.Value, account string) value.Value {
	items, _ := list.AsList()
	items = slices.Clone(items)
	for i, item := range items {
		if s, _ := item.AsString(); s == account {
			items[i] = from(item, value.String(ownAccount))
		}
	}
	return reopened(list, value.List(items...))
}

// put replaces a member of an object.
func put(object value.Value, name string, member value.Value) value.Value {
	members, _ := object.AsObject()
	made := map[string]value.Value{}
	for k, v := range members {
		made[k] = v
	}
	made[name] = member
	return reopened(object, value.Object(made))
}

// reopened gives made the origin of raw, and leaves it open if raw is.
func reopened(raw, made value.Value) value.Value {
	made = from(raw, made)
	if raw.IsOpen() {
		made = made.Open(raw.Reasons()...)
	}
	return made
}
