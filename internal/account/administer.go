package account

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
)

// Change says what an account is to become; what is nil stays.
type Change struct {
	Name       *string
	Roles      *[]access.Role
	Elevates   *[]access.Role
	BreakGlass *bool
	Disabled   *bool
}

// errLast is the error of what would leave nobody who can administer accounts.
var errLast = errors.New("the last administrator")

// Update changes the account of another person. Its sessions end if it may do other things than before, and its tokens too if it is
// disabled. The permission People is needed; nobody changes what they may do themselves, and one administrator stays.
func (p *People) Update(ctx context.Context, id string, c Change) (Account, error) {
	by, err := need(ctx, access.People)
	if err != nil {
		return Account{}, err
	}
	a, err := p.known(ctx, id)
	if err != nil {
		return Account{}, err
	}
	if by.ID == id && (c.Roles != nil || c.Elevates != nil || c.BreakGlass != nil || c.Disabled != nil) {
		return Account{}, mistake("roles", "What you may do yourself is changed by another administrator.")
	}
	facts, err := c.apply(&a)
	if err != nil || len(facts) == 0 {
		return a.account(), err
	}
	_, renamed := facts["name"]
	err = p.act(ctx, "change", id, record.Entry{Facts: facts}, func(ctx context.Context, tx bun.Tx) error {
		return p.write(ctx, tx, a, !renamed || len(facts) > 1)
	})
	if errors.Is(err, errLast) {
		err = mistake("roles", "This is the last administrator. Make somebody else an administrator first.")
	}
	return a.account(), err
}

// apply changes a row, and returns what changed as facts of the entry.
func (c Change) apply(a *row) (map[string]string, error) {
	facts := map[string]string{}
	if c.Name != nil && person(*c.Name, a.Email) != a.Name {
		a.Name = person(*c.Name, a.Email)
		facts["name"] = "changed"
	}
	for _, l := range []struct {
		field string
		next  *[]access.Role
		list  *list[access.Role]
	}{{"roles", c.Roles, &a.Roles}, {"elevates", c.Elevates, &a.Elevates}} {
		if l.next == nil {
			continue
		}
		next, err := sound(l.field, *l.next)
		if err != nil {
			return nil, err
		}
		if words(next) != words(*l.list) {
			facts[l.field] = words(next)
			*l.list = next
		}
	}
	if c.BreakGlass != nil && *c.BreakGlass != (a.BreakGlass == 1) {
		a.BreakGlass = 1 - a.BreakGlass
		facts["break_glass"] = map[bool]string{true: "allowed", false: "not allowed"}[*c.BreakGlass]
	}
	if c.Disabled != nil && *c.Disabled != (a.State == Disabled) {
		a.State = Disabled
		if !*c.Disabled {
			a.State = Invited
			if a.Password != "" || a.Issuer != "" || a.Passkeys > 0 {
				a.State = Active
			}
		}
		facts["state"] = string(a.State)
	}
	return facts, nil
}

// write writes a changed account, and ends its sessions if it may do other things than before.
func (p *People) write(ctx context.Context, tx bun.Tx, a row, end bool) error {
	if _, err := tx.NewRaw("UPDATE account SET name = ?, state = ?, roles = ?, elevates = ?, break_glass = ? WHERE id = ?",
		a.Name, a.State, a.Roles, a.Elevates, a.BreakGlass, a.ID).Exec(ctx); err != nil {
		return err
	}
	if a.State == Disabled {
		for _, table := range []string{"token", "account_link"} {
			if _, err := tx.NewRaw("DELETE FROM ? WHERE account = ?", bun.Ident(table), a.ID).Exec(ctx); err != nil {
				return err
			}
		}
	}
	if !end {
		return nil
	}
	var rest int
	err := tx.NewRaw("SELECT count(*) FROM account WHERE state = ? AND roles LIKE ?", Active, `%"`+string(access.Administrator)+`"%`).Scan(ctx, &rest)
	if err != nil {
		return err
	}
	if rest == 0 {
		return errLast
	}
	return endSessions(ctx, tx, a.ID, "")
}

// Rename changes the own name.
func (p *People) Rename(ctx context.Context, name string) error {
	by, err := need(ctx, access.Own)
	if err != nil {
		return err
	}
	return p.act(ctx, "change", by.ID, record.Entry{Facts: map[string]string{"name": "changed"}}, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("UPDATE account SET name = ? WHERE id = ?", person(name, by.Name), by.ID).Exec(ctx))
	})
}
