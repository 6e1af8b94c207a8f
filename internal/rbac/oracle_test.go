package rbac_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	authorization "k8s.io/api/authorization/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/rbac"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

// office is a cluster in which rights are given in every way that RBAC knows.
const office = `
{apiVersion: v1, kind: Namespace, metadata: {name: clinic}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: billing}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: portal, namespace: clinic}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: portal, namespace: billing}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: clinic}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: [db], verbs: [get, update, create, list]}
  - {apiGroups: [""], resources: [pods/exec], verbs: [get]}
  - {apiGroups: [apps, ""], resources: ["*/scale"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: office-wide}
rules:
  - {apiGroups: ["*"], resources: [configmaps, nodes, nodes/proxy], verbs: [get, create]}
  - {apiGroups: [apps], resources: ["*"], verbs: [create]}
  - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, roles], verbs: [bind]}
  - {nonResourceURLs: [/metrics, /logs/*, /debug*], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: office-tokens}
rules:
  - {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [portal], verbs: [create]}
  - {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate]}
  - {apiGroups: [""], resources: [events], verbs: [deletecollection]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: office-all}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: office-aggregate}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {office: "true"}}]}
rules: [{apiGroups: [""], resources: [persistentvolumes], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: clinic}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: portal, namespace: clinic}, {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: wide, namespace: clinic}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-wide}
subjects: [{kind: User, name: "system:serviceaccount:billing:portal", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-wide}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-wide}
subjects: [{kind: Group, name: developers, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-tokens}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-tokens}
subjects: [{kind: Group, name: "system:serviceaccounts:billing", apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: billing}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-all}
subjects: [{kind: User, name: bob, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-all}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-all}
subjects: [{kind: User, name: root, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-aggregate}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-aggregate}
subjects: [{kind: User, name: carol, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-nothing}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: not-there}
subjects: [{kind: User, name: carol, apiGroup: rbac.authorization.k8s.io}, {kind: User, name: dave, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: clinic}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{kind: Group, name: nurses, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: office-last}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: office-wide}
subjects: [{kind: Group, name: latecomers, apiGroup: rbac.authorization.k8s.io}]
`

// requests are what is asked of every subject besides all that rights are made of.
var requests = []rbac.Request{
	{Verb: "get", Resource: "secrets", Name: "db", Namespace: "clinic"},
	{Verb: "get", Resource: "secrets", Name: "other", Namespace: "clinic"},
	{Verb: "list", Resource: "secrets", Namespace: "clinic"},
	{Verb: "create", Resource: "secrets", Namespace: "clinic"},
	{Verb: "get", Resource: "secrets", Name: "db", Namespace: "billing"},
	{Verb: "create", Resource: "pods/exec", Name: "a", Namespace: "clinic"},
	{Verb: "get", Resource: "pods/exec", Name: "a", Namespace: "clinic"},
	{Verb: "get", Resource: "pods", Namespace: "clinic"},
	{Verb: "update", Group: "apps", Resource: "deployments/scale", Name: "a", Namespace: "clinic"},
	{Verb: "update", Group: "batch", Resource: "jobs/scale", Name: "a", Namespace: "clinic"},
	{Verb: "create", Group: "apps", Resource: "deployments", Namespace: "clinic"},
	{Verb: "create", Group: "apps", Resource: "deployments", Namespace: "billing"},
	{Verb: "create", Resource: "configmaps", Namespace: "clinic"},
	{Verb: "get", Group: "other.example", Resource: "configmaps", Namespace: "clinic"},
	{Verb: "get", Resource: "nodes/proxy", Name: "node"},
	{Verb: "get", Resource: "nodes/log", Name: "node"},
	{Verb: "create", Resource: "serviceaccounts/token", Name: "portal", Namespace: "clinic"},
	{Verb: "create", Resource: "serviceaccounts/token", Name: "other", Namespace: "clinic"},
	{Verb: "create", Resource: "persistentvolumes"},
	{Verb: "get", Path: "/metrics"},
	{Verb: "get", Path: "/metrics/cadvisor"},
	{Verb: "get", Path: "/logs/a"},
	{Verb: "get", Path: "/logs"},
	{Verb: "get", Path: "/debug/pprof"},
	{Verb: "post", Path: "/metrics"},
	{Verb: "get", Path: "/healthz"},
}

