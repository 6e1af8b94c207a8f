package assess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/value"
)

var one = safeguard("1", "required", lockedLink)

func TestFinding(t *testing.T) {
	c := catalogOf(t, one)
	at := &value.Origin{File: "main.tf", Line: 9}
	b := box(c, "box", attributes{"locked": value.Bool(false).At(at)})
	b.Region, b.Maybe = "eu-1", &value.Reason{Why: "var.count has no value"}
	a := assess(t, c, estate(nil, b), &config.Config{Estate: "Clinic"})
	want := assessment.Finding{ID: ID("acme.box.locked", "t", "box"), Status: assessment.Fail, Unknown: []assessment.UnknownValue{},
		Question: &assessment.Question{Check: "acme.box.locked", Title: "Boxes are locked", Severity: "high", Citations: []string{"1"}},
		Subject: &assessment.Subject{Kind: "acme.box", PHI: "unknown", PHIReason: "nothing in ward.yaml says whether it holds PHI",
			Resource:    assessment.Resource{ID: "t#box", Address: "box", Provider: "acme", Region: "eu-1"},
			Location:    assessment.Location{File: "main.tf", Line: 7},
			Conditional: "var.count has no value"},
		Evidence: []*assessment.Evidence{{Attribute: "locked", Value: false, State: "known", Location: assessment.Location{File: "main.tf", Line: 9}}}}
	if diff := cmp.Diff(want, a.Findings[0]); diff != "" {
		t.Error(diff)
	}
	if len(want.ID) != 16 || a.Findings[1].Status != assessment.NotApplicable || a.Findings[1].Citations == nil {
		t.Errorf("the other is %+v", a.Findings[1])
	}
	want2 := assessment.Coverage{Evaluated: 1, NotApplicable: 1, Ratio: 1}
	if diff := cmp.Diff(want2, a.Coverage); diff != "" || a.Estate != "Clinic" || len(a.Checks) != 2 || a.Tool.CatalogDigest != c.Digest {
		t.Error(diff, a.Estate, a.Checks, a.Tool)
	}
}

