package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/state"
)

// Personal is what one person hears of by mail, because it is about the own account.
type Personal string

// What is personal.
const (
	AccountBegun     Personal = "account begun"
	PasswordChanged  Personal = "password changed"
	FactorAdded      Personal = "factor added"
	PasskeyAdded     Personal = "passkey added"
	FactorRemoved    Personal = "factor removed"
	RecoveryRenewed  Personal = "recovery renewed"
	RecoveryUsed     Personal = "recovery used"
	SignInReset      Personal = "sign-in reset"
	IdentityLinked   Personal = "identity linked"
	TokenMade        Personal = "token made"
	RightsChanged    Personal = "rights changed"
	EmergencyAllowed Personal = "emergency access used"
)

// sentences are all that such a mail says: no text that anybody typed is in one.
var sentences = map[Personal]string{
	AccountBegun:     "Your account was set up: a password was chosen.",
	PasswordChanged:  "Your password was changed.",
	FactorAdded:      "An authenticator app was set up as a second factor of your account.",
	PasskeyAdded:     "A passkey was added to your account.",
	FactorRemoved:    "A second factor was removed from your account.",
	RecoveryRenewed:  "The recovery codes of your account were replaced.",
	RecoveryUsed:     "A recovery code of your account was used.",
	SignInReset:      "An administrator reset your sign-in: the password and all second factors are void.",
	IdentityLinked:   "Your account was linked to an identity of another provider.",
	TokenMade:        "A token for programs was made, which acts in your name.",
	RightsChanged:    "Your account, or what it may do, was changed.",
	EmergencyAllowed: "Emergency access was used with your account.",
}

// mostPersonal is how many mails about accounts may wait at a time: who changes an account again and again must not fill the outbox.
const mostPersonal = 1000

// TellPerson has one person told by mail of what happened to the own account, if the transaction that it belongs to is written. The mail goes by
// the server of the first channel of e-mail that is on; where there is none nobody is told, and false is returned.
func (o *Outbox) TellPerson(ctx context.Context, tx bun.Tx, email string, what Personal, at time.Time) (bool, error) {
	sentence := sentences[what]
	if sentence == "" {
		return false, fmt.Errorf("tell a person: there is no sentence for %q", what)
	}
	channels, err := readChannels(ctx, tx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(channels, func(c delivery.Channel) bool { return c.Kind == delivery.Email && !c.Off })
	if i < 0 || email == "" {
		return false, nil
	}
	var wait int
	if err := tx.NewRaw("SELECT count(*) FROM notify_message WHERE personal = 1 AND status = ?", waiting).Scan(ctx, &wait); err != nil {
		return false, err
	}
	if wait >= mostPersonal {
		return false, nil
	}
	m := delivery.Message{ID: state.NewID(), Sort: delivery.Personal, Title: "Your account: " + string(what), Link: o.base + "/account", Count: 1, To: []string{email},
		Groups: []delivery.Group{{Key: string(what), Kind: "account", Title: at.UTC().Format("2006-01-02 15:04") + " UTC", Sentence: sentence, Count: 1}}}
	return true, o.put(ctx, tx, channels[i], []delivery.Message{m})
}
