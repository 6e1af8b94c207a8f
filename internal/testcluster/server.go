package testcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// patience bounds how long a program may take until it answers.
const patience = 2 * time.Minute

// attempts bounds how often a cluster is started anew: a port may be taken between its being found free and its being used.
const attempts = 3

// errPort means that another program has taken the port.
var errPort = errors.New("the port is taken")

func start(programs, dir string, o Options) (*Cluster, error) {
	made, err := newAuthority()
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		c := &Cluster{authority: made, Dir: filepath.Join(dir, fmt.Sprintf("cluster-%d", n))}
		err := c.start(programs, o)
		if err == nil {
			return c, nil
		}
		c.stop()
		if n == attempts || !errors.Is(err, errPort) {
			return nil, err
		}
	}
}

func (c *Cluster) start(programs string, o Options) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of a cluster: %w", err)
	}
	store, err := freeAddress()
	if err != nil {
		return err
	}
	if c.etcd, err = run(c.Dir, filepath.Join(programs, "etcd"), "--data-dir="+filepath.Join(c.Dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=http://"+store, "--advertise-client-urls=http://"+store,
		"--listen-peer-urls=http://127.0.0.1:0", "--log-level=warn"); err != nil {
		return err
	}
	if err := c.etcd.ready(http.DefaultClient, "http://"+store+"/health"); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	flags, err := c.flags(store, address, o)
	if err != nil {
		return err
	}
	if c.api, err = run(c.Dir, filepath.Join(programs, "kube-apiserver"), append(flags, o.Flags...)...); err != nil {
		return err
	}
	c.URL = "https://" + address
	config, err := c.config(admin, "system:masters")
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	if err := c.api.ready(client, c.URL+"/readyz"); err != nil {
		return err
	}
	return accounts(config)
}

// accounts makes the default service account in each namespace that there is from the beginning, as a controller would: without it
// the API admits no pod.
func accounts(config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	for _, namespace := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		account := &core.ServiceAccount{ObjectMeta: meta.ObjectMeta{Name: "default", Namespace: namespace}}
		for {
			_, err := client.CoreV1().ServiceAccounts(namespace).Create(ctx, account, meta.CreateOptions{})
			if err == nil || faults.IsAlreadyExists(err) {
				break
			}
			if !faults.IsNotFound(err) { // the namespace itself may not be there yet
				return fmt.Errorf("make the default service account of %s: %w", namespace, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// flags of kube-apiserver.
func (c *Cluster) flags(store, address string, o Options) ([]string, error) {
	serving, err := c.authority.serving()
	if err != nil {
		return nil, err
	}
	kubelets, err := c.authority.sign("kube-apiserver", "system:masters")
	if err != nil {
		return nil, err
	}
	files := map[string]string{"kubelets.crt": string(kubelets.certificate), "kubelets.key": string(kubelets.key), "ca.crt": string(c.authority.certificate), "server.crt": string(serving.certificate),
		"server.key": string(serving.key), "accounts.key": string(c.authority.key), "audit.yaml": o.Audit, "encryption.yaml": o.Encryption}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("write what kube-apiserver reads: %w", err)
		}
	}
	in := func(name string) string { return filepath.Join(c.Dir, name) }
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	flags := []string{"--etcd-servers=http://" + store, "--bind-address=" + host, "--secure-port=" + port, "--cert-dir=" + c.Dir,
		"--tls-cert-file=" + in("server.crt"), "--tls-private-key-file=" + in("server.key"), "--client-ca-file=" + in("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + in("accounts.key"),
		"--service-account-signing-key-file=" + in("accounts.key"), "--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=Node,RBAC", "--allow-privileged=true", "--endpoint-reconciler-type=none",
		"--kubelet-client-certificate=" + in("kubelets.crt"), "--kubelet-client-key=" + in("kubelets.key"),
		"--kubelet-preferred-address-types=InternalIP"}
	if o.Audit != "" {
		c.AuditLog = in("audit.log")
		flags = append(flags, "--audit-policy-file="+in("audit.yaml"), "--audit-log-path="+c.AuditLog, "--audit-log-mode=blocking-strict")
	}
	if o.Encryption != "" {
		flags = append(flags, "--encryption-provider-config="+in("encryption.yaml"))
	}
	return flags, nil
}

// freeAddress returns an address of this machine that nobody listens at.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// ready waits until a program answers that it is well.
func (p *process) ready(client *http.Client, url string) error {
	for deadline := time.Now().Add(patience); ; {
		reply, err := client.Get(url)
		if err == nil {
			reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(reply.Status)
		}
		select {
		case <-p.done:
			if log := p.log(); strings.Contains(log, "address already in use") {
				return fmt.Errorf("start %s: %w", p.name, errPort)
			} else {
				return fmt.Errorf("start %s: it ended (%v)\n%s", p.name, p.err, log)
			}
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start %s: %w\n%s", p.name, err, p.log())
		}
	}
}
