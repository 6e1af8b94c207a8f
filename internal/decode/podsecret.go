package decode

import "ward.dev/ward/internal/value"

// podSecrets lists the Secrets that a pod's specification hands to its containers, as files or as variables. Those that its
// images are fetched with are not among them: the node reads them.
func podSecrets(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		var s handedSecrets
		s.walk(v.Field("volumes"), func(volume value.Value) {
			s.add(volume.Field("secret").Field("secretName"))
			s.walk(volume.Field("projected").Field("sources"), func(source value.Value) {
				s.add(source.Field("secret").Field("name"))
			})
		})
		for _, role := range []string{"containers", "initContainers", "ephemeralContainers"} {
			s.walk(v.Field(role), func(container value.Value) {
				s.walk(container.Field("env"), func(variable value.Value) {
					s.add(variable.Field("valueFrom").Field("secretKeyRef").Field("name"))
				})
				s.walk(container.Field("envFrom"), func(source value.Value) {
					s.add(source.Field("secretRef").Field("name"))
				})
			})
		}
		if v.IsOpen() {
			s.more = append(s.more, v.Reasons()...)
		}
		return listOf(v, s.names, distinct(s.more))
	})
}

// handedSecrets gathers names, each once, and why there may be more.
type handedSecrets struct {
	names []value.Value
	seen  map[string]bool
	more  []value.Reason
}

// walk visits the items of a list.
func (s *handedSecrets) walk(list value.Value, visit func(value.Value)) {
	if list.IsUnknown() || list.IsOpen() {
		s.more = append(s.more, list.Reasons()...)
	}
	items, _ := list.AsList()
	for _, item := range items {
		if item.IsUnknown() {
			s.more = append(s.more, item.Reasons()...)
			continue
		}
		visit(item)
	}
}

func (s *handedSecrets) add(name value.Value) {
	text, isText := name.AsString()
	switch {
	case name.IsUnknown(): // whatever is meant stays a candidate
		s.names = append(s.names, name)
	case isText && !s.seen[text]:
		if s.seen == nil {
			s.seen = map[string]bool{}
		}
		s.seen[text] = true
		s.names = append(s.names, name)
	}
}
