package assess

import (
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
)

// checksOf returns the checks that findings name, sorted by id.
func checksOf(c *catalog.Catalog, findings []assessment.Finding) []assessment.Check {
	seen := map[string]bool{}
	list := []assessment.Check{}
	for i := range findings {
		id := findings[i].Check
		if seen[id] {
			continue
		}
		seen[id] = true
		one := c.Check(id)
		list = append(list, assessment.Check{ID: id, Title: one.Title, Severity: one.Severity, Why: strings.TrimSpace(one.Why),
			Fix: one.Fix.Map(), Aka: one.Aka})
	}
	slices.SortFunc(list, func(a, b assessment.Check) int { return strings.Compare(a.ID, b.ID) })
	return list
}

var (
	statuses   = []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass, assessment.NotApplicable}
	outcomes   = []assessment.Outcome{assessment.NotMet, assessment.OutcomeUnknown, assessment.Manual, assessment.Met, assessment.Inherited, assessment.OutcomeNotNeeded}
	severities = []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
)

// counts is how many findings have each status.
type counts map[assessment.Status]int

func (c counts) evaluated() int {
	return c[assessment.Pass] + c[assessment.Fail] + c[assessment.Excepted]
}
func (c counts) asked() int { return c.evaluated() + c[assessment.Unknown] }

// coverage is the share of definite answers, 0 if nothing was asked.
func (c counts) coverage() float64 {
	if c.asked() == 0 {
		return 0
	}
	return float64(c.evaluated()) / float64(c.asked())
}

func (c counts) worst() assessment.Status {
	for _, s := range statuses {
		if c[s] > 0 {
			return s
		}
	}
	return assessment.NotApplicable
}

// summarize counts what stands in the assessment.
func summarize(a *assessment.Assessment) {
	found := counts{}
	s := assessment.Summary{Findings: map[assessment.Status]int{}, Safeguards: map[assessment.Outcome]int{}, Failing: map[assessment.Severity]int{}}
	for _, severity := range severities {
		s.Failing[severity] = 0
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		found[f.Status]++
		if f.Status != assessment.Fail {
			continue
		}
		s.Failing[f.Severity]++
		if f.PHI == "yes" {
			s.FailingPHI++
		}
	}
	for _, status := range statuses {
		s.Findings[status] = found[status]
	}
	s.New = found[assessment.Fail]
	for _, o := range outcomes {
		s.Safeguards[o] = 0
	}
	for _, g := range a.Safeguards {
		s.Safeguards[g.Status]++
	}
	if own := len(a.Safeguards) - s.Safeguards[assessment.Inherited] - s.Safeguards[assessment.OutcomeNotNeeded]; own > 0 {
		s.Score = float64(s.Safeguards[assessment.Met]) / float64(own)
	}
	a.Summary = s
	a.Coverage = assessment.Coverage{Evaluated: found.evaluated(), Unknown: found[assessment.Unknown],
		NotApplicable: found[assessment.NotApplicable], Ratio: found.coverage()}
}

// Exit codes of an assessment.
const (
	ExitMet     = 0
	ExitFails   = 3
	ExitUnknown = 4
)

// ExitCode says what the assessment comes to: 3 if a finding fails, 4 if none fails but something is unknown (a finding, a
// gap, or that nothing at all was judged), 0 otherwise. With a baseline only what it does not hold counts.
//
// It speaks of what was read, not of attestations: a safeguard that waits for a person leaves the code as it is, since no
// change of the code that is assessed could answer it, and a build that nobody can make green is soon ignored.
func ExitCode(a *assessment.Assessment, baseline bool) int {
	unknown := a.Coverage.Evaluated == 0
	for _, g := range a.Gaps {
		unknown = unknown || !baseline || g.New
	}
	for i := range a.Findings {
		switch f := &a.Findings[i]; {
		case f.Status == assessment.Fail && (!baseline || f.New):
			return ExitFails
		case f.Status == assessment.Unknown && (!baseline || f.New):
			unknown = true
		}
	}
	if unknown {
		return ExitUnknown
	}
	return ExitMet
}
