package activity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

func object(kind, version, name string, owner ...string) map[string]value.Value {
	metadata := map[string]value.Value{"name": value.String(name), "namespace": value.String("clinic")}
	if len(owner) == 3 {
		metadata["ownerReferences"] = value.List(value.Object(map[string]value.Value{"apiVersion": value.String(owner[0]), "kind": value.String(owner[1]),
			"name": value.String(owner[2]), "controller": value.Bool(true)}))
	}
	return map[string]value.Value{"apiVersion": value.String(version), "kind": value.String(kind), "metadata": value.Object(metadata)}
}

func block(t *testing.T, members map[string]value.Value) *resource.Block {
	t.Helper()
	b, err := manifest.Block(value.Object(members), manifest.Scope{Dialect: resource.Cluster, Target: "kubernetes:test", Cluster: "uid"})
	if err != nil {
		t.Fatal(err)
	}
	return &b
}

func pod(t *testing.T, name, container string, owner ...string) *resource.Block {
	members := object("Pod", "v1", name, owner...)
	members["status"] = value.Object(map[string]value.Value{"containerStatuses": value.List(value.Object(map[string]value.Value{
		"name": value.String("main"), "containerID": value.String("containerd://" + container)}))})
	return block(t, members)
}

var id = strings.Repeat("3ad7b26ded6d", 6)[:64]

// portal are a Deployment, its ReplicaSet and a pod of it.
func portal(t *testing.T) []*resource.Block {
	return []*resource.Block{
		block(t, object("Deployment", "apps/v1", "portal")),
		block(t, object("ReplicaSet", "apps/v1", "portal-7d4b9", "apps/v1", "Deployment", "portal")),
		pod(t, "portal-7d4b9-x2x5z", id, "apps/v1", "ReplicaSet", "portal-7d4b9"),
	}
}

