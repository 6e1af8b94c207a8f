package decisions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/catalog"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/pages/decisions"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
)

// people who use the pages, by name.
var people = map[string]context.Context{
	"ann": recordtest.As("ann@example.org", access.Compliance), "bob": recordtest.As("bob@example.org", access.Compliance),
	"cyd": recordtest.As("cyd@example.org", access.Engineer), "vera": recordtest.As("vera@example.org", access.Viewer),
	"nobody": context.Background(),
}

// server is the pages and operations of governance, with somebody who asks named in a header.
type server struct {
	t         testing.TB
	mux       http.Handler
	decisions *governance.Decisions
}

func serve(t testing.TB) *server {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC) }
	db := statetest.SQLite(t)
	keeper, _ := recordtest.Open(t, db, now)
	registers, err := register.Load(catalog.Files, "registers")
	if err != nil {
		t.Fatal(err)
	}
	frameworks, faults := framework.Load(catalog.Files, "frameworks")
	if len(faults) > 0 {
		t.Fatal(errors.Join(faults...))
	}
	files, err := evidence.OpenFolder(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	d, err := governance.Open(context.Background(), db, keeper, registers, governance.Options{Files: files, Now: now, Frameworks: frameworks})
	if err != nil {
		t.Fatal(err)
	}
	from := decisions.Sources{Now: now, Estates: func(context.Context) ([]web.Choice, error) {
		return []web.Choice{{Value: "north", Label: "North"}}, nil
	},
		Assessment: func(_ context.Context, estate string, _ time.Time) (*assessment.Assessment, error) {
			return &assessment.Assessment{Estate: "North", Safeguards: []assessment.Safeguard{{Citation: "164.312(b)", Status: assessment.Met}}}, nil
		}}
	for _, f := range frameworks {
		if f.Default {
			from.Framework = f
		}
	}
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := decisions.Add(site, api.New(mux, "test"), d, from); err != nil {
		t.Fatal(err)
	}
	return &server{t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), access.From(people[r.Header.Get("X-Who")]))))
	}), d}
}

// ask sends a request of somebody and wants a status.
func (s *server) ask(who, method, path, kind string, body io.Reader, want int) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("X-Who", who)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	if w.Code != want {
		s.t.Fatalf("%s %s %s: %d, want %d\n%s", who, method, path, w.Code, want, w.Body)
	}
	return w
}

func (s *server) get(who, path string, words ...string) string {
	s.t.Helper()
	text := s.ask(who, "GET", path, "", nil, http.StatusOK).Body.String()
	for _, word := range words {
		if !strings.Contains(text, word) {
			s.t.Errorf("%s does not say %q\n%s", path, word, text)
		}
	}
	return text
}

