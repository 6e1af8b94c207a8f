package people

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/web"
)

func (p *pages) administration(site *web.Site) {
	for pattern, h := range map[string]web.Handler{
		"GET /people":                          p.showPeople,
		"POST /people":                         p.invite,
		"GET /people/{id}":                     p.showPerson,
		"POST /people/{id}":                    p.change,
		"POST /people/{id}/reset":              p.reset,
		"POST /people/{id}/identity":           p.identity,
		"POST /people/{id}/tokens/{token}/end": p.endTheirToken,
	} {
		site.Handle(pattern, access.People, h)
	}
	site.Handle("GET /people/sign-ins", access.Evidence, p.showSignIns)
}

// onPage is how many rows a page has.
const onPage = 100

// choice is a role to choose, and what it may do.
type choice struct {
	Role   access.Role
	May    string
	Chosen bool
}

// roles are all roles in the order of their rights, with those that are chosen.
func roles(chosen []access.Role) []choice {
	var all []choice
	for _, role := range []access.Role{access.Viewer, access.Engineer, access.Compliance, access.Auditor, access.Administrator} {
		var may []string
		for _, permission := range access.Roles[role] {
			may = append(may, abouts[permission])
		}
		all = append(all, choice{role, strings.Join(may, ", "), slices.Contains(chosen, role)})
	}
	return all
}

func rolesOf(names []string) []access.Role {
	all := make([]access.Role, len(names))
	for i, name := range names {
		all[i] = access.Role(name)
	}
	return all
}

type peopleView struct {
	Accounts    []account.Account
	Next        string
	First       string
	Name, Email string
	Roles       []choice
	Errors      map[string]string
	Link        string // for the person who was invited, shown this once
	For         string
}

func (p *pages) showPeople(w http.ResponseWriter, r *http.Request) error {
	return p.peoplePage(w, r, peopleView{Roles: roles(nil)})
}

func (p *pages) peoplePage(w http.ResponseWriter, r *http.Request, v peopleView) error {
	after := r.URL.Query().Get("after")
	all, err := p.people.List(r.Context(), after, onPage+1)
	if err != nil {
		return fault(err)
	}
	if len(all) > onPage {
		all = all[:onPage]
		v.Next = "/people?after=" + url.QueryEscape(all[onPage-1].Email)
	}
	if after != "" {
		v.First = "/people"
	}
	v.Accounts = all
	return p.Show(w, r, "people.html", web.Page{Title: "Accounts", Active: "/people", Status: status(v.Errors), Body: v})
}

func (p *pages) invite(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	v := peopleView{Name: f.Get("name"), Email: f.Get("email"), Roles: roles(rolesOf(f["roles"]))}
	_, path, err := p.people.Invite(r.Context(), v.Name, v.Email, rolesOf(f["roles"]))
	if v.Errors, err = wrong(err, "email"); err != nil {
		return err
	}
	if v.Errors == nil {
		v = peopleView{Link: p.people.Address(path), For: v.Email, Roles: roles(nil)}
	}
	return p.peoplePage(w, r, v)
}

type personView struct {
	Account  account.Account
	Self     bool // nobody changes what they may do themselves
	Roles    []choice
	Elevates []choice
	Tokens   []account.Token
	Errors   map[string]string
	Link     string // shown this once
}

func (p *pages) showPerson(w http.ResponseWriter, r *http.Request) error {
	return p.personPage(w, r, personView{})
}

func (p *pages) personPage(w http.ResponseWriter, r *http.Request, v personView) error {
	var err error
	if v.Account, err = p.people.Get(r.Context(), r.PathValue("id")); err != nil {
		return fault(err)
	}
	if v.Tokens, err = p.people.Tokens(r.Context(), v.Account.ID); err != nil {
		return fault(err)
	}
	if v.Roles == nil {
		v.Roles, v.Elevates = roles(v.Account.Roles), roles(v.Account.Elevates)
	}
	v.Self = v.Account.ID == access.From(r.Context()).ID
	return p.Show(w, r, "person.html", web.Page{Title: v.Account.Name, Active: "/people", Status: status(v.Errors),
		Up: []web.Crumb{{Title: "Accounts", Path: "/people"}}, Body: v})
}

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	name, given, lent := f.Get("name"), rolesOf(f["roles"]), rolesOf(f["elevates"])
	glass, disabled := f.Get("break_glass") != "", f.Get("disabled") != ""
	c := account.Change{Name: &name}
	if access.From(r.Context()).ID != r.PathValue("id") {
		c.Roles, c.Elevates, c.BreakGlass, c.Disabled = &given, &lent, &glass, &disabled
	}
	_, err = p.people.Update(r.Context(), r.PathValue("id"), c)
	errs, err := wrong(err, "roles")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.personPage(w, r, personView{Roles: roles(given), Elevates: roles(lent), Errors: errs})
	}
	return to(w, r, "/people/"+url.PathEscape(r.PathValue("id")))
}

