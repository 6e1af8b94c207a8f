package people

import (
	"errors"
	"net/http"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/web"
)

func (p *pages) signing(site *web.Site) {
	for pattern, h := range map[string]web.Handler{
		"GET /sign-in":                 p.showSignIn,
		"POST /sign-in":                p.signIn,
		"GET " + account.IdlePath:      p.showIdle,
		"GET /sign-in/second":          p.showSecond,
		"POST /sign-in/second":         p.second,
		"GET /sign-in/enrol":           p.showEnrol,
		"POST /sign-in/enrol":          p.enrol,
		"GET /sign-in/password":        p.showRenew,
		"POST /sign-in/password":       p.renew,
		"POST /sign-out":               p.signOut,
		"GET /setup/{link}":            p.takeLink,
		"GET /setup":                   p.showSetup,
		"POST /setup":                  p.setup,
		"GET /people/passkey.js":       p.script,
		"GET /people/password.js":      p.script,
		"POST /sign-in/passkey":        p.askPasskey,
		"POST /sign-in/passkey/answer": p.answerPasskey,
		"POST /account/passkey":        p.beginPasskey,
		"POST /account/passkey/answer": p.finishPasskey,
		"GET /account/totp.png":        p.totpPicture,
	} {
		site.Handle(pattern, access.Anyone, h)
	}
}

// stages are the pages that lead a sign-in on.
var stages = map[account.Stage]string{account.Second: "/sign-in/second", account.Enrol: "/sign-in/enrol", account.Renew: "/sign-in/password"}

// after is where to go on with a ticket.
func after(s account.Stage, next string) string {
	if path, ok := stages[s]; ok {
		return withNext(path, next)
	}
	return web.Local(next)
}

// at leads those elsewhere whose sign-in has not come to a stage, or has come further.
func (p *pages) at(w http.ResponseWriter, r *http.Request, want account.Stage) bool {
	stage := p.people.Stage(r.Context())
	if stage == want {
		return true
	}
	path := withNext("/sign-in", r.FormValue("next"))
	if stage != "" {
		path = after(stage, r.FormValue("next"))
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return false
}

type signInView struct {
	Email, Next string
	Errors      map[string]string
	Ended       bool // a session that the browser had is over
	Passkeys    bool
	Providers   []Provider
}

func (p *pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if stage := p.people.Stage(r.Context()); stage != "" {
		return to(w, r, after(stage, next))
	}
	return p.signInPage(w, r, signInView{Next: next, Ended: p.people.Ended(r)})
}

// showIdle takes the place of a page that stood open. Those who are still signed in, by another window, go back by themselves: a page that
// went back alone would keep the session from ending.
func (p *pages) showIdle(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if p.people.Stage(r.Context()) != account.Full {
		return to(w, r, withNext("/sign-in", next))
	}
	return p.Show(w, r, "idle.html", web.Page{Title: "This page was closed", Body: signInView{Next: web.Local(next)}})
}

func (p *pages) signInPage(w http.ResponseWriter, r *http.Request, v signInView) error {
	v.Next = web.Local(v.Next)
	v.Passkeys = p.people.HasPasskeys()
	v.Providers = p.providers
	return p.Show(w, r, "sign-in.html", web.Page{Title: "Sign in", Status: status(v.Errors), Body: v})
}

func (p *pages) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	ticket, err := p.people.SignIn(r.Context(), f.Get("email"), f.Get("password"), p.people.Origin(r))
	if errors.Is(err, account.ErrRefused) {
		err = &account.Mistake{Field: "email", Text: "The address and the password do not belong together, or the account may not sign in."}
	}
	errs, err := wrong(err, "email")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.signInPage(w, r, signInView{Email: f.Get("email"), Next: f.Get("next"), Errors: errs})
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, after(ticket.Stage, f.Get("next")))
}

type secondView struct {
	Next     string
	Errors   map[string]string
	Self     account.Account
	Passkeys bool
}

func (p *pages) showSecond(w http.ResponseWriter, r *http.Request) error {
	return p.secondPage(w, r, r.URL.Query().Get("next"), nil)
}

func (p *pages) secondPage(w http.ResponseWriter, r *http.Request, next string, errs map[string]string) error {
	if !p.at(w, r, account.Second) {
		return nil
	}
	self, err := p.people.Self(r.Context())
	if err != nil {
		return fault(err)
	}
	return p.Show(w, r, "second.html", web.Page{Title: "Second factor", Status: status(errs),
		Body: secondView{Next: web.Local(next), Errors: errs, Self: self, Passkeys: p.people.HasPasskeys() && self.Passkeys > 0}})
}

