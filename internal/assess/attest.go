package assess

import (
	"fmt"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
)

// States of an attestation.
const (
	inDate  = "in date"
	expired = "expired"
	missing = "missing"
	denied  = "denied"
)

// ledger holds what people have attested.
type ledger struct {
	today  config.Date
	given  map[string]config.Attestation
	asked  map[string]bool
	told   map[string]bool
	notice []assessment.Notice
}

func newLedger(list []config.Attestation, now time.Time) *ledger {
	l := &ledger{today: config.NewDate(now), given: map[string]config.Attestation{}, asked: map[string]bool{}, told: map[string]bool{}}
	for _, a := range list {
		l.given[a.ID] = a
	}
	return l
}

// state tells whether somebody has attested the statement, and whether it still holds. notApplicable is set if the answer
// is that the safeguard does not concern the organization, and it may answer so.
//
// It holds until the framework asks for the next review, or until the day that its owner gave if that is sooner. A "no"
// stays a "no" when its time is over.
func (l *ledger) state(a framework.Attestation, mayNotApply bool) (s assessment.AttestationState, notApplicable bool) {
	s = assessment.AttestationState{ID: a.ID, Statement: a.Statement, Role: a.Role, State: missing}
	l.asked[a.ID] = true
	given, ok := l.given[a.ID]
	if !ok {
		return s, false
	}
	until := given.Reviewed.AddMonths(a.ReviewMonths)
	if !given.Expires.IsZero() && until.After(given.Expires) {
		until = given.Expires
	}
	s.Owner, s.Document, s.Note = given.Owner, given.Document, given.Note
	s.Reviewed, s.Expires = given.Reviewed.String(), until.String()
	switch {
	case given.Answer == config.No:
		s.State = denied
	case given.Reviewed.After(l.today):
		l.tell(given, "ineffective", fmt.Sprintf("is reviewed on %s, after the day of this assessment", given.Reviewed))
	case given.Answer == config.NotApplicable && !mayNotApply:
		l.tell(given, "ineffective", "answers not applicable, which this safeguard does not allow")
	case l.today.After(until):
		s.State = expired
		l.tell(given, "expired", fmt.Sprintf("was due for review on %s", until))
	default:
		s.State = inDate
		return s, given.Answer == config.NotApplicable
	}
	return s, false
}

func (l *ledger) tell(a config.Attestation, kind, text string) {
	if l.told[a.ID+kind] {
		return
	}
	l.told[a.ID+kind] = true
	l.notice = append(l.notice, notice("attestation "+kind, a.ID, text, a.Place))
}

// unused tells of attestations that the framework does not ask for.
func (l *ledger) unused(list []config.Attestation) []assessment.Notice {
	var notices []assessment.Notice
	for _, a := range list {
		if !l.asked[a.ID] {
			notices = append(notices, notice("attestation unused", a.ID, "is no attestation of this framework", a.Place))
		}
	}
	return notices
}

func notice(kind, id, text string, at config.Place) assessment.Notice {
	return assessment.Notice{Kind: kind, ID: id, Text: text, Location: assessment.Location{File: at.File, Line: at.Line}}
}

// alternative returns the measure that stands in for an addressable specification, and why one that was given does not.
func alternative(a config.Alternative, specification string, today config.Date) (flaw string) {
	until := a.Expires
	if until.IsZero() {
		until = a.Reviewed.AddMonths(12)
	}
	switch {
	case specification != "addressable":
		return "stands for a specification that is " + specification + "; only an addressable one may be answered by an alternative"
	case a.Approver == "":
		return "is not approved: approver is wanted"
	case samePerson(a.Approver, a.Owner):
		return "is approved by its owner; someone else must approve it"
	case a.Reviewed.After(today):
		return fmt.Sprintf("is reviewed on %s, after the day of this assessment", a.Reviewed)
	case today.After(until):
		return fmt.Sprintf("was due for review on %s", until)
	}
	return ""
}
