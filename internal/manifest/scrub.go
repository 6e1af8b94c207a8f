package manifest

import (
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
	members, ok := object.AsObject()
	if !ok {
		return object
	}
	_, known := Namespaced(typ)
	s := scrubber{byName: !known || configuration(typ) || strings.Contains(typ, ".") && !own(typ)}
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		switch {
		case key == "metadata":
			all[key] = s.metadata(member)
		case typ == "Secret" && (key == "data" || key == "stringData"):
			all[key] = each(member, func(_ string, v value.Value) value.Value { return leaveOut(v) })
		case typ == "Config" && key == "users": // of a kubeconfig
			all[key] = users(member)
		case typ == "ConfigMap" && key == "binaryData":
			all[key] = each(member, func(_ string, v value.Value) value.Value {
				return value.Unresolved(value.Reason{Why: "binary data are not looked into"}).At(v.Origin())
			})
		case typ == "ConfigMap" && key == "data":
			all[key] = each(member, file)
		default:
			all[key] = s.tree(key, member)
		}
	}
	return like(object, value.Object(all))
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
		_, isObject := member.AsObject()
		_, isList := member.AsList()
		switch {
		case isObject, isList:
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
	members, ok := v.AsObject()
	if !ok {
		return v
	}
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		switch key {
		case "managedFields":
		case "annotations":
			annotations, isObject := member.AsObject()
			if !isObject {
				all[key] = member
				continue
			}
			kept := make(map[string]value.Value, len(annotations))
			for name, text := range annotations {
				if name != lastApplied {
					kept[name] = s.text("", text)
				}
			}
			all[key] = like(member, value.Object(kept))
		default:
			all[key] = member
		}
	}
	return like(v, value.Object(all))
}

// tree scrubs everything below a member.
func (s scrubber) tree(name string, v value.Value) value.Value {
	if items, ok := v.AsList(); ok {
		return s.list(name, v, items)
	}
	members, ok := v.AsObject()
	if !ok {
		return s.text(name, v)
	}
	label, isPair := members["name"].AsString()
	_, hasText := members["value"].AsString()
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		if isPair && hasText && key == "value" {
			all[key] = replaced(member, decode.Scrub(label, text(member)))
			continue
		}
		all[key] = s.tree(key, member)
	}
	return like(v, value.Object(all))
}

// list scrubs the elements of a list; of the arguments of a command also those that follow an option that asks for a secret.
func (s scrubber) list(name string, v value.Value, items []value.Value) value.Value {
	list := make([]value.Value, len(items))
	option := ""
	for i, item := range items {
		if name != "args" && name != "command" {
			list[i] = s.tree(name, item)
			continue
		}
		argument := text(item)
		switch {
		case argument == "":
			list[i] = item
		case option != "" && !strings.HasPrefix(argument, "-"):
			list[i] = replaced(item, decode.Scrub(option, argument))
		default:
			list[i] = script(item)
		}
		option = ""
		if strings.HasPrefix(argument, "-") && !strings.ContainsAny(argument, "= \n") {
			option = strings.TrimLeft(argument, "-")
		}
	}
	return like(v, value.List(list...))
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
	if name == "" && !formed(content) {
		return v
	}
	return replaced(v, decode.Scrub(name, content))
}

// formed tells cheaply whether a text may be a secret by its form.
func formed(content string) bool {
	for _, mark := range []string{"://", "AKIA", "ASIA", "-----BEGIN", "gh", "xox", "k_live_"} {
		if strings.Contains(content, mark) {
			return true
		}
	}
	return false
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
	members, ok := v.AsObject()
	if !ok {
		return leaveOut(v)
	}
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		all[key] = scrub(key, member)
	}
	return like(v, value.Object(all))
}
