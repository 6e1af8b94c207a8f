package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// TOTP as authenticator apps have it (RFC 6238): six digits, 30 seconds; the step before and the one after are taken too.
const (
	digits = 6
	period = 30
)

// totp looks whether a code is that of now and was not used before.
func (p *People) totp(a row, code string) (string, func(context.Context, bun.Tx) error, error) {
	if len(a.TOTP) == 0 {
		return "", nil, nil
	}
	plain, err := p.unseal(a.TOTP, a.ID)
	if err != nil {
		return "", nil, err
	}
	step, err := stepOf(string(plain), code, p.o.Now())
	if err != nil || step <= a.TOTPStep {
		return "", nil, err
	}
	return "totp", func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("UPDATE account SET totp_step = ? WHERE id = ? AND totp_step < ?", step, a.ID, step).Exec(ctx))
	}, nil
}

// stepOf is the time step that a code belongs to, 0 if to none around now.
func stepOf(secret, code string, now time.Time) (int64, error) {
	found := int64(0)
	for step := now.Unix()/period - 1; step <= now.Unix()/period+1; step++ {
		want, err := totp.GenerateCode(secret, time.Unix(step*period, 0))
		if err != nil {
			return 0, fmt.Errorf("compute a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	return found, nil
}

// Secret is a secret for an authenticator app that waits to be confirmed.
type Secret struct {
	Text string // for those who type it
	URL  string // otpauth://...
	PNG  []byte // the URL as a QR code
}

const totpCeremony = "totp/"

// BeginTOTP returns a new secret for the own account, or the one that it was given a moment ago. ConfirmTOTP puts it to use.
func (p *People) BeginTOTP(ctx context.Context) (Secret, error) {
	a, err := p.enroller(ctx)
	if err != nil {
		return Secret{}, err
	}
	text, err := p.begun(ctx, totpCeremony+a.ID, a.ID)
	if errors.Is(err, ErrNone) {
		key, err := totp.Generate(totp.GenerateOpts{Issuer: "Ward", AccountName: a.Email})
		if err != nil {
			return Secret{}, fmt.Errorf("make a secret: %w", err)
		}
		text = []byte(key.URL())
		sealed, err := p.seal(text, a.ID)
		if err != nil {
			return Secret{}, err
		}
		if err := p.keepCeremony(ctx, totpCeremony+a.ID, a.ID, sealed); err != nil {
			return Secret{}, err
		}
	} else if err != nil {
		return Secret{}, err
	}
	key, err := otp.NewKeyFromURL(string(text))
	if err != nil {
		return Secret{}, fmt.Errorf("read a secret: %w", err)
	}
	picture, err := picture(key)
	return Secret{Text: key.Secret(), URL: key.URL(), PNG: picture}, err
}

// picture is the QR code of a key with the white edge that readers need (ISO/IEC 18004), also on a dark page.
func picture(key *otp.Key) ([]byte, error) {
	const size, edge = 240, 24
	code, err := key.Image(size, size)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	whole := image.NewGray(image.Rect(0, 0, size+2*edge, size+2*edge))
	draw.Draw(whole, whole.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(whole, image.Rect(edge, edge, size+edge, size+edge), code, code.Bounds().Min, draw.Src)
	var out bytes.Buffer
	err = png.Encode(&out, whole)
	return out.Bytes(), err
}

// ConfirmTOTP puts the secret of BeginTOTP to use with a first code. Who was halfway signed in is signed in by it: then there is a ticket.
// The first second factor comes with recovery codes, which are shown this once.
func (p *People) ConfirmTOTP(ctx context.Context, code string, from Origin) (Ticket, []string, error) {
	a, err := p.enroller(ctx)
	if err != nil {
		return Ticket{}, nil, err
	}
	text, err := p.begun(ctx, totpCeremony+a.ID, a.ID)
	if errors.Is(err, ErrNone) {
		return Ticket{}, nil, mistake("code", "This took too long. Open the page again and scan the new picture.")
	}
	if err != nil {
		return Ticket{}, nil, err
	}
	key, err := otp.NewKeyFromURL(string(text))
	if err != nil {
		return Ticket{}, nil, fmt.Errorf("read a secret: %w", err)
	}
	step, err := stepOf(key.Secret(), only(code, func(r rune) bool { return r >= '0' && r <= '9' }), p.o.Now())
	if err != nil {
		return Ticket{}, nil, err
	}
	if step == 0 {
		return Ticket{}, nil, mistake("code", "This is not the code that the authenticator shows now. Check that its clock is right, "+
			"and type the newest code.")
	}
	sealed, err := p.seal([]byte(key.Secret()), a.ID)
	if err != nil {
		return Ticket{}, nil, err
	}
	return p.enrolled(ctx, a, "totp", from, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM ceremony WHERE id = ?", totpCeremony+a.ID).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("UPDATE account SET totp = ?, totp_step = ? WHERE id = ?", sealed, step, a.ID).Exec(ctx)
		return err
	})
}

// enroller reads the account that may set up a second factor: that of one who must, or of one who has just shown another.
func (p *People) enroller(ctx context.Context) (row, error) {
	if p.Stage(ctx) == Enrol {
		_, a, err := p.self(ctx, Enrol)
		if err == nil && a.second() { // set up meanwhile, by another browser
			err = ErrDenied
		}
		return a, err
	}
	_, a, err := p.recent(ctx)
	return a, err
}

// enrolled records a new second factor. It signs those in who were on the way.
func (p *People) enrolled(ctx context.Context, a row, factor string, from Origin, act func(ctx context.Context, tx bun.Tx) error) (
	Ticket, []string, error) {
	var codes, hashes []string
	if !a.second() {
		codes, hashes = newRecovery()
	}
	e := record.Entry{Facts: map[string]string{"factor": factor}}
	err := p.act(p.as(ctx, a, from), "enrol", a.ID, e, func(ctx context.Context, tx bun.Tx) error {
		if err := act(ctx, tx); err != nil {
			return err
		}
		if hashes == nil {
			return nil
		}
		return keepRecovery(ctx, tx, a.ID, hashes)
	})
	if err != nil || p.Stage(ctx) != Enrol {
		return Ticket{}, codes, err
	}
	s, _, err := p.self(ctx, Enrol)
	if err != nil {
		return Ticket{}, nil, err
	}
	next := start{stage: Full, factors: "password " + factor, drop: s.ID, charges: []string{accountKey("password", a.Email)}}
	if p.expired(a) {
		next.stage = Renew
	}
	t, err := p.begin(ctx, a, from, next)
	return t, codes, err
}

// RemoveTOTP ends the use of the authenticator app of the own account, which must have a passkey. A second factor must have been shown a
// moment ago.
func (p *People) RemoveTOTP(ctx context.Context) error {
	_, a, err := p.recent(ctx)
	if err != nil {
		return err
	}
	if a.Passkeys == 0 && a.Issuer == "" {
		return mistake("totp", "This is your only second factor. Set up a passkey first.")
	}
	return p.act(ctx, "remove factor", a.ID, record.Entry{Facts: map[string]string{"factor": "totp"}}, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE account SET totp = NULL WHERE id = ?", a.ID).Exec(ctx)
		return err
	})
}

// Recovery codes: ten, of 120 random bits each, so that their digests need no salt.
const (
	recoveryCodes  = 10
	recoveryBytes  = 15
	recoveryLength = 24
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// newRecovery makes recovery codes and their digests.
func newRecovery() (codes, hashes []string) {
	for range recoveryCodes {
		b := make([]byte, recoveryBytes)
		_, _ = rand.Read(b) // which never errs
		text := strings.ToLower(base32Text.EncodeToString(b))
		codes = append(codes, text[:6]+"-"+text[6:12]+"-"+text[12:18]+"-"+text[18:])
		hashes = append(hashes, digest(text))
	}
	return codes, hashes
}

func keepRecovery(ctx context.Context, tx bun.Tx, id string, hashes []string) error {
	if _, err := tx.NewRaw("DELETE FROM account_recovery WHERE account = ?", id).Exec(ctx); err != nil {
		return err
	}
	for _, hash := range hashes {
		if _, err := tx.NewRaw("INSERT INTO account_recovery (account, hash) VALUES (?, ?)", id, hash).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// recovery looks whether a recovery code is good. It is good once.
func (p *People) recovery(ctx context.Context, a row, code string) (string, func(context.Context, bun.Tx) error, error) {
	var there int
	err := p.db.NewRaw("SELECT count(*) FROM account_recovery WHERE account = ? AND hash = ?", a.ID, digest(code)).Scan(ctx, &there)
	if err != nil || there == 0 {
		return "", nil, err
	}
	return "recovery", func(ctx context.Context, tx bun.Tx) error {
		if err := one(tx.NewRaw("DELETE FROM account_recovery WHERE account = ? AND hash = ?", a.ID, digest(code)).Exec(ctx)); err != nil {
			return err
		}
		return p.notice(ctx, tx, a.ID, UseRecovery, "")
	}, nil
}

// RecoveryLeft is how many recovery codes of the own account are left.
func (p *People) RecoveryLeft(ctx context.Context) (left int, err error) {
	_, a, err := p.self(ctx, Full)
	if err != nil {
		return 0, err
	}
	return left, p.db.NewRaw("SELECT count(*) FROM account_recovery WHERE account = ?", a.ID).Scan(ctx, &left)
}

// RenewRecovery gives the own account new recovery codes, which are shown this once, and voids the old. A second factor must have been shown
// a moment ago.
func (p *People) RenewRecovery(ctx context.Context) ([]string, error) {
	_, a, err := p.recent(ctx)
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecovery()
	return codes, p.act(ctx, "renew recovery codes", a.ID, record.Entry{}, func(ctx context.Context, tx bun.Tx) error {
		return keepRecovery(ctx, tx, a.ID, hashes)
	})
}

// keepCeremony keeps what has been begun for a while; what was begun under the same id is replaced.
func (p *People) keepCeremony(ctx context.Context, id, account string, data []byte) error {
	expires := state.Millis(p.o.Now().Add(halfway))
	err := p.exec(ctx, "INSERT INTO ceremony (id, account, data, expires) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "+
		"SET account = excluded.account, data = excluded.data, expires = excluded.expires", id, account, data, expires)
	if err != nil {
		return fmt.Errorf("keep what was begun: %w", err)
	}
	return nil
}

// begun reads what was begun and sealed for an account; ErrNone if that is too long ago.
func (p *People) begun(ctx context.Context, id, account string) ([]byte, error) {
	var sealed []byte
	err := p.db.NewRaw("SELECT data FROM ceremony WHERE id = ? AND account = ? AND expires > ?", id, account, state.Millis(p.o.Now())).Scan(ctx, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("read what was begun: %w", err)
	}
	return p.unseal(sealed, account)
}
