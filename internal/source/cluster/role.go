package cluster

import (
	"cmp"
	"slices"

	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// right is one thing that reading a type takes.
type right struct {
	group, resource, verb string
	where                 where
}

// where a right is needed.
type where uint8

const (
	everywhere   where = iota // in what has no namespace
	inNamespaces              // in the namespaces that are read
	inSystem                  // in kube-system
)

// rights are what reading a type takes.
func (t objects) rights() []right {
	nodes := right{"", "nodes", "list", everywhere}
	switch {
	case t.special == itself:
		return []right{nodes, {"", "pods", "list", inSystem}}
	case t.special == kubelet:
		return []right{nodes, {"", "nodes/proxy", "get", everywhere}}
	case t.namespaced:
		return []right{{t.group, t.resource, "list", inNamespaces}}
	}
	return []right{{t.group, t.resource, "list", everywhere}}
}

// TypesOf are the types of objects that are read by one of some rights, as gaps and unknown values name them: "list deployments.apps".
func TypesOf(rights []string) []string {
	var types []string
	for _, t := range table {
		for _, one := range t.rights() {
			if slices.Contains(rights, one.verb+" "+qualified(one.resource, one.group)) {
				types = append(types, t.Type())
				break
			}
		}
	}
	return types
}

// Rules are what a role has to hold for reading the types of the options everywhere, in the namespaces of the options, and in
// kube-system. Without namespaces all of them stand in the first: that is a ClusterRole. What every signed-in user may do
// (system:discovery, system:basic-user) is not among them.
func Rules(o Options) (all, namespaces, system []rbac.PolicyRule) {
	needed := []right{{"", "namespaces", "list", everywhere}} // to know which cluster it is
	for _, t := range o.chosen() {
		needed = append(needed, t.rights()...)
		if o.Watch && t.special == listed {
			for _, one := range t.rights() {
				needed = append(needed, right{one.group, one.resource, "watch", one.where})
			}
		}
	}
	in := func(places ...where) (some []right) {
		for _, one := range needed {
			if slices.Contains(places, one.where) {
				some = append(some, one)
			}
		}
		return some
	}
	switch {
	case len(o.Namespaces) == 0:
		return rulesOf(needed), nil, nil
	case slices.Contains(o.Namespaces, systemNamespace): // where pods are read anyway, unless they are not wanted
		return rulesOf(in(everywhere)), rulesOf(in(inNamespaces)), rulesOf(in(inNamespaces, inSystem))
	}
	return rulesOf(in(everywhere)), rulesOf(in(inNamespaces)), rulesOf(in(inSystem))
}

// rulesOf makes one rule for each group and verb.
func rulesOf(rights []right) []rbac.PolicyRule {
	var rules []rbac.PolicyRule
	slices.SortFunc(rights, func(a, b right) int {
		return cmp.Or(cmp.Compare(a.group, b.group), -cmp.Compare(a.verb, b.verb), cmp.Compare(a.resource, b.resource))
	})
	for _, one := range rights {
		last := len(rules) - 1
		if last < 0 || rules[last].APIGroups[0] != one.group || rules[last].Verbs[0] != one.verb {
			rules = append(rules, rbac.PolicyRule{APIGroups: []string{one.group}, Verbs: []string{one.verb}})
			last++
		}
		if !slices.Contains(rules[last].Resources, one.resource) {
			rules[last].Resources = append(rules[last].Resources, one.resource)
		}
	}
	return rules
}

// Grants are the objects that give a service account of a namespace what reading takes: the account, the roles that hold Rules, and
// their bindings, all of one name.
func Grants(o Options, name, namespace string) []runtime.Object {
	subject := []rbac.Subject{{Kind: rbac.ServiceAccountKind, Name: name, Namespace: namespace}}
	account := meta.PartialObjectMetadata{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: meta.ObjectMeta{Name: name, Namespace: namespace}}
	all, inEach, system := Rules(o)
	if len(o.Namespaces) == 0 {
		all = append(all, o.More...)
	} else {
		inEach = append(inEach, o.More...)
	}
	of := func(kind string) meta.TypeMeta {
		return meta.TypeMeta{APIVersion: rbac.SchemeGroupVersion.String(), Kind: kind}
	}
	made := []runtime.Object{&account,
		&rbac.ClusterRole{TypeMeta: of("ClusterRole"), ObjectMeta: meta.ObjectMeta{Name: name}, Rules: all},
		&rbac.ClusterRoleBinding{TypeMeta: of("ClusterRoleBinding"), ObjectMeta: meta.ObjectMeta{Name: name}, Subjects: subject,
			RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: name}}}
	add := func(in string, rules []rbac.PolicyRule) {
		if len(rules) > 0 {
			made = append(made, &rbac.Role{TypeMeta: of("Role"), ObjectMeta: meta.ObjectMeta{Name: name, Namespace: in}, Rules: rules},
				&rbac.RoleBinding{TypeMeta: of("RoleBinding"), ObjectMeta: meta.ObjectMeta{Name: name, Namespace: in}, Subjects: subject,
					RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: name}})
		}
	}
	for _, one := range o.Namespaces {
		if one != systemNamespace {
			add(one, inEach)
		}
	}
	add(systemNamespace, system)
	return made
}
