package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/web"
)

// errNoEstate is the error of an install in which nothing is declared yet.
var errNoEstate = errors.New("no estate is declared")

// maxForm is how many bytes of a form are read.
const maxForm = 1 << 20

// view is which estate and which run a request is about.
type view struct {
	d       *dashboard
	r       *http.Request
	Actor   access.Actor
	Estates []Estate
	Estate  Estate
	Date    string // YYYY-MM-DD as it was asked for, "" for the newest run
	// Run is the one that is shown. Number 0: there is none, or none as old as the date.
	Run history.Run
	Now time.Time
}

// open finds the estate and the run that a request asks for.
func (d *dashboard) open(w http.ResponseWriter, r *http.Request) (*view, error) {
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			return nil, web.Faultf(http.StatusBadRequest, "The form could not be read. Go back and send it again.")
		}
	}
	v := &view{d: d, r: r, Actor: access.From(r.Context()), Now: d.Now()}
	var err error
	if v.Estates, err = d.Estates(r.Context()); err != nil {
		return nil, err
	}
	if len(v.Estates) == 0 {
		return nil, errNoEstate
	}
	v.Estate = v.Estates[0]
	if id := r.FormValue("estate"); id != "" {
		i := slices.IndexFunc(v.Estates, func(e Estate) bool { return e.ID == id })
		if i < 0 {
			return nil, web.Faultf(http.StatusNotFound, "There is no such estate. It may have been removed; choose another at the top of the overview.")
		}
		v.Estate = v.Estates[i]
	}
	if v.Date = r.FormValue("date"); v.Date != "" {
		return v, v.runOn(v.Date)
	}
	if v.Run, err = d.History.Run(r.Context(), v.Estate.ID, 0); err != nil && !errors.Is(err, history.ErrNone) {
		return nil, err
	}
	return v, nil
}

// runOn chooses the newest run of a day or before, in UTC.
func (v *view) runOn(date string) error {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return web.Faultf(http.StatusBadRequest, "A date is written as year, month and day: 2026-03-31.")
	}
	v.Run, err = v.d.History.RunAt(v.r.Context(), v.Estate.ID, day.Add(24*time.Hour-time.Nanosecond))
	if err != nil && !errors.Is(err, history.ErrNone) {
		return err
	}
	return nil
}

// URL is the address of a page about the same estate and date. The parameters are names and values; those with the value "" are left out.
func (v *view) URL(path string, pairs ...string) string {
	q := url.Values{}
	if len(v.Estates) > 1 || v.Date != "" {
		q.Set("estate", v.Estate.ID)
	}
	if v.Date != "" {
		q.Set("date", v.Date)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Finding, Safeguard and Resource are the addresses of pages of these.
func (v *view) Finding(id string) string { return v.URL("/findings/" + url.PathEscape(id)) }

// Safeguard is the address of the page of a safeguard.
func (v *view) Safeguard(citation string) string {
	return v.URL("/safeguards/" + url.PathEscape(citation))
}

// Resource is the address of the page of a resource.
func (v *view) Resource(address string) string { return v.URL("/resources", "address", address) }

// May tells whether the reader has a permission.
func (v *view) May(p string) bool { return v.Actor.May(access.Permission(p)) }

// At is the time that the page is about: now, or that of the run of a date that was asked for.
func (v *view) At() time.Time {
	if v.Past() {
		return v.Run.AssessedAt
	}
	return v.Now
}

// Past tells that a date was asked for, so that nothing on the page is about now.
func (v *view) Past() bool { return v.Date != "" }

// scope is the choice at the top of a page.
func (v *view) scope(path string) *web.Scope {
	s := &web.Scope{Action: path, Estate: v.Estate.ID, Date: v.Date, Max: v.Now.UTC().Format(time.DateOnly)}
	for _, e := range v.Estates {
		s.Estates = append(s.Estates, web.Choice{Value: e.ID, Label: e.Name})
	}
	for name, values := range v.r.URL.Query() {
		if name == "estate" || name == "date" || name == "after" {
			continue
		}
		for _, value := range values {
			s.Keep = append(s.Keep, web.Param{Name: name, Value: value})
		}
	}
	slices.SortFunc(s.Keep, func(a, b web.Param) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return s
}

// show writes a page about the estate and the run of the view.
func (d *dashboard) show(v *view, w http.ResponseWriter, file string, p web.Page) error {
	p.Scope = v.scope(v.r.URL.Path)
	return d.pages.Show(w, v.r, file, p)
}

// limit is how many entries a request asks for.
func limit(r *http.Request, usual int) int {
	n, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || n < 1 {
		return usual
	}
	return min(n, 500)
}

// notThere turns what the history does not have into a page that says so.
func notThere(err error, what string) error {
	if errors.Is(err, history.ErrNone) {
		return web.Faultf(http.StatusNotFound, "%s is not in this assessment. It may have been removed since, or stand in one of another date.", what)
	}
	return err
}

// waiting is shown where an estate has no run to show.
func (d *dashboard) waiting(v *view, w http.ResponseWriter, _ *http.Request) error {
	jobs, err := d.Jobs(v.r.Context(), v.Estate.ID)
	if err != nil {
		return err
	}
	return d.show(v, w, "waiting.html", web.Page{Title: v.Estate.Name, Active: v.r.URL.Path, Body: waitingBody{v, jobs}})
}

type waitingBody struct {
	*view
	Jobs []Job
}

// Running is the job that is not over, if there is one.
func (b waitingBody) Running() *Job { return running(b.Jobs) }

// Failed is the last job, if it failed.
func (b waitingBody) Failed() *Job {
	if len(b.Jobs) > 0 && b.Jobs[0].State == "failed" {
		return &b.Jobs[0]
	}
	return nil
}

func running(jobs []Job) *Job {
	for i := range jobs {
		if jobs[i].Active() {
			return &jobs[i]
		}
	}
	return nil
}

// V is the view itself, for the parts of pages that need nothing else.
func (v *view) V() *view { return v }
