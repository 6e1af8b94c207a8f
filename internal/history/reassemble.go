package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// Reassemble returns the whole assessment of a run, for reports. It is as it was stored, but for two things: findings that the order of
// assessments does not tell apart are ordered by id, and where a value was read again and had not changed, the time of the call is that
// of the newest call of the run.
func (h *History) Reassemble(ctx context.Context, estate string, run int64) (*assessment.Assessment, error) {
	row, body, err := h.read(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	a := &assessment.Assessment{Version: body.Version, Tool: body.Tool, AssessedAt: body.AssessedAt, Estate: body.Name, Framework: body.Framework,
		Targets: body.Targets, Coverage: body.Coverage, Summary: body.Summary}
	if err := h.reassemble(ctx, row, a); err != nil {
		return nil, fmt.Errorf("read run %d: %w", row.Run, err)
	}
	return a, nil
}

func (h *History) reassemble(ctx context.Context, row runRow, a *assessment.Assessment) error {
	var err error
	if a.Safeguards, err = sectionAt[assessment.Safeguard](ctx, h, row, sectionSafeguard); err != nil {
		return err
	}
	if a.Views, err = sectionAt[assessment.View](ctx, h, row, sectionView); err != nil {
		return err
	}
	if a.Checks, err = sectionAt[assessment.Check](ctx, h, row, sectionCheck); err != nil {
		return err
	}
	if a.Gaps, err = sectionAt[assessment.Gap](ctx, h, row, sectionGap); err != nil {
		return err
	}
	if a.Notices, err = sectionAt[assessment.Notice](ctx, h, row, sectionNotice); err != nil {
		return err
	}
	for i := range a.Notices {
		if call := a.Notices[i].Location.Call; call != nil {
			call.At = state.Time(row.Called)
		}
	}
	questions, err := sectionAt[assessment.Question](ctx, h, row, sectionQuestion)
	if err != nil {
		return err
	}
	a.Findings, err = h.findingsAt(ctx, row, questions)
	return err
}

func sectionAt[T any](ctx context.Context, h *History, row runRow, name string) ([]T, error) {
	list, err := parts[T](ctx, h, row.Estate, row.Run, name)
	return bodies(list), err
}

// findingsAt reads all findings of a run.
func (h *History) findingsAt(ctx context.Context, row runRow, questions []assessment.Question) ([]assessment.Finding, error) {
	w, err := loadWords(ctx, h.db, row.Estate)
	if err != nil {
		return nil, err
	}
	as := assembler{words: w.all(), run: row.Run, called: state.Time(row.Called), questions: map[string]*assessment.Question{}}
	for i := range questions {
		as.questions[questions[i].Check] = &questions[i]
	}
	// Both tables are read side by side, in the order of names.
	subjects, args := standsAt("name, pack", "history_subject", row.Estate, row.Run)
	packs := map[name][]byte{}
	rows, err := h.db.QueryContext(ctx, subjects, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, pack []byte
		if err := rows.Scan(&key, &pack); err != nil {
			return nil, err
		}
		packs[name(key)] = pack
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	details, args := standsAt("name, since, pack", "history_detail", row.Estate, row.Run)
	found, err := h.db.QueryContext(ctx, details, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	findings := []assessment.Finding{}
	for found.Next() {
		var key, pack []byte
		var since int64
		if err := found.Scan(&key, &since, &pack); err != nil {
			return nil, err
		}
		if findings, err = as.findings(findings, packs[name(key)], pack, since); err != nil {
			return nil, err
		}
		delete(packs, name(key))
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	if len(packs) > 0 {
		return nil, errDamaged
	}
	sortFindings(findings)
	return findings, nil
}

// assembler makes findings of rows.
type assembler struct {
	words     texts
	run       int64
	called    time.Time // stands for the times of calls in rows of earlier runs
	questions map[string]*assessment.Question
	row       subject
}

// findings adds those of a resource to a list.
func (as *assembler) findings(list []assessment.Finding, pack, details []byte, since int64) ([]assessment.Finding, error) {
	s := &as.row
	if err := s.unpack(pack, as.words); err != nil {
		return nil, err
	}
	var called time.Time
	if since < as.run {
		called = as.called
	}
	d, err := decodeDetail(details, as.words, called)
	if err != nil {
		return nil, err
	}
	if len(d.evidence) != len(s.answers) {
		return nil, errDamaged
	}
	about := &assessment.Subject{Kind: as.words[s.kind], PHI: as.words[s.phi], PHIReason: d.phiReason, Conditional: d.conditional,
		Resource: assessment.Resource{ID: s.id, Address: s.address, Provider: as.words[s.provider], Account: as.words[s.account], Region: as.words[s.region]},
		Location: assessment.Location{File: as.words[s.file], Line: int(s.line), Call: d.call}}
	for i := range s.answers {
		a := &s.answers[i]
		q := as.questions[as.words[a.check]]
		if q == nil {
			return nil, errDamaged
		}
		f := assessment.Finding{ID: a.findingID(), Question: q, Status: statusOf[a.status], Subject: about, Unknown: d.unknown[i],
			Evidence: d.evidence[i], Exception: as.words[a.exception], New: a.fresh}
		if a.judged != 0 {
			f.Judged = statusOf[a.judged-1]
		}
		list = append(list, f)
	}
	return list, nil
}

// sortFindings puts findings into the order of assessments.
func sortFindings(findings []assessment.Finding) {
	slices.SortFunc(findings, func(a, b assessment.Finding) int {
		if a.Status != b.Status {
			x, _ := codeOf(a.Status) // every row has one of the statuses
			y, _ := codeOf(b.Status)
			return int(x) - int(y)
		}
		return cmp.Or(phiCode(a.PHI)-phiCode(b.PHI), int(severityCode(a.Severity))-int(severityCode(b.Severity)),
			strings.Compare(a.Check, b.Check), strings.Compare(a.Resource.Address, b.Resource.Address), strings.Compare(a.ID, b.ID))
	})
}
