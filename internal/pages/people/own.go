package people

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/web"
)

func (p *pages) own(site *web.Site) {
	for pattern, h := range map[string]web.Handler{
		"GET /account":                       p.showOwn,
		"POST /account/name":                 p.rename,
		"POST /account/password":             p.changePassword,
		"POST /account/confirm":              p.confirm,
		"GET /account/totp":                  p.showTOTP,
		"POST /account/totp":                 p.setTOTP,
		"POST /account/totp/remove":          p.removeTOTP,
		"POST /account/passkeys/{id}/remove": p.removePasskey,
		"POST /account/recovery":             p.renewRecovery,
		"POST /account/sessions/{id}/end":    p.endSession,
		"POST /account/tokens":               p.newToken,
		"POST /account/tokens/{id}/end":      p.endToken,
	} {
		site.Handle(pattern, access.Own, h)
	}
}

// ownView is the page of one's own account.
type ownView struct {
	Self      account.Account
	Policy    account.Policy
	Fresh     bool
	Passkeys  []account.Passkey
	Makes     bool // there can be passkeys
	Codes     int  // recovery codes that are left
	Sessions  []account.Session
	Tokens    []account.Token
	Scopes    []scope
	Last      string // the last day that a token may have
	Typed     url.Values
	Errors    map[string]string
	New       string // a token that is shown this once
	Elevation account.Elevation
}

// scope is a permission to choose.
type scope struct {
	Name   access.Permission
	About  string
	Chosen bool
}

// abouts say what permissions are good for.
var abouts = map[access.Permission]string{
	access.View: "see estates, findings and decisions", access.Assess: "start assessments", access.Assign: "say who sees to a finding",
	access.Propose: "write and propose decisions", access.Attest: "attest for the organization", access.Approve: "approve what somebody else proposed",
	access.Evidence: "take evidence, records and sign-ins away", access.Sources: "declare estates, sources and schedules",
	access.People: "administer accounts", access.Settings: "change settings of the server",
}

func (p *pages) showOwn(w http.ResponseWriter, r *http.Request) error {
	return p.ownPage(w, r, ownView{})
}

// ownPage completes the page of the own account and shows it. Programs have none: a token has no session.
func (p *pages) ownPage(w http.ResponseWriter, r *http.Request, v ownView) error {
	ctx := r.Context()
	var err error
	if v.Self, err = p.people.Self(ctx); err != nil {
		return fault(err)
	}
	if v.Passkeys, err = p.people.Passkeys(ctx); err != nil {
		return fault(err)
	}
	if v.Codes, err = p.people.RecoveryLeft(ctx); err != nil {
		return fault(err)
	}
	if v.Sessions, err = p.people.Sessions(ctx); err != nil {
		return fault(err)
	}
	if v.Tokens, err = p.people.Tokens(ctx, v.Self.ID); err != nil {
		return fault(err)
	}
	if v.Elevation, err = p.people.Elevated(ctx); err != nil {
		return fault(err)
	}
	if err := p.scopes(ctx, &v); err != nil {
		return fault(err)
	}
	v.Policy, v.Fresh, v.Makes = p.people.Policy(), p.people.Fresh(ctx), p.people.HasPasskeys()
	v.Last = time.Now().UTC().AddDate(1, 0, 0).Format(time.DateOnly)
	return p.Show(w, r, "account.html", web.Page{Title: "My account", Active: "/account", Status: status(v.Errors), Body: v})
}

func (p *pages) scopes(ctx context.Context, v *ownView) error {
	may, err := p.people.Scopes(ctx)
	for _, permission := range may {
		s := scope{Name: permission, About: abouts[permission]}
		for _, chosen := range v.Typed["scope"] {
			s.Chosen = s.Chosen || chosen == string(permission)
		}
		v.Scopes = append(v.Scopes, s)
	}
	return err
}

// again shows the second factor again if a form brings a code, and tells what is wrong with it.
func (p *pages) again(r *http.Request, f url.Values) (map[string]string, error) {
	if f.Get("code") == "" {
		return nil, nil
	}
	return wrong(p.people.Confirm(r.Context(), f.Get("code"), p.people.Origin(r)), "code")
}

// done ends a change of the own account: back to its page, or the page again with what is wrong.
func (p *pages) done(w http.ResponseWriter, r *http.Request, err error, field string) error {
	errs, err := wrong(err, field)
	if err != nil {
		return err
	}
	if errs != nil {
		return p.ownPage(w, r, ownView{Typed: r.PostForm, Errors: errs})
	}
	return to(w, r, "/account")
}

