package mapping_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

var ofKubernetes = map[string]string{
	"kubernetes.pod.yaml": `
kind: kubernetes.pod
title: pod
doc: For tests.
kubernetes: [Pod, Deployment.apps]
identity: {kubernetes: [metadata.name, "@qualified"]}
parts:
  labels: {kubernetes: [spec.template.metadata.labels, {path: "@body", where: {kind: Pod}, take: metadata.labels}]}
  pod: {kubernetes: [spec.template.spec, spec]}
attributes:
  name: {type: string, doc: d, kubernetes: metadata.name}
  policies: {type: list ref kubernetes.policy, doc: d, kubernetes: NetworkPolicy.networking.k8s.io selecting spec.podSelector, default: []}
  services: {type: list string, doc: d, kubernetes: Service selecting plain spec.selector > metadata.name, default: []}
  account: {type: ref kubernetes.account, doc: d, kubernetes: spec.serviceAccountName, default: default}
  seen: {type: string, doc: d, cluster: status.phase}
  containers:
    type: list
    doc: d
    kubernetes: $pod.containers
    default: []
    item: {user: {type: int, doc: d, kubernetes: [user, $pod.user]}}
`,
	"kubernetes.policy.yaml": `
kind: kubernetes.policy
title: policy
doc: For tests.
kubernetes: NetworkPolicy.networking.k8s.io
identity: {kubernetes: [metadata.name, "@qualified"]}
attributes:
  name: {type: string, doc: d, kubernetes: metadata.name}
  pods: {type: list ref kubernetes.pod, doc: d, kubernetes: kubernetes.pod selected by spec.podSelector, default: []}
`,
	"kubernetes.account.yaml": `
kind: kubernetes.account
title: account
doc: For tests.
kubernetes: ServiceAccount
identity: {kubernetes: [metadata.name, "@qualified"]}
attributes:
  name: {type: string, doc: d, kubernetes: metadata.name}
  bindings: {type: list string, doc: d, kubernetes: RoleBinding.rbac.authorization.k8s.io by subjects via rbac.accounts > metadata.name, default: []}
`,
	"kubernetes.ns.yaml": `
kind: kubernetes.ns
title: namespace
doc: For tests.
kubernetes: Namespace
identity: {kubernetes: metadata.name}
attributes:
  name: {type: string, doc: d, kubernetes: metadata.name}
  policies: {type: list ref kubernetes.policy, doc: d, kubernetes: NetworkPolicy.networking.k8s.io by @namespace, default: []}
`,
}

// objects maps JSON objects as files or as a cluster that was read, but for the types in partial.
func objects(t *testing.T, dialect resource.Dialect, partial []string, texts ...string) *inventory.Inventory {
	t.Helper()
	var kinds []*kind.Kind
	reading := source.Reading{Kind: string(dialect), Name: "t", Dialect: dialect, Partial: map[string][]value.Reason{},
		Kinds: []string{"Pod", "Deployment.apps", "NetworkPolicy.networking.k8s.io", "ServiceAccount", "Namespace", "Service",
			"RoleBinding.rbac.authorization.k8s.io"}}
	for file, text := range ofKubernetes {
		k, err := kind.New(file, text)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b *kind.Kind) int { return len(a.Name) - len(b.Name) })
	for _, typ := range partial {
		reading.Partial[typ] = []value.Reason{{Why: typ + " was denied"}}
		reading.Gaps = append(reading.Gaps, resource.Gap{Target: "t", Kind: typ, What: typ})
	}
	for _, text := range texts {
		var data any
		if err := json.Unmarshal([]byte(text), &data); err != nil {
			t.Fatal(err)
		}
		root, _ := data.(map[string]any)["root"].(string)
		b, err := manifest.Block(manifest.Value(data, &value.Origin{File: "f"}), manifest.Scope{Dialect: dialect, Root: root})
		if err != nil {
			t.Fatal(err)
		}
		reading.Blocks = append(reading.Blocks, b)
	}
	return mapping.Map(kinds, []source.Reading{reading})
}

// is writes an attribute shortly: what is known of it, with ? behind what may hold more.
func is(t *testing.T, inv *inventory.Inventory, address, attribute string) string {
	t.Helper()
	for _, r := range inv.Resources {
		if r.Address == address {
			v := r.Get(attribute)
			text := fmt.Sprint(v.Plain())
			if v.IsUnknown() {
				return "?"
			}
			if v.IsOpen() {
				text += "?"
			}
			return text
		}
	}
	t.Fatalf("there is no %s", address)
	return ""
}

