package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Claim is what an issuer of identities says of a person who signed in there. Who calls SignInFederated has verified it.
type Claim struct {
	Issuer  string // the URL or entity id
	Subject string // which never changes and is never given to another; not an address
	Name    string
	Email   string // which the issuer has verified
	Groups  []string
}

// SignInFederated signs a person in whom an issuer vouches for, the second factor included. Roles are those that Options.Groups gives the
// groups at this time. The first time an account is made, if there is a role for it. ErrRefused is for those without a role, for disabled
// accounts, and for addresses that belong to a local account, which must be joined by Link.
func (p *People) SignInFederated(ctx context.Context, c Claim, from Origin) (Ticket, error) {
	if c.Issuer == "" || c.Subject == "" {
		return Ticket{}, fmt.Errorf("sign in: the identity lacks an issuer or a subject")
	}
	roles := p.mapped(c)
	a, err := find(ctx, p.db, "a.id = (SELECT account FROM account_identity WHERE issuer = ? AND subject = ?)", c.Issuer, c.Subject)
	if err != nil {
		return Ticket{}, err
	}
	switch {
	case a.ID != "" && (a.State != Active || len(roles) == 0):
		return Ticket{}, p.refuse(ctx, a, from, "federation")
	case a.ID == "":
		if a, err = p.justInTime(ctx, c, roles, from); err != nil {
			return Ticket{}, err
		}
	case !slices.Equal(a.Roles, roles):
		err := p.act(access.With(ctx, a.actor(from)), "change roles", a.ID, record.Entry{Facts: map[string]string{"roles": words(roles), "by": "groups"}},
			func(ctx context.Context, tx bun.Tx) error {
				if _, err := tx.NewRaw("UPDATE account SET roles = ? WHERE id = ?", roles, a.ID).Exec(ctx); err != nil {
					return err
				}
				return endSessions(ctx, tx, a.ID, "")
			})
		if err != nil {
			return Ticket{}, err
		}
	}
	return p.begin(ctx, a, from, start{stage: Full, factors: "federation"})
}

// mapped are the roles of the groups of a claim.
func (p *People) mapped(c Claim) list[access.Role] {
	roles := list[access.Role]{}
	for _, group := range c.Groups {
		roles = append(roles, p.o.Groups[c.Issuer][group]...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// justInTime makes the account of a person who comes for the first time.
func (p *People) justInTime(ctx context.Context, c Claim, roles list[access.Role], from Origin) (row, error) {
	email, err := address(c.Email)
	if err != nil || len(roles) == 0 {
		return row{}, p.refuse(ctx, row{}, from, "federation")
	}
	taken, err := find(ctx, p.db, "a.email = ?", email)
	if err != nil {
		return row{}, err
	}
	if taken.ID != "" {
		return row{}, p.refuse(ctx, taken, from, "federation")
	}
	a := row{ID: state.NewID(), Name: person(c.Name, email), Email: email, State: Active, Roles: roles, Created: state.Millis(p.o.Now())}
	err = p.act(access.With(ctx, a.actor(from)), "create", a.ID, record.Entry{Facts: map[string]string{"roles": words(roles), "by": "groups"}},
		func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.NewInsert().Model(&a).Exec(ctx); err != nil {
				return err
			}
			return identify(ctx, tx, c.Issuer, c.Subject, a.ID)
		})
	return a, err
}

func identify(ctx context.Context, tx bun.Tx, issuer, subject, account string) error {
	_, err := tx.NewRaw("INSERT INTO account_identity (issuer, subject, account) VALUES (?, ?, ?)", issuer, subject, account).Exec(ctx)
	return err
}

// Link joins an identity of an issuer to an account, which signs in with it from then on: its password and second factor are removed. The
// permission People is needed.
func (p *People) Link(ctx context.Context, id, issuer, subject string) error {
	if _, err := need(ctx, access.People); err != nil {
		return err
	}
	if issuer == "" || subject == "" || len(issuer) > 1000 || len(subject) > 1000 {
		return mistake("subject", "Give the issuer and the subject of the identity.")
	}
	a, err := p.known(ctx, id)
	if err != nil {
		return err
	}
	other, err := find(ctx, p.db, "a.id = (SELECT account FROM account_identity WHERE issuer = ? AND subject = ?)", issuer, subject)
	if err != nil {
		return err
	}
	if other.ID != "" {
		return mistake("subject", "This identity belongs to %s.", other.Email)
	}
	return p.act(ctx, "link identity", a.ID, record.Entry{Digests: map[string]string{"subject": record.Digest([]byte(subject))}},
		func(ctx context.Context, tx bun.Tx) error {
			if err := forget(ctx, tx, a.ID, Active); err != nil {
				return err
			}
			return identify(ctx, tx, issuer, subject, a.ID)
		})
}

// SignOutFederated ends all sessions of an identity that its issuer signed out. One that is not known has none.
func (p *People) SignOutFederated(ctx context.Context, issuer, subject string) error {
	a, err := find(ctx, p.db, "a.id = (SELECT account FROM account_identity WHERE issuer = ? AND subject = ?)", issuer, subject)
	if err != nil || a.ID == "" {
		return err
	}
	by := access.Program
	by.Via = "federation"
	e := record.Entry{Kind: record.SignIn, Verb: "end", Subject: about(a.ID), Facts: map[string]string{"reason": "issuer"}}
	_, err = p.keeper.Act(access.With(ctx, by), e, func(ctx context.Context, tx bun.Tx) error { return endSessions(ctx, tx, a.ID, "") })
	return err
}
