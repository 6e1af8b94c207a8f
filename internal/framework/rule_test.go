package framework_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/framework"
)

// row is what the regulation and our table of it say of a paragraph.
type row struct {
	citation string
	// kind is S for a standard with specifications of its own, R for what must be met as it stands, A for addressable.
	kind string
	// answers are the ways it is answered: c by checks, a by a person's attestation, i by inheritance; n tells that an
	// organization may answer that it does not apply.
	answers string
}

// regulation is subpart C in the order of the regulation.
var regulation = []row{
	{"164.308(a)(1)(i)", "S", "ca"},
	{"164.308(a)(1)(ii)(A)", "R", "ca"},
	{"164.308(a)(1)(ii)(B)", "R", "ca"},
	{"164.308(a)(1)(ii)(C)", "R", "a"},
	{"164.308(a)(1)(ii)(D)", "R", "ca"},
	{"164.308(a)(2)", "R", "a"},
	{"164.308(a)(3)(i)", "S", "ca"},
	{"164.308(a)(3)(ii)(A)", "A", "ca"},
	{"164.308(a)(3)(ii)(B)", "A", "a"},
	{"164.308(a)(3)(ii)(C)", "A", "ca"},
	{"164.308(a)(4)(i)", "S", "ca"},
	{"164.308(a)(4)(ii)(A)", "R", "an"},
	{"164.308(a)(4)(ii)(B)", "A", "ca"},
	{"164.308(a)(4)(ii)(C)", "A", "ca"},
	{"164.308(a)(5)(i)", "S", "a"},
	{"164.308(a)(5)(ii)(A)", "A", "a"},
	{"164.308(a)(5)(ii)(B)", "A", "ca"},
	{"164.308(a)(5)(ii)(C)", "A", "c"},
	{"164.308(a)(5)(ii)(D)", "A", "c"},
	{"164.308(a)(6)(i)", "S", "a"},
	{"164.308(a)(6)(ii)", "R", "ca"},
	{"164.308(a)(7)(i)", "S", "ca"},
	{"164.308(a)(7)(ii)(A)", "R", "c"},
	{"164.308(a)(7)(ii)(B)", "R", "ca"},
	{"164.308(a)(7)(ii)(C)", "R", "ca"},
	{"164.308(a)(7)(ii)(D)", "A", "ca"},
	{"164.308(a)(7)(ii)(E)", "A", "ca"},
	{"164.308(a)(8)", "R", "ca"},
	{"164.308(b)(1)", "S", "ca"},
	{"164.308(b)(2)", "S", "a"},
	{"164.308(b)(3)", "R", "a"},
	{"164.310(a)(1)", "S", "ia"},
	{"164.310(a)(2)(i)", "A", "ia"},
	{"164.310(a)(2)(ii)", "A", "ia"},
	{"164.310(a)(2)(iii)", "A", "ia"},
	{"164.310(a)(2)(iv)", "A", "ia"},
	{"164.310(b)", "R", "a"},
	{"164.310(c)", "R", "a"},
	{"164.310(d)(1)", "S", "ia"},
	{"164.310(d)(2)(i)", "R", "ica"},
	{"164.310(d)(2)(ii)", "R", "ia"},
	{"164.310(d)(2)(iii)", "A", "ia"},
	{"164.310(d)(2)(iv)", "A", "ci"},
	{"164.312(a)(1)", "S", "c"},
	{"164.312(a)(2)(i)", "R", "c"},
	{"164.312(a)(2)(ii)", "R", "ca"},
	{"164.312(a)(2)(iii)", "A", "c"},
	{"164.312(a)(2)(iv)", "A", "c"},
	{"164.312(b)", "R", "c"},
	{"164.312(c)(1)", "S", "c"},
	{"164.312(c)(2)", "A", "c"},
	{"164.312(d)", "R", "c"},
	{"164.312(e)(1)", "S", "c"},
	{"164.312(e)(2)(i)", "A", "c"},
	{"164.312(e)(2)(ii)", "A", "c"},
	{"164.314(a)(1)", "S", "a"},
	{"164.314(a)(2)(i)", "R", "a"},
	{"164.314(a)(2)(ii)", "R", "a"},
	{"164.314(a)(2)(iii)", "R", "a"},
	{"164.314(b)(1)", "S", "an"},
	{"164.314(b)(2)", "R", "an"},
	{"164.316(a)", "R", "a"},
	{"164.316(b)(1)", "S", "ca"},
	{"164.316(b)(2)(i)", "R", "c"},
	{"164.316(b)(2)(ii)", "R", "a"},
	{"164.316(b)(2)(iii)", "R", "a"},
}

