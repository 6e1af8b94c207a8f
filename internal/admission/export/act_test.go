package export_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	admission "k8s.io/api/admissionregistration/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"ward.dev/ward/internal/admission/export"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// denies compiles a check to a policy that denies, in the namespaces of one test. Its name ends in the test's.
func denies(t *testing.T, r *rig, id, in string, params map[string]value.Value, o export.Options) {
	t.Helper()
	of := loadCatalog(t).Check(id)
	with, err := of.With(params)
	if err != nil {
		t.Fatal(err)
	}
	o.Actions, o.FailurePolicy = []admission.ValidationAction{admission.Deny}, admission.Fail
	if o.Namespaces == nil {
		o.Namespaces = &meta.LabelSelector{MatchLabels: map[string]string{"of": in}}
	}
	p, why, err := export.Compile(of, with, o)
	if why != "" || err != nil {
		t.Fatal(why, err)
	}
	p.Policy.Name += "-" + in
	p.Binding.Name, p.Binding.Spec.PolicyName = p.Policy.Name, p.Policy.Name
	r.apply(t, p.Policy)
	r.apply(t, p.Binding)
	r.await(t, in)
}

// object reads one object of a manifest.
func object(t *testing.T, format string, args ...any) *unstructured.Unstructured {
	t.Helper()
	return objects(t, fmt.Sprintf(format, args...))[0]
}

// wantDenied wants that an error is a policy's refusal which says some words; wantLetIn that there is none.
func wantDenied(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "denied request") {
		t.Errorf("%s: got %v, want a refusal", what, err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v does not say %q", what, err, word)
		}
	}
}

func wantLetIn(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got %v", what, err)
	}
}

const deployment = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: %s}, spec: {replicas: 1, selector: {matchLabels: {a: b}}, template: {
  metadata: {labels: {a: b}}, spec: {containers: [{name: app, image: "app:1"}, {name: agent, image: "agent:1", securityContext: {privileged: %t}}]}}}}`

// TestUpdates proves that what was there before a policy is not stuck: it can be scaled, marked and deleted, but not changed to
// something that is wrong, or left wrong by a change.
func TestUpdates(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "updates", "of=updates")
	r.cluster.Apply(t, fmt.Sprintf(deployment, "updates", true))
	denies(t, r, "kubernetes.workload.containers-are-not-privileged", "updates", nil, export.Options{Citations: map[string][]string{
		"kubernetes.workload.containers-are-not-privileged": {"164.312(a)(1)"}}})
	deployments := r.client.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}).Namespace("updates")
	patch := func(text string) error {
		_, err := deployments.Patch(t.Context(), "d", types.StrategicMergePatchType, []byte(text), meta.PatchOptions{})
		return err
	}
	_, _, err := r.create(t, object(t, strings.Replace(deployment, "name: d,", "name: other,", 1), "updates", true))
	wantDenied(t, "a new one", err, "Here: agent.", "45 CFR 164.312(a)(1)", "kubernetes.workload.containers-are-not-privileged")
	_, _, err = r.create(t, object(t, strings.Replace(deployment, "name: d,", "name: other,", 1), "updates", false))
	wantLetIn(t, "a new one that is right", err)
	wantLetIn(t, "scaled", patch(`{"spec": {"replicas": 0}}`))
	wantLetIn(t, "marked", patch(`{"metadata": {"labels": {"a": "c"}, "finalizers": ["ward.dev/test"]}}`))
	wantDenied(t, "another image", patch(`{"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}}`))
	if err := deployments.Delete(t.Context(), "d", meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wantLetIn(t, "changed while it is deleted", patch(`{"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:3"}]}}}}`))
	wantLetIn(t, "let go", patch(`{"metadata": {"finalizers": null}}`))
}

// TestMessages proves that every policy is one that the API server takes as it is exported, with its message, and with its parameters
// in a ConfigMap.
func TestMessages(t *testing.T) {
	c := loadCatalog(t)
	r := newRig(t)
	for i, in := range []string{"", "default"} {
		for _, of := range c.Checks {
			params, err := of.With(nil)
			if err != nil {
				t.Fatal(err)
			}
			if in != "" && len(of.Params) == 0 || !export.Asked(of) {
				continue
			}
			p, why, err := export.Compile(of, params, export.Options{ParamsIn: in, FailurePolicy: admission.Fail, Actions: warns.Actions,
				PHI: map[string]kind.Names{"data-class": {"phi*"}}})
			if err != nil {
				t.Error(err)
			}
			if why != "" || err != nil {
				continue
			}
			p.Policy.Name = fmt.Sprintf("taken-%d-%s", i, p.Policy.Name)
			r.apply(t, p.Policy)
		}
	}
}

// TestNothingThere proves that an object which does not hold what a policy looks at is not let in.
func TestNothingThere(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "nothing", "of=nothing")
	denies(t, r, "kubernetes.workload.containers-are-not-privileged", "nothing", nil, export.Options{})
	_, _, err := r.create(t, object(t, `{apiVersion: agents.x-k8s.io/v1alpha1, kind: Sandbox, metadata: {name: s, namespace: nothing}, spec: {}}`))
	wantDenied(t, "no pod", err, "no such key: containers")
}

