package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// TokenPrefix begins every token, so that programs which look for secrets find them.
const TokenPrefix = "ward_"

// TokenLife is the longest life of a token; mostTokens is how many an account may have.
const (
	TokenLife  = 366 * 24 * time.Hour
	mostTokens = 50
)

// Token lets programs act for an account, within a scope and until a day.
type Token struct {
	ID      string
	Account string
	Name    string
	Scope   []access.Permission
	Created time.Time
	Expires time.Time
	Seen    time.Time
}

type token struct {
	bun.BaseModel `bun:"table:token,alias:t"`

	ID      string `bun:",pk"`
	Hash    string
	Account string
	Name    string
	Scope   list[access.Permission]
	Created int64
	Expires int64
	Seen    int64
}

func (t token) token() Token {
	return Token{ID: t.ID, Account: t.Account, Name: t.Name, Scope: t.Scope, Created: state.Time(t.Created), Expires: state.Time(t.Expires),
		Seen: state.Time(t.Seen)}
}

// Scopes are the permissions that a token of the own account can have: those of its own roles, not of those that it is elevated to, and never
// Own, so that a token makes no tokens and changes no sign-in.
func (p *People) Scopes(ctx context.Context) ([]access.Permission, error) {
	_, a, err := p.self(ctx, Full)
	if err != nil {
		return nil, err
	}
	var all []access.Permission
	for _, role := range a.Roles {
		all = append(all, access.Roles[role]...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// NewToken makes a token for the own account. Its value is returned this once. A second factor must have been shown a moment ago.
func (p *People) NewToken(ctx context.Context, name string, scope []access.Permission, expires time.Time) (Token, string, error) {
	_, a, err := p.recent(ctx)
	if err != nil {
		return Token{}, "", err
	}
	may, err := p.Scopes(ctx)
	if err != nil {
		return Token{}, "", err
	}
	scope = slices.Compact(slices.Sorted(slices.Values(scope)))
	for _, permission := range scope {
		if !slices.Contains(may, permission) {
			return Token{}, "", mistake("scope", "Your own roles do not give the permission %q to a token.", permission)
		}
	}
	now := p.o.Now()
	switch {
	case len(scope) == 0:
		return Token{}, "", mistake("scope", "Choose at least one permission.")
	case person(name, "") == "":
		return Token{}, "", mistake("name", "Give the token a name that says what it is for.")
	case !expires.After(now) || expires.After(now.Add(TokenLife)):
		return Token{}, "", mistake("expires", "A token must end, within a year from now.")
	}
	var have int
	if err := p.db.NewRaw("SELECT count(*) FROM token WHERE account = ?", a.ID).Scan(ctx, &have); err != nil {
		return Token{}, "", fmt.Errorf("count tokens: %w", err)
	}
	if have >= mostTokens {
		return Token{}, "", mistake("name", "An account has at most %d tokens. Remove those that are not used.", mostTokens)
	}
	value := TokenPrefix + secret()
	t := token{ID: state.NewID(), Hash: digest(value), Account: a.ID, Name: person(name, ""), Scope: scope, Created: state.Millis(now),
		Expires: state.Millis(expires)}
	e := record.Entry{Facts: map[string]string{"token": t.ID, "scope": words(scope), "expires": expires.UTC().Format(time.RFC3339)}}
	err = p.act(ctx, "make token", a.ID, e, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&t).Exec(ctx)
		return err
	})
	return t.token(), value, err
}

// Tokens are those of the own account, or of another with the permission People, the newest first.
func (p *People) Tokens(ctx context.Context, account string) ([]Token, error) {
	by, err := need(ctx, access.Own)
	if err != nil {
		return nil, err
	}
	if account != by.ID && !by.May(access.People) {
		return nil, ErrDenied
	}
	var rows []token
	if err := p.db.NewRaw("SELECT * FROM token WHERE account = ? ORDER BY id DESC", account).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	all := make([]Token, len(rows))
	for i, t := range rows {
		all[i] = t.token()
	}
	return all, nil
}

// EndToken ends a token of the own account, or of another with the permission People.
func (p *People) EndToken(ctx context.Context, id string) error {
	by, err := need(ctx, access.Own)
	if err != nil {
		return err
	}
	var rows []token
	if err := p.db.NewRaw("SELECT * FROM token WHERE id = ?", id).Scan(ctx, &rows); err != nil {
		return fmt.Errorf("read a token: %w", err)
	}
	if len(rows) == 0 || rows[0].Account != by.ID && !by.May(access.People) {
		return ErrNone
	}
	return p.act(ctx, "end token", rows[0].Account, record.Entry{Facts: map[string]string{"token": id}}, func(ctx context.Context, tx bun.Tx) error {
		return one(tx.NewRaw("DELETE FROM token WHERE id = ?", id).Exec(ctx))
	})
}
