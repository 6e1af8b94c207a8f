package dashboard

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/web"
)

const (
	trendSpan  = 90 * 24 * time.Hour
	worstShown = 10
	listShown  = 5
)

type overviewBody struct {
	*view
	history.Overview
	Safeguards []assessment.Safeguard
	Sections   []section
	Outcomes   template.HTML
	Trend      template.HTML
	Points     []history.Point
	Changes    *history.Changes // nil for the first run
	Worst      []history.Item
	Due        []Due
	Worse      []history.Change // the first of them
	Owners     []ownerChanges
	Topics     []topicLine
	names      map[string]string // of people
	Missing    missing
	SignIns    *SignIns
	Jobs       []Job
	Formats    []string
	Views      []assessment.View
}

// Owner is the name of an owner.
func (b overviewBody) Owner(id string) string { return ownerName(b.names, id) }

// Counted is how many changes the owners were counted of, and Cut whether there are more.
func (b overviewBody) Counted() int { n, _ := counted(b.Changes); return n }

// Cut tells whether there are more changes than the owners were counted of.
func (b overviewBody) Cut() bool { _, cut := counted(b.Changes); return cut }

// mostFirst is how much of what is due the overview shows, and mostAlike how much of one sort, so that many risks do not hide an agreement.
const mostFirst, mostAlike = 6, 2

// First is what is due first, of each sort a little.
func (b overviewBody) First() []Due {
	var first []Due
	of := map[string]int{}
	for _, d := range b.Due {
		sort := d.What + " " + d.State
		if of[sort]++; of[sort] <= mostAlike && len(first) < mostFirst {
			first = append(first, d)
		}
	}
	return first
}

// topicLine is how a part of the rule stands that people ask for first.
type topicLine struct {
	Title, Path string
	Status      assessment.Outcome
	Counts      history.Counts
}

// topicLines are encryption and backups, as far as the framework has their safeguards.
func topicLines(all []assessment.Safeguard) []topicLine {
	var lines []topicLine
	for _, t := range []struct{ citation, title, path string }{{"164.312(a)(2)(iv)", "Encrypted at rest", "/encryption"}, {"164.312(e)(2)(ii)", "Encrypted in transit", "/encryption"},
		{"164.308(a)(7)(ii)(A)", "Backups are made", "/backups"}, {"164.308(a)(7)(ii)(D)", "Restoring is tested", "/backups"}} {
		for _, s := range all {
			if s.Citation == t.citation {
				f := s.Findings
				lines = append(lines, topicLine{t.title, t.path, s.Status, history.Counts{Fail: f[assessment.Fail], Unknown: f[assessment.Unknown],
					Excepted: f[assessment.Excepted], Pass: f[assessment.Pass]}})
			}
		}
	}
	return lines
}

// Running is the job that is not over, if there is one.
func (b overviewBody) Running() *Job { return running(b.Jobs) }

