// Package grants sums up what whoever reads an estate would have to be given so that what is unknown becomes known, and keeps the sums over time.
//
// It must not know what a grant is made of: the sources say it in their own words, "s3:GetBucketPolicy" or "list pods".
package grants

import (
	"cmp"
	"context"
	"slices"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/sheet"
	"ward.dev/ward/internal/state"
)

// Missing is one grant and what it would close.
type Missing struct {
	Grant string `json:"grant" doc:"In the words of the source; empty: nothing is known to help"`
	// Findings want it. Alone are those of them that want nothing else: the others stay unknown until all that they want is granted.
	Findings  int      `json:"findings" doc:"Unknown findings that want it"`
	Alone     int      `json:"alone" doc:"Those of them that want nothing else"`
	PHI       int      `json:"phi" doc:"Those of them on resources with PHI"`
	Resources int      `json:"resources" doc:"Resources with such findings"`
	Gaps      int      `json:"gaps" doc:"Parts of targets that could not be read without it"`
	Kinds     []string `json:"kinds" doc:"Of the resources, the most findings first"`
	Reasons   []string `json:"reasons" doc:"Why it is missed"`
}

// How many of each are told.
const (
	mostKinds   = 8
	mostReasons = 5
	mostGrants  = 2000
)

// Sum sums up what an assessment misses, what closes most first and what nothing is known to help with last.
func Sum(a *assessment.Assessment) []Missing {
	t := tally{of: map[string]*sum{}}
	for _, g := range a.Gaps {
		s := t.at(g.Grant)
		s.Gaps++
		s.reason(g.Reason)
	}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Status == assessment.Unknown {
			t.finding(f)
		}
	}
	return t.list()
}

type tally struct {
	of map[string]*sum
}

type sum struct {
	Missing
	resources map[string]bool
	kinds     map[string]int
}

func (t *tally) at(grant string) *sum {
	s := t.of[grant]
	if s == nil {
		s = &sum{Missing: Missing{Grant: grant, Kinds: []string{}, Reasons: []string{}}, resources: map[string]bool{}, kinds: map[string]int{}}
		t.of[grant] = s
	}
	return s
}

// finding counts what a finding wants, each grant once.
func (t *tally) finding(f *assessment.Finding) {
	wants := map[string]bool{}
	for _, u := range f.Unknown {
		wants[u.Grant] = true
		t.at(u.Grant).reason(u.Reason)
	}
	if len(wants) == 0 {
		wants[""] = true
	}
	for grant := range wants {
		s := t.at(grant)
		s.Findings++
		if len(wants) == 1 {
			s.Alone++
		}
		if f.PHI == "yes" {
			s.PHI++
		}
		s.resources[f.Resource.ID] = true
		s.kinds[f.Kind]++
	}
}

func (s *sum) reason(why string) {
	if len(s.Reasons) < mostReasons && why != "" && !slices.Contains(s.Reasons, why) {
		s.Reasons = append(s.Reasons, why)
	}
}

func (t *tally) list() []Missing {
	all := []Missing{}
	for _, s := range t.of {
		s.Resources = len(s.resources)
		for kind := range s.kinds {
			s.Kinds = append(s.Kinds, kind)
		}
		slices.SortFunc(s.Kinds, func(a, b string) int { return cmp.Or(s.kinds[b]-s.kinds[a], cmp.Compare(a, b)) })
		s.Kinds = s.Kinds[:min(len(s.Kinds), mostKinds)]
		all = append(all, s.Missing)
	}
	slices.SortFunc(all, func(a, b Missing) int {
		return cmp.Or(last(a)-last(b), b.PHI-a.PHI, (b.Findings+b.Gaps)-(a.Findings+a.Gaps), cmp.Compare(a.Grant, b.Grant))
	})
	return all[:min(len(all), mostGrants)]
}

func last(m Missing) int {
	if m.Grant == "" {
		return 1
	}
	return 0
}

// table is where the sums are kept.
const table sheet.Table = "grant_missing"

// Keep keeps the sums of a run in the transaction that publishes it.
func Keep(ctx context.Context, tx bun.Tx, estate string, run int64, all []Missing) error {
	return table.Keep(ctx, tx, estate, run, all)
}

// Of returns the sums of a run; sheet.ErrNone if it was made before they were.
func Of(ctx context.Context, db *state.DB, estate string, run int64) ([]Missing, error) {
	var all []Missing
	err := table.Of(ctx, db, estate, run, &all)
	return all, err
}
