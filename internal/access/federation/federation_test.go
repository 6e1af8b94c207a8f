package federation

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
)

// house is a server that people sign in to, with the browser of one of them.
type house struct {
	t       *testing.T
	server  *httptest.Server
	roots   *tls.Config
	browser *http.Client
	late    time.Duration // of the clock of the server
	came    []Identity
	ended   []string
	ledger  *recordtest.Log
	mux     *http.ServeMux
	*Providers
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, mux: http.NewServeMux()}
	h.mux.HandleFunc("GET /{path...}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "here") })
	h.server = httptest.NewTLSServer(h.mux)
	t.Cleanup(h.server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(h.server.Certificate())
	h.roots = &tls.Config{RootCAs: pool}
	h.browser = h.newBrowser()
	return h
}

func (h *house) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: h.roots}}
}

// open adds the providers of settings.
func (h *house) open(db *state.DB, s Settings) {
	h.t.Helper()
	keeper, ledger := recordtest.Open(h.t, db, nil)
	h.ledger = ledger
	var err error
	h.Providers, err = Open(Options{DB: db, Keeper: keeper, Base: h.server.URL + "/", Settings: s,
		Client: &http.Client{Transport: &http.Transport{TLSClientConfig: h.roots}},
		Log:    slog.New(slog.NewTextHandler(h.t.Output(), nil)), Now: func() time.Time { return time.Now().Add(h.late) },
		SignIn: func(_ http.ResponseWriter, _ *http.Request, who Identity) error {
			h.came = append(h.came, who)
			return nil
		},
		SignOut: func(_ context.Context, issuer, subject string) error {
			h.ended = append(h.ended, issuer+" "+subject)
			return nil
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	site, err := web.New(h.mux, slog.New(slog.DiscardHandler))
	if err != nil {
		h.t.Fatal(err)
	}
	h.Add(site)
}

// visit opens a page in the browser, follows it to the end and returns where that is.
func (h *house) visit(browser *http.Client, path string) (status int, text string, at *url.URL) {
	h.t.Helper()
	to := path
	if strings.HasPrefix(path, "/") {
		to = h.server.URL + path
	}
	reply, err := browser.Get(to)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.read(reply)
}

func (h *house) read(reply *http.Response) (int, string, *url.URL) {
	h.t.Helper()
	defer reply.Body.Close()
	b, err := io.ReadAll(reply.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply.StatusCode, string(b), reply.Request.URL
}

// refusals are the reasons that the ledger has for refused sign-ins.
func (h *house) refusals() string {
	var all []string
	for _, e := range h.ledger.Entries(h.t) {
		if e.Kind == record.SignIn && e.Verb == "refuse" && e.Actor.Address == "127.0.0.1" {
			all = append(all, e.Subject+" "+e.Facts["reason"])
		}
	}
	return strings.Join(all, ", ")
}

var groups = Common{Name: "corp", Title: "Example Corp", Groups: map[string][]access.Role{"engineering": {access.Engineer}}}

// TestLocal proves that a sign-in leads to nowhere but this server.
func TestLocal(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/findings?a=b&c=d": "/findings?a=b&c=d", "/a%2Fb": "/a%2Fb", "/": "/", "findings": "/", "//evil.example": "/",
		"https://evil.example/": "/", `/\evil.example`: "/", `\\evil.example`: "/", "/\t/evil.example": "/", "///evil.example": "/",
		"javascript:alert(1)": "/", "http:/evil.example": "/", "/%2F/evil.example": "/", "/sign-in/oidc/corp": "/", "/a\r\nSet-Cookie: x=y": "/",
		"//user@evil.example/": "/", "/" + strings.Repeat("a", 2000): "/",
	} {
		if got := local(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// TestSettings proves that settings which could not work, or would trust too much, are refused at the start.
func TestSettings(t *testing.T) {
	good := OIDC{Common: groups, Issuer: "https://id.example", ClientID: "ward"}
	for name, change := range map[string]func(s *OIDC){
		"":                      func(*OIDC) {},
		"is not made of":        func(s *OIDC) { s.Name = "Corp/x" },
		"no group gives a role": func(s *OIDC) { s.Groups = nil },
		"which there is not":    func(s *OIDC) { s.Groups = map[string][]access.Role{"x": {"king"}} },
		"not a URL with https":  func(s *OIDC) { s.Issuer = "http://id.example" },
		"client_id is missing":  func(s *OIDC) { s.ClientID = "" },
		`the algorithm "HS256"`: func(s *OIDC) { s.Algorithms = []string{"HS256"} },
		`the algorithm "none"`:  func(s *OIDC) { s.Algorithms = []string{"none"} },
		"read the secret":       func(s *OIDC) { s.ClientSecretFile = t.TempDir() + "/none" },
	} {
		s := good
		change(&s)
		_, err := Open(Options{Base: "https://ward.example", Settings: Settings{OIDC: []OIDC{s}}})
		if name == "" && err != nil || name != "" && (err == nil || !strings.Contains(err.Error(), name)) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
	if _, err := Open(Options{Base: "https://ward.example", Settings: Settings{OIDC: []OIDC{good, good}}}); err == nil {
		t.Error("two providers of one name are taken")
	}
	if _, err := Open(Options{Base: "http://ward.example"}); err == nil {
		t.Error("a server without TLS is taken")
	}
}