func (s *server) post(who, path string, want int, pairs ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return s.ask(who, "POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), want)
}

var exception = []string{"title", "Old logs", "checks", "aws.s3.bucket.*", "resources.address", "module.logs.*", "resources.tags", "stage=test,dev",
	"owner", "Cyd", "reason", "It goes in March.", "measure", "Two people may read it.", "expires", "2026-05-20", "act.estate", "north"}

// TestException proves that an exception goes by page from a finding to its approval by a second person, that mistakes keep what was typed, and that
// it then is due and exported.
func TestException(t *testing.T) {
	s := serve(t)
	s.get("ann", "/decisions/exception/new?check=aws.s3.bucket.encrypts-with-kms&resource=aws_s3_bucket.logs&estate=north",
		"aws.s3.bucket.encrypts-with-kms",
		`value="aws_s3_bucket.logs"`, `<option value="north" selected>`)
	wrong := append([]string{}, exception...)
	wrong[15] = "soon"
	text := s.post("ann", "/decisions/exception", 422, wrong...).Body.String()
	for _, word := range []string{"Write the day as 2026-12-31.", "It goes in March.", `value="module.logs.*"`, "stage=test,dev",
		`aria-invalid="true"`, "Last day: Write"} {
		if !strings.Contains(text, word) {
			t.Errorf("the form with a mistake does not say %q", word)
		}
	}
	if to := s.post("ann", "/decisions/exception", 303, exception...).Header().Get("Location"); to != "/decisions/exception/EX-1" {
		t.Fatalf("led to %s", to)
	}
	s.get("ann", "/decisions/exception/EX-1", "address module.logs.* and tag stage = test or dev", "Propose")
	s.post("ann", "/decisions/exception/EX-1/move", 303, "verb", "propose", "version", "1")
	s.get("ann", "/decisions/exception/EX-1", "A second person is needed: you did &#34;propose&#34; yourself", "It waits for a second person.")
	s.get("bob", "/decisions/exception/EX-1", "You may be that person.")
	s.post("ann", "/decisions/exception/EX-1/move", 403, "verb", "approve", "version", "2")
	s.post("bob", "/decisions/exception/EX-1/move", 409, "verb", "approve", "version", "1")
	s.post("bob", "/decisions/exception/EX-1/move", 422, "verb", "reject", "version", "2")
	s.post("bob", "/decisions/exception/EX-1/move", 303, "verb", "approve", "version", "2")
	s.get("vera", "/decisions", "The exception ends", "EX-1 Old logs", "2026-05-20", "Nobody has attested")
	s.get("vera", "/decisions/exception?estate=north&q=old", "EX-1 Old logs", "Cyd")
	s.get("vera", "/decisions/exception?q=new", "Nothing here is as the filter asks.")
	s.get("vera", "/decisions/export?estate=north", "id: EX-1", "approver: bob@example.org")
	// A change of it waits beside what is in force.
	s.get("ann", "/decisions/exception/EX-1/edit", "It stays in force until", `name="act.version" value="3"`)
	changed := append([]string{"act.version", "3", "act.reason", "Dan has it now."}, exception...)
	for i := range changed {
		if changed[i] == "Cyd" {
			changed[i] = "Dan"
		}
	}
	s.post("ann", "/decisions/exception/EX-1", 303, changed...)
	s.post("bob", "/decisions/exception/EX-1", 409, changed...)
	s.get("ann", "/decisions/exception/EX-1", "Version 3 is in force", "in force: Cyd", "proposed: Dan", "<del>Cyd</del> <ins>Dan</ins>",
		"Drop the change", "Dan has it now.")
	s.post("ann", "/decisions/exception/EX-1/move", 303, "verb", "discard", "version", "4")
}

// TestActFields proves that what a form says of the act is not taken for a field of the item of the same name, nor the other way round.
func TestActFields(t *testing.T) {
	s := serve(t)
	policy := []string{"title", "Access", "version", "7", "owner", "Cyd", "review", "2027-01-01"}
	s.post("ann", "/decisions/policy", 303, policy...)
	s.post("ann", "/decisions/policy/PO-1", 303, append(policy, "version", "8", "act.version", "1", "act.reason", "Reworded.")...)
	i, err := s.decisions.Get(people["ann"], "policy", "PO-1")
	if err != nil || i.Version != 2 || i.Body["version"].Text != "7" {
		t.Errorf("%+v, %v", i, err)
	}
	s.post("ann", "/decisions/exception", 303, exception...)
	s.post("ann", "/decisions/exception/EX-1", 303, append([]string{"act.version", "1"}, exception...)...)
	if v, err := s.decisions.Version(people["ann"], "exception", "EX-1", 2); err != nil || v.Reason != "" ||
		v.Body["reason"].Text != "It goes in March." {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestWho proves that nobody writes without the permission, and that those who are not signed in see nothing.
func TestWho(t *testing.T) {
	s := serve(t)
	s.post("vera", "/decisions/exception", 403, exception...)
	s.ask("vera", "GET", "/decisions/exception/new", "", nil, 403)
	s.ask("vera", "GET", "/decisions/import", "", nil, 403)
	if text := s.get("vera", "/decisions/exception"); strings.Contains(text, "New: an exception") {
		t.Error("a viewer is offered to write")
	}
	for _, path := range []string{"/decisions", "/decisions/exception", "/decisions/exception/EX-1", "/responsibilities", "/plan", "/decisions/export"} {
		s.ask("nobody", "GET", path, "", nil, 303)
	}
	s.post("nobody", "/decisions/exception", 401, exception...)
	s.post("cyd", "/decisions/exception", 303, exception...)
	s.post("cyd", "/decisions/exception/EX-1/move", 303, "verb", "propose", "version", "1")
	s.post("cyd", "/decisions/exception/EX-1/move", 403, "verb", "approve", "version", "2")
	for _, path := range []string{"/decisions/nothing", "/decisions/exception/EX-9", "/decisions/exception/EX-01", "/decisions/exception/1",
		"/decisions?estate=south"} {
		s.ask("ann", "GET", path, "", nil, 404)
	}
}

// TestFile proves that a file is attached by form and comes back as a download that a browser does not run, that it is kept when a form comes
// back with a mistake, and that it can be left out later while the history still has it.
func TestFile(t *testing.T) {
	s := serve(t)
	send := func(path string, want int, file string, pairs ...string) *httptest.ResponseRecorder {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for i := 0; i+1 < len(pairs); i += 2 {
			if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if file != "" {
			part, err := form.CreateFormFile("files", `evil".html`)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(part, file)
		}
		form.Close()
		return s.ask("ann", "POST", path, form.FormDataContentType(), &body, want)
	}
	pairs := []string{"statement", "activity-review", "answer", "yes", "owner", ""}
	text := send("/decisions/attestation", 422, "<script>alert(1)</script>", pairs...).Body.String()
	_, keep, ok := strings.Cut(text, `name="files.keep" value="`)
	if keep, _, _ = strings.Cut(keep, `"`); !ok {
		t.Fatal("the file was lost with the mistake")
	}
	pairs[5] = "Ann"
	send("/decisions/attestation", 303, "", append(pairs, "files.keep", keep)...)
	digest, _, _ := strings.Cut(keep, "|")
	w := s.ask("vera", "GET", "/decisions/attestation/AT-1/files/"+digest, "", nil, 200)
	h := w.Header()
	if w.Body.String() != "<script>alert(1)</script>" || h.Get("Content-Type") != "application/octet-stream" ||
		h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="evil`) || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v %s", h, w.Body)
	}
	send("/decisions/attestation/AT-1", 303, "", append(pairs, "act.version", "1")...)
	if text := s.get("ann", "/decisions/attestation/AT-1"); strings.Contains(text, "/files/") {
		t.Error("the file was not left out")
	}
	s.ask("vera", "GET", "/decisions/attestation/AT-1/files/"+digest, "", nil, 200)
	s.ask("vera", "GET", "/decisions/attestation/AT-1/files/sha256:00", "", nil, 404)
	send("/decisions/attestation", 413, strings.Repeat("x", governance.MaxFile+5<<20), pairs...)
}

// TestAttest proves that a statement is attested from its safeguard, and that a second time leads to what is there.
func TestAttest(t *testing.T) {
	s := serve(t)
	s.get("ann", "/decisions/attestation/new?id=risk-analysis&estate=north", "We carried out a risk analysis", `<option value="risk-analysis" selected>`)
	s.post("ann", "/decisions/attestation", 303, "statement", "risk-analysis", "answer", "yes", "owner", "Ann", "act.estate", "north")
	s.post("cyd", "/decisions/attestation/AT-1/move", 403, "verb", "attest", "version", "1")
	s.post("ann", "/decisions/attestation/AT-1/move", 303, "verb", "attest", "version", "1")
	s.get("ann", "/decisions/attestation/AT-1", "Risk analysis", "2027-05-01", "Attested")
	led := s.ask("ann", "GET", "/decisions/attestation/new?id=risk-analysis&estate=north", "", nil, 303)
	if to := led.Header().Get("Location"); to != "/decisions/attestation/AT-1" {
		t.Errorf("led to %s", to)
	}
	if text := s.get("ann", "/decisions?estate=north"); strings.Contains(text, "We carried out a risk analysis") {
		t.Error("it is attested and yet told as missing")
	}
}

// TestEveryRegister proves that the list, the form and an item of every register can be shown.
func TestEveryRegister(t *testing.T) {
	s := serve(t)
	for _, r := range s.decisions.Registers {
		s.get("ann", "/decisions/"+r.ID, r.Title, "This register is empty")
		text := s.get("ann", "/decisions/"+r.ID+"/new", "Save")
		for _, f := range r.Fields {
			if f.Asked() && !strings.Contains(text, `id="`+f.ID) {
				t.Errorf("the form of %s has no field %s", r.ID, f.ID)
			}
		}
		if s.post("ann", "/decisions/"+r.ID, 422).Body.Len() == 0 {
			t.Errorf("an empty %s was taken", r.ID)
		}
	}
}

// TestImport proves that a file becomes drafts by page, and that a mistake in it keeps what was typed.
func TestImport(t *testing.T) {
	s := serve(t)
	text := "attestations:\n  - {id: risk-analysis, answer: yes, owner: Ann, reviewed: 2026-04-01}\n"
	refused := s.post("ann", "/decisions/import", 422, "text", "attestation: []", "act.estate", "north").Body.String()
	if !strings.Contains(refused, "ward.yaml:1: unknown key") || !strings.Contains(refused, "attestation: []") {
		t.Error(refused)
	}
	s.post("ann", "/decisions/import", 422, "text", strings.Replace(text, "risk-analysis", "no-such", 1))
	if got := s.post("ann", "/decisions/import", 200, "text", text, "act.estate", "north").Body.String(); !strings.Contains(got, "1 new draft") {
		t.Error(got)
	}
	s.get("ann", "/decisions/attestation/AT-1", "Draft")
}

// TestMatrixAndPlan proves that both say what is known and name what is not.
func TestMatrixAndPlan(t *testing.T) {
	s := serve(t)
	s.get("ann", "/responsibilities", "Nobody is assigned to", "/decisions/responsibility/new?id=164.312%28b%29", "not attested")
	s.post("ann", "/decisions/responsibility", 303, "citation", "164.312(b)", "accountable", "Cyd", "responsible", "Dan\nEve")
	s.post("ann", "/decisions/responsibility/RE-1/move", 303, "verb", "propose", "version", "1")
	s.post("bob", "/decisions/responsibility/RE-1/move", 303, "verb", "assign", "version", "2")
	s.get("ann", "/responsibilities", "Dan, Eve")
	s.get("ann", "/plan?estate=north", "Answers for it", "Cyd", `<span class="status met">met</span>`, "there is no risk analysis",
		"What this plan does not know")
	if text := s.get("ann", "/plan", "There is no assessment"); strings.Contains(text, `<span class="status met">`) {
		t.Error("something is met without an assessment")
	}
	for _, path := range []string{"/plan?format=oscal-ssp&estate=north", "/plan?format=oscal-ssp"} {
		var plan struct {
			Plan struct {
				Metadata struct {
					Parties []struct{ Name string } `json:"parties"`
				} `json:"metadata"`
			} `json:"system-security-plan"`
		}
		if err := json.Unmarshal([]byte(s.get("ann", path)), &plan); err != nil || len(plan.Plan.Metadata.Parties) != 1 ||
			plan.Plan.Metadata.Parties[0].Name != "Cyd" {
			t.Errorf("%s: %+v, %v", path, plan, err)
		}
	}
	if strings.Contains(s.get("ann", "/plan?date=2026-04-01"), "Cyd") {
		t.Error("somebody answered before they were assigned")
	}
	s.ask("ann", "GET", "/plan?date=soon", "", nil, 400)
	s.ask("ann", "GET", "/plan?format=pdf", "", nil, 400)
}

// call sends JSON to the interface and reads its reply.
func (s *server) call(who, method, path string, in any, want int) map[string]any {
	s.t.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			s.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	w := s.ask(who, method, "/api/v1"+path, "application/json", body, want)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		s.t.Fatalf("%s: %v\n%s", path, err, w.Body)
	}
	return out
}

// TestOperations proves that what can be done by page can be done by program, under the same rules, and that a reply can be sent back.
func TestOperations(t *testing.T) {
	s := serve(t)
	fields := map[string]any{"title": "Old logs", "checks": []string{"aws.s3.bucket.*"}, "resources": map[string]any{"address": "*"}, "owner": "Cyd",
		"reason": "It goes.", "measure": "Two may read it.", "expires": "2026-05-20"}
	made := s.call("cyd", "POST", "/decisions/exception", map[string]any{"estate": "north", "fields": fields}, 201)
	if made["id"] != "EX-1" || made["version"] != 1.0 {
		t.Fatalf("made %v", made)
	}
	wrong := map[string]any{"fields": map[string]any{"title": "Old logs"}}
	s.call("cyd", "POST", "/decisions/exception", wrong, 422)
	fields["expires"] = "soon"
	got := s.call("cyd", "POST", "/decisions/exception", map[string]any{"fields": fields}, 422)
	if !strings.Contains(got["errors"].([]any)[0].(map[string]any)["location"].(string), "body.fields.expires") {
		t.Errorf("faults %v", got)
	}
	s.call("vera", "POST", "/decisions/exception", map[string]any{"fields": made["fields"]}, 403)
	s.call("nobody", "GET", "/decisions/exception", nil, 401)
	// What a reply says can be sent back.
	made = s.call("cyd", "PUT", "/decisions/exception/EX-1", map[string]any{"version": 1, "fields": made["fields"], "reason": "Again."}, 200)
	s.call("cyd", "PUT", "/decisions/exception/EX-1", map[string]any{"version": 1, "fields": made["fields"]}, 409)
	s.call("cyd", "POST", "/decisions/exception/EX-1/moves", map[string]any{"version": 2, "verb": "propose"}, 200)
	s.call("cyd", "POST", "/decisions/exception/EX-1/moves", map[string]any{"version": 3, "verb": "approve"}, 403)
	s.call("bob", "POST", "/decisions/exception/EX-1/moves", map[string]any{"version": 3, "verb": "approve"}, 200)
	s.call("bob", "POST", "/decisions/exception/EX-1/moves", map[string]any{"version": 4, "verb": "end"}, 422)
	again := s.call("cyd", "GET", "/decisions/exception/EX-1", nil, 200)
	s.call("cyd", "PUT", "/decisions/exception/EX-1", map[string]any{"version": 4, "fields": again["fields"]}, 200)
	if got := s.call("vera", "GET", "/decisions/exception/EX-1/history", nil, 200); len(got["versions"].([]any)) != 5 {
		t.Errorf("history %v", got)
	}
	if got := s.call("vera", "GET", "/decisions?estate=north", nil, 200); len(got["due"].([]any)) != 1 {
		t.Errorf("due %v", got)
	}
	for range 2 {
		s.call("cyd", "POST", "/decisions/exception", map[string]any{"fields": again["fields"]}, 201)
	}
	first := s.call("vera", "GET", "/decisions/exception?limit=2", nil, 200)
	rest := s.call("vera", "GET", "/decisions/exception?limit=2&after="+first["next"].(string), nil, 200)
	if len(first["items"].([]any)) != 2 || len(rest["items"].([]any)) != 1 || rest["next"] != nil {
		t.Errorf("pages %v and %v", first, rest)
	}
	w := s.ask("ann", "POST", "/api/v1/decisions/files?name=a.pdf", "application/octet-stream", strings.NewReader("evidence"), 200)
	var file map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	s.call("ann", "POST", "/decisions/attestation", map[string]any{"fields": map[string]any{"statement": "risk-analysis", "answer": "yes",
		"owner": "Ann", "files": []any{file}}}, 201)
	kept := s.ask("ann", "GET", "/api/v1/decisions/attestation/AT-1/files/"+file["digest"].(string), "", nil, 200)
	if kept.Body.String() != "evidence" || kept.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%v %s", kept.Header(), kept.Body)
	}
	s.call("ann", "POST", "/decisions/incident", map[string]any{"fields": map[string]any{"title": "Lost laptop", "role": "covered entity",
		"discovered": "2026-04-30", "description": "Lost.", "owner": "Cyd", "breach": "undecided", "individuals": 12}}, 201)
	text := s.ask("ann", "GET", "/api/v1/decisions/export?estate=north", "", nil, 200).Body.String()
	imported := s.ask("ann", "POST", "/api/v1/decisions/import?estate=north", "application/yaml", strings.NewReader(text), 200)
	if got := imported.Body.String(); !strings.Contains(got, `"unchanged":["EX-1"]`) {
		t.Errorf("%s imported again: %s", text, got)
	}
	if got := s.call("ann", "GET", "/responsibilities?estate=north", nil, 200); len(got["safeguards"].([]any)) < 60 {
		t.Errorf("matrix %v", got)
	}
	s.call("ann", "GET", "/plan?estate=north", nil, 200)
	document := s.ask("ann", "GET", "/api/v1/openapi.json", "", nil, 200).Body.String()
	for _, word := range []string{"create-exception", "change-risk", "low probability"} {
		if !strings.Contains(document, word) {
			t.Errorf("the document does not say %q", word)
		}
	}
}
