package decode

import (
	"fmt"
	"net/url"
	"strings"

	"ward.dev/ward/internal/value"
)

// policy reads an IAM policy document, as a JSON text (with placeholders or without), as an object, or as a list of
// documents, into the list of its statements. Each statement is judged by itself: see statementFields.
func policy(v value.Value) value.Value {
	v = unescaped(v)
	tree := document(v, "policy")
	if documents, ok := tree.AsList(); ok {
		return concatenate(tree, documents, policy)
	}
	if !tree.IsKnown() {
		return tree
	}
	if _, ok := tree.AsObject(); !ok {
		return unreadable(v, "policy is not a JSON object")
	}
	for _, wrapper := range []string{"PolicyDocument", "policy"} { // an inline policy with its name
		if m, _ := tree.AsObject(); m != nil {
			if inner, ok := m[wrapper]; ok {
				return policy(inner)
			}
		}
	}
	list := member(tree, "Statement")
	if list.IsAbsent() && member(tree, "Effect").IsKnown() {
		list = tree
	}
	return statements(tree, list)
}

// unescaped undoes the URL encoding in which IAM's API returns documents. No JSON text begins so.
func unescaped(v value.Value) value.Value {
	if s, ok := v.AsString(); ok && strings.HasPrefix(s, "%") {
		if plain, err := url.PathUnescape(s); err == nil {
			return from(v, value.String(plain))
		}
	}
	return v
}

// concatenate decodes each element and puts the lists that come of them behind one another.
func concatenate(raw value.Value, elements []value.Value, decode Decoder) value.Value {
	var out []value.Value
	var more []value.Reason
	if raw.IsOpen() {
		more = append(more, raw.Reasons()...)
	}
	for _, element := range elements {
		part := decode(element)
		list, _ := part.AsList()
		out = append(out, list...)
		if part.IsUnknown() || part.IsOpen() {
			more = append(more, part.Reasons()...)
		}
	}
	return listOf(raw, out, more)
}

// statements decodes the Statement of a document: a list of objects, or one object.
func statements(document, v value.Value) value.Value {
	if v.IsUnknown() {
		return hidden(v)
	}
	if v.IsAbsent() {
		return unreadable(document, "policy has no Statement")
	}
	elements, ok := v.AsList()
	if !ok {
		elements = []value.Value{v}
	}
	var out []value.Value
	var more []value.Reason
	if v.IsOpen() && ok {
		more = append(more, v.Reasons()...)
	}
	for i, element := range elements {
		switch _, object := element.AsObject(); {
		case object:
			out = append(out, readStatement(element).value())
		case element.IsUnknown():
			more = append(more, element.Reasons()...)
		case element.IsKnown():
			more = append(more, value.Reason{Why: fmt.Sprintf("statement %d of the policy is not an object", i+1)})
		}
	}
	return listOf(v, out, more)
}

// member is Field without regard to case, as IAM reads the keys of its documents.
func member(v value.Value, name string) value.Value {
	if f, ok := v.Member(name); ok {
		return f
	}
	spelled, found := "", value.Value{}
	for k, f := range v.Members() {
		if strings.EqualFold(k, name) && (spelled == "" || k < spelled) {
			spelled, found = k, f
		}
	}
	if spelled != "" {
		return found
	}
	return v.Field(name)
}

// statement is one statement of a policy, ready to be judged.
type statement struct {
	raw                       value.Value
	effect                    value.Value
	principals, notPrincipals principals
	actions, notActions       texts
	resources, notResources   texts
	conditions                conditions
}

func readStatement(v value.Value) statement {
	return statement{
		raw:           v,
		effect:        effect(member(v, "Effect")),
		principals:    readPrincipals(member(v, "Principal")),
		notPrincipals: readPrincipals(member(v, "NotPrincipal")),
		actions:       readTexts(member(v, "Action")),
		notActions:    readTexts(member(v, "NotAction")),
		resources:     readTexts(member(v, "Resource")),
		notResources:  readTexts(member(v, "NotResource")),
		conditions:    readConditions(member(v, "Condition")),
	}
}

