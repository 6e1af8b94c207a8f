// Package dashboard is the pages and operations that tell how an estate stands: which safeguards are met, what is wrong and where, what got
// worse, what is not known, and what needs a person. Score and coverage always stand side by side, and what is unknown is never drawn as fine.
//
// It only reads, but for two things: it says who sees to a finding, and asks for an assessment. It must not know how assessments come about,
// nor other pages than its own: what it shows of other parts of the server comes from its Deps.
package dashboard

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

//go:embed pages/*.html
var files embed.FS

// Estate is what is assessed.
type Estate struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Job is an assessment that waits, runs or has ended.
type Job struct {
	ID      string    `json:"id"`
	State   string    `json:"state"` // "queued", "running", "done", "failed", "cancelled"
	Stage   string    `json:"stage,omitempty"`
	Done    int       `json:"done"`
	Total   int       `json:"total"` // 0 while it is not known
	Queued  time.Time `json:"queued"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	By      string    `json:"by"`              // who asked: a name, or "schedule"
	Fault   string    `json:"fault,omitempty"` // why it failed, for people to read
}

// Active tells whether the job is not over.
func (j Job) Active() bool { return j.State == "queued" || j.State == "running" }

// Due is something that needs a person by a time.
type Due struct {
	What  string    `json:"what"` // "attestation", "exception", "agreement", "review", "break-glass", "account"
	Title string    `json:"title"`
	State string    `json:"state"` // "missing", "expired", "overdue", "due", "proposed", "waiting"
	By    time.Time `json:"by,omitzero"`
	Who   string    `json:"who,omitempty"`
	Path  string    `json:"path,omitempty"` // of its page
}

// SignIns sums up who came in lately.
type SignIns struct {
	Since              time.Time
	Succeeded, Refused int
	Path               string // of the page that lists them
}

// Person can see to findings.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Policy is what to grant so that an estate can be read.
type Policy struct {
	Name   string `json:"name"` // unlike that of other policies of the estate: "aws-missing"
	Title  string `json:"title"`
	About  string `json:"about"`  // what it is for and where it goes
	Source string `json:"source"` // the sort of source that it is for: "aws", "kubernetes"
	Form   string `json:"form"`   // how its file ends: "json", "yaml", "tf"
	Text   string `json:"text"`
}

// Deps are what other parts of the server tell. Those marked so may be nil: then what they would tell of is not shown.
type Deps struct {
	History *history.History
	Keeper  *record.Keeper
	Now     func() time.Time
	// Estates lists the estates, sorted by name.
	Estates func(ctx context.Context) ([]Estate, error)
	// Jobs lists the jobs of an estate that wait or run, and the last of those that ended, the newest first; of all estates for "".
	Jobs func(ctx context.Context, estate string) ([]Job, error)
	// Assess asks for an assessment now. It records who asked.
	Assess func(ctx context.Context, estate string) error
	// Due lists what needs a person, the first first. What was never attested is added from the assessment; nil: all is taken from there.
	Due func(ctx context.Context, estate string) ([]Due, error)
	// SignIns sums up the sign-ins since a time; may be nil.
	SignIns func(ctx context.Context, since time.Time) (SignIns, error)
	// Map is what holds and carries PHI in a run; may be nil, and ErrNone is the error of a run without one.
	Map func(ctx context.Context, estate string, run int64) (*phimap.Map, error)
	// Missing are the grants that would close what is unknown in a run; may be nil, and ErrNone is the error of a run that none were summed up of.
	Missing func(ctx context.Context, estate string, run int64) ([]grants.Missing, error)
	// Policies are what reading the estate takes: what closes the missing grants, and the whole; may be nil.
	Policies func(ctx context.Context, estate string, missing []string) ([]Policy, error)
	// People are those who can see to findings; may be nil.
	People func(ctx context.Context) ([]Person, error)
	// Proof is the page that proves the record of a run, "" if there is none; may be nil.
	Proof func(ctx context.Context, estate string, run int64) (string, error)
	// Except is the path of the form that proposes an exception; "" if there is none. It is given estate, check (several times) and resource.
	Except string
	// Attest is the path of the form of an attestation; "" if there is none. It is given the id of the statement.
	Attest string
	// Reassemble puts an assessment together again for a report, with who answers for what; nil: as the history has it.
	Reassemble func(ctx context.Context, estate string, run int64) (*assessment.Assessment, error)
	// Report finds the writer of a format, and Formats are their names.
	Report  func(format string) (report.Writer, error)
	Formats []string
	// Example tells that the estate of the example can be made with one click.
	Example bool
}

// dashboard is the pages with what they are made from.
type dashboard struct {
	Deps
	pages *web.Pages
	site  *web.Site
}

// Add adds the pages, the operations and the navigation of the dashboard.
func Add(site *web.Site, a *api.API, deps Deps) error {
	folder, err := fs.Sub(files, "pages")
	if err != nil {
		return err
	}
	pages, err := site.Pages(folder, funcs)
	if err != nil {
		return err
	}
	d := &dashboard{deps, pages, site}
	d.page("GET /{$}", access.View, d.overview)
	d.page("GET /safeguards", access.View, d.safeguards)
	d.page("GET /safeguards/{citation}", access.View, d.safeguard)
	d.page("GET /findings", access.View, d.findings)
	d.page("GET /findings/{id}", access.View, d.finding)
	d.page("GET /resources", access.View, d.resource)
	d.page("POST /findings/assign", access.Assign, d.assign)
	d.page("GET /findings/except", access.Propose, d.except)
	d.page("GET /phi", access.View, d.phiMap)
	d.page("GET /encryption", access.View, d.encryption)
	d.page("GET /backups", access.View, d.backups)
	d.page("GET /accounts", access.View, d.accounts)
	d.page("GET /changes", access.View, d.changes)
	d.page("GET /unknown", access.View, d.unknown)
	d.page("GET /unknown/policy", access.View, d.policyFile)
	d.page("GET /due", access.View, d.due)
	d.page("GET /report", access.Evidence, d.report)
	site.Handle("GET /runs", access.View, d.always(d.runs))
	site.Handle("GET /runs/{number}", access.View, d.always(d.run))
	site.Handle("POST /runs", access.Assess, d.always(d.assess))
	site.Handle("GET /start", access.View, d.start)
	d.links()
	if a != nil {
		d.operations(a)
	}
	return nil
}

// links are the navigation. Those of the estate keep the estate and the date that are shown.
func (d *dashboard) links() {
	for i, l := range []struct{ title, path, group string }{
		{"Overview", "/", "State"}, {"Safeguards", "/safeguards", "State"}, {"Findings", "/findings", "State"}, {"PHI map", "/phi", "State"},
		{"Encryption", "/encryption", "State"}, {"Backups", "/backups", "State"}, {"Accounts, clusters", "/accounts", "State"},
		{"Changes", "/changes", "Work"}, {"Unknown", "/unknown", "Work"}, {"Due", "/due", "Work"}, {"Runs", "/runs", "Work"},
	} {
		d.site.Link(web.Link{Title: l.title, Path: l.path, Group: l.group, Need: access.View, Order: 10 + i, Scoped: true})
	}
}

// page has a handler answer a pattern about an estate that has been assessed; without one, the reader is led on.
func (d *dashboard) page(pattern string, need access.Permission, h func(v *view, w http.ResponseWriter, r *http.Request) error) {
	d.site.Handle(pattern, need, d.always(func(v *view, w http.ResponseWriter, r *http.Request) error {
		if v.Run.Number == 0 {
			return d.waiting(v, w, r)
		}
		return h(v, w, r)
	}))
}

// always is page for what can be shown of an estate that was never assessed.
func (d *dashboard) always(h func(v *view, w http.ResponseWriter, r *http.Request) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := d.open(w, r)
		if errors.Is(err, errNoEstate) {
			http.Redirect(w, r, "/start", http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		return h(v, w, r)
	}
}
