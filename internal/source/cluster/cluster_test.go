package cluster_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// collect reads a cluster and returns what was read of it.
func collect(t testing.TB, o cluster.Options) (source.Reading, source.Stats) {
	t.Helper()
	o.Backoff = 10 * time.Millisecond
	o.QPS = 1000
	var all source.Gathered
	stats, err := cluster.Collect(t.Context(), o, &all)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range stats.Faults {
		t.Error(fault)
	}
	readings := all.Readings()
	if len(readings) != 1 {
		t.Fatalf("%d readings", len(readings))
	}
	return readings[0], stats
}

// the returns the block at an address.
func the(t testing.TB, r source.Reading, typ, address string) resource.Block {
	t.Helper()
	at := slices.IndexFunc(r.Blocks, func(b resource.Block) bool { return b.Type == typ && b.Address == address })
	if at < 0 {
		t.Fatalf("there is no %s %s", typ, address)
	}
	return r.Blocks[at]
}

// follow returns what stands at a path.
func follow(v value.Value, path string) value.Value {
	for name := range strings.SplitSeq(path, ".") {
		v = v.Field(name)
	}
	return v
}

func addresses(r source.Reading, namespace string) []string {
	var all []string
	for _, b := range r.Blocks {
		if b.Region == namespace && !b.Global {
			all = append(all, b.Type+" "+b.Address)
		}
	}
	return all
}

// front is a proxy before a cluster that disturbs some answers.
func front(t testing.TB, c *testcluster.Cluster, disturb func(w http.ResponseWriter, r *http.Request) (done bool)) *rest.Config {
	t.Helper()
	as := c.Admin(t)
	transport, err := rest.TransportFor(as)
	if err != nil {
		t.Fatal(err)
	}
	behind, err := url.Parse(as.Host)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	proxy.Transport, proxy.ErrorLog = transport, log.New(io.Discard, "", 0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !disturb(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.CloseClientConnections) // before Close, which waits for what hangs
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

// status answers as the API refuses.
func status(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":"token=very-secret-word","code":%d}`, reason, code)
}

const clinic = `
apiVersion: v1
kind: Namespace
metadata: {name: NAME}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: NAME}, data: {mode: quiet}}
---
{apiVersion: v1, kind: Secret, metadata: {name: login, namespace: NAME, labels: {app: web}}, stringData: {password: a-plain-word}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAME}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.29", securityContext: {runAsNonRoot: true}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: NAME}
spec: {podSelector: {}, policyTypes: [Ingress]}
`

// estate makes a namespace with some objects.
func estate(t testing.TB, c *testcluster.Cluster, namespace string) {
	t.Helper()
	c.Apply(t, strings.ReplaceAll(clinic, "NAME", namespace))
}

// TestCollect proves that objects come as the API has them, with what they are called, where they are, and without what is secret
// or only bookkeeping.
func TestCollect(t *testing.T) {
	c := testcluster.Shared(t)
	estate(t, c, "collected")
	r, stats := collect(t, cluster.Options{Kubeconfig: c.Kubeconfig(t, c.Admin(t))})
	if r.Name != "kubernetes:test" || r.Dialect != resource.Cluster || len(r.Gaps) > 0 {
		t.Errorf("%s, %s, gaps %v", r.Name, r.Dialect, r.Gaps)
	}
	want := []string{"ConfigMap ConfigMap/collected/settings", "Deployment.apps Deployment/collected/web",
		"NetworkPolicy.networking.k8s.io NetworkPolicy/collected/deny", "ServiceAccount ServiceAccount/collected/default"}
	if got := addresses(r, "collected"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	web := the(t, r, "Deployment.apps", "Deployment/collected/web")
	if replicas, _ := web.Body.Field("spec").Field("replicas").Data().(int64); replicas != 1 {
		t.Errorf("replicas are %v", web.Body.Field("spec").Field("replicas").Data())
	}
	if managed := follow(web.Body, "metadata.managedFields"); !managed.IsAbsent() {
		t.Error("managedFields are kept")
	}
	if o := web.Origin; o.Call == nil || o.Call.API != "list deployments.apps" || o.Call.Caller != "admin" || o.Call.Account == "" || o.Call.At.IsZero() {
		t.Errorf("origin %+v", o.Call)
	}
	if !the(t, r, "ClusterRole.rbac.authorization.k8s.io", "ClusterRole/cluster-admin").Global {
		t.Error("a ClusterRole has no namespace")
	}
	if stats.Calls["secrets:list"] > 0 || stats.Failed > 0 || stats.Blocks != len(r.Blocks) {
		t.Errorf("%+v", stats)
	}
	if why := r.Unasked["Secret"]; why.Grant == "" {
		t.Error("it is not told that secrets are not read")
	}
}

// TestSecretMetadata proves that of Secrets nothing but the metadata is read, and that the rest is unknown.
func TestSecretMetadata(t *testing.T) {
	c := testcluster.Shared(t)
	estate(t, c, "secretive")
	replies := ""
	through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/secrets") {
			replies += r.Header.Get("Accept")
		}
		return false
	})
	r, _ := collect(t, cluster.Options{Config: through, SecretMetadata: true})
	login := the(t, r, "Secret", "Secret/secretive/login")
	if !strings.Contains(replies, "PartialObjectMetadataList") || !login.Body.Field("data").IsUnknown() || !login.Body.Field("type").IsUnknown() {
		t.Errorf("asked for %q; data %v", replies, login.Body.Field("data"))
	}
	if app, _ := follow(login.Body, "metadata.labels.app").AsString(); app != "web" {
		t.Errorf("label %q", app)
	}
}

// TestNamespaces proves that some namespaces can be read alone, that what others may hold is open then, and that one that does not
// exist is a fault.
func TestNamespaces(t *testing.T) {
	c := testcluster.Shared(t)
	estate(t, c, "one")
	estate(t, c, "two")
	r, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c", Namespaces: []string{"one"}})
	if len(addresses(r, "one")) == 0 || len(addresses(r, "two")) > 0 {
		t.Errorf("one %q, two %q", addresses(r, "one"), addresses(r, "two"))
	}
	if len(r.Partial["Pod"]) == 0 || len(r.Partial["Node"]) > 0 || len(r.Gaps) != 1 {
		t.Errorf("partial %v, gaps %v", r.Partial, r.Gaps)
	}
	_, err := cluster.Collect(t.Context(), cluster.Options{Config: c.Admin(t), Namespaces: []string{"gone"}}, &source.Gathered{})
	if err == nil || !strings.Contains(err.Error(), `no namespace "gone"`) {
		t.Errorf("got %v", err)
	}
}

// TestNothing proves that a cluster that does not answer, or not to these credentials, is an error that says what to do.
func TestNothing(t *testing.T) {
	c := testcluster.Shared(t)
	stranger := c.Admin(t)
	stranger.CertData, stranger.KeyData, stranger.BearerToken = nil, nil, "wrong"
	foreign := c.Admin(t)
	foreign.CAData = nil
	for name, tt := range map[string]struct {
		options cluster.Options
		want    string
	}{
		"nobody":     {cluster.Options{Config: &rest.Config{Host: "https://127.0.0.1:1"}, Attempts: 1}, "the connection failed"},
		"stranger":   {cluster.Options{Config: stranger}, "sign in again"},
		"authority":  {cluster.Options{Config: foreign, Attempts: 1}, "certificate is not signed by"},
		"kubeconfig": {cluster.Options{Kubeconfig: "testdata/none"}, "kubeconfig"},
	} {
		_, err := cluster.Collect(context.Background(), tt.options, &source.Gathered{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
