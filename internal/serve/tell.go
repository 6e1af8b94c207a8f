package serve

import (
	"cmp"
	"context"
	"net/url"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/notify"
)

// maxTold is how many changes of each sort are told one by one; notifications fold them. More in one assessment are told by the dashboard only.
const maxTold = 10_000

// logging are the safeguards whose checks ask whether something logs: audit controls, and their review.
var logging = map[string]bool{"164.312(b)": true, "164.308(a)(1)(ii)(D)": true}

// tell has people hear of what an assessment changed since the last one that they heard of. What is told and up to which assessment stands in
// one transaction, so that nothing is told twice and nothing is left out, whenever the server is stopped.
func (s *Server) tell(ctx context.Context, e estate.Estate) error {
	told, err := s.estates.Told(ctx, e.ID)
	if err != nil {
		return err
	}
	runs, err := s.history.Runs(ctx, e.ID, 0, 1)
	if err != nil || len(runs) == 0 || runs[0].Number <= told {
		return err
	}
	var events []notify.Event
	if told > 0 { // of the first assessment all would be new
		changes, err := s.history.AllChanges(ctx, e.ID, told, runs[0].Number, maxTold)
		if err != nil {
			return err
		}
		of, err := s.addresses(ctx)
		if err != nil {
			return err
		}
		events = eventsOf(e, changes, s.citations)
		callOwners(events, of)
	}
	if runs[0].Gaps > 0 {
		events = append(events, notify.Event{Kind: notify.GrantsMissing, Key: "gaps/" + e.ID, Count: runs[0].Gaps, Link: "/unknown?estate=" + e.ID})
	} else {
		events = append(events, notify.Event{Kind: notify.GrantsMissing, Key: "gaps/" + e.ID, Mended: true})
	}
	events = append(events, notify.Event{Kind: notify.AssessmentFailed, Key: "assessment/" + e.ID, Mended: true})
	for i := range events {
		events[i].Estate, events[i].EstateName = e.ID, e.Name
	}
	err = s.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.estates.Tell(ctx, tx, e.ID, told, runs[0].Number); err != nil {
			return err
		}
		return s.outbox.Queue(ctx, tx, events...)
	})
	s.outbox.Wake()
	return err
}

// callOwners puts the addresses of people in place of the ids of their accounts; teams are called as they are.
func callOwners(events []notify.Event, of map[string]string) {
	for i := range events {
		events[i].Owner = cmp.Or(of[events[i].Owner], events[i].Owner)
	}
}

func eventsOf(e estate.Estate, c *history.Changes, citations map[string][]string) []notify.Event {
	query := "?estate=" + e.ID
	var all []notify.Event
	for _, one := range c.Safeguards {
		all = append(all, notify.Event{Kind: notify.Safeguard, Title: one.Name, Citations: []string{one.Citation}, Key: "safeguard/" + e.ID + "/" + one.Citation,
			Mended: !one.Worse, Link: "/safeguards/" + url.PathEscape(one.Citation) + query})
	}
	for _, one := range append(append([]history.Change{}, c.Worse...), c.NewFindings...) {
		if one.After == assessment.Fail {
			all = append(all, finding(one, citations[one.Check], query))
		}
	}
	// What is gone is no fix, but nothing that people need be reminded of; if it comes back, it is told anew.
	for _, one := range append(append([]history.Change{}, c.Better...), c.GoneOpen...) {
		event := finding(one, citations[one.Check], query)
		event.Mended = true
		all = append(all, event)
	}
	for _, one := range c.NewResources {
		all = append(all, notify.Event{Kind: notify.Uncontrolled, PHI: one.PHI == "yes", Resource: one.Address, Link: "/changes" + query})
	}
	return all
}

// finding is the event of a check that fails, or of one about logging.
func finding(c history.Change, citations []string, query string) notify.Event {
	event := notify.Event{Kind: notify.Finding, Severity: c.Severity, PHI: c.PHI == "yes", Owner: c.Owner, Check: c.Check, Title: c.Title, Citations: citations,
		Key: "finding/" + c.ID, Resource: c.Address, Link: "/findings" + query + "&check=" + url.QueryEscape(c.Check)}
	for _, citation := range citations {
		if logging[citation] {
			event.Kind = notify.NotLogging
		}
	}
	return event
}
