package rbac_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/rbac"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

const group = `"apiVersion":"rbac.authorization.k8s.io/v1"`

// object is one object of JSON as files hold it; "?" is what is not known.
func object(t testing.TB, text string, in manifest.Scope) resource.Block {
	t.Helper()
	var raw any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	b, err := manifest.Block(tree(raw), in)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

func files(t testing.TB, texts ...string) []resource.Block {
	var all []resource.Block
	for _, text := range texts {
		all = append(all, object(t, text, manifest.Scope{Dialect: resource.Kubernetes, Target: "test"}))
	}
	return all
}

func clusterRole(name, rules string) string {
	return fmt.Sprintf(`{%s,"kind":"ClusterRole","metadata":{"name":%q},"rules":%s}`, group, name, rules)
}

func bound(kind, namespace, name, role, subjects string) string {
	refKind, name2, _ := strings.Cut(role, "/")
	return fmt.Sprintf(`{%s,"kind":%q,"metadata":{"name":%q%s},"roleRef":{"kind":%q,"name":%q},"subjects":%s}`, group, kind, name, namespace,
		refKind, name2, subjects)
}

// told writes the rights of each subject: "right@namespace", with "?" before what is not sure and at the end where there may be more.
func told(blocks []resource.Block) map[string]string {
	all := map[string]string{}
	for _, b := range blocks {
		if b.Type != rbac.SubjectType {
			continue
		}
		var words []string
		rights := b.Body.Field("rights")
		rows, _ := rights.AsList()
		for _, row := range rows {
			does, _ := row.Field("does").AsString()
			if held := row.Field("held"); held.IsUnknown() {
				does = "?" + does
			}
			switch namespace, ok := row.Field("namespace").AsString(); {
			case ok:
				does += "@" + namespace
			case row.Field("namespace").IsUnknown():
				does += "@?"
			}
			if whole, _ := row.Field("all").AsBool(); !whole {
				does += "[" + fmt.Sprint(row.Field("names").Plain()) + "]"
			}
			if provided, _ := row.Field("provided").AsBool(); provided {
				does += "(provided)"
			}
			words = append(words, does)
		}
		slices.Sort(words)
		if rights.IsOpen() {
			words = append(words, "...")
		}
		all[strings.TrimPrefix(b.Address, "Subject/")] = strings.Join(words, " ")
	}
	return all
}

// TestFiles proves what is told of subjects in files: also of roles that are elsewhere, of accounts whose namespace is not said,
// and of what is not known.
func TestFiles(t *testing.T) {
	account := `[{"kind":"ServiceAccount","name":"portal","namespace":"clinic"}]`
	secrets := `[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]`
	for _, tt := range []struct {
		name    string
		objects []string
		want    map[string]string
	}{
		{"a role of the files", []string{clusterRole("a", secrets), bound("ClusterRoleBinding", "", "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/clinic/portal": "reads-secrets"}},
		{"in one namespace", []string{clusterRole("a", secrets), bound("RoleBinding", `,"namespace":"clinic"`, "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/clinic/portal": "reads-secrets@clinic"}},
		{"by name", []string{clusterRole("a", `[{"apiGroups":[""],"resources":["secrets"],"resourceNames":["db"],"verbs":["get","create"]}]`),
			bound("ClusterRoleBinding", "", "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/clinic/portal": "reads-secrets[[db]]"}},
		{"a role that is elsewhere", []string{bound("ClusterRoleBinding", "", "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/clinic/portal": "..."}},
		{"a role that Kubernetes brings along", []string{bound("ClusterRoleBinding", "", "a", "ClusterRole/system:controller:ttl-controller", account)},
			map[string]string{"ServiceAccount/clinic/portal": ""}},
		{"administrators", []string{bound("ClusterRoleBinding", "", "cluster-admin", "ClusterRole/cluster-admin",
			`[{"kind":"Group","name":"system:masters"}]`)}, map[string]string{"Group/system:masters": func() string {
			words := []string{"everything(provided)"}
			for right := range rbac.Names() {
				words = append(words, right+"(provided)")
			}
			slices.Sort(words)
			return strings.Join(words, " ")
		}()}},
		{"a group that it is in", []string{clusterRole("a", secrets), `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"portal","namespace":"clinic"}}`,
			bound("ClusterRoleBinding", "", "a", "ClusterRole/a", `[{"kind":"Group","name":"system:serviceaccounts:clinic"}]`)},
			map[string]string{"ServiceAccount/clinic/portal": "reads-secrets", "Group/system:serviceaccounts:clinic": "reads-secrets"}},
		{"an account of a namespace that is not said", []string{clusterRole("a", secrets), `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"portal"}}`,
			bound("ClusterRoleBinding", "", "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/portal": "?reads-secrets", "ServiceAccount/clinic/portal": "reads-secrets"}},
		{"both in the namespace that is not said", []string{clusterRole("a", secrets), `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"portal"}}`,
			bound("RoleBinding", "", "a", "ClusterRole/a", `[{"kind":"ServiceAccount","name":"portal"}]`)},
			map[string]string{"ServiceAccount/portal": "reads-secrets@?"}},
		{"whom is not known", []string{clusterRole("a", secrets), bound("ClusterRoleBinding", "", "a", "ClusterRole/a", `[{"kind":"User","name":"?"}]`),
			bound("ClusterRoleBinding", "", "b", "ClusterRole/a", `[{"kind":"User","name":"jane"}]`)},
			map[string]string{"User/jane": "reads-secrets ..."}},
		{"what verbs is not known", []string{clusterRole("a", `[{"apiGroups":[""],"resources":["secrets"],"verbs":["?"]}]`),
			bound("ClusterRoleBinding", "", "a", "ClusterRole/a", account)},
			map[string]string{"ServiceAccount/clinic/portal": "?changes-secrets ?reads-secrets"}},
		{"an aggregated role", []string{
			fmt.Sprintf(`{%s,"kind":"ClusterRole","metadata":{"name":"all"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"into":"all"}}]}}`, group),
			fmt.Sprintf(`{%s,"kind":"ClusterRole","metadata":{"name":"a","labels":{"into":"all"}},"rules":%s}`, group, secrets),
			bound("ClusterRoleBinding", "", "a", "ClusterRole/all", account)},
			map[string]string{"ServiceAccount/clinic/portal": "reads-secrets ..."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(rbac.Derive(files(t, tt.objects...), nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnread proves that a cluster whose bindings or roles could not be listed is not said to give no more than was found.
func TestUnread(t *testing.T) {
	in := manifest.Scope{Dialect: resource.Cluster, Target: "test", Cluster: "c"}
	blocks := []resource.Block{
		object(t, clusterRole("a", `[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]`), in),
		object(t, bound("ClusterRoleBinding", "", "a", "ClusterRole/a", `[{"kind":"User","name":"jane"}]`), in),
		object(t, bound("ClusterRoleBinding", "", "b", "ClusterRole/gone", `[{"kind":"User","name":"bob"}]`), in),
	}
	for typ, want := range map[string]map[string]string{
		"":                                      {"User/jane": "reads-secrets", "User/bob": ""},
		"ClusterRole.rbac.authorization.k8s.io": {"User/jane": "reads-secrets", "User/bob": "..."},
		"RoleBinding.rbac.authorization.k8s.io": {"User/jane": "reads-secrets ...", "User/bob": "..."},
		"ClusterRoleBinding.rbac.authorization.k8s.io": {"User/jane": "reads-secrets ...", "User/bob": "..."},
	} {
		got := told(rbac.Derive(blocks, func(of string) []value.Reason {
			if of == typ {
				return []value.Reason{{Why: "denied"}}
			}
			return nil
		}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("without %q: %s", typ, diff)
		}
	}
}

// FuzzHidden proves that hiding a part of the objects never makes a definite answer out of the other one.
func FuzzHidden(f *testing.F) {
	f.Add(`[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]`, `[{"kind":"User","name":"jane"}]`, "clinic", uint(3))
	f.Add(`[{"apiGroups":["*"],"resources":["*"],"resourceNames":["a"],"verbs":["*"]}]`, `[{"kind":"Group","name":"system:authenticated"}]`, "", uint(5))
	f.Add(`[{"nonResourceURLs":["/metrics*"],"verbs":["get"]}]`, `[{"kind":"ServiceAccount","name":"portal","namespace":"clinic"}]`, "x", uint(9))
	f.Fuzz(func(t *testing.T, rules, subjects, namespace string, hide uint) {
		var a, b any
		if json.Unmarshal([]byte(rules), &a) != nil || json.Unmarshal([]byte(subjects), &b) != nil {
			return
		}
		role := map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": map[string]any{"name": "a"}, "rules": a}
		binding := map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "subjects": b,
			"metadata": map[string]any{"name": "a", "namespace": namespace}, "roleRef": map[string]any{"kind": "ClusterRole", "name": "a"}}
		whole, ok := policy(role, binding)
		left := int(hide % 32)
		part, ok2 := policy(hidden(role, "rules", &left), hidden(binding, "subjects", &left))
		if !ok || !ok2 {
			return
		}
		for _, s := range []rbac.Subject{{"User", "", "jane"}, {"ServiceAccount", "clinic", "portal"}, {"Group", "", "nurses"}} {
			for _, q := range requests {
				if was, is := whole.May(s, q), part.May(s, q); was.Known() && is.Known() && was.Yes != is.Yes {
					t.Errorf("%s %+v: %+v became %+v", s, q, was, is)
				}
			}
		}
	})
}

func policy(objects ...any) (*rbac.Policy, bool) {
	var all []*resource.Block
	for _, o := range objects {
		b, err := manifest.Block(tree(o), manifest.Scope{Dialect: resource.Kubernetes, Target: "test"})
		if err != nil {
			return nil, false
		}
		all = append(all, &b)
	}
	rbac.Derive([]resource.Block{*all[0], *all[1]}, nil)
	return rbac.New(all, nil), true
}

// hidden returns an object of which the n-th scalar below a member is not known.
func hidden(of map[string]any, member string, n *int) any {
	all := map[string]any{}
	for name, v := range of {
		all[name] = v
	}
	all[member] = hide(all[member], n)
	return all
}

func hide(v any, n *int) any {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		all := map[string]any{}
		for _, name := range names {
			all[name] = hide(v[name], n)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = hide(item, n)
		}
		return all
	}
	if *n--; *n == -1 {
		return "?"
	}
	return v
}
