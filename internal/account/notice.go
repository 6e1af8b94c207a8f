package account

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
)

// Notice is of a change of an account that its person should hear of, whoever made it.
type Notice struct {
	Account string
	Email   string
	Verb    string // of the record: "change password"
	Factor  string // that was set up or removed: "totp", "passkey"; else ""
	Own     bool   // the account itself made it, or somebody who could sign in with it
	At      time.Time
}

// UseRecovery is the verb of a notice that a recovery code signed somebody in, of which the record is that of the sign-in.
const UseRecovery = "use recovery code"

// notice tells of a change of an account.
func (p *People) notice(ctx context.Context, tx bun.Tx, id, verb, factor string) error {
	if p.o.Notice == nil || id == "" {
		return nil
	}
	a, err := find(ctx, tx, "a.id = ?", id)
	if err != nil || a.ID == "" {
		return err
	}
	n := Notice{Account: id, Email: a.Email, Verb: verb, Factor: factor, Own: access.From(ctx).ID == id, At: p.o.Now()}
	if err := p.o.Notice(ctx, tx, n); err != nil {
		return fmt.Errorf("tell of the change: %w", err)
	}
	return nil
}
