package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// provider is a provider of OpenID Connect on this machine, whose tokens a test may change before they are signed.
type provider struct {
	*mockoidc.MockOIDC
	claims func(c jwt.MapClaims, access string) // nil adds a second factor
	sign   func(c jwt.MapClaims) string         // nil signs with the key of the provider
}

func newProvider(t *testing.T, h *house) *provider {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{MockOIDC: m}
	if err := m.AddMiddleware(p.change); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: h.server.TLS.Certificates}
	if err := m.Start(tls.NewListener(listener, config), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	return p
}

// change rewrites what the provider answers.
func (p *provider) change(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		var object map[string]any
		if json.Unmarshal(body, &object) == nil {
			if raw, ok := object["id_token"].(string); ok {
				object["id_token"] = p.token(raw, object["access_token"].(string))
			}
			if object["issuer"] != nil {
				object["end_session_endpoint"] = p.Issuer() + "/logout?a=b"
			}
			body, _ = json.Marshal(object)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	})
}

func (p *provider) token(raw, accessToken string) string {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(raw, claims); err != nil {
		panic(err)
	}
	claims["amr"] = []string{"pwd", "mfa"}
	if p.claims != nil {
		p.claims(claims, accessToken)
	}
	if p.sign != nil {
		return p.sign(claims)
	}
	signed, err := p.Keypair.SignJWT(claims)
	if err != nil {
		panic(err)
	}
	return signed
}

func (p *provider) settings(t *testing.T) OIDC {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(p.ClientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return OIDC{Common: groups, Issuer: p.Issuer(), ClientID: p.ClientID, ClientSecretFile: file, Scopes: []string{"profile", "email", "groups"}}
}

// TestOIDC proves that a person signs in with a provider and goes on to where they were going, and how often an answer is good: once, in
// the browser that began, at the provider that it began with, in time.
func TestOIDC(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := newHouse(t)
		p := newProvider(t, h)
		other := p.settings(t)
		other.Name = "other"
		h.open(db, Settings{OIDC: []OIDC{p.settings(t), other}})
		if got := h.Choices()[0]; got != (Choice{"Example Corp", "/sign-in/oidc/corp"}) || len(h.Groups()[p.Issuer()]["engineering"]) == 0 {
			t.Errorf("choice %v, groups %v", got, h.Groups())
		}
		status, text, at := h.visit(h.browser, "/sign-in/oidc/corp?next="+url.QueryEscape("/findings?severity=high"))
		if status != 200 || at.Path != "/findings" || at.RawQuery != "severity=high" || len(h.came) != 1 {
			t.Fatalf("%d at %v, came %v: %s", status, at, h.came, text)
		}
		who := h.came[0]
		if who.Issuer != p.Issuer() || who.Subject != "1234567890" || who.Email != "jane.doe@example.com" ||
			strings.Join(who.Groups, " ") != "engineering design" {
			t.Errorf("who came: %+v", who)
		}
		if out := h.SignOutURL(p.Issuer()); !strings.HasPrefix(out, p.Issuer()+"/logout?a=b&client_id=") ||
			!strings.Contains(out, url.QueryEscape(h.server.URL+"/sign-in")) {
			t.Errorf("signs out at %q", out)
		}

		// answer is the address that the provider leads back to.
		answer := func() *url.URL {
			t.Helper()
			b := *h.browser
			var back *url.URL
			b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
				if strings.HasSuffix(r.URL.Path, "/callback") {
					back = r.URL
					return http.ErrUseLastResponse
				}
				return nil
			}
			h.visit(&b, "/sign-in/oidc/corp?next=/x")
			return back
		}
		with := func(u *url.URL, name, value string) string {
			q := u.Query()
			q.Set(name, value)
			return u.Path + "?" + q.Encode()
		}
		back := answer()
		for name, c := range map[string]func() (int, string, *url.URL){
			"another state":   func() (int, string, *url.URL) { return h.visit(h.browser, with(back, "state", "x")) },
			"no state":        func() (int, string, *url.URL) { return h.visit(h.browser, with(back, "state", "")) },
			"another browser": func() (int, string, *url.URL) { return h.visit(h.newBrowser(), back.RequestURI()) },
			"another provider": func() (int, string, *url.URL) {
				return h.visit(h.browser, strings.Replace(answer().RequestURI(), "corp", "other", 1))
			},
			"too late": func() (int, string, *url.URL) {
				late := answer()
				h.late = flowTime + time.Minute
				defer func() { h.late = 0 }()
				return h.visit(h.browser, late.RequestURI())
			},
		} {
			status, _, _ := c()
			if status != 400 || len(h.came) != 1 {
				t.Errorf("%s: %d, %d came", name, status, len(h.came))
			}
		}
		if status, _, at := h.visit(h.browser, back.RequestURI()); status != 200 || at.Path != "/x" || len(h.came) != 2 {
			t.Errorf("the answer itself: %d at %v", status, at)
		}
		if status, _, _ := h.visit(h.browser, back.RequestURI()); status != 400 || len(h.came) != 2 {
			t.Errorf("the answer once more: %d", status)
		}
		for query, want := range map[string]string{"iss=https://evil.example": "not verified", "error=access_denied": "provider refused",
			"code=": "not verified"} {
			u := answer()
			name, value, _ := strings.Cut(query, "=")
			if status, text, _ := h.visit(h.browser, with(u, name, value)); status != 403 || len(h.came) != 2 || !strings.Contains(text, "Example Corp") {
				t.Errorf("%s: %d %s", query, status, text)
			}
			if !strings.HasSuffix(h.refusals(), "provider/corp "+want) {
				t.Errorf("%s: recorded %s, want %s", query, h.refusals(), want)
			}
		}
		if status, _, _ := h.visit(h.browser, "/sign-in/oidc/none"); status != 404 {
			t.Errorf("no provider: %d", status)
		}
	})
}

