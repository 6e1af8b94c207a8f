package history

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"ward.dev/ward/internal/assessment"
)

// subjectGroup is a resource with its findings.
type subjectGroup struct {
	name     name
	subject  *assessment.Subject
	findings []*assessment.Finding
}

// group sorts the findings of an assessment by resource, in the order of the names that resources have in rows.
func group(a *assessment.Assessment) ([]*subjectGroup, error) {
	bySubject := map[*assessment.Subject]*subjectGroup{}
	byID := map[string][]*subjectGroup{} // those with one id differ in what is said of them
	var groups []*subjectGroup
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Subject == nil || f.Question == nil || f.ID == "" {
			return nil, fmt.Errorf("finding %q says nothing of itself, its resource or its check", f.ID)
		}
		g := bySubject[f.Subject]
		if g == nil {
			same := byID[f.Resource.ID]
			if at := slices.IndexFunc(same, func(g *subjectGroup) bool { return equalSubjects(g.subject, f.Subject) }); at >= 0 {
				g = same[at]
			} else {
				g = &subjectGroup{subject: f.Subject}
				byID[f.Resource.ID] = append(same, g)
				groups = append(groups, g)
			}
			bySubject[f.Subject] = g
		}
		g.findings = append(g.findings, f)
	}
	for id, same := range byID {
		slices.SortFunc(same, compareTwins)
		for i, g := range same {
			sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", i, id))
			copy(g.name[:], sum[:])
		}
	}
	slices.SortFunc(groups, func(a, b *subjectGroup) int { return bytes.Compare(a.name[:], b.name[:]) })
	return groups, nil
}

func equalSubjects(a, b *assessment.Subject) bool {
	x, y := *a, *b
	if (x.Location.Call == nil) != (y.Location.Call == nil) || x.Location.Call != nil && *x.Location.Call != *y.Location.Call {
		return false
	}
	x.Location.Call, y.Location.Call = nil, nil
	return x == y
}

func compareTwins(a, b *subjectGroup) int {
	x, y := a.subject, b.subject
	return cmp.Or(strings.Compare(x.Kind, y.Kind), strings.Compare(x.Resource.Address, y.Resource.Address),
		strings.Compare(x.Location.File, y.Location.File), cmp.Compare(x.Location.Line, y.Location.Line), strings.Compare(x.PHI, y.PHI))
}

// standing is what stands before a run, by the names of resources.
type standing struct {
	subjects map[name]*standingRow
}

type standingRow struct {
	since, detailSince int64
	digest             [digestSize]byte
	pack               []byte
	seen               atomic.Bool
}

// load reads what stands.
func (p *preparation) load(ctx context.Context) (*standing, error) {
	s := &standing{subjects: map[name]*standingRow{}}
	rows, err := p.db.QueryContext(ctx, "SELECT name, since, pack FROM history_subject WHERE estate = ? AND until = ?", p.estate, forever)
	if err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		row := &standingRow{}
		if err := rows.Scan(&key, &row.since, &row.pack); err != nil {
			return nil, fmt.Errorf("read what stands: %w", err)
		}
		s.subjects[name(key)] = row
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	details, err := p.db.QueryContext(ctx, "SELECT name, since, digest FROM history_detail WHERE estate = ? AND until = ?", p.estate, forever)
	if err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	defer details.Close()
	for details.Next() {
		var key, digest []byte
		var since int64
		if err := details.Scan(&key, &since, &digest); err != nil {
			return nil, fmt.Errorf("read what stands: %w", err)
		}
		row := s.subjects[name(key)]
		if row == nil {
			return nil, errDamaged
		}
		row.detailSince, row.digest = since, [digestSize]byte(digest)
	}
	return s, details.Err()
}

// encoder makes rows of resources. It serves one goroutine.
type encoder struct {
	*preparation
	details *detailer
	targets []string // names, the longest first
	pack    writer
	old     subject
	was     map[string]*answer
}

