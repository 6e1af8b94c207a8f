package dashboard

import (
	"html/template"
	"net/http"
	"strconv"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/web"
)

const runsShown = 30

type runsBody struct {
	*view
	Jobs     []Job
	Runs     []history.Run
	Next     string
	Calendar template.HTML
}

func (d *dashboard) runs(v *view, w http.ResponseWriter, r *http.Request) error {
	b := runsBody{view: v}
	var err error
	if b.Jobs, err = d.Jobs(r.Context(), v.Estate.ID); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
	if b.Runs, err = d.History.Runs(r.Context(), v.Estate.ID, max(0, before), runsShown); err != nil {
		return err
	}
	if n := len(b.Runs); n == runsShown && b.Runs[n-1].Number > 1 {
		b.Next = v.URL("/runs", "before", strconv.FormatInt(b.Runs[n-1].Number, 10))
	}
	points, err := d.History.Trend(r.Context(), v.Estate.ID, v.Now.Add(-trendSpan), v.Now)
	if err != nil {
		return err
	}
	b.Calendar = calendar(v, points)
	return d.show(v, w, "runs.html", web.Page{Title: "Runs", Active: "/runs", Body: b})
}

// calendar draws the days of the last 90 on which there was a run, each leading to the state of that day.
func calendar(v *view, points []history.Point) template.HTML {
	if len(points) == 0 {
		return ""
	}
	last := map[string]history.Point{}
	for _, p := range points {
		last[p.At.UTC().Format(time.DateOnly)] = p
	}
	return chart.Calendar("days", "Days with a run, of the last 90", v.Now.Add(-trendSpan), v.Now, func(t time.Time) chart.Day {
		date := t.Format(time.DateOnly)
		p, ok := last[date]
		if !ok {
			return chart.Day{Text: "no run"}
		}
		on := *v
		on.Date = date
		text := "run " + strconv.FormatInt(p.Run, 10) +
			", not met " + strconv.Itoa(p.Safeguards[assessment.NotMet]) + ", unknown " + strconv.Itoa(p.Safeguards[assessment.OutcomeUnknown])
		return chart.Day{Class: chart.Accent, Text: text, Path: on.URL("/")}
	})
}

type runBody struct {
	*view
	This    history.Run
	Missing missing
	Notices []assessment.Notice
	Proof   string
}

func (d *dashboard) run(v *view, w http.ResponseWriter, r *http.Request) error {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		return web.Faultf(http.StatusNotFound, "Runs are numbered from 1.")
	}
	b := runBody{view: v}
	if b.This, err = d.History.Run(r.Context(), v.Estate.ID, number); err != nil {
		return notThere(err, "Run "+strconv.FormatInt(number, 10))
	}
	if b.Missing, err = d.missing(r.Context(), v.Estate.ID, number); err != nil {
		return err
	}
	if b.Notices, err = d.History.Notices(r.Context(), v.Estate.ID, number); err != nil {
		return err
	}
	if d.Proof != nil {
		if b.Proof, err = d.Proof(r.Context(), v.Estate.ID, number); err != nil {
			return err
		}
	}
	return d.show(v, w, "run.html", web.Page{Title: "Run " + strconv.FormatInt(number, 10), Active: "/runs", Body: b,
		Up: []web.Crumb{{Title: "Runs", Path: v.URL("/runs")}}})
}

// assess asks for an assessment of the estate.
func (d *dashboard) assess(v *view, w http.ResponseWriter, r *http.Request) error {
	if err := d.Assess(r.Context(), v.Estate.ID); err != nil {
		return err
	}
	v.Date = ""
	to := v.URL("/runs")
	if v.Run.Number == 0 {
		to = v.URL("/start", "estate", v.Estate.ID)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
