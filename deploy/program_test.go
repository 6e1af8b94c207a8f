package deploy

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	registration "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/cli"
)

// ward runs the program and returns what it prints. A test is skipped if it has no such command.
func ward(t *testing.T, args ...string) string {
	t.Helper()
	var out, faults bytes.Buffer
	code := cli.Run(args, strings.NewReader(""), &out, &faults)
	if code != 0 {
		t.Fatalf("ward %s: %s", strings.Join(args, " "), &faults)
	}
	return out.String()
}

// object returns the object of a kind in manifests.
func object[T any](t *testing.T, manifests, kind string) T {
	t.Helper()
	for _, document := range strings.Split(manifests, "---\n") {
		var it struct {
			Kind string `json:"kind"`
		}
		if err := yaml.Unmarshal([]byte(document), &it); err != nil {
			t.Fatal(err)
		}
		if it.Kind != kind {
			continue
		}
		var found T
		if err := yaml.UnmarshalStrict([]byte(document), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	t.Fatalf("no %s", kind)
	panic("unreachable")
}

// TestArguments proves that the program takes the arguments with which the manifests start it.
func TestArguments(t *testing.T) {
	made := render(t, everything())
	for name, kind := range map[string]string{"assess": "CronJob", "advisories": "CronJob", "admission": "Deployment", "guard": "Deployment", "activity": "Deployment"} {
		t.Run(name, func(t *testing.T) {
			var pod core.PodSpec
			if kind == "CronJob" {
				pod = object[batch.CronJob](t, made[name+".yaml"], kind).Spec.JobTemplate.Spec.Template.Spec
			} else {
				pod = object[apps.Deployment](t, made[name+".yaml"], kind).Spec.Template.Spec
			}
			for _, c := range pod.Containers {
				ward(t, append(c.Args, "--help")...)
			}
		})
	}
}

// TestWebhook proves that the webhook is registered as the program would; -update takes its rules over.
func TestWebhook(t *testing.T) {
	printed := ward(t, "admission", "webhook", "--service=ward/ward-admission", "--cert-manager=ward/ward-admission", "--name=ward.admission.ward.dev",
		"--exempt=kube-public,kube-node-lease")
	want := object[registration.ValidatingWebhookConfiguration](t, printed, "ValidatingWebhookConfiguration")
	if *update {
		text, err := yaml.Marshal(want.Webhooks[0].Rules)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(chartDir+"/files/admission-rules.yaml", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := object[registration.ValidatingWebhookConfiguration](t, render(t, plain())["admission.yaml"], "ValidatingWebhookConfiguration")
	want.Labels = got.Labels
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-printed +chart\n%s", diff)
	}
}

// rights are the single rights of rules, as GROUP/RESOURCE VERB.
func rights(rules []rbac.PolicyRule) map[string]bool {
	all := map[string]bool{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all[fmt.Sprintf("%s/%s %s", group, resource, verb)] = true
				}
			}
		}
	}
	return all
}

// without tells what one set of rights has that the other has not.
func without(some, others map[string]bool) []string {
	var left []string
	for _, right := range slices.Sorted(maps.Keys(some)) {
		if !others[right] {
			left = append(left, right)
		}
	}
	return left
}

// TestWatchers proves that the parts that watch the cluster have the rights that the program prints for them, and no others but to list and
// to watch.
func TestWatchers(t *testing.T) {
	made := render(t, everything())
	for name, command := range map[string][]string{
		"admission": {"admission", "role"},
		"guard":     {"policy", "kubernetes", "--guard=scale,events"},
	} {
		t.Run(name, func(t *testing.T) {
			printed := rights(object[rbac.ClusterRole](t, ward(t, command...), "ClusterRole").Rules)
			given := rights(object[rbac.ClusterRole](t, made[name+".yaml"], "ClusterRole").Rules)
			if left := without(printed, given); len(left) > 0 {
				t.Errorf("it lacks %s", strings.Join(left, ", "))
			}
			for _, right := range without(given, printed) {
				if !strings.HasSuffix(right, " list") && !strings.HasSuffix(right, " watch") {
					t.Errorf("it has %s", right)
				}
			}
		})
	}
}
