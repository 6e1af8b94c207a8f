// Package estates is the pages and operations by which people say what is assessed, and when.
//
// It must not know how anything is read.
package estates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/web"
)

//go:embed pages/*.html
var files embed.FS

// Deps are what the pages are made from.
type Deps struct {
	Store *estate.Store
	// Example makes the folder of the example clinic and returns its path; nil if there is no example.
	Example func() (string, error)
	// Changed is told that an estate is there, is another or is gone; it may be nil.
	Changed func(id string)
}

type pages struct {
	Deps
	show *web.Pages
}

// Add adds the pages and operations.
func Add(site *web.Site, a *api.API, deps Deps) error {
	folder, err := fs.Sub(files, "pages")
	if err != nil {
		return err
	}
	show, err := site.Pages(folder)
	if err != nil {
		return err
	}
	if deps.Changed == nil {
		deps.Changed = func(string) {}
	}
	p := &pages{deps, show}
	site.Handle("GET /estates", access.View, p.list)
	site.Handle("GET /estates/new", access.Sources, p.blank)
	site.Handle("POST /estates", access.Sources, p.create)
	site.Handle("POST /estates/example", access.Sources, p.example)
	site.Handle("GET /estates/{id}", access.View, p.one)
	site.Handle("POST /estates/{id}", access.Sources, p.change)
	site.Handle("POST /estates/{id}/sources", access.Sources, p.addSource)
	site.Handle("POST /estates/{id}/sources/{index}/remove", access.Sources, p.removeSource)
	site.Handle("POST /estates/{id}/remove", access.Sources, p.remove)
	site.Handle("POST /estates/{id}/assess", access.Assess, p.assess)
	site.Link(web.Link{Title: "Estates", Path: "/estates", Group: "Settings", Need: access.View, Order: 815})
	p.operations(a)
	return nil
}

// form is what the templates are given: an estate as it is or as it was typed, with what is wrong with it.
type form struct {
	Estate  estate.Estate
	Source  estate.Source // that is being added
	Regions string
	Spaces  string // namespaces
	Errors  map[string]string
	Jobs    []estate.Job
	May     bool // change it
	Assess  bool // start an assessment
	Typed   string
	Types   []web.Choice
	Hours   []web.Choice
}

func (p *pages) form(r *http.Request, e estate.Estate) form {
	by := access.From(r.Context())
	return form{Estate: e, May: by.May(access.Sources), Assess: by.May(access.Assess), Types: types, Hours: hours}
}

var types = []web.Choice{{Value: "folder", Label: "A folder of code on the server"}, {Value: "repository", Label: "A git repository"},
	{Value: "aws", Label: "An AWS account or organization"}, {Value: "kubernetes", Label: "A Kubernetes cluster"}}

var hours = []web.Choice{{Value: "1", Label: "Every hour"}, {Value: "6", Label: "Every 6 hours"}, {Value: "24", Label: "Every day"},
	{Value: "168", Label: "Every week"}, {Value: "0", Label: "Only when somebody asks"}}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Store.List(r.Context())
	if err != nil {
		return err
	}
	return p.show.Show(w, r, "list.html", web.Page{Title: "Estates", Active: "/estates",
		Body: map[string]any{"All": all, "May": access.From(r.Context()).May(access.Sources)}})
}

func (p *pages) blank(w http.ResponseWriter, r *http.Request) error {
	f := p.form(r, estate.Estate{Hours: 24})
	f.Source.Type = estate.Type(r.FormValue("type"))
	if f.Source.Type == "" {
		f.Source.Type = estate.Folder
	}
	return p.new(w, r, f, http.StatusOK)
}

func (p *pages) new(w http.ResponseWriter, r *http.Request, f form, status int) error {
	return p.show.Show(w, r, "new.html", web.Page{Title: "A new estate", Active: "/estates", Status: status, Body: f})
}

