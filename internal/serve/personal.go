package serve

import (
	"context"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/notify"
)

// personal are the changes of an account that its person hears of by mail.
var personal = map[string]notify.Personal{
	"create": notify.AccountBegun, "begin": notify.AccountBegun, "change password": notify.PasswordChanged, "enrol totp": notify.FactorAdded,
	"enrol passkey": notify.PasskeyAdded, "remove factor": notify.FactorRemoved, "renew recovery codes": notify.RecoveryRenewed,
	account.UseRecovery: notify.RecoveryUsed, "reset": notify.SignInReset, "link identity": notify.IdentityLinked, "make token": notify.TokenMade,
	"change": notify.RightsChanged, "change roles": notify.RightsChanged, "break glass": notify.EmergencyAllowed,
}

// tellPerson has a person hear of a change of the own account.
func (p *parts) tellPerson(ctx context.Context, tx bun.Tx, n account.Notice) error {
	what, ok := personal[n.Verb]
	if !ok {
		what, ok = personal[n.Verb+" "+n.Factor]
	}
	if n.Verb == "change" && n.Own { // the own name, which is no right
		ok = false
	}
	if !ok || p.outbox == nil {
		return nil
	}
	_, err := p.outbox.TellPerson(ctx, tx, n.Email, what, n.At)
	return err
}
