package guard

import (
	"fmt"
	"slices"
	"strings"

	rbac "k8s.io/api/rbac/v1"
)

// Powers are what a guard can be given: the actions of rules, "events" to tell on an object why it was stopped, "annotate" to note on it
// how many replicas it had, and "restore" to make evicted pods anew.
func Powers() []string { return []string{"scale", "evict", "isolate", "events", "annotate", "restore"} }

// Rules are what a role has to hold for these powers, besides what reading takes.
func Rules(powers []string) ([]rbac.PolicyRule, error) {
	rule := func(group string, resources []string, verbs ...string) rbac.PolicyRule {
		return rbac.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	of := map[string][]rbac.PolicyRule{
		"scale": {rule("", []string{"replicationcontrollers/scale"}, "patch"),
			rule("apps", []string{"deployments/scale", "replicasets/scale", "statefulsets/scale"}, "patch"),
			rule("batch", []string{"cronjobs", "jobs"}, "patch")}, // suspending has no subresource
		"evict":   {rule("", []string{"pods/eviction"}, "create")},
		"isolate": {rule("networking.k8s.io", []string{"networkpolicies"}, "create", "delete")},
		"events":  {rule("", []string{"events"}, "create")},
		"annotate": {rule("", []string{"replicationcontrollers"}, "patch"),
			rule("apps", []string{"deployments", "replicasets", "statefulsets"}, "patch")},
		"restore": {rule("", []string{"pods"}, "create")},
	}
	var all []rbac.PolicyRule
	for _, power := range Powers() {
		if slices.Contains(powers, power) {
			all = append(all, of[power]...)
		}
	}
	for _, power := range powers {
		if of[power] == nil {
			return nil, fmt.Errorf("there is no power %q; there are %s", power, strings.Join(Powers(), ", "))
		}
	}
	return all, nil
}
