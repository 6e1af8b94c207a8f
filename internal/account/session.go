package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Stage is how far a sign-in has come. Only Full lets people do more than go on with it.
type Stage string

// The stages.
const (
	Second Stage = "second"   // the password was right; a second factor is wanted
	Enrol  Stage = "enrol"    // the password was right; there is no second factor yet and one must be set up
	Renew  Stage = "password" // the password is too old and must be changed
	Full   Stage = "full"
)

// halfway is how long a sign-in may take.
const halfway = 15 * time.Minute

// most is how many sessions an account may have. The oldest ends when another begins.
const most = 20

// Origin is where a sign-in comes from.
type Origin struct {
	Address string
	Agent   string // what the browser says it is
}

// Origin tells where a request comes from.
func (p *People) Origin(r *http.Request) Origin {
	return Origin{Address: p.o.Address(r), Agent: line(r.UserAgent(), 300)}
}

// peer is the address of the other end of the connection.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func numeric(host string) bool { return net.ParseIP(host) != nil }

// Ticket is what a browser must show from now on. Its value is a secret that is not kept.
type Ticket struct {
	Value string
	Stage Stage
}

// ticket makes a new one: 256 random bits.
func (p *People) ticket(stage Stage) Ticket { return Ticket{Value: secret(), Stage: stage} }

// Session is one browser that is signed in.
type Session struct {
	ID            string
	Created, Seen time.Time
	Address       string
	Agent         string
	Current       bool // the one that asks
}

type session struct {
	bun.BaseModel `bun:"table:session,alias:s"`

	ID        string `bun:",pk"`
	Hash      string
	Account   string
	Stage     Stage
	Created   int64
	Seen      int64
	Expires   int64
	Proved    int64
	Address   string
	Agent     string
	Elevation string
}

func (r row) actor(from Origin) access.Actor {
	return access.Actor{ID: r.ID, Name: r.Email, Via: "sign-in", Address: from.Address}
}

// cookie is the name of the cookie. The prefix has browsers keep it to this host and to TLS (RFC 6265bis 4.1.3.2).
func (p *People) cookie() string {
	if p.o.Insecure {
		return "ward"
	}
	return "__Host-ward"
}

// SetCookie gives a ticket to the browser.
func (p *People) SetCookie(w http.ResponseWriter, t Ticket) { p.set(w, t.Value, 0) }

// DropCookie takes it back.
func (p *People) DropCookie(w http.ResponseWriter) { p.set(w, "", -1) }

func (p *People) set(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: p.cookie(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: !p.o.Insecure,
		SameSite: http.SameSiteLaxMode})
}

// Ended tells whether a request shows a session that is over.
func (p *People) Ended(r *http.Request) bool {
	c, err := r.Cookie(p.cookie())
	_, held := r.Context().Value(heldKey{}).(held)
	return err == nil && c.Value != "" && !held
}

type heldKey struct{}

// held is the session that a request shows, and whose it is.
type held struct {
	session session
	account row
}

// Stage is how far the sign-in of a request has come; "" if it has not begun.
func (p *People) Stage(ctx context.Context) Stage {
	h, _ := ctx.Value(heldKey{}).(held)
	return h.session.Stage
}

// Self is the account of a request that is signed in or halfway there.
func (p *People) Self(ctx context.Context) (Account, error) {
	_, a, err := p.self(ctx, Full, Second, Enrol, Renew)
	return a.account(), err
}

// self reads the session and the account of a request anew, if its sign-in has come to one of some stages: both may have changed since the
// request was identified.
func (p *People) self(ctx context.Context, stages ...Stage) (session, row, error) {
	h, ok := ctx.Value(heldKey{}).(held)
	if !ok {
		return session{}, row{}, ErrDenied
	}
	var s session
	err := p.db.NewRaw("SELECT * FROM session WHERE id = ?", h.session.ID).Scan(ctx, &s)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.Contains(stages, s.Stage) {
		return session{}, row{}, ErrDenied
	}
	if err != nil {
		return session{}, row{}, fmt.Errorf("read a session: %w", err)
	}
	a, err := find(ctx, p.db, "a.id = ?", s.Account)
	if err == nil && a.State != Active {
		err = ErrDenied
	}
	return s, a, err
}

// start says how a session begins.
type start struct {
	stage   Stage
	factors string   // "password totp"; "" if nothing was proved yet
	drop    string   // the id of the session that it takes the place of
	charges []string // which are forgotten
	also    func(ctx context.Context, tx bun.Tx) error
}

// begin makes a session. A sign-in that is whole is recorded.
func (p *People) begin(ctx context.Context, a row, from Origin, s start) (Ticket, error) {
	t := p.ticket(s.stage)
	now := p.o.Now()
	made := session{ID: state.NewID(), Hash: digest(t.Value), Account: a.ID, Stage: s.stage, Created: state.Millis(now), Seen: state.Millis(now),
		Expires: state.Millis(now.Add(p.o.Absolute)), Address: from.Address, Agent: from.Agent}
	if s.factors == "" {
		made.Expires = state.Millis(now.Add(halfway))
	} else {
		made.Proved = made.Created
	}
	act := func(ctx context.Context, tx bun.Tx) error { return p.insertSession(ctx, tx, made, s) }
	if s.factors == "" {
		return t, p.db.Do(ctx, act)
	}
	by := a.actor(from)
	by.Session = made.ID
	_, err := p.keeper.Act(access.With(ctx, by), record.Entry{Kind: record.SignIn, Verb: "sign in", Subject: about(a.ID),
		Facts: map[string]string{"factors": s.factors, "stage": string(s.stage)}}, act)
	return t, err
}

