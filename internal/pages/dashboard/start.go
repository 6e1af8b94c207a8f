package dashboard

import (
	"errors"
	"net/http"
	"slices"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/web"
)

// startBody is the guide from an empty install to the first assessment.
type startBody struct {
	Actor   access.Actor
	Example bool
	Estate  *Estate // nil: nothing is declared yet
	Jobs    []Job
	Run     history.Run // number 0: not assessed yet
	Kind    string      // which form is shown
	Tabs    []web.Tab
}

// Running is the job that is not over.
func (b startBody) Running() *Job { return running(b.Jobs) }

// Failed is the last job, if it failed.
func (b startBody) Failed() *Job { return waitingBody{Jobs: b.Jobs}.Failed() }

// May tells whether the reader has a permission.
func (b startBody) May(p string) bool { return b.Actor.May(access.Permission(p)) }

// Step is the number of the step that is next: 1 declare, 2 assess, 3 look.
func (b startBody) Step() int {
	switch {
	case b.Estate == nil:
		return 1
	case b.Run.Number == 0:
		return 2
	}
	return 3
}

// kinds are the sorts of estates that the guide offers a form for.
var kinds = []web.Choice{{Value: "folder", Label: "Code on this machine"}, {Value: "aws", Label: "An AWS account"}, {Value: "cluster", Label: "A Kubernetes cluster"}}

func (d *dashboard) start(w http.ResponseWriter, r *http.Request) error {
	b := startBody{Actor: access.From(r.Context()), Example: d.Example, Kind: r.FormValue("kind")}
	estates, err := d.Estates(r.Context())
	if err != nil {
		return err
	}
	if id := r.FormValue("estate"); len(estates) > 0 {
		b.Estate = &estates[0]
		if i := slices.IndexFunc(estates, func(e Estate) bool { return e.ID == id }); i >= 0 {
			b.Estate = &estates[i]
		}
		if b.Jobs, err = d.Jobs(r.Context(), b.Estate.ID); err != nil {
			return err
		}
		if b.Run, err = d.History.Run(r.Context(), b.Estate.ID, 0); err != nil && !errors.Is(err, history.ErrNone) {
			return err
		}
	}
	if !slices.ContainsFunc(kinds, func(c web.Choice) bool { return c.Value == b.Kind }) {
		b.Kind = kinds[0].Value
	}
	for _, k := range kinds {
		b.Tabs = append(b.Tabs, web.Tab{Title: k.Label, Path: "/start?kind=" + k.Value, Current: k.Value == b.Kind})
	}
	return d.pages.Show(w, r, "start.html", web.Page{Title: "Welcome to Ward", Active: "/", Body: b})
}