func (d *dashboard) overview(v *view, w http.ResponseWriter, r *http.Request) error {
	b := overviewBody{view: v, Formats: d.Formats}
	h, estate, run := d.History, v.Estate.ID, v.Run.Number
	g, ctx := errgroup.WithContext(r.Context())
	ask := func(f func(ctx context.Context) error) { g.Go(func() error { return f(ctx) }) }
	ask(func(ctx context.Context) (err error) { b.Overview, err = h.Overview(ctx, estate, run); return })
	ask(func(ctx context.Context) (err error) { b.Safeguards, err = h.Safeguards(ctx, estate, run); return })
	ask(func(ctx context.Context) (err error) { b.Worst, err = h.WorstPHI(ctx, estate, run, worstShown); return })
	ask(func(ctx context.Context) (err error) { b.Changes, err = d.sinceYesterday(ctx, v, changesShown); return })
	ask(func(ctx context.Context) (err error) { b.Views, err = h.Views(ctx, estate, run); return })
	ask(func(ctx context.Context) (err error) { b.Jobs, err = d.Jobs(ctx, estate); return })
	ask(func(ctx context.Context) (err error) {
		b.Points, err = h.Trend(ctx, estate, v.Run.AssessedAt.Add(-trendSpan), v.Run.AssessedAt)
		return
	})
	ask(func(ctx context.Context) (err error) { b.Missing, err = d.missing(ctx, estate, run); return })
	if d.SignIns != nil && !v.Past() {
		ask(func(ctx context.Context) error {
			s, err := d.SignIns(ctx, v.Now.AddDate(0, 0, -7))
			b.SignIns = &s
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var err error
	if b.Due, err = d.allDue(r.Context(), v, b.Safeguards); err != nil {
		return err
	}
	if b.Changes != nil {
		b.Owners = byOwner(b.Changes)
		b.Worse = b.Changes.Worse[:min(len(b.Changes.Worse), listShown)]
	}
	if b.names, _, err = d.people(r.Context()); err != nil {
		return err
	}
	b.Sections, b.Topics = ruleMap(b.Safeguards), topicLines(b.Safeguards)
	b.Outcomes = chart.Bar("Safeguards by outcome", outcomeParts(v, v.Run.Summary.Safeguards))
	b.Trend = trendOf("trend", b.Points).HTML()
	return d.show(v, w, "overview.html", web.Page{Title: v.Estate.Name, Active: "/", Wide: true, Body: b})
}

// sinceYesterday compares a run with the newest that is a day older, or else with the one before it; nil for the first.
func (d *dashboard) sinceYesterday(ctx context.Context, v *view, limit int) (*history.Changes, error) {
	from := int64(0)
	earlier, err := d.History.RunAt(ctx, v.Estate.ID, v.Run.AssessedAt.Add(-24*time.Hour))
	switch {
	case err == nil:
		from = earlier.Number
	case !errors.Is(err, history.ErrNone):
		return nil, err
	case v.Run.Number == 1:
		return nil, nil
	}
	c, err := d.History.Changes(ctx, v.Estate.ID, from, v.Run.Number, limit)
	if errors.Is(err, history.ErrNone) {
		return nil, nil
	}
	return c, err
}

// trendOf draws the outcomes of the safeguards over time, what is met at the bottom.
func trendOf(id string, points []history.Point) chart.Trend {
	order := []assessment.Outcome{assessment.Met, assessment.Inherited, assessment.OutcomeNotNeeded, assessment.Manual, assessment.OutcomeUnknown, assessment.NotMet}
	t := chart.Trend{ID: id, Title: "Safeguards by outcome", Unit: "safeguards", Stacked: true, Events: events(points)}
	for _, p := range points {
		t.Times = append(t.Times, p.At)
	}
	for _, o := range order {
		s := chart.Series{Name: string(o), Class: outcomeClass(o)}
		any := false
		for _, p := range points {
			s.Values = append(s.Values, float64(p.Safeguards[o]))
			any = any || p.Safeguards[o] > 0
		}
		if any {
			t.Series = append(t.Series, s)
		}
	}
	return t
}

const mostEvents = 4

// events are what may explain a trend: other checks, and the steps in which most changed for the worse or the better.
func events(points []history.Point) []chart.Event {
	type step struct {
		chart.Event
		size int
	}
	var steps []step
	for i := 1; i < len(points); i++ {
		before, now := points[i-1], points[i]
		if before.Catalog != now.Catalog {
			steps = append(steps, step{chart.Event{Index: i, Text: "the checks changed: a newer catalog judged"}, 1 << 20})
			continue
		}
		for _, o := range []assessment.Outcome{assessment.NotMet, assessment.OutcomeUnknown} {
			from, to := before.Safeguards[o], now.Safeguards[o]
			if size := max(from-to, to-from); size >= 3 {
				word := map[bool]string{true: "rose", false: "fell"}[to > from]
				steps = append(steps, step{chart.Event{Index: i, Text: fmt.Sprintf("%s %s from %d to %d", o, word, from, to)}, size})
				break
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return b.size - a.size })
	steps = steps[:min(len(steps), mostEvents)]
	slices.SortFunc(steps, func(a, b step) int { return a.Index - b.Index })
	list := make([]chart.Event, len(steps))
	for i, s := range steps {
		list[i] = s.Event
	}
	return list
}