func (p *People) insertSession(ctx context.Context, tx bun.Tx, made session, s start) error {
	if s.also != nil {
		if err := s.also(ctx, tx); err != nil {
			return err
		}
	}
	if err := p.clearCharges(ctx, tx, s.charges); err != nil {
		return err
	}
	if s.drop != "" {
		if _, err := tx.NewRaw("DELETE FROM session WHERE id = ?", s.drop).Exec(ctx); err != nil {
			return err
		}
	}
	if _, err := tx.NewInsert().Model(&made).Exec(ctx); err != nil {
		return err
	}
	if s.factors != "" {
		if _, err := tx.NewRaw("UPDATE account SET signed_in = ? WHERE id = ?", made.Created, made.Account).Exec(ctx); err != nil {
			return err
		}
	}
	_, err := tx.NewRaw("DELETE FROM session WHERE account = ? AND id NOT IN (SELECT id FROM session WHERE account = ? ORDER BY id DESC LIMIT ?)",
		made.Account, made.Account, most).Exec(ctx)
	return err
}

// renew gives a session a new secret and stage.
func (p *People) renew(ctx context.Context, tx bun.Tx, id string, t Ticket, stage Stage) error {
	done, err := tx.NewRaw("UPDATE session SET hash = ?, stage = ? WHERE id = ?", digest(t.Value), stage, id).Exec(ctx)
	return one(done, err)
}

// one tells of a change that met nothing, because somebody else was faster.
func one(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNone)
	}
	return nil
}

// endSessions ends the sessions of an account, all but one.
func endSessions(ctx context.Context, tx bun.Tx, account, but string) error {
	_, err := tx.NewRaw("DELETE FROM session WHERE account = ? AND id <> ?", account, but).Exec(ctx)
	return err
}

// Sessions are those of the own account, the newest first.
func (p *People) Sessions(ctx context.Context) ([]Session, error) {
	by, err := need(ctx, access.Own)
	if err != nil {
		return nil, err
	}
	var rows []session
	now := p.o.Now()
	err = p.db.NewRaw("SELECT * FROM session WHERE account = ? AND stage = ? AND seen > ? AND expires > ? ORDER BY id DESC", by.ID, Full,
		state.Millis(now.Add(-p.o.Idle)), state.Millis(now)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the sessions: %w", err)
	}
	all := make([]Session, len(rows))
	for i, s := range rows {
		all[i] = Session{ID: s.ID, Created: state.Time(s.Created), Seen: state.Time(s.Seen), Address: s.Address, Agent: s.Agent,
			Current: s.ID == by.Session}
	}
	return all, nil
}

// EndSession ends one session of the own account.
func (p *People) EndSession(ctx context.Context, id string) error {
	by, err := need(ctx, access.Own)
	if err != nil {
		return err
	}
	there, err := p.db.NewSelect().Model((*session)(nil)).Where("id = ? AND account = ?", id, by.ID).Exists(ctx)
	if err != nil {
		return fmt.Errorf("read a session: %w", err)
	}
	if !there {
		return ErrNone
	}
	verb := "end session"
	if id == by.Session {
		verb = "sign out"
	}
	_, err = p.keeper.Act(ctx, record.Entry{Kind: record.SignIn, Verb: verb, Subject: about(by.ID), Facts: map[string]string{"session": id}},
		func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("DELETE FROM session WHERE id = ? AND account = ?", id, by.ID).Exec(ctx)
			return err
		})
	return err
}

// SignOut ends the session of a request, however far its sign-in has come.
func (p *People) SignOut(ctx context.Context) error {
	h, ok := ctx.Value(heldKey{}).(held)
	switch {
	case !ok:
		return nil
	case h.session.Stage == Full:
		return p.EndSession(ctx, h.session.ID)
	}
	return p.exec(ctx, "DELETE FROM session WHERE id = ?", h.session.ID)
}

// act records a change of an account and makes it.
func (p *People) act(ctx context.Context, verb, id string, e record.Entry, act func(ctx context.Context, tx bun.Tx) error) error {
	e.Kind, e.Verb = record.Account, verb
	if e.Subject == "" {
		e.Subject = about(id)
	}
	_, err := p.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		if act != nil {
			if err := act(ctx, tx); err != nil {
				return err
			}
		}
		return p.notice(ctx, tx, id, verb, e.Facts["factor"])
	})
	return err
}

// known reads an account that must be there.
func (p *People) known(ctx context.Context, id string) (row, error) {
	a, err := find(ctx, p.db, "a.id = ?", id)
	if err == nil && a.ID == "" {
		err = ErrNone
	}
	return a, err
}

// bearer is the token of a request, if it has one.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}