// containerPaper holds the citations of the container paper's rows, 1 to 30.
var containerPaper = [][]string{
	{"164.308(a)(1)(i)"}, {"164.308(a)(1)(ii)(D)"}, {"164.308(a)(3)(i)"}, {"164.308(a)(5)(ii)(C)"},
	{"164.308(a)(5)(ii)(D)"}, {"164.308(a)(7)(i)", "164.308(a)(7)(ii)(A)"}, {"164.308(a)(7)(ii)(B)"},
	{"164.308(a)(7)(ii)(C)"}, {"164.308(b)(1)"}, {"164.310(a)(1)"}, {"164.310(a)(2)(i)"}, {"164.310(a)(2)(ii)"},
	{"164.310(a)(2)(iii)"}, {"164.310(a)(2)(iv)"}, {"164.310(d)(1)"}, {"164.310(d)(2)(i)"}, {"164.310(d)(2)(ii)"},
	{"164.310(d)(2)(iii)"}, {"164.310(d)(2)(iv)"}, {"164.312(a)(1)"}, {"164.312(a)(2)(i)"}, {"164.312(a)(2)(ii)"},
	{"164.312(a)(2)(iii)"}, {"164.312(a)(2)(iv)"}, {"164.312(b)"}, {"164.312(c)(1)"}, {"164.312(c)(2)"},
	{"164.312(e)(1)"}, {"164.312(e)(2)(i)"}, {"164.312(e)(2)(ii)"},
}

// technicalStandards maps the five standards to the prefix that all their paragraphs have.
var technicalStandards = map[string]string{
	"transmission":   "164.312(e)",
	"access":         "164.312(a)",
	"authentication": "164.312(d)",
	"audit":          "164.312(b)",
	"integrity":      "164.312(c)",
}

var kinds = map[string]string{"standard": "S", "required": "R", "addressable": "A"}

func loadCatalog(t *testing.T) []*framework.Framework {
	t.Helper()
	all, faults := framework.Load(os.DirFS("../../catalog"), "frameworks")
	for _, f := range all {
		faults = append(faults, f.LoadLinks("frameworks", os.DirFS("../../catalog"))...)
	}
	if err := errors.Join(faults...); err != nil {
		t.Fatalf("load the catalog's frameworks:\n%v", err)
	}
	return all
}

