package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// The bounds of a filter.
const (
	maxValues = 60
	maxValue  = 500
)

// list is a member of a filter by its name in the address.
type list struct {
	name, title string
	words       []string // those that are allowed; nil for any
	set         func(f *history.Filter, values []string)
}

func words[T ~string](all []string) []T {
	var out []T
	for _, w := range all {
		out = append(out, T(w))
	}
	return out
}

func plain[T ~string](all []T) []string {
	var out []string
	for _, w := range all {
		out = append(out, string(w))
	}
	return out
}

var statuses = []assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass, assessment.NotApplicable}

// lists are all members of a filter that hold several values.
var lists = []list{
	{"status", "Status", plain(statuses), func(f *history.Filter, v []string) { f.Statuses = words[assessment.Status](v) }},
	{"severity", "Severity", plain(report.Severities()), func(f *history.Filter, v []string) { f.Severities = words[assessment.Severity](v) }},
	{"phi", "PHI", []string{"yes", "no", "unknown"}, func(f *history.Filter, v []string) { f.PHI = v }},
	{"owner", "Owner", nil, func(f *history.Filter, v []string) { f.Owners = v }},
	{"account", "Account", nil, func(f *history.Filter, v []string) { f.Accounts = v }},
	{"target", "Target", nil, func(f *history.Filter, v []string) { f.Targets = v }},
	{"region", "Region", nil, func(f *history.Filter, v []string) { f.Regions = v }},
	{"kind", "Kind", nil, func(f *history.Filter, v []string) { f.Kinds = v }},
	{"safeguard", "Safeguard", nil, func(f *history.Filter, v []string) { f.Safeguards = v }},
	{"check", "Check", nil, func(f *history.Filter, v []string) { f.Checks = v }},
	{"address", "Resource", nil, func(f *history.Filter, v []string) { f.Addresses = v }},
}

// nobody is how the owner of findings without one stands in an address.
const nobody = "nobody"

// ages are the spans that findings can be chosen by.
var ages = []struct {
	name, title       string
	atLeast, lessThan time.Duration
}{
	{"day", "less than a day", 0, 24 * time.Hour},
	{"week", "a day to a week", 24 * time.Hour, 7 * 24 * time.Hour},
	{"month", "a week to 30 days", 7 * 24 * time.Hour, 30 * 24 * time.Hour},
	{"quarter", "30 to 90 days", 30 * 24 * time.Hour, 90 * 24 * time.Hour},
	{"older", "more than 90 days", 90 * 24 * time.Hour, 0},
}

// filterOf reads a filter from the query of an address. Without a status it chooses what is open: fail and unknown.
func filterOf(q url.Values) (history.Filter, error) {
	var f history.Filter
	for _, l := range lists {
		values := q[l.name]
		if l.name == "status" && len(values) == 0 {
			values = []string{string(assessment.Fail), string(assessment.Unknown)}
		}
		if l.name == "status" && slices.Contains(values, "all") {
			continue
		}
		if len(values) > maxValues {
			return f, web.Faultf(http.StatusBadRequest, "A filter has at most %d values of one sort. Choose fewer, or by another sort.", maxValues)
		}
		for i, value := range values {
			if len(value) > maxValue || l.words != nil && !slices.Contains(l.words, value) {
				return f, web.Faultf(http.StatusBadRequest, "The filter asks for a %s that there is not. It can be: %s.",
					strings.ToLower(l.title), strings.Join(l.words, ", "))
			}
			if l.name == "owner" && value == nobody {
				values[i] = ""
			}
		}
		if len(values) > 0 {
			l.set(&f, values)
		}
	}
	if name := q.Get("age"); name != "" {
		i := slices.IndexFunc(ages, func(a struct {
			name, title       string
			atLeast, lessThan time.Duration
		}) bool {
			return a.name == name
		})
		if i < 0 {
			return f, web.Faultf(http.StatusBadRequest, "The filter asks for an age that there is not. It can be day, week, month, quarter or older.")
		}
		f.AtLeast, f.LessThan = ages[i].atLeast, ages[i].lessThan
	}
	f.Text = q.Get("q")
	if len(f.Text) > maxValue {
		return f, web.Faultf(http.StatusBadRequest, "The text to look for is too long.")
	}
	return f, nil
}