func TestEvidence(t *testing.T) {
	long := strings.Repeat("é", 300)
	many := make([]string, 50)
	rows := value.List(value.Object(attributes{"key": value.String("hunter2"), "color": value.String("red")}))
	tests := []struct {
		name, rule string
		have       attributes
		want       string // the evidence as JSON, attribute=state:value
	}{
		{"a known value", "self.locked", attributes{"locked": value.Bool(true)}, `locked=known:true`},
		{"an absent value", "!has(self.name)", nil, `name=absent:null`},
		{"an unknown value", "self.locked", dark, `locked=unknown:null`},
		{"a default", "self.size > 0", nil, `size=default:1`},
		{"a secret", `self.secret != ""`, attributes{"secret": value.String("hunter2")}, `secret=secret:null`},
		{"a secret in a row", `self.rows.exists(r, r.key == "x")`, attributes{"rows": rows}, `rows=known:"1 item" rows[0].key=secret:null`},
		{"rows by their number", `self.rows.exists(r, r.color == "red")`, attributes{"rows": rows.Open(value.Reason{Why: "dynamic"})}, `rows=known:"1 item, and there may be more: dynamic" rows[0].color=known:"red"`},
		{"a long text", `self.name != ""`, attributes{"name": value.String(long)}, `name=known:"` + strings.Repeat("é", 200) + `… (300 characters)"`},
		{"a long list", `self.notes.exists(n, n == "x")`, attributes{"notes": value.Strings(many...)}, `notes=known:[` + strings.Repeat(`"",`, 20) + `"… 30 more items"]`},
		{"a list with a hole", `self.notes.exists(n, n == "x")`, attributes{"notes": value.List(value.String("a"), dark["locked"]).Open(value.Reason{Why: "concat"})},
			`notes=known:["a","(unknown: var.locked has no value)","(there may be more: concat)"]`},
		{"tags", `"a" in self.tags`, attributes{"tags": value.Object(attributes{"a": value.String("b")}).Open(value.Reason{Why: "merge"})}, `tags=known:{"(more)":"there may be more: merge","a":"b"}`},
		{"a reference", "has(self.shelf)", attributes{"shelf": value.String("t#shelf")}, `shelf=known:"shelf"`},
		{"through a reference", "self.shelf.strong", attributes{"shelf": value.String("t#shelf")}, `shelf=known:"shelf" shelf.strong=known:true`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := catalogOf(t, one, "checks/acme.box/seen.yaml", fmt.Sprintf(claim, "Seen", "low", test.rule))
			a := assess(t, c, estate(nil, box(c, "box", test.have), made(c, "acme.shelf", "shelf", attributes{"strong": value.Bool(true)})), nil)
			var got []string
			for _, f := range a.Findings {
				if f.Check != "acme.box.seen" {
					continue
				}
				for _, e := range f.Evidence {
					text, err := json.Marshal(e.Value)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprintf("%s=%s:%s", e.Attribute, e.State, text))
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A finding that passes tells the first attributes only; one that does not, all of them.
func TestQuietEvidence(t *testing.T) {
	c := catalogOf(t, one, "checks/acme.box/rows.yaml", fmt.Sprintf(claim, "Rows", "low", `self.rows.all(r, r.color == "red")`))
	rows := make([]value.Value, 30)
	for i := range rows {
		rows[i] = value.Object(attributes{"color": value.String("red")})
	}
	count := func(rows []value.Value) (n int, last string) {
		for _, f := range assess(t, c, estate(nil, box(c, "b", attributes{"rows": value.List(rows...)})), nil).Findings {
			if f.Check == "acme.box.rows" {
				return len(f.Evidence), f.Evidence[len(f.Evidence)-1].Attribute
			}
		}
		return 0, ""
	}
	if n, last := count(rows); n != maxQuiet+1 || last != "(more)" {
		t.Errorf("passing: %d rows, the last %s", n, last)
	}
	rows[29] = value.Object(attributes{"color": value.String("blue")})
	if n, _ := count(rows); n != 31 {
		t.Errorf("failing: %d rows", n)
	}
}

func TestUnknown(t *testing.T) {
	c := catalogOf(t, one)
	why := value.Reason{Why: "no", Grant: "s3:Get"}
	a := assess(t, c, estate(nil, box(c, "a", attributes{"locked": value.Unresolved(why, why, value.Reason{Why: "other"})})), nil)
	want := []assessment.UnknownValue{{Attribute: "locked", Reason: "no", Grant: "s3:Get"}, {Attribute: "locked", Reason: "other"}}
	if diff := cmp.Diff(want, a.Findings[0].Unknown); diff != "" {
		t.Error(diff)
	}
}

func TestOrder(t *testing.T) {
	c := catalogOf(t, one)
	cfg := &config.Config{PHI: config.PHI{Marks: config.Marks{Names: []config.Pattern{"phi*"}}, None: config.Marks{Names: []config.Pattern{"no*"}}}}
	a := assess(t, c, estate(nil, box(c, "b", ajar), box(c, "no", ajar), box(c, "a", ajar), box(c, "phi", dark), box(c, "phi2", locked),
		made(c, "acme.shelf", "shelf", attributes{"strong": value.Bool(false)}), box(c, "phi3", ajar)), cfg)
	var got []string
	for _, f := range a.Findings {
		if f.Status != assessment.NotApplicable && f.Check != "acme.box.small" {
			got = append(got, fmt.Sprintf("%s %s %s", f.Status, f.PHI, f.Resource.Address))
		}
	}
	want := []string{"fail yes phi3", "fail unknown shelf", "fail unknown a", "fail unknown b", "fail no no", "unknown yes phi", "pass yes phi2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The result does not depend on how many processors share the work.
func TestDeterministic(t *testing.T) {
	c := catalogOf(t, one)
	var list []*resource.Resource
	for i := range 2000 {
		list = append(list, box(c, fmt.Sprint("r", i%1990), []attributes{locked, ajar, dark}[i%3]))
	}
	was := runtime.GOMAXPROCS(4)
	many := assess(t, c, estate(nil, list...), nil)
	runtime.GOMAXPROCS(1)
	single := assess(t, c, estate(nil, list...), nil)
	runtime.GOMAXPROCS(was)
	if diff := cmp.Diff(single, many); diff != "" {
		t.Error(diff)
	}
}

func TestExceptions(t *testing.T) {
	change := func(f func(*config.Exception)) []config.Exception {
		e := excepted("acme.box.locked")
		f(&e)
		return []config.Exception{e}
	}
	tests := []struct {
		name string
		list []config.Exception
		want string // status of each finding of acme.box.locked: of ajar, dark and locked
		told string // kind and text of the notice
	}{
		{"it covers", change(func(e *config.Exception) {}), "excepted excepted pass", ""},
		{"it covers one", change(func(e *config.Exception) { e.Resources.Address = "aj*" }), "excepted unknown pass", ""},
		{"by its tag", change(func(e *config.Exception) {
			e.Resources = config.Selector{Tags: map[string]kind.Names{"stage": {"test"}}}
		}), "excepted unknown pass", ""},
		{"in its target", change(func(e *config.Exception) { e.Resources = config.Selector{Target: "t"} }), "excepted excepted pass", ""},
		{"in another target", change(func(e *config.Exception) { e.Resources.Target = "u" }), "fail unknown pass", "exception unused: matches no finding"},
		{"over", change(func(e *config.Exception) { e.Expires = day("2026-06-14") }), "fail unknown pass", "exception expired: ended on 2026-06-14 and covers nothing any more; 2 findings"},
		{"on its last day", change(func(e *config.Exception) { e.Expires = day("2026-06-15") }), "excepted excepted pass", ""},
		{"of tomorrow", change(func(e *config.Exception) { e.Approved = day("2026-06-16") }), "fail unknown pass", "exception ineffective: is approved from 2026-06-16"},
		{"not approved", change(func(e *config.Exception) { e.Approver = "" }), "fail unknown pass", "exception ineffective: is not approved"},
		{"without a day", change(func(e *config.Exception) { e.Approved = config.Date{} }), "fail unknown pass", "exception ineffective: is not approved"},
		{"by its owner", change(func(e *config.Exception) { e.Approver = " ADA " }), "fail unknown pass", "exception ineffective: is approved by its owner"},
		{"for what passes", change(func(e *config.Exception) { e.Resources.Address = "shut" }), "fail unknown pass", "exception ineffective: matches only findings that neither fail"},
		{"for no check", change(func(e *config.Exception) { e.Checks = config.Patterns{"acme.box.lockd"} }), "fail unknown pass", "exception ineffective: names no check"},
		{"the second of two", append(change(func(e *config.Exception) { e.ID = "EX0" }), excepted("*")), "excepted excepted pass", "exception unused: an exception before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := catalogOf(t, one)
			tagged := attributes{"locked": value.Bool(false), "tags": value.Object(attributes{"stage": value.String("Test")})}
			unsure := attributes{"locked": dark["locked"], "tags": dark["locked"]}
			a := assess(t, c, estate(nil, box(c, "ajar", tagged), box(c, "dark", unsure), box(c, "shut", attributes{"locked": value.Bool(true), "size": value.Int(1)})),
				&config.Config{Exceptions: test.list})
			status := map[string]string{}
			for _, f := range a.Findings {
				if f.Check != "acme.box.locked" {
					continue
				}
				status[f.Resource.Address] = string(f.Status)
				if (f.Status == assessment.Excepted) != (f.Judged != "" && f.Exception != "") {
					t.Errorf("%s is %s, judged %q, exception %q", f.Resource.Address, f.Status, f.Judged, f.Exception)
				}
			}
			if got := fmt.Sprintf("%s %s %s", status["ajar"], status["dark"], status["shut"]); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			var told []string
			for _, n := range a.Notices {
				told = append(told, n.Kind+": "+n.Text)
			}
			if got := strings.Join(told, "\n"); !strings.HasPrefix(got, test.told) || (got == "") != (test.told == "") {
				t.Errorf("told %q, want %q", got, test.told)
			}
		})
	}
}

func TestNotices(t *testing.T) {
	c := catalogOf(t, safeguard("1", "required", attested))
	cfg := &config.Config{
		PHI:          config.PHI{Marks: config.Marks{Names: []config.Pattern{"b*"}}, None: config.Marks{Kinds: []config.Pattern{"acme.*"}}},
		Attestations: []config.Attestation{said("walk", "yes", "2020-01-01"), said("run", "yes", "2026-01-01")},
		Alternatives: []config.Alternative{instead("1", "Bob", "2026-01-01"), instead("7", "Bob", "2026-01-01")},
	}
	var got []string
	for _, n := range assess(t, c, estate(nil, box(c, "b", locked)), cfg).Notices {
		got = append(got, n.Kind+" "+n.ID)
	}
	want := []string{"phi contradiction b", "attestation expired walk", "attestation unused run", "alternative ineffective 1", "alternative unused 7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParameters(t *testing.T) {
	c := catalogOf(t, one)
	set := func(check, name string, v value.Value) config.Params {
		return config.Params{{Check: check, Values: map[string]kind.Literal{name: {Value: v}}, Place: config.Place{File: "ward.yaml", Line: 3}}}
	}
	small := func(cfg *config.Config, address string) assessment.Status {
		b := box(c, address, attributes{"locked": value.Bool(true), "size": value.Int(20)})
		for _, f := range assess(t, c, estate(nil, b), cfg).Findings {
			if f.Check == "acme.box.small" {
				return f.Status
			}
		}
		return ""
	}
	wide := &config.Config{Params: set("acme.box.small", "most", value.Int(50)), ParamsFor: []config.ParamsFor{
		{Resources: config.Selector{Address: "strict*"}, Params: set("acme.box.small", "most", value.Int(5))},
		{Resources: config.Selector{Address: "strict.not"}, Params: set("acme.box.small", "most", value.Int(30))}}}
	got := []assessment.Status{small(nil, "a"), small(wide, "a"), small(wide, "strict.a"), small(wide, "strict.not")}
	if diff := cmp.Diff([]assessment.Status{"fail", "pass", "fail", "pass"}, got); diff != "" {
		t.Error(diff)
	}
	bad := &config.Config{Params: append(append(set("acme.box.smal", "most", value.Int(1)), set("acme.box.small", "mot", value.Int(1))...), set("acme.box.locked", "x", value.Int(1))...),
		ParamsFor: []config.ParamsFor{{Resources: config.Selector{Address: "*"}, Params: set("acme.box.small", "most", value.String("x"))}}}
	_, err := Assess(context.Background(), Request{Catalog: c, Framework: c.Frameworks[0], Inventory: estate(nil), Config: bad, Now: today})
	for _, want := range []string{`ward.yaml:3: params: there is no check acme.box.smal (did you mean "acme.box.small"?)`, `no parameter "mot" (did you mean "most"?)`,
		`check acme.box.locked has no parameter "x"`, "parameter most is a int"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
}

const anyResource = `kind: resource
title: Resource
doc: Any resource.
attributes:
  phi: {type: string, doc: PHI.}
  eligible: {type: bool, doc: Eligible.}
  service: {type: string, doc: Service.}
  region: {type: string, doc: Region.}
  tags: {type: map string, doc: Tags.}
`

// The checks of the kind "resource" judge every resource of every kind.
func TestAnyResource(t *testing.T) {
	c := catalogOf(t, one, "kinds/resource.yaml", anyResource,
		"checks/resource/eligible.yaml", fmt.Sprintf(claim, "Eligible", "high", `self.eligible || self.phi == "no"`))
	services := &scope.Services{}
	cfg := &config.Config{PHI: config.PHI{Marks: config.Marks{Names: []config.Pattern{"phi"}}, None: config.Marks{Names: []config.Pattern{"no"}}}}
	a, err := Assess(context.Background(), Request{Catalog: c, Framework: c.Frameworks[0], Services: services, Config: cfg, Now: today,
		Inventory: estate(nil, box(c, "phi", nil), box(c, "no", nil), made(c, "acme.shelf", "shelf", nil))})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range a.Findings {
		if f.Check == "resource.eligible" {
			got[f.Resource.Address] = fmt.Sprint(f.Status, " ", f.Kind, " ", f.Resource.Provider, " ", f.ID == ID(f.Check, "t", f.Resource.Address))
		}
	}
	want := map[string]string{"phi": "unknown acme.box acme true", "no": "pass acme.box acme true", "shelf": "unknown acme.shelf acme true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExitCode(t *testing.T) {
	made := func(gaps int, statuses ...assessment.Status) *assessment.Assessment {
		a := &assessment.Assessment{Gaps: make([]assessment.Gap, gaps)}
		for _, s := range statuses {
			a.Findings = append(a.Findings, assessment.Finding{Question: &assessment.Question{}, Status: s, Subject: &assessment.Subject{}})
		}
		summarize(a)
		return a
	}
	fresh := made(0, assessment.Fail, assessment.Pass)
	fresh.Findings[0].New = true
	tests := []struct {
		name     string
		a        *assessment.Assessment
		baseline bool
		want     int
	}{
		{"all passes", made(0, assessment.Pass, assessment.NotApplicable, assessment.Excepted), false, ExitMet},
		{"something fails", made(0, assessment.Pass, assessment.Unknown, assessment.Fail), false, ExitFails},
		{"something is unknown", made(0, assessment.Pass, assessment.Unknown), false, ExitUnknown},
		{"something was not read", made(1, assessment.Pass), false, ExitUnknown},
		{"nothing was judged", made(0), false, ExitUnknown},
		{"nothing applies", made(0, assessment.NotApplicable), false, ExitUnknown},
		{"what fails is in the baseline", made(0, assessment.Fail), true, ExitMet},
		{"what fails and what is unknown is in the baseline", made(0, assessment.Pass, assessment.Fail, assessment.Unknown), true, ExitMet},
		{"what was not read is in the baseline", made(1, assessment.Pass), true, ExitMet},
		{"something new fails", fresh, true, ExitFails},
	}
	for _, test := range tests {
		if got := ExitCode(test.a, test.baseline); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestSummary(t *testing.T) {
	c := catalogOf(t, one+safeguard("2", "required", attested)+safeguard("3", "required", inherited)+leaseHolder)
	cfg := &config.Config{PHI: config.PHI{Marks: config.Marks{Names: []config.Pattern{"b"}}}, Attestations: []config.Attestation{said("walk", "yes", "2026-03-01"), said("lease", "yes", "2026-03-01")}}
	a := assess(t, c, estate(nil, box(c, "a", ajar), box(c, "b", ajar), box(c, "c", locked)), cfg)
	want := assessment.Summary{
		Findings:   map[assessment.Status]int{assessment.Fail: 2, assessment.Pass: 2, assessment.NotApplicable: 2, assessment.Unknown: 0, assessment.Excepted: 0},
		Safeguards: map[assessment.Outcome]int{assessment.Met: 2, assessment.NotMet: 1, assessment.Inherited: 1, assessment.Manual: 0, assessment.OutcomeUnknown: 0, assessment.OutcomeNotNeeded: 0},
		Failing:    map[assessment.Severity]int{assessment.High: 2, assessment.Critical: 0, assessment.Medium: 0, assessment.Low: 0}, FailingPHI: 1, New: 2, Score: 2.0 / 3}
	if diff := cmp.Diff(want, a.Summary, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
}

func TestCancelled(t *testing.T) {
	c := catalogOf(t, one)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Assess(ctx, Request{Catalog: c, Framework: c.Frameworks[0], Inventory: estate(nil, box(c, "a", locked)), Now: today}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProgress(t *testing.T) {
	c := catalogOf(t, one)
	var list []*resource.Resource
	for i := range 1000 {
		list = append(list, box(c, fmt.Sprint(i), locked))
	}
	last := 0
	_, err := Assess(context.Background(), Request{Catalog: c, Framework: c.Frameworks[0], Inventory: estate(nil, list...), Now: today,
		Progress: func(done, total int) {
			if done <= last || total != 1000 {
				t.Errorf("%d of %d after %d", done, total, last)
			}
			last = done
		}})
	if err != nil || last != 1000 {
		t.Errorf("ended at %d, %v", last, err)
	}
}

// TestTogether proves that the reader is told when several root modules are judged as one account.
func TestTogether(t *testing.T) {
	if got := together([]inventory.Target{{Name: "one", Roots: 1}, {Name: "many", Roots: 3}}); len(got) != 1 || got[0].ID != "many" {
		t.Errorf("notices: %+v", got)
	}
}
