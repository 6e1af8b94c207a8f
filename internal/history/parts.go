package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
)

// Sections of parts.
const (
	sectionSafeguard = "safeguard"
	sectionView      = "view"
	sectionQuestion  = "question"
	sectionCheck     = "check"
	sectionGap       = "gap"
	sectionNotice    = "notice"
)

// part is a piece of an assessment besides its findings.
type part struct {
	partKey
	body   any
	json   []byte
	digest string
}

// partKey tells parts apart; of several with one name the later have a number behind it.
type partKey struct{ section, name string }

func newPart(section, name string, body any) part {
	return part{partKey: partKey{section, name}, body: body}
}

// partsOf takes an assessment apart. What has no name of its own is named by a digest.
func partsOf(a *assessment.Assessment) ([]part, error) {
	var list []part
	for _, s := range a.Safeguards {
		list = append(list, newPart(sectionSafeguard, s.Citation, s))
	}
	for _, v := range a.Views {
		list = append(list, newPart(sectionView, v.ID, v))
	}
	questions, err := questionsOf(a)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(questions)) {
		list = append(list, newPart(sectionQuestion, id, *questions[id]))
	}
	for _, c := range a.Checks {
		list = append(list, newPart(sectionCheck, c.ID, c))
	}
	for _, g := range a.Gaps {
		list = append(list, newPart(sectionGap, "", g))
	}
	for _, n := range a.Notices {
		timeless := n
		if n.Location.Call != nil {
			call := *n.Location.Call
			call.At = time.Time{}
			timeless.Location.Call = &call
		}
		list = append(list, newPart(sectionNotice, "", timeless))
	}
	return list, nil
}

type standingPart struct {
	partKey
	since, place int64
	digest       string
}

// questionsOf returns what the checks of an assessment ask.
func questionsOf(a *assessment.Assessment) (map[string]*assessment.Question, error) {
	questions := map[string]*assessment.Question{}
	for i := range a.Findings {
		q := a.Findings[i].Question
		have := questions[q.Check]
		switch {
		case have == q:
		case have == nil:
			questions[q.Check] = q
		case have.Title != q.Title || have.Severity != q.Severity || !slices.Equal(have.Citations, q.Citations):
			return nil, fmt.Errorf("findings of the check %s say different things of it", q.Check)
		}
	}
	if len(questions) > maxChecks {
		return nil, fmt.Errorf("there are %d checks, and at most %d can be kept", len(questions), maxChecks)
	}
	return questions, nil
}

// spread is how far apart parts are placed, so that others find room between them.
const spread = 1 << 32

var partColumns = []string{"estate", "since", "section", "name", "until", "place", "digest", "pack"}

// parts writes those that differ from what stands.
func (p *preparation) parts(ctx context.Context) error {
	list, err := partsOf(p.assessment)
	if err != nil {
		return err
	}
	before, err := p.standingParts(ctx)
	if err != nil {
		return err
	}
	if err := label(list); err != nil {
		return err
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(true))
	if err != nil {
		return err
	}
	defer zip.Close()
	var rows [][]any
	var closed []standingPart
	places := arrange(list, before)
	for i, one := range list {
		have, stands := before[one.partKey]
		delete(before, one.partKey)
		if stands && have.digest == one.digest && have.place == places[i] {
			continue
		}
		if stands {
			closed = append(closed, have)
		}
		packed := zip.EncodeAll(one.json, nil)
		rows = append(rows, []any{p.estate, p.run.Number, one.section, []byte(one.name), int64(forever), places[i], []byte(one.digest), packed})
		p.run.Stored.Bytes += len(packed)
	}
	for _, left := range before {
		closed = append(closed, left)
	}
	p.run.Stored.Added += len(rows)
	p.run.Stored.Closed += len(closed)
	return p.writeParts(ctx, rows, closed)
}

// label gives each part a key of its own, and writes it out.
func label(list []part) error {
	seen := map[partKey]bool{}
	for i := range list {
		one := &list[i]
		var err error
		if one.json, err = json.Marshal(one.body); err != nil {
			return err
		}
		sum := sha256.Sum256(one.json)
		one.digest = string(sum[:digestSize])
		if one.name == "" {
			one.name = hex.EncodeToString(sum[:digestSize])
		}
		first := one.name
		for n := 2; seen[one.partKey]; n++ {
			one.name = fmt.Sprintf("%s#%d", first, n)
		}
		seen[one.partKey] = true
	}
	return nil
}

// arrange places parts in their order: those that stand where they were, if they can stay, and others between them.
func arrange(list []part, before map[partKey]standingPart) []int64 {
	places := make([]int64, len(list))
	next := map[string]int64{}
	for i := len(list) - 1; i >= 0; i-- { // where the part itself or the first after it stands
		if have, stands := before[list[i].partKey]; stands {
			next[list[i].section] = have.place
		}
		places[i] = next[list[i].section]
	}
	last := map[string]int64{}
	for i, one := range list {
		after := last[one.section]
		_, stands := before[one.partKey]
		switch room := places[i]; {
		case room <= after: // none stands behind it, or it moved
			places[i] = after + spread
		case !stands:
			places[i] = max(after+(room-after)/2, after+1)
		}
		last[one.section] = places[i]
	}
	return places
}

func (p *preparation) standingParts(ctx context.Context) (map[partKey]standingPart, error) {
	rows, err := p.db.QueryContext(ctx, "SELECT section, name, since, place, digest FROM history_part WHERE estate = ? AND until = ?", p.estate,
		forever)
	if err != nil {
		return nil, fmt.Errorf("read what stands: %w", err)
	}
	defer rows.Close()
	parts := map[partKey]standingPart{}
	for rows.Next() {
		var one standingPart
		var named, digest []byte
		if err := rows.Scan(&one.section, &named, &one.since, &one.place, &digest); err != nil {
			return nil, fmt.Errorf("read what stands: %w", err)
		}
		one.name, one.digest = string(named), string(digest)
		parts[one.partKey] = one
	}
	return parts, rows.Err()
}

func (p *preparation) writeParts(ctx context.Context, rows [][]any, closed []standingPart) error {
	for chunk := range slices.Chunk(closed, perChunk) {
		err := p.write(ctx, func(ctx context.Context, tx bun.Tx) error {
			for _, one := range chunk {
				if _, err := tx.NewRaw("UPDATE history_part SET until = ? WHERE estate = ? AND since = ? AND section = ? AND name = ?", p.run.Number,
					p.estate, one.since, one.section, []byte(one.name)).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(rows, perChunk) {
		err := p.write(ctx, func(ctx context.Context, tx bun.Tx) error {
			return insert(ctx, p.db, tx, "history_part", partColumns, chunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
