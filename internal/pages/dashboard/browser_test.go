package dashboard_test

import (
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/test/browser"
)

// TestLook proves that every page is sound in a real browser: wide, narrow, dark and printed. axe finds nothing serious, nothing runs out of
// a narrow window, and the content security policy stops nothing.
func TestLook(t *testing.T) {
	b := browser.Open(t)
	h := open(t, season(t)...)
	page, err := h.History.Findings(t.Context(), "e1", 0, history.Filter{Statuses: []assessment.Status{assessment.Fail}}, "", 1)
	if err != nil || len(page.Items) == 0 {
		t.Fatal(err, "no finding fails")
	}
	f := page.Items[0]
	pages := map[string]string{
		"overview": "/", "safeguards": "/safeguards", "safeguard": "/safeguards/" + url.PathEscape("164.312(a)(1)"),
		"findings": "/findings", "findings-by-check": "/findings?group=check&status=all", "findings-by-resource": "/findings?group=resource&status=all",
		"findings-none": "/findings?q=nothing-is-called-so", "finding": "/findings/" + f.ID, "resource": "/resources?address=" + url.QueryEscape(f.Address),
		"phi": "/phi", "encryption": "/encryption", "backups": "/backups", "accounts": "/accounts", "changes": "/changes", "unknown": "/unknown", "due": "/due",
		"runs": "/runs", "run": "/runs/14", "overview-past": "/?date=2026-01-20", "before": "/?date=2020-01-20", "start": "/start", "missing": "/runs/99",
	}
	printed := map[string]bool{"overview": true, "safeguards": true, "safeguard": true, "findings": true, "finding": true, "accounts": true, "changes": true, "phi": true}
	for _, view := range browser.Views {
		v := b.Visit(view)
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			if only := os.Getenv("WARD_PAGE"); only != "" && only != name { // to look at one
				continue
			}
			if view.Print && !printed[name] {
				continue
			}
			t.Run(view.Name+"/"+name, func(t *testing.T) {
				status := v.Open(h.URL + pages[name])
				if name == "missing" {
					v.Messages() // the browser tells of the status
				} else if status != http.StatusOK {
					t.Errorf("status %d", status)
				}
				v.Sound(name)
			})
		}
	}
}

// TestStartLook proves the same of an install in which nothing is declared yet.
func TestStartLook(t *testing.T) {
	b := browser.Open(t)
	h := open(t)
	for _, view := range browser.Views {
		v := b.Visit(view)
		v.Open(h.URL + "/")
		v.Sees("Say what to assess")
		v.Sound("start-empty")
	}
}

// TestScript proves what the script adds: times in the reader's zone, rows counted as they are chosen, a filter that shows at once, a theme
// that stays, and a page that renews itself while an assessment runs.
func TestScript(t *testing.T) {
	b := browser.Open(t)
	h := open(t, season(t)...)
	v := b.Visit(browser.Desk)
	v.Open(h.URL + "/findings")
	v.Tick("tbody .tick input")
	v.Sees("1 chosen")
	v.Tick(".facets input[name=phi][value=yes]")
	v.Sees("phi: yes")
	if got := v.Query().Get("phi"); got != "yes" {
		t.Errorf("the address holds phi=%q", got)
	}
	v.Follow("Overview")
	v.Sees("CET") // the times of the tests are in winter, in Berlin
	v.Choose("Theme", "Dark")
	if got := v.Attribute("html", "data-theme"); got != "dark" {
		t.Errorf("the theme is %q", got)
	}
	v.Open(h.URL + "/runs")
	if got := v.Attribute("html", "data-theme"); got != "dark" {
		t.Errorf("on the next page the theme is %q", got)
	}
	h.change(func() {
		h.jobs = []dashboard.Job{{ID: "j1", State: "running", Stage: "reading buckets", Done: 3, Total: 12, Queued: now, By: "ada"}}
	})
	h.Live.Tell("e1")
	v.Sees("reading buckets")
	for _, message := range v.Messages() {
		t.Errorf("the browser says: %s", message)
	}
}

// TestWithoutScript proves that a filter, a menu and an assignment work without script.
func TestWithoutScript(t *testing.T) {
	b := browser.Open(t)
	h := open(t, clinic(t))
	v := b.Visit(browser.Plain)
	v.Open(h.URL + "/findings")
	v.Tick(".facets input[name=severity][value=critical]")
	v.Press("Show findings")
	v.Sees("severity: critical")
	v.Tick("tbody .tick input")
	v.Select("assign to", "Grace Hopper")
	v.Press("Assign")
	v.Sees("severity: critical")
	if all, err := h.History.Assignments(t.Context(), "e1"); err != nil || len(all) != 1 || all[0].Owner != "grace" {
		t.Errorf("assigned is %v, %v", all, err)
	}
	small := b.Visit(browser.View{Name: "plain-phone", Width: 360, Height: 740, Scriptless: true})
	small.Open(h.URL + "/")
	small.Choose("Menu", "")
	small.Follow("Safeguards")
	small.Sees("164.312(a)(1)")
}
