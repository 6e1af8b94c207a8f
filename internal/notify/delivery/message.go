package delivery

import (
	"fmt"
	"strings"
)

// Message is what is told at one time: groups of events of one sort each.
type Message struct {
	ID string `json:"id"` // the same however often it is sent
	// Sort says why it is sent: what is new, a digest, what is still so, what too many messages were folded into, or a test.
	Sort   Sort    `json:"sort"`
	Title  string  `json:"title"`
	Link   string  `json:"link"` // into the dashboard, whole
	Groups []Group `json:"groups"`
	// MoreGroups and MoreEvents are those that there was no room for.
	MoreGroups int `json:"more_groups,omitempty"`
	MoreEvents int `json:"more_events,omitempty"`
	Count      int `json:"count"` // of all events
	// Thread is the key of the only group, "" if there are more; Remote is the issue that it has on the channel already.
	Thread string `json:"thread,omitempty"`
	Remote string `json:"-"`
	// Resolve tells that all of the only group is mended.
	Resolve bool `json:"resolve,omitempty"`
	// To is who alone it is for; only e-mail has such messages. Empty: the readers of the channel.
	To []string `json:"to,omitempty"`
	// Again tells that it may have been delivered by an attempt whose answer was lost.
	Again bool `json:"-"`
}

// Sort of a message.
type Sort string

// The sorts of messages.
const (
	News     Sort = "news"
	Digest   Sort = "digest"
	Reminder Sort = "reminder"
	Summary  Sort = "summary"
	Test     Sort = "test"
	Personal Sort = "personal" // to one person, about the own account
)

// Group is what happened to many things in the same way.
type Group struct {
	Key       string   `json:"key"`
	Kind      string   `json:"kind"`     // of the events
	Sentence  string   `json:"sentence"` // "98 new failing findings"
	Title     string   `json:"title"`    // of the check, or what the kind is called
	Check     string   `json:"check,omitempty"`
	Citations []string `json:"citations,omitempty"`
	Severity  string   `json:"severity,omitempty"` // the worst
	Estate    string   `json:"estate,omitempty"`   // its name
	Owner     string   `json:"owner,omitempty"`    // if they all have the same
	Count     int      `json:"count"`
	PHI       int      `json:"phi,omitempty"` // how many are in the scope of PHI
	Mended    bool     `json:"mended,omitempty"`
	Link      string   `json:"link,omitempty"`
	// Resources are some of those that it happened to, only for channels that name them.
	Resources []string `json:"resources,omitempty"`
}

// line is the group in one line of plain text.
func (g Group) line() string {
	var b strings.Builder
	if g.Severity != "" && !g.Mended {
		fmt.Fprintf(&b, "[%s] ", g.Severity)
	}
	b.WriteString(g.Title)
	fmt.Fprintf(&b, ": %s", g.Sentence)
	if g.PHI > 0 {
		fmt.Fprintf(&b, ", %d in the scope of PHI", g.PHI)
	}
	if g.Estate != "" {
		fmt.Fprintf(&b, " (%s)", g.Estate)
	}
	if len(g.Citations) > 0 {
		fmt.Fprintf(&b, ". %s", strings.Join(g.Citations, ", "))
	}
	if g.Owner != "" {
		fmt.Fprintf(&b, ". Owner: %s", g.Owner)
	}
	return b.String()
}

// more is the line about what there was no room for, "" if there was room for all.
func (m Message) more() string {
	switch {
	case m.MoreGroups == 0:
		return ""
	case m.MoreGroups == 1:
		return fmt.Sprintf("and %d more of another sort", m.MoreEvents)
	}
	return fmt.Sprintf("and %d more of %d other sorts", m.MoreEvents, m.MoreGroups)
}

// named is the line about resources, "" without any.
func (g Group) named() string {
	if len(g.Resources) == 0 {
		return ""
	}
	line := strings.Join(g.Resources, ", ")
	if rest := g.Count - len(g.Resources); rest > 0 {
		line += fmt.Sprintf(" and %d more", rest)
	}
	return line
}

// Text is the message in plain text, for mail and tickets.
func (m Message) Text() string {
	var b strings.Builder
	for _, g := range m.Groups {
		fmt.Fprintf(&b, "- %s\n", g.line())
		if named := g.named(); named != "" {
			fmt.Fprintf(&b, "  %s\n", named)
		}
		if g.Link != "" {
			fmt.Fprintf(&b, "  %s\n", g.Link)
		}
	}
	if more := m.more(); more != "" {
		fmt.Fprintf(&b, "- %s\n", more)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s%s\n", reasons[m.Sort], m.Link)
	return b.String()
}

// reasons say at the end of a message why it came and what to do.
var reasons = map[Sort]string{
	News:     "Details and the fix: ",
	Digest:   "Details and the fix: ",
	Reminder: "This was told before and is still so: ",
	Summary:  "So much happened that this is only a summary. All of it: ",
	Test:     "This is a test message. It was asked for at ",
	Personal: "If this was not you, change your password at once and tell an administrator: ",
}

// severity is the worst of all groups that are not mended.
func (m Message) severity() string {
	worst, at := "", len(severities)
	for _, g := range m.Groups {
		for i, s := range severities {
			if g.Severity == s && !g.Mended && i < at {
				worst, at = s, i
			}
		}
	}
	return worst
}

var severities = []string{"critical", "high", "medium", "low"}
