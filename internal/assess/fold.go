package assess

import (
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/citation"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
)

// tallied is what the findings of one check come to.
type tallied struct {
	counts
	// shown counts the findings that show something of the estate: definite ones, on resources that surely exist.
	shown int
}

func tally(findings []assessment.Finding) map[string]*tallied {
	m := map[string]*tallied{}
	for i := range findings {
		f := &findings[i]
		t := m[f.Check]
		if t == nil {
			t = &tallied{counts: counts{}}
			m[f.Check] = t
		}
		t.counts[f.Status]++
		definite := f.Status == assessment.Pass || f.Status == assessment.Fail || f.Status == assessment.Excepted && f.Judged == assessment.Fail
		if definite && f.Conditional == "" {
			t.shown++
		}
	}
	return m
}

// folder folds findings and decisions by safeguard.
type folder struct {
	Request
	tallies map[string]*tallied
	ledger  *ledger
	months  map[string]int // the shortest time for a review of each attestation
	notice  []assessment.Notice
	// unasked are the checks that only a live account can answer, of kinds that only code was read of.
	unasked map[string]bool
}

func newFolder(r Request, tallies map[string]*tallied) *folder {
	f := &folder{Request: r, tallies: tallies, ledger: newLedger(r.Config.Attestations, r.Now), months: map[string]int{},
		unasked: unasked(r)}
	for _, s := range r.Framework.Safeguards {
		for _, a := range s.Attestations {
			if have, ok := f.months[a.ID]; !ok || a.ReviewMonths < have {
				f.months[a.ID] = a.ReviewMonths
			}
		}
	}
	return f
}

// unasked lists the checks that only a live account can answer while code was all that was read of their kind.
func unasked(r Request) map[string]bool {
	inCode, live := map[*kind.Kind]bool{}, map[*kind.Kind]bool{}
	for _, one := range r.Inventory.Resources {
		if one.Live {
			live[one.Kind] = true
		} else {
			inCode[one.Kind] = true
		}
	}
	names := map[string]bool{}
	for _, c := range r.Catalog.Checks {
		if c.Live && inCode[c.Kind] && !live[c.Kind] {
			names[c.ID] = true
		}
	}
	return names
}

// verdict is an outcome that gets worse with each part of a safeguard that is wanting.
type verdict struct {
	outcome assessment.Outcome
	bad     []reason
	good    []string
}

type reason struct {
	outcome assessment.Outcome
	text    string
}

// badness orders outcomes: a safeguard is as bad as its worst part.
var badness = map[assessment.Outcome]int{assessment.OutcomeNotNeeded: 1, assessment.Inherited: 2, assessment.Met: 3, assessment.Manual: 4,
	assessment.OutcomeUnknown: 5, assessment.NotMet: 6}

func worse(a, b assessment.Outcome) assessment.Outcome {
	if badness[b] > badness[a] {
		return b
	}
	return a
}

func (v *verdict) want(o assessment.Outcome, format string, args ...any) {
	v.outcome = worse(v.outcome, o)
	v.bad = append(v.bad, reason{o, fmt.Sprintf(format, args...)})
}

func (v *verdict) have(o assessment.Outcome, format string, args ...any) {
	v.outcome = worse(v.outcome, o)
	v.good = append(v.good, fmt.Sprintf(format, args...))
}

// reasons returns what is wanting, the worst first, and then what is there.
func (v *verdict) reasons() []string {
	slices.SortStableFunc(v.bad, func(a, b reason) int { return badness[b.outcome] - badness[a.outcome] })
	list := make([]string, 0, len(v.bad)+len(v.good))
	for _, r := range v.bad {
		list = append(list, r.text)
	}
	return append(list, v.good...)
}

// safeguards folds every safeguard by itself and then each standard with its implementation specifications.
func (f *folder) safeguards() []assessment.Safeguard {
	n := len(f.Framework.Safeguards)
	list := make([]assessment.Safeguard, n)
	verdicts := make([]*verdict, n)
	index := map[string]int{}
	for i, s := range f.Framework.Safeguards {
		list[i], verdicts[i] = f.safeguard(s)
		index[s.Citation] = i
	}
	below := make([][]int, n)
	for i, s := range f.Framework.Safeguards {
		for _, above := range citation.Above(s.Citation) {
			if parent, ok := index[above]; ok {
				below[parent] = append(below[parent], i)
				break
			}
		}
	}
	done := make([]bool, n)
	var finish func(i int)
	finish = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		for _, child := range below[i] {
			finish(child)
		}
		f.include(list, below[i], verdicts[i])
		if verdicts[i].outcome == "" {
			verdicts[i].want(assessment.OutcomeUnknown, "%s", unanswered(f.Framework.Safeguards[i]))
		}
		list[i].Status, list[i].Reasons = verdicts[i].outcome, verdicts[i].reasons()
	}
	for i := range list {
		finish(i)
	}
	return list
}