// create declares an estate with one source and begins its first assessment.
func (p *pages) create(w http.ResponseWriter, r *http.Request) error {
	f := p.form(r, estate.Estate{Name: r.PostFormValue("name"), Config: strings.TrimSpace(r.PostFormValue("config")),
		Images: r.PostFormValue("images") != ""})
	f.Source, f.Regions, f.Spaces = source(r), r.PostFormValue("regions"), r.PostFormValue("namespaces")
	f.Estate.Sources = []estate.Source{f.Source}
	var err error
	if f.Estate.Hours, err = number(r, "hours", 24); err != nil {
		return err
	}
	e, err := p.Store.Create(r.Context(), f.Estate)
	if f.Errors = mistakes(err); f.Errors != nil {
		return p.new(w, r, f, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return p.begin(w, r, e.ID)
}

// begin asks for an assessment and leads to where it can be followed.
func (p *pages) begin(w http.ResponseWriter, r *http.Request, id string) error {
	if _, err := p.Store.Want(r.Context(), id, "demand"); err != nil && !errors.Is(err, estate.ErrRunning) {
		return told(err)
	}
	p.Changed(id)
	http.Redirect(w, r, "/runs?estate="+id, http.StatusSeeOther)
	return nil
}

func (p *pages) example(w http.ResponseWriter, r *http.Request) error {
	if p.Example == nil {
		return web.Faultf(http.StatusNotFound, "This server has no example.")
	}
	folder, err := p.Example()
	if err != nil {
		return fmt.Errorf("write the example: %w", err)
	}
	e, err := p.Store.Create(r.Context(), estate.Estate{Name: "Example clinic", Sources: []estate.Source{{Type: estate.Folder, Path: folder}}})
	if errors.Is(err, estate.ErrExists) {
		http.Redirect(w, r, "/estates", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return told(err)
	}
	return p.begin(w, r, e.ID)
}

func (p *pages) one(w http.ResponseWriter, r *http.Request) error {
	e, err := p.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return told(err)
	}
	f := p.form(r, e)
	f.Source.Type = estate.Type(r.FormValue("type"))
	if f.Source.Type == "" {
		f.Source.Type = estate.Folder
	}
	return p.page(w, r, f, http.StatusOK)
}

func (p *pages) page(w http.ResponseWriter, r *http.Request, f form, status int) error {
	var err error
	if f.Jobs, err = p.Store.Jobs(r.Context(), f.Estate.ID, 10); err != nil {
		return err
	}
	return p.show.Show(w, r, "estate.html", web.Page{Title: f.Estate.Name, Active: "/estates", Status: status, Body: f})
}

// edit reads the estate that a form is about, has it changed, and shows the form again if that cannot be.
func (p *pages) edit(w http.ResponseWriter, r *http.Request, change func(e *estate.Estate, f *form) error) error {
	old, err := p.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return told(err)
	}
	e, f := old, p.form(r, old)
	version, err := number(r, "version", 0)
	if err != nil {
		return err
	}
	e.Version = int64(version)
	if err := change(&e, &f); err != nil {
		return err
	}
	_, err = p.Store.Change(r.Context(), e)
	if f.Errors = mistakes(err); f.Errors != nil {
		return p.page(w, r, f, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return told(err)
	}
	p.Changed(e.ID)
	http.Redirect(w, r, "/estates/"+e.ID, http.StatusSeeOther)
	return nil
}

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	return p.edit(w, r, func(e *estate.Estate, f *form) (err error) {
		e.Name, e.Config, e.Images = r.PostFormValue("name"), strings.TrimSpace(r.PostFormValue("config")), r.PostFormValue("images") != ""
		e.Hours, err = number(r, "hours", 24)
		f.Estate.Name, f.Estate.Config, f.Estate.Images, f.Estate.Hours = e.Name, e.Config, e.Images, e.Hours
		return err
	})
}

func (p *pages) addSource(w http.ResponseWriter, r *http.Request) error {
	return p.edit(w, r, func(e *estate.Estate, f *form) error {
		f.Source, f.Regions, f.Spaces = source(r), r.PostFormValue("regions"), r.PostFormValue("namespaces")
		e.Sources = append(e.Sources, f.Source)
		return nil
	})
}

func (p *pages) removeSource(w http.ResponseWriter, r *http.Request) error {
	return p.edit(w, r, func(e *estate.Estate, _ *form) error {
		i, err := strconv.Atoi(r.PathValue("index"))
		if err != nil || i < 0 || i >= len(e.Sources) {
			return web.Faultf(http.StatusNotFound, "There is no such source any more.")
		}
		e.Sources = append(append([]estate.Source{}, e.Sources[:i]...), e.Sources[i+1:]...)
		return nil
	})
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request) error {
	e, err := p.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return told(err)
	}
	if f := p.form(r, e); r.PostFormValue("name") != e.Name {
		f.Typed, f.Errors = r.PostFormValue("name"), map[string]string{"name": "Type the name of the estate exactly as it stands above."}
		return p.page(w, r, f, http.StatusUnprocessableEntity)
	}
	if err := p.Store.Remove(r.Context(), e.ID, e.Version); err != nil {
		return told(err)
	}
	p.Changed(e.ID)
	http.Redirect(w, r, "/estates", http.StatusSeeOther)
	return nil
}

