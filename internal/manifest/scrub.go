package manifest

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// lastApplied is the annotation in which kubectl keeps a copy of the whole object, secrets included.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Scrub returns an object without what Kubernetes keeps for itself and without secrets. decode.LeftOut stands in place of
//
//   - every value of a Secret's data and stringData that is not empty; the keys stay,
//   - values of a ConfigMap, of environments and of other pairs of name and value that decode.Scrub takes for secrets, and files
//     in a ConfigMap that hold one,
//   - arguments of commands that hold one,
//   - the binary data of a ConfigMap, which are unknown from then on,
//   - any text that is a secret by its form: a private key, an access key, an address with a password,
//   - of objects that Kubernetes does not define itself, also the members that are named like a secret.
//
// So a check still finds that there was one.
func Scrub(typ string, object value.Value) value.Value {
	if !object.IsObject() {
		return object
	}
	_, known := Namespaced(typ)
	s := scrubber{byName: !known || configuration(typ) || strings.Contains(typ, ".") && !own(typ)}
	return members(object, func(key string, member value.Value) value.Value {
		switch {
		case key == "metadata":
			return s.metadata(member)
		case typ == "Secret" && (key == "data" || key == "stringData"):
			return each(member, func(_ string, v value.Value) value.Value { return leaveOut(v) })
		case typ == "Config" && key == "users": // of a kubeconfig
			return users(member)
		case typ == "ConfigMap" && key == "binaryData":
			return each(member, func(_ string, v value.Value) value.Value {
				return value.Unresolved(value.Reason{Why: "binary data are not looked into"}).At(v.Origin())
			})
		case typ == "ConfigMap" && key == "data":
			return each(member, file)
		}
		return s.tree(key, member)
	})
}

// members scrubs the members of an object. One in which nothing is left out stays what it is, since that is what nearly all are.
func members(object value.Value, scrub func(key string, v value.Value) value.Value) value.Value {
	var other []value.Member
	for key, member := range object.Members() {
		if scrubbed := scrub(key, member); scrubbed.Identity() != member.Identity() {
			other = append(other, value.Member{Name: key, Value: scrubbed})
		}
	}
	if other == nil {
		return object
	}
	return object.With(other...)
}

// users leaves out everything that the users of a kubeconfig sign in with, but their names.
func users(v value.Value) value.Value {
	if items, ok := v.AsList(); ok {
		list := make([]value.Value, len(items))
		for i, item := range items {
			list[i] = users(item)
		}
		return like(v, value.List(list...))
	}
	return each(v, func(key string, member value.Value) value.Value {
		_, isList := member.AsList()
		switch {
		case member.IsObject(), isList:
			return users(member)
		case key == "name", key == "apiVersion":
			return member
		}
		return leaveOut(member)
	})
}

// own tells whether a type is one of Kubernetes' own groups.
func own(typ string) bool {
	_, group, _ := strings.Cut(typ, ".")
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") && group != "gateway.networking.k8s.io"
}

type scrubber struct {
	byName bool // members that are named like a secret are one
}

// metadata leaves out the managed fields and the copy of the whole object.
func (s scrubber) metadata(v value.Value) value.Value {
	return members(without(v, "managedFields"), func(key string, member value.Value) value.Value {
		if key != "annotations" {
			return member
		}
		return members(without(member, lastApplied), func(_ string, text value.Value) value.Value { return s.text("", text) })
	})
}

// without leaves out a member.
func without(v value.Value, name string) value.Value {
	if _, has := v.Member(name); !has {
		return v
	}
	var kept []value.Member
	for key, member := range v.Members() {
		if key != name {
			kept = append(kept, value.Member{Name: key, Value: member})
		}
	}
	return v.Holding(kept)
}

// tree scrubs everything below a member.
func (s scrubber) tree(name string, v value.Value) value.Value {
	if items, ok := v.AsList(); ok {
		return s.list(name, v, items)
	}
	if !v.IsObject() {
		return s.text(name, v)
	}
	named, _ := v.Member("name")
	held, _ := v.Member("value")
	label, isPair := named.AsString()
	content, hasText := held.AsString()
	return members(v, func(key string, member value.Value) value.Value {
		if isPair && hasText && key == "value" {
			return replaced(member, decode.Scrub(label, content))
		}
		return s.tree(key, member)
	})
}

// list scrubs the elements of a list; of the arguments of a command also those that follow an option that asks for a secret.
func (s scrubber) list(name string, v value.Value, items []value.Value) value.Value {
	list, option := items, ""
	for i, item := range items {
		scrubbed := item
		if name != "args" && name != "command" {
			scrubbed = s.tree(name, item)
		} else {
			scrubbed, option = s.argument(item, option)
		}
		if scrubbed.Identity() == item.Identity() {
			continue
		}
		if &list[0] == &items[0] { // others hold it
			list = slices.Clone(items)
		}
		list[i] = scrubbed
	}
	if len(items) == 0 || &list[0] == &items[0] {
		return v
	}
	return like(v, value.List(list...))
}

// argument scrubs one argument of a command, before which an option may stand that it is the value of, and returns the option that it
// is itself.
func (s scrubber) argument(item value.Value, before string) (scrubbed value.Value, option string) {
	argument := text(item)
	switch {
	case argument == "":
		scrubbed = item
	case before != "" && !strings.HasPrefix(argument, "-"):
		scrubbed = replaced(item, decode.Scrub(before, argument))
	default:
		scrubbed = script(item)
	}
	if strings.HasPrefix(argument, "-") && !strings.ContainsAny(argument, "= \n") {
		option = strings.TrimLeft(argument, "-")
	}
	return scrubbed, option
}

// text scrubs one text: by its form and, where members are judged by their names, by that.
func (s scrubber) text(name string, v value.Value) value.Value {
	content := text(v)
	if len(content) < 8 && !s.byName || content == "" {
		return v
	}
	if !s.byName {
		name = ""
	}
	return replaced(v, decode.Scrub(name, content))
}

// file scrubs a value of a ConfigMap: a setting, or a file that may hold settings.
func file(key string, v value.Value) value.Value {
	content := text(v)
	if content == "" {
		return v
	}
	if kept := decode.Scrub(key, content); kept != content {
		return replaced(v, kept)
	}
	return script(v)
}

// script leaves out a text that sets a secret somewhere.
func script(v value.Value) value.Value {
	look, _ := decode.ByName("secret.lines")
	found := look(v)
	if names, ok := found.AsList(); ok && len(names) > 0 {
		return leaveOut(v)
	}
	if found.IsUnknown() { // too long to be looked through
		return value.Unresolved(found.Reasons()...).At(v.Origin())
	}
	return v
}

// leaveOut puts the mark of a secret in place of a text that is not empty.
func leaveOut(v value.Value) value.Value {
	if s, ok := v.AsString(); v.IsKnown() && (!ok || s != "") {
		return value.String(decode.LeftOut).At(v.Origin())
	}
	return v
}

func replaced(v value.Value, kept string) value.Value {
	if kept == text(v) {
		return v
	}
	return value.String(kept).At(v.Origin())
}

func text(v value.Value) string { s, _ := v.AsString(); return s }

// each scrubs the members of an object.
func each(v value.Value, scrub func(key string, v value.Value) value.Value) value.Value {
	if !v.IsObject() {
		return leaveOut(v)
	}
	return members(v, scrub)
}
