package decode

import (
	"regexp"

	"ward.dev/ward/internal/value"
)

var (
	arnInText = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[A-Za-z0-9][A-Za-z0-9._/:+=@-]*`)
	// namesOther are variables whose value is the name of something that holds or carries data.
	namesOther = regexp.MustCompile(`(?i)(bucket|table|queue|topic|stream|database|cluster|domain|secret)([_-]?(name|id|url|arn))?$`)
)

// references lists the blocks that the values of a map or list refer to, such as the table and the bucket that a function
// is told of in its environment. A text around several references counts for each of them. A known text counts for the ARNs
// in it, or as a name if its variable says that it is one.
func references(v value.Value) value.Value {
	switch {
	case v.IsAbsent():
		return v
	case v.IsUnknown():
		return hidden(v)
	}
	var out []value.Value
	seen := map[value.Ref]bool{}
	within("", v, seen, &out)
	return from(v, value.List(out...))
}

func within(name string, v value.Value, seen map[value.Ref]bool, out *[]value.Value) {
	if elements, ok := v.AsList(); ok {
		for _, element := range elements {
			within(name, element, seen, out)
		}
		return
	}
	if _, ok := v.AsObject(); ok {
		if variable, ok := member(v, "name").AsString(); ok && isVariable(v) {
			within(variable, member(v, "value"), seen, out)
			return
		}
		for _, key := range v.Keys() {
			within(key, v.Field(key), seen, out)
		}
		return
	}
	if s, ok := v.AsString(); ok {
		for _, text := range namedIn(name, s) {
			if ref := (value.Ref{Attribute: text}); !seen[ref] {
				seen[ref] = true
				*out = append(*out, value.String(text).At(v.Origin()))
			}
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

// namedIn are the resources that a known text names.
func namedIn(variable, s string) []string {
	if arns := arnInText.FindAllString(s, -1); len(arns) > 0 {
		return arns
	}
	if namesOther.MatchString(variable) && s != "" && s != variable && s != LeftOut {
		return []string{s}
	}
	return nil
}
