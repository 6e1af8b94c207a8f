package decisions_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"ward.dev/ward/test/browser"
)

// TestBrowser proves that a person takes an exception from its form to its approval in a real browser, with and without script, and that all pages of
// governance are sound in every view.
func TestBrowser(t *testing.T) {
	b := browser.Open(t)
	s := serve(t)
	var who atomic.Value
	who.Store("ann")
	web := httptest.NewServer(browser.Guarded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Who", who.Load().(string))
		s.mux.ServeHTTP(w, r)
	})))
	defer web.Close()
	v := b.Visit(browser.Plain)
	v.Open(web.URL + "/decisions/exception/new?check=aws.s3.bucket.encrypts-with-kms&resource=aws_s3_bucket.logs&estate=north")
	for label, text := range map[string]string{"What it is about": "Old logs", "Owner": "Cyd", "Reason": "It goes in March.",
		"What is done instead (if it applies)": "Two may read it.", "Last day": "2026-05-20"} {
		v.Fill(label, text)
	}
	v.Press("Save")
	v.Sees("EX-1 Old logs")
	v.Press("Propose")
	v.Sees("A second person is needed")
	who.Store("bob")
	v.Open(web.URL + "/decisions/exception/EX-1")
	v.Press("Approve")
	v.Sees("End it")
	s.post("ann", "/decisions/incident", http.StatusSeeOther, "title", "Lost laptop", "role", "covered entity", "discovered", "2026-02-01",
		"description", "A laptop was lost.", "owner", "Cyd", "breach", "undecided")
	s.post("ann", "/decisions/exception/EX-1", http.StatusSeeOther, append([]string{"act.version", "3"}, exception...)...)
	for _, view := range browser.Views {
		v := b.Visit(view)
		for name, path := range map[string]string{"desk": "/decisions", "list": "/decisions/exception", "list empty": "/decisions/vendor",
			"form": "/decisions/exception/EX-1/edit", "form incident": "/decisions/incident/IN-1/edit", "form risk": "/decisions/risk/new",
			"item": "/decisions/exception/EX-1", "item incident": "/decisions/incident/IN-1", "import": "/decisions/import",
			"matrix": "/responsibilities", "plan": "/plan?estate=north"} {
			if got := v.Open(web.URL + path); got != http.StatusOK {
				t.Fatalf("%s: status %d", path, got)
			}
			v.Sound("decisions " + name)
		}
		if view.Print { // paper has no buttons
			continue
		}
		v.Open(web.URL + "/decisions/exception/new")
		if _, err := v.Evaluate("document.querySelector('main form.form:not([role=search])').noValidate = true"); err != nil {
			t.Fatal(err)
		}
		v.Press("Save")
		v.Sees("Nothing was changed yet")
		_ = v.Messages() // that the reply was 422
		v.Sound("decisions mistake")
	}
}
