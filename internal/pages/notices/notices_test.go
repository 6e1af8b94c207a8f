package notices_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery/deliverytest"
	"ward.dev/ward/internal/pages/notices"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
)

// office is the pages on a server where somebody is signed in.
type office struct {
	t      *testing.T
	outbox *notify.Outbox
	server *httptest.Server
	place  *deliverytest.Receiver
	roles  []access.Role
}

func open(t *testing.T) *office {
	t.Helper()
	f := &office{t: t, place: deliverytest.NewReceiver(t), roles: []access.Role{access.Administrator}}
	db := statetest.SQLite(t)
	keeper, _ := recordtest.Open(t, db, nil)
	var err error
	f.outbox, err = notify.Open(notify.Options{DB: db, Keeper: keeper, Key: make([]byte, notify.KeySize), Base: "https://ward.example.org", TLS: f.place.TLS(),
		Settings: notify.Settings{AllowAddresses: []string{"127.0.0.1"}}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	estates := func(context.Context) ([]web.Choice, error) { return []web.Choice{{Value: "e1", Label: "Clinic"}}, nil }
	if err := notices.Add(site, api.New(mux, "test"), f.outbox, estates); err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := access.Actor{ID: "ann", Name: "ann@example.org", Via: "session", Roles: f.roles}
		mux.ServeHTTP(w, r.WithContext(access.With(r.Context(), by)))
	}))
	t.Cleanup(f.server.Close)
	return f
}