func effect(v value.Value) value.Value {
	s, ok := v.AsString()
	switch {
	case ok && strings.EqualFold(s, "Allow"):
		return from(v, value.String("Allow"))
	case ok && strings.EqualFold(s, "Deny"):
		return from(v, value.String("Deny"))
	case v.IsUnknown():
		return hidden(v)
	}
	return unreadable(v, "the statement's Effect is neither Allow nor Deny")
}

func (s statement) hasEffect(want string) answer {
	if got, ok := s.effect.AsString(); ok {
		return is(got == want)
	}
	return unsure(s.effect.Reasons(), s.effect.Refs()...)
}

// value is the statement as checks see it.
func (s statement) value() value.Value {
	out := map[string]value.Value{
		"sid":            sid(member(s.raw, "Sid")),
		"effect":         s.effect,
		"principals":     s.principals.value(),
		"not_principals": s.notPrincipals.value(),
		"actions":        s.actions.value(),
		"not_actions":    s.notActions.value(),
		"resources":      s.resources.value(),
		"not_resources":  s.notResources.value(),
		"conditions":     s.conditions.value(),
	}
	for _, f := range facts {
		if f.judge != nil {
			out[f.name] = f.judge(s).value(s.raw)
		} else {
			out[f.name] = f.list(s).value(s.raw)
		}
	}
	return from(s.raw, value.Object(out))
}

func sid(v value.Value) value.Value {
	switch t, ok := textOf(v); {
	case v.IsAbsent():
		return v
	case ok:
		return t.value(v)
	case v.IsUnknown():
		return hidden(v)
	}
	return unreadable(v, "the statement's Sid is not a text")
}

// texts is a list of strings, some of which may not be known.
type texts struct {
	raw  value.Value
	list []text
	more []value.Reason // why there may be more, or why it is not known whether there are any
	refs []value.Ref
}

// readTexts reads a string or a list of strings.
func readTexts(v value.Value) texts {
	t := texts{raw: v}
	elements, ok := v.AsList()
	switch {
	case ok:
		if v.IsOpen() {
			t.more = append(t.more, v.Reasons()...)
		}
	case v.IsAbsent():
		return t
	default:
		elements = []value.Value{v}
	}
	for _, element := range elements {
		switch s, ok := textOf(element); {
		case element.IsAbsent():
		case ok && !s.bare():
			t.list = append(t.list, s)
		case element.IsUnknown():
			t.more = append(t.more, element.Reasons()...)
			t.refs = append(t.refs, element.Refs()...)
		default:
			t.more = append(t.more, value.Reason{Why: "a text is expected where the policy has something else"})
		}
	}
	return t
}

// bare tells that nothing at all is known of the text: it may stand for a list, or for nothing.
func (t text) bare() bool { return len(t.parts) == 1 && t.parts[0].hole == anything }

// rest is the answer on the texts that are not known: no if there are none.
func (t texts) rest() answer {
	if len(t.more) == 0 {
		return no
	}
	return unsure(t.more, t.refs...)
}

// any tells whether one text has the property.
func (t texts) any(has func(text) answer) answer {
	return either(some(t.list, has), t.rest())
}

// every tells whether there are texts and all have the property.
func (t texts) every(has func(text) answer) answer {
	return all(t.given(), every(t.list, has), not(t.rest()))
}

// given tells whether there is any text.
func (t texts) given() answer {
	return t.any(func(text) answer { return yes })
}

// value is the list as checks see it: empty if the policy has none, since the other form (NotAction) is then in use.
func (t texts) value() value.Value {
	vs := make([]value.Value, len(t.list))
	for i, s := range t.list {
		vs[i] = s.value(t.raw)
	}
	return listOf(t.raw, vs, t.more)
}
