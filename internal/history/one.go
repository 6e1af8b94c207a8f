package history

import (
	"context"
	"fmt"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// Finding returns a finding with its evidence.
func (h *History) Finding(ctx context.Context, estate string, run int64, id string) (*Detail, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	at, ok := h.found(m, id)
	if !ok {
		return nil, ErrNone
	}
	s := &m.subjects[m.findings[at].subject]
	findings, err := h.findingsOf(ctx, m, s)
	if err != nil {
		return nil, fmt.Errorf("read finding %s of run %d: %w", id, m.run.Number, err)
	}
	o := m.owned()
	d := &Detail{Item: m.item(at, o), Run: m.run, Siblings: []Item{}}
	for _, other := range m.of[s.first : s.first+s.findings] {
		if other != at {
			d.Siblings = append(d.Siblings, m.item(other, o))
		}
	}
	for i := range findings {
		if findings[i].ID == id && findings[i].Status == d.Item.Status {
			d.Finding = findings[i]
			break
		}
	}
	d.Text, err = h.check(ctx, m, d.Check)
	return d, err
}

// check reads the text of a check. One that the assessment said nothing of has its title alone.
func (h *History) check(ctx context.Context, m *image, id string) (assessment.Check, error) {
	list, err := partsBy[assessment.Check](ctx, h, "estate = ? AND section = ? AND name = ? AND +since <= ? AND +until > ?", m.estate, sectionCheck,
		[]byte(id), m.run.Number, m.run.Number)
	if err != nil {
		return assessment.Check{}, fmt.Errorf("read check %s: %w", id, err)
	}
	if len(list) > 0 {
		return list[0].body, nil
	}
	c := assessment.Check{ID: id}
	for i := range m.checks {
		if q := &m.checks[i].question; q.Check == id {
			c.Title, c.Severity = q.Title, q.Severity
		}
	}
	return c, nil
}

// findingsOf reads the findings of a resource whole.
func (h *History) findingsOf(ctx context.Context, m *image, s *seen) ([]assessment.Finding, error) {
	pack, _, err := h.rowAt(ctx, "history_subject", m, s.nameOf())
	if err != nil {
		return nil, err
	}
	detail, since, err := h.rowAt(ctx, "history_detail", m, s.nameOf())
	if err != nil {
		return nil, err
	}
	a := assembler{words: m.words, run: m.run.Number, questions: map[string]*assessment.Question{}}
	for i := range m.checks {
		a.questions[m.checks[i].question.Check] = &m.checks[i].question
	}
	if since < m.run.Number {
		if a.called, err = h.called(ctx, m.estate, m.run.Number); err != nil {
			return nil, err
		}
	}
	return a.findings(nil, pack, detail, since)
}

func (h *History) called(ctx context.Context, estate, run int64) (time.Time, error) {
	var called int64
	err := h.db.NewRaw("SELECT called FROM history_run WHERE estate = ? AND run = ?", estate, run).Scan(ctx, &called)
	return state.Time(called), err
}

// rowAt reads the row of a resource that stands at the run of an image.
func (h *History) rowAt(ctx context.Context, table string, m *image, name name) (pack []byte, since int64, err error) {
	rows, err := h.db.QueryContext(ctx, "SELECT pack, since FROM "+table+" WHERE estate = ? AND name = ? AND +since <= ? AND +until > ?", m.estate,
		name[:], m.run.Number, m.run.Number)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, 0, err
		}
		return nil, 0, ErrNone
	}
	err = rows.Scan(&pack, &since)
	return pack, since, err
}

// Resource returns the resource of an address with all its findings, the worst first. Of several with the same address, such as in two
// targets, all are returned.
func (h *History) Resource(ctx context.Context, estate string, run int64, address string) ([]Resource, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	o := m.owned()
	var list []Resource
	for i := range m.subjects {
		s := &m.subjects[i]
		if s.address != address {
			continue
		}
		findings, err := h.findingsOf(ctx, m, s)
		if err != nil {
			return nil, fmt.Errorf("read %s of run %d: %w", address, m.run.Number, err)
		}
		r := Resource{Target: m.words[s.target], SinceRun: s.since, Since: state.Time(m.at[s.since]), Findings: []Item{}}
		if len(findings) > 0 {
			r.Subject = *findings[0].Subject
		}
		for _, at := range m.of[s.first : s.first+s.findings] {
			f := &m.findings[at]
			r.Counts.count(f.status, m.checks[f.check].severity, m.phi(s))
			r.Findings = append(r.Findings, m.item(at, o))
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		return nil, ErrNone
	}
	return list, nil
}

// FindingHistory returns the statuses of a finding over all runs, the newest first.
func (h *History) FindingHistory(ctx context.Context, estate, id string) ([]Spell, error) {
	m, err := h.image(ctx, estate, 0)
	if err != nil {
		return nil, err
	}
	var key name
	if at, ok := m.find(id); ok {
		key = m.subjects[m.findings[at].subject].nameOf()
	} else if key, err = h.search(ctx, m, id); err != nil {
		return nil, err
	}
	rows, err := h.db.QueryContext(ctx, "SELECT since, until, pack FROM history_subject WHERE estate = ? AND name = ? AND +since <= ? ORDER BY +since",
		m.estate, key[:], m.run.Number)
	if err != nil {
		return nil, fmt.Errorf("read the history of finding %s: %w", id, err)
	}
	defer rows.Close()
	var spans []span
	var one subject
	for rows.Next() {
		var s span
		var pack []byte
		if err := rows.Scan(&s.since, &s.until, &pack); err != nil {
			return nil, fmt.Errorf("read the history of finding %s: %w", id, err)
		}
		if err := one.unpack(pack, m.words); err != nil {
			return nil, err
		}
		if worst := one.worst(id); worst != nil {
			s.Status = string(statusOf[worst.status])
			spans = append(spans, s)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the history of finding %s: %w", id, err)
	}
	return h.spells(ctx, m.estate, spans)
}

// worst returns the answer of an id, of several the worst, or nil.
func (s *subject) worst(id string) *answer {
	if id == "" {
		return nil
	}
	var want answer
	want.setID(id)
	var worst *answer
	for i := range s.answers {
		if a := &s.answers[i]; a.id == want.id && a.long == want.long && (worst == nil || a.status < worst.status) {
			worst = a
		}
	}
	return worst
}

// search looks through what stands no more for the resource of a finding, the newest first.
func (h *History) search(ctx context.Context, m *image, id string) (name, error) {
	rows, err := h.db.QueryContext(ctx, "SELECT name, pack FROM history_subject WHERE estate = ? AND until <= ? ORDER BY until DESC", m.estate,
		m.run.Number)
	if err != nil {
		return name{}, fmt.Errorf("look for finding %s: %w", id, err)
	}
	defer rows.Close()
	var one subject
	for rows.Next() {
		var key, pack []byte
		if err := rows.Scan(&key, &pack); err != nil {
			return name{}, fmt.Errorf("look for finding %s: %w", id, err)
		}
		if err := one.unpack(pack, m.words); err != nil {
			return name{}, err
		}
		if one.worst(id) != nil {
			return name(key), nil
		}
	}
	if err := rows.Err(); err != nil {
		return name{}, fmt.Errorf("look for finding %s: %w", id, err)
	}
	return name{}, ErrNone
}