func unanswered(s *framework.Safeguard) string {
	if s.Unanswered != "" {
		return "nothing answers it: " + s.Unanswered
	}
	return "no check, attestation or agreement answers it"
}

// include makes a standard no better than its implementation specifications.
func (f *folder) include(list []assessment.Safeguard, below []int, v *verdict) {
	fine := 0
	for _, child := range below {
		c := &list[child]
		if badness[c.Status] > badness[assessment.Met] {
			v.want(c.Status, "%s %s is %s", c.Citation, c.Name, c.Status)
			continue
		}
		v.outcome = worse(v.outcome, c.Status)
		fine++
	}
	if fine > 0 {
		v.good = append(v.good, fmt.Sprintf("%d of %s below it met, inherited or not applicable", fine, count(len(below), "specification")))
	}
}

// safeguard folds what a safeguard has of its own. The verdict of one that has nothing is empty.
func (f *folder) safeguard(s *framework.Safeguard) (assessment.Safeguard, *verdict) {
	g := assessment.Safeguard{Citation: s.Citation, Name: s.Name, Specification: s.Specification,
		Obligation: strings.TrimSpace(s.Obligation), Responsible: s.Responsible, Findings: map[assessment.Status]int{},
		Checks: []assessment.SafeguardCheck{}, Attestations: []assessment.AttestationState{}}
	v := &verdict{}
	notApplicable := f.attestations(s, &g, v)
	f.checks(s, &g, v)
	f.inheritance(s, &g, v)
	if notApplicable && g.Findings[assessment.Fail]+g.Findings[assessment.Unknown] == 0 {
		v.outcome, v.bad = assessment.OutcomeNotNeeded, nil
	}
	f.alternative(s, &g, v)
	return g, v
}

// attestations tells whether people have answered for the safeguard, and whether their answer is that it does not apply.
func (f *folder) attestations(s *framework.Safeguard, g *assessment.Safeguard, v *verdict) (notApplicable bool) {
	answers, without := 0, 0
	var open []assessment.AttestationState
	for _, a := range s.Attestations {
		state, not := f.ledger.state(a, s.MayNotApply)
		g.Attestations = append(g.Attestations, state)
		switch {
		case state.State == denied:
			v.want(assessment.NotMet, "%s is denied by %s: %s", a.ID, state.Owner, a.Statement)
			answers++
		case not:
			without++
			v.good = append(v.good, fmt.Sprintf("%s answers that it does not apply: %s", state.Owner, state.Note))
		case state.State == inDate:
			answers++
			v.have(assessment.Met, "%s is attested by %s until %s", a.ID, state.Owner, state.Expires)
		default:
			open = append(open, state)
		}
	}
	if without > 0 && answers == 0 {
		return true // who need not do a thing need not say how
	}
	if without > 0 {
		v.outcome = worse(v.outcome, assessment.Met)
	}
	for _, state := range open {
		if state.State == expired {
			v.want(assessment.Manual, "attestation %s expired on %s", state.ID, state.Expires)
			continue
		}
		v.want(assessment.Manual, "attestation %s is missing (%s)", state.ID, state.Role)
	}
	return false
}

