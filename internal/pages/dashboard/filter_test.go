package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/record"
)

// TestFilter proves that the address holds the filter: what is open is shown without one, each value narrows the list, what there is not is
// refused and not taken for no filter at all.
func TestFilter(t *testing.T) {
	h := open(t, clinic(t))
	all, err := h.History.Findings(t.Context(), "e1", 0, history.Filter{}, "", 500)
	if err != nil {
		t.Fatal(err)
	}
	count := func(choose func(history.Item) bool) string {
		n := 0
		for _, f := range all.Items {
			if choose(f) {
				n++
			}
		}
		return "<caption>" + plural(n)
	}
	fails := func(f history.Item) bool { return f.Status == assessment.Fail }
	for path, want := range map[string]string{
		"/findings":                     count(func(f history.Item) bool { return fails(f) || f.Status == assessment.Unknown }),
		"/findings?status=all":          count(func(history.Item) bool { return true }),
		"/findings?status=fail":         count(fails),
		"/findings?status=fail&phi=yes": count(func(f history.Item) bool { return fails(f) && f.PHI == "yes" }),
		"/findings?status=fail&severity=high&severity=critical": count(func(f history.Item) bool {
			return fails(f) && (f.Severity == assessment.High || f.Severity == assessment.Critical)
		}),
		"/findings?q=no-resource-is-called-so": "No finding fits",
	} {
		if status, body := h.get(t, path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d without %q", path, status, want)
		}
	}
	many := "/findings?check=x" + strings.Repeat("&check=x", 100)
	for _, path := range []string{"/findings?status=fine", "/findings?severity=awful", "/findings?phi=maybe", "/findings?age=old", "/findings?group=colour",
		"/findings?q=" + strings.Repeat("x", 501), many, "/?date=tomorrow", "/?date=2026-02-31"} {
		if status, _ := h.get(t, path); status != http.StatusBadRequest {
			t.Errorf("%.60s answers %d, not %d", path, status, http.StatusBadRequest)
		}
	}
	for _, path := range []string{"/findings/none", "/safeguards/164.999", "/resources?address=none", "/?estate=other", "/runs/0", "/runs/7"} {
		if status, _ := h.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s answers %d, not %d", path, status, http.StatusNotFound)
		}
	}
}

func plural(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return itoa(n) + " findings"
}

// TestAssign proves that assigning needs a permission and a person that there is, is recorded without telling addresses, and shows.
func TestAssign(t *testing.T) {
	h := open(t, clinic(t))
	f := h.first(t, assessment.Fail)
	form := url.Values{"estate": {"e1"}, "finding": {f.ID}, "owner": {"grace"}, "back": {"/findings/" + f.ID}}
	if status, to := h.post(t, "/findings/assign", form); status != http.StatusSeeOther || to != "/findings/"+f.ID {
		t.Fatalf("assigning answers %d %s", status, to)
	}
	if _, body := h.get(t, "/findings/"+f.ID); !strings.Contains(body, "Grace Hopper") {
		t.Error("the page of the finding does not name its owner")
	}
	entries := h.Log.Entries(t)
	last := entries[len(entries)-1]
	if last.Kind != record.Decision || last.Verb != "assign" || last.Subject != "account/grace" || last.Actor.ID != "ada" || last.Digests["scopes"] == "" {
		t.Errorf("recorded was %+v", last)
	}
	for name, c := range map[string]struct {
		change url.Values
		want   int
	}{
		"nothing":   {url.Values{"finding": nil}, http.StatusUnprocessableEntity},
		"nobody":    {url.Values{"owner": {"mallory"}}, http.StatusUnprocessableEntity},
		"elsewhere": {url.Values{"back": {"https://evil.example/"}}, http.StatusSeeOther},
		"estate":    {url.Values{"estate": {"none"}}, http.StatusNotFound},
		"too many":  {url.Values{"finding": make([]string, 501)}, http.StatusUnprocessableEntity},
	} {
		changed := url.Values{}
		for k, v := range form {
			changed[k] = v
		}
		for k, v := range c.change {
			changed[k] = v
		}
		status, to := h.post(t, "/findings/assign", changed)
		if status != c.want || name == "elsewhere" && to != "/" {
			t.Errorf("%s: %d %.80s, not %d", name, status, to, c.want)
		}
	}
	h.actor = access.Actor{ID: "eve", Name: "eve", Roles: []access.Role{access.Viewer}}
	if status, _ := h.post(t, "/findings/assign", form); status != http.StatusForbidden {
		t.Errorf("a viewer may assign: %d", status)
	}
	if status, _ := h.post(t, "/runs", url.Values{"estate": {"e1"}}); status != http.StatusForbidden || len(h.asked) != 0 {
		t.Errorf("a viewer may start an assessment: %d", status)
	}
	if status, _ := h.get(t, "/report?format=json"); status != http.StatusForbidden {
		t.Errorf("a viewer may take a report away: %d", status)
	}
}

// TestExcept proves that what was chosen leads to the form of an exception with its checks, and with its resource where it is one.
func TestExcept(t *testing.T) {
	h := open(t, clinic(t))
	f := h.first(t, assessment.Fail)
	one := "/exceptions/new?" + url.Values{"estate": {"e1"}, "check": {f.Check}, "resource": {f.Address}}.Encode()
	if status, to := h.get(t, "/findings/except?finding="+f.ID); status != http.StatusSeeOther || to != one {
		t.Errorf("one finding leads to %d %s, not %s", status, to, one)
	}
	if _, body := h.get(t, "/findings/"+f.ID); !strings.Contains(body, strings.ReplaceAll(one, "&", "&amp;")) {
		t.Error("the page of a finding does not lead to the form of an exception")
	}
	if status, to := h.get(t, "/findings/except?check=b&check=a&check=b"); status != http.StatusSeeOther || to != "/exceptions/new?check=a&check=b&estate=e1" {
		t.Errorf("checks lead to %d %s", status, to)
	}
	if status, _ := h.get(t, "/findings/except"); status != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen answers %d", status)
	}
}

// TestUnrecorded proves that nothing is assigned or taken away while the ledger cannot be written.
func TestUnrecorded(t *testing.T) {
	h := open(t, clinic(t))
	f := h.first(t, assessment.Fail)
	h.Log.Fail(http.ErrServerClosed)
	if status, _ := h.post(t, "/findings/assign", url.Values{"finding": {f.ID}, "owner": {"grace"}}); status != http.StatusServiceUnavailable {
		t.Errorf("assigning answers %d", status)
	}
	if status, _ := h.get(t, "/report?format=json"); status != http.StatusServiceUnavailable {
		t.Errorf("the report answers %d", status)
	}
	if all, err := h.History.Assignments(t.Context(), "e1"); err != nil || len(all) != 0 {
		t.Errorf("assigned is %v, %v", all, err)
	}
}
