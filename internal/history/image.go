package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// An image is all that the lists and numbers of one run are made of, in memory: some 50 bytes for each finding. A question looks at each
// finding once, in the order of risk. Nothing in it changes once it is read, but for who owns what.
type image struct {
	estate   int64
	run      Run
	size     int64
	at       map[int64]int64 // when runs assessed
	words    texts
	checks   []checked
	subjects []seen
	findings []found           // in the order of risk
	of       []uint32          // the findings of subjects, one subject after the other
	long     map[uint32]string // ids that are no number, by the place of the finding
	judged   map[uint32]judged
	lower    string // the addresses in lower case, each with a line feed behind it
	starts   []uint32

	ownership sync.Mutex
	owners    *owners
	memory    memory
}

// checked is a check as findings name it.
type checked struct {
	word     uint32
	question assessment.Question
	severity byte // 0 is the worst
}

// seen is a resource in an image.
type seen struct {
	name                                               name
	target, kind, provider, account, region, phi, file uint32
	line                                               int32
	first, findings                                    uint32 // its part of image.of
	since                                              int64
	id, address                                        string
}

// found is a finding in an image.
type found struct {
	id            uint64
	subject       uint32
	since, opened uint32
	check         uint16
	status        byte
	fresh         bool
}

// judged is what exceptions changed.
type judged struct {
	code      byte
	exception uint32
}

// severities, the worst first.
var severities = []assessment.Severity{assessment.Critical, assessment.High, assessment.Medium, assessment.Low}

// severityCode is the place among severities; what is not known is as bad as can be.
func severityCode(s assessment.Severity) byte { return byte(max(slices.Index(severities, s), 0)) }

// phis are what is said of PHI, the worst first.
var phis = []string{"yes", "unknown", "no"}

// phiCode is the place among phis; what is not said is unknown.
func phiCode(phi string) int {
	if i := slices.Index(phis, phi); i >= 0 {
		return i
	}
	return 1
}

// readImage reads a run.
func (h *History) readImage(ctx context.Context, estate int64, r Run) (*image, error) {
	m := &image{estate: estate, run: r, at: map[int64]int64{}, long: map[uint32]string{}, judged: map[uint32]judged{}}
	var runs []struct{ Run, At int64 }
	if err := h.db.NewRaw("SELECT run, at FROM history_run WHERE estate = ? AND run <= ?", estate, r.Number).Scan(ctx, &runs); err != nil {
		return nil, err
	}
	for _, one := range runs {
		m.at[one.Run] = one.At
	}
	w, err := loadWords(ctx, h.db, estate)
	if err != nil {
		return nil, err
	}
	m.words = w.all()
	b, err := h.readSubjects(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := h.readQuestions(ctx, m, b); err != nil {
		return nil, err
	}
	b.order()
	m.addresses()
	m.size = int64(cap(m.findings))*int64(unsafe.Sizeof(found{})) + int64(cap(m.of))*4 + int64(cap(m.subjects))*int64(unsafe.Sizeof(seen{})) +
		int64(len(m.lower))*3 + int64(len(m.words))*64
	return m, nil
}

// builder makes an image of rows.
type builder struct {
	*image
	answers []found // one subject after the other
	codes   map[uint32]uint16
	long    map[uint32]string // by the place in answers
	judged  map[uint32]judged
}

// readSubjects reads the resources of a run, sorted by address.
func (h *History) readSubjects(ctx context.Context, m *image) (*builder, error) {
	b := &builder{image: m, codes: map[uint32]uint16{}, long: map[uint32]string{}, judged: map[uint32]judged{}}
	query, args := standsAt("name, since, pack", "history_subject", m.estate, m.run.Number)
	rows, err := h.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var one subject
	var key, pack []byte
	for rows.Next() {
		var since int64
		if err := rows.Scan(&key, &since, &pack); err != nil {
			return nil, err
		}
		if err := one.unpack(pack, m.words); err != nil {
			return nil, err
		}
		if err := b.add(name(key), since, &one); err != nil {
			return nil, err
		}
	}
	return b, rows.Err()
}

// standsAt is the question for what stands at a run. The sign before a column keeps databases from
// looking rows up by it: it would lead through all that is older.
func standsAt(columns, table string, estate, run int64) (string, []any) {
	return fmt.Sprintf("SELECT %s FROM %s WHERE estate = ? AND until > ? AND +since <= ?", columns, table), []any{estate, run, run}
}

func (b *builder) add(key name, since int64, s *subject) error {
	one := seen{name: key, target: s.target, kind: s.kind, provider: s.provider, account: s.account, region: s.region, phi: s.phi, file: s.file,
		line: int32(s.line), since: since, id: s.id, address: s.address, first: uint32(len(b.answers)), findings: uint32(len(s.answers))}
	for i := range s.answers {
		a := &s.answers[i]
		code, ok := b.codes[a.check]
		if !ok {
			if len(b.checks) == maxChecks {
				return errDamaged
			}
			code = uint16(len(b.checks))
			b.codes[a.check] = code
			b.checks = append(b.checks, checked{word: a.check})
		}
		at := uint32(len(b.answers))
		if a.long != "" {
			b.long[at] = a.long
		}
		if a.judged != 0 || a.exception != 0 {
			b.judged[at] = judged{a.judged, a.exception}
		}
		b.answers = append(b.answers, found{id: a.id, check: code, status: a.status, fresh: a.fresh, since: uint32(a.since), opened: uint32(a.opened)})
	}
	b.subjects = append(b.subjects, one)
	return nil
}

// readQuestions reads what the checks ask, and sorts them by id.
func (h *History) readQuestions(ctx context.Context, m *image, b *builder) error {
	questions, err := parts[assessment.Question](ctx, h, m.estate, m.run.Number, sectionQuestion)
	if err != nil {
		return err
	}
	by := map[string]assessment.Question{}
	for _, q := range questions {
		by[q.body.Check] = q.body
	}
	order := make([]int, len(m.checks))
	for i := range m.checks {
		c := &m.checks[i]
		q, ok := by[m.words[c.word]]
		if !ok {
			return errDamaged
		}
		c.question, c.severity, order[i] = q, severityCode(q.Severity), i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(m.checks[a].question.Check, m.checks[b].question.Check) })
	sorted := make([]checked, len(order))
	now := make([]uint16, len(order))
	for to, from := range order {
		sorted[to], now[from] = m.checks[from], uint16(to)
	}
	m.checks = sorted
	for i := range b.answers {
		b.answers[i].check = now[b.answers[i].check]
	}
	return nil
}

