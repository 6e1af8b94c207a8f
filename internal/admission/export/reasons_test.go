package export_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admission "k8s.io/api/admissionregistration/v1"

	"ward.dev/ward/internal/admission/export"
)

var update = flag.Bool("update", false, "write the expected policy anew")

// TestReasons proves that a check that cannot be said exactly is not exported, and why.
func TestReasons(t *testing.T) {
	c := loadCatalog(t)
	for id, want := range map[string]string{
		"kubernetes.api_server.refuses-anonymous-requests": "no API server admits",
		"kubernetes.http_route.copies-no-requests":         "no policies are made for objects of the type HTTPRoute",
		"kubernetes.cluster.logs-access":                   "only a running cluster",
		"kubernetes.node.has-no-public-ip":                 "only a running cluster",
		"kubernetes.workload.is-bound-by-network-policies": "other objects (NetworkPolicy",
		"kubernetes.workload.runs-several-replicas":        "other objects (HorizontalPodAutoscaler",
		"kubernetes.workload.mounts-no-token-without-need": "of another object (service_account)",
		"kubernetes.workload.images-are-mended-in-time":    "cannot read it (image.name",
		"kubernetes.workload.containers-hold-no-secrets":   "cannot read it (secret.names",
		"kubernetes.workload.uses-a-served-api":            "in the version that it asks for",
		"kubernetes.ingress.asks-who-calls":                "no object tells it",
		"kubernetes.secret.is-not-in-files":                "nothing that a cluster holds",
		"kubernetes.role.names-what-it-allows":             "provided is not a member",
		"kubernetes.persistent_volume_claim.is-encrypted":  "of another object",
		"kubernetes.service.opens-no-admin-interface":      "other objects (kubernetes.workload)",
	} {
		of := c.Check(id)
		if of == nil {
			t.Errorf("there is no check %s", id)
			continue
		}
		params, err := of.With(nil)
		if err != nil {
			t.Fatal(err)
		}
		p, why, err := export.Compile(of, params, warns)
		if p != nil || err != nil || !strings.Contains(why, want) {
			t.Errorf("%s: got %v, %q, %v, want %q", id, p, why, err, want)
		}
	}
}

// TestPolicy proves what a policy looks like, for whoever reviews it.
func TestPolicy(t *testing.T) {
	c := loadCatalog(t)
	of := c.Check("kubernetes.workload.containers-are-not-privileged")
	params, err := of.With(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, why, err := export.Compile(of, params, export.Options{Actions: []admission.ValidationAction{admission.Deny, admission.Audit}, FailurePolicy: admission.Fail,
		Excluded: []string{"kube-system"}, Citations: map[string][]string{of.ID: {"164.312(a)(1)"}}, Catalog: "sha256:0"})
	if why != "" || err != nil {
		t.Fatal(why, err)
	}
	var got bytes.Buffer
	if err := p.Write(&got); err != nil {
		t.Fatal(err)
	}
	const path = "testdata/policy.yaml"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("run with -update if this is right (-want +got):\n%s", diff)
	}
}