// TestAttribute proves whose events are: by container, by pod, of what is gone, and honestly of what was never seen.
func TestAttribute(t *testing.T) {
	whole := portal(t)
	for name, test := range map[string]struct {
		seen [][]*resource.Block
		e    activity.Event
		want activity.Owner
		pod  string
	}{
		"by the container alone": {[][]*resource.Block{whole}, activity.Event{Container: id[:12]},
			activity.Owner{Workload: "Deployment/clinic/portal"}, "clinic/portal-7d4b9-x2x5z/main"},
		"by the pod alone": {[][]*resource.Block{whole}, activity.Event{Namespace: "clinic", Pod: "portal-7d4b9-x2x5z"},
			activity.Owner{Workload: "Deployment/clinic/portal"}, "clinic/portal-7d4b9-x2x5z/"},
		"a pod that is gone": {[][]*resource.Block{whole, whole[:2]}, activity.Event{Container: id[:12]},
			activity.Owner{Workload: "Deployment/clinic/portal"}, "clinic/portal-7d4b9-x2x5z/main"},
		"a Deployment that is gone before its pod": {[][]*resource.Block{whole, whole[2:]}, activity.Event{Container: id[:12]},
			activity.Owner{Workload: "Deployment/clinic/portal"}, "clinic/portal-7d4b9-x2x5z/main"},
		"a pod by itself": {[][]*resource.Block{{pod(t, "shell", id)}}, activity.Event{Container: id[:12]},
			activity.Owner{Workload: "Pod/clinic/shell"}, "clinic/shell/main"},
		"a ReplicaSet that may not be read": {[][]*resource.Block{whole[2:]}, activity.Event{Container: id[:12]},
			activity.Owner{Why: "ReplicaSet/clinic/portal-7d4b9, which made it, is gone or could not be read"}, "clinic/portal-7d4b9-x2x5z/main"},
		"a pod that was never seen": {[][]*resource.Block{whole}, activity.Event{Container: "ffffffffffff", Namespace: "clinic", Pod: "job-1"},
			activity.Owner{Why: "its pod was gone before the cluster showed it"}, "clinic/job-1/"},
		"a container that was never seen": {[][]*resource.Block{whole}, activity.Event{Container: "ffffffffffff"},
			activity.Owner{Why: "the cluster shows no container with its id"}, "//"},
		"a container of another pod than is named": {[][]*resource.Block{whole}, activity.Event{Container: id[:12], Namespace: "clinic", Pod: "records"},
			activity.Owner{Why: "the cluster has its container in another pod than the event names"}, "clinic/records/"},
		"the node":            {[][]*resource.Block{whole}, activity.Event{Host: "node-1"}, activity.Owner{}, "//"},
		"nothing seen so far": {nil, activity.Event{Container: id[:12]}, activity.Owner{Why: "the cluster shows no container with its id"}, "//"},
	} {
		t.Run(name, func(t *testing.T) {
			var pods activity.Pods
			for _, blocks := range test.seen {
				pods.See(blocks)
			}
			e := test.e
			if diff := cmp.Diff(test.want, pods.Attribute(&e)); diff != "" {
				t.Error(diff)
			}
			if got := e.Namespace + "/" + e.Pod + "/" + e.Name; got != test.pod {
				t.Errorf("its pod is %s, want %s", got, test.pod)
			}
		})
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// TestBlocks proves what an assessment is told: alerts by workload, rule and day, the nodes that were heard of, and why there may be more.
func TestBlocks(t *testing.T) {
	var r activity.Record
	add := func(e activity.Event, owner activity.Owner, count int) {
		e.Host, e.Namespace, e.Pod = "node-1", "clinic", "portal-7d4b9-x2x5z"
		r.Add(activity.Entry{Received: noon, Event: e, Owner: owner, Count: count})
	}
	deployment := activity.Owner{Workload: "Deployment/clinic/portal"}
	add(activity.Event{Time: noon.Add(-time.Hour), Rule: "Terminal shell in container", Priority: activity.Notice}, deployment, 1)
	add(activity.Event{Time: noon.Add(-time.Minute), Rule: "Terminal shell in container", Priority: activity.Warning}, deployment, 4)
	add(activity.Event{Time: noon.Add(-25 * time.Hour), Rule: "Terminal shell in container", Priority: activity.Notice}, deployment, 1)
	add(activity.Event{Time: noon.Add(time.Hour), Rule: "From the future!", Priority: activity.Notice}, activity.Owner{Why: "not seen"}, 1)
	r.Add(activity.Entry{Received: noon, Refused: 7})
	var live []resource.Block
	for _, b := range portal(t) {
		live = append(live, *b)
	}
	for n := range 5 {
		live = append(live, *block(t, object("Node", "v1", fmt.Sprintf("node-%d", n+1))))
		live[len(live)-1].Address = fmt.Sprintf("Node/node-%d", n+1)
	}
	blocks, doubts := r.Blocks("kubernetes:test", "uid", live, noon)
	var got []string
	for _, b := range blocks {
		count, _ := b.Body.Field("count").Data().(int64)
		last, _ := b.Body.Field("last").AsString()
		priority, _ := b.Body.Field("priority").AsString()
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %d", b.Address, last, priority, count)))
	}
	want := []string{
		"Activity/clinic/Deployment/portal/terminal-shell-in-container/2026-11-21 2026-11-21T11:00:00Z notice 1",
		"Activity/clinic/Deployment/portal/from-the-future/2026-11-22 2026-11-22T12:00:00Z notice 1",
		"Activity/clinic/Deployment/portal/terminal-shell-in-container/2026-11-22 2026-11-22T11:59:00Z warning 5",
		"ActivityWatch/node-1 2026-11-22T12:00:00Z  0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, part := range []string{"7 events were not taken", "nothing was heard of Falco on node-2, node-3, node-4 and 1 more for a day"} {
		if !strings.Contains(fmt.Sprint(doubts[activity.TypeAlert]), part) {
			t.Errorf("%q is not told: %v", part, doubts)
		}
	}
	if len(doubts[activity.TypeWatch]) > 0 {
		t.Errorf("the nodes that were heard of are known: %v", doubts)
	}
}

// TestManyAlerts proves that no more than a bounded number of alerts is told, and that the others are not kept quiet.
func TestManyAlerts(t *testing.T) {
	var r activity.Record
	for n := range activity.MaxAlerts + 5 {
		r.Add(activity.Entry{Received: noon, Count: 1, Event: activity.Event{Time: noon, Rule: fmt.Sprint("rule ", n)}})
	}
	blocks, doubts := r.Blocks("kubernetes:test", "uid", nil, noon)
	if len(blocks) != activity.MaxAlerts || !strings.Contains(fmt.Sprint(doubts[activity.TypeAlert]), "5 events of others") {
		t.Errorf("%d blocks, %v", len(blocks), doubts)
	}
}
