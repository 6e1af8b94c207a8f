package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// digestOf names scopes without telling them: an address can hold the name of a customer.
func digestOf(scopes []history.Scope) string {
	b, err := json.Marshal(scopes)
	if err != nil {
		panic(err) // it is strings
	}
	return record.Digest(b)
}

type findingBody struct {
	*view
	*history.Detail
	Owner   string
	Spells  []history.Spell
	Ways    []way
	Effects []effect
	Proof   string
	People  []web.Choice
	Except  string
	Back    string
}

// way is one way to fix a finding.
type way struct{ Name, Title, Text string }

// effect is what a fix of the finding does for a safeguard that claims its check.
type effect struct {
	assessment.Safeguard
	Left int // other findings that fail or are unknown
}

// Sentence says it in words.
func (e effect) Sentence() string {
	switch {
	case e.Left == 0 && e.Status == assessment.NotMet:
		return "nothing else of its checks fails, so that only attestations could still be missing"
	case e.Left == 0:
		return "nothing else of its checks is open"
	}
	return fmt.Sprintf("%s of its checks stay open", report.Count(e.Left, "other finding"))
}

// ways are the kinds of guidance in the order that suits where the finding was made.
func ways(a *history.Detail) []way {
	titles := map[string]string{"console": "Console", "cli": "Command line",
		"terraform": "Terraform", "cloudformation": "CloudFormation", "kubernetes": "Kubernetes", "dockerfile": "Dockerfile"}
	first, _ := report.Fix(&assessment.Assessment{Targets: a.Run.Targets}, a.Text, &a.Finding)
	var all []way
	for _, name := range []string{first, "console", "cli", "terraform", "cloudformation", "kubernetes", "dockerfile"} {
		text := strings.TrimSpace(a.Text.Fix[name])
		if text != "" && !slices.ContainsFunc(all, func(w way) bool { return w.Name == name }) {
			all = append(all, way{name, titles[name], report.CleanText(text)})
		}
	}
	return all
}

// Tabs are the ways as tabs; Way is the one that is shown.
func (b findingBody) Tabs() []web.Tab {
	var tabs []web.Tab
	for _, w := range b.Ways {
		tabs = append(tabs, web.Tab{Title: w.Title, Path: b.URL("/findings/"+b.Detail.ID, "fix", w.Name) + "#fix", Current: w.Name == b.Way().Name})
	}
	return tabs
}

// Way is the one that the address asks for, or the first.
func (b findingBody) Way() way {
	for _, w := range b.Ways {
		if w.Name == b.r.FormValue("fix") {
			return w
		}
	}
	if len(b.Ways) == 0 {
		return way{}
	}
	return b.Ways[0]
}

func (d *dashboard) finding(v *view, w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	detail, err := d.History.Finding(r.Context(), v.Estate.ID, v.Run.Number, id)
	if err != nil {
		return notThere(err, "The finding")
	}
	b := findingBody{view: v, Detail: detail, Ways: ways(detail), Back: v.Finding(id)}
	if b.Spells, err = d.History.FindingHistory(r.Context(), v.Estate.ID, id); err != nil {
		return err
	}
	names, people, err := d.people(r.Context())
	if err != nil {
		return err
	}
	b.People, b.Owner = people, ownerName(names, detail.Item.Owner)
	all, err := d.History.Safeguards(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	open := detail.Status == assessment.Fail || detail.Status == assessment.Unknown
	for _, s := range all {
		if !slices.ContainsFunc(s.Checks, func(c assessment.SafeguardCheck) bool { return c.Check == detail.Check }) {
			continue
		}
		e := effect{Safeguard: s, Left: s.Findings[assessment.Fail] + s.Findings[assessment.Unknown]}
		if open {
			e.Left--
		}
		b.Effects = append(b.Effects, e)
	}
	if d.Proof != nil {
		if b.Proof, err = d.Proof(r.Context(), v.Estate.ID, detail.Item.SinceRun); err != nil {
			return err
		}
	}
	if d.Except != "" && open {
		b.Except = exceptPath(d.Except, v.Estate.ID, []string{detail.Check}, detail.Item.Address)
	}
	return d.show(v, w, "finding.html", web.Page{Title: report.Clean(detail.Title), Active: "/findings", Body: b,
		Up: []web.Crumb{{Title: "Findings", Path: v.URL("/findings")}, {Title: detail.Check, Path: v.URL("/findings", "check", detail.Check)}}})
}

type resourceBody struct {
	*view
	Address   string
	Resources []history.Resource
}

func (d *dashboard) resource(v *view, w http.ResponseWriter, r *http.Request) error {
	address := r.FormValue("address")
	if len(address) > 4096 {
		return web.Faultf(http.StatusBadRequest, "That is no address of a resource.")
	}
	all, err := d.History.Resource(r.Context(), v.Estate.ID, v.Run.Number, address)
	if err == nil && len(all) == 0 {
		err = history.ErrNone
	}
	if err != nil {
		return notThere(err, "The resource")
	}
	return d.show(v, w, "resource.html", web.Page{Title: report.Clean(address), Active: "/findings", Body: resourceBody{v, address, all},
		Up: []web.Crumb{{Title: "Findings", Path: v.URL("/findings", "group", "resource")}}})
}
