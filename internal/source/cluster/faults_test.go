package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/snapshot"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/testcluster"
)

// reply writes a body as the API would.
func reply(w http.ResponseWriter, format string, more ...any) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, format, more...)
}

const aPod = `{"metadata":{"name":"p","namespace":"n"}}`

// faults are what may come in place of a list of pods, and what is said of it.
var faults = map[string]struct {
	answer func(w http.ResponseWriter, r *http.Request)
	want   string
}{
	"denied": {func(w http.ResponseWriter, _ *http.Request) { status(w, 403, "Forbidden") }, "list pods was denied"},
	"throttled": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "9")
		status(w, 429, "TooManyRequests")
	}, "throttled to the end"},
	"broken":      {func(w http.ResponseWriter, _ *http.Request) { status(w, 500, "InternalError") }, "HTTP 500 (InternalError)"},
	"proxy":       {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "very-secret-word", 502) }, "HTTP 502"},
	"gone":        {func(w http.ResponseWriter, _ *http.Request) { status(w, 404, "NotFound") }, "said not to exist"},
	"signed out":  {func(w http.ResponseWriter, _ *http.Request) { status(w, 401, "Unauthorized") }, "not accepted"},
	"always late": {func(w http.ResponseWriter, _ *http.Request) { status(w, 410, "Expired") }, "changes faster"},
	"moved":       {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/healthz", 302) }, "HTTP 302"},
	"page":        {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>sign in</html>") }, "not one of the API"},
	"other JSON":  {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"message":"very-secret-word"}`) }, "not one of the API"},
	"a text":      {func(w http.ResponseWriter, _ *http.Request) { reply(w, `"very-secret-word"`) }, "not one of the API"},
	"other list":  {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"ServiceList","items":[]}`) }, "not one of the API"},
	"no items":    {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"PodList","metadata":{}}`) }, "not one of the API"},
	"empty":       {func(w http.ResponseWriter, _ *http.Request) { reply(w, ``) }, "cut off"},
	"cut off": {func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"kind":"PodList","items":[%s,{"metadata"`, aPod)
	}, "cut off"},
	"cut off late": {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"PodList","items":[%s]`, aPod) }, "cut off"},
	"more behind":  {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"PodList","items":[%s]}{}`, aPod) }, "cut off"},
	"not objects":  {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"PodList","items":[1]}`) }, "cut off"},
	"no name":      {func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"kind":"PodList","items":[{}]}`) }, "has no name"},
	"large": {func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"kind":"PodList","items":[{"a":"%s"}]}`, strings.Repeat("a", 20<<20))
	}, "larger than any"},
	"deep": {func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"kind":"PodList","items":[{"a":%s}]}`, strings.Repeat("[", 5000))
	}, "list pods could not be read"},
	"same for ever": {func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"kind":"PodList","metadata":{"continue":"x"},"items":[]}`)
	}, "same page again"},
	"dropped": {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "could not be read"},
	"hangs":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "not answered in time"},
	"drips": {func(w http.ResponseWriter, r *http.Request) {
		reply(w, `{"kind":"PodList","items":[%s`, aPod)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, "not answered in time"},
}

// TestFaults proves that whatever goes wrong with the list of pods leaves that one open, with a reason in which nothing stands that
// the other side wrote, and everything else as it is.
func TestFaults(t *testing.T) {
	c := testcluster.Shared(t)
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/api/v1/pods" {
					return false
				}
				fault.answer(w, r)
				return true
			})
			r, stats := collect(t, cluster.Options{Config: through, Name: "c", Timeout: 3 * time.Second, Attempts: 2})
			if len(r.Partial) != 1 || len(r.Partial["Pod"]) != 1 || len(r.Gaps) != 1 {
				t.Fatalf("partial %v, gaps %v", r.Partial, r.Gaps)
			}
			if why := r.Partial["Pod"][0].Why; !strings.Contains(why, fault.want) || strings.Contains(why, "secret") {
				t.Errorf("got %q, want %q", why, fault.want)
			}
			if stats.Failed == 0 && name != "no name" && name != "same for ever" {
				t.Error("no call is counted as not answered")
			}
		})
	}
}

const clusterRoles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"

// TestPages proves that each object of a long list comes once: over its pages, though each is refused first, and though the cluster
// forgets once where it was. The API has some seventy ClusterRoles by itself, of which the proxy has it show ten at a time.
func TestPages(t *testing.T) {
	c := testcluster.Shared(t)
	whole, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	var pages, forgotten int
	refused := map[string]bool{}
	through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != clusterRoles {
			return false
		}
		query := r.URL.Query()
		next := query.Get("continue")
		if !refused[next] {
			refused[next] = true
			status(w, 503, "ServiceUnavailable")
			return true
		}
		if pages++; pages == 4 {
			forgotten++
			status(w, 410, "Expired")
			return true
		}
		query.Set("limit", "10")
		r.URL.RawQuery = query.Encode()
		return false
	})
	r, stats := collect(t, cluster.Options{Config: through, Name: "c"})
	if got, want := typed(r, "ClusterRole."), typed(whole, "ClusterRole."); !slices.Equal(got, want) || len(got) < 50 || len(r.Gaps) > 0 {
		t.Errorf("%d of %d roles, gaps %v", len(got), len(want), r.Gaps)
	}
	if stats.Blocks != len(r.Blocks) || forgotten != 1 {
		t.Errorf("%d blocks were handed on for %d, forgotten %d times", stats.Blocks, len(r.Blocks), forgotten)
	}
}

// typed lists the addresses of the blocks whose type begins so.
func typed(r source.Reading, prefix string) []string {
	var all []string
	for _, b := range r.Blocks {
		if strings.HasPrefix(b.Type, prefix) {
			all = append(all, b.Address)
		}
	}
	return all
}

type gap = resource.Gap

// TestDiscovery proves what follows if the cluster does not say what it serves: what it serves anyway is read, what it may serve is
// open, and that is told.
func TestDiscovery(t *testing.T) {
	c := testcluster.Shared(t)
	deny := func(path string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == path {
				status(w, 403, "Forbidden")
			}
			return r.URL.Path == path
		}
	}
	whole, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	for path, open := range map[string]string{"/api": "", "/apis": "CiliumNetworkPolicy.cilium.io"} {
		r, _ := collect(t, cluster.Options{Config: front(t, c, deny(path)), Name: "c"})
		if len(typed(r, "")) != len(typed(whole, "")) {
			t.Errorf("%s: %d blocks of %d", path, len(r.Blocks), len(whole.Blocks))
		}
		if len(r.Partial["Pod"])+len(r.Partial["Deployment.apps"]) > 0 || open != "" && len(r.Partial[open]) == 0 || open == "" && len(r.Partial) > 0 {
			t.Errorf("%s: partial %v", path, r.Partial)
		}
		at := slices.IndexFunc(r.Gaps, func(g gap) bool { return g.What == "groups under "+path && g.Grant == "get "+path })
		if at < 0 || !the(t, r, "kubernetes.cluster", "Cluster/c").Body.Field("groups").IsOpen() {
			t.Errorf("%s: gaps %v", path, r.Gaps)
		}
	}
}

// TestEmptyDiscovery proves that a cluster that seems to serve nothing is not taken for one that holds nothing.
func TestEmptyDiscovery(t *testing.T) {
	c := testcluster.Shared(t)
	through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
		if nothing := r.URL.Path == "/api" || r.URL.Path == "/apis"; nothing {
			reply(w, `{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]}`)
			return true
		}
		return false
	})
	whole, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	r, _ := collect(t, cluster.Options{Config: through, Name: "c"})
	if got, want := typed(r, ""), typed(whole, ""); !slices.Equal(got, want) || len(r.Gaps) < 2 || len(r.Partial["Gateway.gateway.networking.k8s.io"]) == 0 {
		t.Errorf("%d blocks of %d, gaps %v", len(got), len(want), r.Gaps)
	}
}

// TestOlderDiscovery proves that a server that tells what it serves piece by piece is read the same.
func TestOlderDiscovery(t *testing.T) {
	c := testcluster.Shared(t)
	older := func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/api") && strings.Contains(r.Header.Get("Accept"), "Discovery") {
			r.Header.Set("Accept", "application/json")
		}
		if r.URL.Path == "/apis/batch/v1" {
			status(w, 500, "InternalError")
			return true
		}
		return false
	}
	whole, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	r, _ := collect(t, cluster.Options{Config: front(t, c, older), Name: "c"})
	if got, want := typed(r, ""), typed(whole, ""); !slices.Equal(got, want) || len(r.Partial) > 0 {
		t.Errorf("%d blocks of %d, partial %v", len(got), len(want), r.Partial)
	}
	if len(r.Gaps) != 1 || r.Gaps[0].What != "v1.batch" || r.Gaps[0].Kind != "kubernetes.cluster" {
		t.Errorf("gaps %v", r.Gaps)
	}
}

// TestAggregated proves that a server that the API should hand questions on to, and that does not answer, is told as a gap and keeps
// nothing else from being read.
func TestAggregated(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	c.Apply(t, `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.policy.example.org}
spec: {group: policy.example.org, version: v1, groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true,
  service: {name: nobody, namespace: default}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v2.cilium.io}