func labelled(kind, namespace, name, labels, more string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":%q,"metadata":{"name":%q,"namespace":%q,"labels":%s}%s}`, kind, name, namespace, labels, more)
}

func policy(namespace, name, selector string) string {
	return fmt.Sprintf(`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":%q,"namespace":%q},"spec":{"podSelector":%s}}`,
		name, namespace, selector)
}

// TestSelectors proves that label selectors match as Kubernetes matches them, within a namespace only.
func TestSelectors(t *testing.T) {
	pod := labelled("Pod", "a", "p", `{"app":"web","tier":"front"}`, "")
	for selector, want := range map[string]bool{
		`{}`:                             true,
		`null`:                           false,
		`{"matchLabels":{"app":"web"}}`:  true,
		`{"matchLabels":{"app":"api"}}`:  false,
		`{"matchLabels":{"zone":"web"}}`: false,
		`{"matchExpressions":[{"key":"app","operator":"In","values":["web","api"]}]}`:                               true,
		`{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}`:                                  false,
		`{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["web"]}]}`:                                 true,
		`{"matchExpressions":[{"key":"app","operator":"Exists"}]}`:                                                  true,
		`{"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]}`:                                            false,
		`{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["back"]}]}`:       false,
		`{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"zone","operator":"DoesNotExist","values":null}]}`: true,
	} {
		inv := objects(t, resource.Kubernetes, nil, pod, policy("a", "n", selector), policy("b", "n", `{}`))
		wantPolicies, wantPods := "[]", "[]"
		if want {
			wantPolicies, wantPods = "[t#NetworkPolicy/a/n]", "[t#Pod/a/p]"
		}
		if got := is(t, inv, "Pod/a/p", "policies"); got != wantPolicies {
			t.Errorf("%s: policies %s, want %s", selector, got, wantPolicies)
		}
		if got := is(t, inv, "NetworkPolicy/a/n", "pods"); got != wantPods {
			t.Errorf("%s: pods %s, want %s", selector, got, wantPods)
		}
	}
	services := objects(t, resource.Kubernetes, nil, pod, labelled("Service", "a", "s", "{}", `,"spec":{"selector":{"app":"web"}}`),
		labelled("Service", "a", "none", "{}", `,"spec":{"selector":{}}`), labelled("Service", "a", "other", "{}", ""))
	if got := is(t, services, "Pod/a/p", "services"); got != "[s]" {
		t.Errorf("a service without a selector leads nowhere: %s", got)
	}
}

// TestUnknownSelectors proves that what is not known of selectors, operators and namespaces leaves the result open.
func TestUnknownSelectors(t *testing.T) {
	for name, one := range map[string]struct{ pod, policy, want string }{
		"an operator of tomorrow": {labelled("Pod", "a", "p", "{}", ""), policy("a", "n", `{"matchExpressions":[{"key":"x","operator":"Like"}]}`), "[]?"},
		"no namespace of one":     {labelled("Pod", "", "p", "{}", ""), policy("a", "n", `{}`), "[]?"},
		"no namespace of either":  {labelled("Pod", "", "p", "{}", ""), policy("", "n", `{}`), "[t#NetworkPolicy/n]"},
		"no namespace, no match":  {labelled("Pod", "", "p", "{}", ""), policy("a", "n", `{"matchLabels":{"x":"y"}}`), "[]"},
	} {
		inv := objects(t, resource.Kubernetes, nil, one.pod, one.policy)
		address := "Pod/p"
		if inv.Resources[0].Region != "" || inv.Resources[0].Kind.Name == "kubernetes.pod" && inv.Resources[0].Region == "a" {
			address = inv.Resources[0].Address
		}
		if got := is(t, inv, address, "policies"); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
	}
}

