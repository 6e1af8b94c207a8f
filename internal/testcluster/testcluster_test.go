package testcluster_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"ward.dev/ward/internal/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// TestApply proves that objects of a manifest come to stand in the cluster, with their status, and custom ones too.
func TestApply(t *testing.T) {
	c := testcluster.Shared(t)
	c.Apply(t, `
apiVersion: v1
kind: Namespace
metadata: {name: clinic}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: clinic}
spec: {containers: [{name: web, image: nginx}]}
status: {phase: Running}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wards.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Ward, plural: wards}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
apiVersion: example.org/v1
kind: Ward
metadata: {name: north, namespace: clinic}
`)
	client, err := kubernetes.NewForConfig(c.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	pod, err := client.CoreV1().Pods("clinic").Get(t.Context(), "web", meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if pod.Status.Phase != core.PodRunning || pod.Spec.ServiceAccountName != "default" {
		t.Errorf("phase %q, service account %q", pod.Status.Phase, pod.Spec.ServiceAccountName)
	}
}

// TestReader proves that a user has the rights given, by a kubeconfig too, and no others.
func TestReader(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "ward", "team=a")
	path := c.Kubeconfig(t, c.Reader(t, "jane", rbac.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"list"}}))
	as, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(as)
	if err != nil {
		t.Fatal(err)
	}
	found, err := client.CoreV1().Namespaces().List(t.Context(), meta.ListOptions{LabelSelector: "team=a"})
	if err != nil || len(found.Items) != 1 {
		t.Errorf("%d namespaces, %v", len(found.Items), err)
	}
	if _, err := client.CoreV1().Pods("").List(t.Context(), meta.ListOptions{}); !faults.IsForbidden(err) {
		t.Errorf("pods: %v", err)
	}
}

// TestOptions proves that a cluster of one's own has an audit log, encryption and more flags.
func TestOptions(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{
		Audit: "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, resources: [{group: '', resources: [secrets]}]}]",
		Encryption: `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [{aescbc: {keys: [{name: one, secret: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}]}}]}]`,
		Flags: []string{"--anonymous-auth=false"},
	})
	c.Apply(t, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default}, stringData: {password: a-plain-word}}")
	log, err := os.ReadFile(c.AuditLog)
	if err != nil || !strings.Contains(string(log), `"resource":"secrets"`) {
		t.Errorf("%v, %d bytes of audit log", err, len(log))
	}
	nobody := c.As(t, "")
	nobody.CertData, nobody.KeyData = nil, nil
	client, err := kubernetes.NewForConfig(nobody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Discovery().ServerVersion(); !faults.IsUnauthorized(err) {
		t.Errorf("anonymous: %v", err)
	}
}

// TestKilled proves that nothing is left running when a test is killed.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("WARD_TEST_KILLED"); dir != "" {
		c := testcluster.Start(t, testcluster.Options{})
		if err := os.WriteFile(filepath.Join(dir, "ready"), []byte(c.URL), 0o600); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	testcluster.Shared(t) // or skip
	dir := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	command.Env = append(os.Environ(), "WARD_TEST_KILLED="+dir, "TMPDIR="+dir)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Process.Kill()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the other test does not get ready")
		}
	}
	command.Process.Kill()
	command.Wait()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		running := of(t, dir)
		if len(running) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still running: %q", running)
		}
	}
}

// of lists the processes that were started with a folder in their arguments.
func of(t *testing.T, dir string) []string {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Skip("this system does not tell what runs")
	}
	var found []string
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), dir) {
			found = append(found, string(text))
		}
	}
	return found
}
