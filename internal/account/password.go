package account

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// ErrBusy is the error of a server that has too many passwords to compare.
var ErrBusy = errors.New("the server is busy with other sign-ins; try again in a moment")

// patience is how long a password waits for its turn.
const patience = 10 * time.Second

// turn waits until a password may be hashed, so that memory stays bounded whoever asks.
func (p *People) turn(ctx context.Context) (done func(), err error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p.hashing <- struct{}{}:
		return func() { <-p.hashing }, nil
	case <-timer.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *People) hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(p.keyed(password), p.o.Hash)
}

// matches compares a password with a hash; with the decoy, in the same time and in vain, if the hash is "".
func (p *People) matches(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > longest*utf8.UTFMax {
		password = ""
	}
	done, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(p.keyed(password), p.decoy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(p.keyed(password), hash)
}

// keyed is what of a password is hashed. It needs the key, so that whoever has only the state cannot try passwords.
func (p *People) keyed(password string) string {
	return base64.RawStdEncoding.EncodeToString(p.mac("hash passwords", canonical(password)))
}

// fresh checks a new password against the policy and those that the account had, and hashes it.
func (p *People) fresh(ctx context.Context, a row, password string) (string, error) {
	if err := p.o.Policy.Check(password, a.Name, a.Email); err != nil {
		return "", err
	}
	for _, form := range []string{password, canonical(password)} {
		if p.o.Breached == nil {
			break
		}
		known, err := p.o.Breached.Has(form)
		if err != nil {
			return "", err
		}
		if known {
			return "", mistake("password", "This password became known in a breach elsewhere, so that it is among the first that are tried. Take another.")
		}
	}
	var earlier []string
	if p.o.Policy.Remember > 0 && a.ID != "" {
		err := p.db.NewRaw("SELECT hash FROM account_password WHERE account = ? ORDER BY at DESC LIMIT ?", a.ID, p.o.Policy.Remember).Scan(ctx, &earlier)
		if err != nil {
			return "", fmt.Errorf("read earlier passwords: %w", err)
		}
	}
	for _, hash := range earlier {
		same, err := p.matches(ctx, password, hash)
		if err != nil {
			return "", err
		}
		if same {
			return "", mistake("password", "This password was yours before. Take one that you did not have.")
		}
	}
	return p.hash(ctx, password)
}

// keep sets the password of an account in a transaction.
func (p *People) keep(ctx context.Context, tx bun.Tx, id, hash string) error {
	now := state.Millis(p.o.Now())
	if _, err := tx.NewRaw("UPDATE account SET password = ?, password_at = ? WHERE id = ?", hash, now, id).Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewRaw("INSERT INTO account_password (account, hash, at) VALUES (?, ?, ?)", id, hash, now).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewRaw("DELETE FROM account_password WHERE account = ? AND hash NOT IN "+
		"(SELECT hash FROM account_password WHERE account = ? ORDER BY at DESC LIMIT ?)", id, id, max(p.o.Policy.Remember, 1)).Exec(ctx)
	return err
}

// expired tells whether a password must be changed.
func (p *People) expired(a row) bool {
	return a.Password != "" && p.o.Policy.MaxAge > 0 && p.o.Now().Sub(state.Time(a.PasswordAt)) > p.o.Policy.MaxAge
}

// ChangePassword changes the own password, for those who are signed in or who must change it to be. All other sessions end, and this one
// goes on under the ticket that is returned.
func (p *People) ChangePassword(ctx context.Context, old, password string, from Origin) (Ticket, error) {
	s, a, err := p.self(ctx, Full, Renew)
	if err != nil {
		return Ticket{}, err
	}
	if a.Password == "" {
		return Ticket{}, mistake("old", "This account signs in without a password.")
	}
	charge := accountKey("change", a.ID)
	if err := p.charge(ctx, charge); err != nil {
		return Ticket{}, err
	}
	same, err := p.matches(ctx, old, a.Password)
	if err != nil {
		return Ticket{}, err
	}
	if !same {
		if err := p.refuse(ctx, a, from, "change password"); !errors.Is(err, ErrRefused) {
			return Ticket{}, err
		}
		return Ticket{}, mistake("old", "This is not your password.")
	}
	if err := p.refund(ctx, charge); err != nil {
		return Ticket{}, err
	}
	hash, err := p.fresh(ctx, a, password)
	if err != nil {
		return Ticket{}, err
	}
	t := p.ticket(Full)
	err = p.act(p.as(ctx, a, from), "change password", a.ID, record.Entry{}, func(ctx context.Context, tx bun.Tx) error {
		if err := endSessions(ctx, tx, a.ID, s.ID); err != nil {
			return err
		}
		if err := p.renew(ctx, tx, s.ID, t, Full); err != nil {
			return err
		}
		return p.keep(ctx, tx, a.ID, hash)
	})
	return t, err
}

// as has an account act that is only half signed in; who is signed in acts as before.
func (p *People) as(ctx context.Context, a row, from Origin) context.Context {
	if access.From(ctx).ID != "" {
		return ctx
	}
	return access.With(ctx, a.actor(from))
}

// secret is a new random secret of 256 bits.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // which never errs
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is how the state keeps random secrets, which are too long to be guessed from it.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// mark names a text that people typed where it must not be kept, so that the same text can be seen to have come again.
func (p *People) mark(text string) string {
	return hex.EncodeToString(p.mac("mark", text)[:8])
}

// mac authenticates a text for one purpose with the key.
func (p *People) mac(purpose, text string) []byte {
	mac := hmac.New(sha256.New, p.o.Key)
	mac.Write([]byte(purpose + "\x00" + text))
	return mac.Sum(nil)
}

// aead seals with a key that is derived for nothing else.
func (p *People) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.mac("seal secrets of accounts", ""))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal seals a secret for one account.
func (p *People) seal(plain []byte, id string) ([]byte, error) {
	a, err := p.aead()
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nil, plain, []byte(id)), nil
}

func (p *People) unseal(sealed []byte, id string) ([]byte, error) {
	a, err := p.aead()
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return nil, fmt.Errorf("open a sealed secret: it was sealed with another key: %w", err)
	}
	return plain, nil
}