// TestAsTheCluster proves that this package gives the answers of a real API server's authorizer.
func TestAsTheCluster(t *testing.T) {
	cluster := testcluster.Shared(t)
	cluster.Apply(t, office)
	client, err := kubernetes.NewForConfig(cluster.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	policy := rbac.New(read(t, client), func(string) []value.Reason { return nil })
	asked := slices.Clone(requests)
	for right := range rbac.Names() {
		namespaced, global := rbac.Requests(right)
		asked = append(asked, global...)
		for _, q := range namespaced {
			for _, q.Namespace = range []string{"", "clinic"} {
				asked = append(asked, q)
			}
		}
	}
	subjects := []rbac.Subject{{"User", "", "jane"}, {"User", "", "bob"}, {"User", "", "root"}, {"User", "", "carol"}, {"User", "", "nobody"},
		{"User", "", "system:anonymous"}, {"User", "", "system:kube-scheduler"}, {"ServiceAccount", "clinic", "portal"},
		{"ServiceAccount", "billing", "portal"}, {"ServiceAccount", "kube-system", "generic-garbage-collector"},
		{"ServiceAccount", "kube-system", "token-cleaner"}, {"Group", "", "developers"}, {"Group", "", "nurses"}, {"Group", "", "system:masters"}}
	await(t, client)
	questions, allowed := 0, 0
	for _, s := range subjects {
		for _, q := range asked {
			want, got := review(t, client, s, q), policy.May(s, q)
			questions++
			if want {
				allowed++
			}
			if !got.Known() || got.Yes != want {
				t.Errorf("%s %+v: got %+v, the API server says %v", s, q, got, want)
			}
		}
	}
	t.Logf("%d questions, %d of them allowed", questions, allowed)
}

// TestRightsAsTheCluster proves that a right which is told of a subject in the whole cluster or in a namespace is one that the API
// server lets it use there, and that no other is left out.
func TestRightsAsTheCluster(t *testing.T) {
	cluster := testcluster.Shared(t)
	cluster.Apply(t, office)
	client, err := kubernetes.NewForConfig(cluster.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []resource.Block
	for _, b := range read(t, client) {
		blocks = append(blocks, *b)
	}
	await(t, client)
	told := map[string]map[string]bool{}
	for _, b := range rbac.Derive(blocks, func(string) []value.Reason { return nil }) {
		if b.Type != rbac.SubjectType {
			continue
		}
		name, _ := b.Body.Field("subject").AsString()
		told[name] = map[string]bool{}
		rows, _ := b.Body.Field("rights").AsList()
		for _, row := range rows {
			does, _ := row.Field("does").AsString()
			all, _ := row.Field("all").AsBool()
			namespace, _ := row.Field("namespace").AsString()
			if held, _ := row.Field("held").AsBool(); held && all {
				told[name][does+"@"+namespace] = true
			}
		}
	}
	for _, s := range []rbac.Subject{{"User", "", "jane"}, {"User", "", "bob"}, {"User", "", "root"}, {"User", "", "carol"},
		{"ServiceAccount", "clinic", "portal"}, {"ServiceAccount", "billing", "portal"}, {"Group", "", "developers"}, {"Group", "", "nurses"},
		{"ServiceAccount", "kube-system", "persistent-volume-binder"}, {"User", "", "system:kube-controller-manager"}} {
		if told[s.String()] == nil {
			t.Errorf("there is no block of %s", s)
		}
		for right := range rbac.Names() {
			namespaced, global := rbac.Requests(right)
			everywhere := slices.ContainsFunc(append(global, namespaced...), func(q rbac.Request) bool { return review(t, client, s, q) })
			if right != rbac.Everything && told[s.String()][right+"@"] != everywhere {
				t.Errorf("%s %s everywhere: got %v, the API server says %v", s, right, !everywhere, everywhere)
			}
			for _, namespace := range []string{"clinic", "billing"} {
				here := slices.ContainsFunc(namespaced, func(q rbac.Request) bool {
					q.Namespace = namespace
					return review(t, client, s, q)
				})
				if got := told[s.String()][right+"@"+namespace] || everywhere; right != rbac.Everything && got != (here || everywhere) {
					t.Errorf("%s %s in %s: got %v, the API server says %v", s, right, namespace, got, here)
				}
			}
		}
	}
}

// await waits until the authorizer has seen the last binding.
func await(t *testing.T, client *kubernetes.Clientset) {
	t.Helper()
	last, right := rbac.Subject{Kind: "Group", Name: "latecomers"}, rbac.Request{Verb: "get", Path: "/metrics"}
	for deadline := time.Now().Add(20 * time.Second); !review(t, client, last, right); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the API server does not see the last binding")
		}
	}
}

