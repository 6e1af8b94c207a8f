package people_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/pages/people"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
)

const origin = "https://ward.example.org"

// server is the pages of accounts over TLS, with a clock that the test sets.
type server struct {
	*httptest.Server
	people *account.People
	log    *recordtest.Log
	now    time.Time
	t      *testing.T
}

func serve(t *testing.T, change ...func(*account.Options)) *server {
	t.Helper()
	s := &server{now: time.Now(), t: t}
	clock := func() time.Time { return s.now }
	db := statetest.SQLite(t)
	keeper, log := recordtest.Open(t, db, clock)
	s.log = log
	quiet := slog.New(slog.DiscardHandler)
	o := account.Options{Key: bytes.Repeat([]byte("k"), 32), Origin: origin, Now: clock, Log: quiet,
		Hash: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	for _, c := range change {
		c(&o)
	}
	var err error
	s.people, err = account.Open(context.Background(), db, keeper, o)
	must(t, err)
	mux := http.NewServeMux()
	site, err := web.New(mux, slog.New(slog.NewTextHandler(t.Output(), nil)))
	must(t, err)
	must(t, people.Add(site, api.New(mux, "test"), s.people, keeper, people.Provider{Title: "Example", Path: "/sign-in/oidc/example"}))
	s.Server = httptest.NewTLSServer(http.NewCrossOriginProtection().Handler(s.people.Identify(mux)))
	t.Cleanup(s.Close)
	return s
}

// person is somebody's browser.
type person struct {
	*server
	client *http.Client
	secret string // of the authenticator app
}

func (s *server) browser() *person {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	client := s.Client()
	return &person{server: s, client: &http.Client{Transport: client.Transport, Jar: jar}}
}

// reply is what a browser was shown in the end.
type shown struct {
	status int
	path   string
	text   string
	header http.Header
}

func (b *person) do(method, path, kind, body string) shown {
	b.t.Helper()
	r, err := http.NewRequest(method, b.URL+path, strings.NewReader(body))
	must(b.t, err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(b.t, err)
	return shown{res.StatusCode, res.Request.URL.RequestURI(), string(text), res.Header}
}

func (b *person) get(path string) shown {
	b.t.Helper()
	return b.do(http.MethodGet, path, "", "")
}

func (b *person) post(path string, pairs ...string) shown {
	b.t.Helper()
	f := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", f.Encode())
}

// want fails unless a page has a status and shows texts.
func (b *person) want(s shown, status int, texts ...string) shown {
	b.t.Helper()
	if s.status != status {
		b.t.Fatalf("%s: status %d, want %d\n%s", s.path, s.status, status, s.text)
	}
	for _, text := range texts {
		if !strings.Contains(s.text, text) {
			b.t.Fatalf("%s does not show %q:\n%s", s.path, text, s.text)
		}
	}
	return s
}

var (
	secretText = regexp.MustCompile(`<code class="keep">([A-Z2-7]+)</code>`)
	linkText   = regexp.MustCompile(regexp.QuoteMeta(origin) + `(/setup/[\w-]+)`)
	tokenText  = regexp.MustCompile(`ward_[\w-]{43}`)
)

func (b *person) code() string {
	b.t.Helper()
	b.now = b.now.Add(30 * time.Second)
	b.server.now = b.now
	code, err := totp.GenerateCode(b.secret, b.now)
	must(b.t, err)
	return code
}

const password = "seven crooked kites!"

// begin follows a link until its person is signed in.
func (b *person) begin(path string, who ...string) {
	b.t.Helper()
	page := b.want(b.get(path), 200, "Set up your account", "More than 12 characters")
	if page.path != "/setup" {
		b.t.Fatalf("the secret of the link stays in the address: %s", page.path)
	}
	page = b.want(b.post("/setup", append(who, "password", password, "again", password)...), 200, "Set up a second factor", "totp.png")
	b.secret = secretText.FindStringSubmatch(page.text)[1]
	if png := b.get("/account/totp.png"); !strings.HasPrefix(png.text, "\x89PNG") || png.header.Get("Content-Type") != "image/png" ||
		png.header.Get("Cache-Control") != "no-store" {
		b.t.Fatalf("no picture: %v", png.header)
	}
	b.want(b.get("/account"), 200, "Set up a second factor") // nothing else can be done before
	b.want(b.post("/sign-in/enrol", "code", "000000"), 422, "not the code")
	page = b.want(b.post("/sign-in/enrol", "code", b.code()), 200, "Keep your recovery codes")
	if n := len(regexp.MustCompile(`(?m)[a-z2-7]{6}(-[a-z2-7]{6}){3}`).FindAllString(page.text, -1)); n != 10 {
		b.t.Fatalf("%d recovery codes", n)
	}
}

func (s *server) first() *person {
	s.t.Helper()
	path, err := s.people.Bootstrap(context.Background())
	must(s.t, err)
	b := s.browser()
	b.begin(path, "name", "Ann", "email", "ann@example.org")
	return b
}

// TestStory proves that people are led from the first link to a working account, sign out and in again, and see where they are signed in.
func TestStory(t *testing.T) {
	s := serve(t)
	b := s.browser()
	b.want(b.get("/setup"), 410, "not good any more")
	b = s.first()
	b.want(b.get("/account"), 200, "ann@example.org", "administrator", "10 recovery codes", "this one")
	out := b.want(b.post("/sign-out"), 200, "Sign in with Example")
	if out.path != "/sign-in" {
		t.Errorf("signed out, the browser is at %s", out.path)
	}
	asked := b.want(b.get("/people/sign-ins?before=99"), 200, "Sign in")
	if asked.path != "/sign-in?next=%2Fpeople%2Fsign-ins%3Fbefore%3D99" {
		t.Errorf("asked to sign in at %s", asked.path)
	}
	const next = "/people/sign-ins?before=99"
	b.want(b.post("/sign-in", "email", "ann@example.org", "password", "wrong", "next", next), 422, "do not belong together",
		`value="ann@example.org"`, `value="`+next+`"`)
	b.want(b.post("/sign-in", "email", "ann@example.org", "password", password, "next", next), 200, "Second factor", `value="`+next+`"`)
	b.want(b.get("/people"), 200, "Second factor")
	b.want(b.post("/sign-in/second", "code", "000000", "next", next), 422, "This is wrong")
	done := b.want(b.post("/sign-in/second", "code", b.code(), "next", next), 200, "Sign-ins and refusals", "second factor", "refused", "127.0.0.1")
	if done.path != next {
		t.Errorf("signed in, the browser is at %s", done.path)
	}
	b.want(b.get("/sign-in/idle?next=/people"), 200, "This page was closed", `href="/people"`)
	b.now = b.now.Add(16 * time.Minute)
	s.now = b.now
	b.want(b.get("/sign-in/idle?next=/people"), 200, "Your session is over", `value="/people"`)
	b.want(b.get("/account"), 200, "Your session is over")
}

// TestFederated proves that a person whom a provider vouches for is signed in, and that one without a role is told why not.
func TestFederated(t *testing.T) {
	s := serve(t, func(o *account.Options) {
		o.Groups = map[string]map[string][]access.Role{"https://id.example.org": {"dev": {access.Engineer}}}
	})
	claim := account.Claim{Issuer: "https://id.example.org", Subject: "1", Name: "Cy", Email: "cy@example.org"}
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sign-in/oidc/example/callback", nil)
	var fault *web.Fault
	if err := people.SignInFederated(s.people, w, r, claim); !errors.As(err, &fault) || fault.Status != http.StatusForbidden ||
		len(w.Result().Cookies()) != 0 {
		t.Errorf("without a role: %v", err)
	}
	claim.Groups = []string{"dev"}
	w = httptest.NewRecorder()
	if err := people.SignInFederated(s.people, w, r, claim); err != nil || len(w.Result().Cookies()) != 1 {
		t.Errorf("with a role: %v", err)
	}
}

// TestOpenRedirect proves that a sign-in leads to this server alone.
func TestOpenRedirect(t *testing.T) {
	s := serve(t)
	b := s.first()
	for _, next := range []string{"https://evil.example.org/", "//evil.example.org", `/\evil.example.org`} {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if got := b.get("/sign-in?next=" + url.QueryEscape(next)).header.Get("Location"); got != "/" {
			t.Errorf("next %q leads to %q", next, got)
		}
	}
}

// TestCookie proves that the cookie is kept to this host, to TLS and from scripts, and that requests of other sites are refused.
func TestCookie(t *testing.T) {
	s := serve(t)
	b := s.first()
	b.post("/sign-out")
	r, err := http.NewRequest(http.MethodPost, s.URL+"/sign-in",
		strings.NewReader(url.Values{"email": {"ann@example.org"}, "password": {password}}.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := &http.Client{Transport: b.client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	must(t, err)
	res.Body.Close()
	set := res.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-ward=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie %q lacks %s", set, want)
		}
	}
	if strings.Contains(set, "Domain") || strings.Contains(set, "Max-Age") {
		t.Errorf("the cookie %q is wider than it should be", set)
	}
	for _, path := range []string{"/sign-in", "/sign-out", "/account/tokens"} {
		r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(""))
		must(t, err)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := b.client.Do(r)
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s from another site: status %d", path, res.StatusCode)
		}
	}
}

// TestAccounts proves that an administrator invites a person who then begins, changes roles, resets and disables; and that others may not.
func TestAccounts(t *testing.T) {
	s := serve(t)
	ann := s.first()
	ann.want(ann.post("/people", "name", "Bob", "email", "bob@", "roles", "viewer"), 422, "not an address", `value="bob@"`)
	ann.want(ann.post("/people", "email", "ann@example.org", "roles", "viewer"), 422, "There is an account of this address")
	page := ann.want(ann.post("/people", "name", "Bob <b>", "email", "bob@example.org", "roles", "viewer", "roles", "engineer"), 200,
		"Give this link to bob@example.org", "Bob &lt;b&gt;")
	bob := s.browser()
	bob.now = s.now
	bob.begin(linkText.FindStringSubmatch(page.text)[1], "name", "Mallory", "email", "mallory@example.org")
	bob.want(bob.get("/account"), 200, "bob@example.org", "engineer, viewer")
	bob.want(bob.get("/people"), 403, "administrator")
	bob.want(bob.get("/people/sign-ins"), 403)
	id := regexp.MustCompile(`/people/([0-9a-f-]{36})">Bob`).FindStringSubmatch(page.text)[1]
	ann.want(ann.post("/people/"+id, "name", "Bob", "roles", "engineer", "elevates", "compliance", "break_glass", "yes"), 200, "Bob")
	bob.want(bob.get("/account"), 200, "Your session is over")
	bob.want(bob.post("/sign-in", "email", "bob@example.org", "password", password), 200)
	bob.now = s.now
	bob.want(bob.post("/sign-in/second", "code", bob.code(), "next", "/elevate"), 200, "Elevate for a limited time")
	bob.now = bob.now.Add(6 * time.Minute)
	s.now = bob.now
	const why = "The nightly assessment must be seen to."
	bob.want(bob.post("/elevate", "role", "compliance", "minutes", "30", "reason", why), 422, "Show your second factor once more", why)
	bob.want(bob.post("/elevate", "role", "compliance", "minutes", "30", "reason", why, "code", bob.code()), 200, "You are elevated to compliance")
	bob.want(bob.post("/elevate/end"), 200, "Elevate")
	bob.want(bob.post("/break-glass", "reason", "Everything is down at once."), 200, "You are elevated to break-glass")
	ann.now = s.now
	due := ann.want(ann.get("/people/elevations"), 200, "Waits for a second person", "Everything is down at once.", "compliance")
	e := regexp.MustCompile(`/people/elevations/([0-9a-f-]{36})/review`).FindStringSubmatch(due.text)[1]
	ann.want(ann.post("/people/elevations/"+e+"/review", "remark", "Looked at it all."), 422, "The time is not over yet", "Looked at it all.")
	ann.want(ann.post("/people/"+id+"/reset", "name", "bob"), 422, "Type the address")
	page = ann.want(ann.post("/people/"+id+"/reset", "name", "bob@example.org"), 200, "Give this link to bob@example.org")
	if !linkText.MatchString(page.text) {
		t.Error("no link")
	}
	bob.want(bob.get("/account"), 200, "Your session is over")
	ann.want(ann.post("/people/"+id, "name", "Bob", "roles", "engineer", "disabled", "yes"), 200, "disabled")
	ann.want(ann.get("/people/nobody"), 404)
}

// TestTokens proves that a token is shown once, that the API takes it within its scope, and that lists have pages.
func TestTokens(t *testing.T) {
	s := serve(t)
	b := s.first()
	day := s.now.UTC().AddDate(0, 1, 0).Format(time.DateOnly)
	b.want(b.post("/account/tokens", "name", "ci", "expires", day), 422, "Choose at least one permission", `value="ci"`)
	b.want(b.post("/account/tokens", "name", "", "expires", day, "scope", "view"), 422, "Give the token a name")
	page := b.want(b.post("/account/tokens", "name", "ci", "expires", day, "scope", "people", "scope", "evidence"), 200, "Your new token")
	token := tokenText.FindString(page.text)
	if again := b.get("/account"); strings.Contains(again.text, token) || !strings.Contains(again.text, "evidence, people") {
		t.Error("the token is shown again, or not listed")
	}
	call := func(method, path, body string) (int, string) {
		r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		res, err := s.Client().Do(r)
		must(t, err)
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(text)
	}
	for _, want := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"GET", "/api/v1/users", "", 200, `"email":"ann@example.org"`},
		{"POST", "/api/v1/users", `{"email":"bob@example.org","roles":["viewer"]}`, 201, origin + "/setup/"},
		{"POST", "/api/v1/users", `{"email":"bob@example.org","roles":["viewer"]}`, 422, "There is an account"},
		{"POST", "/api/v1/users", `{"email":"cy@example.org","roles":["viewer"],"admin":true}`, 422, "unexpected property"},
		{"GET", "/api/v1/users?limit=1", "", 200, `"next":"ann@example.org"`},
		{"GET", "/api/v1/users?limit=1&after=ann@example.org", "", 200, `"email":"bob@example.org"`},
		{"GET", "/api/v1/users?limit=501", "", 422, "limit"},
		{"GET", "/api/v1/users/none", "", 404, ""},
		{"GET", "/api/v1/sign-ins?limit=1", "", 200, `"what":"sign in"`},
		{"GET", "/api/v1/sign-ins?after=x", "", 422, ""},
		{"GET", "/api/v1/elevations", "", 200, `"items":[]`},
		{"GET", "/api/v1/sessions", "", 403, "permission own"},
		{"POST", "/api/v1/tokens", `{"name":"x","scope":["view"],"expires":"2030-01-01T00:00:00Z"}`, 403, "permission own"},
	} {
		if code, text := call(want.method, want.path, want.body); code != want.status || !strings.Contains(text, want.text) {
			t.Errorf("%s %s: %d %s; want %d %s", want.method, want.path, code, text, want.status, want.text)
		}
	}
	_, listed := call("GET", "/api/v1/users?limit=1&after=ann@example.org", "")
	bob := regexp.MustCompile(`"id":"([0-9a-f-]{36})"`).FindStringSubmatch(listed)[1]
	if code, text := call("PATCH", "/api/v1/users/"+bob, `{"roles":["engineer"]}`); code != 200 || !strings.Contains(text, `"engineer"`) {
		t.Errorf("a change of roles: %d %s", code, text)
	}
	if code, text := call("PATCH", "/api/v1/users/none", `{"roles":["engineer"]}`); code != 404 {
		t.Errorf("a change of nobody: %d %s", code, text)
	}
	if got := b.get("/api/v1/sessions"); got.status != 200 || !strings.Contains(got.text, `"current":true`) {
		t.Errorf("the sessions by the cookie: %d %s", got.status, got.text)
	}
	id := regexp.MustCompile(`/account/tokens/([0-9a-f-]{36})/end`).FindStringSubmatch(page.text)[1]
	b.want(b.post("/account/tokens/"+id+"/end"), 200)
	if code, _ := call("GET", "/api/v1/users", ""); code != 401 {
		t.Errorf("after its end the token is answered with %d", code)
	}
}

