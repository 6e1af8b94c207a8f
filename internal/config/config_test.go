package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, Name)
}

const whole = `estate: Riverside Clinic
framework: hipaa-security-rule
include: [decisions/exceptions.yaml]
phi:
  default: unknown
  tags: {data: [phi, ephi], patient: "*"}
  names: ["*patient*"]
  paths: [clinical/**]
  kinds: [aws.rds.*]
  none:
    names: ["*website*"]
params:
  aws.rds.instance.retains-backups: {days: 35}
params_for:
  - resources: {address: module.archive.*}
    params: {aws.rds.instance.retains-backups: {days: 7}}
vars: {environment: production, replicas: 3}
var_files: [production.tfvars]
parameters: {Stage: prod}
attestations:
  - {id: risk-analysis, answer: yes, owner: Ada, document: docs/risk.pdf, reviewed: 2026-01-10}
alternatives:
  - {citation: 164.312(a)(2)(iii), measure: Locked rooms., reason: No screens., document: d.pdf, owner: Ada, approver: Bob, reviewed: 2026-02-01}
baseline: baseline.json
`

const exceptions = `exceptions:
  - id: EX-1
    checks: aws.s3.bucket.*
    resources: {address: module.logs.*, tags: {stage: [dev, test]}}
    owner: Ada
    reason: It holds no PHI.
    approver: Bob
    approved: 2026-01-01
    expires: 2026-12-31
    measure: The bucket is emptied daily.
`

