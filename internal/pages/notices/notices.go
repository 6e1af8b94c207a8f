// Package notices is where an administrator says who is told what: the pages under /settings/notifications and their operations.
//
// It must not know how messages are made and sent, and never shows the secret of a channel.
package notices

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/web"
)

//go:embed pages/*.html
var files embed.FS

const home = "/settings/notifications"

// up leads back from the pages of one channel, one route and the messages.
var up = []web.Crumb{{Title: "Notifications", Path: home}}

// Estates lists the estates that a route can be limited to.
type Estates func(context.Context) ([]web.Choice, error)

type pages struct {
	outbox  *notify.Outbox
	estates Estates
	shown   *web.Pages
}

// Add registers pages and operations. estates may be nil if there are none to choose from.
func Add(site *web.Site, a *api.API, outbox *notify.Outbox, estates Estates) error {
	inner, err := fs.Sub(files, "pages")
	if err != nil {
		return err
	}
	shown, err := site.Pages(inner)
	if err != nil {
		return err
	}
	if estates == nil {
		estates = func(context.Context) ([]web.Choice, error) { return nil, nil }
	}
	p := &pages{outbox: outbox, estates: estates, shown: shown}
	site.Link(web.Link{Title: "Notifications", Path: home, Need: access.Settings, Order: 820, Group: "Settings"})
	for pattern, handler := range map[string]web.Handler{
		"GET " + home:                            p.overview,
		"GET " + home + "/messages":              p.messages,
		"POST " + home + "/messages/{id}/retry":  p.do(p.outbox.Retry, home+"/messages"),
		"GET " + home + "/channels/new":          p.newChannel,
		"POST " + home + "/channels":             p.saveChannel,
		"GET " + home + "/channels/{id}":         p.editChannel,
		"POST " + home + "/channels/{id}":        p.saveChannel,
		"POST " + home + "/channels/{id}/test":   p.do(p.outbox.Test, home+"/messages"),
		"POST " + home + "/channels/{id}/remove": p.do(p.outbox.RemoveChannel, home),
		"GET " + home + "/routes/new":            p.newRoute,
		"POST " + home + "/routes":               p.saveRoute,
		"GET " + home + "/routes/{id}":           p.editRoute,
		"POST " + home + "/routes/{id}":          p.saveRoute,
		"POST " + home + "/routes/{id}/remove":   p.do(p.outbox.RemoveRoute, home),
		"POST " + home + "/routes/{id}/sooner":   p.do(p.outbox.MoveRoute, home),
	} {
		site.Handle(pattern, access.Settings, handler)
	}
	operations(a, outbox)
	return nil
}

// do runs what one button does, and leads to where its effect is seen.
func (p *pages) do(act func(context.Context, string) error, next string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := act(r.Context(), r.PathValue("id")); err != nil {
			return shownFault(err)
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
}

// shownFault is an error as its reader may see it.
func shownFault(err error) error {
	var mistake *notify.Mistake
	switch {
	case errors.As(err, &mistake):
		return web.Faultf(http.StatusUnprocessableEntity, "%s", mistake.Text)
	case errors.Is(err, notify.ErrGone):
		return web.Faultf(http.StatusNotFound, "This channel, route or message is not there any more. Somebody may have removed it.")
	}
	return err
}

// routeLine is a route in the table of the overview.
type routeLine struct {
	notify.Route
	To    []string // the names of its channels
	What  string
	When  string
	First bool
}

func (p *pages) overview(w http.ResponseWriter, r *http.Request) error {
	channels, err := p.outbox.Channels(r.Context())
	if err != nil {
		return err
	}
	routes, err := p.outbox.Routes(r.Context())
	if err != nil {
		return err
	}
	health, err := p.outbox.Health(r.Context())
	if err != nil {
		return err
	}
	failed, err := p.outbox.Messages(r.Context(), notify.Wanted{Status: "failed", Limit: 5})
	if err != nil {
		return err
	}
	latest, err := p.outbox.Messages(r.Context(), notify.Wanted{Limit: 10})
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, c := range channels {
		names[c.ID] = c.Name
	}
	lines := make([]routeLine, len(routes))
	for i, route := range routes {
		lines[i] = routeLine{Route: route, What: what(route), When: when(route), First: i == 0}
		for _, id := range route.Channels {
			lines[i].To = append(lines[i].To, names[id])
		}
	}
	return p.shown.Show(w, r, "overview.html", web.Page{Title: "Notifications", Active: home, Body: map[string]any{
		"Channels": channels, "Routes": lines, "Health": health, "Failed": failed, "Latest": latest, "Kinds": kindChoices,
	}})
}

func (p *pages) messages(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	const room = 50
	wanted := notify.Wanted{Channel: q.Get("channel"), Status: q.Get("status"), After: q.Get("after"), Limit: room + 1}
	all, err := p.outbox.Messages(r.Context(), wanted)
	if err != nil {
		return err
	}
	channels, err := p.outbox.Channels(r.Context())
	if err != nil {
		return err
	}
	choices := []web.Choice{{Label: "All channels"}}
	for _, c := range channels {
		choices = append(choices, web.Choice{Value: c.ID, Label: c.Name})
	}
	next, first := "", ""
	if len(all) > room {
		all = all[:room]
		q.Set("after", all[room-1].ID)
		next = home + "/messages?" + q.Encode()
	}
	if wanted.After != "" {
		q.Del("after")
		first = home + "/messages?" + q.Encode()
	}
	return p.shown.Show(w, r, "messages.html", web.Page{Title: "Messages", Active: home, Up: up, Body: map[string]any{
		"Messages": all, "Channels": choices, "Channel": wanted.Channel, "Status": wanted.Status, "Next": next, "First": first,
		"Statuses": []web.Choice{{Label: "All"}, {Value: "sent", Label: "Sent"}, {Value: "waiting", Label: "Waiting"},
			{Value: "failed", Label: "Given up"}},
	}})
}

// kindChoices are the kinds of channels as people call them.
var kindChoices = []web.Choice{
	{Value: string(delivery.Email), Label: "E-mail"}, {Value: string(delivery.Slack), Label: "Slack"},
	{Value: string(delivery.Teams), Label: "Microsoft Teams"},
	{Value: string(delivery.PagerDuty), Label: "PagerDuty"}, {Value: string(delivery.Webhook), Label: "Webhook, signed"},
	{Value: string(delivery.Jira), Label: "Jira issue"}, {Value: string(delivery.GitHub), Label: "GitHub issue"},
}
