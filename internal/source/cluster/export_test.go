package cluster

import (
	"fmt"
	"strings"
)

// Definitions are CustomResourceDefinitions of all types whose group Kubernetes itself does not serve.
func Definitions() string {
	var out strings.Builder
	for _, t := range table {
		foreign := strings.Contains(t.group, ".") && (!strings.HasSuffix(t.group, ".k8s.io") || strings.Count(t.group, ".") > 2)
		if t.special != listed || !foreign || t.group == "rbac.authorization.k8s.io" {
			continue
		}
		scope := "Cluster"
		if t.namespaced {
			scope = "Namespaced"
		}
		fmt.Fprintf(&out, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]s.%[2]s, annotations: {api-approved.kubernetes.io: unapproved}}
spec:
  group: %[2]s
  scope: %[3]s
  names: {kind: %[4]s, plural: %[1]s}
  versions: [{name: %[5]s, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`, t.resource, t.group, scope, t.kind, t.versions[0])
	}
	return out.String()
}

// Rights are all that reading everything takes, as gaps call them, with the types that each is for.
func Rights() map[string][]string {
	all := map[string][]string{}
	for _, t := range table {
		for _, one := range t.rights() {
			name := one.verb + " " + qualified(one.resource, one.group)
			all[name] = append(all[name], t.Type())
		}
	}
	return all
}
