package estates_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/pages/estates"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/test/browser"
)

// office is the pages on a server on which somebody with some roles is signed in.
type office struct {
	t     *testing.T
	mux   *http.ServeMux
	store *estate.Store
	roles []access.Role
}

func open(t *testing.T) *office {
	t.Helper()
	db := statetest.SQLite(t)
	keeper, _ := recordtest.Open(t, db, nil)
	o := &office{t, http.NewServeMux(), estate.Open(db, keeper, time.Now, nil), []access.Role{access.Administrator}}
	site, err := web.New(o.mux, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	example := func() (string, error) { return filepath.Join(t.TempDir(), "clinic"), nil }
	if err := estates.Add(site, api.New(o.mux, "test"), estates.Deps{Store: o.store, Example: example}); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	by := access.Actor{ID: "ada", Name: "ada@example.org", Via: "session", Roles: o.roles}
	o.mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), by)))
}

func (o *office) ask(method, path string, body io.Reader, typ string) (int, string, string) {
	o.t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, body)
	r.Header.Set("Content-Type", typ)
	o.ServeHTTP(w, r)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

func (o *office) post(path string, fields ...string) (status int, location, body string) {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return o.ask("POST", path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

// TestPages proves that an estate is declared, changed and removed by page, that mistakes are told by their field with what was typed kept, and
// that who may not is refused.
func TestPages(t *testing.T) {
	o := open(t)
	status, _, body := o.post("/estates", "name", "Clinic", "type", "folder", "path", "not/absolute", "hours", "24")
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "not/absolute") || !strings.Contains(body, `id="path-error"`) {
		t.Errorf("a mistake: %d %s", status, body)
	}
	status, location, _ := o.post("/estates", "name", "Clinic", "type", "folder", "path", "/srv/clinic", "hours", "24")
	if status != http.StatusSeeOther || location != "/runs?estate=clinic" {
		t.Fatalf("declared: %d %s", status, location)
	}
	if _, open, err := o.store.Current(t.Context(), "clinic"); err != nil || !open {
		t.Errorf("no assessment was asked for: %v", err)
	}
	if status, _, body := o.post("/estates", "name", "Clinic", "type", "aws"); status != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "There is an estate of that name") {
		t.Errorf("the name again: %d", status)
	}
	if status, location, _ := o.post("/estates/clinic/sources", "version", "1", "type", "aws", "regions",
		"eu-west-1, eu-central-1"); status != http.StatusSeeOther || location != "/estates/clinic" {
		t.Errorf("a source more: %d %s", status, location)
	}
	e, err := o.store.Get(t.Context(), "clinic")
	if err != nil || len(e.Sources) != 2 || len(e.Sources[1].Regions) != 2 || e.Version != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	if status, _, _ := o.post("/estates/clinic", "version", "1", "name", "Other"); status != http.StatusConflict {
		t.Errorf("a change of an old version: %d", status)
	}
	if status, _, _ := o.post("/estates/clinic/sources/0/remove", "version", "2"); status != http.StatusSeeOther {
		t.Errorf("a source less: %d", status)
	}
	if status, _, body := o.post("/estates/clinic/remove", "name", "clinic"); status != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "exactly") {
		t.Errorf("removed with another name: %d", status)
	}
	o.roles = []access.Role{access.Viewer}
	for _, path := range []string{"/estates", "/estates/clinic", "/estates/clinic/remove", "/estates/clinic/assess", "/estates/example"} {
		if status, _, _ := o.post(path, "name", "Clinic", "version", "3"); status != http.StatusForbidden {
			t.Errorf("a viewer at %s: %d", path, status)
		}
	}
	if status, _, body := o.ask("GET", "/estates/clinic", nil, ""); status != 200 || strings.Contains(body, "Remove the estate") {
		t.Errorf("a viewer is shown what only others may do: %d", status)
	}
	o.roles = []access.Role{access.Administrator}
	if status, location, _ := o.post("/estates/clinic/remove", "name", "Clinic"); status != http.StatusSeeOther || location != "/estates" {
		t.Errorf("removed: %d %s", status, location)
	}
	if status, _, _ := o.ask("GET", "/estates/clinic", nil, ""); status != http.StatusNotFound {
		t.Errorf("after it was removed: %d", status)
	}
	if status, location, _ := o.post("/estates/example"); status != http.StatusSeeOther || location != "/runs?estate=example-clinic" {
		t.Errorf("the example: %d %s", status, location)
	}
}

// TestOperations proves that the same can be done by the API, with the status that each outcome has.
func TestOperations(t *testing.T) {
	o := open(t)
	call := func(method, path, body string, want int) map[string]any {
		t.Helper()
		status, _, text := o.ask(method, "/api/v1"+path, strings.NewReader(body), "application/json")
		if status != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, status, text, want)
		}
		var out map[string]any
		if text != "" && json.Unmarshal([]byte(text), &out) != nil {
			t.Errorf("%s %s answers %q", method, path, text)
		}
		return out
	}
	const clinic = `{"name": "Clinic", "sources": [{"type": "folder", "path": "/srv/clinic"}]}`
	if e := call("POST", "/estates", clinic, 201); e["id"] != "clinic" {
		t.Errorf("created %v", e)
	}
	call("POST", "/estates", clinic, 409)
	call("POST", "/estates", `{"name": "Other", "sources": [{"type": "folder", "path": "relative"}]}`, 422)
	call("POST", "/estates", `{"name": "Other", "sources": [{"type": "ftp"}]}`, 422)
	if e := call("GET", "/estates/clinic", "", 200); e["name"] != "Clinic" {
		t.Errorf("read %v", e)
	}
	call("GET", "/estates/nope", "", 404)
	if e := call("PUT", "/estates/clinic?version=1", strings.Replace(clinic, "Clinic", "Big clinic", 1), 200); e["name"] != "Big clinic" ||
		e["version"] != 2.0 {
		t.Errorf("changed %v", e)
	}
	call("PUT", "/estates/clinic?version=1", clinic, 409)
	first := call("POST", "/estates/clinic/assess", "", 202)
	if again := call("POST", "/estates/clinic/assess", "", 200); again["id"] != first["id"] || first["state"] != "waiting" {
		t.Errorf("asked for %v and %v", first, again)
	}
	if jobs, _ := call("GET", "/estates/clinic/jobs", "", 200)["jobs"].([]any); len(jobs) != 1 {
		t.Errorf("jobs %v", jobs)
	}
	call("POST", "/estates/nope/assess", "", 404)
	call("DELETE", "/estates/clinic?version=2", "", 204)
	o.roles = []access.Role{access.Engineer}
	call("POST", "/estates", clinic, 403)
}

// TestLook proves that the pages are sound in a browser, with and without a mistake in them.
func TestLook(t *testing.T) {
	b := browser.Open(t)
	o := open(t)
	server := httptest.NewServer(browser.Guarded(o))
	defer server.Close()
	if status, _, _ := o.post("/estates", "name", "Clinic", "type", "folder", "path", "/srv/clinic"); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	for _, view := range browser.Views {
		v := b.Visit(view)
		for name, path := range map[string]string{"estates": "/estates", "estate": "/estates/clinic", "estate new folder": "/estates/new",
			"estate new repository": "/estates/new?type=repository", "estate new aws": "/estates/new?type=aws",
			"estate new cluster": "/estates/new?type=kubernetes"} {
			v.Open(server.URL + path)
			v.Sound(name)
		}
	}
}
