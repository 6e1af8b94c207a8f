package cluster_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything asks for all that can be read.
func everything() cluster.Options {
	return cluster.Options{Name: "c", SecretMetadata: true, Kubelet: true}
}

// TestGrants proves what the objects look like that are printed, and that the API takes them.
func TestGrants(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "ward")
	c.Namespace(t, "clinic")
	for name, o := range map[string]cluster.Options{"role": {}, "everything": everything(), "namespace": {Namespaces: []string{"clinic"}}} {
		var out strings.Builder
		for _, object := range cluster.Grants(o, "ward-reader-"+name, "ward") {
			text, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "---\n%s", text)
		}
		golden := "testdata/" + name + ".yaml"
		if *update {
			if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", golden, diff)
		}
		c.Apply(t, out.String())
	}
}

// without are the rules but for one right.
func without(rules []rbac.PolicyRule, right string) []rbac.PolicyRule {
	var kept []rbac.PolicyRule
	for _, rule := range rules {
		rule.Resources = slices.DeleteFunc(slices.Clone(rule.Resources), func(name string) bool {
			return rule.Verbs[0]+" "+strings.TrimSuffix(name+"."+rule.APIGroups[0], ".") == right
		})
		if len(rule.Resources) > 0 {
			kept = append(kept, rule)
		}
	}
	return kept
}

// TestRole proves on a real cluster that the printed role is enough, and that without any one of its rights just what that is for is
// incomplete and says what to grant. All groups are served, as far as the API cares.
func TestRole(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a cluster some fifty times")
	}
	c := testcluster.Start(t, testcluster.Options{Flags: []string{"--feature-gates=MutatingAdmissionPolicy=true",
		"--runtime-config=admissionregistration.k8s.io/v1beta1=true"}})
	c.Apply(t, cluster.Definitions())
	estate(t, c, "clinic")
	rules, _, _ := cluster.Rules(everything())
	o := everything()
	o.Config = c.Reader(t, "reader", rules...)
	whole, _ := collect(t, o)
	if len(whole.Gaps) > 0 || len(whole.Partial) > 0 {
		t.Fatalf("with the whole role: gaps %v", whole.Gaps)
	}
	rights := cluster.Rights()
	for i, right := range slices.Sorted(maps.Keys(rights)) {
		if right == "get nodes/proxy" {
			continue // there is no node to get anything of; see TestKubelet
		}
		o.Config = c.Reader(t, fmt.Sprintf("reader-%d", i), without(rules, right)...)
		r, _ := collect(t, o)
		judgeWithout(t, right, rights[right], r, whole)
	}
}

// judgeWithout compares what was read without a right with all that there is.
func judgeWithout(t *testing.T, right string, types []string, r, whole source.Reading) {
	t.Helper()
	told := func(typ string) bool { // as a part that is not whole or, of the cluster itself, in its block
		for _, why := range r.Partial[typ] {
			if why.Grant == right {
				return true
			}
		}
		itself := the(t, r, "kubernetes.cluster", "Cluster/c").Body
		return typ == "kubernetes.cluster" && (lacks(follow(itself, "nodes.providers"), right) || lacks(follow(itself, "controlPlane.apiservers"), right))
	}
	for _, typ := range types {
		if !told(typ) {
			t.Errorf("without %s: %s says %v", right, typ, r.Partial[typ])
		}
	}
	for typ := range r.Partial {
		if !slices.Contains(types, typ) {
			t.Errorf("without %s: %s is incomplete: %v", right, typ, r.Partial[typ])
		}
	}
	for _, b := range whole.Blocks {
		has := slices.ContainsFunc(r.Blocks, func(other resource.Block) bool { return other.Type == b.Type && other.Address == b.Address })
		if !has && !slices.Contains(types, b.Type) && b.Type != "kubernetes.cluster" {
			t.Errorf("without %s: %s is missing", right, b.Address)
		}
	}
}

// lacks tells whether it is not known what there is of a value, for lack of a right.
func lacks(v value.Value, right string) bool {
	return (v.IsUnknown() || v.IsOpen()) && v.Reasons()[0].Grant == right
}

// TestKubelet proves that the settings of kubelets come from each node, and that a node that does not tell them has unknown ones. No
// kubelet runs here: the reply is that of its documentation (kubelet.config.k8s.io/v1beta1), handed out before the API.
func TestKubelet(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	c.Apply(t, "{apiVersion: v1, kind: Node, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: b}}")
	through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case "/api/v1/nodes/a/proxy/configz":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"kubeletconfig":{"authentication":{"anonymous":{"enabled":false}},"readOnlyPort":0,"podPidsLimit":4096}}`)
			return true
		case "/api/v1/nodes/b/proxy/configz":
			status(w, http.StatusForbidden, "Forbidden")
			return true
		}
		return false
	})
	r, _ := collect(t, cluster.Options{Config: through, Kubelet: true})
	const typ = "KubeletConfiguration.kubelet.config.k8s.io"
	a, b := the(t, r, typ, "KubeletConfiguration/a"), the(t, r, typ, "KubeletConfiguration/b")
	if enabled, ok := follow(a.Body, "authentication.anonymous.enabled").AsBool(); !ok || enabled || !a.Body.Field("protectKernelDefaults").IsAbsent() {
		t.Errorf("a: %v", a.Body)
	}
	unknown := b.Body.Field("readOnlyPort")
	if !unknown.IsUnknown() || unknown.Reasons()[0].Grant != "get nodes/proxy" {
		t.Errorf("b: %v", unknown)
	}
}

// TestTypesOf proves that what gaps ask for leads back to the types that it lets be read, and that a right which Ward asks for is one of a role
// for them.
func TestTypesOf(t *testing.T) {
	for right, want := range map[string][]string{
		"list networkpolicies.networking.k8s.io": {"NetworkPolicy.networking.k8s.io"},
		"list secrets":                           {"Secret"},
		"list pods":                              {cluster.Itself, "Pod"},
		"delete pods":                            nil,
		"give --kubelet":                         nil,
	} {
		if diff := cmp.Diff(want, cluster.TypesOf([]string{right})); diff != "" {
			t.Errorf("%s: %s", right, diff)
		}
	}
}