// checks tells what the findings of the safeguard's checks come to.
func (f *folder) checks(s *framework.Safeguard, g *assessment.Safeguard, v *verdict) {
	if len(s.Checks) == 0 {
		return
	}
	sum := counts{}
	shown := map[string]int{} // by strength
	unasked := 0
	for _, l := range s.Checks {
		status := assessment.NotApplicable
		if !f.Catalog.Has(l.Check) {
			status = assessment.Unknown
			v.want(assessment.OutcomeUnknown, "check %s is not in the catalog", l.Check)
		}
		if t := f.tallies[l.Check]; t != nil {
			status = t.worst()
			shown[l.Strength] += t.shown
			for status, n := range t.counts {
				sum[status] += n
			}
		}
		if f.unasked[l.Check] && l.Strength == "implements" {
			unasked++
			status = assessment.Unknown
		}
		g.Checks = append(g.Checks, assessment.SafeguardCheck{Check: l.Check, Strength: l.Strength, Reason: l.Reason, Status: status})
	}
	for status, n := range sum {
		g.Findings[status] = n
	}
	g.Coverage = sum.coverage()
	if n := sum[assessment.Fail]; n > 0 {
		v.want(assessment.NotMet, "%d of %s: %s", n, verb(sum.asked(), "fails", "fail"), f.named(s, assessment.Fail))
	}
	if n := sum[assessment.Unknown]; n > 0 {
		v.want(assessment.OutcomeUnknown, "%d of %s: %s", n, verb(sum.asked(), "is unknown", "are unknown"), f.named(s, assessment.Unknown))
	}
	if unasked > 0 {
		v.want(assessment.OutcomeUnknown, "%s can only be answered by a live account, which was not assessed", count(unasked, "check"))
	}
	if sum[assessment.Fail]+sum[assessment.Unknown]+unasked > 0 {
		return
	}
	f.shown(s, v, sum, shown)
}

// gaps counts what was not read and may hide something that the safeguard's checks would have judged.
func (f *folder) gaps(s *framework.Safeguard) int {
	n := 0
	for _, g := range f.Inventory.Gaps {
		if g.Kind == "" || slices.ContainsFunc(s.Checks, func(l framework.Link) bool {
			k := catalog.KindOf(l.Check)
			return k == g.Kind || k == AnyKind
		}) {
			n++
		}
	}
	return n
}

// strengths of a check for a safeguard, the strongest first.
var strengths = []string{"implements", "supports", "evidence"}

// strongest returns how strong the strongest check of the safeguard is.
func strongest(s *framework.Safeguard) string {
	for _, strength := range strengths {
		if slices.ContainsFunc(s.Checks, func(l framework.Link) bool { return l.Strength == strength }) {
			return strength
		}
	}
	return ""
}

// shown keeps a safeguard from being met by nothing: by checks that had nothing to judge, by such as only support it while
// those that implement it had nothing, by resources that may not exist, or while a part of the targets was not read.
func (f *folder) shown(s *framework.Safeguard, v *verdict, sum counts, shown map[string]int) {
	strength := strongest(s)
	all := shown["implements"] + shown["supports"] + shown["evidence"]
	switch {
	case shown[strength] > 0 || all > 0 && len(s.Attestations) > 0 && strength != "implements":
	case len(s.Attestations) > 0 && strength != "implements" && f.gaps(s) > 0:
		v.want(assessment.OutcomeUnknown, "its checks had nothing to judge, and %s in what was read may hide something", count(f.gaps(s), "gap"))
		return
	case len(s.Attestations) > 0 && strength != "implements":
		v.good = append(v.good, "its checks only support the attestation, and had nothing to judge")
		return
	case all > 0:
		v.want(assessment.OutcomeUnknown, "nothing in the targets shows what %s it; %s of weaker checks may pass without that", strength, count(all, "finding"))
		return
	case sum.asked() == 0:
		v.want(assessment.OutcomeUnknown, "nothing in the targets shows it: its %s had nothing to judge", count(len(s.Checks), "check"))
		return
	default:
		v.want(assessment.OutcomeUnknown, "nothing in the targets surely shows it: what was judged may not exist or is excepted unseen")
		return
	}
	if n := f.gaps(s); n > 0 {
		v.want(assessment.OutcomeUnknown, "%s in what was read may hide more", count(n, "gap"))
	}
	text := count(sum[assessment.Pass], "finding") + " pass"
	if sum[assessment.Pass] == 1 {
		text = "1 finding passes"
	}
	if n := sum[assessment.Excepted]; n > 0 {
		text += fmt.Sprintf(", %d excepted", n)
	}
	v.have(assessment.Met, "%s", text)
}

func verb(n int, one, many string) string {
	if n == 1 {
		return "1 finding " + one
	}
	return fmt.Sprintf("%d findings %s", n, many)
}

// maxNamed bounds the checks that one reason names.
const maxNamed = 3

