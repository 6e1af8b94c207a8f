package cli

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report/jsonreport"
	"ward.dev/ward/internal/testcluster"
)

// clinic is a cluster of three nodes with one pod of a Deployment.
const clinic = `
{apiVersion: v1, kind: Node, metadata: {name: node-1}}
---
{apiVersion: v1, kind: Node, metadata: {name: node-2}}
---
{apiVersion: v1, kind: Node, metadata: {name: node-3}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: clinic}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: portal, namespace: clinic}
spec:
  selector: {matchLabels: {app: portal}}
  template:
    metadata: {labels: {app: portal}}
    spec: {containers: [{name: main, image: "registry.example.com/portal:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: portal-7d4b9
  namespace: clinic
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: portal, uid: a, controller: true}]
spec:
  selector: {matchLabels: {app: portal}}
  template:
    metadata: {labels: {app: portal}}
    spec: {containers: [{name: main, image: "registry.example.com/portal:1"}]}
`

const portalPod = `
apiVersion: v1
kind: Pod
metadata:
  name: portal-7d4b9-x2x5z
  namespace: clinic
  labels: {app: portal}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: portal-7d4b9, uid: b, controller: true}]
spec: {nodeName: node-1, containers: [{name: main, image: "registry.example.com/portal:1"}]}
status:
  phase: Running
  containerStatuses:
    - {name: main, image: "registry.example.com/portal:1", imageID: "", ready: true, restartCount: 0,
       containerID: "containerd://3ad7b26ded6d0123456789abcdef0123456789abcdef0123456789abcdef0123"}
`

// falco is an event as Falco writes it.
func falco(rule, priority, source, host, container string) string {
	return fmt.Sprintf(`{"hostname":%q,"output":"cat /records/jane-doe.pdf","priority":%q,"rule":%q,"source":%q,"tags":["container","T1059"],"time":%q,
"output_fields":{"container.id":%q,"proc.name":"cat","proc.cmdline":"cat /records/jane-doe.pdf","fd.name":"/records/jane-doe.pdf","user.name":"root"}}`,
		host, priority, rule, source, time.Now().UTC().Format(time.RFC3339Nano), container)
}

// TestActivity proves that events that Falco posts come out of an assessment as findings about the workload that they are of, that
// nodes which nobody watches are told, and that without a journal nothing of this passes.
func TestActivity(t *testing.T) {
	c := testcluster.Shared(t)
	c.Apply(t, clinic)
	kubeconfig, dir := c.Kubeconfig(t, c.Admin(t)), filepath.Join(t.TempDir(), "journal")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	ctx, end := context.WithCancel(t.Context())
	f := activityServeFlags{listen: "127.0.0.1:0", tokenFile: token}
	f.dir, f.cluster.Kubeconfig = dir, kubeconfig
	var talk bytes.Buffer
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	s := &session{strings.NewReader(""), &bytes.Buffer{}, &talk}
	go func() { ended <- s.serveActivity(ctx, f, func(at net.Addr) { listening <- at }) }()
	at := <-listening
	send := func(event string) {
		t.Helper()
		reply, err := http.Post(fmt.Sprintf("http://falco:0123456789abcdef@%s/falco", at), "application/json", strings.NewReader(event))
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusNoContent {
			t.Fatalf("HTTP %d for %s", reply.StatusCode, event)
		}
	}
	c.Apply(t, portalPod) // the mirror has to notice it
	send(falco("Drop and execute new binary in container", "Critical", "syscall", "node-1", "3ad7b26ded6d"))
	for range 3 {
		send(falco("Terminal shell in container", "Notice", "syscall", "node-1", "3ad7b26ded6d"))
	}
	send(falco("Read sensitive file untrusted", "Warning", "syscall", "node-1", "ffffffffffff"))
	send(falco("Falco internal: metrics snapshot", "Informational", "internal", "node-2", ""))
	end()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(onlyFile(t, dir))
	if err != nil || bytes.Contains(kept, []byte("jane")) {
		t.Errorf("%v; the journal holds %s", err, kept)
	}

	today := time.Now().UTC().Format(time.DateOnly)
	const reviewed, watched, lost = "kubernetes.activity.is-reviewed", "kubernetes.node.is-watched", "kubernetes.node.loses-no-activity"
	binary := "Activity/clinic/Deployment/portal/main/drop-and-execute-new-binary-in-container/" + today
	want := map[string]assessment.Status{
		reviewed + " " + binary: assessment.Fail,
		reviewed + " Activity/clinic/Deployment/portal/main/terminal-shell-in-container/" + today: assessment.Pass,
		reviewed + " Activity/-/Container/ffffffffffff/read-sensitive-file-untrusted/" + today:    assessment.Fail,
		watched + " Node/node-1": assessment.Pass, watched + " Node/node-2": assessment.Pass, watched + " Node/node-3": assessment.Fail,
		lost + " Node/node-1": assessment.Pass, lost + " Node/node-2": assessment.Pass, lost + " Node/node-3": assessment.NotApplicable,
	}
	checkStatuses(t, "with a journal", assessed(t, kubeconfig, "--activity", dir), want, reviewed, watched, lost)

	config := filepath.Join(t.TempDir(), "ward.yaml")
	decisions := fmt.Sprintf(`
exceptions:
  - id: looked-at
    checks: [%s]
    resources: {address: %q}
    owner: Ann
    approver: Bob
    approved: %s
    expires: %s
    reason: It was the update of the portal.
    measure: The image was built anew.
`, reviewed, binary, today, time.Now().AddDate(0, 1, 0).UTC().Format(time.DateOnly))
	if err := os.WriteFile(config, []byte(decisions), 0o600); err != nil {
		t.Fatal(err)
	}
	want[reviewed+" "+binary] = assessment.Excepted
	checkStatuses(t, "with an exception", assessed(t, kubeconfig, "--activity", dir, "--config", config), want, reviewed, watched, lost)

	for address := range want {
		if strings.HasPrefix(address, reviewed) {
			delete(want, address)
		} else {
			want[address] = assessment.Unknown
		}
	}
	checkStatuses(t, "without a journal", assessed(t, kubeconfig), want, reviewed, watched, lost)
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return filepath.Join(dir, all[0].Name())
}

