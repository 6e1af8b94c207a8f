package notices

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/web"
)

// tick is an option of which several can be chosen.
type tick struct {
	Value, Label string
	Chosen       bool
}

// routeForm is what the form of a route shows.
type routeForm struct {
	notify.Route
	Errors   map[string]string
	Action   string
	To       []tick
	Events   []tick
	Of       []tick // estates
	Severity []web.Choice
	Days     []web.Choice
	Digests  []web.Choice
}

// Least is the least severe that counts.
func (f routeForm) Least() string { return string(f.Route.Severity) }

func (p *pages) newRoute(w http.ResponseWriter, r *http.Request) error {
	return p.showRoute(w, r, http.StatusOK, notify.Route{Window: notify.DefaultWindow, Hour: 8, Weekday: 1}, nil)
}

func (p *pages) editRoute(w http.ResponseWriter, r *http.Request) error {
	routes, err := p.outbox.Routes(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(routes, func(route notify.Route) bool { return route.ID == r.PathValue("id") })
	if i < 0 {
		return shownFault(notify.ErrGone)
	}
	return p.showRoute(w, r, http.StatusOK, routes[i], nil)
}

func (p *pages) showRoute(w http.ResponseWriter, r *http.Request, status int, route notify.Route, errs map[string]string) error {
	channels, err := p.outbox.Channels(r.Context())
	if err != nil {
		return err
	}
	estates, err := p.estates(r.Context())
	if err != nil {
		return err
	}
	f := routeForm{Route: route, Errors: errs, Action: home + "/routes", Digests: []web.Choice{
		{Label: "At once, with what breaks together"}, {Value: "daily", Label: "Once a day"}, {Value: "weekly", Label: "Once a week"}},
		Severity: []web.Choice{{Label: "All"}, {Value: "critical", Label: "Critical"}, {Value: "high", Label: "High and worse"},
			{Value: "medium", Label: "Medium and worse"}, {Value: "low", Label: "Low and worse"}}}
	for day := range 7 {
		f.Days = append(f.Days, web.Choice{Value: fmt.Sprint(day), Label: time.Weekday(day).String()})
	}
	for _, c := range channels {
		f.To = append(f.To, tick{c.ID, c.Name, slices.Contains(route.Channels, c.ID)})
	}
	for _, k := range notify.Kinds() {
		f.Events = append(f.Events, tick{string(k), strings.ToUpper(string(k[:1])) + string(k[1:]), slices.Contains(route.Kinds, k)})
	}
	for _, e := range estates {
		f.Of = append(f.Of, tick{e.Value, e.Label, slices.Contains(route.Estates, e.Value)})
	}
	title := "New route"
	if route.ID != "" {
		f.Action += "/" + route.ID
		title = "Route"
	}
	return p.shown.Show(w, r, "route.html", web.Page{Title: title, Active: home, Status: status, Up: up, Body: f})
}

func (p *pages) saveRoute(w http.ResponseWriter, r *http.Request) error {
	if err := parse(w, r); err != nil {
		return err
	}
	text := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	errs := map[string]string{}
	route := notify.Route{
		ID: r.PathValue("id"), Name: text("name"), Off: text("off") != "", Channels: r.PostForm["channels"],
		Severity: assessment.Severity(text("severity")), PHI: text("phi") != "", Owners: lines(text("owners")),
		Estates: r.PostForm["estates"], Stop: text("stop") != "", Digest: text("digest"), Zone: text("zone"),
		Window: number(text("window"), "window", "The window", errs), Hour: number(text("hour"), "hour", "The hour", errs),
		Weekday: number(text("weekday"), "weekday", "The day", errs), Remind: number(text("remind"), "remind", "The time to a reminder", errs),
	}
	for _, k := range r.PostForm["kinds"] {
		route.Kinds = append(route.Kinds, notify.Kind(k))
	}
	if len(errs) == 0 {
		_, err := p.outbox.SaveRoute(r.Context(), route)
		var mistake *notify.Mistake
		if !errors.As(err, &mistake) {
			if err == nil {
				http.Redirect(w, r, home, http.StatusSeeOther)
				return nil
			}
			return shownFault(err)
		}
		errs[mistake.Field] = mistake.Text
	}
	return p.showRoute(w, r, http.StatusUnprocessableEntity, route, errs)
}

// what says which events a route takes.
func what(r notify.Route) string {
	var parts []string
	switch n := len(r.Kinds); n {
	case 0:
	case 1, 2, 3:
		words := make([]string, n)
		for i, k := range r.Kinds {
			words[i] = string(k)
		}
		parts = append(parts, strings.Join(words, ", "))
	default:
		parts = append(parts, fmt.Sprintf("%d kinds of events", n))
	}
	if r.Severity != "" {
		parts = append(parts, string(r.Severity)+" and worse")
	}
	if r.PHI {
		parts = append(parts, "in the scope of PHI")
	}
	if len(r.Owners) > 0 {
		parts = append(parts, "owned by "+strings.Join(r.Owners[:min(len(r.Owners), 3)], ", "))
	}
	if n := len(r.Estates); n > 0 {
		parts = append(parts, web.Plural(n, "estate"))
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, "; ")
}

// when says when a route sends.
func when(r notify.Route) string {
	zone := r.Zone
	if zone == "" {
		zone = "UTC"
	}
	switch {
	case r.Digest == "daily":
		return fmt.Sprintf("daily at %d:00 %s", r.Hour, zone)
	case r.Digest == "weekly":
		return fmt.Sprintf("on %ss at %d:00 %s", time.Weekday(r.Weekday), r.Hour, zone)
	case r.Window == 0:
		return "at once"
	}
	return fmt.Sprintf("within %s", web.Plural(r.Window, "minute"))
}