// reset voids how a person signs in and shows the link for beginning anew.
func (p *pages) reset(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	a, err := p.people.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return fault(err)
	}
	if strings.TrimSpace(f.Get("name")) != a.Email {
		return p.personPage(w, r, personView{Errors: map[string]string{"email": "Type the address of the account to reset its sign-in."}})
	}
	path, err := p.people.ResetLink(r.Context(), a.Email)
	errs, err := wrong(err, "email")
	if err != nil {
		return err
	}
	v := personView{Errors: errs}
	if errs == nil {
		v.Link = p.people.Address(path)
	}
	return p.personPage(w, r, v)
}

func (p *pages) identity(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := wrong(p.people.Link(r.Context(), r.PathValue("id"), f.Get("issuer"), f.Get("subject")), "subject")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.personPage(w, r, personView{Errors: errs})
	}
	return to(w, r, "/people/"+url.PathEscape(r.PathValue("id")))
}

func (p *pages) endTheirToken(w http.ResponseWriter, r *http.Request) error {
	if err := p.people.EndToken(r.Context(), r.PathValue("token")); err != nil {
		return fault(err)
	}
	return to(w, r, "/people/"+url.PathEscape(r.PathValue("id")))
}

// signIn is a row of the sign-ins.
type signIn struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"` // sign in, refuse, sign out, end, ...
	Account string    `json:"account,omitempty"`
	Name    string    `json:"name,omitempty"`
	How     string    `json:"how,omitempty"` // the factors, or why
	Address string    `json:"address,omitempty"`
	Record  int64     `json:"record"` // its position in the ledger
}

type signInsView struct {
	Rows        []signIn
	First, Next string
}

// signIns reads what happened at the sign-in: rows before a record, the newest first; and the record to go on before, 0 at the end.
func (p *pages) signIns(ctx context.Context, before, limit int64) ([]signIn, int64, error) {
	rows, err := p.keeper.Find(ctx, record.Wanted{Kinds: []record.Kind{record.SignIn}, Before: before, Limit: limit + 1})
	if err != nil {
		return nil, 0, err
	}
	next := int64(0)
	if int64(len(rows)) > limit {
		rows = rows[:limit]
		next = rows[limit-1].Position
	}
	all := make([]signIn, 0, len(rows))
	var ids []string
	for _, row := range rows {
		e, err := row.Entry()
		if err != nil {
			return nil, 0, err
		}
		if row.Void >= 0 {
			continue // it was not carried out
		}
		s := signIn{At: e.At, What: e.Verb, Account: strings.TrimPrefix(e.Subject, "account/"), Address: e.Actor.Address, Record: row.Position}
		for _, fact := range []string{"factors", "what", "reason"} {
			if e.Facts[fact] != "" {
				s.How = e.Facts[fact]
			}
		}
		all = append(all, s)
		ids = append(ids, s.Account)
	}
	names, err := p.people.Names(ctx, ids)
	for i := range all {
		all[i].Name = names[all[i].Account]
	}
	return all, next, err
}

func (p *pages) showSignIns(w http.ResponseWriter, r *http.Request) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	rows, next, err := p.signIns(r.Context(), max(before, 0), onPage)
	if err != nil {
		return err
	}
	v := signInsView{Rows: rows}
	if next > 0 {
		v.Next = "/people/sign-ins?before=" + strconv.FormatInt(next, 10)
	}
	if before > 0 {
		v.First = "/people/sign-ins"
	}
	return p.Show(w, r, "sign-ins.html", web.Page{Title: "Sign-ins", Active: "/people/sign-ins", Body: v})
}
