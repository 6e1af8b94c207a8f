package account

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Passkey is a credential of WebAuthn that belongs to an account.
type Passkey struct {
	ID      string
	Name    string // that its owner gave it
	Created time.Time
	Used    time.Time
}

type passkey struct {
	bun.BaseModel `bun:"table:account_passkey,alias:k"`

	ID         string `bun:",pk"`
	Account    string
	Name       string
	Credential string
	Created    int64
	Used       int64
}

// newRelyingParty asks of authenticators that they know their user, so that one passkey is two factors, and that they keep the passkey, so
// that no name need be typed.
func newRelyingParty(host, origin string) (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Ward", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// HasPasskeys tells whether there can be passkeys at the address of this server.
func (p *People) HasPasskeys() bool { return p.passkeys != nil }

// ErrNoPasskeys is the error of a server that browsers know by its number.
var ErrNoPasskeys = errors.New("there are no passkeys here, because the server has no name: its origin is not set, or is an IP address")

// owner is an account as the library sees it.
type owner struct {
	account     row
	credentials []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.account.ID) }
func (o owner) WebAuthnName() string                       { return o.account.Email }
func (o owner) WebAuthnDisplayName() string                { return o.account.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

func (p *People) owner(ctx context.Context, a row) (owner, error) {
	var rows []passkey
	if err := p.db.NewRaw("SELECT * FROM account_passkey WHERE account = ? ORDER BY created", a.ID).Scan(ctx, &rows); err != nil {
		return owner{}, fmt.Errorf("read passkeys: %w", err)
	}
	o := owner{account: a}
	for _, r := range rows {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(r.Credential), &c); err != nil {
			return owner{}, fmt.Errorf("read a passkey: %w", err)
		}
		o.credentials = append(o.credentials, c)
	}
	return o, nil
}

// Ceremony is what an authenticator is asked.
type Ceremony struct {
	ID      string          `json:"id"`      // to be given back with the answer
	Options json.RawMessage `json:"options"` // for navigator.credentials
}

// mostPasskeys is how many an account may have.
const mostPasskeys = 10

// BeginPasskey asks an authenticator for a new passkey of the own account.
func (p *People) BeginPasskey(ctx context.Context) (Ceremony, error) {
	if p.passkeys == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	a, err := p.enroller(ctx)
	if err != nil {
		return Ceremony{}, err
	}
	o, err := p.owner(ctx, a)
	if err != nil {
		return Ceremony{}, err
	}
	if len(o.credentials) >= mostPasskeys {
		return Ceremony{}, mistake("passkey", "An account has at most %d passkeys. Remove one that you do not use.", mostPasskeys)
	}
	options, data, err := p.passkeys.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.credentials).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return p.ceremony(ctx, a.ID, options, data)
}

func (p *People) ceremony(ctx context.Context, account string, options any, data *webauthn.SessionData) (Ceremony, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	kept, err := json.Marshal(data)
	if err != nil {
		return Ceremony{}, err
	}
	id := secret()
	sealed, err := p.seal(kept, account)
	if err != nil {
		return Ceremony{}, err
	}
	return Ceremony{ID: id, Options: text}, p.keepCeremony(ctx, digest(id), account, sealed)
}

// answered reads what was asked, and forgets it: each answer counts once.
func (p *People) answered(ctx context.Context, id, account string) (webauthn.SessionData, error) {
	var data webauthn.SessionData
	kept, err := p.begun(ctx, digest(id), account)
	if err != nil {
		return data, err
	}
	err = p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("DELETE FROM ceremony WHERE id = ?", digest(id)).Exec(ctx))
	})
	if err != nil {
		return data, err
	}
	return data, json.Unmarshal(kept, &data)
}

// FinishPasskey takes the answer to BeginPasskey, as ConfirmTOTP takes a code.
func (p *People) FinishPasskey(ctx context.Context, id, name string, answer []byte, from Origin) (Ticket, []string, error) {
	if p.passkeys == nil {
		return Ticket{}, nil, ErrNoPasskeys
	}
	a, err := p.enroller(ctx)
	if err != nil {
		return Ticket{}, nil, err
	}
	data, err := p.answered(ctx, id, a.ID)
	if errors.Is(err, ErrNone) {
		return Ticket{}, nil, mistake("passkey", "This took too long. Try it again.")
	}
	if err != nil {
		return Ticket{}, nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Ticket{}, nil, mistake("passkey", "The browser sent a passkey that cannot be read. Try it again.")
	}
	credential, err := p.passkeys.CreateCredential(owner{account: a}, data, parsed)
	if err != nil || !credential.Flags.UserVerified {
		return Ticket{}, nil, mistake("passkey", "The passkey cannot be taken: it must ask who uses it, by a finger, a face or a PIN.")
	}
	text, err := json.Marshal(credential)
	if err != nil {
		return Ticket{}, nil, err
	}
	now := state.Millis(p.o.Now())
	made := passkey{ID: base64.RawURLEncoding.EncodeToString(credential.ID), Account: a.ID, Name: person(name, "Passkey"),
		Credential: string(text), Created: now}
	t, codes, err := p.enrolled(ctx, a, "passkey", from, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&made).Exec(ctx)
		return err
	})
	if state.Exists(err) {
		err = mistake("passkey", "This passkey is known already.")
	}
	return t, codes, err
}

