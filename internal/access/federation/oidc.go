package federation

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"ward.dev/ward/internal/web"
)

// leeway is how far the clock of a provider may be off.
const leeway = time.Minute

func ignoreNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// oidcProvider is a provider of OpenID Connect. Where its endpoints and keys are is asked for at the first sign-in.
type oidcProvider struct {
	s      OIDC
	secret string
	o      Options

	mutex sync.Mutex
	found *discovered
}

// discovered is what a provider says of itself.
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	at       time.Time
	// More of its metadata.
	EndSession string `json:"end_session_endpoint"`
	IssuerBack bool   `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// rediscover is after how long a provider is asked again what it says of itself.
const rediscover = 12 * time.Hour

func newOIDC(s OIDC, o Options) (*oidcProvider, error) {
	s.complete()
	one := &oidcProvider{s: s, o: o}
	if s.ClientSecretFile != "" {
		b, err := os.ReadFile(s.ClientSecretFile)
		if err != nil {
			return nil, fmt.Errorf("read the secret: %w", err)
		}
		if one.secret = strings.TrimSpace(string(b)); one.secret == "" {
			return nil, errors.New("read the secret: the file is empty")
		}
	}
	return one, nil
}

// discover asks the provider what it says of itself, unless that is known.
func (one *oidcProvider) discover(ctx context.Context) (*discovered, error) {
	one.mutex.Lock()
	defer one.mutex.Unlock()
	if one.found != nil && one.o.Now().Sub(one.found.at) < rediscover {
		return one.found, nil
	}
	// The keys are read later with this context, so that it must not end with the request.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), one.o.Client), one.s.Issuer)
	if err != nil {
		if one.found != nil {
			return one.found, nil // what it said before
		}
		return nil, err
	}
	found := &discovered{provider: provider, at: one.o.Now()}
	if err := provider.Claims(found); err != nil {
		return nil, err
	}
	for _, endpoint := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL} {
		if !strings.HasPrefix(endpoint, "https://") {
			return nil, errors.New("the provider names an address without https://")
		}
	}
	found.verifier = provider.Verifier(&oidc.Config{ClientID: one.s.ClientID, SupportedSigningAlgs: one.s.Algorithms,
		Now: func() time.Time { return one.o.Now().Add(-leeway) }})
	one.found = found
	return found, nil
}

func (one *oidcProvider) client(d *discovered) *oauth2.Config {
	return &oauth2.Config{ClientID: one.s.ClientID, ClientSecret: one.secret, Endpoint: d.provider.Endpoint(),
		RedirectURL: one.o.Base + "/sign-in/oidc/" + one.s.Name + "/callback", Scopes: append([]string{oidc.ScopeOpenID}, one.s.Scopes...)}
}

func (p *Providers) oidcNamed(r *http.Request) *oidcProvider {
	for _, one := range p.oidc {
		if one.s.Name == r.PathValue("provider") {
			return one
		}
	}
	return nil
}

// startOIDC leads to the provider.
func (p *Providers) startOIDC(w http.ResponseWriter, r *http.Request) error {
	one := p.oidcNamed(r)
	if one == nil {
		return gone()
	}
	d, err := one.discover(r.Context())
	if err != nil {
		p.o.Log.ErrorContext(r.Context(), "a provider of identities cannot be asked", "provider", one.s.Name, "error", err)
		return web.Faultf(http.StatusBadGateway, "%s cannot be reached now. Try again in a minute, or sign in another way.", one.s.title())
	}
	f := flow{Provider: "oidc/" + one.s.Name, Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	opaque, err := p.begin(w, r, f, http.SameSiteLaxMode)
	if err != nil {
		return err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if one.s.mfa() && len(one.s.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(one.s.ACR, " ")))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, one.client(d).AuthCodeURL(opaque, options...), http.StatusSeeOther)
	return nil
}

// wordOfError is what an error of OAuth is (RFC 6749, section 4.1.2.1); other text of a request goes to no log.
var wordOfError = regexp.MustCompile(`^[a-z_]{1,40}$`)

// finishOIDC takes what the provider answers and signs the person in.
func (p *Providers) finishOIDC(w http.ResponseWriter, r *http.Request) error {
	one := p.oidcNamed(r)
	if one == nil {
		return gone()
	}
	q := r.URL.Query()
	f, err := p.finish(r, q.Get("state"), "oidc/"+one.s.Name, http.SameSiteLaxMode)
	if errors.Is(err, errFlow) {
		return stale()
	}
	if err != nil {
		return err
	}
	if word := q.Get("error"); word != "" {
		if !wordOfError.MatchString(word) {
			word = "an error without a known name"
		}
		return p.refuse(r, one.s.Name, one.s.title(), notWilling, errors.New(word))
	}
	d, err := one.discover(r.Context())
	if err != nil {
		return p.refuse(r, one.s.Name, one.s.title(), noAnswer, err)
	}
	if issuer := q.Get("iss"); issuer != "" && issuer != one.s.Issuer || issuer == "" && d.IssuerBack {
		return p.refuse(r, one.s.Name, one.s.title(), notVerified, errors.New("the answer names another issuer, or none"))
	}
	who, because, err := one.exchange(r.Context(), d, f, q.Get("code"))
	if err != nil {
		return p.refuse(r, one.s.Name, one.s.title(), because, err)
	}
	return p.welcome(w, r, who, f)
}

// stale is the answer to what no sign-in of this browser is waiting for.
func stale() error {
	return web.Faultf(http.StatusBadRequest, "This sign-in took more than ten minutes, was used before, or was begun in another browser. "+
		"Go to the sign-in and begin again.")
}

// welcome begins the session and goes on to where the person wanted to.
func (p *Providers) welcome(w http.ResponseWriter, r *http.Request, who Identity, f flow) error {
	if err := p.o.SignIn(w, r, who); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, f.Next, http.StatusSeeOther)
	return nil
}

// exchange gets the tokens for a code and verifies them: OpenID Connect Core 1.0, section 3.1.3.7.
func (one *oidcProvider) exchange(ctx context.Context, d *discovered, f flow, code string) (Identity, reason, error) {
	if code == "" || len(code) > 4096 {
		return Identity{}, notVerified, errors.New("there is no code")
	}
	ctx = oidc.ClientContext(ctx, one.o.Client)
	token, err := one.client(d).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, notVerified, withoutBody(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Identity{}, notVerified, errors.New("there is no ID token")
	}
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, notVerified, err
	}
	var claims map[string]json.RawMessage
	if err := id.Claims(&claims); err != nil {
		return Identity{}, notVerified, err
	}
	if err := one.verify(id, claims, f, token.AccessToken); err != nil {
		return Identity{}, notVerified, err
	}
	if one.s.mfa() && !one.second(claims) {
		return Identity{}, noSecond, errors.New("neither acr nor amr tells of a second factor")
	}
	if one.s.UserInfo {
		if err := userInfo(ctx, d, token, id.Subject, claims); err != nil {
			return Identity{}, notVerified, err
		}
	}
	return one.identity(id.Subject, claims)
}

// withoutBody hides what a provider answered, which may hold a token.
func withoutBody(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		word := refused.ErrorCode
		if !wordOfError.MatchString(word) {
			word = ""
		}
		return fmt.Errorf("the provider answered %d %s", refused.Response.StatusCode, word)
	}
	var byURL *url.Error
	if errors.As(err, &byURL) {
		return byURL.Err
	}
	return errors.New("the provider's answer could not be read")
}

// verify checks what the library does not.
func (one *oidcProvider) verify(id *oidc.IDToken, claims map[string]json.RawMessage, f flow, accessToken string) error {
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return errors.New("the nonce is another")
	}
	if id.Issuer != one.s.Issuer {
		return errors.New("the issuer is another")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(accessToken); err != nil {
			return err
		}
	}
	if party := text(claims["azp"]); party != "" && party != one.s.ClientID || party == "" && len(id.Audience) > 1 {
		return errors.New("the token was issued to another party")
	}
	if now := one.o.Now(); id.IssuedAt.After(now.Add(leeway)) || id.IssuedAt.Before(now.Add(-flowTime-leeway)) {
		return errors.New("the token was issued at another time")
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return errors.New("the subject is missing or too long")
	}
	return nil
}

// second tells whether the provider says that a second factor was used.
func (one *oidcProvider) second(claims map[string]json.RawMessage) bool {
	if acr := text(claims["acr"]); acr != "" && slices.Contains(one.s.ACR, acr) {
		return true
	}
	return slices.ContainsFunc(texts(claims["amr"]), func(m string) bool { return slices.Contains(one.s.AMR, m) })
}

// userInfo adds claims that the token lacks.
func userInfo(ctx context.Context, d *discovered, token *oauth2.Token, subject string, claims map[string]json.RawMessage) error {
	info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return withoutBody(err)
	}
	if info.Subject != subject {
		return errors.New("the information is about another person")
	}
	var more map[string]json.RawMessage
	if err := info.Claims(&more); err != nil {
		return errors.New("the information about the person cannot be read")
	}
	for name, value := range more {
		if _, there := claims[name]; !there {
			claims[name] = value
		}
	}
	return nil
}

// identity is who the claims tell of.
func (one *oidcProvider) identity(subject string, claims map[string]json.RawMessage) (Identity, reason, error) {
	verified := text(claims["email_verified"]) == "true" || string(claims["email_verified"]) == "true"
	who := Identity{Provider: one.s.Name, Issuer: one.s.Issuer, Subject: subject, Name: text(claims["name"]), Email: text(claims["email"]),
		Groups: texts(claims[one.s.GroupsClaim])}
	if who.Email == "" || !verified && !one.s.TrustEmail {
		return Identity{}, noEmail, errors.New("the address is missing or not verified")
	}
	return who, reason{}, nil
}

// text is a claim that is a text, "" if it is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// maxGroups bounds how many groups of a person are looked at.
const maxGroups = 2000

// texts is a claim that is a list of texts, or one.
func texts(raw json.RawMessage) []string {
	var all []string
	if json.Unmarshal(raw, &all) == nil {
		return all[:min(len(all), maxGroups)]
	}
	if one := text(raw); one != "" {
		return []string{one}
	}
	return nil
}

// SignOutURL is where a browser that signed out here goes to sign out at the provider, too: RP-Initiated Logout 1.0. It is "" if the
// provider does not do that, or was not asked yet.
func (p *Providers) SignOutURL(issuer string) string {
	for _, one := range p.oidc {
		one.mutex.Lock()
		found := one.found
		one.mutex.Unlock()
		if one.s.Issuer != issuer || found == nil {
			continue
		}
		u, err := url.Parse(found.EndSession)
		if err != nil || u.Scheme != "https" {
			return ""
		}
		q := u.Query()
		q.Set("client_id", one.s.ClientID)
		q.Set("post_logout_redirect_uri", p.o.Base+"/sign-in")
		u.RawQuery = q.Encode()
		return u.String()
	}
	return ""
}

// logoutOIDC takes the word of a provider that it signed somebody out: Back-Channel Logout 1.0, section 2.5 and following.
func (p *Providers) logoutOIDC(w http.ResponseWriter, r *http.Request) error {
	one := p.oidcNamed(r)
	if one == nil || p.o.SignOut == nil {
		return gone()
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	bad := web.Faultf(http.StatusBadRequest, "The logout token could not be verified.")
	if err := r.ParseForm(); err != nil {
		return bad
	}
	d, err := one.discover(r.Context())
	if err != nil {
		return web.Faultf(http.StatusBadGateway, "The provider cannot be reached.")
	}
	token, err := d.verifier.VerifyLogout(oidc.ClientContext(r.Context(), one.o.Client), r.PostForm.Get("logout_token"))
	if err != nil || token.Issuer != one.s.Issuer || token.Subject == "" || token.TokenID == "" {
		p.o.Log.WarnContext(r.Context(), "a logout token was refused", "provider", one.s.Name, "error", err)
		return bad
	}
	now := p.o.Now()
	if token.IssuedAt.After(now.Add(leeway)) || token.IssuedAt.Before(now.Add(-flowTime)) {
		return bad
	}
	first, err := p.once(r.Context(), "oidc/"+one.s.Name+"/"+token.TokenID, now.Add(2*flowTime))
	if err != nil {
		return err
	}
	if !first {
		return bad
	}
	if err := p.o.SignOut(r.Context(), token.Issuer, token.Subject); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}
