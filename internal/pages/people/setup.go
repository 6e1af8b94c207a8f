package people

import (
	"net/http"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/web"
)

// setupCookie holds the secret of a link while its page is open, so that it stands in no address that browsers and logs keep.
const setupCookie = "ward-setup"

// takeLink moves the secret of a link from the address to a cookie. It changes nothing, so that programs which look at links use none up.
func (p *pages) takeLink(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	p.holdLink(w, r.PathValue("link"), 0)
	return to(w, r, "/setup")
}

func (p *pages) holdLink(w http.ResponseWriter, link string, age int) {
	http.SetCookie(w, &http.Cookie{Name: setupCookie, Value: link, Path: "/setup", MaxAge: age, HttpOnly: true,
		Secure: p.people.Secure(), SameSite: http.SameSiteLaxMode})
}

type setupView struct {
	Who         account.Beginner
	Name, Email string
	Policy      account.Policy
	Errors      map[string]string
}

// held is the secret of the link that a browser came with.
func (p *pages) held(r *http.Request) (string, account.Beginner, error) {
	c, err := r.Cookie(setupCookie)
	if err != nil {
		return "", account.Beginner{}, fault(account.ErrLink)
	}
	who, err := p.people.Beginner(r.Context(), c.Value)
	return c.Value, who, fault(err)
}

func (p *pages) showSetup(w http.ResponseWriter, r *http.Request) error {
	_, who, err := p.held(r)
	if err != nil {
		return err
	}
	return p.setupPage(w, r, setupView{Who: who, Name: who.Name, Email: who.Email})
}

func (p *pages) setupPage(w http.ResponseWriter, r *http.Request, v setupView) error {
	v.Policy = p.people.Policy()
	return p.Show(w, r, "setup.html", web.Page{Title: "Set up your account", Status: status(v.Errors), Body: v})
}

func (p *pages) setup(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	link, who, err := p.held(r)
	if err != nil {
		return err
	}
	v := setupView{Who: who, Name: f.Get("name"), Email: f.Get("email")}
	if f.Get("password") != f.Get("again") {
		v.Errors = map[string]string{"again": "The two passwords differ. Type it twice."}
		return p.setupPage(w, r, v)
	}
	ticket, err := p.people.Begin(r.Context(), link, v.Name, v.Email, f.Get("password"), p.people.Origin(r))
	if v.Errors, err = wrong(err, "password"); err != nil {
		return err
	}
	if v.Errors != nil {
		return p.setupPage(w, r, v)
	}
	p.holdLink(w, "", -1)
	p.people.SetCookie(w, ticket)
	return to(w, r, after(ticket.Stage, "/"))
}
