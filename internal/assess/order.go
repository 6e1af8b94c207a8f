package assess

import (
	"cmp"
	"slices"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/scope"
)

var (
	statusRank   = map[assessment.Status]uint64{assessment.Fail: 0, assessment.Unknown: 1, assessment.Excepted: 2, assessment.Pass: 3, assessment.NotApplicable: 4}
	phiRank      = map[string]uint64{scope.Yes: 0, scope.Unknown: 1, scope.No: 2}
	severityRank = map[assessment.Severity]uint64{assessment.Critical: 0, assessment.High: 1, assessment.Medium: 2, assessment.Low: 3}
)

// order puts the worst findings first: by status, PHI, severity, check, and address; those on PHI rank first. It sorts
// small keys and then moves each finding once.
func order(findings []assessment.Finding) {
	type key struct {
		rank  uint64
		index int32
	}
	checks := ranks(findings, func(f *assessment.Finding) string { return f.Check })
	places := ranks(findings, func(f *assessment.Finding) string { return f.Resource.Address })
	keys := make([]key, len(findings))
	for i := range findings {
		f := &findings[i]
		keys[i] = key{statusRank[f.Status]<<61 | phiRank[f.PHI]<<59 | severityRank[f.Severity]<<57 |
			uint64(checks[f.Check])<<32 | uint64(places[f.Resource.Address]), int32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if c := cmp.Compare(a.rank, b.rank); c != 0 {
			return c
		}
		return cmp.Compare(a.index, b.index) // the order of the inventory
	})
	for start := range keys {
		// Follow the circle of moves that begins here; a key that points to itself is done.
		if int(keys[start].index) == start {
			continue
		}
		first, to := findings[start], start
		for {
			from := int(keys[to].index)
			keys[to].index = int32(to)
			if from == start {
				findings[to] = first
				break
			}
			findings[to], to = findings[from], from
		}
	}
}

// ranks numbers the different texts in their order.
func ranks(findings []assessment.Finding, text func(*assessment.Finding) string) map[string]uint32 {
	m := map[string]uint32{}
	var texts []string
	for i := range findings {
		t := text(&findings[i])
		if _, ok := m[t]; !ok {
			m[t] = 0
			texts = append(texts, t)
		}
	}
	slices.Sort(texts)
	for i, t := range texts {
		m[t] = uint32(i)
	}
	return m
}
