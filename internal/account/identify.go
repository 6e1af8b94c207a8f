package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// LiveHeader marks requests that a page makes by itself, to show what is new. They are answered, but keep no session from ending: what a
// machine does is no sign that a person is there (45 CFR 164.312(a)(2)(iii)).
const LiveHeader = "Ward-Live"

// Identify puts who acts into the context of requests (access.From), by their cookie or by their token: "Authorization: Bearer ward_...".
// Requests of nobody, and of sessions that are over, go on without one.
func (p *People) Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := p.identify(r)
		var wait *Wait
		switch {
		case errors.As(err, &wait):
			w.Header().Set("Retry-After", fmt.Sprint(int(wait.For/time.Second)+1))
			http.Error(w, wait.Error(), http.StatusTooManyRequests)
		case r.Context().Err() != nil: // whoever asked has gone
		case err != nil:
			p.o.Log.ErrorContext(r.Context(), "it cannot be told who sent a request", "error", err)
			http.Error(w, "The server cannot read its accounts at the moment. Try again later.", http.StatusServiceUnavailable)
		default:
			p.closeIdle(ctx, w, r)
			next.ServeHTTP(w, r.WithContext(ctx))
		}
	})
}

func (p *People) identify(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	if token, ok := bearer(r); ok {
		return p.byToken(ctx, token, p.Origin(r))
	}
	c, err := r.Cookie(p.cookie())
	if err != nil || c.Value == "" {
		return ctx, nil
	}
	return p.bySession(ctx, c.Value, p.Origin(r), live(r))
}

// live tells whether a page asks by itself: by LiveHeader, for events (which browsers ask for without headers of a page), or because it
// closes.
func live(r *http.Request) bool {
	return r.Header.Get(LiveHeader) != "" || r.Header.Get("Accept") == "text/event-stream" || r.URL.Path == IdlePath
}

// IdlePath is the page that takes the place of one which stood open for the idle time, so that what it showed is not left on a screen.
const IdlePath = "/sign-in/idle"

// closeIdle has browsers leave a page of somebody who is signed in when it has stood open for the idle time.
func (p *People) closeIdle(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || access.From(ctx).Via != "session" || live(r) || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return
	}
	seconds := int(p.o.Idle/time.Second) + 5
	w.Header().Set("Refresh", fmt.Sprintf("%d; url=%s?next=%s", seconds, IdlePath, url.QueryEscape(r.URL.RequestURI())))
}

// shown is a session with what is needed of its account, in one reading.
type shown struct {
	session `bun:",extend"`

	Name, Email string
	State       State
	Roles       list[access.Role]
	Role        string // that it is elevated to, "" for none
}

func (p *People) bySession(ctx context.Context, value string, from Origin, live bool) (context.Context, error) {
	now := p.o.Now()
	var s shown
	err := p.db.NewRaw("SELECT s.*, a.name, a.email, a.state, a.roles, coalesce(e.role, '') AS role FROM session s JOIN account a ON a.id = s.account "+
		"LEFT JOIN elevation e ON e.id = s.elevation AND e.until > ? WHERE s.hash = ?", state.Millis(now), digest(value)).Scan(ctx, &s)
	if errors.Is(err, sql.ErrNoRows) {
		return ctx, nil
	}
	if err != nil {
		return ctx, fmt.Errorf("read a session: %w", err)
	}
	s.Seen = max(s.Seen, p.used.session(s.ID))
	idle := now.Sub(state.Time(s.Seen))
	if s.State != Active || idle > p.o.Idle || !now.Before(state.Time(s.Expires)) {
		return ctx, nil
	}
	ctx = context.WithValue(ctx, heldKey{}, held{s.session, row{ID: s.Account, Name: s.Name, Email: s.Email, State: s.State, Roles: s.Roles}})
	if s.Stage != Full {
		return ctx, nil
	}
	if !live && idle > 0 {
		if err := p.noteSession(ctx, s.ID, state.Millis(now), idle); err != nil {
			return ctx, err
		}
	}
	return access.With(ctx, s.actor(from)), nil
}

