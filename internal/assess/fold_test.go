package assess

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

type attributes = map[string]value.Value

func said(id, answer, reviewed string) config.Attestation {
	return config.Attestation{ID: id, Answer: answer, Owner: "Ada", Note: "none here", Reviewed: day(reviewed)}
}

func instead(citation, approver, reviewed string) config.Alternative {
	return config.Alternative{Citation: citation, Measure: "A guard.", Reason: "No door.", Document: "guard.pdf", Owner: "Ada",
		Approver: approver, Reviewed: day(reviewed)}
}

func excepted(checks string) config.Exception {
	return config.Exception{ID: "EX", Checks: config.Patterns{config.Pattern(checks)}, Resources: config.Selector{Address: "*"},
		Owner: "Ada", Reason: "So.", Approver: "Bob", Approved: day("2026-01-01"), Expires: day("2026-12-31")}
}

// Each row is one rule of the fold: the safeguards, what is there, what was decided, and what comes out.
func TestFold(t *testing.T) {
	gap := []resource.Gap{{Target: "t", What: "modules/x", Reason: "was not fetched"}}
	maybe := func(r *resource.Resource) *resource.Resource {
		r.Maybe = &value.Reason{Why: "var.count has no value"}
		return r
	}
	in, old := []config.Attestation{said("walk", "yes", "2026-03-01")}, []config.Attestation{said("walk", "yes", "2025-11-01")}
	lease := []config.Attestation{said("lease", "yes", "2026-03-01")}
	mayNot := "may_not_apply: true"
	tests := []struct {
		name       string
		safeguards string
		boxes      []attributes
		maybe      bool
		gaps       []resource.Gap
		config     config.Config
		want       string // citation: status, of each safeguard
		reason     string // in the first safeguard's reasons
	}{
		// Checks.
		{name: "all pass", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked, locked}, want: "1: met", reason: "2 findings pass"},
		{name: "one fails", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked, ajar, dark}, want: "1: not met", reason: "1 of 3 findings fail: acme.box.locked (1)"},
		{name: "one is unknown", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked, dark}, want: "1: unknown", reason: "1 of 2 findings are unknown: acme.box.locked (1)"},
		{name: "nothing to judge", safeguards: safeguard("1", "required", lockedLink), want: "1: unknown", reason: "nothing in the targets shows it"},
		{name: "nothing applies", safeguards: safeguard("1", "required", "checks: [{check: acme.box.small, strength: implements, reason: R.}]"), boxes: []attributes{ajar}, want: "1: unknown", reason: "had nothing to judge"},
		{name: "what passes may not exist", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked}, maybe: true, want: "1: unknown", reason: "nothing in the targets surely shows it"},
		{name: "what fails may not exist", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{ajar}, maybe: true, want: "1: not met"},
		{name: "a part was not read", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked}, gaps: gap, want: "1: unknown", reason: "1 gap in what was read may hide more"},
		{name: "a check that is not there", safeguards: safeguard("1", "required", "checks: [{check: acme.box.lost, strength: implements, reason: R.}, {check: acme.box.locked, strength: implements, reason: R.}]"),
			boxes: []attributes{locked}, want: "1: unknown", reason: "check acme.box.lost is not in the catalog"},
		{name: "what supports it passes, what implements it is not shown", boxes: []attributes{locked}, want: "1: unknown", reason: "nothing in the targets shows what implements it",
			safeguards: safeguard("1", "required", "checks: [{check: acme.box.locked, strength: supports, reason: R.}, {check: acme.shelf.strong, strength: implements, reason: R.}]")},
		{name: "nothing implements it, what supports it passes", boxes: []attributes{locked}, want: "1: met",
			safeguards: safeguard("1", "required", "checks: [{check: acme.box.locked, strength: supports, reason: R.}, {check: acme.shelf.strong, strength: evidence, reason: R.}]")},
		{name: "nothing answers", safeguards: safeguard("1", "required"), want: "1: unknown", reason: "no check, attestation or agreement answers it"},
		{name: "nothing answers, with a reason", safeguards: safeguard("1", "required", "unanswered: Too new."), want: "1: unknown", reason: "nothing answers it: Too new."},
		{name: "a failure is excepted", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{locked, ajar}, config: config.Config{Exceptions: []config.Exception{excepted("acme.box.locked")}},
			want: "1: met", reason: "1 finding passes, 1 excepted"},
		{name: "all is excepted unseen", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{dark}, config: config.Config{Exceptions: []config.Exception{excepted("*")}},
			want: "1: unknown", reason: "excepted unseen"},
		// Attestations.
		{name: "attested", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: in}, want: "1: met", reason: "walk is attested by Ada until 2026-09-01"},
		{name: "nobody attests", safeguards: safeguard("1", "required", attested), want: "1: manual", reason: "attestation walk is missing (warden)"},
		{name: "the attestation is over", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: old}, want: "1: manual", reason: "attestation walk expired on 2026-05-01"},
		{name: "its owner ended it sooner", safeguards: safeguard("1", "required", attested),
			config: config.Config{Attestations: []config.Attestation{{ID: "walk", Answer: "yes", Owner: "Ada", Reviewed: day("2026-05-01"), Expires: day("2026-06-01")}}}, want: "1: manual", reason: "expired on 2026-06-01"},
		{name: "its owner cannot make it last", safeguards: safeguard("1", "required", attested),
			config: config.Config{Attestations: []config.Attestation{{ID: "walk", Answer: "yes", Owner: "Ada", Reviewed: day("2025-11-01"), Expires: day("2030-01-01")}}}, want: "1: manual", reason: "expired on 2026-05-01"},
		{name: "it holds on its last day", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: []config.Attestation{said("walk", "yes", "2025-12-15")}}, want: "1: met"},
		{name: "it is of tomorrow", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: []config.Attestation{said("walk", "yes", "2026-06-16")}}, want: "1: manual", reason: "is missing"},
		{name: "denied", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: []config.Attestation{said("walk", "no", "2020-01-01")}}, want: "1: not met", reason: "walk is denied by Ada"},
		{name: "checks pass and nobody attests", safeguards: safeguard("1", "required", lockedLink, attested), boxes: []attributes{locked}, want: "1: manual", reason: "is missing"},
		{name: "attested and a check fails", safeguards: safeguard("1", "required", lockedLink, attested), boxes: []attributes{ajar}, config: config.Config{Attestations: in}, want: "1: not met"},
		{name: "attested and a check is unknown", safeguards: safeguard("1", "required", lockedLink, attested), boxes: []attributes{dark}, config: config.Config{Attestations: in}, want: "1: unknown"},
		{name: "nobody attests and a check is unknown", safeguards: safeguard("1", "required", lockedLink, attested), boxes: []attributes{dark}, want: "1: unknown"},
		{name: "attested, and what implements it is not shown", safeguards: safeguard("1", "required", lockedLink, attested), config: config.Config{Attestations: in}, want: "1: unknown", reason: "nothing in the targets shows it"},
		{name: "attested, and what supports it is not shown", safeguards: safeguard("1", "required", supportLink, attested), config: config.Config{Attestations: in}, want: "1: met", reason: "only support the attestation"},
		{name: "not attested, and what supports it is not shown", safeguards: safeguard("1", "required", supportLink, attested), want: "1: manual"},
		// Not applicable.
		{name: "it does not apply", safeguards: safeguard("1", "required", attested, mayNot), config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2026-03-01")}}, want: "1: not applicable", reason: "Ada answers that it does not apply"},
		{name: "it must apply", safeguards: safeguard("1", "required", attested), config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2026-03-01")}}, want: "1: manual"},
		{name: "the answer that it does not apply is over", safeguards: safeguard("1", "required", attested, mayNot), config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2025-03-01")}}, want: "1: manual"},
		{name: "it does not apply, and nothing is there", safeguards: safeguard("1", "required", attested, lockedLink, mayNot), config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2026-03-01")}}, want: "1: not applicable"},
		{name: "it does not apply, and yet a check fails", safeguards: safeguard("1", "required", attested, lockedLink, mayNot), boxes: []attributes{ajar}, config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2026-03-01")}}, want: "1: not met"},
		// Inheritance.
		{name: "inherited", safeguards: safeguard("1", "required", inherited) + leaseHolder, config: config.Config{Attestations: lease}, want: "1: inherited, 9: met", reason: "the landlord answers for it under lease, attested until 2027-03-01"},
		{name: "inherited without an agreement", safeguards: safeguard("1", "required", inherited) + leaseHolder, want: "1: manual, 9: manual", reason: "once the agreement lease is attested: it is missing"},
		{name: "inherited under an agreement that is denied", safeguards: safeguard("1", "required", inherited) + leaseHolder, config: config.Config{Attestations: []config.Attestation{said("lease", "no", "2026-03-01")}}, want: "1: not met, 9: not met"},
		{name: "inherited in part", safeguards: safeguard("1", "required", inherited, attested) + leaseHolder, config: config.Config{Attestations: append(slices.Clone(lease), in...)}, want: "1: met, 9: met"},
		{name: "inherited in part, the rest is wanting", safeguards: safeguard("1", "required", inherited, attested) + leaseHolder, config: config.Config{Attestations: lease}, want: "1: manual, 9: met"},
		// Alternatives.
		{name: "an alternative answers a failure", safeguards: safeguard("1", "addressable", lockedLink, attested), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", "Bob", "2026-01-01")}},
			want: "1: met", reason: "answered by the alternative measure: A guard. (guard.pdf)"},
		{name: "an alternative for what is required", safeguards: safeguard("1", "required", lockedLink), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", "Bob", "2026-01-01")}}, want: "1: not met"},
		{name: "an alternative that its owner approves", safeguards: safeguard("1", "addressable", lockedLink), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", " ada", "2026-01-01")}}, want: "1: not met"},
		{name: "an alternative that nobody approves", safeguards: safeguard("1", "addressable", lockedLink), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", "", "2026-01-01")}}, want: "1: not met"},
		{name: "an alternative that is over", safeguards: safeguard("1", "addressable", lockedLink), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", "Bob", "2025-01-01")}}, want: "1: not met"},
		{name: "an alternative of tomorrow", safeguards: safeguard("1", "addressable", lockedLink), boxes: []attributes{ajar}, config: config.Config{Alternatives: []config.Alternative{instead("1", "Bob", "2026-07-01")}}, want: "1: not met"},
		// Standards and their specifications.
		{name: "a specification fails", safeguards: safeguard("164.312(a)(1)", "standard", attested) + safeguard("164.312(a)(2)(i)", "required", lockedLink), boxes: []attributes{ajar}, config: config.Config{Attestations: in},
			want: "164.312(a)(1): not met, 164.312(a)(2)(i): not met", reason: "164.312(a)(2)(i) Name is not met"},
		{name: "a standard fails by itself", safeguards: safeguard("164.312(a)(1)", "standard", lockedLink) + safeguard("164.312(a)(2)(i)", "required", attested), boxes: []attributes{ajar}, config: config.Config{Attestations: in},
			want: "164.312(a)(1): not met, 164.312(a)(2)(i): met"},
		{name: "a standard is its specifications", safeguards: safeguard("164.312(a)(1)", "standard") + safeguard("164.312(a)(2)(i)", "required", attested), config: config.Config{Attestations: in},
			want: "164.312(a)(1): met, 164.312(a)(2)(i): met", reason: "1 of 1 specification below it"},
		{name: "a specification is manual, another unknown", safeguards: safeguard("164.312(a)(1)", "standard") + safeguard("164.312(a)(2)(i)", "required", attested) + safeguard("164.312(a)(2)(ii)", "required", lockedLink),
			want: "164.312(a)(1): unknown, 164.312(a)(2)(i): manual, 164.312(a)(2)(ii): unknown"},
		{name: "all specifications are inherited", safeguards: safeguard("164.310(a)(1)", "standard") + safeguard("164.310(a)(2)(i)", "required", inherited) + leaseHolder, config: config.Config{Attestations: lease},
			want: "164.310(a)(1): inherited, 164.310(a)(2)(i): inherited, 9: met"},
		{name: "no specification applies", safeguards: safeguard("164.314(b)(1)", "standard") + safeguard("164.314(b)(2)", "required", attested, mayNot), config: config.Config{Attestations: []config.Attestation{said("walk", "not applicable", "2026-03-01")}},
			want: "164.314(b)(1): not applicable, 164.314(b)(2): not applicable"},
		{name: "a specification stands before its standard", safeguards: safeguard("164.312(a)(2)(i)", "required", lockedLink) + safeguard("164.312(a)(1)", "standard", attested), boxes: []attributes{ajar},
			want: "164.312(a)(2)(i): not met, 164.312(a)(1): not met"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := catalogOf(t, test.safeguards)
			var list []*resource.Resource
			for i, b := range test.boxes {
				r := box(c, fmt.Sprint("box", i), b)
				if test.maybe {
					maybe(r)
				}
				list = append(list, r)
			}
			a := assess(t, c, estate(test.gaps, list...), &test.config)
			if got := outcomesOf(a); got != test.want {
				t.Errorf("got  %s\nwant %s\n%q", got, test.want, a.Safeguards[0].Reasons)
			}
			if !strings.Contains(strings.Join(a.Safeguards[0].Reasons, "\n"), test.reason) {
				t.Errorf("reasons %q do not say %q", a.Safeguards[0].Reasons, test.reason)
			}
			for _, s := range a.Safeguards {
				if len(s.Reasons) == 0 {
					t.Errorf("%s has no reason", s.Citation)
				}
			}
		})
	}
}

func outcomesOf(a *assessment.Assessment) string {
	var parts []string
	for _, s := range a.Safeguards {
		parts = append(parts, fmt.Sprintf("%s: %s", s.Citation, s.Status))
	}
	return strings.Join(parts, ", ")
}

func TestViews(t *testing.T) {
	c := catalogOf(t, safeguard("1", "required", lockedLink)+safeguard("2", "required", attested)+
		"views:\n  - {id: v, title: V, rows: [{id: a, title: A, citations: ['1', '2']}, {id: b, title: B, citations: ['2']}, {id: c, title: C, citations: []}]}\n")
	a := assess(t, c, estate(nil, box(c, "a", locked), box(c, "b", dark)), nil)
	rows := a.Views[0].Rows
	if rows[0].Status != assessment.OutcomeUnknown || rows[0].Coverage != 0.5 || rows[1].Status != assessment.Manual || rows[2].Status != assessment.OutcomeUnknown {
		t.Errorf("got %+v", rows)
	}
}

// Hiding what is known never improves a safeguard: nothing hidden is ever better than unknown, and what was worse than
// hidden stays no better than that. Estates, decisions and safeguards are drawn at random.
func TestHidingNeverImproves(t *testing.T) {
	safeguards := safeguard("164.312(a)(1)", "standard", supportLink, attested) + safeguard("164.312(a)(2)(i)", "required", lockedLink) +
		safeguard("164.312(a)(2)(ii)", "addressable", "checks: [{check: acme.box.small, strength: implements, reason: R.}, {check: acme.shelf.strong, strength: evidence, reason: R.}]") +
		safeguard("2", "required", "checks: [{check: acme.box.small, strength: implements, reason: R.}]", attested, "may_not_apply: true") +
		safeguard("3", "required", inherited, "checks: [{check: acme.shelf.strong, strength: supports, reason: R.}]") + leaseHolder
	c := catalogOf(t, safeguards)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(values ...value.Value) value.Value { return values[random.IntN(len(values))] }
	hidden := dark["locked"]
	for range 3000 {
		var cfg config.Config
		for _, id := range []string{"walk", "lease"} {
			if random.IntN(3) > 0 {
				cfg.Attestations = append(cfg.Attestations, said(id, []string{"yes", "yes", "no", "not applicable"}[random.IntN(4)], "2026-03-01"))
			}
		}
		if random.IntN(3) == 0 {
			e := excepted([]string{"*", "acme.box.small", "acme.box.locked"}[random.IntN(3)])
			e.Resources.Address = config.Pattern([]string{"*", "r0", "r1"}[random.IntN(3)])
			cfg.Exceptions = append(cfg.Exceptions, e)
		}
		if random.IntN(5) == 0 {
			cfg.Alternatives = append(cfg.Alternatives, instead("164.312(a)(2)(ii)", "Bob", "2026-01-01"))
		}
		var list []*resource.Resource
		for i := range random.IntN(4) {
			r := made(c, "acme.shelf", fmt.Sprint("r", i), attributes{"strong": pick(value.Bool(true), value.Bool(false), hidden)})
			if random.IntN(3) > 0 {
				r = box(c, fmt.Sprint("r", i), attributes{"locked": pick(value.Bool(true), value.Bool(true), value.Bool(false), hidden), "size": pick(value.Int(1), value.Int(99), hidden)})
			}
			if random.IntN(5) == 0 {
				r.Maybe = &value.Reason{Why: "var.count has no value"}
			}
			list = append(list, r)
		}
		before := assess(t, c, estate(nil, list...), &cfg)
		for i, r := range list {
			for v := range r.Values {
				if !r.Values[v].IsKnown() {
					continue
				}
				changed := *r
				changed.Values = slices.Clone(r.Values)
				changed.Values[v] = hidden
				hiding := slices.Clone(list)
				hiding[i] = &changed
				after := assess(t, c, estate(nil, hiding...), &cfg)
				if holdsAnyway(before, after) {
					continue
				}
				for s := range after.Safeguards {
					was, is := before.Safeguards[s], after.Safeguards[s]
					if badness[is.Status] < min(badness[was.Status], badness[assessment.OutcomeUnknown]) {
						t.Fatalf("hiding %s of %s turns %s from %s %q to %s %q", r.Kind.All()[v].Name, r.Address, is.Citation, was.Status, was.Reasons, is.Status, is.Reasons)
					}
				}
				if ExitCode(after, false) == ExitMet && ExitCode(before, false) != ExitMet {
					t.Fatal("hiding improves the exit code")
				}
			}
		}
	}
}

// holdsAnyway tells whether a check that did not apply passes now: its claim holds whether or not it applies, so that it is
// shown after all.
func holdsAnyway(before, after *assessment.Assessment) bool {
	was := map[string]assessment.Status{}
	for _, f := range before.Findings {
		was[f.ID] = f.Status
	}
	return slices.ContainsFunc(after.Findings, func(f assessment.Finding) bool {
		return f.Status == assessment.Pass && was[f.ID] == assessment.NotApplicable
	})
}
