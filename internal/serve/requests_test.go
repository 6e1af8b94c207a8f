package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/record"
)

// ready runs a server and returns it with somebody who is signed in as its administrator.
func ready(t *testing.T) (*Server, *caller) {
	t.Helper()
	s, _ := start(t, settingsOf(t, t.TempDir()))
	return s, newCaller(t, s, administrator(t, s))
}

// operations are those of the document, by method and path.
func operations(t *testing.T, c *caller) map[string][]string {
	t.Helper()
	_, text := c.call("GET", "/api/v1/openapi.json", "")
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil || len(document.Paths) < 20 {
		t.Fatalf("%d paths, %v", len(document.Paths), err)
	}
	all := map[string][]string{}
	for path, methods := range document.Paths {
		for method := range methods {
			all[strings.ToUpper(method)] = append(all[strings.ToUpper(method)], "/api/v1"+path)
		}
	}
	return all
}

// TestGetsChangeNothing proves that what is asked by GET changes nothing: no act is recorded, whatever an administrator reads by page or by
// program; and that every operation which changes something is closed to who is not signed in, before anything else is looked at.
func TestGetsChangeNothing(t *testing.T) {
	s, c := ready(t)
	all := operations(t, c)
	if len(all["GET"]) < 15 || len(all["POST"]) < 10 {
		t.Fatalf("operations: %v", all)
	}
	acts := func() (all []string) {
		rows, err := s.keeper.Find(t.Context(), record.Wanted{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Kind != record.Evidence { // who takes evidence away is recorded: it is an act that changes nothing
				all = append(all, r.Verb+" "+r.Subject)
			}
		}
		return all
	}
	before := acts()
	for _, path := range append(all["GET"], "/", "/estates", "/findings", "/safeguards", "/decisions", "/evidence", "/people", "/account", "/notifications") {
		if status, text := c.call("GET", strings.NewReplacer("{", "", "}", "").Replace(path), ""); status >= 500 {
			t.Errorf("GET %s: %d %.200s", path, status, text)
		}
	}
	if after := acts(); len(after) != len(before) {
		t.Errorf("recorded: %v", after[:len(after)-len(before)])
	}
	nobody := newCaller(t, s, "")
	for method, paths := range all {
		for _, path := range paths {
			if method == "GET" {
				continue
			}
			if status, text := nobody.call(method, path, "{}"); status != http.StatusUnauthorized {
				t.Errorf("%s %s of nobody: %d %.200s", method, path, status, text)
			}
		}
	}
	if after := acts(); len(after) != len(before) {
		t.Errorf("recorded for nobody: %v", after[:len(after)-len(before)])
	}
}

// TestHidden proves that nothing is served but what is meant to be: no list of a folder, no file of the data directory or beside the program,
// no page for debugging; that each reply names its type, with the characters of text, and none the program or its version in a header.
func TestHidden(t *testing.T) {
	_, c := ready(t)
	for _, path := range []string{"/static/", "/static", "/static/../server.yaml", "/static/%2e%2e/%2e%2e/go.mod", "/static/..%2f..%2fstate.db", "/server.yaml",
		"/state.db", "/secret.key", "/tls/key.pem", "/ledger/key", "/.git/config", "/.DS_Store", "/debug/pprof/", "/debug/vars", "/debug/requests",
		"/backup.zip", "/index.html.bak"} {
		if status, _, text := c.ask("GET", path, "", nil); status != http.StatusNotFound && (status < 300 || status > 399) {
			t.Errorf("%s: %d %.200s", path, status, text)
		}
	}
	for _, path := range []string{"/", "/estates", "/sign-in", "/nowhere", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/estates",
		"/api/v1/estates/none", "/api/v1/nowhere"} {
		status, header, text := c.ask("GET", path, "", nil)
		kind := header.Get("Content-Type")
		if text != "" && (kind == "" || strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "charset=utf-8")) {
			t.Errorf("%s: %d of type %q", path, status, kind)
		}
		if header.Get("Server") != "" || header.Get("X-Powered-By") != "" {
			t.Errorf("%s tells what serves it: %v", path, header)
		}
		if strings.HasPrefix(path, "/api/v1/e") && !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s may be shown as a page: %v", path, header)
		}
	}
}

