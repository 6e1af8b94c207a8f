package history_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// plain answers from assessments in memory, by looking at everything.
type plain struct {
	runs   []*assessment.Assessment
	owners map[string]string // by address
}

// opened returns since when a finding of the last run is open, the zero time if it is not.
func (p *plain) opened(id string) time.Time {
	var since time.Time
	for _, a := range p.runs {
		open := false
		for i := range a.Findings {
			if f := &a.Findings[i]; f.ID == id {
				open = f.Status == assessment.Fail || f.Status == assessment.Unknown || f.Status == assessment.Excepted
			}
		}
		switch {
		case !open:
			since = time.Time{}
		case since.IsZero():
			since = a.AssessedAt
		}
	}
	return since
}

func (p *plain) last() *assessment.Assessment { return p.runs[len(p.runs)-1] }

// chosen returns the ids of the findings of the last run that a filter chooses, sorted.
func (p *plain) chosen(f history.Filter) []string {
	has := func(wanted []string, value string) bool { return len(wanted) == 0 || slices.Contains(wanted, value) }
	var ids []string
	a := p.last()
	for i := range a.Findings {
		one := &a.Findings[i]
		target, _, _ := strings.Cut(one.Resource.ID, "#")
		ok := (len(f.Statuses) == 0 || slices.Contains(f.Statuses, one.Status)) && (len(f.Severities) == 0 || slices.Contains(f.Severities, one.Severity)) &&
			has(f.PHI, one.PHI) && has(f.Checks, one.Check) && has(f.Accounts, one.Resource.Account) && has(f.Targets, target) &&
			has(f.Kinds, one.Kind) && has(f.Regions, one.Resource.Region) && has(f.Owners, p.owners[one.Resource.Address]) &&
			has(f.Addresses, one.Resource.Address) && strings.Contains(strings.ToLower(one.Resource.Address), strings.ToLower(f.Text)) &&
			(len(f.Safeguards) == 0 || slices.ContainsFunc(one.Citations, func(c string) bool { return slices.Contains(f.Safeguards, c) }))
		if ok && (f.AtLeast > 0 || f.LessThan > 0) {
			since := p.opened(one.ID)
			age := a.AssessedAt.Sub(since)
			ok = !since.IsZero() && age >= f.AtLeast && (f.LessThan == 0 || age < f.LessThan)
		}
		if ok {
			ids = append(ids, one.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func filters() map[string]history.Filter {
	const day = 24 * time.Hour
	return map[string]history.Filter{
		"all":       {},
		"status":    {Statuses: []assessment.Status{assessment.Fail, assessment.Unknown}},
		"severity":  {Severities: []assessment.Severity{assessment.Critical}},
		"phi":       {PHI: []string{"yes"}, Statuses: []assessment.Status{assessment.Fail}},
		"safeguard": {Safeguards: []string{citationOf(3), citationOf(5)}},
		"check":     {Checks: []string{"aws.kind03.does-what-is-asked-4"}},
		"account":   {Accounts: []string{"100000000003"}, Regions: []string{"eu-west-3"}},
		"target":    {Targets: []string{"account-01", "account-02"}},
		"kind":      {Kinds: []string{"aws.kind07"}, PHI: []string{"no", "yes"}},
		"text":      {Text: "Service-1"},
		"owner":     {Owners: []string{"ada"}},
		"nobody's":  {Owners: []string{""}, Statuses: []assessment.Status{assessment.Fail}},
		"old":       {AtLeast: day},
		"young":     {LessThan: day},
		"between":   {AtLeast: day, LessThan: 2 * day, PHI: []string{"unknown"}},
		"nothing":   {Text: "a\nb"},
	}
}

// grown stores three runs of an estate, with an owner for some of its resources.
func grown(t *testing.T, db *state.DB) (*history.History, *plain) {
	t.Helper()
	h := history.New(db, history.Options{})
	g := newGenerator(250)
	p := &plain{owners: map[string]string{}}
	for range 3 {
		a := g.Assess()
		store(t, db, h, "e", a)
		p.runs = append(p.runs, a)
		g.Pass(100)
	}
	err := db.Do(context.Background(), func(ctx context.Context, tx bun.Tx) error {
		for i, r := range g.Resources {
			if i%9 == 0 {
				address := r.About.Resource.Address
				p.owners[address] = []string{"ada", "bob"}[i%2]
				if err := h.Assign(ctx, tx, "e", history.Scope{Address: address}, p.owners[address], firstDay); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

// TestAnswers proves that lists, groups and facets say what looking at every finding says, page by page and in the order of risk.
func TestAnswers(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h, p := grown(t, db)
		for name, f := range filters() {
			want := p.chosen(f)
			items := allPages(t, func(after string) (*history.Page[history.Item], error) {
				return h.Findings(context.Background(), "e", 0, f, after, 37)
			})
			checkItems(t, name, p, f, items, want)
			checkGroups(t, name, h, f, items)
		}
	})
}

func allPages[T any](t *testing.T, page func(after string) (*history.Page[T], error)) []T {
	t.Helper()
	var all []T
	for after := ""; ; {
		p, err := page(after)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Items...)
		if after = p.Next; after == "" {
			if len(all) != p.Total {
				t.Errorf("the pages hold %d entries, and say that there are %d", len(all), p.Total)
			}
			return all
		}
	}
}

func checkItems(t *testing.T, name string, p *plain, f history.Filter, items []history.Item, want []string) {
	t.Helper()
	var ids []string
	for i, item := range items {
		ids = append(ids, item.ID)
		if opened := p.opened(item.ID); !item.OpenedAt.Equal(opened) {
			t.Errorf("%s: %s is open since %v, want %v", name, item.ID, item.OpenedAt, opened)
		}
		if item.Owner != p.owners[item.Address] {
			t.Errorf("%s: %s is owned by %q, want %q", name, item.ID, item.Owner, p.owners[item.Address])
		}
		if i > 0 && risk(items[i-1], item) > 0 {
			t.Errorf("%s: %v comes before %v", name, items[i-1], item)
		}
	}
	slices.Sort(ids)
	if diff := gocmp.Diff(want, ids, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func risk(a, b history.Item) int {
	statuses := []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass, assessment.NotApplicable}
	severities := []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
	phi := []string{"yes", "unknown", "no"}
	return cmp.Or(slices.Index(statuses, a.Status)-slices.Index(statuses, b.Status), slices.Index(phi, a.PHI)-slices.Index(phi, b.PHI),
		slices.Index(severities, a.Severity)-slices.Index(severities, b.Severity), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Address, b.Address))
}

// checkGroups compares facets and groups with the list.
func checkGroups(t *testing.T, name string, h *history.History, f history.Filter, items []history.Item) {
	t.Helper()
	ctx := context.Background()
	facets, err := h.Facets(ctx, "e", 0, f)
	if err != nil {
		t.Fatal(err)
	}
	if facets.Total != len(items) || facets.Counts.Total() != len(items) {
		t.Errorf("%s: the facets count %d findings, want %d", name, facets.Total, len(items))
	}
	byKind := map[string]int{}
	byCheck := map[string]int{}
	byAddress := map[string]int{}
	for _, item := range items {
		byKind[item.Kind]++
		byCheck[item.Check]++
		byAddress[item.Address]++
	}
	for _, facet := range facets.Kinds {
		if len(f.Kinds) == 0 && facet.Count != byKind[facet.Value] {
			t.Errorf("%s: facet %s counts %d, want %d", name, facet.Value, facet.Count, byKind[facet.Value])
		}
	}
	groups := allPages(t, func(after string) (*history.Page[history.CheckGroup], error) {
		return h.ByCheck(ctx, "e", 0, f, after, 50)
	})
	for _, g := range groups {
		if g.Counts.Total() != byCheck[g.Check] {
			t.Errorf("%s: group %s counts %d, want %d", name, g.Check, g.Counts.Total(), byCheck[g.Check])
		}
		delete(byCheck, g.Check)
	}
	resources := allPages(t, func(after string) (*history.Page[history.ResourceGroup], error) {
		return h.ByResource(ctx, "e", 0, f, after, 50)
	})
	for _, g := range resources {
		if g.Counts.Total() != byAddress[g.Address] {
			t.Errorf("%s: group %s counts %d, want %d", name, g.Address, g.Counts.Total(), byAddress[g.Address])
		}
		delete(byAddress, g.Address)
	}
	if len(byCheck)+len(byAddress) > 0 {
		t.Errorf("%s: no groups for %v %v", name, byCheck, byAddress)
	}
}

// TestFailingPHI proves that each check is counted as often as it fails on resources with PHI, and comes with its text.
func TestFailingPHI(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h, p := grown(t, db)
		want := map[string]int{}
		for _, f := range p.last().Findings {
			if f.Status == assessment.Fail && f.PHI == "yes" {
				want[f.Check]++
			}
		}
		checks, got, err := h.FailingPHI(context.Background(), "e", 0)
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if diff := gocmp.Diff(p.last().Checks, checks); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestFacetsLeaveTheirOwnAside proves that the values of a facet are counted as if nothing were chosen among them, and all else were.
func TestFacetsLeaveTheirOwnAside(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h, p := grown(t, db)
		ctx := context.Background()
		f := history.Filter{Statuses: []assessment.Status{assessment.Fail}, PHI: []string{"yes"}, Accounts: []string{"100000000002"},
			Severities: []assessment.Severity{assessment.High}}
		facets, err := h.Facets(ctx, "e", 0, f)
		if err != nil {
			t.Fatal(err)
		}
		count := func(list []history.Facet, change func(f *history.Filter, value string)) {
			t.Helper()
			if len(list) == 0 {
				t.Error("a facet has no values")
			}
			for _, facet := range list {
				alone := f
				change(&alone, facet.Value)
				if want := len(p.chosen(alone)); facet.Count != want {
					t.Errorf("%s counts %d, want %d", facet.Value, facet.Count, want)
				}
			}
		}
		count(facets.Statuses, func(f *history.Filter, v string) { f.Statuses = []assessment.Status{assessment.Status(v)} })
		count(facets.PHI, func(f *history.Filter, v string) { f.PHI = []string{v} })
		count(facets.Accounts, func(f *history.Filter, v string) { f.Accounts = []string{v} })
		count(facets.Severities, func(f *history.Filter, v string) { f.Severities = []assessment.Severity{assessment.Severity(v)} })
		count(facets.Targets, func(f *history.Filter, v string) { f.Targets = []string{v} })
		count(facets.Regions, func(f *history.Filter, v string) { f.Regions = []string{v} })
		count(facets.Checks, func(f *history.Filter, v string) { f.Checks = []string{v} })
		count(facets.Safeguards, func(f *history.Filter, v string) { f.Safeguards = []string{v} })
		count(facets.Owners, func(f *history.Filter, v string) { f.Owners = []string{v} })
		for _, age := range facets.Ages {
			alone := f
			alone.AtLeast, alone.LessThan = age.AtLeast, age.LessThan
			if want := len(p.chosen(alone)); age.Count != want {
				t.Errorf("age %v counts %d, want %d", age, age.Count, want)
			}
		}
	})
}

// TestOne proves that a finding and a resource come with all that was said of them, and with their history.
func TestOne(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h, p := grown(t, db)
		ctx := context.Background()
		for i := 0; i < len(p.last().Findings); i += 97 {
			want := p.last().Findings[i]
			got, err := h.Finding(ctx, "e", 0, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, got.Finding, cmpopts.IgnoreFields(assessment.Call{}, "At"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			if got.Text.Why == "" || len(got.Siblings) != madeChecks-1 {
				t.Errorf("finding %s comes with the text %+v and %d others of its resource", want.ID, got.Text, len(got.Siblings))
			}
			resources, err := h.Resource(ctx, "e", 0, want.Resource.Address)
			if err != nil || len(resources) != 1 || len(resources[0].Findings) != madeChecks || resources[0].PHIReason != want.PHIReason {
				t.Errorf("resource %s: %+v, %v", want.Resource.Address, resources, err)
			}
			checkSpells(t, h, p, want.ID)
		}
		gone := ""
		for i := range p.runs[0].Findings {
			if id := p.runs[0].Findings[i].ID; !slices.ContainsFunc(p.last().Findings, func(f assessment.Finding) bool { return f.ID == id }) {
				gone = id
			}
		}
		checkSpells(t, h, p, gone)
		for _, id := range []string{"0000000000000001", "no id", ""} {
			if _, err := h.Finding(ctx, "e", 0, id); !errors.Is(err, history.ErrNone) {
				t.Errorf("finding %q: %v", id, err)
			}
			if _, err := h.FindingHistory(ctx, "e", id); !errors.Is(err, history.ErrNone) {
				t.Errorf("the history of finding %q: %v", id, err)
			}
		}
	})
}

// checkSpells compares the history of a finding with what each run said.
func checkSpells(t *testing.T, h *history.History, p *plain, id string) {
	t.Helper()
	spells, err := h.FindingHistory(context.Background(), "e", id)
	if err != nil {
		t.Fatal(err)
	}
	for n, a := range p.runs {
		want := ""
		for i := range a.Findings {
			if a.Findings[i].ID == id {
				want = string(a.Findings[i].Status)
			}
		}
		got := ""
		for _, s := range spells {
			if run := int64(n + 1); s.FromRun <= run && run <= s.ToRun {
				got = s.Status
			}
		}
		if got != want {
			t.Errorf("finding %s was %q at run %d, want %q: %+v", id, got, n+1, want, spells)
		}
	}
}

// TestCursor proves that a list goes on in the run that it began in, and that cursors that no page gave and
// filters without bounds are refused.
func TestCursor(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := history.New(db, history.Options{})
		g := newGenerator(50)
		store(t, db, h, "e", g.Assess())
		ctx := context.Background()
		first, err := h.Findings(ctx, "e", 0, history.Filter{}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		want, err := h.Findings(ctx, "e", 1, history.Filter{}, first.Next, 10)
		if err != nil {
			t.Fatal(err)
		}
		g.Pass(500)
		store(t, db, h, "e", g.Assess())
		got, err := h.Findings(ctx, "e", 0, history.Filter{}, first.Next, 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, bad := range []string{"x", "1", "1-", "-1", "1-0", "0-1", "1-1 ", "01-1", "2-99999999999999999999", fmt.Sprint("1-", -5)} {
			if _, err := h.Findings(ctx, "e", 0, history.Filter{}, bad, 10); !errors.Is(err, history.ErrCursor) {
				t.Errorf("cursor %q: %v", bad, err)
			}
		}
		for _, f := range []history.Filter{{Text: strings.Repeat("x", 501)}, {Checks: make([]string, 501)}} {
			if _, err := h.Findings(ctx, "e", 0, f, "", 10); !errors.Is(err, history.ErrFilter) {
				t.Errorf("a filter that asks for too much: %v", err)
			}
		}
		if _, err := h.Findings(ctx, "e", 2, history.Filter{}, first.Next, 10); !errors.Is(err, history.ErrCursor) {
			t.Errorf("the cursor of another run: %v", err)
		}
	})
}
