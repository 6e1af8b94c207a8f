//go:build linux

package node

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/guard"
)

const policy = `
version: 1
author: Grace Hopper
limit: {per_round: 5, per_hour: 10}
max_advisory_age: 7d
rules:
  - id: no-known-hole-in-openssl
    check: kubernetes.workload.images-have-no-forbidden-vulnerability
    params: {packages: [openssl], advisories: [CVE-2026-84782, CVE-2014-0160]}
    action: scale
    grace: 0s
`

// guarded proves that the guard stops the one workload, wholly, leaves the other alone, and brings the first back.
func (n *node) guarded(t *testing.T, advisories string) {
	file, approval, dir := n.write(t, "guard.yaml", policy), filepath.Join(t.TempDir(), "approval.json"), filepath.Join(t.TempDir(), "guard")
	as := n.Kubeconfig(t, n.Admin(t))
	before := n.running(t, "portal")
	if got := n.running(t, "records"); len(got) == 0 {
		t.Fatal("the vulnerable container does not run")
	}
	look := []string{"--kubeconfig", as, "--policy", file, "--images", "--vulndb", advisories, "--quiet"}

	plan := ward(t, 3, append([]string{"guard", "plan"}, look...)...)
	if !strings.Contains(plan, "Deployment/clinic/records") || strings.Contains(plan, "Deployment/clinic/portal") {
		t.Errorf("the plan is not about the one workload:\n%s", plan)
	}
	if len(n.running(t, "records")) == 0 || *n.deployment(t, "records").Spec.Replicas != 1 {
		t.Fatal("a plan has changed something")
	}
	ward(t, 0, "guard", "approve", "--policy", file, "--by", "Ada Lovelace", "--reason", "ticket 4711", "--file", approval)

	run := append([]string{"guard", "run", "--once", "--approval", approval, "--journal", dir}, look...)
	ward(t, 0, run...)
	n.await(t, "the vulnerable containers to be gone", func() (string, error) {
		left, err := n.containers("records")
		if len(left) > 0 {
			return fmt.Sprintf("containerd has %v", left), err
		}
		pods, err := n.pods(t.Context(), "records")
		if len(pods) > 0 {
			return "it has pods", err
		}
		return "", err
	})
	if got := *n.deployment(t, "records").Spec.Replicas; got != 0 {
		t.Errorf("%d replicas are wanted of what was stopped", got)
	}
	ward(t, 0, run...) // nothing is left to do
	if now := n.running(t, "portal"); !slices.Equal(now, before) {
		t.Errorf("the fixed containers ran as %v, and run as %v", before, now)
	}

	ward(t, 0, "guard", "undo", n.act(t, dir), "--journal", dir, "--kubeconfig", as, "--by", "Ada Lovelace")
	n.runs(t, "records", "OpenSSL ")
	ward(t, 3, run...) // which it may for now
	if got := *n.deployment(t, "records").Spec.Replicas; got != 1 {
		t.Errorf("%d replicas are wanted of what was brought back", got)
	}
	ward(t, 0, "guard", "journal", dir, "--verify")
}

// running lists the tasks that run in containers of a Deployment, by container and process.
func (n *node) running(t *testing.T, deployment string) []string {
	t.Helper()
	all, err := n.containers(deployment)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := n.ctr("tasks", "list")
	if err != nil {
		t.Fatal(err)
	}
	var running []string
	for line := range strings.Lines(tasks) {
		task := strings.Fields(line)
		if len(task) == 3 && task[2] == "RUNNING" && slices.Contains(all, task[0]) {
			running = append(running, task[0]+" "+task[1])
		}
	}
	return running
}

// act is the id of the one act in a journal.
func (n *node) act(t *testing.T, dir string) string {
	t.Helper()
	found := map[string]bool{}
	for line := range strings.Lines(ward(t, 0, "guard", "journal", dir, "-o", "json")) {
		var r guard.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Type == guard.RecordOutcome && r.Result == guard.ResultDone {
			found[r.ID] = true
		}
	}
	if len(found) != 1 {
		t.Fatalf("the journal holds the acts %v", found)
	}
	for id := range found {
		return id
	}
	return ""
}
