// Package decisions is the pages and operations of governance: what is due, the registers with their items, who answers for what, and the
// system security plan.
//
// It must not know what a register is like: forms, lists and operations are made from what each says of itself.
package decisions

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
)

//go:embed pages/*.html
var templates embed.FS

// Sources are what the pages ask others.
type Sources struct {
	// Framework is what the estates are assessed by.
	Framework *framework.Framework
	// Estates are the ids and names of the estates.
	Estates func(ctx context.Context) ([]web.Choice, error)
	// Assessment returns the last assessment of an estate at a time, nil if there was none.
	Assessment func(ctx context.Context, estate string, at time.Time) (*assessment.Assessment, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// pages are the handlers.
type pages struct {
	*web.Pages
	Sources
	decisions *governance.Decisions
}

const (
	home  = "/decisions"
	group = "Governance"
)

// Add adds the pages and operations of governance to a server.
func Add(site *web.Site, a *api.API, d *governance.Decisions, from Sources) error {
	files, err := fs.Sub(templates, "pages")
	if err != nil {
		return err
	}
	if from.Now == nil {
		from.Now = time.Now
	}
	p := &pages{Sources: from, decisions: d}
	if p.Pages, err = site.Pages(files, template.FuncMap{"standing": p.standing}); err != nil {
		return err
	}
	site.Handle("GET /decisions", access.View, p.desk)
	site.Handle("GET /decisions/{register}", access.View, p.list)
	site.Handle("GET /decisions/{register}/new", access.View, p.fresh)
	site.Handle("POST /decisions/{register}", access.View, p.create)
	site.Handle("GET /decisions/{register}/{id}", access.View, p.item)
	site.Handle("GET /decisions/{register}/{id}/edit", access.View, p.edit)
	site.Handle("POST /decisions/{register}/{id}", access.View, p.change)
	site.Handle("POST /decisions/{register}/{id}/move", access.View, p.move)
	site.Handle("GET /decisions/{register}/{id}/files/{digest}", access.View, p.file)
	site.Handle("GET /decisions/export", access.View, p.export)
	site.Handle("GET /decisions/import", access.Propose, p.importing)
	site.Handle("POST /decisions/import", access.Propose, p.imported)
	site.Handle("GET /responsibilities", access.View, p.matrix)
	site.Handle("GET /plan", access.View, p.plan)
	site.Link(web.Link{Title: "Decisions", Path: home, Group: group, Need: access.View, Order: 200})
	site.Link(web.Link{Title: "Risks", Path: home + "/risk", Group: group, Need: access.View, Order: 210})
	site.Link(web.Link{Title: "Responsibilities", Path: "/responsibilities", Group: group, Need: access.View, Order: 220})
	site.Link(web.Link{Title: "Security plan", Path: "/plan", Group: group, Need: access.View, Order: 230})
	operations(a, p)
	return nil
}

// problem turns an error of governance into what its reader may see. Faults of fields come back beside, to be shown by them.
func problem(err error) (register.Faults, error) {
	var faults register.Faults
	var refusal *register.Refusal
	var conflict *governance.Conflict
	switch {
	case errors.As(err, &faults):
		return faults, nil
	case errors.Is(err, governance.ErrNotFound):
		return nil, web.Faultf(http.StatusNotFound, "There is no such decision. The list of its register has all of them.")
	case errors.As(err, &refusal):
		return nil, web.Faultf(http.StatusForbidden, "%s", refusal.Text)
	case errors.As(err, &conflict):
		return nil, web.Faultf(http.StatusConflict, "%s", conflict.Error())
	case errors.Is(err, governance.ErrAltered):
		return nil, web.Faultf(http.StatusInternalServerError, "This file is not the one that was attached: its digest differs. "+
			"Tell whoever runs this server, and restore it from a backup.")
	}
	return nil, err
}

// fault is problem where nobody can put a field right.
func fault(err error) error {
	faults, other := problem(err)
	if faults != nil {
		return web.Faultf(http.StatusUnprocessableEntity, "%s", faults.Error())
	}
	return other
}

// register finds the register that a request is about.
func (p *pages) register(r *http.Request) (*register.Register, error) {
	if found := p.decisions.Registers.Get(r.PathValue("register")); found != nil {
		return found, nil
	}
	return nil, web.Faultf(http.StatusNotFound, "There is no such register. The page Decisions lists all of them.")
}

// estates are the choices of an estate, with a first one for all.
func (p *pages) estates(ctx context.Context, all string) ([]web.Choice, error) {
	choices := []web.Choice{{Value: "", Label: all}}
	if p.Estates == nil {
		return choices, nil
	}
	more, err := p.Estates(ctx)
	return append(choices, more...), err
}

// names are the names of the estates by their ids.
func (p *pages) names(ctx context.Context) (map[string]string, error) {
	choices, err := p.estates(ctx, "All estates")
	names := map[string]string{}
	for _, c := range choices {
		names[c.Value] = c.Label
	}
	return names, err
}

// scope is the choice of an estate at the top of a page, and its id.
func (p *pages) scope(r *http.Request, action string) (*web.Scope, string, error) {
	choices, err := p.estates(r.Context(), "All estates")
	if err != nil {
		return nil, "", err
	}
	estate := r.FormValue("estate")
	for _, c := range choices {
		if c.Value == estate {
			return &web.Scope{Action: action, Estates: choices, Estate: estate, NoDate: true}, estate, nil
		}
	}
	return nil, "", web.Faultf(http.StatusNotFound, "There is no such estate. It may have been removed.")
}

// standing is the class that the style of the pages has for a state.
func (p *pages) standing(registerID, state string) string {
	r := p.decisions.Registers.Get(registerID)
	if r == nil || r.State(state) == nil {
		return "none"
	}
	switch s := r.State(state); {
	case s.InForce:
		return "approved"
	case s.Over:
		return "ended"
	case s.Waits != "":
		return "waiting"
	}
	return "draft"
}

func up(of *register.Register) []web.Crumb {
	return []web.Crumb{{Title: "Decisions", Path: home}, {Title: of.Title, Path: home + "/" + of.ID}}
}

func address(i *governance.Item) string { return home + "/" + i.Register + "/" + i.ID }
