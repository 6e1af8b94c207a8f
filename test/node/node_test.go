//go:build linux

package node

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/cli"
	"ward.dev/ward/internal/report/jsonreport"
)

const namespace = "clinic"

// serve is what the containers do: they tell their OpenSSL and wait.
var serve = []string{"/bin/busybox", "sh", "-c", "openssl version; exec busybox sleep 2147483647"}

// TestVulnerable proves that a container with a vulnerable OpenSSL is found, stopped and brought back, and that one with the fixed
// version goes on, on a node that really runs both.
func TestVulnerable(t *testing.T) {
	n := start(t)
	n.push(t, "pause:1", []string{"/bin/busybox", "sleep", "2147483647"}, "shared")
	n.Namespace(t, namespace)
	older, newer := version(t, "older", "openssl"), version(t, "newer", "openssl")
	n.deploy(t, "records", n.push(t, "records:1", serve, "shared", "older"))
	n.deploy(t, "portal", n.push(t, "portal:1", serve, "shared", "newer"))
	n.runs(t, "records", "OpenSSL "+upstream(older))
	n.runs(t, "portal", "OpenSSL "+upstream(newer))

	advisories := advisories(t)
	t.Run("assess", func(t *testing.T) { n.assess(t, advisories) })
	t.Run("guard", func(t *testing.T) { n.guarded(t, advisories) })
}

// deploy makes a Deployment of one pod.
func (n *node) deploy(t *testing.T, name, image string) {
	t.Helper()
	n.Apply(t, fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  replicas: 1
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "%[3]s"}]
`, name, namespace, image))
}

// runs waits until the pod of a Deployment has printed something.
func (n *node) runs(t *testing.T, deployment, printed string) {
	t.Helper()
	n.await(t, deployment+" to run with "+printed, func() (string, error) {
		pods, err := n.pods(t.Context(), deployment)
		if err != nil || len(pods) == 0 {
			return "it has no pod", err
		}
		log, err := n.client.CoreV1().Pods(namespace).GetLogs(pods[0].Name, &core.PodLogOptions{}).DoRaw(t.Context())
		if err != nil {
			return fmt.Sprintf("%+v", pods[0].Status.ContainerStatuses), err
		}
		if !strings.Contains(string(log), printed) {
			return "it printed " + string(log), nil
		}
		return "", nil
	})
}

func (n *node) pods(ctx context.Context, deployment string) ([]core.Pod, error) {
	all, err := n.client.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{LabelSelector: "app=" + deployment})
	if err != nil {
		return nil, err
	}
	return all.Items, nil
}

func (n *node) deployment(t *testing.T, name string) *apps.Deployment {
	t.Helper()
	found, err := n.client.AppsV1().Deployments(namespace).Get(t.Context(), name, meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// containers lists those that containerd has, of pods of a Deployment.
func (n *node) containers(deployment string) ([]string, error) {
	out, err := n.ctr("containers", "list", "--quiet", fmt.Sprintf(`labels."app"==%s`, deployment))
	return strings.Fields(out), err
}

// upstream is a version without Debian's part: 3.0.22 of 3.0.22-1~deb12u2.
func upstream(version string) string {
	before, _, _ := strings.Cut(version, "-")
	return before
}

// advisories makes a database of two: one about the older OpenSSL, and Heartbleed, which both have a fix of.
func advisories(t *testing.T) string {
	t.Helper()
	texts, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(texts) == 0 {
		t.Fatal("there are no advisories in testdata")
	}
	folder, dir := t.TempDir(), t.TempDir()
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// What is said of a database is as old as its records; these are taken to have been fetched just now.
		today := strings.ReplaceAll(string(text), "MODIFIED", time.Now().UTC().Format(time.RFC3339))
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(path)), []byte(today), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ward(t, 0, "vulndb", "update", folder, "--dir", dir, "--quiet")
	return dir
}

// ward runs the command line and returns what it printed.
func ward(t *testing.T, want int, arguments ...string) string {
	t.Helper()
	var out, talk strings.Builder
	if got := cli.Run(arguments, strings.NewReader(""), io.Writer(&out), &talk); got != want {
		t.Fatalf("ward %s: exit code %d, want %d\n%s%s", strings.Join(arguments, " "), got, want, out.String(), talk.String())
	}
	return out.String()
}

// assess proves that of the two workloads one is reported, by the real images and by the Deployment that is to be changed.
func (n *node) assess(t *testing.T, advisories string) {
	config := n.write(t, "ward.yaml", `
params:
  kubernetes.workload.images-have-no-forbidden-vulnerability: {packages: [openssl], advisories: [CVE-2026-84782, CVE-2014-0160]}
  kubernetes.workload.images-are-mended-in-time: {fix_age_days: 0}
`)
	report := filepath.Join(t.TempDir(), "report.json")
	ward(t, 3, "assess", "kubernetes", "--kubeconfig", n.reader(t), "--images", "--vulndb", advisories, "--kubelet", "--config", config,
		"--quiet", "-o", "json="+report)
	file, err := os.Open(report)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a, err := jsonreport.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for check, want := range map[string]map[string]assessment.Status{
		"kubernetes.workload.images-have-no-forbidden-vulnerability": {"Deployment/clinic/records": assessment.Fail, "Deployment/clinic/portal": assessment.Pass},
		"kubernetes.workload.images-are-mended-in-time":              {"Deployment/clinic/records": assessment.Fail, "Deployment/clinic/portal": assessment.Pass},
		"kubernetes.kubelet.refuses-anonymous-requests":              {"KubeletConfiguration/" + nodeName: assessment.Pass},
		"kubernetes.kubelet.has-no-read-only-port":                   {"KubeletConfiguration/" + nodeName: assessment.Pass},
		"kubernetes.kubelet.manages-iptables":                        {"KubeletConfiguration/" + nodeName: assessment.Fail},
	} {
		got := map[string]assessment.Status{}
		for _, f := range a.Findings {
			if f.Check == check {
				got[f.Resource.Address] = f.Status
				for _, u := range f.Unknown {
					t.Logf("%s does not know of %s: %+v", check, f.Resource.Address, u)
				}
			}
		}
		for address, status := range want {
			if got[address] != status {
				t.Errorf("%s says of %s: %q, want %q", check, address, got[address], status)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s was asked of %v", check, got)
		}
	}
	for _, gap := range a.Gaps {
		t.Errorf("%s was not read: %s (%s)", gap.What, gap.Reason, gap.Grant)
	}
}

// reader makes the service account that ward policy prints, and returns a kubeconfig with its token.
func (n *node) reader(t *testing.T) string {
	t.Helper()
	n.Namespace(t, "ward")
	n.Apply(t, ward(t, 0, "policy", "kubernetes", "--kubelet"))
	return n.account(t, "ward", "ward-reader")
}
