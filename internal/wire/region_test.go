package wire_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
)

// TestDenialInOneRegion proves that a question which goes wrong in one region takes nothing from the other: what was found there
// stands, nothing improves, and what is asked of all regions becomes unknown unless one of them is enough.
func TestDenialInOneRegion(t *testing.T) {
	l := readLibrary(t)
	asked := map[question]bool{}
	l.fault = func(q question) fault {
		l.mu.Lock()
		defer l.mu.Unlock()
		asked[q] = true
		return nil
	}
	everywhere, home := l.everywhere(t), l.home(t)
	whole := judged(t, everywhere, home)
	regional := map[string]bool{}
	for _, a := range l.answers {
		for _, kind := range a.Regions {
			regional[kind] = true
		}
	}
	ways := slices.Sorted(maps.Keys(faults))
	tried := 0
	inOrder := func(a, b question) int { return strings.Compare(fmt.Sprint(a, a.region), fmt.Sprint(b, b.region)) }
	for _, wrong := range slices.SortedFunc(maps.Keys(asked), inOrder) {
		if !asked[question{wrong.service, wrong.operation, other(wrong.region)}] || wrong.operation == "GetCallerIdentity" {
			continue
		}
		if tried++; testing.Short() && tried%5 != 0 {
			continue
		}
		name := ways[tried%len(ways)]
		l.fault = func(q question) fault {
			if q == wrong {
				return faults[name]
			}
			return nil
		}
		after := judged(t, l.everywhere(t), home)
		for _, fault := range compare(whole, after) {
			t.Errorf("%s %s in %s: %s", wrong, name, wrong.region, fault)
		}
		now := statuses(after)
		for id, was := range statuses(whole) {
			there := regional[was.Kind] && was.Resource.Region == other(wrong.region) && !readsAll[was.Check]
			if there && now[id].Status != was.Status {
				t.Errorf("%s %s in %s: elsewhere %s was %q and is %q", wrong, name, wrong.region, was.Check, was.Status, now[id].Status)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d questions went wrong", tried)
	}
	t.Logf("%d questions went wrong in one region", tried)
}

// readsAll are the checks of one region that look for resources of another kind in all of them.
var readsAll = map[string]bool{"aws.ssm.account.sets-session-preferences": true}

func other(region string) string {
	if region == estateRegions[0] {
		return estateRegions[1]
	}
	return estateRegions[0]
}

func statuses(a *assessment.Assessment) map[string]*assessment.Finding {
	all := map[string]*assessment.Finding{}
	for i := range a.Findings {
		all[a.Findings[i].ID] = &a.Findings[i]
	}
	return all
}

// TestOneRegionMayBeEnough proves what an account is said of whose only detector cannot be listed, and of one of which that of
// another region cannot.
func TestOneRegionMayBeEnough(t *testing.T) {
	const check = "aws.account.watches-for-threats"
	for region, want := range map[string]assessment.Status{
		"": assessment.Pass, estateRegions[0]: assessment.Unknown, estateRegions[1]: assessment.Pass} {
		l := readLibrary(t)
		l.fault = func(q question) fault {
			if q.operation == "ListDetectors" && q.region == region {
				return faults["denied"]
			}
			return nil
		}
		found := false
		for _, f := range statuses(judged(t, l.everywhere(t), l.home(t))) {
			if f.Check == check {
				found = true
				if f.Status != want {
					t.Errorf("detectors unknown in %q: %s says %q, want %q", region, check, f.Status, want)
				}
			}
		}
		if !found {
			t.Errorf("%s was not asked", check)
		}
	}
}
