package mirror_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/testcluster"
	"ward.dev/ward/internal/value"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

// started copies a cluster until the test ends.
func started(t *testing.T, o mirror.Options) *mirror.Mirror {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	o.Cluster.QPS = 1000
	m, err := mirror.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stopped)
	t.Cleanup(stop)
	within, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	if err := m.Wait(within); err != nil {
		t.Fatal(err)
	}
	return m
}

// await waits for something that changes of a copy bring about.
func await(t *testing.T, m *mirror.Mirror, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-m.Changes():
		case <-time.After(100 * time.Millisecond): // what is old is so without a change
		case <-deadline:
			t.Fatalf("%s: not after a minute", what)
		}
	}
}

// holds returns what is at an address, nil if nothing is.
func holds(m *mirror.Mirror, namespace, typ, address string) *resource.Block {
	found, _ := m.Select(namespace, typ)
	if at := slices.IndexFunc(found, func(b *resource.Block) bool { return b.Address == address }); at >= 0 {
		return found[at]
	}
	return nil
}

func configMap(namespace, name, mode string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: %s}, data: {mode: %s}}`, name, namespace, mode)
}

func modeOf(b *resource.Block) string {
	if b == nil {
		return ""
	}
	mode, _ := b.Body.Field("data").Field("mode").AsString()
	return mode
}

func removed(t *testing.T, c *testcluster.Cluster, namespace, name string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Admin(t))
	if err == nil {
		err = client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), name, meta.DeleteOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestChanges proves that what is created, changed and deleted in a cluster is so in its copy.
func TestChanges(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "changing")
	m := started(t, mirror.Options{Cluster: cluster.Options{Config: c.Admin(t)}})
	before := m.Version()
	c.Apply(t, configMap("changing", "a", "quiet"))
	is := func(mode string) func() bool {
		return func() bool { return modeOf(holds(m, "changing", "ConfigMap", "ConfigMap/changing/a")) == mode }
	}
	await(t, m, "the object", is("quiet"))
	if m.Version() <= before {
		t.Error("the version has not grown")
	}
	origin := holds(m, "changing", "ConfigMap", "ConfigMap/changing/a").Origin
	if origin.Call == nil || origin.Call.API != "watch configmaps" || time.Since(origin.Call.At) > 2*time.Minute {
		t.Errorf("origin %+v", origin.Call)
	}
	c.Apply(t, configMap("changing", "a", "loud"))
	await(t, m, "its change", is("loud"))
	removed(t, c, "changing", "a")
	await(t, m, "its end", is(""))
	c.Namespace(t, "newer")
	await(t, m, "a namespace", func() bool { return holds(m, "", "Namespace", "Namespace/newer") != nil })
	if found, _ := m.Select("changing", "Namespace"); len(found) > 0 {
		t.Error("what has no namespace is in one")
	}
}

// TestSame proves that a copy is what a collection of the same cluster gives.
func TestSame(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "same", "app=web")
	c.Apply(t, configMap("same", "a", "quiet"))
	c.Apply(t, `{apiVersion: v1, kind: Pod, metadata: {name: etcd, namespace: kube-system, labels: {tier: control-plane}},
  spec: {containers: [{name: etcd, image: "etcd:3", command: [etcd, --client-cert-auth=true], env: [{name: PASSWORD, value: hunter22hunter22}]}]}}`)
	for _, namespaces := range [][]string{nil, {"same"}} {
		o := cluster.Options{Config: c.Admin(t), Name: "c", Namespaces: namespaces, QPS: 1000}
		m := started(t, mirror.Options{Cluster: o})
		var all source.Gathered
		if _, err := cluster.Collect(t.Context(), o, &all); err != nil {
			t.Fatal(err)
		}
		want, got := all.Readings()[0], m.Reading()
		if diff := cmp.Diff(plain(want), plain(got)); diff != "" {
			t.Errorf("namespaces %v: -collected +copied:\n%s", namespaces, diff)
		}
		if len(got.Blocks) < 50 && namespaces == nil || strings.Contains(fmt.Sprint(plain(got)), "hunter22") {
			t.Errorf("%d blocks", len(got.Blocks))
		}
	}
}

// plain is what a reading holds, without when and how it was seen.
func plain(r source.Reading) any {
	type block struct {
		Type, Address, Target, Account, Region, Owner string
		Global                                        bool
		Body                                          any
	}
	var blocks []block
	for _, b := range r.Blocks {
		blocks = append(blocks, block{b.Type, b.Address, b.Target, b.Account, b.Region, b.Owner, b.Global, tree(b.Body)})
	}
	return map[string]any{"name": r.Name, "kind": r.Kind, "dialect": r.Dialect, "blocks": blocks, "gaps": r.Gaps, "partial": r.Partial,
		"kinds": r.Kinds, "left": r.Left, "unasked": r.Unasked}
}

func tree(v value.Value) any {
	if v.IsOpen() || v.IsUnknown() {
		return fmt.Sprint(v.Reasons(), v.Data())
	}
	if all, ok := v.AsList(); ok {
		made := []any{}
		for _, one := range all {
			made = append(made, tree(one))
		}
		return made
	}
	if all, ok := v.AsObject(); ok {
		made := map[string]any{}
		for name, one := range all {
			made[name] = tree(one)
		}
		return made
	}
	return fmt.Sprint(v.IsAbsent(), v.Data())
}

// TestDenied proves that a type that may not be listed, or not be watched, is a gap that says what to grant, and that one that may be
// read later is none from then on.
func TestDenied(t *testing.T) {
	c := testcluster.Shared(t)
	rule := func(verb, resource string) rbac.PolicyRule {
		return rbac.PolicyRule{APIGroups: []string{""}, Verbs: []string{verb}, Resources: []string{resource}}
	}
	as := c.Reader(t, "copyist", rule("list", "configmaps"), rule("list", "namespaces"), rule("watch", "namespaces"))
	m := started(t, mirror.Options{Cluster: cluster.Options{Config: as, Types: func(typ string) bool {
		return typ == "ConfigMap" || typ == "Namespace" || typ == "Service"
	}}})
	grant := func(typ string) string {
		_, doubts := m.Select("default", typ)
		if len(doubts[typ]) != 1 {
			return fmt.Sprint(doubts[typ])
		}
		return doubts[typ][0].Grant
	}
	await(t, m, "the denied watch", func() bool { return grant("ConfigMap") == "watch configmaps" })
	if got := grant("Service"); got != "list services" {
		t.Errorf("services: %q", got)
	}
	if _, doubts := m.Select("", "Namespace"); len(doubts) > 0 {
		t.Errorf("namespaces: %v", doubts)
	}
	if r := m.Reading(); len(r.Partial["Service"]) != 1 || len(r.Partial["ConfigMap"]) != 1 || len(r.Partial["Namespace"]) != 0 || len(r.Gaps) != 2 {
		t.Errorf("partial %v, gaps %v", r.Partial, r.Gaps)
	}
	if _, doubts := m.Select("default", "Deployment.apps"); len(doubts["Deployment.apps"]) != 1 {
		t.Errorf("a type that is not copied: %v", doubts)
	}
	client, err := kubernetes.NewForConfig(c.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	role, err := client.RbacV1().ClusterRoles().Get(t.Context(), "copyist", meta.GetOptions{})
	if err == nil {
		role.Rules = append(role.Rules, rule("list", "services"), rule("watch", "services"))
		_, err = client.RbacV1().ClusterRoles().Update(t.Context(), role, meta.UpdateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	await(t, m, "the right that was granted", func() bool { return grant("Service") == "[]" && len(m.Reading().Partial["Service"]) == 0 })
}

// wire is a way to a cluster that can be cut and mended.
type wireTo struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	cut      bool
	open     []net.Conn
}

func wired(t *testing.T, as *rest.Config) (*wireTo, *rest.Config) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind, err := url.Parse(as.Host)
	if err != nil {
		t.Fatal(err)
	}
	w := &wireTo{listener: listener, to: behind.Host}
	go w.serve()
	t.Cleanup(func() { listener.Close(); w.set(true) })
	as = rest.CopyConfig(as)
	as.Host = "https://" + listener.Addr().String()
	return w, as
}

func (w *wireTo) serve() {
	for {
		from, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		to, err := net.Dial("tcp", w.to)
		if err != nil || w.cut {
			from.Close()
		} else {
			w.open = append(w.open, from, to)
			go func() { _, _ = io.Copy(to, from); to.Close() }()
			go func() { _, _ = io.Copy(from, to); from.Close() }()
		}
		w.mu.Unlock()
	}
}

func (w *wireTo) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut = cut; cut {
		for _, one := range w.open {
			one.Close()
		}
		w.open = nil
	}
}

// TestCut proves that a copy says that it is old if it has not heard of the cluster for too long, and that it catches up with what
// has happened once the cluster answers again.
func TestCut(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "cut")
	c.Apply(t, configMap("cut", "gone", "quiet"))
	c.Apply(t, configMap("cut", "stays", "quiet"))
	w, as := wired(t, c.Admin(t))
	m := started(t, mirror.Options{Stale: 2 * time.Second, Cluster: cluster.Options{Config: as,
		Types: func(typ string) bool { return typ == "ConfigMap" || typ == "CronJob.batch" }}})
	whole := func() bool { return len(m.Reading().Partial) == 0 }
	time.Sleep(3 * time.Second) // in which nothing is told, since nothing happens
	if !whole() {
		t.Errorf("an idle watch counts as broken: %v", m.Reading().Partial)
	}
	w.set(true)
	removed(t, c, "cut", "gone")
	c.Apply(t, configMap("cut", "stays", "loud"))
	await(t, m, "the doubt", func() bool {
		_, doubts := m.Select("cut", "ConfigMap")
		return len(doubts["ConfigMap"]) > 0 && len(m.Reading().Partial["CronJob.batch"]) > 0
	})
	if modeOf(holds(m, "cut", "ConfigMap", "ConfigMap/cut/stays")) != "quiet" {
		t.Error("the wire is not cut")
	}
	w.set(false)
	await(t, m, "the change", func() bool { return modeOf(holds(m, "cut", "ConfigMap", "ConfigMap/cut/stays")) == "loud" && whole() })
	if holds(m, "cut", "ConfigMap", "ConfigMap/cut/gone") != nil {
		t.Error("what is gone is still there")
	}
}

// TestExpired proves that a copy begins anew where the API has forgotten what happened since, and that one through a proxy that
// speaks HTTP/1.1 is whole.
func TestExpired(t *testing.T) {
	c := testcluster.Shared(t)
	c.Namespace(t, "expired")
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
	proxy.Transport, proxy.FlushInterval = transport, -1
	var lists, watches atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/configmaps") {
			if r.URL.Query().Get("watch") == "" {
				lists.Add(1)
			} else if watches.Add(1) == 2 {
				rw.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(rw, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}`)
				return
			}
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.CloseClientConnections)
	m := started(t, mirror.Options{Stale: 3 * time.Second, Cluster: cluster.Options{Config: &rest.Config{Host: server.URL},
		Types: func(typ string) bool { return typ == "ConfigMap" }}})
	await(t, m, "a new list", func() bool { return lists.Load() > 1 && watches.Load() > 2 })
	c.Apply(t, configMap("expired", "a", "quiet"))
	await(t, m, "the object", func() bool { return holds(m, "expired", "ConfigMap", "ConfigMap/expired/a") != nil })
	for range 50 {
		if _, doubts := m.Select("expired", "ConfigMap"); len(doubts) > 0 {
			t.Fatalf("doubts %v", doubts)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestServed proves that a type is copied from when the cluster begins to serve it.
func TestServed(t *testing.T) {
	c := testcluster.Shared(t)
	const typ = "CiliumNetworkPolicy.cilium.io"
	m := started(t, mirror.Options{Renew: 200 * time.Millisecond, Cluster: cluster.Options{Config: c.Admin(t), Types: func(one string) bool { return one == typ }}})
	if _, doubts := m.Select("default", typ); len(doubts) > 0 {
		t.Errorf("a type that is not served: %v", doubts)
	}
	c.Apply(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ciliumnetworkpolicies.cilium.io}
spec:
  group: cilium.io
  scope: Namespaced
  names: {kind: CiliumNetworkPolicy, plural: ciliumnetworkpolicies}
  versions: [{name: v2, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a, namespace: default}, spec: {}}
`)
	await(t, m, "the object", func() bool {
		found, doubts := m.Select("default", typ)
		return len(found) == 1 && len(doubts) == 0
	})
}

// TestNobody proves that a cluster that does not answer is an error and a gap, not one that holds nothing.
func TestNobody(t *testing.T) {
	m, err := mirror.Start(t.Context(), mirror.Options{Cluster: cluster.Options{Config: &rest.Config{Host: "https://127.0.0.1:1"}, Attempts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Wait(t.Context()); err == nil {
		t.Error("no error")
	}
	if r := m.Reading(); len(r.Gaps) != 1 {
		t.Errorf("gaps %v", r.Gaps)
	}
	if _, doubts := m.Select("default", "Pod"); len(doubts["Pod"]) != 1 {
		t.Errorf("doubts %v", doubts)
	}
}