spec: {group: cilium.io, version: v2, groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true,
  service: {name: nobody, namespace: default}}
`)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until the API knows that nobody is there
		r, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
		has := func(what string) bool { return slices.ContainsFunc(r.Gaps, func(g gap) bool { return g.What == what }) }
		if has("v1.policy.example.org") && has("v2.cilium.io") && len(r.Partial) == 2 && len(r.Partial["CiliumNetworkPolicy.cilium.io"]) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("gaps %v, partial %v", r.Gaps, r.Partial)
		}
	}
}

// TestResume proves that a snapshot holds what was read, and that going on with it asks for nothing but what was not answered.
func TestResume(t *testing.T) {
	c := testcluster.Shared(t)
	estate(t, c, "kept")
	var broken atomic.Bool
	broken.Store(true)
	through := front(t, c, func(w http.ResponseWriter, r *http.Request) bool {
		if down := broken.Load() && r.URL.Path == "/apis/apps/v1/deployments"; down {
			status(w, 500, "InternalError")
			return true
		}
		return false
	})
	path := filepath.Join(t.TempDir(), "snapshot")
	file, err := snapshot.Create(path, snapshot.Head{Begun: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	keep := func(o cluster.Options) source.Stats {
		o.Config, o.Name, o.Backoff = through, "c", time.Millisecond
		stats, err := cluster.Collect(t.Context(), o, file)
		if err = errors.Join(err, file.Seal()); err != nil {
			t.Fatal(err)
		}
		return stats
	}
	keep(cluster.Options{})
	broken.Store(false)
	file, have, err := snapshot.Resume(path)
	if err != nil {
		t.Fatal(err)
	}
	stats := keep(cluster.Options{Have: have})
	if stats.Calls["deployments.apps:list"] != 1 || stats.Calls["pods:list"] != 0 {
		t.Errorf("calls %v", stats.Calls)
	}
	kept := open(t, path)
	whole, _ := collect(t, cluster.Options{Config: c.Admin(t), Name: "c"})
	if got, want := typed(kept, ""), typed(whole, ""); !slices.Equal(got, want) || len(kept.Gaps) > 0 || kept.Unasked["Secret"].Why == "" {
		t.Errorf("%d blocks of %d, gaps %v", len(got), len(want), kept.Gaps)
	}
}

// TestStop proves that a run that is stopped ends at once, and that a sink that can take no more stops it.
func TestStop(t *testing.T) {
	c := testcluster.Shared(t)
	ctx, stop := context.WithCancel(t.Context())
	through := front(t, c, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/pods" {
			stop()
			<-r.Context().Done()
			return true
		}
		return false
	})
	if _, err := cluster.Collect(ctx, cluster.Options{Config: through}, &source.Gathered{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := cluster.Collect(t.Context(), cluster.Options{Config: c.Admin(t)}, &full{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

// full is a sink that can take no more.
type full struct{ source.Gathered }

var errFull = errors.New("the disk is full")

func (f *full) Block(source.Part, resource.Block) error { return errFull }

// open reads a snapshot of one cluster.
func open(t *testing.T, path string) source.Reading {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	kept, err := snapshot.Read(file)
	if err != nil || !kept.Sealed || len(kept.Readings) != 1 {
		t.Fatalf("read the snapshot: %v", err)
	}
	return kept.Readings[0]
}
