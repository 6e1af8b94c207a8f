package admission_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	review "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"ward.dev/ward/internal/admission"
	"ward.dev/ward/internal/config"
)

// clinic is a cluster of one namespace with a policy, an account and a pod.
const clinic = `
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: walls}, spec: {podSelector: {matchLabels: {app: portal}}, policyTypes: [Ingress]}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: portal}, automountServiceAccountToken: false}
`

// pod is one with an image and a variable.
func pod(name, label, variable string) []byte {
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name, "namespace": "clinic", "labels": map[string]any{"app": label}},
		"spec": map[string]any{"serviceAccountName": "portal", "containers": []any{map[string]any{"name": "app", "image": "registry.example.com/portal:1",
			"env": []any{map[string]any{"name": "DB_PASSWORD", "value": variable}}}}}})
	if err != nil {
		panic(err)
	}
	return raw
}

func create(raw []byte) *review.AdmissionRequest {
	return &review.AdmissionRequest{UID: "1", Operation: review.Create, Namespace: "clinic", Object: runtime.RawExtension{Raw: raw}}
}

// TestMessage proves that a refusal says which check, which paragraph of the rule, what was seen and what to do, within bounds, and tells
// no secret.
func TestMessage(t *testing.T) {
	c := load(t)
	r := reviewer(t, c, hold(t, c, map[string]string{"clinic": clinic}), admission.Options{Checks: everything, Unknown: admission.DenyUnknown})
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
	d, err := r.Review(t.Context(), create(pod("a", "other", secret)), admission.Deny)
	if err != nil {
		t.Fatal(err)
	}
	answer := d.Response("1")
	if answer.Allowed || answer.Result.Code != 403 || answer.Result.Reason != "Forbidden" {
		t.Errorf("%+v", answer.Result)
	}
	for _, wanted := range []string{"Pod/clinic/a does not meet", "kubernetes.workload.", "164.3", "seen: ", "to do, for example:", "more: "} {
		if !strings.Contains(answer.Result.Message, wanted) {
			t.Errorf("%q is not in:\n%s", wanted, answer.Result.Message)
		}
	}
	all, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), secret) {
		t.Errorf("the answer tells the secret: %s", all)
	}
	if len(answer.Result.Message) > 4096 || !strings.Contains(answer.AuditAnnotations["failed"], "containers-hold-no-secrets") {
		t.Errorf("%d bytes; %v", len(answer.Result.Message), answer.AuditAnnotations)
	}
	d, err = r.Review(t.Context(), create(pod("a", "other", secret)), admission.Warn)
	if err != nil {
		t.Fatal(err)
	}
	answer = d.Response("1")
	if !answer.Allowed || len(answer.Warnings) == 0 || len(answer.Warnings) > 13 {
		t.Errorf("%+v", answer)
	}
	for _, text := range answer.Warnings {
		if len(text) > 256 || strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			t.Errorf("warning %q", text)
		}
	}
}

// TestChoice proves that, unless others are chosen, the checks are asked that need other objects or images and no others, and nobody
// is asked to send Secrets.
func TestChoice(t *testing.T) {
	c := load(t)
	in := hold(t, c, map[string]string{"clinic": clinic})
	r := reviewer(t, c, in, admission.Options{})
	if slices.Contains(r.Types(), "Secret") || !slices.Contains(r.Types(), "Deployment.apps") {
		t.Errorf("types %v", r.Types())
	}
	d, err := r.Review(t.Context(), create(pod("a", "portal", "")), admission.Deny)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range slices.Concat(d.Failed, d.Unsure) {
		if strings.Contains(a.Asked.ID, "containers-") {
			t.Errorf("%s was asked", a.Asked.ID)
		}
	}
	if !slices.Contains(admission.IDs(d.Unsure), "kubernetes.workload.images-have-no-forbidden-vulnerability") {
		t.Errorf("unknown %v: nothing is known of its image", admission.IDs(d.Unsure))
	}
	if _, err := admission.New(admission.Options{Catalog: c, Framework: c.Framework("hipaa-security-rule"),
		Checks: func(id string) bool { return strings.HasPrefix(id, "aws.") }}); err == nil {
		t.Error("a choice of checks that no object is asked is taken")
	}
}

// TestLeft proves that what is on its way out, what is deleted and what no check is about are let in.
func TestLeft(t *testing.T) {
	c := load(t)
	r := reviewer(t, c, hold(t, c, map[string]string{"clinic": clinic}), admission.Options{Checks: everything, Unknown: admission.DenyUnknown})
	leaving := strings.Replace(string(pod("a", "other", "")), `"name":"a"`, `"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z"`, 1)
	for name, q := range map[string]*review.AdmissionRequest{
		"on its way out": {UID: "1", Operation: review.Update, Namespace: "clinic", Object: runtime.RawExtension{Raw: []byte(leaving)},
			OldObject: runtime.RawExtension{Raw: []byte(leaving)}},
		"deleted": {UID: "1", Operation: review.Delete, Namespace: "clinic", OldObject: runtime.RawExtension{Raw: pod("a", "other", "")}},
		"connected": {UID: "1", Operation: review.Connect, Namespace: "clinic",
			Object: runtime.RawExtension{Raw: []byte(`{"kind":"PodExecOptions","apiVersion":"v1"}`)}},
		"of no kind": create([]byte(`{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}}`)),
	} {
		d, err := r.Review(t.Context(), q, admission.Deny)
		if err != nil || d.Denies() {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

// TestConcurrent proves that many reviews at once, beside new decisions of ward.yaml, are answered as one alone is.
func TestConcurrent(t *testing.T) {
	c := load(t)
	r := reviewer(t, c, hold(t, c, map[string]string{"clinic": clinic}), admission.Options{})
	const bound = "kubernetes.workload.is-bound-by-network-policies"
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 20 {
				label, fails := "portal", false
				if (worker+i)%2 == 0 {
					label, fails = "other", true
				}
				d, err := r.Review(t.Context(), create(pod(fmt.Sprintf("p%d", i), label, "")), admission.Deny)
				if err != nil || slices.Contains(admission.IDs(d.Failed), bound) != fails {
					t.Errorf("%s: %v, %v", label, admission.IDs(d.Failed), err)
				}
				if worker == 0 {
					if err := r.Decide(&config.Config{Estate: fmt.Sprint(i)}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
}

// FuzzObject proves that no object brings the reviewer down, and that what is no object is an error.
func FuzzObject(f *testing.F) {
	c := load(f)
	r := reviewer(f, c, hold(f, c, map[string]string{"clinic": clinic}), admission.Options{Checks: everything})
	f.Add(pod("a", "portal", "x"))
	f.Add([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","namespace":7,"labels":[]},"spec":{"template":null,"replicas":"x"}}`))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"a-"},"spec":{"containers":{"a":1},"volumes":[null,1,{"a":[]}]}}`))
	f.Add([]byte(strings.Repeat(`{"a":[`, 300)))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := r.Review(t.Context(), create(raw), admission.Deny)
		if err != nil && !errors.Is(err, admission.ErrRequest) {
			t.Error(err)
		}
		if err == nil {
			d.Response("1")
		}
	})
}
