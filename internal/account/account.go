// Package account keeps the accounts of people: how each proves who it is (passwords with a second factor, passkeys, federation), its
// sessions and tokens, and the roles it has or is lent (45 CFR 164.308(a)(3) and (4), 164.312(a)(2)(i) to (iii), 164.312(d)).
//
// It must not know pages, nor what a permission is good for. Secrets leave it once, to the person they are for; only digests are kept.
package account

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Options are the settings of accounts. What is zero has the default that is named.
type Options struct {
	// Key seals secrets that must be read again, and MUST be 32 bytes that stay the same over restarts and on all servers of one state.
	Key []byte
	// Origin is the address of the server as browsers have it, "https://ward.example.org:8443". Passkeys are bound to its host; without
	// an origin, or if its host is an IP address, there are none.
	Origin string
	// Insecure is for tests and servers behind a proxy on the same machine that speak HTTP: the cookie has no prefix and is sent there too.
	Insecure bool
	Policy   Policy        // of passwords; DefaultPolicy
	Breached *Breached     // passwords that are not taken; nil for none but the common ones
	Lockout  Lockout       // of attempts in vain; DefaultLockout
	Idle     time.Duration // after which a session ends without activity; 15 minutes
	Absolute time.Duration // after which a session ends in any case; 12 hours
	Fresh    time.Duration // for which a second factor counts for what needs one anew; 5 minutes
	// Hash are the parameters of argon2id: 19 MiB, 2 passes, 1 lane. Hashing is how many passwords are hashed at a time: 4.
	Hash    *argon2id.Params
	Hashing int
	// Groups are the roles that groups of an issuer of identities give: issuer, group, roles.
	Groups map[string]map[string][]access.Role
	// Address is where a request came from; the address of the connection.
	Address func(*http.Request) string
	// Notice is told of each change of an account, in the transaction that makes it, so that no change is made of which its person does not
	// hear. It MUST NOT wait for others. It may be nil.
	Notice func(ctx context.Context, tx bun.Tx, n Notice) error
	Now    func() time.Time // time.Now
	Log    *slog.Logger     // slog.Default()
}

// People are all accounts. It may be used by many goroutines, and by many servers on one state.
type People struct {
	db       *state.DB
	keeper   *record.Keeper
	o        Options
	passkeys *webauthn.WebAuthn // nil if there are none
	hashing  chan struct{}
	decoy    string // the hash that is compared where there is no account
	used     uses
}

// Open opens the accounts of a state.
func Open(ctx context.Context, db *state.DB, keeper *record.Keeper, o Options) (*People, error) {
	if len(o.Key) != 32 {
		return nil, fmt.Errorf("open the accounts: the key has %d bytes instead of 32", len(o.Key))
	}
	o.complete()
	p := &People{db: db, keeper: keeper, o: o, hashing: make(chan struct{}, o.Hashing)}
	var err error
	if p.passkeys, err = relyingParty(o.Origin); err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	if p.decoy, err = p.hash(ctx, secret()); err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	return p, nil
}

func (o *Options) complete() {
	defaults := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	defaults(&o.Idle, 15*time.Minute)
	defaults(&o.Absolute, 12*time.Hour)
	defaults(&o.Fresh, 5*time.Minute)
	if o.Policy == (Policy{}) {
		o.Policy = DefaultPolicy
	}
	if o.Lockout == (Lockout{}) {
		o.Lockout = DefaultLockout
	}
	if o.Hash == nil {
		o.Hash = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	if o.Hashing == 0 {
		o.Hashing = 4
	}
	if o.Address == nil {
		o.Address = peer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Policy is the policy that passwords are held to.
func (p *People) Policy() Policy { return p.o.Policy }

// Secure tells whether cookies go over TLS alone.
func (p *People) Secure() bool { return !p.o.Insecure }

// Address is the whole address of a path of this server, the path alone if the server does not know what browsers call it.
func (p *People) Address(path string) string { return p.o.Origin + path }

// State is what becomes of an account.
type State string

// The states.
const (
	Invited  State = "invited" // has a link with which to begin
	Active   State = "active"
	Disabled State = "disabled" // may not sign in; accounts are never removed, because records name them
)

// Account is one person.
type Account struct {
	ID, Name, Email string
	State           State
	Roles           []access.Role // those it has
	Elevates        []access.Role // those it may be elevated to
	BreakGlass      bool          // may break the glass
	Password        bool          // has a password
	PasswordAt      time.Time     // when it was set
	TOTP            bool
	Passkeys        int
	Issuer          string // of the identity that it signs in with, "" for a local account
	Created         time.Time
	SignedIn        time.Time // the last time
}

// Second tells whether the account has a second factor here.
func (a Account) Second() bool { return a.TOTP || a.Passkeys > 0 }

// list is a list of words that is kept as JSON.
type list[T ~string] []T

// Value implements driver.Valuer.
func (l list[T]) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]T(l))
	return string(b), err
}