// TestTokens proves that nobody comes in with a token that is forged, for somebody else, of another time or sign-in, or that lacks what
// is demanded.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h)
	h.open(statetest.SQLite(t), Settings{OIDC: []OIDC{p.settings(t)}})
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(method jwt.SigningMethod, key any) func(jwt.MapClaims) string {
		return func(c jwt.MapClaims) string {
			token := jwt.NewWithClaims(method, c)
			if id, err := p.Keypair.KeyID(); err == nil {
				token.Header["kid"] = id
			}
			raw, err := token.SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
	}
	set := func(name string, value any) func(jwt.MapClaims, string) {
		return func(c jwt.MapClaims, _ string) { c[name] = value }
	}
	hash := func(access string) string {
		sum := sha256.Sum256([]byte(access))
		return base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	now := time.Now().Unix()
	for _, c := range []struct {
		name   string
		claims func(jwt.MapClaims, string)
		sign   func(jwt.MapClaims) string
		want   string // the reason of the refusal, "" if the person comes in
	}{
		{"as it should be", nil, nil, ""},
		{"the hash of the access token", func(c jwt.MapClaims, access string) { c["at_hash"] = hash(access) }, nil, ""},
		{"another hash", func(c jwt.MapClaims, access string) { c["at_hash"] = hash(access + "x") }, nil, "not verified"},
		{"another nonce", set("nonce", "x"), nil, "not verified"},
		{"no nonce", set("nonce", ""), nil, "not verified"},
		{"another issuer", set("iss", "https://evil.example"), nil, "not verified"},
		{"another audience", set("aud", "somebody"), nil, "not verified"},
		{"two audiences and no party", set("aud", []string{p.ClientID, "somebody"}), nil, "not verified"},
		{"two audiences and this party", func(c jwt.MapClaims, _ string) { c["aud"], c["azp"] = []string{p.ClientID, "somebody"}, p.ClientID }, nil, ""},
		{"another party", set("azp", "somebody"), nil, "not verified"},
		{"expired", set("exp", now-120), nil, "not verified"},
		{"expired within the leeway", set("exp", now-30), nil, ""},
		{"not valid yet", set("nbf", now+900), nil, "not verified"},
		{"issued long ago", set("iat", now-3600), nil, "not verified"},
		{"issued in the future", set("iat", now+3600), nil, "not verified"},
		{"no subject", set("sub", ""), nil, "not verified"},
		{"no second factor", set("amr", []string{"pwd"}), nil, "no second factor"},
		{"a second factor as a text", set("amr", "mfa"), nil, ""},
		{"address not verified", set("email_verified", false), nil, "no verified address"},
		{"address verified in words", set("email_verified", "true"), nil, ""},
		{"no address", set("email", ""), nil, "no verified address"},
		{"another key", nil, signed(jwt.SigningMethodRS256, stranger), "not verified"},
		{"signed with the secret of the client", nil, signed(jwt.SigningMethodHS256, []byte(p.ClientSecret)), "not verified"},
		{"not signed", nil, signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), "not verified"},
		{"no token", nil, func(jwt.MapClaims) string { return "x" }, "not verified"},
	} {
		p.claims, p.sign, h.came = c.claims, c.sign, nil
		before := h.refusals()
		status, _, at := h.visit(h.browser, "/sign-in/oidc/corp?next=/x")
		if came := len(h.came) == 1 && status == 200 && at.Path == "/x"; came != (c.want == "") {
			t.Errorf("%s: %d at %v, %d came", c.name, status, at, len(h.came))
		}
		if got := strings.TrimPrefix(strings.TrimPrefix(h.refusals(), before), ", "); c.want != "" && got != "provider/corp "+c.want {
			t.Errorf("%s: recorded %q, want %q", c.name, got, c.want)
		}
	}
}

