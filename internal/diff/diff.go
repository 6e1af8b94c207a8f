// Package diff compares two assessments: what is new, fixed, worse, better, lost from sight or gone.
//
// It must not know how findings come about. Not knowing is never better: what failed and is unknown now is neither fixed
// nor better.
package diff

import (
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Version of the JSON.
const Version = "1"

// Diff is what changed from one assessment to another.
type Diff struct {
	Version string `json:"version"`
	Before  Side   `json:"before"`
	After   Side   `json:"after"`
	// New are findings that fail or are unknown, of checks and resources that were not judged before.
	New []Change `json:"new"`
	// Worse are findings that pass or are unknown no longer, or weigh more: their severity rose or PHI is concerned.
	Worse []Change `json:"worse"`
	// Lost are findings that failed and are unknown now.
	Lost []Change `json:"lost"`
	// Fixed are findings that failed and pass now.
	Fixed []Change `json:"fixed"`
	// Better are findings that improved in any other way.
	Better []Change `json:"better"`
	// Gone are findings that failed or were unknown, and are not judged any more. That is not a fix.
	Gone       []Change          `json:"gone"`
	Safeguards []SafeguardChange `json:"safeguards"`
	// Notices say what makes the two hard to compare: another framework, another catalog.
	Notices []string `json:"notices,omitempty"`
}

// Side is one of the two assessments.
type Side struct {
	AssessedAt    time.Time           `json:"assessed_at"`
	Framework     string              `json:"framework"`
	CatalogDigest string              `json:"catalog_digest"`
	Coverage      assessment.Coverage `json:"coverage"`
	Summary       assessment.Summary  `json:"summary"`
}

// Change is a finding that changed.
type Change struct {
	ID       string              `json:"id"`
	Check    string              `json:"check"`
	Title    string              `json:"title"`
	Severity assessment.Severity `json:"severity"`
	PHI      string              `json:"phi"`
	Resource assessment.Resource `json:"resource"`
	Location assessment.Location `json:"location"`
	// Before and After are the statuses, "" where there was no such finding.
	Before assessment.Status `json:"before"`
	After  assessment.Status `json:"after"`
	// Why says what else changed, or for what is gone whether the resource or only the check is.
	Why string `json:"why,omitempty"`
}

// SafeguardChange is a safeguard whose status changed.
type SafeguardChange struct {
	Citation string             `json:"citation"`
	Name     string             `json:"name"`
	Before   assessment.Outcome `json:"before"` // "" if the framework had no such safeguard
	After    assessment.Outcome `json:"after"`
	Worse    bool               `json:"worse"`
	Reasons  []string           `json:"reasons"`
}

// Of compares two assessments. Findings are told apart by their ids; of several with one id the worst counts.
func Of(before, after *assessment.Assessment) *Diff {
	d := &Diff{Version: Version, Before: side(before), After: side(after), New: []Change{}, Worse: []Change{}, Lost: []Change{},
		Fixed: []Change{}, Better: []Change{}, Gone: []Change{}, Safeguards: []SafeguardChange{}}
	old, now := byID(before), byID(after)
	for i := range after.Findings {
		if f := &after.Findings[i]; now[f.ID] == f {
			d.add(old[f.ID], f)
		}
	}
	here := map[string]bool{}
	for i := range after.Findings {
		here[after.Findings[i].Resource.ID] = true
	}
	for i := range before.Findings {
		f := &before.Findings[i]
		if old[f.ID] != f || now[f.ID] != nil || rank[f.Status] < rank[assessment.Unknown] {
			continue
		}
		c := change(f, f.Status, "", "the resource is not there any more")
		if here[f.Resource.ID] {
			c.Why = "the check is not made any more"
		}
		d.Gone = append(d.Gone, c)
	}
	for _, list := range [][]Change{d.New, d.Worse, d.Lost, d.Fixed, d.Better, d.Gone} {
		slices.SortStableFunc(list, compare)
	}
	d.safeguards(before, after)
	d.compareBases()
	return d
}

func side(a *assessment.Assessment) Side {
	return Side{a.AssessedAt, a.Framework.ID, a.Tool.CatalogDigest, a.Coverage, a.Summary}
}

func byID(a *assessment.Assessment) map[string]*assessment.Finding {
	m := make(map[string]*assessment.Finding, len(a.Findings))
	for i := range a.Findings {
		f := &a.Findings[i]
		if have := m[f.ID]; have == nil || rank[f.Status] > rank[have.Status] {
			m[f.ID] = f
		}
	}
	return m
}

// rank orders statuses from good to bad.
var rank = map[assessment.Status]int{assessment.NotApplicable: 1, assessment.Pass: 1, assessment.Excepted: 2, assessment.Unknown: 3, assessment.Fail: 4}

func (d *Diff) add(old, now *assessment.Finding) {
	if old == nil {
		if rank[now.Status] >= rank[assessment.Unknown] {
			d.New = append(d.New, change(now, "", now.Status, ""))
		}
		return
	}
	c := change(now, old.Status, now.Status, "")
	switch was, is := rank[old.Status], rank[now.Status]; {
	case is > was:
		d.Worse = append(d.Worse, c)
	case is < was && old.Status == assessment.Fail && now.Status == assessment.Unknown:
		d.Lost = append(d.Lost, c)
	case is < was && old.Status == assessment.Fail && now.Status == assessment.Pass:
		d.Fixed = append(d.Fixed, c)
	case is < was:
		d.Better = append(d.Better, c)
	case is >= rank[assessment.Excepted]:
		d.weigh(old, now, c)
	}
}

// weigh tells a finding that still stands but weighs more or less than it did.
func (d *Diff) weigh(old, now *assessment.Finding, c Change) {
	heavier, lighter := []string{}, []string{}
	switch was, is := report.SeverityRank(old.Severity), report.SeverityRank(now.Severity); {
	case is < was:
		heavier = append(heavier, "severity rose from "+string(old.Severity)+" to "+string(now.Severity))
	case is > was:
		lighter = append(lighter, "severity fell from "+string(old.Severity)+" to "+string(now.Severity))
	}
	switch {
	case now.PHI == "yes" && old.PHI != "yes":
		heavier = append(heavier, "PHI is concerned now")
	case old.PHI == "yes" && now.PHI == "no":
		lighter = append(lighter, "no PHI is concerned any more")
	}
	if c.Why = strings.Join(append(heavier, lighter...), "; "); c.Why == "" {
		return
	}
	if len(heavier) > 0 {
		d.Worse = append(d.Worse, c)
		return
	}
	d.Better = append(d.Better, c)
}

func change(f *assessment.Finding, before, after assessment.Status, why string) Change {
	return Change{f.ID, f.Check, f.Title, f.Severity, f.PHI, f.Resource, f.Location, before, after, why}
}

// compare puts the worst changes first: PHI, status, severity, check, address.
func compare(a, b Change) int {
	phi := map[string]int{"yes": 0, "unknown": 1, "no": 2}
	for _, c := range []int{
		rank[b.After] - rank[a.After], phi[a.PHI] - phi[b.PHI], report.SeverityRank(a.Severity) - report.SeverityRank(b.Severity),
		strings.Compare(a.Check, b.Check), strings.Compare(a.Resource.Address, b.Resource.Address), strings.Compare(a.ID, b.ID),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// badness orders outcomes from good to bad; met and inherited are as good as each other.
var badness = map[assessment.Outcome]int{assessment.OutcomeNotNeeded: 1, assessment.Inherited: 1, assessment.Met: 1, assessment.Manual: 2,
	assessment.OutcomeUnknown: 3, assessment.NotMet: 4}

func (d *Diff) safeguards(before, after *assessment.Assessment) {
	old := map[string]assessment.Safeguard{}
	for _, s := range before.Safeguards {
		old[s.Citation] = s
	}
	for _, s := range after.Safeguards {
		was := old[s.Citation]
		delete(old, s.Citation)
		if was.Status != s.Status {
			d.Safeguards = append(d.Safeguards, SafeguardChange{s.Citation, s.Name, was.Status, s.Status,
				badness[s.Status] > max(badness[was.Status], 1), s.Reasons})
		}
	}
	for _, s := range before.Safeguards {
		if _, left := old[s.Citation]; left {
			d.Safeguards = append(d.Safeguards, SafeguardChange{s.Citation, s.Name, s.Status, "", false, []string{"the framework has no such safeguard any more"}})
		}
	}
}

func (d *Diff) compareBases() {
	if d.Before.Framework != d.After.Framework {
		d.Notices = append(d.Notices, "the frameworks differ: "+d.Before.Framework+" and "+d.After.Framework)
	}
	if d.Before.CatalogDigest != d.After.CatalogDigest {
		d.Notices = append(d.Notices, "the catalogs differ, so some changes may come from the checks and not from the estate")
	}
	if d.Before.AssessedAt.After(d.After.AssessedAt) {
		d.Notices = append(d.Notices, "the second assessment is older than the first")
	}
}

// IsWorse tells whether anything got worse: something new, worse or lost from sight.
func (d *Diff) IsWorse() bool { return len(d.New)+len(d.Worse)+len(d.Lost) > 0 }