func (s shown) actor(from Origin) access.Actor {
	by := access.Actor{ID: s.Account, Name: s.Email, Roles: s.Roles, Via: "session", Session: s.ID, Address: from.Address}
	if s.Role == "" {
		return by
	}
	by.Elevation = s.Elevation
	by.Roles = slices.Clone(by.Roles)
	if s.Role != Glass {
		by.Roles = append(by.Roles, access.Role(s.Role))
		return by
	}
	for role := range access.Roles {
		if !slices.Contains(by.Roles, role) {
			by.Roles = append(by.Roles, role)
		}
	}
	return by
}

// byToken puts the account of a token into the context. Tokens that are not known are recorded, as long as they are not too many.
func (p *People) byToken(ctx context.Context, value string, from Origin) (context.Context, error) {
	now := state.Millis(p.o.Now())
	var t struct {
		token `bun:",extend"`
		Email string
		Roles list[access.Role]
	}
	err := p.db.NewRaw("SELECT t.*, a.email, a.roles FROM token t JOIN account a ON a.id = t.account WHERE t.hash = ? AND t.expires > ? AND a.state = ?",
		digest(value), now, Active).Scan(ctx, &t)
	if errors.Is(err, sql.ErrNoRows) {
		if err := p.charge(ctx, addressKey("token", from.Address)); err != nil {
			return ctx, err
		}
		return ctx, p.refusal(ctx, row{}, from, "token", nil)
	}
	if err != nil {
		return ctx, fmt.Errorf("read a token: %w", err)
	}
	p.used.note(&p.used.tokens, t.ID, now)
	only := []access.Permission(t.Scope)
	if only == nil {
		only = []access.Permission{}
	}
	return access.With(ctx, access.Actor{ID: t.Account, Name: t.Email, Roles: t.Roles, Only: only, Via: "token", Session: t.ID,
		Address: from.Address}), nil
}

// sweepAtOnce is how many sessions one Sweep ends. The others are over all the same, and told of by the next.
const sweepAtOnce = 200

// Sweep writes down which sessions are in use, records the end of those that ran out, and removes what is over. It is to be run every minute.
func (p *People) Sweep(ctx context.Context) error {
	ctx = access.With(ctx, access.Program)
	if err := p.writeUses(ctx); err != nil {
		return err
	}
	now := p.o.Now()
	idle := state.Millis(now.Add(-p.o.Idle))
	var over []session
	err := p.db.NewRaw("SELECT * FROM session WHERE stage = ? AND (seen < ? OR expires <= ?) ORDER BY id LIMIT ?", Full, idle, state.Millis(now),
		sweepAtOnce).Scan(ctx, &over)
	if err != nil {
		return fmt.Errorf("read sessions that are over: %w", err)
	}
	for _, s := range over {
		if err := p.ended(ctx, s, now); err != nil && !errors.Is(err, ErrNone) {
			return fmt.Errorf("end a session: %w", err)
		}
	}
	for _, statement := range []struct {
		text string
		till time.Time
	}{
		{"DELETE FROM session WHERE stage <> 'full' AND expires <= ?", now},
		{"DELETE FROM account_link WHERE expires <= ?", now},
		{"DELETE FROM ceremony WHERE expires <= ?", now},
		{"DELETE FROM throttle WHERE last <= ?", now.Add(-forgotten)},
		{"DELETE FROM token WHERE expires <= ?", now.Add(-30 * 24 * time.Hour)},
	} {
		if err := p.exec(ctx, statement.text, state.Millis(statement.till)); err != nil {
			return fmt.Errorf("remove what is over: %w", err)
		}
	}
	return nil
}

// ended records that a session ran out.
func (p *People) ended(ctx context.Context, s session, now time.Time) error {
	reason := "idle"
	if !now.Before(state.Time(s.Expires)) {
		reason = "absolute"
	}
	e := record.Entry{Kind: record.SignIn, Verb: "end", Subject: about(s.Account), Facts: map[string]string{"reason": reason, "session": s.ID}}
	there, err := p.db.NewSelect().Model((*session)(nil)).Where("id = ?", s.ID).Exists(ctx)
	if err != nil || !there {
		return err
	}
	_, err = p.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("DELETE FROM session WHERE id = ? AND seen = ?", s.ID, s.Seen).Exec(ctx))
	})
	return err
}
