package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Glass is the role of an elevation that gives everything.
const Glass = "break-glass"

// Elevations last at most LongestElevation; breaking the glass lasts GlassLife. Reasons have a length that can be read.
const (
	LongestElevation = 8 * time.Hour
	GlassLife        = time.Hour
	shortestReason   = 10
	longestReason    = 1000
)

// Elevation is a role that was lent to an account for a limited time.
type Elevation struct {
	ID       string
	Account  string
	Role     string // or Glass
	Reason   string
	At       time.Time
	Until    time.Time
	Reviewer string // the account of the second person who looked at it, "" if nobody did
	Reviewed time.Time
	Remark   string // of the reviewer
}

// Due tells whether a second person must still look at it.
func (e Elevation) Due() bool { return e.Role == Glass && e.Reviewed.IsZero() }

type elevation struct {
	bun.BaseModel `bun:"table:elevation,alias:e"`

	ID       string `bun:",pk"`
	Account  string
	Role     string
	Reason   string
	At       int64
	Until    int64
	Reviewer string
	Reviewed int64
	Remark   string
}

func (e elevation) elevation() Elevation {
	return Elevation{ID: e.ID, Account: e.Account, Role: e.Role, Reason: e.Reason, At: state.Time(e.At), Until: state.Time(e.Until),
		Reviewer: e.Reviewer, Reviewed: state.Time(e.Reviewed), Remark: e.Remark}
}

// reason is the text of a reason.
func reason(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < shortestReason || n > longestReason {
		return "", mistake(field, "Say why, in %d to %d characters.", shortestReason, longestReason)
	}
	return text, nil
}

// Elevate lends the session of a request a role for a limited time. A second factor must have been shown a moment ago. The session goes on
// under the ticket that is returned.
func (p *People) Elevate(ctx context.Context, role access.Role, why string, d time.Duration) (Ticket, error) {
	_, a, err := p.recent(ctx)
	if err != nil {
		return Ticket{}, err
	}
	switch {
	case !slices.Contains(a.Elevates, role):
		return Ticket{}, mistake("role", "Your account may not be elevated to %q. An administrator can allow it.", role)
	case d < time.Minute || d > LongestElevation:
		return Ticket{}, mistake("minutes", "Choose a time between one minute and %d hours.", int(LongestElevation.Hours()))
	}
	return p.elevate(ctx, "elevate", string(role), why, d)
}

// BreakGlass lends the session of a request every role for GlassLife, for accounts that are marked for it. A second person must look at it
// afterwards (45 CFR 164.312(a)(2)(ii)).
func (p *People) BreakGlass(ctx context.Context, why string) (Ticket, error) {
	_, a, err := p.recent(ctx)
	if err != nil {
		return Ticket{}, err
	}
	if a.BreakGlass != 1 {
		return Ticket{}, ErrDenied
	}
	return p.elevate(ctx, "break glass", Glass, why, GlassLife)
}

func (p *People) elevate(ctx context.Context, verb, role, why string, d time.Duration) (Ticket, error) {
	s, a, err := p.recent(ctx)
	if err != nil {
		return Ticket{}, err
	}
	why, err = reason("reason", why)
	if err != nil {
		return Ticket{}, err
	}
	now := p.o.Now()
	made := elevation{ID: state.NewID(), Account: a.ID, Role: role, Reason: why, At: state.Millis(now), Until: state.Millis(now.Add(d))}
	t := p.ticket(Full)
	e := record.Entry{Facts: map[string]string{"role": role, "until": now.Add(d).UTC().Format(time.RFC3339), "elevation": made.ID},
		Digests: map[string]string{"reason": record.Digest([]byte(why))}}
	return t, p.act(ctx, verb, a.ID, e, func(ctx context.Context, tx bun.Tx) error {
		if err := p.endElevation(ctx, tx, s.Elevation); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&made).Exec(ctx); err != nil {
			return err
		}
		if err := p.renew(ctx, tx, s.ID, t, Full); err != nil {
			return err
		}
		return one(tx.NewRaw("UPDATE session SET elevation = ? WHERE id = ?", made.ID, s.ID).Exec(ctx))
	})
}