// assessed runs ward assess kubernetes.
func assessed(t *testing.T, kubeconfig string, more ...string) *assessment.Assessment {
	t.Helper()
	var out, talk bytes.Buffer
	arguments := append([]string{"assess", "kubernetes", "--kubeconfig", kubeconfig, "--quiet", "-o", "json"}, more...)
	if code := Run(arguments, strings.NewReader(""), &out, &talk); code != exitFails {
		t.Fatalf("exit code %d\n%s", code, talk.String())
	}
	a, err := jsonreport.Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkStatuses compares what some checks said.
func checkStatuses(t *testing.T, when string, a *assessment.Assessment, want map[string]assessment.Status, checks ...string) {
	t.Helper()
	got := map[string]assessment.Status{}
	for _, f := range a.Findings {
		for _, check := range checks {
			if f.Check != check {
				continue
			}
			got[check+" "+f.Resource.Address] = f.Status
			if strings.Contains(fmt.Sprint(f.Evidence), "jane") {
				t.Errorf("%s: the evidence of %s holds %v", when, f.Resource.Address, f.Evidence)
			}
		}
	}
	for what, status := range want {
		if got[what] != status {
			t.Errorf("%s: %s is %q, want %q", when, what, got[what], status)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: asked were %v", when, got)
	}
}

// TestActivityServeRefuses proves that nobody can send events who should not.
func TestActivityServeRefuses(t *testing.T) {
	dir := t.TempDir()
	short := filepath.Join(dir, "token")
	long := filepath.Join(dir, "long")
	for path, text := range map[string]string{short: "short", long: "0123456789abcdef"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for arguments, want := range map[string]string{
		"--listen 127.0.0.1:0":                                           "--journal FOLDER",
		"--journal J --listen 0.0.0.0:0":                                 "--token-file",
		"--journal J --listen 0.0.0.0:0 --token-file " + short:           "16 letters",
		"--journal J --listen 0.0.0.0:0 --token-file " + long:            "--allow-http",
		"--journal J --listen 127.0.0.1:0 --cert x":                      "go together",
		"--journal J --listen 127.0.0.1:0 --cert x --key y":              "certificate",
		"--journal J --listen 127.0.0.1:0 --token-file " + dir + "/none": "read the token",
		"--journal J --listen 127.0.0.1:0 --keep-days -1":                "--keep-days",
	} {
		var out, talk bytes.Buffer
		given := append([]string{"activity", "serve"}, strings.Fields(strings.ReplaceAll(arguments, " J", " "+dir))...)
		if code := Run(given, strings.NewReader(""), &out, &talk); code == 0 || !strings.Contains(talk.String(), want) {
			t.Errorf("%s: exit code %d, %s", arguments, code, talk.String())
		}
	}
}

// TestActivityImport proves that events of a file are taken, that what is none is told by its line, and that assessing needs a journal.
func TestActivityImport(t *testing.T) {
	c := testcluster.Shared(t)
	c.Apply(t, clinic+"---"+portalPod)
	kubeconfig, dir := c.Kubeconfig(t, c.Admin(t)), t.TempDir()
	flat := func(s string) string { return strings.ReplaceAll(s, "\n", "") + "\n" }
	lines := flat(falco("Terminal shell in container", "Notice", "syscall", "node-1", "3ad7b26ded6d")) + "hunter2\n\n" +
		flat(falco("Terminal shell in container", "Notice", "syscall", "node-1", "ffffffffffff"))
	var out, talk bytes.Buffer
	code := Run([]string{"activity", "import", "-", "--journal", dir, "--kubeconfig", kubeconfig}, strings.NewReader(lines), &out, &talk)
	if code != exitUnknown || out.String() != "took 2 events, 1 of them with a workload\n" || !strings.Contains(talk.String(), "-:2: ") ||
		strings.Contains(talk.String(), "hunter2") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), talk.String())
	}
	talk.Reset()
	if code := Run([]string{"assess", "kubernetes", "--kubeconfig", kubeconfig, "--activity", t.TempDir()}, strings.NewReader(""), &out, &talk); code != exitFailed ||
		!strings.Contains(talk.String(), "no files of one") {
		t.Errorf("exit code %d\n%s", code, talk.String())
	}
}
