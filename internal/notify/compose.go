package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

const (
	maxGroups    = 10 // that a message tells one by one
	maxDigest    = 40 // that a digest or a summary does
	maxResources = 5  // that a group names
	maxTickets   = 5  // issues or incidents that one batch opens; beyond them one tells of all
)

// groupsOf are the groups of all bundles that a channel hears of, the worst first.
func groupsOf(c delivery.Channel, bundles []*bundle, base string) []delivery.Group {
	var all []delivery.Group
	for _, b := range bundles {
		if len(b.news) > 0 {
			all = append(all, groupOf(b.key, b.news, false, base))
		}
		// An issue is closed once all of its group is mended.
		if len(b.mended) > 0 && c.Mended && (!c.Kind.PerGroup() || b.left == 0 && len(b.news) == 0) {
			all = append(all, groupOf(b.key, b.mended, true, base))
		}
	}
	slices.SortStableFunc(all, func(a, b delivery.Group) int {
		return cmp.Or(cmp.Compare(truth(a.Mended), truth(b.Mended)),
			cmp.Compare(severityRank(assessment.Severity(a.Severity)), severityRank(assessment.Severity(b.Severity))), cmp.Compare(b.Count, a.Count))
	})
	return all
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// groupOf tells of events that have kind, check and estate in common.
func groupOf(key string, events []Event, mended bool, base string) delivery.Group {
	first := events[0]
	g := delivery.Group{Key: key, Kind: string(first.Kind), Title: first.Title, Check: first.Check, Citations: first.Citations,
		Estate: first.EstateName, Owner: first.Owner, Mended: mended, Severity: string(first.Severity), Link: first.Link}
	for _, e := range events {
		g.Count += e.Count
		if e.PHI {
			g.PHI += e.Count
		}
		if severityRank(e.Severity) < severityRank(assessment.Severity(g.Severity)) {
			g.Severity = string(e.Severity)
		}
		if e.Owner != g.Owner {
			g.Owner = ""
		}
		if e.Link != g.Link {
			g.Link = ""
		}
		if e.Resource != "" && len(g.Resources) < maxResources {
			g.Resources = append(g.Resources, e.Resource)
		}
	}
	if g.Title == "" {
		g.Title = wordsOf(first.Kind).title
	}
	if g.Link == "" && g.Check != "" {
		g.Link = "/findings?check=" + url.QueryEscape(g.Check)
	}
	if g.Link != "" {
		g.Link = base + g.Link
	}
	g.Sentence = sentence(first.Kind, g.Count, mended)
	return g
}

func wordsOf(k Kind) word {
	for _, w := range words {
		if w.kind == k {
			return w
		}
	}
	return word{kind: k, one: string(k), many: string(k), title: string(k)}
}

// sentence counts: "98 new failing findings".
func sentence(k Kind, count int, mended bool) string {
	w := wordsOf(k)
	text := w.many
	if count == 1 {
		text = w.one
	}
	if mended {
		return fmt.Sprintf("%d mended (%s)", count, strings.TrimPrefix(text, "new "))
	}
	return fmt.Sprintf("%d %s", count, text)
}

// compose makes the messages that tell of groups on a channel which has room for some more this hour: one of all, or one for each group
// where groups have issues of their own. The last that there is room for is a summary.
func (o *Outbox) compose(c delivery.Channel, sort delivery.Sort, groups []delivery.Group, room int) []delivery.Message {
	if len(groups) == 0 {
		return nil
	}
	if !c.Kind.PerGroup() {
		if room == 1 && sort == delivery.News {
			sort = delivery.Summary
		}
		return []delivery.Message{o.message(sort, groups)}
	}
	var all []delivery.Message
	var rest []delivery.Group
	free := min(room-1, maxTickets)
	if len(groups) == 1 {
		free = 1
	}
	for _, g := range groups {
		switch {
		case g.Mended: // an end is never withheld: it makes less noise, not more
			m := o.message(sort, []delivery.Group{g})
			m.Thread, m.Resolve = g.Key, true
			all = append(all, m)
		case free > 0:
			free--
			m := o.message(sort, []delivery.Group{g})
			m.Thread = g.Key
			all = append(all, m)
		default:
			rest = append(rest, g)
		}
	}
	if len(rest) > 0 {
		all = append(all, o.message(delivery.Summary, rest))
	}
	return all
}

// message tells of groups in one message.
func (o *Outbox) message(sort delivery.Sort, groups []delivery.Group) delivery.Message {
	m := delivery.Message{ID: state.NewID(), Sort: sort, Link: o.base + "/", Groups: groups}
	room := maxGroups
	if sort == delivery.Digest || sort == delivery.Summary {
		room = maxDigest
	}
	for _, g := range groups {
		m.Count += g.Count
	}
	if len(groups) > room {
		for _, g := range groups[room:] {
			m.MoreGroups++
			m.MoreEvents += g.Count
		}
		m.Groups = groups[:room]
	}
	if len(groups) == 1 && groups[0].Link != "" {
		m.Link = groups[0].Link
	}
	m.Title = title(sort, groups)
	return m
}

var begins = map[delivery.Sort]string{delivery.Digest: "Digest: ", delivery.Reminder: "Still so: ", delivery.Summary: "Summary: "}

// title says in one line what happened.
func title(sort delivery.Sort, groups []delivery.Group) string {
	if len(groups) == 1 {
		return begins[sort] + where(groups) + groups[0].Title + ": " + groups[0].Sentence
	}
	type part struct {
		kind   Kind
		mended bool
		count  int
	}
	var parts []*part
	for _, g := range groups {
		i := slices.IndexFunc(parts, func(p *part) bool { return p.kind == Kind(g.Kind) && p.mended == g.Mended })
		if i < 0 {
			i = len(parts)
			parts = append(parts, &part{kind: Kind(g.Kind), mended: g.Mended})
		}
		parts[i].count += g.Count
	}
	var texts []string
	for _, p := range parts[:min(len(parts), 3)] {
		texts = append(texts, sentence(p.kind, p.count, p.mended))
	}
	if len(parts) > 3 {
		texts = append(texts, "and more")
	}
	return begins[sort] + where(groups) + strings.Join(texts, ", ")
}

// where is the estate that all groups have in common.
func where(groups []delivery.Group) string {
	name := groups[0].Estate
	if name == "" || slices.ContainsFunc(groups, func(g delivery.Group) bool { return g.Estate != name }) {
		return ""
	}
	return name + ": "
}

// put has messages wait to be sent.
func (o *Outbox) put(ctx context.Context, tx bun.Tx, c delivery.Channel, messages []delivery.Message) error {
	now := state.Millis(o.now())
	for _, m := range messages {
		body, err := json.Marshal(m)
		if err != nil {
			return err
		}
		row := messageRow{ID: m.ID, Channel: c.ID, Name: c.Name, Kind: c.Kind, Made: now, Status: waiting, Next: now, Body: string(body),
			Digest: record.Digest(body), Count: int64(m.Count)}
		if m.Sort == delivery.Personal {
			row.Personal = 1
		}
		if slices.ContainsFunc(m.Groups, func(g delivery.Group) bool { return g.Kind == string(Ledger) }) {
			row.Urgent = 1
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