func load(t *testing.T, id string) *framework.Framework {
	t.Helper()
	for _, f := range loadCatalog(t) {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("the catalog has no framework %q", id)
	return nil
}

// Every paragraph of subpart C is there, in the order of the regulation, none twice, none invented, and marked as the
// regulation marks it.
func TestRuleHasEveryParagraph(t *testing.T) {
	var want, got []string
	for _, r := range regulation {
		want = append(want, r.citation+" "+r.kind)
	}
	for _, s := range load(t, "hipaa-security-rule").Safeguards {
		got = append(got, s.Citation+" "+kinds[s.Specification])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paragraphs (-regulation +framework):\n%s", diff)
	}
}

// What an organization may answer with "it does not concern us" has no checks: a finding would take that answer from those whom it
// truly does not concern.
func TestWhatMayNotApplyHasNoChecks(t *testing.T) {
	for _, f := range loadCatalog(t) {
		for _, s := range f.Safeguards {
			if s.MayNotApply && len(s.Checks) > 0 {
				t.Errorf("%s, %s: %d checks, such as %s", f.ID, s.Citation, len(s.Checks), s.Checks[0].Check)
			}
		}
	}
}

// Each paragraph is answered in the ways that suit it: no check stands in for a person or a wall, no attestation for
// what a machine can see.
func TestRuleIsAnsweredAsItShould(t *testing.T) {
	f := load(t, "hipaa-security-rule")
	for _, r := range regulation {
		s := f.Safeguard(r.citation)
		if s == nil {
			continue // TestRuleHasEveryParagraph says so
		}
		want := func(way string) bool { return strings.Contains(r.answers, way) }
		if got := len(s.Attestations) > 0; got != want("a") {
			t.Errorf("%s: has attestations: %v, want %v", r.citation, got, want("a"))
		}
		if got := s.Inherited != nil; got != want("i") {
			t.Errorf("%s: is inherited: %v, want %v", r.citation, got, want("i"))
		}
		if s.MayNotApply != want("n") {
			t.Errorf("%s: may_not_apply is %v, want %v", r.citation, s.MayNotApply, want("n"))
		}
		if s.Unanswered != "" {
			t.Errorf("%s: is marked unanswered: %s", r.citation, s.Unanswered)
		}
		for _, l := range s.Checks {
			if l.Strength == "implements" && !want("c") {
				t.Errorf("%s: check %s cannot implement what people or a provider must answer for (%s)", r.citation, l.Check, l.File)
			}
		}
	}
}

// The view of the container paper has its thirty rows, and that of the technical standards each standard with every
// paragraph of it.
func TestRuleViews(t *testing.T) {
	f := load(t, "hipaa-security-rule")
	views := map[string]framework.View{}
	for _, v := range f.Views {
		views[v.ID] = v
	}
	var ids []string
	var citations [][]string
	for _, r := range views["container-paper"].Rows {
		ids = append(ids, r.ID)
		citations = append(citations, r.Citations)
	}
	var numbers []string
	for i := range containerPaper {
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	if diff := cmp.Diff(numbers, ids); diff != "" {
		t.Errorf("rows of container-paper (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(containerPaper, citations); diff != "" {
		t.Errorf("citations of container-paper (-want +got):\n%s", diff)
	}
	want, got := map[string][]string{}, map[string][]string{}
	for standard, prefix := range technicalStandards {
		for _, r := range regulation {
			if strings.HasPrefix(r.citation, prefix) {
				want[standard] = append(want[standard], r.citation)
			}
		}
	}
	for _, r := range views["technical-standards"].Rows {
		got[r.ID] = r.Citations
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows of technical-standards (-want +got):\n%s", diff)
	}
}

// The rule in force is the only one used unasked; the proposed one says in its title that it is not in force, and has no
// addressable rows.
func TestOnlyTheRuleInForceIsDefault(t *testing.T) {
	for _, f := range loadCatalog(t) {
		if want := f.ID == "hipaa-security-rule"; f.Default != want {
			t.Errorf("%s: default is %v, want %v", f.ID, f.Default, want)
		}
	}
	f := load(t, "hipaa-2025-proposed")
	if !strings.Contains(f.Title, "proposed, not in force") {
		t.Errorf("title is %q and does not say that the rule is proposed and not in force", f.Title)
	}
	for _, s := range f.Safeguards {
		if s.Specification != "required" {
			t.Errorf("%s is %s; the proposal knows only required", s.Citation, s.Specification)
		}
	}
}

// Every ask of the proposal that has a time limit is there, and what its limit is stands in the obligation.
func TestProposalHasItsTimeLimits(t *testing.T) {
	f := load(t, "hipaa-2025-proposed")
	limits := map[string]string{
		"164.308(a)(1)(ii)(A)":    "12 months", // asset inventory
		"164.308(a)(1)(ii)(B)":    "12 months", // network map
		"164.308(a)(4)(ii)(C)":    "15 calendar days",
		"164.308(a)(9)(ii)(C)":    "one hour",
		"164.308(a)(9)(ii)(D)":    "24 hours",
		"164.308(a)(12)(ii)(A)":   "12 months", // incident response tests
		"164.308(a)(13)(ii)(D)":   "72 hours",
		"164.308(a)(14)":          "12 months", // compliance audit
		"164.308(b) verification": "12 months",
		"164.312(h)(2)(i)":        "six months", // vulnerability scans
		"164.312(h)(2)(iii)":      "12 months",  // penetration tests
		"164.312(i)(2)(i)":        "48 hours",
		"164.314(a)(2)(i)(D)":     "24 hours",
	}
	for citation, limit := range limits {
		s := f.Safeguard(citation)
		if s == nil || !strings.Contains(s.Obligation, limit) {
			t.Errorf("%s does not ask for %s", citation, limit)
		}
	}
}

// Attestations keep their ids in ward.yaml, so an id means the same wherever it stands, in every framework, and is no
// more than a name.
func TestAttestationsMeanOneThing(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	first := map[string]framework.Attestation{}
	statements := map[string]string{}
	for _, f := range loadCatalog(t) {
		for _, s := range f.Safeguards {
			seen := map[string]bool{}
			for _, a := range s.Attestations {
				if !form.MatchString(a.ID) {
					t.Errorf("%s %s: id %q is not lower-case words joined by hyphens", f.ID, s.Citation, a.ID)
				}
				if seen[a.ID] {
					t.Errorf("%s %s: attestation %s stands twice", f.ID, s.Citation, a.ID)
				}
				seen[a.ID] = true
				if a.ReviewMonths < 1 || a.ReviewMonths > 12 {
					t.Errorf("%s %s: %s holds for %d months; 1 to 12 are sensible", f.ID, s.Citation, a.ID, a.ReviewMonths)
				}
				if other, ok := first[a.ID]; ok {
					if diff := cmp.Diff(other, a); diff != "" {
						t.Errorf("%s %s: %s differs from where it first stands:\n%s", f.ID, s.Citation, a.ID, diff)
					}
					continue
				}
				first[a.ID] = a
				if other, ok := statements[a.Statement]; ok {
					t.Errorf("%s %s: %s and %s have the same statement", f.ID, s.Citation, a.ID, other)
				}
				statements[a.Statement] = a.ID
			}
		}
	}
}

// stableAttestations are the ids of the default framework. People write them into ward.yaml: one may be added, and
// taken away or renamed only with a notice to them.
var stableAttestations = strings.Fields(`
	access-authorization access-review access-termination activity-review baa-cloud baa-content baa-other-arrangements
	baa-register baa-subcontractor-terms baa-subcontractors baa-terms baa-written clearinghouse-isolation contingency-plan
	contingency-test criticality-analysis disaster-recovery-plan documentation-available documentation-kept
	documentation-updated emergency-access emergency-mode-plan evaluation facility-access facility-access-validation
	facility-contingency facility-maintenance-records facility-security-plan incident-procedures incident-records
	information-access-policy malware-procedures media-accountability media-controls media-disposal media-reuse
	plan-document-terms plan-sponsor-duty risk-analysis risk-management sanction-policy security-management-process
	security-official security-policies security-reminders security-training workforce-authorization workforce-clearance
	workforce-security workstation-security workstation-use
`)

func TestAttestationIDsAreStable(t *testing.T) {
	got := map[string]bool{}
	for _, s := range load(t, "hipaa-security-rule").Safeguards {
		for _, a := range s.Attestations {
			got[a.ID] = true
		}
	}
	for _, id := range stableAttestations {
		if !got[id] {
			t.Errorf("attestation %s is gone", id)
		}
		delete(got, id)
	}
	for id := range got {
		t.Errorf("attestation %s is new: add it to stableAttestations", id)
	}
}

// No two safeguards lean on the same list of attestations: one signature must not answer two unlike questions.
func TestNoTwoSafeguardsShareTheirAttestations(t *testing.T) {
	for _, f := range loadCatalog(t) {
		lists := map[string]string{}
		for _, s := range f.Safeguards {
			var ids []string
			for _, a := range s.Attestations {
				ids = append(ids, a.ID)
			}
			if len(ids) == 0 {
				continue
			}
			slices.Sort(ids)
			list := strings.Join(ids, " ")
			if other, ok := lists[list]; ok {
				t.Errorf("%s: %s and %s have the same attestations: %s", f.ID, other, s.Citation, list)
			}
			lists[list] = s.Citation
		}
	}
}

// What is inherited is inherited from somebody, for a reason of its own, under an agreement that a person attests for
// 164.308(b) or 164.314(a), and the provider then answers for it at least in part.
func TestInheritancePointsToAnAgreement(t *testing.T) {
	for _, f := range loadCatalog(t) {
		reasons := map[string]string{}
		for _, s := range f.Safeguards {
			in := s.Inherited
			if in == nil {
				continue
			}
			if in.From == "" || in.Reason == "" {
				t.Errorf("%s %s: inherited wants from and reason", f.ID, s.Citation)
			}
			if other, ok := reasons[in.Reason]; ok {
				t.Errorf("%s: %s and %s are inherited for the same reason", f.ID, other, s.Citation)
			}
			reasons[in.Reason] = s.Citation
			if s.Responsible == "customer" {
				t.Errorf("%s %s: is inherited, so the customer is not alone responsible", f.ID, s.Citation)
			}
			if !agreement(f, in.Under) {
				t.Errorf("%s %s: inherited under %q, which is no attestation of an agreement", f.ID, s.Citation, in.Under)
			}
		}
	}
}

func agreement(f *framework.Framework, id string) bool {
	for _, s := range f.Safeguards {
		if !strings.HasPrefix(s.Citation, "164.308(b)") && !strings.HasPrefix(s.Citation, "164.314(a)") {
			continue
		}
		if slices.ContainsFunc(s.Attestations, func(a framework.Attestation) bool { return a.ID == id }) {
			return true
		}
	}
	return false
}

// Each obligation is told for its own paragraph, and no check is claimed twice for one safeguard.
func TestObligationsAndLinksAreOwn(t *testing.T) {
	for _, f := range loadCatalog(t) {
		obligations := map[string]string{}
		for _, s := range f.Safeguards {
			if other, ok := obligations[s.Obligation]; ok {
				t.Errorf("%s: %s and %s have the same obligation", f.ID, other, s.Citation)
			}
			obligations[s.Obligation] = s.Citation
			claimed := map[string]bool{}
			for _, l := range s.Checks {
				if claimed[l.Check] {
					t.Errorf("%s %s: check %s is claimed twice (%s)", f.ID, s.Citation, l.Check, l.File)
				}
				claimed[l.Check] = true
			}
		}
	}
}
