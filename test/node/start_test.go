//go:build linux

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"ward.dev/ward/internal/testcluster"
)

// patience bounds how long something may take until it is so.
const patience = 3 * time.Minute

// The node's addresses are of those kept for the tests of networks (RFC 2544), which no network uses.
const (
	nodeName = "ward-node"
	address  = "198.18.77.1"
	subnet   = "198.18.77.0/24"
)

// node is a cluster of one node.
type node struct {
	*testcluster.Cluster
	client   *kubernetes.Clientset
	registry string // host:port of a registry, without TLS
	dir      string
	socket   string // containerd's
}

// start starts everything and returns when the node is ready to run pods.
func start(t *testing.T) *node {
	t.Helper()
	n := &node{dir: os.Getenv(inside)}
	n.socket = filepath.Join(n.dir, "containerd.sock")
	n.Cluster = testcluster.Start(t, testcluster.Options{Flags: []string{"--advertise-address=" + address}})
	n.client = kubernetes.NewForConfigOrDie(n.Admin(t))
	n.bridge(t)
	n.serveImages(t)
	n.containerd(t)
	n.control(t)
	n.kubelet(t)
	n.await(t, "the node to be ready", func() (string, error) { return n.ready(t.Context()) })
	return n
}

// serveImages starts a registry that holds images in memory.
func (n *node) serveImages(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(quiet)))
	t.Cleanup(server.Close)
	n.registry = server.Listener.Addr().String()
}

// bridge makes the network of the pods, of which the node has the first address.
func (n *node) bridge(t *testing.T) {
	t.Helper()
	for _, arguments := range []string{"link add ward0 type bridge", "addr add " + address + "/24 dev ward0", "link set ward0 up"} {
		if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", arguments, err, out)
		}
	}
	n.write(t, "cni/10-ward.conflist", `{"cniVersion": "0.4.0", "name": "ward", "plugins": [
  {"type": "bridge", "bridge": "ward0", "ipam": {"type": "host-local", "subnet": "`+subnet+`", "gateway": "`+address+`"}}]}`)
}

// containerd starts Debian's. The kernel may lack overlayfs; then files are copied.
func (n *node) containerd(t *testing.T) {
	t.Helper()
	snapshotter := "native"
	if known, err := os.ReadFile("/proc/filesystems"); err == nil && strings.Contains(string(known), "\toverlay\n") {
		snapshotter = "overlayfs"
	}
	n.run(t, "containerd", "--config", n.write(t, "containerd.toml", fmt.Sprintf(`
version = 2
root = "%[1]s/containerd"
state = "%[1]s/containerd-state"
[grpc]
address = "%[2]s"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "%[3]s/pause:1"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "%[4]s"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "%[1]s/cni"
`, n.dir, n.socket, n.registry, snapshotter)))
	n.await(t, "containerd to answer", func() (string, error) {
		_, err := n.ctr("version")
		return "", err
	})
}

// ctr runs containerd's own client on what the kubelet runs.
func (n *node) ctr(arguments ...string) (string, error) {
	out, err := exec.Command("ctr", append([]string{"--address", n.socket, "--namespace", "k8s.io"}, arguments...)...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("ctr %s: %w: %s", strings.Join(arguments, " "), err, out)
	}
	return string(out), err
}

// control starts what makes pods of Deployments, and gives them a node.
func (n *node) control(t *testing.T) {
	t.Helper()
	admin := n.Kubeconfig(t, n.Admin(t))
	n.run(t, n.program(t, "kube-controller-manager"), "--kubeconfig="+admin, "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file="+filepath.Join(n.Dir, "accounts.key"), "--root-ca-file="+filepath.Join(n.Dir, "ca.crt"))
	n.run(t, n.program(t, "kube-scheduler"), "--kubeconfig="+admin, "--leader-elect=false", "--secure-port=0")
}

func (n *node) kubelet(t *testing.T) {
	t.Helper()
	config := n.write(t, "kubelet.yaml", fmt.Sprintf(`
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %[2]s
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[3]s/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /%[4]s
containerRuntimeEndpoint: unix://%[5]s
enforceNodeAllocatable: []
evictionHard: {memory.available: 1Mi, nodefs.available: 0%%, imagefs.available: 0%%}
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
podLogsDir: %[1]s/logs
readOnlyPort: 0
resolvConf: ""
volumePluginDir: %[1]s/plugins
`, n.dir, address, n.Dir, filepath.Base(n.dir), n.socket))
	user := n.As(t, "system:node:"+nodeName, "system:nodes")
	n.run(t, n.program(t, "kubelet"), "--config="+config, "--kubeconfig="+n.Kubeconfig(t, user), "--hostname-override="+nodeName,
		"--node-ip="+address, "--root-dir="+filepath.Join(n.dir, "kubelet"), "--cert-dir="+filepath.Join(n.dir, "pki"))
}

// ready says why the node is not.
func (n *node) ready(ctx context.Context) (string, error) {
	found, err := n.client.CoreV1().Nodes().Get(ctx, nodeName, meta.GetOptions{})
	if err != nil {
		return "", err
	}
	for _, condition := range found.Status.Conditions {
		if condition.Type == core.NodeReady && condition.Status != core.ConditionTrue {
			return condition.Message, nil
		} else if condition.Type == core.NodeReady && len(found.Spec.Taints) == 0 {
			return "", nil
		}
	}
	return fmt.Sprintf("its taints are %v", found.Spec.Taints), nil
}

// program finds one that `make test-node` builds.
func (n *node) program(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", "node", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v; run make test-node", err)
	}
	return path
}

// run starts a program that runs until the test ends, with what it prints in the folder of the run.
func (n *node) run(t *testing.T, program string, arguments ...string) {
	t.Helper()
	name := filepath.Base(program)
	file, err := os.Create(filepath.Join(n.dir, name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Stdout, command.Stderr = file, file
	if err := command.Start(); errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("%v: apt-get install %s", err, name)
	} else if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		command.Process.Kill()
		err := <-ended
		file.Close()
		if t.Failed() {
			text, _ := os.ReadFile(file.Name())
			t.Logf("%s (%v) printed:\n%s", name, err, bytes.TrimSpace(text[max(0, len(text)-2<<10):]))
		}
	})
}

func (n *node) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(n.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// await polls until nothing is said to be missing.
func (n *node) await(t *testing.T, what string, missing func() (string, error)) {
	t.Helper()
	begun := time.Now()
	for ; ; time.Sleep(200 * time.Millisecond) {
		why, err := missing()
		switch {
		case why == "" && err == nil:
			t.Logf("%.1f s for %s", time.Since(begun).Seconds(), what)
			return
		case time.Since(begun) > patience:
			t.Fatalf("waited %v for %s: %s %v", patience, what, why, err)
		}
	}
}

// account returns a kubeconfig with a token of a service account.
func (n *node) account(t *testing.T, namespace, name string) string {
	t.Helper()
	token, err := n.client.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name, &authentication.TokenRequest{}, meta.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	as := n.Admin(t)
	as.CertData, as.KeyData, as.BearerToken = nil, nil, token.Status.Token
	return n.Kubeconfig(t, as)
}