func (p *preparation) newEncoder() (*encoder, error) {
	d, err := newDetailer(p.words)
	if err != nil {
		return nil, err
	}
	e := &encoder{preparation: p, details: d, was: map[string]*answer{}}
	for _, t := range p.assessment.Targets {
		e.targets = append(e.targets, t.Name)
	}
	slices.SortFunc(e.targets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return e, nil
}

// chunk makes the rows of some resources.
func (e *encoder) chunk(groups []*subjectGroup) *chunk {
	c := &chunk{}
	for _, g := range groups {
		if err := e.add(c, g); err != nil {
			c.err = fmt.Errorf("%s: %w", g.subject.Resource.Address, err)
			return c
		}
	}
	return c
}

// add adds the rows of one resource where they say something new.
func (e *encoder) add(c *chunk, g *subjectGroup) error {
	slices.SortStableFunc(g.findings, func(a, b *assessment.Finding) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.ID, b.ID))
	})
	if called := newestCall(g.findings); called.After(c.called) {
		c.called = called
	}
	row := e.before.subjects[g.name]
	if row != nil {
		row.seen.Store(true)
	}
	if err := e.subject(g, row); err != nil {
		return err
	}
	if row == nil || !bytes.Equal(row.pack, e.pack.b) {
		if row != nil {
			c.closedSubjects = append(c.closedSubjects, closing{row.since, g.name})
		}
		c.subjects = append(c.subjects, []any{e.estate, e.run.Number, g.name[:], int64(forever), bytes.Clone(e.pack.b)})
		c.bytes += len(e.pack.b)
	}
	body, digest, err := e.details.encode(g.subject, g.findings)
	if err != nil {
		return err
	}
	if row == nil || row.digest != digest {
		if row != nil {
			c.closedDetails = append(c.closedDetails, closing{row.detailSince, g.name})
		}
		packed := e.details.compress(body)
		c.details = append(c.details, []any{e.estate, e.run.Number, g.name[:], int64(forever), bytes.Clone(digest[:]), packed})
		c.bytes += len(packed)
	}
	return nil
}

// subject packs a resource and its answers into e.pack.
func (e *encoder) subject(g *subjectGroup, row *standingRow) error {
	clear(e.was)
	if row != nil {
		if err := e.old.unpack(row.pack, e.known); err != nil {
			return err
		}
		for i := range e.old.answers {
			a := &e.old.answers[i]
			e.was[a.findingID()] = a
		}
	}
	one, word := g.subject, e.details.words.number
	target := ""
	if i := slices.IndexFunc(e.targets, func(t string) bool { return strings.HasPrefix(one.Resource.ID, within(t)) }); i >= 0 {
		target = e.targets[i]
	}
	s := subject{target: word(target), kind: word(one.Kind), provider: word(one.Resource.Provider), account: word(one.Resource.Account),
		region: word(one.Resource.Region), phi: word(one.PHI), file: word(one.Location.File), line: int64(one.Location.Line),
		id: one.Resource.ID, address: one.Resource.Address, answers: make([]answer, 0, len(g.findings))}
	for _, f := range g.findings {
		a, err := e.answer(f)
		if err != nil {
			return err
		}
		s.answers = append(s.answers, a)
	}
	e.pack.b = e.pack.b[:0]
	s.pack(&e.pack, within(target))
	return nil
}

// answer makes the answer of a finding, which goes on from what it was before.
func (e *encoder) answer(f *assessment.Finding) (answer, error) {
	a := answer{check: e.details.words.number(f.Check), exception: e.details.words.number(f.Exception), fresh: f.New}
	a.setID(f.ID)
	var err error
	if a.status, err = codeOf(f.Status); err != nil {
		return a, err
	}
	if f.Judged != "" {
		code, err := codeOf(f.Judged)
		if err != nil {
			return a, err
		}
		a.judged = code + 1
	}
	a.since = e.run.Number
	if open(a.status) {
		a.opened = e.run.Number
	}
	was := e.was[f.ID]
	if was == nil {
		return a, nil
	}
	if was.status == a.status {
		a.since = was.since
	}
	if open(a.status) && open(was.status) {
		a.opened = was.opened
	}
	return a, nil
}

// maxChecks bounds how many checks an estate may have been asked.
const maxChecks = math.MaxUint16
