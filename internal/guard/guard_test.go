package guard_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/guard"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/cluster"
	"ward.dev/ward/internal/source/cluster/mirror"
	"ward.dev/ward/internal/testcluster"
)

func TestMain(m *testing.M) { os.Exit(testcluster.Main(m)) }

const privileged = "kubernetes.workload.containers-are-not-privileged"

// knowledge is the catalog with the checks of workloads.
var knowledge = sync.OnceValues(func() (*catalog.Catalog, error) {
	c, err := catalog.Open(builtin.Files)
	if err == nil {
		err = c.LoadChecks(func(kind string) bool { return kind == guard.Workload })
	}
	if err == nil {
		err = c.Link(c.Frameworks[0])
	}
	return c, err
})

// site is a namespace of a cluster, with a policy for it.
type site struct {
	t         *testing.T
	cluster   *testcluster.Cluster
	namespace string
	client    *kubernetes.Clientset
	as        *rest.Config // whom the guard acts as
	policy    *guard.Policy
	dir       string // of the journal
}

// policyText says that in a namespace nothing privileged runs. more stands in its one rule, top above the rules.
func policyText(namespace, action, more, top string) string {
	return fmt.Sprintf("version: 1\nauthor: Ada Lovelace\n%s\nrules:\n  - id: privileged\n    check: %s\n    action: %s\n    where: {namespaces: %s}\n%s",
		top, privileged, action, namespace, more)
}

func newSite(t *testing.T, namespace, policy string, labels ...string) *site {
	t.Helper()
	c := testcluster.Shared(t)
	c.Namespace(t, namespace, labels...)
	client, err := kubernetes.NewForConfig(c.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, cluster: c, namespace: namespace, client: client, as: c.Admin(t), dir: filepath.Join(t.TempDir(), "journal")}
	s.adopt(policy)
	return s
}

func (s *site) adopt(policy string) {
	s.t.Helper()
	p, err := guard.ParsePolicy("guard.yaml", []byte(policy))
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := knowledge()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := p.Resolve(c); err != nil {
		s.t.Fatal(err)
	}
	s.policy = p
}

func (s *site) read() []source.Reading {
	s.t.Helper()
	var all source.Gathered
	if _, err := cluster.Collect(s.t.Context(), cluster.Options{Config: s.as, Name: "c", QPS: 1000}, &all); err != nil {
		s.t.Fatal(err)
	}
	return all.Readings()
}

