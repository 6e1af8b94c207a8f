package dashboard

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

type safeguardsBody struct {
	*view
	Sections []section // of those chosen
	Outcomes template.HTML
	Statuses []web.Tab
	Views    []assessment.View
	Trend    template.HTML
}

func (d *dashboard) safeguards(v *view, w http.ResponseWriter, r *http.Request) error {
	all, err := d.History.Safeguards(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	b := safeguardsBody{view: v, Outcomes: chart.Bar("Safeguards by outcome", outcomeParts(v, v.Run.Summary.Safeguards))}
	chosen := r.FormValue("status")
	b.Statuses = []web.Tab{{Title: "All", Path: v.URL("/safeguards"), Current: chosen == "", Count: web.Number(len(all))}}
	for _, o := range report.Outcomes() {
		if n := v.Run.Summary.Safeguards[o]; n > 0 || chosen == string(o) {
			b.Statuses = append(b.Statuses, web.Tab{Title: string(o), Path: v.URL("/safeguards", "status", string(o)), Current: chosen == string(o), Count: web.Number(n)})
		}
	}
	b.Sections = ruleMap(slices.DeleteFunc(slices.Clone(all), func(s assessment.Safeguard) bool { return chosen != "" && string(s.Status) != chosen }))
	if b.Views, err = d.History.Views(r.Context(), v.Estate.ID, v.Run.Number); err != nil {
		return err
	}
	return d.show(v, w, "safeguards.html", web.Page{Title: "Safeguards", Active: "/safeguards", Body: b})
}

type safeguardBody struct {
	*view
	assessment.Safeguard
	Checks   []claimed
	Spells   []history.Spell
	Strip    template.HTML
	Formats  []string
	Attest   string
	Findings history.Counts
}

// claimed is a check as a safeguard claims it, with what its findings come to.
type claimed struct {
	assessment.SafeguardCheck
	Title    string
	Severity assessment.Severity
	Counts   history.Counts
}

func (d *dashboard) safeguard(v *view, w http.ResponseWriter, r *http.Request) error {
	citation := r.PathValue("citation")
	s, err := d.History.Safeguard(r.Context(), v.Estate.ID, v.Run.Number, citation)
	if err != nil {
		return notThere(err, "The safeguard "+report.Clean(report.Short(citation, 80)))
	}
	b := safeguardBody{view: v, Safeguard: s, Formats: d.Formats}
	groups, err := d.History.BySafeguard(r.Context(), v.Estate.ID, v.Run.Number, citation)
	if err != nil {
		return err
	}
	for _, c := range s.Checks {
		row := claimed{SafeguardCheck: c, Title: c.Check}
		if i := slices.IndexFunc(groups, func(g history.CheckGroup) bool { return g.Check == c.Check }); i >= 0 {
			row.Title, row.Severity, row.Counts = or(groups[i].Title, c.Check), groups[i].Severity, groups[i].Counts
			add(&b.Findings, row.Counts)
		}
		b.Checks = append(b.Checks, row)
	}
	slices.SortStableFunc(b.Checks, func(x, y claimed) int { return rank(x.Status) - rank(y.Status) })
	if b.Spells, err = d.History.SafeguardHistory(r.Context(), v.Estate.ID, citation); err != nil {
		return err
	}
	b.Attest = d.Attest
	return d.show(v, w, "safeguard.html", web.Page{Title: s.Citation + " " + report.Clean(s.Name), Active: "/safeguards", Body: b,
		Up: []web.Crumb{{Title: "Safeguards", Path: v.URL("/safeguards")}, {Title: s.Citation, Path: v.Safeguard(s.Citation)}}})
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// rank puts what needs work first.
func rank(s assessment.Status) int {
	return slices.Index([]assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass, assessment.NotApplicable}, s)
}

func add(sum *history.Counts, c history.Counts) {
	sum.Fail += c.Fail
	sum.Unknown += c.Unknown
	sum.Excepted += c.Excepted
	sum.Pass += c.Pass
	sum.NotApplicable += c.NotApplicable
	sum.FailPHI += c.FailPHI
	sum.UnknownPHI += c.UnknownPHI
}

// topicBody is a page about one subject of the rule, by kind of resource.
type topicBody struct {
	*view
	Intro      string
	Safeguards []assessment.Safeguard
	Topics     []topic
	Counts     history.Counts
}

// topic is what one safeguard's checks come to, by kind of resource.
type topic struct {
	assessment.Safeguard
	Heading string
	Kinds   []kindCounts
	Counts  history.Counts
}

type kindCounts struct {
	Kind   string
	Counts history.Counts
	Checks []history.CheckGroup
}

func (d *dashboard) encryption(v *view, w http.ResponseWriter, r *http.Request) error {
	return d.topic(v, w, r, "Encryption", "/encryption",
		"What the checks that bear on encryption found, by kind of resource. What could not be read is unknown, never encrypted.",
		[][2]string{{"164.312(a)(2)(iv)", "At rest"}, {"164.312(e)(2)(ii)", "In transit"}})
}

func (d *dashboard) backups(v *view, w http.ResponseWriter, r *http.Request) error {
	return d.topic(v, w, r, "Backups", "/backups",
		"Whether data is saved, whether the last backups succeeded, whether they can be restored.",
		[][2]string{{"164.308(a)(7)(ii)(A)", "Backups are made"}, {"164.308(a)(7)(ii)(B)", "Data can be restored"},
			{"164.308(a)(7)(ii)(D)", "Restoring is tested"}, {"164.310(d)(2)(iv)", "Copies before equipment is moved"}})
}

func (d *dashboard) topic(v *view, w http.ResponseWriter, r *http.Request, title, path, intro string, citations [][2]string) error {
	b := topicBody{view: v, Intro: intro}
	all, err := d.History.Safeguards(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	for _, c := range citations {
		i := slices.IndexFunc(all, func(s assessment.Safeguard) bool { return s.Citation == c[0] })
		if i < 0 {
			continue
		}
		groups, err := d.History.BySafeguard(r.Context(), v.Estate.ID, v.Run.Number, c[0])
		if err != nil {
			return err
		}
		t := topic{Safeguard: all[i], Heading: c[1], Kinds: byKind(groups)}
		for _, k := range t.Kinds {
			add(&t.Counts, k.Counts)
		}
		add(&b.Counts, t.Counts)
		b.Topics = append(b.Topics, t)
	}
	return d.show(v, w, "topic.html", web.Page{Title: title, Active: path, Body: b})
}

// byKind puts checks with findings together by the kind that they are about, which is their id without its last part.
func byKind(groups []history.CheckGroup) []kindCounts {
	var all []kindCounts
	index := map[string]int{}
	for _, g := range groups {
		if g.Counts.Total()-g.Counts.NotApplicable == 0 {
			continue
		}
		kind := g.Check
		if i := strings.LastIndex(kind, "."); i > 0 {
			kind = kind[:i]
		}
		i, ok := index[kind]
		if !ok {
			i = len(all)
			index[kind] = i
			all = append(all, kindCounts{Kind: kind})
		}
		all[i].Checks = append(all[i].Checks, g)
		add(&all[i].Counts, g.Counts)
	}
	slices.SortStableFunc(all, func(a, b kindCounts) int {
		if d := (b.Counts.Fail + b.Counts.Unknown) - (a.Counts.Fail + a.Counts.Unknown); d != 0 {
			return d
		}
		return strings.Compare(a.Kind, b.Kind)
	})
	return all
}
