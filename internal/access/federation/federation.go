package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
)

// Identity is who came, as a provider vouches for.
type Identity struct {
	Provider string // its name in the settings
	Issuer   string // the URL or entity id of the provider
	Subject  string // which never changes and is never given to another
	Name     string
	Email    string
	Groups   []string
}

// Options are what Providers work with.
type Options struct {
	DB       *state.DB
	Keeper   *record.Keeper
	Log      *slog.Logger
	Base     string // where people reach the server: "https://ward.example.org"
	Settings Settings
	// SignIn begins the session of a person and sets its cookie. A web.Fault is shown to the person.
	SignIn func(w http.ResponseWriter, r *http.Request, who Identity) error
	// SignOut ends all sessions of a person whom the provider signed out; nil has no such sign-outs taken.
	SignOut func(ctx context.Context, issuer, subject string) error
	// Address is where a request came from; nil is the address of the connection.
	Address func(*http.Request) string
	Client  *http.Client     // to providers; nil is one with a limit of time
	Now     func() time.Time // nil is time.Now
}

// Providers are the providers of identities that people may sign in with. It may be used by many goroutines.
type Providers struct {
	o    Options
	oidc []*oidcProvider
	saml []*samlProvider
}

// Open reads the settings of the providers. None is asked yet: one that does not answer keeps no server from its start.
func Open(o Options) (*Providers, error) {
	if err := o.Settings.check(); err != nil {
		return nil, fmt.Errorf("open the providers of identities: %w", err)
	}
	o.Base = strings.TrimSuffix(o.Base, "/")
	if u, err := url.Parse(o.Base); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("open the providers of identities: the address of the server must begin with https://")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Address == nil {
		o.Address = peer
	}
	o.Client = bounded(o.Client)
	p := &Providers{o: o}
	for _, s := range o.Settings.OIDC {
		one, err := newOIDC(s, o)
		if err != nil {
			return nil, fmt.Errorf("open the provider %s: %w", s.Name, err)
		}
		p.oidc = append(p.oidc, one)
	}
	for _, s := range o.Settings.SAML {
		one, err := newSAML(s, o.Base)
		if err != nil {
			return nil, fmt.Errorf("open the provider %s: %w", s.Name, err)
		}
		p.saml = append(p.saml, one)
	}
	return p, nil
}

// Patterns that other sites post to, which a protection against requests of other sites must let through: they carry their own proof.
var Patterns = []string{"POST /sign-in/saml/{provider}/acs", "POST /sign-in/oidc/{provider}/logout"}

// Add registers the handlers. All are for those who are not signed in.
func (p *Providers) Add(site *web.Site) {
	site.Handle("GET /sign-in/oidc/{provider}", access.Anyone, p.startOIDC)
	site.Handle("GET /sign-in/oidc/{provider}/callback", access.Anyone, p.finishOIDC)
	site.Handle("POST /sign-in/oidc/{provider}/logout", access.Anyone, p.logoutOIDC)
	site.Handle("GET /sign-in/saml/{provider}", access.Anyone, p.startSAML)
	site.Handle("POST /sign-in/saml/{provider}/acs", access.Anyone, p.finishSAML)
	site.Handle("GET /sign-in/saml/{provider}/metadata", access.Anyone, p.metadata)
}

// Choice is a provider that people can choose where they sign in.
type Choice struct{ Title, Path string }

// Choices are all providers. "?next=" and a path may be added to the path.
func (p *Providers) Choices() []Choice {
	var all []Choice
	for _, one := range p.oidc {
		all = append(all, Choice{one.s.title(), "/sign-in/oidc/" + one.s.Name})
	}
	for _, one := range p.saml {
		all = append(all, Choice{one.s.title(), "/sign-in/saml/" + one.s.Name})
	}
	return all
}

// Groups are the roles that groups give: issuer, group, roles.
func (p *Providers) Groups() map[string]map[string][]access.Role {
	all := map[string]map[string][]access.Role{}
	add := func(issuer string, groups map[string][]access.Role) {
		if all[issuer] == nil {
			all[issuer] = map[string][]access.Role{}
		}
		for group, roles := range groups {
			all[issuer][group] = append(all[issuer][group], roles...)
		}
	}
	for _, one := range p.oidc {
		add(one.s.Issuer, one.s.Groups)
	}
	for _, one := range p.saml {
		add(one.sp.IDPMetadata.EntityID, one.s.Groups)
	}
	return all
}

// reason says why somebody was refused: in the record, in the log and to the person.
type reason struct{ word, text string }

var (
	notVerified = reason{"not verified", "what it sent could not be verified"}
	notWilling  = reason{"provider refused", "it did not sign you in"}
	noSecond    = reason{"no second factor", "it did not say that you used a second factor, which is needed here"}
	noEmail     = reason{"no verified address", "it did not say which address of e-mail is yours"}
	noAnswer    = reason{"no answer", "it could not be reached"}
)

// refuse records that a sign-in was refused and tells so. why is for the log alone; it MUST NOT hold tokens.
func (p *Providers) refuse(r *http.Request, provider, title string, because reason, why error) error {
	p.o.Log.WarnContext(r.Context(), "a sign-in was refused", "provider", provider, "reason", because.word, "error", why)
	nobody := access.Actor{ID: "nobody", Name: "nobody", Via: "federation", Address: p.o.Address(r)}
	_, err := p.o.Keeper.Act(access.With(r.Context(), nobody), record.Entry{Kind: record.SignIn, Verb: "refuse", Subject: "provider/" + provider,
		Facts: map[string]string{"reason": because.word}}, nil)
	if err != nil {
		return err
	}
	return web.Faultf(http.StatusForbidden, "You were not signed in with %s: %s. Try again; if it stays so, tell an administrator, who finds "+
		"more in the log of the server.", title, because.text)
}

// gone is the answer where there is no such provider.
func gone() error {
	return web.Faultf(http.StatusNotFound, "There is no such provider of identities.")
}

// peer is the address of the other end of the connection.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// maxAnswer is how much of an answer of a provider is read.
const maxAnswer = 1 << 20

// bounded is a client with limits of time and size, which follows no redirects: what providers answer is at the addresses they named.
func bounded(client *http.Client) *http.Client {
	next := http.DefaultTransport
	if client != nil && client.Transport != nil {
		next = client.Transport
	}
	return &http.Client{Timeout: 15 * time.Second, Transport: limited{next},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("a provider names an address without https://")
	}
	reply, err := l.next.RoundTrip(r)
	if err == nil {
		reply.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(reply.Body, maxAnswer), reply.Body}
	}
	return reply, err
}
