package rbac

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"

	"ward.dev/ward/internal/value"
)

// builtinFile holds the roles and the bindings that an API server makes when it starts, as that of Kubernetes 1.34 shows
// them; those that are made of others with all their rules. A test with a real API server keeps it (go test -update).
//
//go:embed builtin.json
var builtinFile []byte

// Builtin is what a cluster brings along.
type Builtin struct {
	Roles    map[string][]BuiltinRule  `json:"roles"`    // "ClusterRole/view", "Role/kube-system/..."
	Bindings map[string]BuiltinBinding `json:"bindings"` // "ClusterRoleBinding/cluster-admin"
}

// BuiltinRule is a rule of a role, as in rbac.authorization.k8s.io/v1.
type BuiltinRule struct {
	Verbs     []string `json:"verbs"`
	Groups    []string `json:"groups,omitempty"`
	Resources []string `json:"resources,omitempty"`
	Names     []string `json:"names,omitempty"`
	URLs      []string `json:"urls,omitempty"`
}

// BuiltinBinding is what gives a role.
type BuiltinBinding struct {
	Role     string   `json:"role"` // "ClusterRole/cluster-admin"
	Subjects []string `json:"subjects"`
}

var builtin = sync.OnceValue(func() Builtin {
	var all Builtin
	if err := json.Unmarshal(builtinFile, &all); err != nil {
		panic("rbac: builtin.json: " + err.Error()) // a file of this package, which its tests read
	}
	return all
})

var builtinRoles = sync.OnceValue(func() map[string]*role {
	all := map[string]*role{}
	for name, rules := range builtin().Roles {
		r := &role{provided: true}
		for _, raw := range rules {
			rule := rule{verbs: value.Strings(raw.Verbs...), groups: value.Strings(raw.Groups...),
				resources: value.Strings(raw.Resources...), names: value.Strings(raw.Names...), urls: value.Strings(raw.URLs...)}
			r.rules = append(r.rules, rule)
			r.grants = append(r.grants, rule.grants()...)
		}
		r.grants = fewest(r.grants)
		all[name] = r
	}
	return all
})

// builtinRole is the role "ClusterRole/view" that Kubernetes brings along, nil if it brings none.
func builtinRole(label string) *role { return builtinRoles()[label] }

// brought tells of a role that it gives no more than the role of its name which Kubernetes brings along. What it leaves out, as an
// older cluster's does, does not matter.
func brought(label string, r *role) bool {
	known := builtinRole(label)
	return known != nil && len(r.more) == 0 && !slices.ContainsFunc(r.rules, func(rule rule) bool { return !known.covers(rule) })
}

// covers tells whether the role gives all that a rule surely gives. A star is asked for as a word of its own.
func (r *role) covers(other rule) bool {
	verbs, ok := texts(other.verbs)
	groups, ok1 := texts(other.groups)
	resources, ok2 := texts(other.resources)
	names, ok3 := texts(other.names)
	urls, ok4 := texts(other.urls)
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 {
		return false
	}
	if len(names) == 0 {
		names = []string{""}
	}
	may := func(q Request) bool {
		return slices.ContainsFunc(r.rules, func(own rule) bool { return own.allows(q, false).Yes })
	}
	for _, verb := range verbs {
		for _, url := range urls {
			if !may(Request{Verb: verb, Path: url}) {
				return false
			}
		}
		for _, group := range groups {
			for _, resource := range resources {
				for _, name := range names {
					if !may(Request{Verb: verb, Group: group, Resource: resource, Name: name}) {
						return false
					}
				}
			}
		}
	}
	return true
}

// texts are the texts of a list, if all of them are known.
func texts(list value.Value) ([]string, bool) {
	if list.IsAbsent() {
		return nil, true
	}
	items, ok := list.AsList()
	if !ok || list.IsOpen() {
		return nil, false
	}
	all := make([]string, len(items))
	for i, item := range items {
		if all[i], ok = item.AsString(); !ok {
			return nil, false
		}
	}
	return all, true
}

// provided tells whether Kubernetes brings a binding along, for this subject and with what its role gives.
func (g *binding) provided(s Subject) bool {
	known, ok := builtin().Bindings[g.label]
	return ok && g.role != nil && g.role.provided && known.Role == g.roleName && slices.Contains(known.Subjects, s.String())
}