// TestPassword proves that a changed password takes the old one, the rules and typing it twice.
func TestPassword(t *testing.T) {
	s := serve(t)
	b := s.first()
	const next = "eight green ladders!"
	b.want(b.post("/account/password", "old", password, "password", next, "again", next+"x"), 422, "The two passwords differ")
	b.want(b.post("/account/password", "old", "x", "password", next, "again", next), 422, "This is not your password")
	b.want(b.post("/account/password", "old", password, "password", "Password1234!", "again", "Password1234!"), 422, "is a common one")
	page := b.want(b.post("/account/password", "old", password, "password", next, "again", next), 200, "My account")
	if strings.Contains(page.text, next) || strings.Contains(page.text, password) {
		t.Error("a page shows a password")
	}
}

// TestPages proves that pages hold no inline script or style, that each input has a label, and that answers of authenticators are bounded JSON.
func TestPages(t *testing.T) {
	s := serve(t)
	b := s.browser()
	check := func(page shown) {
		t.Helper()
		if page.header.Get("Content-Type") != "text/html; charset=utf-8" || page.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s has the headers %v", page.path, page.header)
		}
		if regexp.MustCompile(`<script>|\son\w+=|\sstyle=|<style`).MatchString(page.text) {
			t.Errorf("%s has inline script or style", page.path)
		}
		for _, input := range regexp.MustCompile(`<(input|select|textarea)[^>]*>`).FindAllString(page.text, -1) {
			if strings.Contains(input, `type="hidden"`) || strings.Contains(input, `type="checkbox"`) {
				continue
			}
			id := regexp.MustCompile(` id="([^"]+)"`).FindStringSubmatch(input)
			if id == nil || !strings.Contains(page.text, `for="`+id[1]+`"`) {
				t.Errorf("%s: %s has no label", page.path, input)
			}
		}
		ids := map[string]bool{}
		for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page.text, -1) {
			if ids[id[1]] {
				t.Errorf("%s has the id %s twice", page.path, id[1])
			}
			ids[id[1]] = true
		}
	}
	page := b.want(b.get("/sign-in"), 200, `autocomplete="username"`, `autocomplete="current-password"`, `data-show="password"`)
	check(page)
	b = s.first()
	for _, path := range []string{"/account", "/account/totp", "/people", "/people/sign-ins", "/people/elevations", "/elevate", "/break-glass"} {
		check(b.want(b.get(path), 200))
	}
	b.now = b.now.Add(6 * time.Minute)
	s.now = b.now
	b.want(b.get("/account"), 200, `autocomplete="new-password"`, `data-strength="password"`)
	check(b.want(b.get("/account"), 200, "Some changes need your second factor once more"))
	b.want(b.get("/account/totp"), 403)
	for _, path := range []string{"/people/passkey.js", "/people/password.js"} {
		if got := b.want(b.get(path), 200, `"use strict"`); !strings.Contains(got.header.Get("Content-Type"), "javascript") {
			t.Errorf("%s is %v", path, got.header)
		}
	}
	b.want(b.do("POST", "/sign-in/passkey/answer", "text/plain", "{}"), 415)
	b.want(b.do("POST", "/sign-in/passkey/answer", "application/json", "{"), 400)
	b.want(b.do("POST", "/sign-in/passkey/answer", "application/json", `{"id":"`+strings.Repeat("x", 70000)+`"}`), 400)
	var asked account.Ceremony
	must(t, json.Unmarshal([]byte(b.want(b.do("POST", "/sign-in/passkey", "application/json", "{}"), 200).text), &asked))
	if asked.ID == "" || !strings.Contains(string(asked.Options), `"rpId":"ward.example.org"`) {
		t.Errorf("asked %s", asked.Options)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
