package dashboard_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
)

// direct goes nowhere else than it is sent.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// get fetches a path without following where it leads.
func (h *house) get(t testing.TB, path string) (int, string) {
	t.Helper()
	reply, err := direct.Get(h.URL + path)
	return told(t, reply, err)
}

// post sends a form without following where it leads.
func (h *house) post(t testing.TB, path string, form url.Values) (int, string) {
	t.Helper()
	reply, err := direct.PostForm(h.URL+path, form)
	return told(t, reply, err)
}

// told returns the status of a reply, and where it leads or what it says.
func told(t testing.TB, reply *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	if to := reply.Header.Get("Location"); to != "" {
		return reply.StatusCode, to
	}
	return reply.StatusCode, string(b)
}

// ours are the paths that this package answers.
var ours = regexp.MustCompile(`^/($|\?|safeguards|findings|resources|phi|encryption|backups|accounts|changes|unknown|due|runs|start|report)`)

var (
	hrefs  = regexp.MustCompile(`href="([^"#]*)[^"]*"`)
	alert  = regexp.MustCompile(`role="alert">[^<]*`)
	styled = regexp.MustCompile(`<[^>]+\s(style|on[a-z]+)=`)
)

// TestPages proves that each page answers, that each link from one leads to a page, and that no page has style or script in it.
func TestPages(t *testing.T) {
	h := open(t, season(t)...)
	seen := map[string]bool{"/": true, "/start": true, "/findings?group=check&status=all": true, "/findings?group=resource": true, "/?date=2026-01-20": true, "/?date=2020-01-01": true, "/changes?from=3": true}
	var todo []string
	for path := range seen {
		todo = append(todo, path)
	}
	for n := 0; n < len(todo) && n < 400; n++ {
		status, body := h.get(t, todo[n])
		if status != http.StatusOK {
			t.Errorf("%s answers %d: %s", todo[n], status, alert.FindString(body))
			continue
		}
		if m := styled.FindString(body); m != "" {
			t.Errorf("%s has style or script in it: %s", todo[n], m)
		}
		for _, m := range hrefs.FindAllStringSubmatch(body, -1) {
			path := strings.ReplaceAll(m[1], "&amp;", "&")
			if ours.MatchString(path) && !seen[path] && !strings.Contains(path, "address=aws_") { // the map of the tests is made up
				seen[path] = true
				todo = append(todo, path)
			}
		}
	}
	if len(todo) < 100 {
		t.Errorf("only %d pages were found", len(todo))
	}
}

// first is a finding of the newest run.
func (h *house) first(t testing.TB, status assessment.Status) history.Item {
	t.Helper()
	page, err := h.History.Findings(t.Context(), "e1", 0, history.Filter{Statuses: []assessment.Status{status}}, "", 1)
	if err != nil || len(page.Items) == 0 {
		t.Fatal(err, "there is no such finding")
	}
	return page.Items[0]
}