// facetGroup is one sort of facet as the page shows it.
type facetGroup struct {
	Name, Title string
	Choices     []facetChoice
	More        int
	Radio       bool
}

type facetChoice struct {
	Value, Label string
	Count        int
	On           bool
}

const facetsShown = 8

// facetGroups are the facets with the most frequent choices of each; those that are on are always there.
func facetGroups(f *history.Facets, q url.Values, name func(owner string) string) []facetGroup {
	sources := map[string][]history.Facet{"status": f.Statuses, "severity": f.Severities, "phi": f.PHI, "owner": f.Owners, "account": f.Accounts,
		"target": f.Targets, "region": f.Regions, "kind": f.Kinds, "safeguard": f.Safeguards, "check": f.Checks}
	var groups []facetGroup
	for _, l := range lists {
		facets := sources[l.name]
		if len(facets) == 0 || len(facets) == 1 && !facets[0].On && l.words == nil && l.name != "owner" {
			continue // it would narrow nothing
		}
		g := facetGroup{Name: l.name, Title: l.title}
		for i, x := range facets {
			if i >= facetsShown && !x.On {
				g.More++
				continue
			}
			g.Choices = append(g.Choices, choice(l.name, x, name))
		}
		groups = append(groups, g)
	}
	return append(groups, ageGroup(f.Ages, q.Get("age")))
}

func choice(list string, x history.Facet, name func(string) string) facetChoice {
	c := facetChoice{Value: x.Value, Label: report.Clean(x.Value), Count: x.Count, On: x.On}
	switch {
	case list == "owner" && x.Value == "":
		c.Value, c.Label = nobody, "nobody"
	case list == "owner":
		c.Label = name(x.Value)
	case list == "safeguard" && x.Title != "":
		c.Label += " " + report.Clean(x.Title)
	case list == "check" && x.Title != "":
		c.Label = report.Clean(x.Title)
	case x.Value == "":
		c.Label = "not told"
	}
	return c
}

func ageGroup(facets []history.AgeFacet, chosen string) facetGroup {
	g := facetGroup{Name: "age", Title: "Open for", Radio: true, Choices: []facetChoice{{Label: "any time", On: chosen == "", Count: -1}}}
	for _, a := range ages {
		c := facetChoice{Value: a.name, Label: a.title, On: a.name == chosen}
		for _, x := range facets {
			if x.AtLeast == a.atLeast && x.LessThan == a.lessThan {
				c.Count = x.Count
			}
		}
		g.Choices = append(g.Choices, c)
	}
	return g
}

// chip is one value of a filter, with the address without it.
type chip struct{ Text, Path string }

// chips are the values of the filter that the address holds.
func chips(v *view, q url.Values, name func(owner string) string) []chip {
	var all []chip
	without := func(key, value string) string {
		rest := url.Values{}
		for k, values := range q {
			for _, x := range values {
				if k != "after" && (k != key || x != value) {
					rest.Add(k, x)
				}
			}
		}
		if len(rest) == 0 {
			return "/findings"
		}
		return "/findings?" + rest.Encode()
	}
	for _, l := range lists {
		for _, value := range q[l.name] {
			text := value
			if l.name == "owner" && value != nobody {
				text = name(value)
			}
			all = append(all, chip{fmt.Sprintf("%s: %s", strings.ToLower(l.title), report.Clean(report.Short(text, 60))), without(l.name, value)})
		}
	}
	for _, key := range []string{"age", "q"} {
		if value := q.Get(key); value != "" {
			all = append(all, chip{map[string]string{"age": "age: ", "q": "contains: "}[key] + report.Clean(report.Short(value, 60)), without(key, value)})
		}
	}
	return all
}
