package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/web"
)

type reply struct {
	Body struct {
		Name string `json:"name"`
	}
}

// TestRegister proves that an operation answers those who have its permission and nobody else, that errors become problems without what is
// not for callers, and that the document tells all of it.
func TestRegister(t *testing.T) {
	mux := http.NewServeMux()
	a := api.New(mux, "1.0.0")
	var log strings.Builder
	a.Log = slog.New(slog.NewTextHandler(&log, nil))
	faults := map[string]error{"fault": web.Faultf(http.StatusConflict, "Somebody was faster."), "ledger": record.ErrUnrecorded,
		"other": http.ErrBodyNotAllowed}
	api.Register(a, huma.Operation{OperationID: "get-thing", Method: http.MethodGet, Path: "/things/{name}", Summary: "Read a thing"}, access.Evidence,
		func(_ context.Context, in *struct {
			Name string `path:"name"`
			Size int    `query:"size" minimum:"1"`
		}) (*reply, error) {
			out := &reply{}
			out.Body.Name = in.Name
			return out, faults[in.Name]
		})
	ask := func(path string, by access.Actor) (int, string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil).WithContext(access.With(context.Background(), by)))
		return w.Code, w.Body.String()
	}
	auditor := access.Actor{ID: "a", Roles: []access.Role{access.Auditor}}
	for _, test := range []struct {
		path   string
		by     access.Actor
		status int
		text   string
	}{
		{"/api/v1/things/x", access.Actor{}, 401, "sign in"},
		{"/api/v1/things/x?size=none", access.Actor{}, 401, "sign in"}, // before what is wrong with it
		{"/api/v1/things/x?size=none", auditor, 422, "size"},
		{"/api/v1/things/x", access.Actor{ID: "e", Roles: []access.Role{access.Engineer}}, 403, "evidence"},
		{"/api/v1/things/x", access.Actor{ID: "a", Roles: auditor.Roles, Only: []access.Permission{access.View}}, 403, "evidence"},
		{"/api/v1/things/x", auditor, 200, `"name":"x"`},
		{"/api/v1/things/fault", auditor, 409, "Somebody was faster."},
		{"/api/v1/things/ledger", auditor, 503, "nothing was done"},
		{"/api/v1/things/other", auditor, 500, "its log says more"},
	} {
		status, body := ask(test.path, test.by)
		if status != test.status || !strings.Contains(body, test.text) {
			t.Errorf("%s by %q: %d %s, want %d %s", test.path, test.by.ID, status, body, test.status, test.text)
		}
	}
	if _, body := ask("/api/v1/things/other", auditor); strings.Contains(body, http.ErrBodyNotAllowed.Error()) {
		t.Errorf("a caller is told what is for the log: %s", body)
	}
	if !strings.Contains(log.String(), "a request was refused") || !strings.Contains(log.String(), http.ErrBodyNotAllowed.Error()) {
		t.Errorf("the log does not tell what was refused and what went wrong: %s", log.String())
	}
	status, body := ask("/api/v1/openapi.json", access.Actor{})
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ Security []map[string][]string }
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil || status != 200 {
		t.Fatalf("the document: %d, %v", status, err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1") || len(document.Paths["/things/{name}"]["get"].Security) != 2 {
		t.Errorf("the document tells %+v", document)
	}
}

type hidden struct {
	Name string `path:"name"`
}

// TestVisible proves that an operation whose parameter would always be empty is found out where it is registered.
func TestVisible(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an operation with a hidden parameter is registered")
		}
	}()
	api.Register(api.New(http.NewServeMux(), "1.0.0"), huma.Operation{OperationID: "get", Method: http.MethodGet, Path: "/things/{name}"}, access.View,
		func(context.Context, *struct{ hidden }) (*reply, error) { return &reply{}, nil })
}