func (p *People) endElevation(ctx context.Context, tx bun.Tx, id string) error {
	now := state.Millis(p.o.Now())
	_, err := tx.NewRaw("UPDATE elevation SET until = ? WHERE id = ? AND until > ?", now, id, now).Exec(ctx)
	return err
}

// StepDown ends the elevation of the session of a request before its time.
func (p *People) StepDown(ctx context.Context) (Ticket, error) {
	s, a, err := p.self(ctx, Full)
	if err != nil {
		return Ticket{}, err
	}
	if s.Elevation == "" {
		return Ticket{}, ErrNone
	}
	t := p.ticket(Full)
	return t, p.act(ctx, "step down", a.ID, record.Entry{Facts: map[string]string{"elevation": s.Elevation}}, func(ctx context.Context, tx bun.Tx) error {
		if err := p.endElevation(ctx, tx, s.Elevation); err != nil {
			return err
		}
		if err := p.renew(ctx, tx, s.ID, t, Full); err != nil {
			return err
		}
		return one(tx.NewRaw("UPDATE session SET elevation = '' WHERE id = ?", s.ID).Exec(ctx))
	})
}

// Elevated is the elevation in force for the session of a request, the zero Elevation without one.
func (p *People) Elevated(ctx context.Context) (Elevation, error) {
	id := access.From(ctx).Elevation
	if id == "" {
		return Elevation{}, nil
	}
	var rows []elevation
	if err := p.db.NewRaw("SELECT * FROM elevation WHERE id = ?", id).Scan(ctx, &rows); err != nil || len(rows) == 0 {
		return Elevation{}, err
	}
	return rows[0].elevation(), nil
}

// Elevations are those of all accounts, the newest first, before an id ("" for the newest). With due only those that wait for a second
// person. The permission Evidence is needed.
func (p *People) Elevations(ctx context.Context, due bool, before string, limit int64) ([]Elevation, error) {
	if _, err := need(ctx, access.Evidence); err != nil {
		return nil, err
	}
	q := p.db.NewSelect().Model((*elevation)(nil)).Order("id DESC").Limit(limit)
	if due {
		q = q.Where("role = ? AND reviewed = 0", Glass)
	}
	if before != "" {
		q = q.Where("id < ?", before)
	}
	var rows []elevation
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read elevations: %w", err)
	}
	all := make([]Elevation, len(rows))
	for i, e := range rows {
		all[i] = e.elevation()
	}
	return all, nil
}

// Review signs off that the glass was broken, with a remark. It is done by a second person with the permission Approve or People from roles
// of its own, after the time is over.
func (p *People) Review(ctx context.Context, id, remark string) error {
	by := access.From(ctx)
	if !by.May(access.Approve) && !by.May(access.People) || by.Elevation != "" {
		return ErrDenied
	}
	var rows []elevation
	if err := p.db.NewRaw("SELECT * FROM elevation WHERE id = ?", id).Scan(ctx, &rows); err != nil {
		return fmt.Errorf("read an elevation: %w", err)
	}
	now := p.o.Now()
	switch {
	case len(rows) == 0 || rows[0].Role != Glass:
		return ErrNone
	case rows[0].Account == by.ID:
		return mistake("remark", "A second person reviews what you did.")
	case rows[0].Reviewed != 0:
		return mistake("remark", "This was reviewed already.")
	case now.Before(state.Time(rows[0].Until)):
		return mistake("remark", "The time is not over yet. Review it afterwards, when all that was done is on record.")
	}
	remark, err := reason("remark", remark)
	if err != nil {
		return err
	}
	e := record.Entry{Facts: map[string]string{"elevation": id}, Digests: map[string]string{"remark": record.Digest([]byte(remark))}}
	return p.act(ctx, "review break glass", rows[0].Account, e, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("UPDATE elevation SET reviewer = ?, reviewed = ?, remark = ? WHERE id = ? AND reviewed = 0",
			by.ID, state.Millis(now), remark, id).Exec(ctx))
	})
}