// Scan implements sql.Scanner.
func (l *list[T]) Scan(from any) error {
	switch from := from.(type) {
	case string:
		return json.Unmarshal([]byte(from), (*[]T)(l))
	case []byte:
		return json.Unmarshal(from, (*[]T)(l))
	}
	return fmt.Errorf("a list is kept as %T", from)
}

// row is an account as the state keeps it.
type row struct {
	bun.BaseModel `bun:"table:account,alias:a"`

	ID         string `bun:",pk"`
	Name       string
	Email      string
	State      State
	Roles      list[access.Role]
	Elevates   list[access.Role]
	BreakGlass int
	Password   string
	PasswordAt int64
	TOTP       []byte `bun:"totp"`
	TOTPStep   int64  `bun:"totp_step"`
	Created    int64
	SignedIn   int64

	Passkeys int    `bun:",scanonly"`
	Issuer   string `bun:",scanonly"`
}

func (r row) account() Account {
	return Account{ID: r.ID, Name: r.Name, Email: r.Email, State: r.State, Roles: r.Roles, Elevates: r.Elevates, BreakGlass: r.BreakGlass == 1,
		Password: r.Password != "", PasswordAt: state.Time(r.PasswordAt), TOTP: len(r.TOTP) > 0, Passkeys: r.Passkeys, Issuer: r.Issuer,
		Created: state.Time(r.Created), SignedIn: state.Time(r.SignedIn)}
}

func (r row) second() bool { return len(r.TOTP) > 0 || r.Passkeys > 0 }

// about is how entries name an account.
func about(id string) string { return "account/" + id }

// columns are those of row.
const columns = "a.*, (SELECT count(*) FROM account_passkey k WHERE k.account = a.id) AS passkeys, " +
	"coalesce((SELECT min(i.issuer) FROM account_identity i WHERE i.account = a.id), '') AS issuer"

// find reads the account that a condition leads to; the zero row if there is none.
func find(ctx context.Context, db bun.IDB, where string, args ...any) (row, error) {
	var r row
	err := db.NewRaw("SELECT "+columns+" FROM account a WHERE "+where, args...).Scan(ctx, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, nil
	}
	if err != nil {
		return row{}, fmt.Errorf("read an account: %w", err)
	}
	return r, nil
}

// ErrNone is the error of asking for what is not there.
var ErrNone = errors.New("there is no such account, session, token or elevation")

// ErrDenied is the error of those who may not do what they ask for.
var ErrDenied = errors.New("your roles do not let you do this")

// Mistake is an error of what a person entered.
type Mistake struct {
	Field string // of the form or request: "password", "email"
	Text  string // what is wrong and what to do, in whole sentences
}

// Error implements error.
func (m *Mistake) Error() string { return m.Text }

func mistake(field, format string, args ...any) error {
	return &Mistake{Field: field, Text: fmt.Sprintf(format, args...)}
}

// need returns who acts if it has a permission.
func need(ctx context.Context, wanted access.Permission) (access.Actor, error) {
	by := access.From(ctx)
	if !by.May(wanted) {
		return by, ErrDenied
	}
	return by, nil
}

