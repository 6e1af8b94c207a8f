package history

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// An image is all that the lists and numbers of one run are made of, in memory: some 50 bytes for each finding. A question looks at each
// finding once, in the order of risk. Nothing in it changes once it is read, but for who owns what.
type image struct {
	estate    int64
	run       Run
	size      int64
	at        map[int64]int64 // when runs assessed
	words     texts
	checks    []checked
	questions map[string]assessment.Question // also those that no finding answers
	subjects  []seen
	findings  []found           // in the order of risk
	of        []uint32          // the findings of subjects, one subject after the other
	long      map[uint32]string // ids that are no number, by the place of the finding
	odd       map[uint32]uint64 // ids that do not follow from check and resource
	judged    map[uint32]judged

	lowering    sync.Once
	lower       string // the addresses in lower case, each with a line feed behind it
	starts      []uint32
	identifying sync.Mutex
	ids         atomic.Pointer[[]uint64] // of all findings, once they are known
	ownership   sync.Mutex
	owners      *owners
	memory      memory
}

// checked is a check as findings name it.
type checked struct {
	word     uint32
	question assessment.Question
	severity byte // 0 is the worst
}

// seen is a resource in an image.
type seen struct {
	name                                               name // the zero name if it follows from the id
	target, kind, provider, account, region, phi, file uint32
	line                                               int32
	first, findings                                    uint32 // its part of image.of
	since                                              int64
	id, address                                        string
}

// found is a finding in an image.
type found struct {
	subject       uint32
	since, opened uint32
	check         uint16
	status        byte
	special       bool // it is in image.long, odd or judged
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
	m, err := h.emptyImage(ctx, estate, r)
	if err != nil {
		return nil, err
	}
	b, err := h.readPacked(ctx, m)
	if err == nil && b == nil {
		b, err = h.readSubjects(ctx, m)
	}
	if err != nil {
		return nil, err
	}
	return m, h.complete(ctx, b)
}

// emptyImage reads what is needed to understand the rows of a run.
func (h *History) emptyImage(ctx context.Context, estate int64, r Run) (*image, error) {
	m := &image{estate: estate, run: r, at: map[int64]int64{}, long: map[uint32]string{}, odd: map[uint32]uint64{}, judged: map[uint32]judged{}}
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
	return m, nil
}

// complete makes the image of what was read.
func (h *History) complete(ctx context.Context, b *builder) error {
	m := b.image
	if err := h.readQuestions(ctx, m, b); err != nil {
		return err
	}
	b.order()
	m.size = int64(cap(m.findings))*int64(unsafe.Sizeof(found{})+8) + int64(cap(m.of))*4 + int64(cap(m.subjects))*int64(unsafe.Sizeof(seen{})) +
		b.texts*3 + int64(len(m.words))*64
	return nil
}

// builder makes an image of rows.
type builder struct {
	*image
	answers []found // one subject after the other
	codes   map[uint32]uint16
	long    map[uint32]string // by the place in answers
	judged  map[uint32]judged
	odd     map[uint32]uint64
	usual   identities
	texts   int64 // bytes of all addresses
	sorted  int   // how many of the resources are in order already
}

func newBuilder(m *image) *builder {
	return &builder{image: m, codes: map[uint32]uint16{}, long: map[uint32]string{}, judged: map[uint32]judged{}, odd: map[uint32]uint64{},
		usual: identities{words: m.words}}
}

// readSubjects reads the resources of a run, sorted by address.
func (h *History) readSubjects(ctx context.Context, m *image) (*builder, error) {
	b := newBuilder(m)
	query, args := standsAt("name, since, pack", "history_subject", m.estate, m.run.Number)
	return b, h.readRows(ctx, b, query, args...)
}

// readRows adds the resources of rows.
func (h *History) readRows(ctx context.Context, b *builder, query string, args ...any) error {
	rows, err := h.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var one subject
	var key, pack []byte
	for rows.Next() {
		var since int64
		if err := rows.Scan(&key, &since, &pack); err != nil {
			return err
		}
		if err := one.unpack(pack, b.words); err != nil {
			return err
		}
		if err := b.add(name(key), since, &one); err != nil {
			return err
		}
	}
	return rows.Err()
}

// standsAt is the question for what stands at a run. The sign before a column keeps databases from
// looking rows up by it: it would lead through all that is older.
func standsAt(columns, table string, estate, run int64) (string, []any) {
	return fmt.Sprintf("SELECT %s FROM %s WHERE estate = ? AND until > ? AND +since <= ?", columns, table), []any{estate, run, run}
}

func (b *builder) add(key name, since int64, s *subject) error {
	one := seen{name: b.usual.own(key, s.id), target: s.target, kind: s.kind, provider: s.provider, account: s.account, region: s.region, phi: s.phi, file: s.file,
		line: int32(s.line), since: since, id: s.id, address: s.address, first: uint32(len(b.answers)), findings: uint32(len(s.answers))}
	for i := range s.answers {
		a := &s.answers[i]
		code, err := b.code(a.check)
		if err != nil {
			return err
		}
		at := uint32(len(b.answers))
		if a.long != "" {
			b.long[at] = a.long
		}
		if a.judged != 0 || a.exception != 0 {
			b.judged[at] = judged{a.judged, a.exception}
		}
		special := a.long != "" || a.judged != 0 || a.exception != 0
		if a.long == "" && a.id != b.usual.finding(&one, a.check) {
			b.odd[at], special = a.id, true
		}
		b.answers = append(b.answers, found{check: code, status: a.status, special: special, since: uint32(a.since), opened: uint32(a.opened)})
	}
	b.subjects = append(b.subjects, one)
	return nil
}

// code is the number of a check in the image.
func (b *builder) code(word uint32) (uint16, error) {
	code, ok := b.codes[word]
	if ok {
		return code, nil
	}
	if len(b.checks) == maxChecks {
		return 0, errDamaged
	}
	code = uint16(len(b.checks))
	b.codes[word] = code
	b.checks = append(b.checks, checked{word: word})
	return code, nil
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
	m.questions = by
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
	for i, id := range m.allIDs() {
		if id == a.id && m.long[uint32(i)] == "" {
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