func TestLoad(t *testing.T) {
	path := write(t, map[string]string{Name: whole, "decisions/exceptions.yaml": exceptions})
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	at := Place{filepath.Join(filepath.Dir(path), "decisions", "exceptions.yaml"), 2}
	date := func(y int, m time.Month, d int) Date { return NewDate(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) }
	want := []Exception{{ID: "EX-1", Checks: Patterns{"aws.s3.bucket.*"}, Owner: "Ada", Reason: "It holds no PHI.", Approver: "Bob",
		Resources: Selector{Address: "module.logs.*", Tags: c.Exceptions[0].Resources.Tags},
		Approved:  date(2026, 1, 1), Expires: date(2026, 12, 31), Measure: "The bucket is emptied daily.", Place: at}}
	if diff := cmp.Diff(want, c.Exceptions, cmp.Comparer(func(a, b Date) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	got := []any{c.Estate, c.Framework, c.Baseline, c.Vars["replicas"], c.Parameters["Stage"], len(c.PHI.Tags["data"]), string(c.PHI.None.Names[0]),
		c.Params[0].Check, c.Params[0].Values["days"].Data(), c.Params[0].Line, string(c.ParamsFor[0].Resources.Address), c.ParamsFor[0].Params[0].Line,
		c.Attestations[0].Answer, c.Attestations[0].Reviewed.String(), c.Alternatives[0].Citation, c.Path("x/y") == filepath.Join(filepath.Dir(path), "x", "y")}
	if diff := cmp.Diff([]any{"Riverside Clinic", "hipaa-security-rule", "baseline.json", "3", "prod", 2, "*website*",
		"aws.rds.instance.retains-backups", int64(35), 13, "module.archive.*", 16, "yes", "2026-01-10", "164.312(a)(2)(iii)", true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNothing(t *testing.T) {
	for name, path := range map[string]string{"no file": "", "an empty file": write(t, map[string]string{Name: " \n"})} {
		c, err := Load(path)
		if err != nil || c.Estate != "" || len(c.Exceptions) != 0 {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "no.yaml")); err == nil {
		t.Error("a file that is named and not there is an error")
	}
}

// Every fault is located, and all come at once.
func TestFaults(t *testing.T) {
	exception := func(change ...string) string { return strings.NewReplacer(change...).Replace(exceptions) }
	tests := []struct {
		name, text string
		want       []string
	}{
		{"an unknown key", "estat: x\n", []string{`ward.yaml:1: unknown key "estat" (did you mean "estate"?)`}},
		{"an unknown key of an exception", exception("owner:", "ower:"), []string{`ward.yaml:5: unknown key "ower" (did you mean "owner"?)`}},
		{"a date that is none", exception("2026-12-31", "31.12.2026"), []string{`ward.yaml:9: "31.12.2026" is not a date such as 2026-12-31`}},
		{"two dates", exception("2026-12-31", "x", "2026-01-01", "y"), []string{"ward.yaml:8:", "ward.yaml:9:"}},
		{"no expiry", exception("    expires: 2026-12-31\n", ""), []string{"ward.yaml:2: exception EX-1: expires wanted"}},
		{"a long exception", exception("2026-12-31", "2027-01-03"), []string{"ward.yaml:2: exception EX-1: expires on 2027-01-03, more than 366 days", "by 2027-01-02"}},
		{"expires before approved", exception("2026-12-31", "2025-12-31"), []string{"expires before it is approved"}},
		{"no resources", exception("{address: module.logs.*, tags: {stage: [dev, test]}}", "{}"), []string{"resources wants address, target or tags"}},
		{"the same id twice", exceptions + strings.TrimPrefix(exceptions, "exceptions:\n"), []string{"ward.yaml:11: exception EX-1 stands already at"}},
		{"an answer", "attestations: [{id: a, answer: maybe, owner: A, reviewed: 2026-01-01}]", []string{"answer is yes, no or not applicable"}},
		{"no reason for not applicable", "attestations: [{id: a, answer: not applicable, owner: A, reviewed: 2026-01-01}]", []string{"a note says why"}},
		{"a key without a file", "signatures: {keys: [{repositories: [a]}]}", []string{"signatures: keys: file wanted"}},
		{"an identity of anybody", "signatures: {identities: [{issuer: https://a.example, trusted_root: r.json}]}", []string{"subject wanted"}},
		{"an identity without roots", "signatures: {identities: [{issuer: https://a.example, subject: b}]}", []string{"either trusted_root or roots"}},
		{"two sorts of roots", "signatures: {identities: [{issuer: a, subject: b, roots: r.pem, trusted_root: r.json}]}", []string{"either trusted_root or roots"}},
		{"an authority without roots", "signatures: {authorities: [{subject: CN=a}]}", []string{"roots wanted"}},
		{"an empty repository", `signatures: {keys: [{file: a, repositories: [""]}]}`, []string{"a pattern is empty"}},
		{"a misspelt key", "signatures: {keys: [{fille: a}]}", []string{`unknown key "fille"`}},
		{"a default", "phi: {default: maybe}", []string{"default is unknown, yes or no"}},
		{"an alternative without a document", "alternatives: [{citation: c, measure: m, reason: r, owner: o, reviewed: 2026-01-01}]", []string{"document wanted"}},
		{"an include that is not there", "include: [no.yaml]", []string{"read no.yaml: no such file"}},
		{"an include outside", "include: [../out.yaml]", []string{"read ../out.yaml: path escapes from parent"}},
		{"an include twice", "include: [a.yaml, ./a.yaml]", []string{"./a.yaml is included already"}},
		{"itself", "include: [ward.yaml]", []string{"ward.yaml is included already"}},
		{"tags in params_for", "params_for: [{resources: {tags: {a: b}}, params: {}}]", []string{"by address and target, not by tags"}},
		{"params twice", "params: {a: {x: 1}, a: {x: 2}}", []string{`key "a" is already set`}},
		{"aliases", "a: &a [1]\nestate: *a\n", []string{"unknown key", "aliases"}},
		{"several", "estat: x\nphi: {defalt: no}\n", []string{"ward.yaml:1:", "ward.yaml:2:"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(write(t, map[string]string{Name: test.text, "a.yaml": "exceptions: []"}))
			if err == nil {
				t.Fatal("no fault")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %s", err, want)
				}
			}
		})
	}
}

// TestParse proves that a file that is handed over is read as one from the disk is, and that it reads nothing else.
func TestParse(t *testing.T) {
	c, err := Parse("upload.yaml", []byte(exceptions))
	if err != nil || len(c.Exceptions) != 1 || c.Exceptions[0].File != "upload.yaml" {
		t.Errorf("got %+v, %v", c, err)
	}
	for text, want := range map[string]string{"include: [ward.yaml]": "stands alone", "estat: x": "upload.yaml:1: unknown key",
		strings.Replace(exceptions, "2026-12-31", "2027-01-03", 1): "more than 366 days"} {
		if _, err := Parse("upload.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestLimitOfExceptions(t *testing.T) {
	text := strings.Replace(exceptions, "2026-12-31", "2027-12-31", 1)
	if _, err := Load(write(t, map[string]string{Name: "max_exception_days: 800\n" + text})); err != nil {
		t.Error(err)
	}
	if _, err := Load(write(t, map[string]string{Name: "max_exception_days: 30\n" + exceptions})); err == nil {
		t.Error("a shorter limit holds too")
	}
}

// A link that leads out of the folder is not followed.
func TestIncludeLink(t *testing.T) {
	path := write(t, map[string]string{Name: "include: [link.yaml]"})
	out := filepath.Join(t.TempDir(), "out.yaml")
	if err := os.WriteFile(out, []byte(exceptions), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(out, filepath.Join(filepath.Dir(path), "link.yaml")); err != nil {
		t.Skip(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("the link was followed")
	}
}

func TestFind(t *testing.T) {
	path := write(t, map[string]string{Name: "estate: x", "main.tf": ""})
	t.Chdir(t.TempDir())
	for target, want := range map[string]string{filepath.Dir(path): path, filepath.Join(filepath.Dir(path), "main.tf"): path, "nowhere": ""} {
		if got := Find(target); got != want {
			t.Errorf("Find(%s) = %q, want %q", target, got, want)
		}
	}
	if err := os.WriteFile(Name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Find(filepath.Dir(path)); got != Name {
		t.Errorf("the current directory comes first: got %q", got)
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"*patient*", "aws_s3_bucket.Patients", true}, {"a*b*c", "aXbXXbc", true}, {"a*b", "ab", true}, {"a*b", "abc", false},
		{"*", "", true}, {"", "", true}, {"", "a", false}, {`this["a"]`, `this["a"]`, true}, {"a?", "ab", false},
		{strings.Repeat("*a", 20) + "b", strings.Repeat("a", 2000), false},
	} {
		if got := Pattern(test.pattern).Match(test.text); got != test.want {
			t.Errorf("%q on %q: %v", test.pattern, test.text, got)
		}
	}
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"clinical/**", "clinical/db/main.tf", true}, {"clinical", "clinical/db/main.tf", true}, {"clinical/*.tf", "clinical/main.tf", true},
		{"clinical/*.tf", "clinical/db/main.tf", false}, {"**/db/*.tf", "clinical/db/main.tf", true}, {"**/main.tf", "main.tf", true},
		{"clin", "clinical/main.tf", false}, {"a/b", "a", false},
	} {
		if got := PathPattern(test.pattern).Match(test.path); got != test.want {
			t.Errorf("%q on %q: %v", test.pattern, test.path, got)
		}
	}
}

func TestAddMonths(t *testing.T) {
	for _, test := range []struct {
		from   string
		months int
		want   string
	}{{"2026-01-31", 1, "2026-02-28"}, {"2026-01-15", 12, "2027-01-15"}, {"2024-02-29", 12, "2025-02-28"}, {"2026-08-31", 6, "2027-02-28"}} {
		at, _ := time.Parse(time.DateOnly, test.from)
		if got := NewDate(at).AddMonths(test.months).String(); got != test.want {
			t.Errorf("%s + %d months = %s, want %s", test.from, test.months, got, test.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(whole)
	f.Add(exceptions)
	f.Add("include: [a]\nphi: {none: {tags: {a: }}}\n")
	path := filepath.Join(f.TempDir(), Name) // each worker is a process of its own
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		Load(path) // must neither panic nor read elsewhere
	})
}
