package dashboard_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/record"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestReport proves that a report of a date is that of the newest run by then, whole, named and recorded with the digest of its bytes.
func TestReport(t *testing.T) {
	runs := season(t)
	h := open(t, runs...)
	reply, err := http.Get(h.URL + "/report?format=json&date=2026-01-20")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a assessment.Assessment
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	want := runs[0]
	for _, r := range runs {
		if !r.AssessedAt.After(time.Date(2026, 1, 20, 23, 59, 59, 0, time.UTC)) {
			want = r
		}
	}
	if !a.AssessedAt.Equal(want.AssessedAt) || len(a.Findings) != len(want.Findings) {
		t.Errorf("the report is of %s with %d findings, not of %s with %d", a.AssessedAt, len(a.Findings), want.AssessedAt, len(want.Findings))
	}
	if name := reply.Header.Get("Content-Disposition"); !strings.Contains(name, "lakeside-family-clinic-2026-01") {
		t.Errorf("it is named %s", name)
	}
	entries := h.Log.Entries(t)
	last := entries[len(entries)-1]
	if last.Kind != record.Evidence || last.Digests["report"] != record.Digest(b) || last.Facts["format"] != "json" {
		t.Errorf("recorded was %+v", last)
	}
	if status, _ := h.get(t, "/report?format=exe"); status != http.StatusBadRequest {
		t.Errorf("a format that there is not answers %d", status)
	}
}

// TestStart proves that an empty install leads to its first assessment: the reader is led to the guide, and the guide tells the next step.
func TestStart(t *testing.T) {
	h := open(t)
	client := &http.Client{}
	reply, err := client.Get(h.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	reply.Body.Close()
	if reply.Request.URL.Path != "/start" {
		t.Errorf("an empty install leads to %s", reply.Request.URL)
	}
	step := func(name string, want ...string) {
		t.Helper()
		_, body := h.get(t, "/start")
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: %q is missing", name, w)
			}
		}
	}
	step("empty", `action="/estates"`, "Assess the example", `name="path"`)
	if _, body := h.get(t, "/start?kind=aws"); !strings.Contains(body, `name="role"`) {
		t.Error("there is no form for an account")
	}
	h.estates = []dashboard.Estate{{ID: "e9", Name: "Portal"}}
	step("declared", "Done: Portal", "Assess Portal")
	if status, to := h.post(t, "/runs", url.Values{"estate": {"e9"}}); status != http.StatusSeeOther || to != "/start?estate=e9" {
		t.Errorf("asking for the first assessment leads to %d %s", status, to)
	}
	if len(h.asked) != 1 || h.asked[0] != "e9" {
		t.Errorf("asked for was %v", h.asked)
	}
	h.jobs = []dashboard.Job{{ID: "j1", State: "running", Stage: "reading", Done: 3, Total: 12, Queued: now, By: "ada"}}
	step("running", "3 of 12", "<progress")
	if status, body := h.get(t, "/findings"); status != http.StatusOK || !strings.Contains(body, "under way") {
		t.Errorf("a page of an estate that is not assessed yet answers %d", status)
	}
	h.jobs = []dashboard.Job{{ID: "j1", State: "failed", Fault: "the folder /srv/code is not there", Queued: now, By: "ada"}}
	step("failed", "the folder /srv/code is not there")
	h.actor = access.Actor{ID: "eve", Name: "eve", Roles: []access.Role{access.Viewer}}
	h.estates = nil
	if _, body := h.get(t, "/start"); strings.Contains(body, "<form class=\"form\"") || !strings.Contains(body, "Ask an administrator") {
		t.Error("who may not declare an estate is not told whom to ask")
	}
}

// TestUnknownIsNotFine proves that the overview and the bars never draw what is unknown as what is met, and that score and coverage stand
// side by side.
func TestUnknownIsNotFine(t *testing.T) {
	a := clinic(t)
	a.Safeguards[0].Status = assessment.OutcomeUnknown
	h := open(t, a)
	_, body := h.get(t, "/")
	score, coverage := strings.Index(body, "score, met"), strings.Index(body, "coverage, answered")
	if score < 0 || coverage < score || coverage-score > 300 {
		t.Error("score and coverage do not stand side by side")
	}
	if strings.Contains(body, `class="f-good edge"><title>unknown`) || strings.Contains(body, `<span class="status met">unknown`) {
		t.Error("what is unknown looks as if it were met")
	}
	if !strings.Contains(body, `class="mark unknown"`) {
		t.Error("the map has no mark for what is unknown")
	}
}

// TestOperations proves that the operations answer what the pages show, to those who may, and that their document is there.
func TestOperations(t *testing.T) {
	h := open(t, season(t)...)
	f := h.first(t, assessment.Fail)
	for _, path := range []string{"/assessments?estate=e1", "/assessments/3?estate=e1", "/overview?estate=e1", "/safeguards?estate=e1", "/safeguards/164.312(a)(1)?estate=e1",
		"/safeguards/164.312(a)(1)/history?estate=e1", "/trend?estate=e1&from=2025-11-01T00:00:00Z&to=2026-03-03T00:00:00Z", "/changes?estate=e1", "/gaps?estate=e1", "/places?estate=e1",
		"/due?estate=e1", "/findings?estate=e1&status=fail&status=unknown&limit=3", "/finding-facets?estate=e1", "/findings/" + f.ID + "?estate=e1", "/findings/" + f.ID + "/history?estate=e1",
		"/assignments?estate=e1", "/phi-map?estate=e1", "/missing-grants?estate=e1", "/read-policies?estate=e1"} {
		status, body := h.get(t, "/api/v1"+path)
		if status != http.StatusOK || !json.Valid([]byte(body)) || strings.TrimSpace(body) == "null" {
			t.Errorf("%s answers %d: %.200s", path, status, body)
		}
	}
	for path, want := range map[string]int{"/findings?estate=e1&status=fine": 422, "/findings?estate=e1&limit=501": 422, "/findings": 422, "/safeguards?estate=none": 404, "/findings/none?estate=e1": 404} {
		if status, body := h.get(t, "/api/v1"+path); status != want {
			t.Errorf("%s answers %d, not %d: %.200s", path, status, want, body)
		}
	}
	h.actor = access.Actor{}
	if status, _ := h.get(t, "/api/v1/findings?estate=e1"); status != http.StatusUnauthorized {
		t.Errorf("without being signed in findings answer %d", status)
	}
	if status, to := h.get(t, "/findings"); status != http.StatusSeeOther {
		t.Errorf("without being signed in the page answers %d %.80s", status, to)
	}
}