// guard makes a guard that may act, with a journal of its own.
func (s *site) guard() *guard.Guard {
	s.t.Helper()
	c, err := knowledge()
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := guard.Approve(s.policy, c.Digest, "Grace Hopper", "a test", time.Now(), guard.Duration(time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	j, err := guard.OpenJournal(s.dir, true)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { j.Close() })
	g, err := guard.New(s.as, guard.Guard{Policy: s.policy, Catalog: c, Framework: c.Frameworks[0], Home: "ward", Version: "test", Approval: a, Journal: j})
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

func (s *site) act(g *guard.Guard, readings []source.Reading) *guard.Round {
	s.t.Helper()
	r, err := g.Act(s.t.Context(), readings, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// undo undoes an act as a person does beside the guard that runs.
func (s *site) undo(id string) (guard.Record, error) {
	s.t.Helper()
	j, err := guard.OpenJournal(s.dir, false)
	if err != nil {
		s.t.Fatal(err)
	}
	defer j.Close()
	g, err := guard.New(s.as, guard.Guard{Journal: j})
	if err != nil {
		s.t.Fatal(err)
	}
	return g.Undo(s.t.Context(), s.dir, id, "Grace Hopper", guard.Duration(time.Hour), time.Now())
}

func (s *site) replicas(name string) int32 {
	s.t.Helper()
	d, err := s.client.AppsV1().Deployments(s.namespace).Get(s.t.Context(), name, meta.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return *d.Spec.Replicas
}

// is returns the item of an object.
func (s *site) is(r *guard.Round, object string) guard.Item {
	s.t.Helper()
	for _, i := range r.Items {
		if i.Object.String() == object {
			return i
		}
	}
	s.t.Fatalf("no item of %s among %d", object, len(r.Items))
	return guard.Item{}
}

func (s *site) wants(r *guard.Round, kindName string, state guard.State, detail string) guard.Item {
	s.t.Helper()
	kind, name, _ := strings.Cut(kindName, "/")
	i := s.is(r, kind+"/"+s.namespace+"/"+name)
	if i.State != state || !strings.Contains(i.Detail, detail) {
		s.t.Errorf("%s is %q (%s), want %q (%s)", kindName, i.State, i.Detail, state, detail)
	}
	return i
}

// workloads are a Deployment, a pod by itself and others, each privileged or not.
func deployment(namespace, name string, privileged bool, replicas int) string {
	return fmt.Sprintf(`---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[2]s, namespace: %[1]s}
spec:
  replicas: %[4]d
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec: {containers: [{name: c, image: "nginx:1.29", securityContext: {privileged: %[3]t}}]}
`, namespace, name, privileged, replicas)
}

func pod(namespace, name, more string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Pod
metadata: {name: %[2]s, namespace: %[1]s, labels: {app: %[2]s}}
spec: {containers: [{name: c, image: "nginx:1.29", securityContext: {privileged: true}%[3]s}]}
`, namespace, name, more)
}

// TestPlan proves that a plan tells what the API would do, and that nothing is changed by it.
func TestPlan(t *testing.T) {
	s := newSite(t, "planned", policyText("planned", "[scale, evict]", "", ""))
	s.cluster.Apply(t, deployment("planned", "bad", true, 3)+deployment("planned", "good", false, 2)+pod("planned", "lone", ""))
	state := func() string {
		list, err := s.client.AppsV1().Deployments("planned").List(t.Context(), meta.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		pods, err := s.client.CoreV1().Pods("planned").List(t.Context(), meta.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		events, err := s.client.CoreV1().Events("planned").List(t.Context(), meta.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, one := range list.Items {
			all = append(all, one.Name, one.ResourceVersion)
		}
		for _, one := range pods.Items {
			all = append(all, one.Name, one.ResourceVersion)
		}
		return fmt.Sprint(all, len(events.Items))
	}
	before := state()
	r, err := s.guard().Plan(t.Context(), s.read(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	bad := s.wants(r, "Deployment/bad", guard.Planned, "3 replicas to 0")
	s.wants(r, "Pod/lone", guard.Planned, "evicted")
	if len(r.Items) != 2 || !r.DryRun || r.Passed != 1 || len(bad.Why) == 0 || !strings.Contains(strings.Join(bad.Why, " "), "privileged is true") {
		t.Errorf("%+v", r)
	}
	if after := state(); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

// TestChanged proves that what is not as it was judged is left alone.
func TestChanged(t *testing.T) {
	s := newSite(t, "changed", policyText("changed", "scale", "", ""))
	s.cluster.Apply(t, deployment("changed", "bad", true, 3))
	g, before := s.guard(), s.read()
	s.cluster.Apply(t, deployment("changed", "bad", false, 3))
	s.wants(s.act(g, before), "Deployment/bad", guard.Changed, "judged anew")
	if err := s.client.AppsV1().Deployments("changed").Delete(t.Context(), "bad", meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.wants(s.act(g, before), "Deployment/bad", guard.Changed, "gone")
	if records, _, err := guard.Verify(s.dir); err != nil || len(records) > 0 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// TestUnknown proves that nothing is done about what is not known: an image that nobody looked at, and PHI of which nobody says.
func TestUnknown(t *testing.T) {
	s := newSite(t, "unknown", strings.Replace(policyText("unknown", "scale", "", ""), privileged, "kubernetes.workload.images-have-no-forbidden-vulnerability", 1))
	s.cluster.Apply(t, deployment("unknown", "portal", true, 3))
	s.wants(s.act(s.guard(), s.read()), "Deployment/portal", guard.Unknown, "")
	s.dir += "2"
	s.adopt(strings.Replace(policyText("unknown", "scale", "", ""), "{namespaces: unknown}", "{namespaces: unknown, phi: true}", 1))
	if i := s.wants(s.act(s.guard(), s.read()), "Deployment/portal", guard.Unknown, ""); !strings.Contains(i.Why[0], "PHI is not known") {
		t.Errorf("why: %q", i.Why)
	}
	if s.replicas("portal") != 3 {
		t.Error("it was scaled")
	}
	s.dir += "3"
	s.adopt(strings.Replace(policyText("unknown", "scale", "", "phi: {names: [portal]}"), "{namespaces: unknown}", "{namespaces: unknown, phi: true}", 1))
	s.wants(s.act(s.guard(), s.read()), "Deployment/portal", guard.Done, "")
}

// TestProtected proves that the namespaces of Kubernetes, of Ward and of the policy are left alone.
func TestProtected(t *testing.T) {
	s := newSite(t, "ward", "version: 1\nauthor: Ada\nprotected: saved*\nrules: [{id: a, check: "+privileged+", action: evict, where: {except: Pod/excepted/*}}]")
	for _, one := range []string{"saved-one", "excepted"} {
		s.cluster.Namespace(t, one)
		s.cluster.Apply(t, pod(one, "protected-pod", ""))
	}
	s.cluster.Apply(t, pod("kube-system", "protected-pod", "")+pod("ward", "protected-pod", ""))
	r, err := s.guard().Plan(t.Context(), s.read(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, i := range r.Items {
		if i.Object.Name == "protected-pod" {
			if seen++; i.State != guard.Protected {
				t.Errorf("%s is %s", i.Object, i.State)
			}
		}
	}
	if seen != 3 {
		t.Errorf("%d of 3, and one is excepted", seen)
	}
}

// TestLimits proves that nothing is done if there is more to do than the policy allows.
func TestLimits(t *testing.T) {
	s := newSite(t, "limited", policyText("limited", "scale", "", "limit: {per_round: 1, per_hour: 1}"))
	s.cluster.Apply(t, deployment("limited", "one", true, 1)+deployment("limited", "two", true, 1))
	r := s.act(s.guard(), s.read())
	s.wants(r, "Deployment/one", guard.Stopped, "")
	if !strings.Contains(r.Storm, "2 acts are due, and the policy allows 1 at once") || s.replicas("one")+s.replicas("two") != 2 {
		t.Errorf("storm %q", r.Storm)
	}
	s.cluster.Apply(t, deployment("limited", "one", false, 1))
	s.dir += "2"
	g := s.guard()
	s.wants(s.act(g, s.read()), "Deployment/two", guard.Done, "")
	s.cluster.Apply(t, deployment("limited", "one", true, 1))
	if r := s.act(g, s.read()); !strings.Contains(r.Storm, "1 were done within an hour") {
		t.Errorf("storm %q", r.Storm)
	}
}

// TestGrace proves that a rule waits, across runs, until what breaks it has done so for long enough.
func TestGrace(t *testing.T) {
	s := newSite(t, "graced", policyText("graced", "scale", "    grace: 10m", ""))
	s.cluster.Apply(t, deployment("graced", "bad", true, 1))
	g := s.guard()
	plan, err := g.Plan(t.Context(), s.read(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.wants(plan, "Deployment/bad", guard.Planned, "1 replicas to 0, once it has failed for 10m")
	s.wants(s.act(g, s.read()), "Deployment/bad", guard.Waiting, "the rule waits 10m")
	later, err := g.Act(t.Context(), s.read(), time.Now().Add(9*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	s.wants(later, "Deployment/bad", guard.Waiting, "")
	s.cluster.Apply(t, deployment("graced", "bad", false, 1))
	if _, err := g.Act(t.Context(), s.read(), time.Now().Add(9*time.Minute)); err != nil {
		t.Fatal(err)
	}
	s.cluster.Apply(t, deployment("graced", "bad", true, 1))
	again := time.Now().Add(11 * time.Minute)
	if later, err = g.Act(t.Context(), s.read(), again); err != nil {
		t.Fatal(err)
	}
	s.wants(later, "Deployment/bad", guard.Waiting, "")
	if later, err = g.Act(t.Context(), s.read(), again.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	s.wants(later, "Deployment/bad", guard.Done, "")
}

// TestNoJournal proves that there is no act if it cannot be written down.
func TestNoJournal(t *testing.T) {
	s := newSite(t, "unwritten", policyText("unwritten", "scale", "", ""))
	s.cluster.Apply(t, deployment("unwritten", "bad", true, 3))
	g := s.guard()
	g.Journal.Close()
	if _, err := g.Act(t.Context(), s.read(), time.Now()); err == nil {
		t.Error("no error")
	}
	if s.replicas("bad") != 3 {
		t.Error("it was scaled")
	}
	if _, err := guard.OpenJournal("/dev/null/journal", true); err == nil {
		t.Error("a journal was opened where none can be")
	}
}

// TestDenied proves that an act that is denied is recorded, with what to grant, and that the others are done.
func TestDenied(t *testing.T) {
	s := newSite(t, "denied", policyText("denied", "[scale, evict]", "", ""))
	s.cluster.Apply(t, deployment("denied", "bad", true, 3)+pod("denied", "lone", ""))
	rules, err := guard.Rules([]string{"evict"})
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := cluster.Rules(cluster.Options{Watch: true})
	s.as = s.cluster.Reader(t, "guard-evict", append(all, rules...)...)
	r := s.act(s.guard(), s.read())
	s.wants(r, "Deployment/bad", guard.Failed, "grant: patch deployments/scale")
	s.wants(r, "Pod/lone", guard.Done, "evicted")
	records, _, err := guard.Verify(s.dir)
	if err != nil || len(records) != 4 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, one := range records {
		switch {
		case one.Act == "scale" && one.Type == guard.RecordOutcome && one.Result != guard.ResultNothing:
			t.Errorf("%+v", one)
		case one.Act == "evict" && one.Type == guard.RecordOutcome && !strings.Contains(one.Event, "grant: create events"):
			t.Errorf("%+v", one)
		}
	}
	if s.replicas("bad") != 3 {
		t.Error("it was scaled")
	}
}

// TestLeastRights proves that the rights that are printed for a guard are enough for what it does, undoing included.
func TestLeastRights(t *testing.T) {
	s := newSite(t, "least", policyText("least", "[isolate, scale, evict]", "", ""))
	s.cluster.Apply(t, deployment("least", "bad", true, 3)+pod("least", "lone", ""))
	rules, err := guard.Rules(guard.Powers())
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := cluster.Rules(cluster.Options{Watch: true})
	s.as = s.cluster.Reader(t, "guard-all", append(all, rules...)...)
	r := s.act(s.guard(), s.read())
	for _, name := range []string{"Deployment/bad", "Pod/lone"} {
		if _, err := s.undo(s.wants(r, name, guard.Done, "allows no traffic").Record); err != nil {
			t.Error(err)
		}
	}
	s.dir += "2"
	s.adopt(policyText("least", "[scale, evict]", "", ""))
	r = s.act(s.guard(), s.read())
	for _, name := range []string{"Deployment/bad", "Pod/lone"} {
		if _, err := s.undo(s.wants(r, name, guard.Done, "").Record); err != nil {
			t.Error(err)
		}
	}
	records, _, err := guard.Verify(s.dir)
	for _, one := range records {
		if one.Event != "" {
			t.Errorf("%s: %s", one.Act, one.Event)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestWatch proves that what breaks the policy is stopped as it appears.
func TestWatch(t *testing.T) {
	s := newSite(t, "watched", policyText("watched", "scale", "", ""))
	ctx, stop := context.WithCancel(t.Context())
	m, err := mirror.Start(ctx, mirror.Options{Cluster: cluster.Options{Config: s.as, QPS: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stopped)
	t.Cleanup(stop)
	if err := m.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	g := s.guard()
	ended := make(chan error, 1)
	done := make(chan time.Time, 1)
	go func() {
		ended <- g.Watch(ctx, guard.Watching{Changes: m.Changes(), Pause: 10 * time.Millisecond,
			Read: func(context.Context) ([]source.Reading, error) { return []source.Reading{m.Reading()}, nil },
			Tell: func(r *guard.Round, err error) {
				if err != nil {
					t.Error(err)
				} else if r.Count(guard.Done) == 1 {
					done <- time.Now()
				}
			}})
	}()
	s.cluster.Apply(t, deployment("watched", "good", false, 2))
	begun := time.Now()
	s.cluster.Apply(t, deployment("watched", "bad", true, 2))
	select {
	case at := <-done:
		t.Logf("stopped after %v", at.Sub(begun))
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("it runs on")
	}
	if s.replicas("bad") != 0 || s.replicas("good") != 2 {
		t.Errorf("bad has %d replicas, good %d", s.replicas("bad"), s.replicas("good"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func (s *site) uid(name string) string {
	s.t.Helper()
	d, err := s.client.AppsV1().Deployments(s.namespace).Get(s.t.Context(), name, meta.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(d.UID)
}
