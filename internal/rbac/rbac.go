// Package rbac tells what the roles and bindings of a cluster together let each user, group and service account do, as the
// authorizer RBAC of Kubernetes decides it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
//
// It must not know of kinds and checks, nor how objects are read. It is three-valued: a right that was found stands; one that was
// not found is unknown as long as a role, a binding or a rule is.
//
// # Subjects
//
// A subject is whoever a binding names, and every service account. It has the rights of the groups that Kubernetes puts it into
// by itself (system:authenticated, system:serviceaccounts ...). The groups of a company's directory are subjects by themselves: who is
// in them is not known in the cluster. A service account that is named as a user is the same as by its name.
//
// # Roles that are not among the objects
//
// The roles that Kubernetes brings along are known (builtin.json). Of any other role that a binding gives and that is not among
// the objects it is not known what it gives; in a cluster whose roles were all read it gives nothing.
package rbac

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// Types of the objects that rights are made of.
const (
	roleType           = "Role.rbac.authorization.k8s.io"
	clusterRoleType    = "ClusterRole.rbac.authorization.k8s.io"
	bindingType        = "RoleBinding.rbac.authorization.k8s.io"
	clusterBindingType = "ClusterRoleBinding.rbac.authorization.k8s.io"
	accountType        = "ServiceAccount"
)

// Types are the types of blocks that subjects are made of.
func Types() []string {
	return []string{roleType, clusterRoleType, bindingType, clusterBindingType, accountType}
}

// IsRole tells of a type of blocks that its objects are roles.
func IsRole(typ string) bool { return typ == roleType || typ == clusterRoleType }

// Answer tells whether something is allowed. The zero Answer is no.
type Answer struct {
	Yes bool
	Why []value.Reason // why it may be although Yes is false
}

// Known tells whether the answer is sure.
func (a Answer) Known() bool { return a.Yes || len(a.Why) == 0 }

// maxReasons bounds what one answer carries.
const maxReasons = 8

// brief keeps the first reasons, each once.
func (a Answer) brief() Answer {
	var why []value.Reason
	for _, reason := range a.Why {
		if len(why) < maxReasons && !slices.Contains(why, reason) {
			why = append(why, reason)
		}
	}
	return Answer{a.Yes, why}
}

// value is a bool, or unknown.
func (a Answer) value() value.Value {
	if a.Known() {
		return value.Bool(a.Yes)
	}
	return value.Unresolved(a.brief().Why...)
}

func unsure(why ...value.Reason) Answer { return Answer{Why: why} }

// and is yes when both are, no when one is.
func (a Answer) and(b Answer) Answer {
	switch {
	case a.Yes && b.Yes:
		return a
	case a.Known() && !a.Yes || b.Known() && !b.Yes:
		return Answer{}
	}
	return Answer{Why: slices.Concat(a.Why, b.Why)}
}

// or is yes when one is, no when both are not.
func (a Answer) or(b Answer) Answer {
	if a.Yes || b.Yes {
		return Answer{Yes: true}
	}
	return Answer{Why: slices.Concat(a.Why, b.Why)}
}

// Request is what somebody wants to do.
type Request struct {
	Verb string // "get", "create" ...
	// Group and Resource: "apps" and "deployments", "" and "pods/exec". Name is "" for what is not about one object.
	Group, Resource, Name string
	// Namespace is "" for what has none and for all of them.
	Namespace string
	// Path of the API server that is no object, "/metrics"; the other fields but Verb are then empty.
	Path string
}

// rule is one rule of a role.
type rule struct {
	verbs, groups, resources, names, urls value.Value
}

func newRule(v value.Value) rule {
	if v.IsUnknown() {
		hidden := value.Unresolved(v.Reasons()...)
		return rule{hidden, hidden, hidden, value.None(), hidden}
	}
	return rule{v.Field("verbs"), v.Field("apiGroups"), v.Field("resources"), v.Field("resourceNames"), v.Field("nonResourceURLs")}
}

// allows tells whether the rule allows a request. That it names objects is left to the caller if anyName.
func (r rule) allows(q Request, anyName bool) Answer {
	verb := has(r.verbs, func(text string) bool { return text == "*" || text == q.Verb })
	if q.Path != "" {
		return verb.and(has(r.urls, func(text string) bool {
			return text == "*" || text == q.Path || strings.HasSuffix(text, "*") && strings.HasPrefix(q.Path, strings.TrimRight(text, "*"))
		}))
	}
	_, below, isPart := strings.Cut(q.Resource, "/")
	resource := has(r.resources, func(text string) bool {
		return text == "*" || text == q.Resource || isPart && text == "*/"+below
	})
	group := has(r.groups, func(text string) bool { return text == "*" || text == q.Group })
	answer := verb.and(group).and(resource)
	if anyName {
		return answer
	}
	return answer.and(r.namesAll().or(has(r.names, func(text string) bool { return q.Name != "" && text == q.Name })))
}

// namesAll tells whether the rule is about all objects, whatever they are called.
func (r rule) namesAll() Answer {
	names, _ := r.names.AsList()
	switch {
	case len(names) > 0:
		return Answer{}
	case r.names.IsUnknown() || r.names.IsOpen():
		return unsure(r.names.Reasons()...)
	}
	return Answer{Yes: true}
}

// has tells whether a list of texts holds one that is wanted.
func has(list value.Value, wanted func(string) bool) Answer {
	var why []value.Reason
	if list.IsUnknown() || list.IsOpen() {
		why = list.Reasons()
	}
	items, isList := list.AsList()
	if !isList && list.IsKnown() {
		items = []value.Value{list}
	}
	for _, item := range items {
		switch text, ok := item.AsString(); {
		case ok && wanted(text):
			return Answer{Yes: true}
		case item.IsUnknown():
			why = append(why, item.Reasons()...)
		}
	}
	if list.IsUnknown() && len(why) == 0 {
		why = []value.Reason{{Why: "a rule of a role could not be read"}}
	}
	return Answer{Why: why}
}