// ask sends a request and returns status, text and where it leads.
func (f *office) ask(method, path, kind, body string) (int, string, string) {
	f.t.Helper()
	r, err := http.NewRequest(method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return reply.StatusCode, string(text), reply.Header.Get("Location")
}

func (f *office) form(path string, values url.Values) (int, string, string) {
	f.t.Helper()
	return f.ask("POST", path, "application/x-www-form-urlencoded", values.Encode())
}

const home = "/settings/notifications"

var link = regexp.MustCompile(home + `/(channels|routes)/([0-9a-f-]{36})"`)

// id is that of the only channel or route on the overview.
func (f *office) id(of string) string {
	f.t.Helper()
	_, text, _ := f.ask("GET", home, "", "")
	for _, found := range link.FindAllStringSubmatch(text, -1) {
		if found[1] == of {
			return found[2]
		}
	}
	f.t.Fatalf("there are no %s on the overview", of)
	return ""
}

// TestPages proves that an administrator sets up a channel and a route by page, tests it and sees what came of it; that a mistake leaves
// what was typed; and that the secret is on no page.
func TestPages(t *testing.T) {
	f := open(t)
	if _, text, _ := f.ask("GET", home, "", ""); !strings.Contains(text, "Nobody is told anything yet") {
		t.Errorf("the empty page does not say what to do: %s", text)
	}
	secret := f.place.URL + "/hook/T0SECRET"
	status, text, _ := f.form(home+"/channels", url.Values{"kind": {"slack"}, "name": {"Operations"}, "secret": {"http://example.org"}})
	if status != 422 || !strings.Contains(text, `value="Operations"`) ||
		!strings.Contains(text, `<a href="#secret">The URL must begin with https://.</a>`) {
		t.Errorf("a mistake: %d %s", status, text)
	}
	if status, text, to := f.form(home+"/channels", url.Values{"kind": {"slack"}, "name": {"Operations"},
		"secret": {secret}}); status != 303 || to != home {
		t.Fatalf("a channel: %d %s", status, text)
	}
	channel := f.id("channels")
	route := url.Values{"name": {"All"}, "channels": {channel}, "kinds": {"finding"}, "severity": {"high"}, "window": {"0"}, "hour": {"8"},
		"weekday": {"1"}, "estates": {"e1"}}
	if status, text, _ := f.form(home+"/routes", url.Values{"name": {"Nowhere"}, "owners": {"web\r\ndb"}}); status != 422 ||
		!strings.Contains(text, `<a href="#channels">The route Nowhere leads to no channel.</a>`) || !strings.Contains(text, "db") {
		t.Errorf("a route to nowhere: %d %s", status, text)
	}
	if status, text, _ := f.form(home+"/routes", route); status != 303 {
		t.Fatalf("a route: %d %s", status, text)
	}
	if status, _, to := f.form(home+"/channels/"+channel+"/test", nil); status != 303 || to != home+"/messages" {
		t.Errorf("a test: %d to %s", status, to)
	}
	if err := f.outbox.Tell(t.Context(), notify.Event{Kind: notify.Finding, Severity: "critical", Estate: "e1", EstateName: "Clinic",
		Title: "Buckets are private", Check: "x", Key: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := f.outbox.Pass(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := f.place.Took(); len(got) != 2 || got[0].Path != "/hook/T0SECRET" {
		t.Errorf("sent %+v", got)
	}
	_, text, _ = f.ask("GET", home, "", "")
	for _, want := range []string{"Operations", "Test of notifications", "Clinic: Buckets are private: 1 new failing finding",
		"high and worse", `class="status sent"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the overview has no %q", want)
		}
	}
	for _, path := range []string{home, home + "/messages?status=sent&channel=" + channel, home + "/channels/" + channel,
		home + "/routes/" + f.id("routes"), home + "/routes/new",
		home + "/channels/new?kind=email", home + "/channels/new?kind=teams", home + "/channels/new?kind=pagerduty", home + "/channels/new?kind=webhook",
		home + "/channels/new?kind=jira", home + "/channels/new?kind=github"} {
		if status, text, _ := f.ask("GET", path, "", ""); status != 200 || strings.Contains(text, "T0SECRET") || !strings.Contains(text, "</html>") {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{home + "/routes/" + f.id("routes") + "/sooner", home + "/routes/" + f.id("routes") + "/remove",
		home + "/channels/" + channel + "/remove"} {
		if status, text, _ := f.form(path, nil); status != 303 {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _, _ := f.form(home+"/channels/"+channel+"/test", nil); status != 404 {
		t.Errorf("a channel that is gone: %d", status)
	}
}

// TestOperations proves that all of it can be done by the API, that the secret is never answered, and that others may do nothing.
func TestOperations(t *testing.T) {
	f := open(t)
	call := func(method, path, body string, want int, out any) string {
		t.Helper()
		status, text, _ := f.ask(method, "/api/v1/notifications"+path, "application/json", body)
		if status != want || strings.Contains(text, "T0SECRET") {
			t.Fatalf("%s %s: %d %s, want %d", method, path, status, text, want)
		}
		if out != nil {
			if err := json.Unmarshal([]byte(text), out); err != nil {
				t.Fatal(err)
			}
		}
		return text
	}
	var c, r struct {
		ID         string
		SecretKept string `json:"secret_kept"`
	}
	hook, err := json.Marshal(f.place.URL + "/hook/T0SECRET")
	if err != nil {
		t.Fatal(err)
	}
	call("POST", "/channels", `{"name": "chat", "kind": "slack", "secret": `+string(hook)+`}`, 201, &c)
	if c.SecretKept != "sealed" {
		t.Errorf("channel %+v", c)
	}
	call("POST", "/channels", `{"name": "chat", "kind": "slack", "secret": `+string(hook)+`}`, 422, nil)
	call("PUT", "/channels/"+c.ID, `{"name": "chat 2", "kind": "slack"}`, 200, &c)
	call("POST", "/routes", `{"name": "all", "channels": ["`+c.ID+`"]}`, 201, &r)
	call("PUT", "/routes/"+r.ID, `{"name": "all", "channels": ["none"]}`, 422, nil)
	call("POST", "/routes/"+r.ID+"/sooner", "", 204, nil)
	call("POST", "/channels/"+c.ID+"/test", "", 204, nil)
	f.place.Answer = func(w http.ResponseWriter, _ deliverytest.Request) { w.WriteHeader(http.StatusForbidden) }
	if err := f.outbox.Pass(context.Background()); err != nil {
		t.Fatal(err)
	}
	var all struct{ Messages []notify.Message }
	call("GET", "/messages?status=failed", "", 200, &all)
	if len(all.Messages) != 1 || !strings.Contains(all.Messages[0].Fault, "403") || time.Since(all.Messages[0].Ended) > time.Minute {
		t.Fatalf("messages %+v", all)
	}
	call("POST", "/messages/"+all.Messages[0].ID+"/retry", "", 204, nil)
	call("GET", "/channels", "", 200, nil)
	call("GET", "/channels/"+c.ID, "", 200, nil)
	call("GET", "/routes", "", 200, nil)
	call("DELETE", "/routes/"+r.ID, "", 204, nil)
	call("DELETE", "/channels/"+c.ID, "", 204, nil)
	call("DELETE", "/channels/"+c.ID, "", 404, nil)
	f.roles = []access.Role{access.Compliance, access.Auditor, access.Engineer}
	call("GET", "/channels", "", 403, nil)
	call("POST", "/channels", `{"name": "x", "kind": "slack"}`, 403, nil)
	if status, _, _ := f.ask("GET", home, "", ""); status != 403 {
		t.Errorf("the page without the permission: %d", status)
	}
}
