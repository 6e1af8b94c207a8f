package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// LinkLife is how long a link to set up an account is good.
const LinkLife = 24 * time.Hour

// LinkPath begins the path of such links.
const LinkPath = "/setup/"

// Bootstrap returns the path of a link with which the first administrator begins, "" if there is an account already. The link before it
// is void. Who acts is the program.
func (p *People) Bootstrap(ctx context.Context) (linkPath string, err error) {
	var accounts int
	if err := p.db.NewRaw("SELECT count(*) FROM account").Scan(ctx, &accounts); err != nil {
		return "", fmt.Errorf("count the accounts: %w", err)
	}
	if accounts > 0 {
		return "", nil
	}
	return p.link(access.With(ctx, access.Program), "make link", row{}, record.Entry{Subject: "account/first"}, nil)
}

// ResetLink returns the path of a link with which a person who is locked out begins anew, named by address. Password and second factor are
// void at once, and the sessions end. Who acts is who runs the command, or an administrator, never the person itself.
func (p *People) ResetLink(ctx context.Context, email string) (linkPath string, err error) {
	by, err := need(ctx, access.People)
	if err != nil {
		return "", err
	}
	a, err := find(ctx, p.db, "a.email = ?", normal(email))
	if err != nil {
		return "", err
	}
	switch {
	case a.ID == "":
		return "", ErrNone
	case a.ID == by.ID:
		return "", mistake("email", "Your own sign-in is reset by another administrator.")
	case a.State == Disabled:
		return "", mistake("email", "The account of %s is disabled. Enable it first.", a.Email)
	case a.Issuer != "":
		return "", mistake("email", "%s signs in with %s, which resets the sign-in.", a.Email, a.Issuer)
	}
	return p.link(ctx, "reset", a, record.Entry{}, func(ctx context.Context, tx bun.Tx) error {
		return forget(ctx, tx, a.ID, Invited)
	})
}

// forget removes all that an account can prove itself with, its sessions and tokens.
func forget(ctx context.Context, tx bun.Tx, id string, next State) error {
	for _, statement := range []string{
		"DELETE FROM account_recovery WHERE account = ?", "DELETE FROM account_passkey WHERE account = ?", "DELETE FROM token WHERE account = ?",
		"DELETE FROM account_link WHERE account = ?", "DELETE FROM ceremony WHERE account = ?",
	} {
		if _, err := tx.NewRaw(statement, id).Exec(ctx); err != nil {
			return err
		}
	}
	if err := endSessions(ctx, tx, id, ""); err != nil {
		return err
	}
	_, err := tx.NewRaw("UPDATE account SET password = '', password_at = 0, totp = NULL, state = ? WHERE id = ?", next, id).Exec(ctx)
	return err
}

// link makes a link for an account, or for the first one, and voids those before it.
func (p *People) link(ctx context.Context, verb string, a row, e record.Entry, also func(ctx context.Context, tx bun.Tx) error) (string, error) {
	value := secret()
	expires := state.Millis(p.o.Now().Add(LinkLife))
	err := p.act(ctx, verb, a.ID, e, func(ctx context.Context, tx bun.Tx) error {
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.NewRaw("DELETE FROM account_link WHERE account = ?", a.ID).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO account_link (hash, account, expires) VALUES (?, ?, ?)", digest(value), a.ID, expires).Exec(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	return LinkPath + value, nil
}

// Invite makes an account for a person and returns the path of the link with which the person begins. The permission People is needed.
func (p *People) Invite(ctx context.Context, name, email string, roles []access.Role) (Account, string, error) {
	if _, err := need(ctx, access.People); err != nil {
		return Account{}, "", err
	}
	email, err := address(email)
	if err != nil {
		return Account{}, "", err
	}
	given, err := sound("roles", roles)
	if err != nil {
		return Account{}, "", err
	}
	if len(given) == 0 {
		return Account{}, "", mistake("roles", "Choose at least one role.")
	}
	taken, err := find(ctx, p.db, "a.email = ?", email)
	if err != nil {
		return Account{}, "", err
	}
	if taken.ID != "" {
		return Account{}, "", mistake("email", "There is an account of this address. Each account is of one person.")
	}
	a := row{ID: state.NewID(), Name: person(name, email), Email: email, State: Invited, Roles: given, Created: state.Millis(p.o.Now())}
	path, err := p.link(ctx, "invite", a, record.Entry{Facts: map[string]string{"roles": words(given)}}, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&a).Exec(ctx)
		return err
	})
	if state.Exists(err) {
		err = mistake("email", "There is an account of this address. Each account is of one person.")
	}
	return a.account(), path, err
}

