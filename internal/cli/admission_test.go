package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/testcluster"
)

// ward runs a command and returns what it prints.
func ward(t *testing.T, args ...string) string {
	t.Helper()
	var out, faults bytes.Buffer
	command := exec.Command("ward", args...)
	command.Stdout, command.Stderr = &out, &faults
	if err := command.Run(); err != nil {
		t.Fatalf("ward %s: %v\n%s", strings.Join(args, " "), err, &faults)
	}
	return out.String()
}

// TestAdmission proves that what ward admission role, certificate and webhook print is all that ward admission serve needs to guard a
// cluster, and that it ends when it is asked to.
func TestAdmission(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	c.Namespace(t, "ward")
	c.Namespace(t, "clinic")
	c.Apply(t, ward(t, "admission", "role"))
	dir := t.TempDir()
	ward(t, "admission", "certificate", "--dns", "127.0.0.1", "--dir", dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	account := c.As(t, "system:serviceaccount:ward:ward-admission", "system:serviceaccounts", "system:serviceaccounts:ward")
	server := exec.Command("ward", "admission", "serve", "--listen", "127.0.0.1:0", "--cert", in("tls.crt"), "--key", in("tls.key"), "--drain", "0s",
		"--kubeconfig", c.Kubeconfig(t, account), "--checks", "kubernetes.workload.is-bound-by-network-policies")
	server.Env = append(os.Environ(), "WARD_VULNDB="+t.TempDir())
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() })
	address := ready(t, bufio.NewScanner(log))
	c.Apply(t, ward(t, "admission", "webhook", "--url", "https://"+address, "--ca", in("ca.crt"), "--checks", "kubernetes.workload.is-bound-by-network-policies"))
	client, err := kubernetes.NewForConfig(c.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	create := func(namespace string) error {
		pod := &core.Pod{ObjectMeta: meta.ObjectMeta{GenerateName: "portal-"}, Spec: core.PodSpec{Containers: []core.Container{{Name: "app", Image: "portal"}}}}
		_, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, meta.CreateOptions{})
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if err = create("clinic"); err != nil || time.Now().After(deadline) {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "is-bound-by-network-policies fails") {
		t.Errorf("a pod that no policy binds: %v", err)
	}
	for _, exempt := range []string{"kube-system"} {
		if err := create(exempt); err != nil {
			t.Errorf("a pod in %s: %v", exempt, err)
		}
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// ready reads the log until the server is ready, and returns where it answers. All of the log is JSON.
func ready(t *testing.T, log *bufio.Scanner) (address string) {
	t.Helper()
	for log.Scan() {
		var line struct{ Level, Msg, Address, Type, Reason string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil {
			t.Fatalf("%v: %s", err, log.Text())
		}
		switch line.Msg {
		case "listening":
			address = line.Address
		case "ready":
			go func() { // so that the server never waits for a reader
				for log.Scan() {
					continue
				}
			}()
			return address
		default:
			t.Errorf("the log says %s", log.Text())
		}
	}
	t.Fatal("the server ended")
	return ""
}
