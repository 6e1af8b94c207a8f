package report

import (
	"cmp"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// Group is the findings of one check, worst first.
type Group struct {
	Check    assessment.Check
	Findings []*assessment.Finding
	// PHI counts the findings on resources with PHI, New those that the baseline does not hold.
	PHI, New int
}

// Groups returns the findings of the given status by check: groups with PHI first, then those of which PHI is not known,
// each by severity and then by the check's id. Within a group the order is PHI, file, line, address.
func Groups(a *assessment.Assessment, status assessment.Status) []Group {
	checks := Checks(a)
	index := map[string]int{}
	var groups []Group
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Status != status {
			continue
		}
		at, ok := index[f.Check]
		if !ok {
			at = len(groups)
			index[f.Check] = at
			groups = append(groups, Group{Check: checks[f.Check]})
		}
		g := &groups[at]
		g.Findings = append(g.Findings, f)
		if f.PHI == "yes" {
			g.PHI++
		}
		if f.New {
			g.New++
		}
	}
	for i := range groups {
		slices.SortStableFunc(groups[i].Findings, compareFindings)
	}
	slices.SortStableFunc(groups, compareGroups)
	return groups
}

func compareGroups(a, b Group) int {
	return cmp.Or(
		phiRank(a.Findings[0].PHI)-phiRank(b.Findings[0].PHI),
		SeverityRank(a.Check.Severity)-SeverityRank(b.Check.Severity),
		strings.Compare(a.Check.ID, b.Check.ID),
	)
}

func compareFindings(a, b *assessment.Finding) int {
	return cmp.Or(
		phiRank(a.PHI)-phiRank(b.PHI),
		strings.Compare(a.Location.File, b.Location.File),
		a.Location.Line-b.Location.Line,
		strings.Compare(a.Resource.Address, b.Resource.Address),
		strings.Compare(a.ID, b.ID),
	)
}

// phiRank puts what may hold PHI before what surely does not.
func phiRank(phi string) int {
	switch phi {
	case "yes":
		return 0
	case "no":
		return 2
	}
	return 1
}

// Severities are all severities, worst first.
func Severities() []assessment.Severity {
	return []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
}

// Outcomes are all outcomes of a safeguard, worst first.
func Outcomes() []assessment.Outcome {
	return []assessment.Outcome{assessment.NotMet, assessment.OutcomeUnknown, assessment.Manual,
		assessment.Inherited, assessment.OutcomeNotNeeded, assessment.Met}
}

// SeverityRank is 0 for the worst severity. One that is not known ranks as the worst.
func SeverityRank(s assessment.Severity) int {
	return max(0, slices.Index(Severities(), s))
}

// Checks returns every check that a finding names, by id. Where the assessment does not describe a check, what its
// findings say of it stands in.
func Checks(a *assessment.Assessment) map[string]assessment.Check {
	m := make(map[string]assessment.Check, len(a.Checks))
	for _, c := range a.Checks {
		m[c.ID] = c
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if _, ok := m[f.Check]; !ok {
			m[f.Check] = assessment.Check{ID: f.Check, Title: f.Title, Severity: f.Severity}
		}
	}
	return m
}

// Citations returns the safeguards that claim each check, by the check's id, in the framework's order. What findings cite
// besides comes after.
func Citations(a *assessment.Assessment) map[string][]string {
	m := map[string][]string{}
	seen := map[[2]string]bool{}
	add := func(check, citation string) {
		if key := [2]string{check, citation}; !seen[key] {
			seen[key] = true
			m[check] = append(m[check], citation)
		}
	}
	for _, s := range a.Safeguards {
		for _, c := range s.Checks {
			add(c.Check, s.Citation)
		}
	}
	for i := range a.Findings {
		for _, c := range a.Findings[i].Citations {
			add(a.Findings[i].Check, c)
		}
	}
	return m
}

// Grant is what would close some of the unknowns.
type Grant struct {
	// Grant is what to give, "" for the unknowns that nothing closes.
	Grant string
	// Reasons are the distinct reasons that it answers, most frequent first, and Findings those that wait for it. A
	// finding that needs two grants is in both.
	Reasons  []string
	Findings []*assessment.Finding
}

// Grants returns what would close the unknown findings, the one that helps most first and those without a remedy last.
func Grants(a *assessment.Assessment) []Grant {
	type tally struct {
		Grant
		count map[string]int
		last  *assessment.Finding
	}
	byGrant := map[string]*tally{}
	add := func(f *assessment.Finding, grant, reason string) {
		t := byGrant[grant]
		if t == nil {
			t = &tally{Grant: Grant{Grant: grant}, count: map[string]int{}}
			byGrant[grant] = t
		}
		t.count[reason]++
		if t.last != f {
			t.last = f
			t.Findings = append(t.Findings, f)
		}
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Status != assessment.Unknown {
			continue
		}
		for _, u := range f.Unknown {
			add(f, u.Grant, u.Reason)
		}
		if len(f.Unknown) == 0 {
			add(f, "", "no reason was given")
		}
	}
	grants := make([]Grant, 0, len(byGrant))
	for _, t := range byGrant {
		for r := range t.count {
			t.Reasons = append(t.Reasons, r)
		}
		slices.SortFunc(t.Reasons, func(a, b string) int {
			return cmp.Or(t.count[b]-t.count[a], strings.Compare(a, b))
		})
		slices.SortStableFunc(t.Findings, compareFindings)
		grants = append(grants, t.Grant)
	}
	slices.SortFunc(grants, func(a, b Grant) int {
		if (a.Grant == "") != (b.Grant == "") {
			return strings.Compare(b.Grant, a.Grant)
		}
		return cmp.Or(len(b.Findings)-len(a.Findings), strings.Compare(a.Grant, b.Grant))
	})
	return grants
}

// Baselined tells whether a baseline was given: only then do the New flags mean something.
func Baselined(a *assessment.Assessment) bool {
	failing := 0
	for i := range a.Findings {
		if a.Findings[i].New {
			return true
		}
		if a.Findings[i].Status == assessment.Fail {
			failing++
		}
	}
	return a.Summary.New != failing
}
