package wire_test

import (
	"fmt"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// compare says what of an assessment knows better than it can, where less was read than before: an answer may only become
// unknown, or go together with its resource if a gap says that there may be more of them.
func compare(before, after *assessment.Assessment) []string {
	var all []string
	now := map[string]*assessment.Finding{}
	resources := map[string]bool{}
	for i := range after.Findings {
		f := &after.Findings[i]
		now[f.ID], resources[f.Resource.ID] = f, true
	}
	known := map[string]bool{}
	changed := map[string]bool{} // checks of which some answer is not what it was
	for i := range before.Findings {
		f := &before.Findings[i]
		known[f.ID] = true
		g := now[f.ID]
		switch {
		case g == nil && resources[f.Resource.ID]:
			all = append(all, fmt.Sprintf("%s no longer answers for %s, which is still there", f.Check, f.Resource.Address))
		case g == nil && !gapOf(after, f.Kind):
			all = append(all, fmt.Sprintf("%s (%s) is gone and no gap says that there may be more", f.Resource.Address, f.Kind))
		case g != nil && f.Status == assessment.NotApplicable && g.Status == assessment.Pass: // it holds, whether asked or not
		case g != nil && g.Status != f.Status && g.Status != assessment.Unknown:
			all = append(all, fmt.Sprintf("%s was %q and is %q for %s: %v", f.Check, f.Status, g.Status, f.Resource.Address, g.Evidence))
		case g != nil && g.Status == assessment.Unknown && len(g.Unknown) == 0:
			all = append(all, fmt.Sprintf("%s is unknown for %s and does not say why", f.Check, f.Resource.Address))
		case g != nil && f.PHI != g.PHI && g.PHI != "unknown":
			all = append(all, fmt.Sprintf("%s: PHI was %q and is %q", f.Resource.Address, f.PHI, g.PHI))
		}
		if g == nil || g.Status != f.Status {
			changed[f.Check] = true
		}
	}
	for id, g := range now {
		if !known[id] && g.Status != assessment.Unknown {
			all = append(all, fmt.Sprintf("%s newly answers %q for %s", g.Check, g.Status, g.Resource.Address))
		}
	}
	return append(all, compareSafeguards(before, after, changed)...)
}

// gapOf tells whether a gap says that not all of a kind was read.
func gapOf(a *assessment.Assessment, kind string) bool {
	for _, g := range a.Gaps {
		if strings.HasPrefix(g.What, kind+" in ") && g.Reason != "" {
			return true
		}
	}
	return false
}

func compareSafeguards(before, after *assessment.Assessment, changed map[string]bool) []string {
	var all []string
	for i := range before.Safeguards {
		was, is := &before.Safeguards[i], &after.Safeguards[i]
		if was.Status != is.Status && is.Status != assessment.OutcomeUnknown {
			all = append(all, fmt.Sprintf("safeguard %s was %q and is %q", was.Citation, was.Status, is.Status))
		}
		if is.Status != assessment.Met {
			continue
		}
		for _, c := range is.Checks {
			if changed[c.Check] {
				all = append(all, fmt.Sprintf("safeguard %s is met although %s is not known", was.Citation, c.Check))
			}
		}
	}
	return all
}
