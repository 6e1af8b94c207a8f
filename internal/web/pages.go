package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"time"

	"ward.dev/ward/internal/access"
)

//go:embed layout/*.html
var layoutFiles embed.FS

var layout = sub(layoutFiles, "layout")

func sub(files fs.FS, dir string) fs.FS {
	inner, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return inner
}

// Pages are the templates of one part of the server, each within the frame of all pages.
type Pages struct {
	site  *Site
	files map[string]*template.Template
}

// Page is one page to show.
type Page struct {
	Title  string // of the window and the heading
	Active string // the path of the Link of the navigation that it belongs to
	Status int    // of HTTP; 0 is 200
	Wide   bool   // for tables that need the whole window
	Body   any    // what the template "body" is given
	Up     []Crumb
	Scope  *Scope // which estate and date are shown; nil where the page is about neither
}

// Crumb is a page above the one that is shown.
type Crumb struct{ Title, Path string }

// Choice is one of the options of a choice.
type Choice struct{ Value, Label string }

// Tab leads to one of several views of the same thing.
type Tab struct {
	Title, Path string
	Current     bool
	Count       string // of what is behind it, "" for none
}

// Scope is the choice of an estate and a date at the top of a page. What is chosen is asked for as "estate" and "date" of the query.
type Scope struct {
	Action  string // the path that is asked
	Estates []Choice
	Estate  string
	Date    string // YYYY-MM-DD, "" for now
	Max     string // the last date that can be chosen
	NoDate  bool   // the page is always about now
	Keep    []Param
}

// query is the choice as it stands in the address of another page; "" for the first estate as it is now.
func (s *Scope) query() string {
	q := url.Values{}
	if s.Estate != "" && (len(s.Estates) > 1 || s.Date != "") {
		q.Set("estate", s.Estate)
	}
	if s.Date != "" {
		q.Set("date", s.Date)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Param is a name and a value of a query.
type Param struct{ Name, Value string }

// frame is what the layout is given.
type frame struct {
	Page
	Actor access.Actor
	Nav   []Link
	Path  string // of the request, with its query
	Now   time.Time
	Theme string // "light", "dark", or "" for that of the reader's system
}

// group is links of the navigation under one heading.
type group struct {
	Title string
	Links []Link
}

// Groups are the links under their headings. A heading stands where its first link would.
func (f frame) Groups() []group {
	var groups []group
	for _, link := range f.Nav {
		if link.Scoped && f.Scope != nil {
			link.href = link.Path + f.Scope.query()
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.Title == link.Group })
		if i < 0 {
			groups = append(groups, group{Title: link.Group})
			i = len(groups) - 1
		}
		groups[i].Links = append(groups[i].Links, link)
	}
	return groups
}

// Pages reads templates: each file *.html of a folder defines "body", and may use what the files of the layout and those of its folder
// whose names begin with "_" define. They may call more functions than all pages can. What layout/_parts.html defines is described there.
func (s *Site) Pages(files fs.FS, more ...template.FuncMap) (*Pages, error) {
	p := &Pages{site: s, files: map[string]*template.Template{}}
	base := template.New("").Funcs(funcs)
	for _, m := range more {
		base = base.Funcs(m)
	}
	base, err := base.ParseFS(layout, "frame.html", "_*.html")
	if err != nil {
		return nil, fmt.Errorf("read the frame of pages: %w", err)
	}
	shared, err := fs.Glob(files, "_*.html")
	if err != nil {
		return nil, err
	}
	if len(shared) > 0 {
		if base, err = base.ParseFS(files, shared...); err != nil {
			return nil, fmt.Errorf("read the shared templates: %w", err)
		}
	}
	names, err := fs.Glob(files, "[a-z]*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		t, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if p.files[name], err = t.ParseFS(files, name); err != nil {
			return nil, fmt.Errorf("read the page %s: %w", name, err)
		}
	}
	return p, nil
}

// Show writes a page. It is made whole before anything is sent.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, name string, page Page) error {
	return p.write(w, r, name, "frame.html", page)
}

// Part writes only the body of a page, for a script that puts it into a page that is open.
func (p *Pages) Part(w http.ResponseWriter, r *http.Request, name string, page Page) error {
	return p.write(w, r, name, "body", page)
}

func (p *Pages) write(w http.ResponseWriter, r *http.Request, name, define string, page Page) error {
	t := p.files[name]
	if t == nil {
		return fmt.Errorf("there is no page %s", name)
	}
	f := frame{Page: page, Actor: access.From(r.Context()), Path: r.URL.RequestURI(), Now: time.Now(), Theme: themeOf(r)}
	for _, link := range p.site.nav {
		if f.Actor.May(link.Need) {
			f.Nav = append(f.Nav, link)
		}
	}
	var data any = f
	if define == "body" {
		data = page.Body
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, define, data); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if page.Status != 0 {
		w.WriteHeader(page.Status)
	}
	_, _ = out.WriteTo(w) // a reader who has gone is no fault
	return nil
}

// Link adds an entry to the navigation. Those who lack its permission do not see it.
func (s *Site) Link(l Link) {
	s.nav = append(s.nav, l)
	slices.SortStableFunc(s.nav, func(a, b Link) int { return a.Order - b.Order })
}
