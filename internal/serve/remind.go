package serve

import (
	"context"
	"time"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/notify"
)

// remindBefore is how long before a day people hear of what is due on it.
const remindBefore = 14 * 24 * time.Hour

// dueKinds are the kinds of events of what is due in a register.
var dueKinds = map[string]notify.Kind{"attestation": notify.AttestationDue, "exception": notify.ExceptionDue, "agreement": notify.AgreementDue,
	"vendor": notify.AgreementDue, "incident": notify.IncidentClock}

// tellDue tells of what needs a person, once each for as long as it does.
func (s *Server) tellDue(ctx context.Context) error {
	all, err := s.decisions.Due(ctx, "", remindBefore)
	if err != nil {
		return err
	}
	var events []notify.Event
	for _, d := range all {
		kind, ok := dueKinds[d.Item.Register]
		if !ok {
			kind = notify.DecisionDue
		}
		subject := d.Item.Register + "/" + d.Item.ID
		// The day is in the key, so that what was put off and is due again is told again.
		events = append(events, notify.Event{Kind: kind, Estate: d.Item.Estate, Title: d.Title + " " + d.Item.ID, Key: "due/" + subject + "/" + d.Date.Format(time.DateOnly),
			Link: "/decisions/" + subject})
	}
	if len(events) == 0 {
		return nil
	}
	return s.outbox.Tell(ctx, events...)
}

// maxUses is how many uses of emergency access are looked at.
const maxUses = 200

// tellBreakGlass tells of emergency access, until a second person has looked at it.
func (s *Server) tellBreakGlass(ctx context.Context) error {
	all, err := s.people.Elevations(ctx, false, "", maxUses)
	if err != nil {
		return err
	}
	var events []notify.Event
	for _, e := range all {
		if e.Role == account.Glass {
			events = append(events, notify.Event{Kind: notify.BreakGlass, Key: "break-glass/" + e.ID, Mended: !e.Due(), Link: "/people/elevations", At: e.At})
		}
	}
	if len(events) == 0 {
		return nil
	}
	return s.outbox.Tell(ctx, events...)
}

// tellLedger tells when the ledger cannot be written, and when it can be again.
func (s *Server) tellLedger() func(context.Context) error {
	broken := false
	return func(ctx context.Context) error {
		if now := s.keeper.Ready() != nil; now != broken {
			broken = now
			return s.outbox.Tell(ctx, notify.Event{Kind: notify.Ledger, Key: "ledger", Mended: !broken, Link: "/evidence"})
		}
		return nil
	}
}