// TestMadeForWorkloads proves that what Kubernetes' controllers make is not judged apart from the workload that it is for, and that
// nobody else can pass for them.
func TestMadeForWorkloads(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "made", "of=made")
	denies(t, r, "kubernetes.workload.containers-are-not-privileged", "made", nil, export.Options{})
	pod := object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: made, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, controller: true,
		uid: 6ba7b810-9dad-11d1-80b4-00c04fd430c8}]}, spec: {containers: [{name: app, image: "app:1", securityContext: {privileged: true}}]}}`)
	_, _, err := r.create(t, pod)
	wantDenied(t, "somebody's", err)
	client, err := dynamic.NewForConfig(r.cluster.As(t, "system:serviceaccount:kube-system:job-controller", "system:masters"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace("made").Create(t.Context(), pod,
		meta.CreateOptions{DryRun: []string{meta.DryRunAll}})
	wantLetIn(t, "a controller's", err)
}

// TestAttached proves that a container is judged that somebody attaches to a pod later.
func TestAttached(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "attached", "of=attached")
	denies(t, r, "kubernetes.workload.containers-are-not-privileged", "attached", nil, export.Options{})
	r.cluster.Apply(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: attached}, spec: {containers: [{name: app, image: "app:1"}]}}`)
	pods := r.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace("attached")
	for privileged, want := range map[bool]func(*testing.T, string, error){true: func(t *testing.T, what string, err error) {
		wantDenied(t, what, err, "Here: look.")
	}, false: wantLetIn} {
		text := fmt.Sprintf(`{"spec": {"ephemeralContainers": [{"name": "look", "image": "a", "securityContext": {"privileged": %t}}]}}`, privileged)
		_, err := pods.Patch(t.Context(), "p", types.StrategicMergePatchType, []byte(text), meta.PatchOptions{DryRun: []string{meta.DryRunAll}}, "ephemeralcontainers")
		want(t, text, err)
	}
}

// TestWhere proves that policies act in the namespaces that they are for and in no others.
func TestWhere(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "where-phi", "of=where", "data-class=ePHI")
	r.cluster.Namespace(t, "where-none", "of=where")
	r.cluster.Namespace(t, "where-else", "data-class=ePHI")
	r.cluster.Namespace(t, "where-not", "of=where", "data-class=phi")
	denies(t, r, "kubernetes.workload.containers-are-not-privileged", "where", nil, export.Options{
		Excluded: []string{"where-not"}, PHI: map[string]kind.Names{"data-class": {"phi", "e*"}}})
	for namespace, denied := range map[string]bool{"where-phi": true, "where-none": false, "where-else": false, "where-not": false} {
		_, _, err := r.create(t, object(t, deployment, namespace, true))
		if denied {
			wantDenied(t, namespace, err)
		} else {
			wantLetIn(t, namespace, err)
		}
	}
	marked := object(t, deployment, "where-none", true)
	marked.SetAnnotations(map[string]string{"data-class": "PHI"})
	_, _, err := r.create(t, marked)
	wantDenied(t, "marked itself", err)
}

// TestParams proves that parameters in a ConfigMap are those of the check, and that nothing is let in while it is not there.
func TestParams(t *testing.T) {
	r := newRig(t)
	r.cluster.Namespace(t, "params", "of=params")
	texts := func(words ...string) value.Value {
		var all []value.Value
		for _, word := range words {
			all = append(all, value.String(word))
		}
		return value.List(all...)
	}
	for id, params := range map[string]map[string]value.Value{
		"kubernetes.workload.containers-keep-selinux": {"types": texts("", "my_t")},
		"kubernetes.workload.listens-on-plain-ports":  {"lowest": value.Int(2000)},
		"kubernetes.service.takes-no-external-ips":    nil,
	} {
		of := loadCatalog(t).Check(id)
		with, err := of.With(params)
		if err != nil {
			t.Fatal(err)
		}
		p, why, err := export.Compile(of, with, export.Options{ParamsIn: "params"})
		if why != "" || err != nil {
			t.Fatal(why, err)
		}
		if (p.Params == nil) != (len(of.Params) == 0) || (p.Policy.Spec.ParamKind == nil) != (p.Params == nil) {
			t.Errorf("%s: ConfigMap %v, kind %v", id, p.Params, p.Policy.Spec.ParamKind)
		}
	}
	of := loadCatalog(t).Check("kubernetes.workload.containers-keep-selinux")
	params := map[string]value.Value{"types": texts("", "my_t")}
	denies(t, r, of.ID, "params", params, export.Options{ParamsIn: "params"})
	pod := func(typ string) *unstructured.Unstructured {
		return object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: params}, spec: {containers: [{name: app, image: "app:1",
			securityContext: {seLinuxOptions: {type: %q}}}]}}`, typ)
	}
	_, _, err := r.create(t, pod("my_t"))
	wantDenied(t, "without the ConfigMap", err)
	with, err := of.With(params)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := export.Compile(of, with, export.Options{ParamsIn: "params"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p.Params)
	if err != nil {
		t.Fatal(err)
	}
	r.cluster.Apply(t, string(text))
	r.settle(t, func() bool { _, _, err := r.create(t, pod("my_t")); return err == nil })
	for typ, denied := range map[string]bool{"": false, "my_t": false, "container_t": true} {
		_, _, err := r.create(t, pod(typ))
		if denied {
			wantDenied(t, typ, err)
		} else {
			wantLetIn(t, typ, err)
		}
	}
}