// Beginner is who a link to set up an account is for.
type Beginner struct {
	First       bool // the first administrator, of whom nothing is known
	Name, Email string
}

// ErrLink is the error of a link that is not good.
var ErrLink = errors.New("this link was used, is more than a day old or was replaced by another; ask an administrator for a new one, " +
	"or for the first administrator start the server again")

// Beginner tells whom the secret of a link is for.
func (p *People) Beginner(ctx context.Context, link string) (Beginner, error) {
	a, err := p.beginner(ctx, link)
	return Beginner{First: a.ID == "", Name: a.Name, Email: a.Email}, err
}

func (p *People) beginner(ctx context.Context, link string) (row, error) {
	var id string
	err := p.db.NewRaw("SELECT account FROM account_link WHERE hash = ? AND expires > ?", digest(link), state.Millis(p.o.Now())).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, ErrLink
	}
	if err != nil {
		return row{}, fmt.Errorf("read a link: %w", err)
	}
	if id == "" {
		return row{}, nil
	}
	a, err := p.known(ctx, id)
	if err == nil && a.State != Invited {
		err = ErrLink
	}
	return a, err
}

// Begin uses a link up and sets the password of its account. Name and address are taken for the first administrator alone. The ticket that
// is returned is good for setting up a second factor. Errors for people are ErrLink, *Wait, *Mistake.
func (p *People) Begin(ctx context.Context, link, name, email, password string, from Origin) (Ticket, error) {
	charge := addressKey("link", from.Address)
	if err := p.charge(ctx, charge); err != nil {
		return Ticket{}, err
	}
	a, err := p.beginner(ctx, link)
	if err != nil {
		return Ticket{}, err
	}
	if err := p.refund(ctx, charge); err != nil { // who has a link does not guess, and may need several attempts at a password
		return Ticket{}, err
	}
	first := a.ID == ""
	if first {
		if a, err = p.firstAdministrator(name, email); err != nil {
			return Ticket{}, err
		}
	}
	hash, err := p.fresh(ctx, a, password)
	if err != nil {
		return Ticket{}, err
	}
	verb := "begin"
	if first {
		verb = "create"
	}
	e := record.Entry{Facts: map[string]string{"roles": words(a.Roles)}}
	err = p.act(access.With(ctx, a.actor(from)), verb, a.ID, e, func(ctx context.Context, tx bun.Tx) error {
		if err := one(tx.NewRaw("DELETE FROM account_link WHERE hash = ?", digest(link)).Exec(ctx)); err != nil {
			return err
		}
		if first {
			if _, err := tx.NewInsert().Model(&a).Exec(ctx); err != nil {
				return err
			}
		}
		if _, err := tx.NewRaw("UPDATE account SET state = ? WHERE id = ?", Active, a.ID).Exec(ctx); err != nil {
			return err
		}
		return p.keep(ctx, tx, a.ID, hash)
	})
	if errors.Is(err, ErrNone) {
		return Ticket{}, ErrLink
	}
	if err != nil {
		return Ticket{}, err
	}
	a.State = Active
	return p.begin(ctx, a, from, start{stage: Enrol})
}

// firstAdministrator may be elevated to decide about compliance, so that a person alone can use the server; each time with a reason.
func (p *People) firstAdministrator(name, email string) (row, error) {
	email, err := address(email)
	if err != nil {
		return row{}, err
	}
	return row{ID: state.NewID(), Name: person(name, email), Email: email, State: Active, Roles: list[access.Role]{access.Administrator},
		Elevates: list[access.Role]{access.Compliance, access.Engineer}, Created: state.Millis(p.o.Now())}, nil
}
