package serve

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/pages/dashboard"
)

func named(t *testing.T, all []dashboard.Policy, name string) dashboard.Policy {
	t.Helper()
	at := slices.IndexFunc(all, func(p dashboard.Policy) bool { return p.Name == name })
	if at < 0 {
		t.Fatalf("there is no policy %s among %d", name, len(all))
	}
	return all[at]
}

// TestAWSPolicies proves that the policy which closes what is missing allows what was refused and nothing else, that a permission which Ward's
// own collectors do not ask for is never offered, and that the whole policy lets the roles of an organization be entered.
func TestAWSPolicies(t *testing.T) {
	missing := []string{"s3:GetEncryptionConfiguration", "iam:GenerateCredentialReport, iam:GetCredentialReport",
		"inspector2:BatchGetAccountStatus, in the organization's management account or a delegated administrator", "kms:Decrypt on its key", "s3:GetObject",
		"give --var region", ""}
	all, err := awsPolicies([]estate.Source{{Type: estate.AWS, Organization: "WardReader"}}, missing)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Statement []struct{ Action, Resource []string }
	}
	if err := json.Unmarshal([]byte(named(t, all, "aws-missing").Text), &document); err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, st := range document.Statement {
		actions = append(actions, st.Action...)
	}
	want := []string{"iam:GenerateCredentialReport", "iam:GetCredentialReport", "inspector2:BatchGetAccountStatus", "s3:GetEncryptionConfiguration"}
	if !slices.Equal(actions, want) {
		t.Errorf("it allows %v", actions)
	}
	whole := named(t, all, "aws-terraform").Text
	for _, text := range append(want, "sts:AssumeRole", "arn:aws:iam::*:role/WardReader", "organizations:ListAccounts") {
		if !strings.Contains(whole, text) {
			t.Errorf("the whole policy has no %s", text)
		}
	}
	if strings.Contains(whole, "kms:Decrypt") || strings.Contains(whole, `"s3:GetObject"`) {
		t.Error("the whole policy lets more than settings be read")
	}
	if none, err := awsPolicies([]estate.Source{{Type: estate.AWS}}, []string{"kms:Decrypt on its key"}); err != nil || strings.Contains(none[0].Name, "missing") {
		t.Errorf("a policy of nothing is offered: %v, %v", none[0].Name, err)
	}
}

// TestClusterPolicies proves that the role which closes what is missing has these rights alone, is another than the one that is there and is
// bound to its account, and that both stay within the namespaces of the source.
func TestClusterPolicies(t *testing.T) {
	sources := []estate.Source{{Type: estate.Kubernetes, Namespaces: []string{"records"}}}
	all, err := clusterPolicies(sources, []string{"list networkpolicies.networking.k8s.io", "get nodes/proxy", "--kubelet"})
	if err != nil {
		t.Fatal(err)
	}
	text := named(t, all, "kubernetes-missing").Text
	for _, want := range []string{"networkpolicies", "name: ward-reader-missing", "name: ward-reader\n", "namespace: records"} {
		if !strings.Contains(text, want) {
			t.Errorf("it has no %q:\n%s", want, text)
		}
	}
	for _, no := range []string{"kind: ServiceAccount\nmetadata", "deployments", "secrets", "nodes/proxy"} {
		if strings.Contains(text, no) {
			t.Errorf("it has %q:\n%s", no, text)
		}
	}
	if whole := named(t, all, "kubernetes").Text; !strings.Contains(whole, "deployments") || strings.Contains(whole, "- secrets\n") {
		t.Errorf("the whole role is %s", whole)
	}
	wide, err := clusterPolicies(append(sources, estate.Source{Type: estate.Kubernetes}), nil)
	if err != nil || len(wide) != 1 || strings.Contains(wide[0].Text, "kind: Role\n") {
		t.Errorf("a source of all namespaces is not granted them: %d policies, %v", len(wide), err)
	}
}