// review asks the API server.
func review(t *testing.T, client *kubernetes.Clientset, s rbac.Subject, q rbac.Request) bool {
	t.Helper()
	spec := authorization.SubjectAccessReviewSpec{User: s.Name, Groups: []string{"system:authenticated"}}
	switch {
	case s.Kind == "ServiceAccount":
		spec.User = "system:serviceaccount:" + s.Namespace + ":" + s.Name
		spec.Groups = append(spec.Groups, "system:serviceaccounts", "system:serviceaccounts:"+s.Namespace)
	case s.Kind == "Group":
		spec.User, spec.Groups = "somebody", append(spec.Groups, s.Name)
	case s.Name == "system:anonymous":
		spec.Groups = []string{"system:unauthenticated"}
	}
	if q.Path != "" {
		spec.NonResourceAttributes = &authorization.NonResourceAttributes{Path: q.Path, Verb: q.Verb}
	} else {
		name, below, _ := strings.Cut(q.Resource, "/")
		spec.ResourceAttributes = &authorization.ResourceAttributes{Namespace: q.Namespace, Verb: q.Verb, Group: q.Group, Resource: name,
			Subresource: below, Name: q.Name}
	}
	answer, err := client.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorization.SubjectAccessReview{Spec: spec},
		meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Allowed
}

// read lists what the cluster has of roles, bindings and service accounts.
func read(t *testing.T, client *kubernetes.Clientset) []*resource.Block {
	t.Helper()
	var all []*resource.Block
	for _, of := range []struct{ path, version, kind string }{
		{"/api/v1/serviceaccounts", "v1", "ServiceAccount"},
		{"/apis/rbac.authorization.k8s.io/v1/roles", "rbac.authorization.k8s.io/v1", "Role"},
		{"/apis/rbac.authorization.k8s.io/v1/rolebindings", "rbac.authorization.k8s.io/v1", "RoleBinding"},
		{"/apis/rbac.authorization.k8s.io/v1/clusterroles", "rbac.authorization.k8s.io/v1", "ClusterRole"},
		{"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding"},
	} {
		raw, err := client.RESTClient().Get().AbsPath(of.path).DoRaw(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var list struct{ Items []map[string]any }
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			item["apiVersion"], item["kind"] = of.version, of.kind
			b, err := manifest.Block(tree(item), manifest.Scope{Dialect: resource.Cluster, Target: "test", Cluster: "test"})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, &b)
		}
	}
	return all
}

// tree makes a value of what encoding/json reads.
func tree(v any) value.Value {
	switch v := v.(type) {
	case map[string]any:
		members := map[string]value.Value{}
		for name, member := range v {
			members[name] = tree(member)
		}
		return value.Object(members)
	case []any:
		items := make([]value.Value, len(v))
		for i, item := range v {
			items[i] = tree(item)
		}
		return value.List(items...)
	case string:
		if v == "?" {
			return value.Unresolved(value.Reason{Why: "hidden"})
		}
		return value.String(v)
	case bool:
		return value.Bool(v)
	case nil:
		return value.None()
	}
	return value.String(fmt.Sprint(v))
}