// named lists the checks of a safeguard with findings of a status, those with the most first.
func (f *folder) named(s *framework.Safeguard, status assessment.Status) string {
	var links []framework.Link
	for _, l := range s.Checks {
		if t := f.tallies[l.Check]; t != nil && t.counts[status] > 0 {
			links = append(links, l)
		}
	}
	slices.SortStableFunc(links, func(a, b framework.Link) int {
		return f.tallies[b.Check].counts[status] - f.tallies[a.Check].counts[status]
	})
	var parts []string
	for _, l := range links[:min(maxNamed, len(links))] {
		parts = append(parts, fmt.Sprintf("%s (%d)", l.Check, f.tallies[l.Check].counts[status]))
	}
	if more := len(links) - maxNamed; more > 0 {
		parts = append(parts, "and "+count(more, "more check"))
	}
	return strings.Join(parts, ", ")
}

// inheritance tells whether the agreement holds under which a provider answers.
func (f *folder) inheritance(s *framework.Safeguard, g *assessment.Safeguard, v *verdict) {
	if s.Inherited == nil {
		return
	}
	under := framework.Attestation{ID: s.Inherited.Under, ReviewMonths: f.months[s.Inherited.Under]}
	state, _ := f.ledger.state(under, false)
	g.Inherited = &assessment.Inheritance{From: s.Inherited.From, Under: s.Inherited.Under, Reason: strings.TrimSpace(s.Inherited.Reason),
		Confirmed: state.State == inDate}
	switch state.State {
	case inDate:
		v.have(assessment.Inherited, "the %s answers for it under %s, attested until %s", s.Inherited.From, s.Inherited.Under, state.Expires)
	case denied:
		v.want(assessment.NotMet, "the %s would answer for it, but the agreement %s is denied", s.Inherited.From, s.Inherited.Under)
	default:
		v.want(assessment.Manual, "the %s answers for it once the agreement %s is attested: it is %s", s.Inherited.From, s.Inherited.Under, state.State)
	}
}

// alternative lets a documented measure answer for an addressable specification. The findings stay as they are.
func (f *folder) alternative(s *framework.Safeguard, g *assessment.Safeguard, v *verdict) {
	for _, a := range f.Config.Alternatives {
		if a.Citation != s.Citation {
			continue
		}
		if flaw := alternative(a, s.Specification, config.NewDate(f.Now)); flaw != "" {
			f.notice = append(f.notice, notice("alternative ineffective", a.Citation, flaw, a.Place))
			return
		}
		g.Alternative = a.Measure
		text := fmt.Sprintf("answered by the alternative measure: %s (%s)", strings.TrimSpace(a.Measure), a.Document)
		v.outcome, v.good = assessment.Met, append([]string{text}, v.reasons()...)
		v.bad = nil
		return
	}
}

// notices tells of the attestations and alternatives that have no effect.
func (f *folder) notices() []assessment.Notice {
	notices := append(f.ledger.notice, f.ledger.unused(f.Config.Attestations)...)
	notices = append(notices, f.notice...)
	for _, a := range f.Config.Alternatives {
		if f.Framework.Safeguard(a.Citation) == nil {
			notices = append(notices, notice("alternative unused", a.Citation, "is no safeguard of this framework", a.Place))
		}
	}
	return notices
}

// views puts the safeguards in other orders. A row is as bad as its worst safeguard.
func (f *folder) views(list []assessment.Safeguard) []assessment.View {
	status := map[string]assessment.Outcome{}
	for _, g := range list {
		status[g.Citation] = g.Status
	}
	var views []assessment.View
	for _, v := range f.Framework.Views {
		view := assessment.View{ID: v.ID, Title: v.Title, Rows: []assessment.ViewRow{}}
		for _, r := range v.Rows {
			row := assessment.ViewRow{ID: r.ID, Title: r.Title, Citations: r.Citations}
			sum, seen := counts{}, map[string]bool{}
			for _, c := range r.Citations {
				row.Status = worse(row.Status, status[c])
				for _, l := range f.Framework.Safeguard(c).Checks {
					if t := f.tallies[l.Check]; t != nil && !seen[l.Check] {
						seen[l.Check] = true
						for s, n := range t.counts {
							sum[s] += n
						}
					}
				}
			}
			if row.Status == "" {
				row.Status = assessment.OutcomeUnknown // a row of nothing says nothing
			}
			row.Coverage = sum.coverage()
			view.Rows = append(view.Rows, row)
		}
		views = append(views, view)
	}
	return views
}
