package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

// holder is what all policies of one identity say together: its own, those attached to it and those of its groups.
type holder struct {
	statements []statement
	more       []value.Reason // why there may be other statements
	seen       map[string]answer
}

// escalationsTogether lists the known ways to more rights that the policies of one identity open together: the right to pass
// a role may stand in one policy and the right to start a function in another. "*" is full administration. What some
// policy denies without conditions is not open. The list of a permissions boundary bounds that of the identity.
func escalationsTogether(v value.Value) value.Value {
	if !v.IsKnown() {
		return v
	}
	who := holder{seen: map[string]answer{}}
	who.read(v)
	out := found{more: who.more}
	out.judge("*", who.administers())
	for _, e := range knownEscalations {
		out.judge(strings.Join(e.actions, "+"), who.opens(e))
	}
	return out.value(v)
}

func (who *holder) read(v value.Value) {
	if documents, ok := v.AsList(); ok {
		if v.IsOpen() {
			who.more = append(who.more, v.Reasons()...)
		}
		for _, one := range documents {
			who.read(one)
		}
		return
	}
	tree := document(unescaped(v), "policy")
	switch list := member(tree, "Statement"); {
	case tree.IsAbsent():
	case tree.IsUnknown():
		who.more = append(who.more, tree.Reasons()...)
	case list.IsAbsent():
		who.more = append(who.more, value.Reason{Why: "policy has no Statement"})
	case list.IsUnknown():
		who.more = append(who.more, list.Reasons()...)
	default:
		who.readStatements(list)
	}
}

func (who *holder) readStatements(list value.Value) {
	elements, ok := list.AsList()
	if !ok {
		elements = []value.Value{list}
	} else if list.IsOpen() {
		who.more = append(who.more, list.Reasons()...)
	}
	for _, element := range elements {
		if _, object := element.AsObject(); object {
			who.statements = append(who.statements, readStatement(element))
		} else {
			who.more = append(who.more, value.Reason{Why: "a statement of the policy is not an object"})
		}
	}
}

// administers tells that some statement allows everything and that none denies what administration takes.
func (who *holder) administers() answer {
	return all(some(who.statements, statement.grantsAdmin), not(some(adminActions, func(action string) answer {
		return who.denied(action, func(t text) answer { return t.matches(anyArn, false) })
	})))
}

// opens tells whether the first action of a way is allowed on every resource of its type and the others on some resource.
func (who *holder) opens(e escalation) answer {
	ofType := func(t text) answer { return t.onType(e.service, e.probe) }
	first := who.may(e.actions[0], e.service+" "+e.probe, ofType)
	if first.no() {
		return no
	}
	return all(first, every(e.actions[1:], func(action string) answer {
		return who.may(action, "", func(text) answer { return yes })
	}))
}

// may tells whether the identity is allowed an action on resources, and not denied it there without conditions.
func (who *holder) may(action, what string, on func(text) answer) answer {
	key := action + " " + what
	if known, ok := who.seen[key]; ok {
		return known
	}
	made := some(who.statements, func(s statement) answer {
		includes := s.includes(action)
		if includes.no() {
			return no
		}
		return all(s.allows(), includes, either(s.resources.any(on), all(s.notResources.given(), not(s.notResources.any(on)))))
	})
	if what == "" { // on some resource: only what is denied on all of them is out of reach
		on = func(t text) answer { return t.matches(anyArn, false) }
	}
	if !made.no() {
		made = all(made, not(who.denied(action, on)))
	}
	who.seen[key] = made
	return made
}

// denied tells whether an action is denied on resources whatever the conditions are.
func (who *holder) denied(action string, on func(text) answer) answer {
	return some(who.statements, func(s statement) answer {
		return all(s.denies(), s.includes(action), s.on(on), not(s.conditions.given()))
	})
}