// TestMethods proves that a path takes the methods that it knows and no others, that no other site may read a reply, whatever it says it is,
// and that a header of where a request comes from gives nobody rights.
func TestMethods(t *testing.T) {
	s, c := ready(t)
	for _, path := range []string{"/", "/estates", "/readyz", "/metrics", "/api/v1/estates"} {
		for _, method := range []string{"TRACE", "PROPFIND", "DELETE", "PATCH"} {
			if status, _, text := c.ask(method, path, "", nil); status != http.StatusMethodNotAllowed && status != http.StatusNotFound {
				t.Errorf("%s %s: %d %.100s", method, path, status, text)
			}
		}
	}
	for _, origin := range []string{"https://evil.example.org", "null", "https://" + s.settings.Listen} {
		for _, method := range []string{"GET", "OPTIONS"} {
			_, header, _ := c.ask(method, "/api/v1/estates", "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST"})
			for name := range header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s from %s: %s is %s", method, origin, name, header.Get(name))
				}
			}
		}
		if status, _, _ := newCaller(t, s, "").ask("GET", "/api/v1/estates", "", map[string]string{"Origin": origin}); status != http.StatusUnauthorized {
			t.Errorf("nobody from %s: %d", origin, status)
		}
	}
}

// TestProxyHeaders proves that headers which a proxy would add are not believed: neither who somebody is nor where they are.
func TestProxyHeaders(t *testing.T) {
	s, c := ready(t)
	claims := map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Real-Ip": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-User": "ada@example.org",
		"Remote-User": "ada@example.org", "X-Forwarded-Host": "evil.example.org", "X-Http-Method-Override": "DELETE"}
	if status, _, _ := newCaller(t, s, "").ask("GET", "/api/v1/estates", "", claims); status != http.StatusUnauthorized {
		t.Errorf("nobody who claims to be somebody: %d", status)
	}
	if status, _, text := c.ask("POST", "/api/v1/estates", `{"name":"Clinic","sources":[{"type":"aws"}],"hours":0}`, claims); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	rows, err := s.keeper.Find(t.Context(), record.Wanted{Subject: "estate/clinic"})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v, %v", rows, err)
	}
	if e, err := rows[0].Entry(); err != nil || e.Actor.Address != "127.0.0.1" {
		t.Errorf("the record says %+v, %v", e.Actor, err)
	}
}

// TestHostileText proves that text which means something to a page, to SQL or to JSON is kept as it was typed and shown as text, in any
// characters.
func TestHostileText(t *testing.T) {
	_, c := ready(t)
	for _, name := range []string{`<img src=x onerror=alert(1)> & "O'Hara"`, `'); DROP TABLE estate; --`, `ねこ Żółć 🐈`, `{{.Secret}} ${jndi:ldap://x} %s%n`, `"},{"id":"forged`} {
		body, err := json.Marshal(map[string]any{"name": name, "sources": []any{map[string]any{"type": "aws"}}, "hours": 0})
		if err != nil {
			t.Fatal(err)
		}
		status, text := c.call("POST", "/api/v1/estates", string(body))
		var made struct{ ID, Name string }
		if err := json.Unmarshal([]byte(text), &made); status != http.StatusCreated || err != nil || made.Name != name {
			t.Errorf("%s: %d %s, %v", name, status, text, err)
			continue
		}
		if status, page := c.call("GET", "/estates", ""); status != http.StatusOK || strings.Contains(page, "<img src=x") || strings.Contains(page, `"},{"id"`) {
			t.Errorf("%s: %d, and the page has it as it is", name, status)
		}
	}
	if n := len(c.declared()); n != 5 {
		t.Errorf("%d estates", n)
	}
	if status, text := c.call("POST", "/api/v1/estates", `{"name":"More","sources":[{"type":"aws"}],"hours":0,"version":9,"administrator":true}`); status != http.StatusUnprocessableEntity {
		t.Errorf("a member that nothing asks for: %d %s", status, text)
	}
	if status, text := c.call("POST", "/api/v1/estates", fmt.Sprintf(`{"name":%q,"sources":[{"type":"aws"}],"hours":0}`, strings.Repeat("n", 81))); status != http.StatusUnprocessableEntity {
		t.Errorf("a name over the bound: %d %s", status, text)
	}
}

// TestLargeFile proves that a file as large as the registers take comes through, and a larger one is refused.
func TestLargeFile(t *testing.T) {
	s, _ := start(t, settingsOf(t, t.TempDir()))
	c := newCaller(t, s, elevated(t, s))
	for size, want := range map[int]int{governance.MaxFile - 1: http.StatusOK, governance.MaxFile + 1: http.StatusRequestEntityTooLarge} {
		status, _, text := c.ask("POST", "/api/v1/decisions/files?name=large.pdf", strings.Repeat("x", size), map[string]string{"Content-Type": "application/octet-stream"})
		if status != want {
			t.Errorf("%d bytes: %d %.200s, want %d", size, status, text, want)
		}
	}
}