// Get reads an account: one's own, or anybody's with the permission People.
func (p *People) Get(ctx context.Context, id string) (Account, error) {
	if by := access.From(ctx); by.ID != id || id == "" {
		if _, err := need(ctx, access.People); err != nil {
			return Account{}, err
		}
	}
	r, err := find(ctx, p.db, "a.id = ?", id)
	if err == nil && r.ID == "" {
		err = ErrNone
	}
	return r.account(), err
}

// List reads accounts in the order of their addresses: those after an address, at most limit. The permission People is needed.
func (p *People) List(ctx context.Context, after string, limit int64) ([]Account, error) {
	if _, err := need(ctx, access.People); err != nil {
		return nil, err
	}
	var rows []row
	err := p.db.NewRaw("SELECT "+columns+" FROM account a WHERE a.email > ? ORDER BY a.email LIMIT ?", after, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	all := make([]Account, len(rows))
	for i, r := range rows {
		all[i] = r.account()
	}
	return all, nil
}

// Unproven are active local accounts with a password and no second factor, the oldest first: those who began and did not go on. The permission
// People is needed.
func (p *People) Unproven(ctx context.Context, limit int) ([]Account, error) {
	if _, err := need(ctx, access.People); err != nil {
		return nil, err
	}
	var rows []row
	err := p.db.NewRaw("SELECT "+columns+" FROM account a WHERE a.state = ? AND a.totp IS NULL AND a.password <> '' "+
		"AND NOT EXISTS (SELECT 1 FROM account_passkey k WHERE k.account = a.id) "+
		"AND NOT EXISTS (SELECT 1 FROM account_identity i WHERE i.account = a.id) ORDER BY a.created, a.id LIMIT ?", Active, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	all := make([]Account, len(rows))
	for i, r := range rows {
		all[i] = r.account()
	}
	return all, nil
}

// mostHolders bounds Holders.
const mostHolders = 1000

// Holders are the active accounts whose own roles give a permission, by their names: whom a finding can be assigned to, who can approve.
// The permission View is needed. Only ID, Name and Email are told.
func (p *People) Holders(ctx context.Context, of access.Permission) ([]Account, error) {
	if _, err := need(ctx, access.View); err != nil {
		return nil, err
	}
	var rows []row
	err := p.db.NewRaw("SELECT id, name, email, roles FROM account WHERE state = ? ORDER BY name, id LIMIT ?", Active, mostHolders).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	var all []Account
	for _, r := range rows {
		if (access.Actor{ID: r.ID, Roles: r.Roles}).May(of) {
			all = append(all, Account{ID: r.ID, Name: r.Name, Email: r.Email})
		}
	}
	return all, nil
}

// Names are the names of accounts by id, for pages that tell who did something.
func (p *People) Names(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{access.Program.ID: access.Program.Name}
	if len(ids) == 0 {
		return names, nil
	}
	var rows []struct{ ID, Name string }
	if err := p.db.NewRaw("SELECT id, name FROM account WHERE id IN (?)", bun.In(ids)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the names of accounts: %w", err)
	}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, nil
}

// normal is how addresses are compared.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// sound tells whether all are roles, and returns them without repetition, sorted.
func sound(field string, roles []access.Role) (list[access.Role], error) {
	sorted := slices.Compact(slices.Sorted(slices.Values(roles)))
	for _, r := range sorted {
		if access.Roles[r] == nil {
			return nil, mistake(field, "There is no role %q.", r)
		}
	}
	return sorted, nil
}

// words writes roles or permissions out for facts of entries.
func words[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, " ")
}

// relyingParty prepares passkeys for an origin; nil if it can have none.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	if origin == "" {
		return nil, nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Path != "" {
		return nil, fmt.Errorf("%q is not an origin such as https://ward.example.org", origin)
	}
	if u.Hostname() == "" || numeric(u.Hostname()) {
		return nil, nil
	}
	return newRelyingParty(u.Hostname(), origin)
}
