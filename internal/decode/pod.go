package decode

import (
	"path"
	"strings"

	"ward.dev/ward/internal/value"
)

// podContainers lists the containers of a pod's specification as they are written, and adds to each its role: main, init,
// sidecar (an init container that goes on running) or ephemeral.
func podContainers(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		var all []value.Value
		var more []value.Reason
		for _, of := range [][2]string{{"containers", "main"}, {"initContainers", "init"}, {"ephemeralContainers", "ephemeral"}} {
			list := v.Field(of[0])
			items, isList := list.AsList()
			if !list.IsAbsent() && (!isList || list.IsOpen()) {
				more = append(more, list.Reasons()...)
				if list.IsKnown() && !isList {
					more = append(more, value.Reason{Why: of[0] + " is not a list"})
				}
			}
			for _, item := range items {
				all = append(all, inRole(item, of[1]))
			}
		}
		return listOf(v, all, more)
	})
}

// Rows tells of a decoder that lists rows as they are written where they stand below what it reads, and which members it adds to
// them; nil for others.
func Rows(name string) (path, adds []string) {
	if name == "pod.containers" {
		return []string{"containers"}, []string{"role"}
	}
	return nil, nil
}

func inRole(container value.Value, role string) value.Value {
	if !container.IsObject() {
		return container
	}
	said := from(container, value.String(role))
	if policy := container.Field("restartPolicy"); role == "init" && !policy.IsAbsent() {
		said = from(policy, value.String("sidecar"))
		if policy.IsUnknown() {
			said = hidden(policy)
		}
	}
	return container.With(value.Member{Name: "role", Value: said})
}

// podAccounts lists the service accounts that subjects of a role binding name, "NAMESPACE/NAME", also as users. A subject that
// says no namespace is named as it is. Groups are left out.
func podAccounts(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		items, isList := v.AsList()
		if !isList {
			items = []value.Value{v}
		}
		var all []value.Value
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		for _, subject := range items {
			kind, name, namespace := subject.Field("kind"), subject.Field("name"), subject.Field("namespace")
			switch text, _ := kind.AsString(); {
			case kind.IsUnknown() || name.IsUnknown():
				more = append(more, append(kind.Reasons(), name.Reasons()...)...)
			case text == "ServiceAccount" && namespace.IsUnknown():
				more = append(more, namespace.Reasons()...)
			case text == "ServiceAccount":
				all = append(all, from(name, value.String(qualified(namespace, name))))
			case text == "User":
				user, _ := name.AsString()
				if account, ok := strings.CutPrefix(user, "system:serviceaccount:"); ok {
					all = append(all, from(name, value.String(strings.Replace(account, ":", "/", 1))))
				}
			}
		}
		return listOf(v, all, distinct(more))
	})
}

// podNamed reads an object that names another with its namespace, such as the service of a webhook, or a list of such.
func podNamed(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if items, isList := v.AsList(); isList {
			names := make([]value.Value, len(items))
			for i, item := range items {
				names[i] = podNamed(item)
			}
			var more []value.Reason
			if v.IsOpen() {
				more = v.Reasons()
			}
			return listOf(v, names, more)
		}
		name, namespace := v.Field("name"), v.Field("namespace")
		if !name.IsKnown() || namespace.IsUnknown() {
			return hidden(value.Unresolved(append(name.Reasons(), namespace.Reasons()...)...))
		}
		return from(v, value.String(qualified(namespace, name)))
	})
}

func qualified(namespace, name value.Value) string {
	text, _ := name.AsString()
	if in, ok := namespace.AsString(); ok && in != "" {
		return in + "/" + text
	}
	return text
}

// objectTags joins the labels and the annotations of the metadata of an object, or of several.
func objectTags(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		all, isList := v.AsList()
		if !isList {
			all = []value.Value{v}
		}
		tags := map[string]value.Value{}
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		for _, metadata := range all {
			for _, name := range []string{"labels", "annotations"} {
				held := metadata.Field(name)
				if held.IsUnknown() || held.IsOpen() {
					more = append(more, held.Reasons()...)
				}
				for _, key := range held.Keys() {
					if _, taken := tags[key]; !taken {
						tags[key] = held.Field(key)
					}
				}
			}
		}
		made := from(v, value.Object(tags))
		if len(more) > 0 {
			made = made.Open(distinct(more)...)
		}
		return made
	})
}

// volumeType is the one member of a volume besides its name.
func volumeType(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if v.IsOpen() {
			return hidden(value.Unresolved(v.Reasons()...))
		}
		for _, key := range v.Keys() {
			if member := v.Field(key); key != "name" && !member.IsAbsent() {
				return from(v, value.String(key))
			}
		}
		return from(v, value.String("emptyDir"))
	})
}

// commandOptions reads a list of arguments: --name=value, --name value, --name. Of an option that is given several times the last
// counts. Where some argument is not known, there may be more.
func commandOptions(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		items, _ := v.AsList()
		options := map[string]value.Value{}
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		waiting := ""
		for _, item := range items {
			text, ok := item.Spelled()
			name, content, set := strings.Cut(strings.TrimLeft(text, "-"), "=")
			switch {
			case !ok && !item.IsAbsent():
				more = append(more, append(item.Reasons(), value.Reason{Why: "an argument is not known"})...)
				waiting = ""
			case text == LeftOut && waiting == "":
				more = append(more, value.Reason{Why: "an argument holds a secret"})
			case strings.HasPrefix(text, "-") && set:
				options[name], waiting = from(item, value.String(content)), ""
			case strings.HasPrefix(text, "-"):
				options[name], waiting = from(item, value.String("true")), name
			case waiting != "":
				options[waiting], waiting = from(item, value.String(text)), ""
			}
		}
		made := from(v, value.Object(options))
		if len(more) > 0 {
			made = made.Open(distinct(more)...)
		}
		return made
	})
}

// commandReadable lists the arguments of a command that can be read. One that holds a secret is left out, so that there is more.
func commandReadable(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		items, isList := v.AsList()
		if !isList {
			return unreadable(v, "a command is a list")
		}
		var arguments []value.Value
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		for _, item := range items {
			if text, _ := item.Spelled(); strings.Contains(text, LeftOut) {
				more = append(more, value.Reason{Why: "an argument holds a secret"})
				continue
			}
			arguments = append(arguments, item)
		}
		return listOf(v, arguments, more)
	})
}

// pathWithin reads the path of a file or directory without detours and ends it with a slash, so that what is below it begins alike.
func pathWithin(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		text, ok := v.AsString()
		if !ok {
			return unreadable(v, "a path is a text")
		}
		return from(v, value.String(strings.TrimSuffix(path.Clean("/"+text), "/")+"/"))
	})
}

// optionList reads an option that takes several items: once with commas between them, several times, or both.
func optionList(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		given, isList := v.AsList()
		if !isList {
			return csv(v)
		}
		var all []value.Value
		var more []value.Reason
		if v.IsOpen() {
			more = v.Reasons()
		}
		for _, one := range given {
			items, ok := csv(one).AsList()
			if !ok {
				more = append(more, append(one.Reasons(), value.Reason{Why: "an item is not known"})...)
			}
			all = append(all, items...)
		}
		return listOf(v, all, distinct(more))
	})
}
