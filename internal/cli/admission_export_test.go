package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"ward.dev/ward/internal/cli"
)

func exports(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	if got := cli.Run(append([]string{"admission", "export"}, args...), nil, &out, &talk); got != want {
		t.Fatalf("ward admission export %q: exit code %d, want %d: %s", args, got, want, talk.String())
	}
	return out.String(), talk.String()
}

// TestAdmissionExport proves that the policies are objects that kubectl takes, the same each time, and that the flags say how they act.
func TestAdmissionExport(t *testing.T) {
	all, talk := exports(t, 0)
	again, _ := exports(t, 0)
	if all != again {
		t.Error("the same checks are not exported alike")
	}
	if !strings.Contains(talk, "checks exported") {
		t.Errorf("standard error: %s", talk)
	}
	seen := map[string]bool{}
	for _, text := range strings.Split(all, "\n---\n") {
		var o struct {
			Kind     string
			Metadata struct {
				Name        string
				Annotations map[string]string
			}
			Spec struct{ ValidationActions []string }
		}
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(text, "---\n")), &o); err != nil {
			t.Fatal(err)
		}
		if faults := validation.IsDNS1123Subdomain(o.Metadata.Name); len(faults) > 0 || seen[o.Kind+o.Metadata.Name] {
			t.Errorf("%s %s: %v", o.Kind, o.Metadata.Name, faults)
		}
		seen[o.Kind+o.Metadata.Name] = true
		if strings.Contains(text, "creationTimestamp") || strings.Contains(text, "\nstatus:") {
			t.Errorf("%s says what only a cluster knows", o.Metadata.Name)
		}
		if o.Metadata.Annotations["ward.dev/check"] == "" || !strings.HasPrefix(o.Metadata.Annotations["ward.dev/citations"], "164.") {
			t.Errorf("%s: annotations %v", o.Metadata.Name, o.Metadata.Annotations)
		}
		if got := strings.Join(o.Spec.ValidationActions, ","); o.Kind == "ValidatingAdmissionPolicyBinding" && got != "Warn,Audit" {
			t.Errorf("%s acts by default: %s", o.Metadata.Name, got)
		}
	}
}

// TestAdmissionExportFlags proves that the flags reach the policies.
func TestAdmissionExportFlags(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "ward.yaml")
	const id = "kubernetes.workload.containers-add-no-capabilities"
	if err := os.WriteFile(config, []byte("phi:\n  tags: {data-class: [phi]}\nparams:\n  "+id+": {allowed: [CHOWN]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exports(t, 0, "--checks", id, "--config", config, "--phi-only", "--action", "deny", "--namespace-selector", "team in (a,b)", "--failure-policy", "Ignore")
	for _, want := range []string{`["CHOWN"]`, "- Deny", "key: team", "failurePolicy: Ignore", "data-class", "- kube-system", "kubernetes.io/metadata.name"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	out, talk := exports(t, 0, "--checks", id, "--params", "configmap", "--params-namespace", "policies", "--exclude-namespaces", "")
	for _, want := range []string{"kind: ConfigMap", "namespace: policies", "parameterNotFoundAction: Deny", "paramKind:"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "NotIn") || !strings.Contains(talk, "ConfigMap") {
		t.Errorf("got %s\n%s", out, talk)
	}
	folder := filepath.Join(dir, "policies")
	if out, _ := exports(t, 0, "--checks", id, "-d", folder); out != "" {
		t.Errorf("standard output: %s", out)
	}
	if _, err := os.Stat(filepath.Join(folder, "ward-workload-containers-add-no-capabilities.yaml")); err != nil {
		t.Error(err)
	}
	for _, wrong := range [][]string{{"--action", "no"}, {"--failure-policy", "fail"}, {"--severity", "bad"}, {"--checks", "nothing"}, {"--params", "x"},
		{"--phi-only"}, {"--namespace-selector", "a=b=c"}, {"--exclude-namespaces", "A_B"}, {"--params-namespace", "no name"}} {
		exports(t, 2, wrong...)
	}
}

// TestAdmissionExportList proves that every check of a kind of Kubernetes is in the list, and says why it is no policy.
func TestAdmissionExportList(t *testing.T) {
	text, _ := exports(t, 0, "--list")
	out, _ := exports(t, 0, "--list", "-o", "json")
	var list []struct {
		ID, Policy, Why string
		Exported        bool
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	exported := 0
	for _, one := range list {
		if one.Exported {
			exported++
		}
		if one.Exported != (one.Policy != "") || one.Exported == (one.Why != "") || !strings.Contains(text, one.ID) {
			t.Errorf("%+v", one)
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "admission.md"))
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprintf("Of the %d checks that Ward has on Kubernetes, %d are exported", len(list), exported); !strings.Contains(string(page), said) {
		t.Errorf("docs/admission.md does not say: %s", said)
	}
}
