package people

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/web"
)

func (p *pages) elevating(site *web.Site) {
	site.Handle("GET /elevate", access.Own, p.showElevate)
	site.Handle("POST /elevate", access.Own, p.elevate)
	site.Handle("POST /elevate/end", access.Own, p.stepDown)
	site.Handle("GET /break-glass", access.Own, p.showGlass)
	site.Handle("POST /break-glass", access.Own, p.breakGlass)
	site.Handle("GET /people/elevations", access.Evidence, p.showElevations)
	site.Handle("POST /people/elevations/{id}/review", access.Own, p.review)
}

type elevateView struct {
	Self     account.Account
	Current  account.Elevation
	Roles    []web.Choice
	Typed    url.Values
	Fresh    bool
	Makes    bool
	Errors   map[string]string
	Path     string
	Passkeys bool
}

func (p *pages) showElevate(w http.ResponseWriter, r *http.Request) error {
	return p.elevatePage(w, r, "elevate.html", elevateView{})
}

func (p *pages) showGlass(w http.ResponseWriter, r *http.Request) error {
	return p.elevatePage(w, r, "glass.html", elevateView{})
}

func (p *pages) elevatePage(w http.ResponseWriter, r *http.Request, name string, v elevateView) error {
	var err error
	if v.Self, err = p.people.Self(r.Context()); err != nil {
		return fault(err)
	}
	if v.Current, err = p.people.Elevated(r.Context()); err != nil {
		return fault(err)
	}
	for _, role := range v.Self.Elevates {
		v.Roles = append(v.Roles, web.Choice{Value: string(role), Label: string(role)})
	}
	v.Fresh, v.Path, v.Passkeys = p.people.Fresh(r.Context()), r.URL.Path, v.Self.Passkeys > 0
	title := "Elevate for a limited time"
	if name == "glass.html" {
		title = "Break the glass"
	}
	return p.Show(w, r, name, web.Page{Title: title, Active: "/account", Status: status(v.Errors),
		Up: []web.Crumb{{Title: "My account", Path: "/account"}}, Body: v})
}

func (p *pages) elevate(w http.ResponseWriter, r *http.Request) error {
	return p.lend(w, r, "elevate.html", func(ctx context.Context, f url.Values) (account.Ticket, error) {
		return p.people.Elevate(ctx, access.Role(f.Get("role")), f.Get("reason"), minutes(f.Get("minutes")))
	})
}

func (p *pages) breakGlass(w http.ResponseWriter, r *http.Request) error {
	return p.lend(w, r, "glass.html", func(ctx context.Context, f url.Values) (account.Ticket, error) {
		return p.people.BreakGlass(ctx, f.Get("reason"))
	})
}

// lend shows the second factor again if a code was typed, and then lends what was asked for.
func (p *pages) lend(w http.ResponseWriter, r *http.Request, page string, lend func(context.Context, url.Values) (account.Ticket, error)) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	var ticket account.Ticket
	errs, err := p.again(r, f)
	if err == nil && errs == nil {
		ticket, err = lend(r.Context(), f)
		errs, err = wrong(err, "reason")
	}
	if err != nil {
		return err
	}
	if errs != nil {
		return p.elevatePage(w, r, page, elevateView{Typed: f, Errors: errs})
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, "/elevate")
}

func (p *pages) stepDown(w http.ResponseWriter, r *http.Request) error {
	ticket, err := p.people.StepDown(r.Context())
	if err != nil {
		return fault(err)
	}
	p.people.SetCookie(w, ticket)
	return to(w, r, "/elevate")
}

type elevationsView struct {
	Due, Rows   []account.Elevation
	Names       map[string]string
	Reviews     bool // the reader may review
	Self        string
	First, Next string
	Errors      map[string]string
	Wrong       string // the id of the elevation whose review is wrong
	Remark      string
}

func (p *pages) showElevations(w http.ResponseWriter, r *http.Request) error {
	return p.elevationsPage(w, r, elevationsView{})
}

func (p *pages) elevationsPage(w http.ResponseWriter, r *http.Request, v elevationsView) error {
	ctx, before := r.Context(), r.URL.Query().Get("before")
	var err error
	if v.Due, err = p.people.Elevations(ctx, true, "", onPage); err != nil {
		return fault(err)
	}
	if v.Rows, err = p.people.Elevations(ctx, false, before, onPage+1); err != nil {
		return fault(err)
	}
	if len(v.Rows) > onPage {
		v.Rows = v.Rows[:onPage]
		v.Next = "/people/elevations?before=" + url.QueryEscape(v.Rows[onPage-1].ID)
	}
	if before != "" {
		v.First = "/people/elevations"
	}
	var ids []string
	for _, e := range slices.Concat(v.Due, v.Rows) {
		ids = append(ids, e.Account, e.Reviewer)
	}
	if v.Names, err = p.people.Names(ctx, ids); err != nil {
		return err
	}
	by := access.From(ctx)
	v.Self, v.Reviews = by.ID, by.Elevation == "" && (by.May(access.Approve) || by.May(access.People))
	return p.Show(w, r, "elevations.html", web.Page{Title: "Elevations", Active: "/people/elevations", Status: status(v.Errors), Body: v})
}

func (p *pages) review(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	errs, err := wrong(p.people.Review(r.Context(), r.PathValue("id"), f.Get("remark")), "remark")
	if err != nil {
		return err
	}
	if errs != nil {
		return p.elevationsPage(w, r, elevationsView{Errors: errs, Wrong: r.PathValue("id"), Remark: f.Get("remark")})
	}
	return to(w, r, "/people/elevations")
}