func (p *pages) second(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil || !p.at(w, r, account.Second) {
		return err
	}
	ticket, err := p.people.SecondFactor(r.Context(), f.Get("code"), p.people.Origin(r))
	errs, err := wrong(err, "code")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.secondPage(w, r, f.Get("next"), errs)
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, after(ticket.Stage, f.Get("next")))
}

type enrolView struct {
	Next     string
	Secret   string
	Errors   map[string]string
	Passkeys bool
	Codes    []string // recovery codes, once all is done
}

func (p *pages) showEnrol(w http.ResponseWriter, r *http.Request) error {
	return p.enrolPage(w, r, r.URL.Query().Get("next"), nil)
}

func (p *pages) enrolPage(w http.ResponseWriter, r *http.Request, next string, errs map[string]string) error {
	if !p.at(w, r, account.Enrol) {
		return nil
	}
	secret, err := p.people.BeginTOTP(r.Context())
	if err != nil {
		return fault(err)
	}
	return p.Show(w, r, "enrol.html", web.Page{Title: "Set up a second factor", Status: status(errs),
		Body: enrolView{Next: web.Local(next), Secret: secret.Text, Errors: errs, Passkeys: p.people.HasPasskeys()}})
}

func (p *pages) enrol(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil || !p.at(w, r, account.Enrol) {
		return err
	}
	ticket, codes, err := p.people.ConfirmTOTP(r.Context(), f.Get("code"), p.people.Origin(r))
	errs, err := wrong(err, "code")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.enrolPage(w, r, f.Get("next"), errs)
	}
	p.people.SetCookie(w, ticket)
	return p.codesPage(w, r, codes, after(ticket.Stage, f.Get("next")))
}

// codesPage shows recovery codes, this once.
func (p *pages) codesPage(w http.ResponseWriter, r *http.Request, codes []string, next string) error {
	return p.Show(w, r, "codes.html", web.Page{Title: "Keep your recovery codes", Body: enrolView{Next: next, Codes: codes}})
}

// totpPicture is the QR code of the secret that is being set up.
func (p *pages) totpPicture(w http.ResponseWriter, r *http.Request) error {
	secret, err := p.people.BeginTOTP(r.Context())
	if err != nil {
		return fault(err)
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(secret.PNG) // a reader who has gone is no fault
	return nil
}

type passwordView struct {
	Next   string
	Policy account.Policy
	Errors map[string]string
}

func (p *pages) showRenew(w http.ResponseWriter, r *http.Request) error {
	return p.renewPage(w, r, r.URL.Query().Get("next"), nil)
}

func (p *pages) renewPage(w http.ResponseWriter, r *http.Request, next string, errs map[string]string) error {
	if !p.at(w, r, account.Renew) {
		return nil
	}
	return p.Show(w, r, "renew.html", web.Page{Title: "Change your password", Status: status(errs),
		Body: passwordView{Next: web.Local(next), Policy: p.people.Policy(), Errors: errs}})
}

func (p *pages) renew(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil || !p.at(w, r, account.Renew) {
		return err
	}
	ticket, errs, err := p.changed(r, f.Get("old"), f.Get("password"), f.Get("again"))
	if err != nil {
		return err
	}
	if errs != nil {
		return p.renewPage(w, r, f.Get("next"), errs)
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, after(ticket.Stage, f.Get("next")))
}

// changed changes the own password, which was typed twice.
func (p *pages) changed(r *http.Request, old, password, again string) (account.Ticket, map[string]string, error) {
	if password != again {
		return account.Ticket{}, map[string]string{"again": "The two passwords differ. Type the new one twice."}, nil
	}
	ticket, err := p.people.ChangePassword(r.Context(), old, password, p.people.Origin(r))
	errs, err := wrong(err, "old")
	return ticket, errs, err
}

func (p *pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.people.SignOut(r.Context()); err != nil && !errors.Is(err, account.ErrNone) {
		return fault(err)
	}
	p.people.DropCookie(w)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return to(w, r, "/sign-in")
}

// SignInFederated signs a person in whom a provider vouches for and sets the cookie, or says why not in words for the person.
func SignInFederated(people *account.People, w http.ResponseWriter, r *http.Request, c account.Claim) error {
	ticket, err := people.SignInFederated(r.Context(), c, people.Origin(r))
	if errors.Is(err, account.ErrRefused) {
		return web.Faultf(http.StatusForbidden, "You are known there, but may not sign in here: none of your groups has a role on this server, "+
			"your account is disabled, or your address belongs to an account with a password. An administrator can help.")
	}
	if err != nil {
		return fault(err)
	}
	people.SetCookie(w, ticket)
	return nil
}