// changing reads a form of the own account and confirms its code.
func (p *pages) changing(w http.ResponseWriter, r *http.Request, change func(f url.Values) error, field string) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := p.again(r, f)
	if err != nil {
		return err
	}
	if errs != nil {
		return p.ownPage(w, r, ownView{Typed: f, Errors: errs})
	}
	return p.done(w, r, change(f), field)
}

func (p *pages) rename(w http.ResponseWriter, r *http.Request) error {
	return p.changing(w, r, func(f url.Values) error { return p.people.Rename(r.Context(), f.Get("name")) }, "name")
}

// confirm shows the second factor again by itself.
func (p *pages) confirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := wrong(p.people.Confirm(r.Context(), f.Get("code"), p.people.Origin(r)), "code")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.ownPage(w, r, ownView{Errors: errs})
	}
	return to(w, r, web.Local(f.Get("next")))
}

func (p *pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	ticket, errs, err := p.changed(r, f.Get("old"), f.Get("password"), f.Get("again"))
	if err != nil {
		return err
	}
	if errs != nil {
		return p.ownPage(w, r, ownView{Errors: errs})
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, "/account")
}

func (p *pages) showTOTP(w http.ResponseWriter, r *http.Request) error {
	return p.totpPage(w, r, nil)
}

func (p *pages) totpPage(w http.ResponseWriter, r *http.Request, errs map[string]string) error {
	secret, err := p.people.BeginTOTP(r.Context())
	if err != nil {
		return fault(err)
	}
	return p.Show(w, r, "totp.html", web.Page{Title: "Set up an authenticator app", Active: "/account", Status: status(errs),
		Up: []web.Crumb{{Title: "My account", Path: "/account"}}, Body: enrolView{Secret: secret.Text, Errors: errs}})
}

func (p *pages) setTOTP(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	_, codes, err := p.people.ConfirmTOTP(r.Context(), f.Get("code"), p.people.Origin(r))
	errs, err := wrong(err, "code")
	switch {
	case err != nil:
		return err
	case errs != nil:
		return p.totpPage(w, r, errs)
	case codes != nil:
		return p.codesPage(w, r, codes, "/account")
	}
	return to(w, r, "/account")
}

func (p *pages) removeTOTP(w http.ResponseWriter, r *http.Request) error {
	return p.changing(w, r, func(url.Values) error { return p.people.RemoveTOTP(r.Context()) }, "totp")
}

func (p *pages) removePasskey(w http.ResponseWriter, r *http.Request) error {
	return p.changing(w, r, func(url.Values) error { return p.people.RemovePasskey(r.Context(), r.PathValue("id")) }, "passkey")
}

func (p *pages) renewRecovery(w http.ResponseWriter, r *http.Request) error {
	var codes []string
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := p.again(r, f)
	if err == nil && errs == nil {
		codes, err = p.people.RenewRecovery(r.Context())
		errs, err = wrong(err, "recovery")
	}
	if err != nil {
		return err
	}
	if errs != nil {
		return p.ownPage(w, r, ownView{Errors: errs})
	}
	return p.codesPage(w, r, codes, "/account")
}

func (p *pages) endSession(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.people.EndSession(r.Context(), r.PathValue("id")), "session")
}

func (p *pages) endToken(w http.ResponseWriter, r *http.Request) error {
	return p.done(w, r, p.people.EndToken(r.Context(), r.PathValue("id")), "token")
}

// newToken makes a token and shows it, this once.
func (p *pages) newToken(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := p.again(r, f)
	if err != nil {
		return err
	}
	v := ownView{Typed: f, Errors: errs}
	if errs == nil {
		// A token ends with its day, in UTC.
		end, _ := time.Parse(time.DateOnly, f.Get("expires"))
		_, value, err := p.people.NewToken(r.Context(), f.Get("name"), permissions(f["scope"]), end.Add(24*time.Hour-time.Second))
		if v.Errors, err = wrong(err, "token"); err != nil {
			return err
		}
		v.New = value
	}
	if v.Errors == nil {
		v.Typed = nil
	}
	// The form of the name of the account and that of the token share no field.
	if text, ok := v.Errors["name"]; ok {
		v.Errors = maps.Clone(v.Errors)
		delete(v.Errors, "name")
		v.Errors["token-name"] = text
	}
	return p.ownPage(w, r, v)
}

func permissions(names []string) []access.Permission {
	all := make([]access.Permission, len(names))
	for i, name := range names {
		all[i] = access.Permission(name)
	}
	return all
}

func minutes(text string) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 24*60 {
		return 0
	}
	return time.Duration(n) * time.Minute
}
