package guard_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/guard"
)

const good = `version: 1
author: Ada Lovelace
phi: {tags: {data: phi}}
protected: [monitoring, "*-system"]
limit: {per_round: 3, per_hour: 9}
max_advisory_age: 3d
rules:
  - id: heartbleed
    check: kubernetes.workload.images-have-no-forbidden-vulnerability
    params: {packages: [openssl], advisories: [CVE-2014-0160]}
    where: {namespaces: ["clinic-*"], phi: true, except: [Deployment/clinic-a/legacy]}
    action: [isolate, scale]
    grace: 10m
  - id: critical
    check: kubernetes.workload.*
    severity: critical
    action: scale
`

// TestPolicy proves that a policy is read, and that each fault in one is told with its line.
func TestPolicy(t *testing.T) {
	c, err := knowledge()
	if err != nil {
		t.Fatal(err)
	}
	p, err := guard.ParsePolicy("p.yaml", []byte(good))
	if err == nil {
		err = p.Resolve(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Checks(c)) < 2 || p.MaxAdvisoryAge.String() != "3d" || p.Rules[0].Grace.String() != "10m0s" {
		t.Errorf("%q, %s, %s", p.Checks(c), p.MaxAdvisoryAge, p.Rules[0].Grace)
	}
	for _, tt := range []struct{ from, to, want string }{
		{"version: 1", "version: 2", "version: 1 is wanted"},
		{"author: Ada Lovelace", "author: ' '", "who wrote the policy"},
		{"per_round: 3", "per_round: 0", "1 at least"},
		{"per_round: 3", "per_rond: 3", `p.yaml:5: unknown key "per_rond" (did you mean "per_round"?)`},
		{"max_advisory_age: 3d", "max_advisory_age: soon", "p.yaml:6: a time such as 10m"},
		{"id: critical", "id: heartbleed", "p.yaml:14: another rule is called heartbleed"},
		{"action: scale", "action: scales", `there is no action "scales" (did you mean "scale"?)`},
		{"severity: critical", "severity: grave", `there is no severity "grave"`},
		{`["clinic-*"]`, "[kube-system]", "is left alone always"},
		{"images-have-no-forbidden-vulnerability", "images-have-no-forbidden-vulnerabilities", "did you mean"},
		{"advisories: [CVE-2014-0160]", "advisory: [CVE-2014-0160]", "p.yaml:8: rule heartbleed:"},
		{"    severity: critical", "    params: {a: b}", "params are of one check"},
		{"check: kubernetes.workload.*", "check: kubernetes.service.*", "no check of workloads"},
		{"action: [isolate, scale]", "action: []", "action is wanted"},
	} {
		text := strings.Replace(good, tt.from, tt.to, 1)
		p, err := guard.ParsePolicy("p.yaml", []byte(text))
		if err == nil {
			err = p.Resolve(c)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.to, err, tt.want)
		}
	}
}

// TestApproval proves that only what somebody else approved is approved: this policy, by this catalog, for this time.
func TestApproval(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p, err := guard.ParsePolicy("p.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Approve(p, "c", " ada  lovelace", "because", now, guard.Duration(time.Hour)); !errors.Is(err, guard.ErrNotApproved) {
		t.Errorf("the author approves: %v", err)
	}
	if _, err := guard.Approve(p, "c", "Grace Hopper", " ", now, guard.Duration(time.Hour)); err == nil {
		t.Error("without a reason")
	}
	a, err := guard.Approve(p, "c", "Grace Hopper", "because", now, guard.Duration(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.json")
	var out bytes.Buffer
	if err := a.Write(&out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err = guard.ReadApproval(file); err != nil || a.Holds(p, "c", now.Add(59*time.Minute)) != nil {
		t.Errorf("read back: %+v, %v", a, err)
	}
	other, err := guard.ParsePolicy("p.yaml", []byte(good+"# more\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"ended": a.Holds(p, "c", now.Add(time.Hour)), "future": a.Holds(p, "c", now.Add(-time.Hour)),
		"catalog": a.Holds(p, "d", now), "policy": a.Holds(other, "c", now)} {
		if !errors.Is(err, guard.ErrNotApproved) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzPolicy proves that no text makes the reader of policies fail in another way than with an error.
func FuzzPolicy(f *testing.F) {
	f.Add(good)
	f.Add("version: 1\nrules: [{id: a, check: [b], action: {c: d}, grace: 1d}]")
	f.Add("rules: [null]\nphi: {none: {kinds: ['']}}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := guard.ParsePolicy("p.yaml", []byte(text))
		if err == nil && (p.Author == "" || len(p.Rules) == 0 || p.Limit.PerRound < 1) {
			t.Errorf("accepted: %q", text)
		}
	})
}
