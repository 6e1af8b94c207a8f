// Package testcluster starts real clusters for tests: a kube-apiserver and its etcd, as `make setup` builds them from their Go
// modules. Only tests import it.
//
// Nothing else of a cluster runs: no controller makes pods of a Deployment or takes away what is in a namespace that is deleted,
// and no node runs anything. Objects are stored, defaulted, admitted and authorized (RBAC) as in any cluster.
package testcluster

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
)

// Options of a cluster.
type Options struct {
	// Audit is an audit policy (audit.k8s.io/v1); "" keeps no log. See Cluster.AuditLog.
	Audit string
	// Encryption says how the API keeps what it stores (EncryptionConfiguration of apiserver.config.k8s.io/v1); "" in plain.
	Encryption string
	// Flags of kube-apiserver stand after those of this package, so that they win.
	Flags []string
}

// Cluster is a running kube-apiserver with an etcd of its own.
type Cluster struct {
	// URL is where the API answers, "https://127.0.0.1:PORT".
	URL string
	// AuditLog is the file that the audit events are written to, one JSON object a line, each before its request is answered.
	AuditLog string
	// Dir holds what kube-apiserver was started with: ca.crt, and accounts.key, by which the tokens of service accounts are signed.
	Dir string

	authority *authority
	etcd, api *process
	places    sync.Map // of schema.GroupVersionKind: where the API serves it
	signing   sync.Mutex
	admin     *rest.Config
}

// Start starts a cluster, which takes a few seconds, and stops it when the test ends. Without the programs a test is skipped, in
// CI it fails; in short it is always skipped.
func Start(tb testing.TB, o Options) *Cluster {
	tb.Helper()
	programs := wanted(tb)
	c, err := start(programs, tb.TempDir(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.stop)
	return c
}

var shared struct {
	sync.Mutex
	main    bool
	cluster *Cluster
	dir     string
}

// Main is what TestMain of a package calls whose tests share one cluster: os.Exit(testcluster.Main(m)).
func Main(m *testing.M) int {
	shared.main = true
	defer func() {
		if shared.cluster != nil {
			shared.cluster.stop()
		}
		if shared.dir != "" {
			os.RemoveAll(shared.dir)
		}
	}()
	return m.Run()
}

// wanted returns the programs for a test that needs them.
func wanted(tb testing.TB) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts a cluster")
	}
	found, why := programs()
	switch {
	case why != "" && os.Getenv("CI") != "":
		tb.Fatal(why)
	case why != "":
		tb.Skip(why)
	}
	return found
}

// Shared returns the cluster that all tests of the package share, without audit and encryption. The first test that asks for it
// starts it, Main stops it. A test must bear with what others left, best in a namespace of its own.
func Shared(tb testing.TB) *Cluster {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.main {
		tb.Fatal("TestMain of this package has to call testcluster.Main")
	}
	if shared.cluster != nil {
		return shared.cluster
	}
	programs := wanted(tb)
	var err error
	if shared.dir, err = os.MkdirTemp("", "ward-cluster-"); err != nil {
		tb.Fatal(err)
	}
	if shared.cluster, err = start(programs, shared.dir, Options{}); err != nil {
		tb.Fatal(err)
	}
	return shared.cluster
}

// programs finds the folder of kube-apiserver and etcd: WARD_CLUSTER, or bin/cluster of the repository. It says why there is none.
func programs() (dir, why string) {
	dir = os.Getenv("WARD_CLUSTER")
	for up := "."; dir == ""; up = filepath.Join(up, "..") {
		if _, err := os.Stat(filepath.Join(up, "catalog", "kinds")); err == nil {
			dir = filepath.Join(up, "bin", "cluster")
		} else if len(up) > 64 {
			return "", "the repository's root was not found"
		}
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", "there is no Kubernetes to test with; run make setup, or set WARD_CLUSTER to a folder with kube-apiserver and etcd: " +
				err.Error()
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Sprintf("find the programs of Kubernetes: %v", err)
	}
	return dir, ""
}

// stop ends both programs at once: nothing of them is kept.
func (c *Cluster) stop() {
	for _, p := range []*process{c.api, c.etcd} {
		if p != nil {
			p.kill()
		}
	}
}
