package rbac_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/rbac"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

var update = flag.Bool("update", false, "write builtin.json as the API server of the tests has it")

const bootstrapping = "kubernetes.io/bootstrapping=rbac-defaults"

// TestBuiltin proves that builtin.json holds just what a real API server brings along, by the label that it puts on it.
func TestBuiltin(t *testing.T) {
	client, err := kubernetes.NewForConfig(testcluster.Shared(t).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	got := rbac.Builtin{Roles: map[string][]rbac.BuiltinRule{}, Bindings: map[string]rbac.BuiltinBinding{}}
	roles, err := client.RbacV1().ClusterRoles().List(t.Context(), meta.ListOptions{LabelSelector: bootstrapping})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles.Items {
		rules := role.Rules
		if role.AggregationRule != nil { // which a controller fills in, and there is none
			rules = nil
			taken := map[string]bool{}
			gather(t, roles.Items, role, taken)
			for _, other := range roles.Items {
				if taken[other.Name] {
					rules = append(rules, other.Rules...)
				}
			}
		}
		for _, r := range rules {
			got.Roles["ClusterRole/"+role.Name] = append(got.Roles["ClusterRole/"+role.Name], rule(r))
		}
	}
	locals, err := client.RbacV1().Roles("").List(t.Context(), meta.ListOptions{LabelSelector: bootstrapping})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range locals.Items {
		label := "Role/" + role.Namespace + "/" + role.Name
		for _, r := range role.Rules {
			got.Roles[label] = append(got.Roles[label], rule(r))
		}
	}
	bindings, err := client.RbacV1().ClusterRoleBindings().List(t.Context(), meta.ListOptions{LabelSelector: bootstrapping})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bindings.Items {
		got.Bindings["ClusterRoleBinding/"+b.Name] = binding(b.RoleRef.Kind+"/"+b.RoleRef.Name, b.Subjects)
	}
	local, err := client.RbacV1().RoleBindings("").List(t.Context(), meta.ListOptions{LabelSelector: bootstrapping})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range local.Items {
		got.Bindings["RoleBinding/"+b.Namespace+"/"+b.Name] = binding(b.RoleRef.Kind+"/"+b.Namespace+"/"+b.RoleRef.Name, b.Subjects)
	}
	made, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	made = bytes.ReplaceAll(append(made, '\n'), []byte(`],"`), []byte("],\n\"")) // a line for each role
	if *update {
		if err := os.WriteFile("builtin.json", made, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("builtin.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(made)); diff != "" {
		t.Errorf("builtin.json is not what the API server has (go test -update):\n%s", diff)
	}
}

// TestProvided proves that all that a fresh API server lets anyone do is known to be brought along, so that it is nobody's finding.
func TestProvided(t *testing.T) {
	client, err := kubernetes.NewForConfig(testcluster.Start(t, testcluster.Options{}).Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []resource.Block
	for _, b := range read(t, client) {
		blocks = append(blocks, *b)
	}
	rights := 0
	for _, b := range rbac.Derive(blocks, func(string) []value.Reason { return nil }) {
		for _, list := range []string{"rights", "bindings"} {
			rows, _ := b.Body.Field(list).AsList()
			for _, row := range rows {
				rights++
				if provided, _ := row.Field("provided").AsBool(); !provided {
					t.Errorf("%s: %v is not known to be brought along", b.Address, row.Plain())
				}
			}
		}
	}
	if rights < 100 {
		t.Errorf("only %d rights were told", rights)
	}
}

// gather marks the roles that an aggregated role is made of; those may be aggregated themselves.
func gather(t *testing.T, roles []rbacv1.ClusterRole, of rbacv1.ClusterRole, taken map[string]bool) {
	for _, s := range of.AggregationRule.ClusterRoleSelectors {
		selector, err := meta.LabelSelectorAsSelector(&s)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range roles {
			if other.Name == of.Name || taken[other.Name] || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			taken[other.Name] = true
			if other.AggregationRule != nil {
				gather(t, roles, other, taken)
			}
		}
	}
}

func rule(r rbacv1.PolicyRule) rbac.BuiltinRule {
	return rbac.BuiltinRule{Verbs: r.Verbs, Groups: r.APIGroups, Resources: r.Resources, Names: r.ResourceNames, URLs: r.NonResourceURLs}
}

func binding(role string, subjects []rbacv1.Subject) rbac.BuiltinBinding {
	b := rbac.BuiltinBinding{Role: role}
	for _, s := range subjects {
		b.Subjects = append(b.Subjects, rbac.Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String())
	}
	return b
}