// AskPasskey asks an authenticator for any passkey of this server.
func (p *People) AskPasskey(ctx context.Context, from Origin) (Ceremony, error) {
	if p.passkeys == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	options, data, err := p.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return p.ceremony(ctx, "", options, data)
}

// SignInPasskey signs in with a passkey, which is two factors: what one has, and what it asks of its user. ErrRefused, *Wait.
func (p *People) SignInPasskey(ctx context.Context, id string, answer []byte, from Origin) (Ticket, error) {
	charge := addressKey("passkey", from.Address)
	if err := p.charge(ctx, charge); err != nil {
		return Ticket{}, err
	}
	a, use, err := p.checkPasskey(ctx, id, answer)
	if err != nil {
		return Ticket{}, err
	}
	if use == nil || a.State != Active {
		return Ticket{}, p.refuse(ctx, a, from, "passkey")
	}
	h, _ := ctx.Value(heldKey{}).(held)
	return p.begin(ctx, a, from, start{stage: Full, factors: "passkey", drop: h.session.ID, also: use,
		charges: []string{charge, accountKey("password", a.Email)}})
}

// ConfirmPasskey is Confirm with a passkey.
func (p *People) ConfirmPasskey(ctx context.Context, id string, answer []byte, from Origin) error {
	s, self, err := p.self(ctx, Full)
	if err != nil {
		return err
	}
	a, use, err := p.checkPasskey(ctx, id, answer)
	if err != nil {
		return err
	}
	if use == nil || a.ID != self.ID {
		return p.refuse(ctx, self, from, "passkey")
	}
	return p.confirmed(ctx, s, "passkey", use)
}

// checkPasskey looks whose passkey answered; use is nil if the answer is wrong.
func (p *People) checkPasskey(ctx context.Context, id string, answer []byte) (a row, use func(context.Context, bun.Tx) error, err error) {
	if p.passkeys == nil {
		return row{}, nil, ErrNoPasskeys
	}
	data, err := p.answered(ctx, id, "")
	if errors.Is(err, ErrNone) {
		return row{}, nil, nil
	}
	if err != nil {
		return row{}, nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return row{}, nil, nil // what the browser sent is no answer
	}
	var reading error
	_, credential, err := p.passkeys.ValidatePasskeyLogin(func(rawID, handle []byte) (webauthn.User, error) {
		var o owner
		a, o, reading = p.ownerOf(ctx, base64.RawURLEncoding.EncodeToString(rawID), string(handle))
		return o, reading
	}, data, parsed)
	if reading != nil && !errors.Is(reading, ErrNone) {
		return row{}, nil, reading
	}
	if err != nil || !credential.Flags.UserVerified || credential.Authenticator.CloneWarning {
		return a, nil, nil
	}
	text, err := json.Marshal(credential)
	if err != nil {
		return row{}, nil, err
	}
	key := base64.RawURLEncoding.EncodeToString(credential.ID)
	now := state.Millis(p.o.Now())
	return a, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("UPDATE account_passkey SET credential = ?, used = ? WHERE id = ?", string(text), now, key).Exec(ctx))
	}, nil
}

func (p *People) ownerOf(ctx context.Context, key, handle string) (row, owner, error) {
	var id string
	err := p.db.NewRaw("SELECT account FROM account_passkey WHERE id = ?", key).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id != handle {
		return row{}, owner{}, ErrNone
	}
	if err != nil {
		return row{}, owner{}, fmt.Errorf("read a passkey: %w", err)
	}
	a, err := p.known(ctx, id)
	if err != nil {
		return row{}, owner{}, err
	}
	o, err := p.owner(ctx, a)
	return a, o, err
}

// Passkeys are those of the own account.
func (p *People) Passkeys(ctx context.Context) ([]Passkey, error) {
	_, a, err := p.self(ctx, Full)
	if err != nil {
		return nil, err
	}
	var rows []passkey
	if err := p.db.NewRaw("SELECT * FROM account_passkey WHERE account = ? ORDER BY created", a.ID).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	all := make([]Passkey, len(rows))
	for i, r := range rows {
		all[i] = Passkey{ID: r.ID, Name: r.Name, Created: state.Time(r.Created), Used: state.Time(r.Used)}
	}
	return all, nil
}

// RemovePasskey removes a passkey of the own account, which must keep another second factor. One must have been shown a moment ago.
func (p *People) RemovePasskey(ctx context.Context, id string) error {
	_, a, err := p.recent(ctx)
	if err != nil {
		return err
	}
	if a.Issuer == "" && len(a.TOTP) == 0 && a.Passkeys < 2 {
		return mistake("passkey", "This is your only second factor. Set up another one first.")
	}
	return p.act(ctx, "remove factor", a.ID, record.Entry{Facts: map[string]string{"factor": "passkey"}}, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("DELETE FROM account_passkey WHERE id = ? AND account = ?", id, a.ID).Exec(ctx))
	})
}
