package people_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/playwright-community/playwright-go"
	"github.com/pquerna/otp/totp"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/pages/people"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state/statetest"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/test/browser"
)

// local is a server on this machine, by a name that browsers keep passkeys for.
func local(t *testing.T) (string, *account.People) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	address := "http://localhost:" + port
	db := statetest.SQLite(t)
	keeper, _ := recordtest.Open(t, db, nil)
	quiet := slog.New(slog.DiscardHandler)
	accounts, err := account.Open(context.Background(), db, keeper,
		account.Options{Key: []byte(strings.Repeat("k", 32)), Origin: address, Insecure: true,
			Log: quiet, Hash: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	must(t, err)
	site, err := web.New(mux, quiet)
	must(t, err)
	must(t, people.Add(site, api.New(mux, "test"), accounts, keeper, people.Provider{Title: "Example", Path: "/sign-in/oidc/example"}))
	site.Handle("GET /{$}", access.View, func(w http.ResponseWriter, r *http.Request) error {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return nil
	})
	server.Config.Handler = browser.Guarded(accounts.Identify(mux))
	server.Start()
	t.Cleanup(server.Close)
	return address, accounts
}

// authenticator gives a window one that keeps passkeys and knows its user.
func authenticator(t *testing.T, v *browser.Visit) {
	t.Helper()
	tools, err := v.Context().NewCDPSession(v.Page)
	must(t, err)
	_, err = tools.Send("WebAuthn.enable", map[string]any{})
	must(t, err)
	_, err = tools.Send("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{"protocol": "ctap2", "transport": "internal",
		"hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true}})
	must(t, err)
}

// TestChromium proves that a person sets up an account in a real browser with a passkey and with an authenticator app, signs in with each,
// and that every page of accounts is sound.
func TestChromium(t *testing.T) {
	b := browser.Open(t)
	address, accounts := local(t)
	link, err := accounts.Bootstrap(context.Background())
	must(t, err)
	v := b.Visit(browser.Desk)
	authenticator(t, v)
	v.Open(address + link)
	v.Sound("setup")
	v.Fill("Name", "Ann")
	v.Fill("E-mail", "ann@example.org")
	v.Fill("New password", "seven")
	v.Sees("Too short: 8 more.")
	v.Fill("New password", password)
	v.Sees("Strong.")
	v.Fill("New password once more", password)
	v.Press("Go on to the second factor")
	v.Fill("Name of the passkey", "Laptop")
	v.Sound("second factor")
	v.Press("Set up a passkey")
	v.Sees("I have kept them: go on")
	v.Sound("recovery codes")
	v.Follow("I have kept them: go on")
	v.Sees("Passkey “Laptop”")
	v.Press("Sign out")
	v.Sees("Sign in with Example")
	v.Sound("sign in")
	v.Press("Sign in with a passkey")
	v.Sees("Passkey “Laptop”")

	v.Follow("Set up")
	secret, err := v.Locator("code.keep").TextContent()
	must(t, err)
	v.Sound("authenticator app")
	code, err := totp.GenerateCode(secret, time.Now())
	must(t, err)
	v.Fill("Code", code)
	v.Press("Confirm")
	v.Sees("Replace")
	v.Press("Sign out")
	v.Fill("E-mail", "ann@example.org")
	v.Fill("Password", password)
	v.Press("Sign in")
	v.Sees("Signing in as ann@example.org.")
	v.Sound("code")
	v.Press("Use a passkey instead")
	v.Sees("Passkey “Laptop”")
	sound(t, b, v, address)
}

// sound opens every page of accounts wide and narrow, as whoever is signed in, and the longest in the dark and without scripts.
func sound(t *testing.T, b *browser.Browser, v *browser.Visit, address string) {
	t.Helper()
	v.Open(address + "/people")
	v.Fill("Name", "Bob")
	v.Fill("E-mail", "bob@example.org")
	if err := v.GetByLabel("viewer: see").Check(); err != nil {
		t.Fatal(err)
	}
	v.Press("Invite")
	v.Sees("Give this link to bob@example.org")
	v.Sound("invited")
	v.Follow("Bob")
	v.Sees("Reset the sign-in")
	bob := strings.TrimPrefix(v.URL(), address)
	cookies, err := v.Context().Cookies()
	must(t, err)
	var same []playwright.OptionalCookie
	for _, c := range cookies {
		same = append(same, playwright.OptionalCookie{Name: c.Name, Value: c.Value, Domain: playwright.String(c.Domain), Path: playwright.String("/")})
	}
	all := []string{"/account", "/people", bob, "/people/sign-ins", "/people/elevations", "/elevate", "/break-glass", account.IdlePath}
	for _, one := range []struct {
		view  browser.View
		paths []string
	}{{browser.Phone, all}, {browser.Desk, all[2:]}, {browser.Night, all[:1]}, {browser.Plain, all[:1]}} {
		view := one.view
		window := b.Visit(view)
		must(t, window.Context().AddCookies(same))
		for _, path := range one.paths {
			if status := window.Open(address + path); status != 200 || window.URL() != address+path {
				t.Fatalf("%s in %s: status %d, at %s", path, view.Name, status, window.URL())
			}
			window.Sound(strings.ReplaceAll(path, "/", " "))
		}
	}
}
