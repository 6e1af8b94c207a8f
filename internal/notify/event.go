// Package notify tells the right people what happened: it queues events in the transaction that they belong to, folds what breaks together
// into one message, and sees to it that each message is sent once, whatever stops in between.
//
// It must not know how events come about, and what an event may hold is limited so that no PHI can be in it: see Event.
package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"ward.dev/ward/internal/assessment"
)

// Kind is a sort of event.
type Kind string

// The kinds of events.
const (
	Safeguard        Kind = "safeguard"           // a safeguard is worse than it was
	Finding          Kind = "finding"             // a check fails that did not
	Uncontrolled     Kind = "new resource"        // a new resource has none of the controls that it needs
	NotLogging       Kind = "not logging"         // a service does not log
	Drift            Kind = "drift"               // what runs is not what was declared
	AttestationDue   Kind = "attestation due"     // an attestation is to be reviewed
	ExceptionDue     Kind = "exception due"       // an exception ends
	AgreementDue     Kind = "agreement due"       // a BAA or the assurance of a vendor ends
	DecisionDue      Kind = "decision due"        // another decision is to be reviewed or approved
	IncidentClock    Kind = "incident clock"      // the time to notify of a breach runs out: 45 CFR 164.404(b)
	BackupFailed     Kind = "backup failed"       // of the estate, or of Ward's own state
	AssessmentFailed Kind = "assessment failed"   // an assessment did not come to its end
	GrantsMissing    Kind = "grants missing"      // something could not be read
	BreakGlass       Kind = "break-glass"         // somebody used emergency access
	Ledger           Kind = "ledger"              // the ledger cannot be written, or does not verify
	NotificationLost Kind = "notification failed" // a message to another channel was given up
)

type word struct {
	kind             Kind
	one, many, title string
}

// words are what one and several events of a kind are called, and what to call a group of them that has no title.
var words = []word{
	{Safeguard, "safeguard is worse", "safeguards are worse", "Safeguards"},
	{Finding, "new failing finding", "new failing findings", "Findings"},
	{Uncontrolled, "new resource without controls", "new resources without controls", "New resources"},
	{NotLogging, "service does not log", "services do not log", "Logging"},
	{Drift, "resource drifted", "resources drifted", "Drift"},
	{AttestationDue, "attestation is due", "attestations are due", "Attestations"},
	{ExceptionDue, "exception ends soon", "exceptions end soon", "Exceptions"},
	{AgreementDue, "agreement is due", "agreements are due", "Agreements"},
	{DecisionDue, "decision is due", "decisions are due", "Decisions"},
	{IncidentClock, "incident must be notified soon", "incidents must be notified soon", "Incidents"},
	{BackupFailed, "backup failed", "backups failed", "Backups"},
	{AssessmentFailed, "assessment failed", "assessments failed", "Assessments"},
	{GrantsMissing, "grant is missing", "grants are missing", "Grants"},
	{BreakGlass, "use of emergency access", "uses of emergency access", "Emergency access"},
	{Ledger, "fault of the ledger", "faults of the ledger", "Ledger"},
	{NotificationLost, "notification was not sent", "notifications were not sent", "Notifications"},
}

// Kinds are all kinds of events.
func Kinds() []Kind {
	all := make([]Kind, len(words))
	for i, w := range words {
		all[i] = w.kind
	}
	return all
}

// Event is one thing that people should hear of. It MUST NOT hold text that people typed, values, evidence or tags: what is said in words
// is said by the kind, and by the title of a check of the catalog.
type Event struct {
	Kind     Kind                `json:"kind"`
	Severity assessment.Severity `json:"severity,omitempty"`
	PHI      bool                `json:"phi,omitempty"`    // it is about what holds, carries or touches PHI
	Estate   string              `json:"estate,omitempty"` // its id
	// EstateName is what the estate is called, Owner who answers: an account or a team.
	EstateName string   `json:"estate_name,omitempty"`
	Owner      string   `json:"owner,omitempty"`
	Check      string   `json:"check,omitempty"` // its id in the catalog
	Title      string   `json:"title,omitempty"` // of the check or safeguard, in the words of the catalog
	Citations  []string `json:"citations,omitempty"`
	// Key names the thing that it happened to, such as the id of a finding, for as long as it is so: a thing that was told is not told
	// again before an event with Mended has come. "" is for what just happens, such as the use of emergency access.
	Key    string `json:"key,omitempty"`
	Mended bool   `json:"mended,omitempty"`
	// Resource is its address; only messages to channels that name resources hold it.
	Resource string `json:"resource,omitempty"`
	// Link is a path of the dashboard: "/findings?check=..." for a group, or that of the thing itself.
	Link string `json:"link,omitempty"`
	// Count is how many things the event stands for; 0 is 1.
	Count int       `json:"count,omitempty"`
	At    time.Time `json:"at"` // the zero time is now
}

// maxText is how long a text of an event may be, in bytes.
const maxText = 200

// tidy bounds the texts of an event and removes what could break out of a line.
func (e *Event) tidy(now time.Time) error {
	if !slices.ContainsFunc(words, func(w word) bool { return w.kind == e.Kind }) {
		return fmt.Errorf("queue a notification: there is no kind of event %q", e.Kind)
	}
	if e.Link != "" && (!strings.HasPrefix(e.Link, "/") || strings.HasPrefix(e.Link, "//")) {
		return fmt.Errorf("queue a notification: the link of %s is no path of the dashboard", e.Kind)
	}
	if e.Link = plain(e.Link); len(e.Link) == maxText {
		e.Link = "" // a link that is cut leads nowhere
	}
	e.Citations = slices.Clone(e.Citations[:min(len(e.Citations), 10)])
	for i := range e.Citations {
		e.Citations[i] = plain(e.Citations[i])
	}
	for _, text := range []*string{&e.Estate, &e.EstateName, &e.Owner, &e.Check, &e.Title, &e.Resource} {
		*text = plain(*text)
	}
	if e.Key != "" {
		e.Key = digest(e.Key)
	}
	if e.Count < 1 {
		e.Count = 1
	}
	if e.At.IsZero() {
		e.At = now
	}
	return nil
}

// plain is a text without control characters, cut to maxText bytes.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), maxText)], ""))
}

// group is what events of one sort have in common: kind, check (or safeguard) and estate.
func (e *Event) group() string {
	about := e.Check
	if about == "" {
		about = e.Title
	}
	return digest(string(e.Kind) + "\x00" + about + "\x00" + e.Estate)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// severityRank orders severities, the worst first; none is last.
func severityRank(s assessment.Severity) int {
	i := slices.Index(severities, s)
	if i < 0 {
		return len(severities)
	}
	return i
}

var severities = []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}
