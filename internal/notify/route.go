package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine without time zones still sends digests when it should

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/notify/delivery"
)

// Route leads events to channels. Routes are tried in order, and several may lead the same event on; to one channel the first counts.
type Route struct {
	ID       string   `json:"id,omitempty" readOnly:"true"`
	Name     string   `json:"name" maxLength:"80"`
	Off      bool     `json:"off,omitempty"`
	Channels []string `json:"channels" maxItems:"20" doc:"their ids"`
	// What follows limits the events; what is empty limits nothing.
	Kinds    []Kind              `json:"kinds,omitempty"`
	Severity assessment.Severity `json:"severity,omitempty" enum:",critical,high,medium,low" doc:"the least that counts; events without one do always"`
	PHI      bool                `json:"phi,omitempty" doc:"only what is in the scope of PHI"`
	Owners   []string            `json:"owners,omitempty" maxItems:"100"`
	Estates  []string            `json:"estates,omitempty" maxItems:"100" doc:"their ids"`
	// Stop has no later route see an event that this one leads on.
	Stop bool `json:"stop,omitempty"`
	// Digest is "" for at once, "daily" or "weekly".
	Digest string `json:"digest,omitempty" enum:",daily,weekly"`
	// Window is how many minutes a message waits for what breaks together, if it is sent at once.
	Window  int    `json:"window,omitempty" minimum:"0" maximum:"1440"`
	Hour    int    `json:"hour,omitempty" minimum:"0" maximum:"23" doc:"of a digest"`
	Weekday int    `json:"weekday,omitempty" minimum:"0" maximum:"6" doc:"of a weekly digest; 0 is Sunday"`
	Zone    string `json:"zone,omitempty" doc:"of the hour, such as America/New_York; empty is UTC"`
	// Remind is after how many hours what is still so is told again; 0 is never.
	Remind int `json:"remind,omitempty" minimum:"0" maximum:"8760"`
}

// DefaultWindow of a route, in minutes.
const DefaultWindow = 5

// maxRoutes and maxChannels bound what one server may be set to.
const (
	maxRoutes   = 200
	maxChannels = 100
)

func wrong(field, format string, args ...any) error {
	return &delivery.Wrong{Field: field, Text: fmt.Sprintf(format, args...)}
}

// check tells what is wrong with a route. Every error is a delivery.Wrong.
func (r *Route) check(channels []string) error {
	switch {
	case strings.TrimSpace(r.Name) == "" || len(r.Name) > 80:
		return wrong("name", "give each route a name of at most 80 characters")
	case len(r.Channels) == 0 || len(r.Channels) > 20:
		return wrong("channels", "the route %s leads to no channel", r.Name)
	case r.Severity != "" && !slices.Contains(severities, r.Severity):
		return wrong("severity", "the route %s: there is no severity %q", r.Name, r.Severity)
	case len(r.Owners) > 100 || len(r.Estates) > 100:
		return wrong("owners", "the route %s: at most 100 owners and estates", r.Name)
	case !slices.Contains([]string{"", "daily", "weekly"}, r.Digest):
		return wrong("digest", "the route %s: a digest is daily or weekly", r.Name)
	case r.Window < 0 || r.Window > 1440:
		return wrong("window", "the route %s: the window is from 0 to 1440 minutes", r.Name)
	case r.Hour < 0 || r.Hour > 23 || r.Weekday < 0 || r.Weekday > 6:
		return wrong("hour", "the route %s: the hour is from 0 to 23, the day of the week from 0 to 6", r.Name)
	case r.Remind < 0 || r.Remind > 8760:
		return wrong("remind", "the route %s: reminders come after 1 to 8760 hours", r.Name)
	}
	for _, k := range r.Kinds {
		if !slices.Contains(Kinds(), k) {
			return wrong("kinds", "the route %s: there is no kind of event %q", r.Name, k)
		}
	}
	for _, c := range r.Channels {
		if !slices.Contains(channels, c) {
			return wrong("channels", "the route %s leads to a channel that is not there", r.Name)
		}
	}
	if _, err := time.LoadLocation(r.Zone); err != nil || r.Zone == "Local" {
		return wrong("zone", "the route %s: there is no time zone %q", r.Name, r.Zone)
	}
	return nil
}

// takes tells whether the route leads an event on. What is mended goes wherever it can have been told, as its owner and the rest may have
// changed since.
func (r *Route) takes(e *Event) bool {
	return !r.Off &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, e.Kind)) &&
		(len(r.Estates) == 0 || slices.Contains(r.Estates, e.Estate)) &&
		(e.Mended || r.suits(e))
}

func (r *Route) suits(e *Event) bool {
	return (r.Severity == "" || e.Severity == "" || severityRank(e.Severity) <= severityRank(r.Severity)) &&
		(!r.PHI || e.PHI) &&
		(len(r.Owners) == 0 || slices.ContainsFunc(r.Owners, func(o string) bool { return strings.EqualFold(o, e.Owner) }))
}

// lead calls to for each channel that an event goes to, with the route that leads there.
func lead(routes []Route, e *Event, to func(route, channel string)) {
	var told []string
	for i := range routes {
		r := &routes[i]
		if !r.takes(e) {
			continue
		}
		for _, c := range r.Channels {
			if !slices.Contains(told, c) {
				told = append(told, c)
				to(r.ID, c)
			}
		}
		if r.Stop && !e.Mended {
			return
		}
	}
}

// due is when a message goes whose first event came at a time.
func (r *Route) due(first time.Time) time.Time {
	if r.Digest == "" {
		return first.Add(time.Duration(r.Window) * time.Minute)
	}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	local := first.In(zone)
	for day := 0; ; day++ {
		at := time.Date(local.Year(), local.Month(), local.Day()+day, r.Hour, 0, 0, 0, zone)
		if at.After(first) && (r.Digest == "daily" || int(at.Weekday()) == r.Weekday) {
			return at
		}
	}
}
