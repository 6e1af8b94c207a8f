package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
)

// ErrRefused is the error of a sign-in that is refused. It never says why: whether there is such an account is nobody's business.
var ErrRefused = errors.New("the sign-in is refused: the address, the password or the code is wrong, or the account may not sign in")

// SignIn takes an address and a password. What it returns is only good for going on with the second factor, or for setting one up. The
// answer and the work are the same whether there is such an account or not. Errors for people are ErrRefused, *Wait and ErrBusy.
func (p *People) SignIn(ctx context.Context, email, password string, from Origin) (Ticket, error) {
	email = normal(email)
	if err := p.charge(ctx, accountKey("password", email), addressKey("password", from.Address)); err != nil {
		return Ticket{}, err
	}
	a, err := find(ctx, p.db, "a.email = ?", email)
	if err != nil {
		return Ticket{}, err
	}
	right, err := p.matches(ctx, password, a.Password)
	if err != nil {
		return Ticket{}, err
	}
	if !right || a.State != Active || a.Issuer != "" {
		return Ticket{}, p.refuse(ctx, a, from, "password", "name", p.mark(email))
	}
	// A right password was no guess of this address; that of the account counts until the second factor was right too.
	next := start{stage: Enrol, charges: []string{addressKey("password", from.Address)}}
	if a.second() {
		next.stage = Second
	}
	return p.begin(ctx, a, from, next)
}

// SecondFactor ends a sign-in with a code of the authenticator or a recovery code. ErrRefused, *Wait.
func (p *People) SecondFactor(ctx context.Context, code string, from Origin) (Ticket, error) {
	s, a, err := p.self(ctx, Second)
	if err != nil {
		return Ticket{}, err
	}
	charges := []string{accountKey("second", a.ID), addressKey("second", from.Address)}
	if err := p.charge(ctx, charges...); err != nil {
		return Ticket{}, err
	}
	factor, use, err := p.code(ctx, a, code)
	if err != nil {
		return Ticket{}, err
	}
	if factor == "" {
		return Ticket{}, p.refuse(ctx, a, from, "second factor")
	}
	next := start{stage: Full, factors: "password " + factor, drop: s.ID, also: use,
		charges: append(charges, accountKey("password", a.Email))}
	if p.expired(a) {
		next.stage = Renew
	}
	t, err := p.begin(ctx, a, from, next)
	if errors.Is(err, ErrNone) { // the same code came twice at a time
		return Ticket{}, ErrRefused
	}
	return t, err
}

// Confirm shows a second factor again, for what needs it anew. ErrRefused, *Wait.
func (p *People) Confirm(ctx context.Context, code string, from Origin) error {
	s, a, err := p.self(ctx, Full)
	if err != nil {
		return err
	}
	charges := []string{accountKey("second", a.ID), addressKey("second", from.Address)}
	if err := p.charge(ctx, charges...); err != nil {
		return err
	}
	factor, use, err := p.code(ctx, a, code)
	if err != nil {
		return err
	}
	if factor == "" {
		return p.refuse(ctx, a, from, "second factor")
	}
	err = p.confirmed(ctx, s, factor, func(ctx context.Context, tx bun.Tx) error {
		return errors.Join(use(ctx, tx), p.clearCharges(ctx, tx, charges))
	})
	if errors.Is(err, ErrNone) {
		return ErrRefused
	}
	return err
}

func (p *People) confirmed(ctx context.Context, s session, factor string, also func(ctx context.Context, tx bun.Tx) error) error {
	now := p.o.Now().UnixMilli()
	e := record.Entry{Kind: record.SignIn, Verb: "confirm", Subject: about(s.Account), Facts: map[string]string{"factors": factor}}
	_, err := p.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		if err := also(ctx, tx); err != nil {
			return err
		}
		return one(tx.NewRaw("UPDATE session SET proved = ? WHERE id = ?", now, s.ID).Exec(ctx))
	})
	return err
}

// ErrStale is the error of what needs a second factor that was shown a moment ago.
var ErrStale = errors.New("show your second factor once more to go on")

// recent reads the session and account of a request that has shown a second factor a moment ago.
func (p *People) recent(ctx context.Context) (session, row, error) {
	s, a, err := p.self(ctx, Full)
	if err == nil && p.o.Now().UnixMilli()-s.Proved > p.o.Fresh.Milliseconds() {
		err = ErrStale
	}
	return s, a, err
}

// Fresh tells whether a request has shown a second factor a moment ago.
func (p *People) Fresh(ctx context.Context) bool {
	_, _, err := p.recent(ctx)
	return err == nil
}

// code looks what a code is good for: the name of the factor, "" if it is wrong, and what uses it up.
func (p *People) code(ctx context.Context, a row, code string) (string, func(context.Context, bun.Tx) error, error) {
	code = strings.ToLower(only(code, func(r rune) bool { return r != ' ' && r != '-' && r != '\t' }))
	switch len(code) {
	case digits:
		return p.totp(a, code)
	case recoveryLength:
		return p.recovery(ctx, a, code)
	}
	return "", nil, nil
}

// refuse records a refused sign-in and returns ErrRefused.
func (p *People) refuse(ctx context.Context, a row, from Origin, what string, facts ...string) error {
	more := map[string]string{}
	for i := 0; i+1 < len(facts); i += 2 {
		more[facts[i]] = facts[i+1]
	}
	if err := p.refusal(ctx, a, from, what, more); err != nil {
		return err
	}
	return ErrRefused
}

// refusal records a refused sign-in. Who it is is not known: the account is what was tried.
func (p *People) refusal(ctx context.Context, a row, from Origin, what string, facts map[string]string) error {
	e := record.Entry{Kind: record.SignIn, Verb: "refuse", Subject: "account/unknown", Facts: map[string]string{"what": what}}
	if a.ID != "" {
		e.Subject = about(a.ID)
	}
	for name, fact := range facts {
		e.Facts[name] = fact
	}
	by := access.From(ctx)
	if by.ID == "" {
		by = access.Actor{ID: "nobody", Name: "nobody", Via: "sign-in", Address: from.Address}
	}
	if _, err := p.keeper.Act(access.With(ctx, by), e, nil); err != nil {
		return fmt.Errorf("record a refused sign-in: %w", err)
	}
	return nil
}
