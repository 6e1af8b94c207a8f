package assessor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/testcluster"
)

// TestLive proves that an account and a cluster of one estate are read and judged together, and that what is denied is unknown and a gap.
func TestLive(t *testing.T) {
	cloud := emulator.Start(t)
	cloud.Setenv(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // the emulator lacks some services, and asking again does not help
	bucket := filepath.Join(t.TempDir(), "bucket.py")
	if err := os.WriteFile(bucket, []byte("def create(client):\n    client('s3').create_bucket(Bucket='letters', "+
		"CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})\n    return {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud.Create(t, bucket)
	cluster := testcluster.Start(t, testcluster.Options{})
	cluster.Namespace(t, "records")
	cluster.Apply(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: portal, namespace: records}
spec:
  selector: {matchLabels: {app: portal}}
  template:
    metadata: {labels: {app: portal}}
    spec:
      containers: [{name: portal, image: "registry.example.com/portal:1", securityContext: {privileged: true}}]
`)
	h := open(t)
	err := h.assess("Both", estate.Source{Type: estate.AWS, Regions: []string{emulator.Region}},
		estate.Source{Type: estate.Kubernetes, Kubeconfig: cluster.Kubeconfig(t, cluster.Reader(t, "ward-reader")), Name: "clinic"})
	if err != nil {
		t.Fatal(err)
	}
	check := func(filter history.Filter, want assessment.Status) {
		t.Helper()
		page, err := h.History.Findings(h.ctx, "both", 0, filter, "", 10)
		if err != nil || len(page.Items) == 0 {
			t.Errorf("%+v: %d findings, %v", filter, len(page.Items), err)
			return
		}
		if page.Items[0].Status != want {
			t.Errorf("%+v: %s, want %s", filter, page.Items[0].Status, want)
		}
	}
	check(history.Filter{Checks: []string{"aws.s3.bucket.keeps-versions"}, Text: "letters"}, assessment.Fail)
	gaps, err := h.History.Gaps(h.ctx, "both", 0)
	if err != nil {
		t.Fatal(err)
	}
	denied := 0
	for _, g := range gaps {
		if strings.HasPrefix(g.Grant, "list ") {
			denied++
		}
	}
	if denied == 0 {
		t.Errorf("a reader without rights in the cluster left no gap that says what to grant: %+v", gaps[len(gaps)-3:])
	}
	if err := h.assess("Cluster", estate.Source{Type: estate.Kubernetes, Kubeconfig: cluster.Kubeconfig(t, cluster.Admin(t)),
		Name: "clinic"}); err != nil {
		t.Fatal(err)
	}
	page, err := h.History.Findings(h.ctx, "cluster", 0, history.Filter{Text: "portal", Statuses: []assessment.Status{assessment.Fail}}, "", 50)
	if err != nil || len(page.Items) == 0 {
		t.Errorf("a privileged container is no finding: %v", err)
	}
}