// TestNamespaces proves that names mean something within their namespace and root, and a namespace within its root or anywhere.
func TestNamespaces(t *testing.T) {
	binding := func(root, namespace, subject string) string {
		return fmt.Sprintf(`{"root":%q,"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":%q},"subjects":[%s]}`,
			root, namespace, subject)
	}
	inv := objects(t, resource.Kubernetes, nil,
		labelled("Pod", "a", "p", "{}", `,"root":"r","spec":{"serviceAccountName":"s","user":7,"containers":[{"user":1},{}]}`),
		labelled("Pod", "a", "q", "{}", `,"root":"r"`),
		labelled("ServiceAccount", "a", "s", "{}", `,"root":"r"`), labelled("ServiceAccount", "b", "s", "{}", `,"root":"r"`),
		labelled("ServiceAccount", "a", "default", "{}", `,"root":"r"`), labelled("ServiceAccount", "a", "s", "{}", `,"root":"other"`),
		binding("r", "b", `{"kind":"ServiceAccount","name":"s","namespace":"a"},{"kind":"User","name":"me"}`),
		labelled("Namespace", "", "a", "{}", `,"root":"r"`))
	for _, one := range [][3]string{
		{"r:Pod/a/p", "account", "t#r:ServiceAccount/a/s"},
		{"r:Pod/a/q", "account", "t#r:ServiceAccount/a/default"},
		{"r:Pod/a/p", "containers", "[map[user:1] map[user:7]]"},
		{"r:ServiceAccount/a/s", "bindings", "[b]"},
		{"r:ServiceAccount/b/s", "bindings", "[]"},
		{"other:ServiceAccount/a/s", "bindings", "[]"},
		{"r:Pod/a/p", "seen", "?"},
	} {
		if got := is(t, inv, one[0], one[1]); got != one[2] {
			t.Errorf("%s %s: %s, want %s", one[0], one[1], got, one[2])
		}
	}
	near := objects(t, resource.Kubernetes, nil, labelled("ServiceAccount", "", "s", "{}", ""), labelled("Namespace", "", "a", "{}", ""),
		policy("", "n", "{}"), binding("", "x", `{"kind":"ServiceAccount","name":"s","namespace":"a"}`))
	if got := is(t, near, "ServiceAccount/s", "bindings"); got != "[]?" {
		t.Errorf("an account without a namespace may be the one that is named: %s", got)
	}
	if got := is(t, near, "Namespace/a", "policies"); got != "[]?" {
		t.Errorf("a policy without a namespace may be in this one: %s", got)
	}
}

// TestCluster proves that a cluster which was read whole leaves nothing open, that what was denied does, and that what another
// object made is no resource of its own.
func TestCluster(t *testing.T) {
	owned := func(name, owner string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"a","ownerReferences":[
			{"apiVersion":"apps/v1","kind":"ReplicaSet","name":%q,"controller":true}]},"status":{"phase":"Running"}}`, name, owner)
	}
	replicas := `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"d-1","namespace":"a","ownerReferences":[
		{"apiVersion":"apps/v1","kind":"Deployment","name":"d","controller":true}]}}`
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"a"},"spec":{"template":{"metadata":{"labels":{"app":"d"}}}}}`
	texts := []string{deployment, replicas, owned("d-1-x", "d-1"), owned("e-1-x", "e-1"), policy("a", "n", `{"matchLabels":{"app":"d"}}`)}
	whole := objects(t, resource.Cluster, nil, texts...)
	var got []string
	for _, r := range whole.Resources {
		got = append(got, r.Address)
	}
	if diff := cmp.Diff([]string{"Deployment/a/d", "Pod/a/e-1-x", "NetworkPolicy/a/n"}, got); diff != "" {
		t.Error(diff)
	}
	if got := is(t, whole, "Deployment/a/d", "policies") + is(t, whole, "Pod/a/e-1-x", "policies") + is(t, whole, "Pod/a/e-1-x", "seen"); got !=
		"[t#NetworkPolicy/a/n][]Running" {
		t.Error(got)
	}
	attached := func(name string) string {
		return strings.Replace(owned(name, "d-1"), `"status"`, `"spec":{"ephemeralContainers":[{"name":"debug"}]},"status"`, 1)
	}
	got = nil
	for _, r := range objects(t, resource.Cluster, nil, append(texts, attached("d-1-y"), attached("d-1-z"))...).Resources {
		got = append(got, r.Address)
	}
	if diff := cmp.Diff([]string{"Deployment/a/d", "Pod/a/e-1-x", "NetworkPolicy/a/n", "Pod/a/d-1-y"}, got); diff != "" {
		t.Errorf("pods that run otherwise than their owner says are resources, one of those that are alike:\n%s", diff)
	}
	denied := objects(t, resource.Cluster, []string{"NetworkPolicy.networking.k8s.io", "ServiceAccount"}, texts...)
	if got := is(t, denied, "Pod/a/e-1-x", "policies"); got != "[]?" {
		t.Errorf("policies were denied: %s", got)
	}
	if len(denied.Gaps) != 2 || denied.Gaps[0].Kind != "kubernetes.policy" || denied.Gaps[1].Kind != "kubernetes.account" {
		t.Errorf("gaps are of kinds: %v", denied.Gaps)
	}
}