// TestBackChannel proves that a provider ends the sessions of a person with a token of its own, once, and nobody else does.
func TestBackChannel(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h)
	h.open(statetest.SQLite(t), Settings{OIDC: []OIDC{p.settings(t)}})
	now := time.Now()
	send := func(change func(jwt.MapClaims)) int {
		t.Helper()
		c := jwt.MapClaims{"iss": p.Issuer(), "sub": "1234567890", "aud": p.ClientID, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": "first",
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
		if change != nil {
			change(c)
		}
		raw, err := p.Keypair.SignJWT(c)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := h.browser.PostForm(h.server.URL+"/sign-in/oidc/corp/logout", url.Values{"logout_token": {raw}})
		if err != nil {
			t.Fatal(err)
		}
		status, _, _ := h.read(reply)
		return status
	}
	if status := send(nil); status != 200 || len(h.ended) != 1 || h.ended[0] != p.Issuer()+" 1234567890" {
		t.Fatalf("%d, ended %v", status, h.ended)
	}
	for name, change := range map[string]func(jwt.MapClaims){
		"once more":        nil,
		"an ID token":      func(c jwt.MapClaims) { c["jti"] = "2"; delete(c, "events") },
		"with a nonce":     func(c jwt.MapClaims) { c["jti"] = "3"; c["nonce"] = "x" },
		"another audience": func(c jwt.MapClaims) { c["jti"] = "4"; c["aud"] = "x" },
		"another issuer":   func(c jwt.MapClaims) { c["jti"] = "5"; c["iss"] = "https://evil.example" },
		"old":              func(c jwt.MapClaims) { c["jti"] = "6"; c["iat"] = now.Add(-time.Hour).Unix() },
		"of nobody":        func(c jwt.MapClaims) { c["jti"] = "7"; delete(c, "sub"); c["sid"] = "x" },
	} {
		if status := send(change); status != 400 || len(h.ended) != 1 {
			t.Errorf("%s: %d, ended %v", name, status, h.ended)
		}
	}
}

// TestDown proves that a provider that does not answer stops neither the start of the server nor later sign-ins.
func TestDown(t *testing.T) {
	h := newHouse(t)
	p := newProvider(t, h)
	s := p.settings(t)
	h.open(statetest.SQLite(t), Settings{OIDC: []OIDC{s}})
	p.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: mockoidc.InternalServerError})
	if status, text, _ := h.visit(h.browser, "/sign-in/oidc/corp"); status != 502 || !strings.Contains(text, "cannot be reached") {
		t.Errorf("%d %s", status, text)
	}
	if status, _, _ := h.visit(h.browser, "/sign-in/oidc/corp"); status != 200 || len(h.came) != 1 {
		t.Errorf("after that: %d", status)
	}
	var big bytes.Buffer
	fmt.Fprintf(&big, `{"issuer": %q, "x": "%s"}`, "https://"+h.server.Listener.Addr().String()+"/big", strings.Repeat("x", maxAnswer))
	h.mux.HandleFunc("GET /big/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(big.Bytes()) })
	s.Issuer = h.server.URL + "/big"
	one, err := newOIDC(s, h.o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.discover(context.Background()); err == nil {
		t.Error("an endless answer is read")
	}
}
