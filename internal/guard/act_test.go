package guard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/guard"
)

// TestScale proves that what breaks the policy is scaled to zero and what does not is left, that it is recorded, told on the object and
// undone, and that it is not repeated then.
func TestScale(t *testing.T) {
	s := newSite(t, "scaled", policyText("scaled", "scale", "", ""))
	s.cluster.Apply(t, deployment("scaled", "bad", true, 3)+deployment("scaled", "good", false, 2))
	g := s.guard()
	done := s.wants(s.act(g, s.read()), "Deployment/bad", guard.Done, "3 replicas to 0")
	if s.replicas("bad") != 0 || s.replicas("good") != 2 {
		t.Errorf("bad has %d replicas, good %d", s.replicas("bad"), s.replicas("good"))
	}
	bad, err := s.client.AppsV1().Deployments("scaled").Get(t.Context(), "bad", meta.GetOptions{})
	if err != nil || bad.Annotations["ward.dev/replicas-before"] != "3" {
		t.Errorf("annotations %v, %v", bad.Annotations, err)
	}
	events, err := s.client.CoreV1().Events("scaled").List(t.Context(), meta.ListOptions{})
	if err != nil || len(events.Items) != 1 || events.Items[0].InvolvedObject.Name != "bad" || !strings.Contains(events.Items[0].Message, privileged) {
		t.Errorf("events %+v, %v", events.Items, err)
	}
	records, head, err := guard.Verify(s.dir)
	if err != nil || len(records) != 2 || records[0].Type != guard.RecordIntent || records[0].Before == nil || *records[0].Replicas != 3 ||
		records[1].Result != guard.ResultDone || records[1].After == nil || records[0].ApprovedBy != "Grace Hopper" || head == "" {
		t.Errorf("records %+v, %v", records, err)
	}
	s.wants(s.act(g, s.read()), "Deployment/bad", guard.Already, "no replicas")
	if _, err := s.undo("17"); err == nil {
		t.Error("there is no act 17")
	}
	if r, err := s.undo(done.Record); err != nil || r.Result != guard.ResultDone || s.replicas("bad") != 3 {
		t.Errorf("undone %+v, %v; %d replicas", r, err, s.replicas("bad"))
	}
	s.wants(s.act(g, s.read()), "Deployment/bad", guard.Held, "the act "+done.Record+" was undone")
	if _, err := s.undo(done.Record); err == nil || !strings.Contains(err.Error(), "somebody has scaled it since") {
		t.Errorf("undone twice: %v", err)
	}
	if s.replicas("bad") != 3 {
		t.Error("it was scaled again")
	}
}

// TestSuspend proves that Jobs and CronJobs are suspended, and that what cannot be scaled is told.
func TestSuspend(t *testing.T) {
	s := newSite(t, "suspended", policyText("suspended", "scale", "", ""))
	const spec = `{containers: [{name: c, image: "nginx:1.29", securityContext: {privileged: true}}], restartPolicy: Never}`
	s.cluster.Apply(t, `
{apiVersion: batch/v1, kind: CronJob, metadata: {name: night, namespace: suspended}, spec: {schedule: "0 0 * * *", jobTemplate: {spec: {template: {spec: `+spec+`}}}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: now, namespace: suspended}, spec: {template: {spec: `+spec+`}}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: each, namespace: suspended}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},
  spec: {containers: [{name: c, image: "nginx:1.29", securityContext: {privileged: true}}]}}}}
`)
	g := s.guard()
	r := s.act(g, s.read())
	night := s.wants(r, "CronJob/night", guard.Done, "suspended")
	s.wants(r, "Job/now", guard.Done, "suspended")
	s.wants(r, "DaemonSet/each", guard.Refused, "a DaemonSet has no number of replicas")
	job, err := s.client.BatchV1().Jobs("suspended").Get(t.Context(), "now", meta.GetOptions{})
	if err != nil || !*job.Spec.Suspend {
		t.Errorf("the job goes on: %v", err)
	}
	if _, err := s.undo(night.Record); err != nil {
		t.Error(err)
	}
	again, err := s.client.BatchV1().CronJobs("suspended").Get(t.Context(), "night", meta.GetOptions{})
	if err != nil || *again.Spec.Suspend {
		t.Errorf("it is still suspended: %v", err)
	}
}