// order puts the findings in the order of risk: status, PHI, severity, check, address. The first four make a number for each finding, and
// all findings are counted into their places.
func (b *builder) order() {
	b.sortSubjects()
	checks := len(b.checks)
	phi := map[uint32]int{}
	for i := range b.subjects {
		word := b.subjects[i].phi
		phi[word] = phiCode(b.words[word])
	}
	rank := func(s *seen, f *found) int {
		return ((int(f.status)*len(phis)+phi[s.phi])*len(severities)+int(b.checks[f.check].severity))*checks + int(f.check)
	}
	starts := make([]uint32, int(codes)*len(phis)*len(severities)*checks+1)
	for i := range b.subjects {
		s := &b.subjects[i]
		for at := s.first; at < s.first+s.findings; at++ {
			starts[rank(s, &b.answers[at])+1]++
		}
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	b.findings = make([]found, len(b.answers))
	b.of = make([]uint32, len(b.answers))
	next := uint32(0)
	for i := range b.subjects {
		s := &b.subjects[i]
		first := next
		for at := s.first; at < s.first+s.findings; at++ {
			f := b.answers[at]
			f.subject = uint32(i)
			r := rank(s, &f)
			to := starts[r]
			starts[r]++
			b.findings[to] = f
			b.of[next] = to
			next++
			if id, ok := b.long[at]; ok {
				b.image.long[to] = id
			}
			if j, ok := b.judged[at]; ok {
				b.image.judged[to] = j
			}
		}
		s.first = first
		slices.Sort(b.of[first:next])
	}
}

// sortSubjects sorts the resources by address. It sorts numbers, since resources are large.
func (b *builder) sortSubjects() {
	order := make([]uint32, len(b.subjects))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int {
		x, y := &b.subjects[i], &b.subjects[j]
		if c := strings.Compare(x.address, y.address); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(x.id, y.id), slices.Compare(x.name[:], y.name[:]))
	})
	sorted := make([]seen, len(order))
	for to, from := range order {
		sorted[to] = b.subjects[from]
	}
	b.subjects = sorted
}

// addresses makes the text that addresses are looked for in.
func (m *image) addresses() {
	var b strings.Builder
	m.starts = make([]uint32, 0, len(m.subjects))
	for i := range m.subjects {
		m.starts = append(m.starts, uint32(b.Len()))
		b.WriteString(strings.ToLower(m.subjects[i].address))
		b.WriteByte('\n')
	}
	m.lower = b.String()
}

func (m *image) id(at uint32) string {
	if id, ok := m.long[at]; ok {
		return id
	}
	return formatID(m.findings[at].id)
}

// find returns where the finding of an id is; of several the worst.
func (m *image) find(id string) (uint32, bool) {
	if id == "" {
		return 0, false
	}
	var a answer
	a.setID(id)
	if a.long != "" {
		first, ok := uint32(0), false
		for at, long := range m.long {
			if long == id && (!ok || at < first) {
				first, ok = at, true
			}
		}
		return first, ok
	}
	for i := range m.findings {
		if m.findings[i].id == a.id && m.long[uint32(i)] == "" {
			return uint32(i), true
		}
	}
	return 0, false
}

func (m *image) place(s *seen) Place {
	return Place{Address: s.address, Kind: m.words[s.kind], PHI: m.words[s.phi], Provider: m.words[s.provider], Account: m.words[s.account],
		Region: m.words[s.region], Target: m.words[s.target], File: m.words[s.file], Line: int(s.line)}
}

// item makes the entry of a finding in a list.
func (m *image) item(at uint32, o *owners) Item {
	f := &m.findings[at]
	q := &m.checks[f.check].question
	item := Item{ID: m.id(at), Check: q.Check, Title: q.Title, Severity: q.Severity, Status: statusOf[f.status],
		Place: m.place(&m.subjects[f.subject]), Owner: o.of(at), SinceRun: int64(f.since), Since: state.Time(m.at[int64(f.since)])}
	if f.opened != 0 {
		item.OpenedRun, item.OpenedAt = int64(f.opened), state.Time(m.at[int64(f.opened)])
	}
	if j, ok := m.judged[at]; ok {
		item.Exception = m.words[j.exception]
		if j.code != 0 {
			item.Judged = statusOf[j.code-1]
		}
	}
	return item
}
