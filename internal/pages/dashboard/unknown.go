package dashboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// missing is what to grant so that what is unknown becomes known, what closes most first.
type missing struct {
	Rows []grant
	Gaps int
	// Partly tells that findings are not counted: the run was made before they were.
	Partly bool
}

// Helps tells whether there is a grant that is known to help.
func (m missing) Helps() bool {
	return slices.ContainsFunc(m.Rows, func(g grant) bool { return g.Grant != "" })
}

// Rest is what nothing is known to help with; nil if there is nothing of that sort.
func (m missing) Rest() *grant {
	for i := range m.Rows {
		if m.Rows[i].Grant == "" {
			return &m.Rows[i]
		}
	}
	return nil
}

// names are the grants.
func (m missing) names() []string {
	var all []string
	for _, g := range m.Rows {
		if g.Grant != "" {
			all = append(all, g.Grant)
		}
	}
	return all
}

// grant is what would close some findings and gaps.
type grant struct {
	grants.Missing
	Open []history.OpenGap // the gaps
}

// Closes says in words what is known once it is granted.
func (g grant) Closes() string {
	switch {
	case g.Findings == 0:
		return report.Count(g.Gaps, "gap")
	case g.Gaps == 0:
		return report.Count(g.Findings, "finding")
	}
	return report.Count(g.Findings, "finding") + ", " + report.Count(g.Gaps, "gap")
}

// missing reads what is missing in a run.
func (d *dashboard) missing(ctx context.Context, estate string, run int64) (missing, error) {
	gaps, err := d.History.Gaps(ctx, estate, run)
	if err != nil {
		return missing{}, err
	}
	m := missing{Gaps: len(gaps)}
	var sums []grants.Missing
	err = history.ErrNone
	if d.Missing != nil {
		sums, err = d.Missing(ctx, estate, run)
	}
	if errors.Is(err, history.ErrNone) {
		m.Partly = true
		sums, err = grants.Sum(ofGaps(gaps)), nil
	}
	for _, one := range sums {
		g := grant{Missing: one}
		for _, gap := range gaps {
			if gap.Grant == one.Grant {
				g.Open = append(g.Open, gap)
			}
		}
		m.Rows = append(m.Rows, g)
	}
	return m, err
}

// ofGaps is an assessment that found nothing but gaps.
func ofGaps(gaps []history.OpenGap) *assessment.Assessment {
	a := &assessment.Assessment{}
	for _, g := range gaps {
		a.Gaps = append(a.Gaps, g.Gap)
	}
	return a
}

type unknownBody struct {
	*view
	history.Counts
	Missing  missing
	Checks   []history.CheckGroup
	Total    int
	Policies []Policy
}

// Policy is where the file of a policy is.
func (b unknownBody) Policy(name string) string {
	return b.URL("/unknown/policy", "name", name)
}

func (d *dashboard) unknown(v *view, w http.ResponseWriter, r *http.Request) error {
	b := unknownBody{view: v}
	var err error
	if b.Missing, err = d.missing(r.Context(), v.Estate.ID, v.Run.Number); err != nil {
		return err
	}
	over, err := d.History.Overview(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	b.Counts = over.Counts
	p, err := d.History.ByCheck(r.Context(), v.Estate.ID, v.Run.Number, history.Filter{Statuses: []assessment.Status{assessment.Unknown}}, "", rowsShown)
	if err != nil {
		return err
	}
	b.Checks, b.Total = p.Items, p.Total
	if !v.Past() {
		if b.Policies, err = d.policies(r.Context(), v.Estate.ID, b.Missing); err != nil {
			return err
		}
	}
	return d.show(v, w, "unknown.html", web.Page{Title: "Unknown", Active: "/unknown", Body: b})
}

func (d *dashboard) policies(ctx context.Context, estate string, m missing) ([]Policy, error) {
	if d.Policies == nil {
		return nil, nil
	}
	return d.Policies(ctx, estate, m.names())
}

// policyFile sends a policy as a file.
func (d *dashboard) policyFile(v *view, w http.ResponseWriter, r *http.Request) error {
	m, err := d.missing(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	all, err := d.policies(r.Context(), v.Estate.ID, m)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Name == r.FormValue("name") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "ward-"+p.Name+"."+p.Form))
			w.Header().Set("Cache-Control", "no-store")
			_, _ = io.WriteString(w, p.Text) // a reader who has gone is no fault
			return nil
		}
	}
	return web.Faultf(http.StatusNotFound, "There is no such policy any more. See which there are on the page Unknown.")
}

func (d *dashboard) unknownOperations(a *api.API) {
	missingOf := func(ctx context.Context, estate string, run int64) (missing, error) {
		one, err := d.History.Run(ctx, estate, run)
		if err != nil {
			return missing{}, notThere(err, "An assessment of the estate")
		}
		return d.missing(ctx, estate, one.Number)
	}
	api.Register(a, get("list-missing-grants", "/missing-grants", "What to grant so that what is unknown becomes known, what closes most first", "Assessments"), access.View,
		func(ctx context.Context, in *About) (*body[[]grants.Missing], error) {
			m, err := missingOf(ctx, in.Estate, in.Run)
			all := []grants.Missing{}
			for _, g := range m.Rows {
				all = append(all, g.Missing)
			}
			return answer(all, err)
		})
	type estate struct {
		Estate string `query:"estate" required:"true" maxLength:"100" doc:"The id of the estate"`
	}
	op := get("list-read-policies", "/read-policies", "What reading an estate takes, to grant: what closes the missing grants, and the whole", "Assessments")
	api.Register(a, op, access.View, func(ctx context.Context, in *estate) (*body[[]Policy], error) {
		m, err := missingOf(ctx, in.Estate, 0)
		if err != nil {
			return nil, err
		}
		return answer(some(d.policies(ctx, in.Estate, m)))
	})
}