// TestEvict proves that a pod by itself is evicted and can be made anew, unless its record had to leave something out, that budgets are
// honoured, and that pods which come back are not evicted.
func TestEvict(t *testing.T) {
	s := newSite(t, "evicted", policyText("evicted", "evict", "", ""))
	s.cluster.Apply(t, pod("evicted", "lone", "")+pod("evicted", "secretive", `, env: [{name: DB_PASSWORD, value: hunter22hunter22}]`)+
		deployment("evicted", "many", true, 1)+pod("evicted", "kept", "")+`status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: kept, namespace: evicted}, spec: {minAvailable: 1, selector: {matchLabels: {app: kept}}}}
`)
	g := s.guard()
	r := s.act(g, s.read())
	lone := s.wants(r, "Pod/lone", guard.Done, "evicted")
	secretive := s.wants(r, "Pod/secretive", guard.Done, "evicted")
	s.wants(r, "Pod/kept", guard.Failed, "PodDisruptionBudget does not allow it")
	s.wants(r, "Deployment/many", guard.Refused, "come back")
	s.wants(s.act(g, s.read()), "Pod/kept", guard.Waiting, "tried again")
	if text, err := os.ReadFile(filepath.Join(s.dir, "journal.jsonl")); err != nil || strings.Contains(string(text), "hunter22") {
		t.Errorf("the journal holds a secret: %v", err)
	}
	if _, err := s.undo(lone.Record); err != nil {
		t.Error(err)
	}
	made, err := s.client.CoreV1().Pods("evicted").Get(t.Context(), "lone", meta.GetOptions{})
	if err != nil || string(made.UID) == lone.Object.UID || len(made.Spec.Volumes) > 1 {
		t.Errorf("made anew: %v, %v", made, err)
	}
	if _, err := s.undo(secretive.Record); err == nil || !strings.Contains(err.Error(), "from its manifest") {
		t.Errorf("undone without its secret: %v", err)
	}
}

// TestIsolate proves that a workload's pods, and no others, are cut off by a policy that can be taken away again, and that this is not
// done where another policy still allows something.
func TestIsolate(t *testing.T) {
	s := newSite(t, "isolated", policyText("isolated", "[isolate, scale]", "", ""))
	s.cluster.Apply(t, deployment("isolated", "bad", true, 1)+deployment("isolated", "reached", true, 1)+deployment("isolated", "twin", true, 1)+`
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: dns, namespace: isolated}, spec: {podSelector: {matchLabels: {app: reached}},
  egress: [{ports: [{port: 53, protocol: UDP}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: isolated}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}
`+strings.NewReplacer("selector: {matchLabels: {app: other}}", "selector: {matchLabels: {of: other}}",
		"metadata: {labels: {app: other}}", "metadata: {labels: {app: twin, of: other}}").Replace(deployment("isolated", "other", false, 1)))
	g := s.guard()
	r := s.act(g, s.read())
	bad := s.wants(r, "Deployment/bad", guard.Done, "allows no traffic")
	s.wants(r, "Deployment/reached", guard.Done, "1 replicas to 0")
	s.wants(r, "Deployment/twin", guard.Done, "1 replicas to 0")
	policies, err := s.client.NetworkingV1().NetworkPolicies("isolated").List(t.Context(), meta.ListOptions{LabelSelector: "ward.dev/guard=isolate"})
	if err != nil || len(policies.Items) != 1 {
		t.Fatalf("%d policies, %v", len(policies.Items), err)
	}
	made := policies.Items[0]
	if made.Spec.PodSelector.MatchLabels["app"] != "bad" || len(made.Spec.Ingress)+len(made.Spec.Egress) > 0 || len(made.Spec.PolicyTypes) != 2 ||
		made.Annotations["ward.dev/isolates"] != "Deployment/isolated/bad" || !strings.HasPrefix(made.Name, "ward-isolate-deployment-bad-") {
		t.Errorf("%+v", made)
	}
	s.wants(s.act(g, s.read()), "Deployment/bad", guard.Already, made.Name)
	if _, err := s.undo(bad.Record); err != nil {
		t.Error(err)
	}
	policies, err = s.client.NetworkingV1().NetworkPolicies("isolated").List(t.Context(), meta.ListOptions{})
	if err != nil || len(policies.Items) != 2 {
		t.Errorf("%d policies, %v", len(policies.Items), err)
	}
	s.adopt(policyText("isolated", "isolate", "", ""))
	plan, err := s.guard2().Plan(t.Context(), s.read(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.wants(plan, "Deployment/reached", guard.Refused, "isolation would not be complete: NetworkPolicy/isolated/dns binds its pods")
	s.wants(plan, "Deployment/twin", guard.Refused, "its labels are also those of Deployment/isolated/other")
}

// guard2 is a guard with another journal.
func (s *site) guard2() *guard.Guard {
	s.dir += "2"
	return s.guard()
}