func (p *pages) assess(w http.ResponseWriter, r *http.Request) error {
	return p.begin(w, r, r.PathValue("id"))
}

// source reads what the fields of a form say.
func source(r *http.Request) estate.Source {
	field := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	s := estate.Source{Type: estate.Type(field("type"))}
	switch s.Type {
	case estate.Folder:
		s.Path = field("path")
	case estate.Repository:
		s.URL, s.Branch, s.Path, s.TokenFile = field("url"), field("branch"), field("path"), field("token_file")
	case estate.AWS:
		s.Profile, s.Role, s.ExternalID, s.Organization = field("profile"), field("role"), field("external_id"), field("organization")
		s.Regions = words(field("regions"))
	case estate.Kubernetes:
		s.Kubeconfig, s.Context, s.Name, s.Namespaces = field("kubeconfig"), field("context"), field("cluster"), words(field("namespaces"))
	}
	return s
}

// words are separated by commas or spaces.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
}

func number(r *http.Request, name string, none int) (int, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return none, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, web.Faultf(http.StatusUnprocessableEntity, "%q is no number.", text)
	}
	return n, nil
}

// mistakes are those of a declaration by field, as the form names them; nil if there are none.
func mistakes(err error) map[string]string {
	all := map[string]string{}
	for _, fault := range estate.Faults(err) {
		field := fault.Field
		if i := strings.LastIndexByte(field, '.'); i >= 0 {
			field = field[i+1:]
		}
		all[field] = fault.Text
	}
	if errors.Is(err, estate.ErrExists) {
		all["name"] = "There is an estate of that name. Choose another one."
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// told turns the errors that readers can do something about into words for them.
func told(err error) error {
	switch {
	case errors.Is(err, estate.ErrNotFound):
		return web.Faultf(http.StatusNotFound, "There is no such estate. It may have been removed.")
	case errors.Is(err, estate.ErrChanged):
		return web.Faultf(http.StatusConflict, "Somebody else has changed the estate in the meantime. Open it again and look at what it is now.")
	case errors.Is(err, estate.ErrExists):
		return web.Faultf(http.StatusConflict, "There is an estate of that name.")
	}
	if faults := estate.Faults(err); len(faults) > 0 {
		var texts []string
		for _, f := range faults {
			texts = append(texts, f.Field+": "+f.Text)
		}
		return web.Faultf(http.StatusUnprocessableEntity, "%s", strings.Join(texts, " "))
	}
	return err
}
