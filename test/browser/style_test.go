package browser_test

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/test/browser"
)

//go:embed testdata/*.html
var testdata embed.FS

// serve serves a site to somebody who may do all.
func serve(t *testing.T, add func(*web.Site, *http.ServeMux)) string {
	t.Helper()
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	live := site.Live(100)
	add(site, mux)
	all := access.Actor{ID: "1", Name: "ada@clinic.example", Roles: []access.Role{access.Compliance, access.Administrator}}
	server := httptest.NewServer(browser.Guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), all)))
	})))
	t.Cleanup(func() { live.Stop(); server.Close() })
	return server.URL
}

// TestStyle proves that all parts of pages are sound in every view, by every rule.
func TestStyle(t *testing.T) {
	b := browser.Open(t)
	folder, err := fs.Sub(testdata, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, func(site *web.Site, _ *http.ServeMux) {
		pages, err := site.Pages(folder)
		if err != nil {
			t.Fatal(err)
		}
		site.Link(web.Link{Title: "Overview", Path: "/", Need: access.View, Order: 1})
		site.Link(web.Link{Title: "Findings", Path: "/style", Need: access.View, Order: 2, Group: "State"})
		site.Link(web.Link{Title: "Decisions", Path: "/decisions", Need: access.View, Order: 3, Group: "Governance"})
		site.Handle("GET /style", access.View, func(w http.ResponseWriter, r *http.Request) error {
			return pages.Show(w, r, "style.html", web.Page{Title: "All parts", Active: "/style", Up: []web.Crumb{{Title: "Overview", Path: "/"}},
				Scope: &web.Scope{Action: "/style", Estates: []web.Choice{{Value: "1", Label: "Clinic"}}, Estate: "1", Max: "2026-11-22"},
				Body: map[string]any{
					"States": []string{"met", "not met", "unknown", "manual", "inherited", "not applicable", "excepted", "pass", "fail", "running",
						"due", "expired", "missing", "proposed", "approved"},
					"Severities": []string{"critical", "high", "medium", "low"}, "Now": time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC),
					"Tabs":   []web.Tab{{Title: "Console", Path: "/", Current: true}, {Title: "Terraform", Path: "/", Count: "2"}},
					"Errors": map[string]string{"email": "This is no address of e-mail: an @ is missing."},
				}})
		})
	})
	for _, view := range append(browser.Views, browser.Plain) {
		t.Run(view.Name, func(t *testing.T) {
			view.Rules = browser.All
			v := b.Visit(view)
			if got := v.Open(address + "/style"); got != http.StatusOK {
				t.Fatalf("status %d", got)
			}
			v.Sound("style")
		})
	}
}
