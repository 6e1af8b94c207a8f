package account_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/state"
)

// house is accounts with a clock that the test sets and a ledger that it reads.
type house struct {
	*account.People
	db  *state.DB
	log *recordtest.Log
	now time.Time
	t   testing.TB
}

const origin = "https://ward.example.org"

var home = account.Origin{Address: "192.0.2.7", Agent: "test"}

func open(t testing.TB, db *state.DB, change ...func(*account.Options)) *house {
	t.Helper()
	h := &house{db: db, t: t, now: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	keeper, log := recordtest.Open(t, db, clock)
	h.log = log
	o := account.Options{Key: []byte(strings.Repeat("k", 32)), Origin: origin, Now: clock, Log: slog.New(slog.DiscardHandler),
		Hash: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	for _, c := range change {
		c(&o)
	}
	var err error
	if h.People, err = account.Open(context.Background(), db, keeper, o); err != nil {
		t.Fatal(err)
	}
	return h
}

// context is that of a request with a ticket, as Identify makes it.
func (h *house) context(ticket account.Ticket) context.Context {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: ticket.Value})
	return h.ask(r)
}

func (h *house) bearing(token string) context.Context {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return h.ask(r)
}

func (h *house) ask(r *http.Request) context.Context {
	h.t.Helper()
	var ctx context.Context
	h.Identify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(httptest.NewRecorder(), r)
	if ctx == nil {
		h.t.Fatal("the request was not let through")
	}
	return ctx
}

// somebody is a person with all that it signs in with.
type somebody struct {
	account.Account
	email, password, secret string
	recovery                []string
	ticket                  account.Ticket
}

// code is that of now. The clock goes on, because each is good once.
func (h *house) code(s *somebody) string {
	h.t.Helper()
	h.now = h.now.Add(30 * time.Second)
	code, err := totp.GenerateCode(s.secret, h.now)
	must(h.t, err)
	return code
}

// begin uses a link to set up an account with password and TOTP.
func (h *house) begin(path, email string) *somebody {
	h.t.Helper()
	ctx := context.Background()
	s := &somebody{email: email, password: "seven crooked kites, " + email[:1]}
	half, err := h.Begin(ctx, strings.TrimPrefix(path, account.LinkPath), "Person "+email[:1], email, s.password, home)
	must(h.t, err)
	if half.Stage != account.Enrol || access.From(h.context(half)).ID != "" {
		h.t.Fatal("a password alone signs in")
	}
	secret, err := h.BeginTOTP(h.context(half))
	must(h.t, err)
	s.secret = secret.Text
	s.ticket, s.recovery, err = h.ConfirmTOTP(h.context(half), h.code(s), home)
	must(h.t, err)
	s.Account, err = h.Self(h.context(s.ticket))
	must(h.t, err)
	return s
}

// first makes the first administrator.
func (h *house) first() *somebody {
	h.t.Helper()
	path, err := h.Bootstrap(context.Background())
	must(h.t, err)
	return h.begin(path, "ann@example.org")
}

// invite makes another account.
func (h *house) invite(admin *somebody, email string, roles ...access.Role) *somebody {
	h.t.Helper()
	_, path, err := h.Invite(h.context(admin.ticket), "", email, roles)
	must(h.t, err)
	return h.begin(path, email)
}

// signIn signs in with password and TOTP.
func (h *house) signIn(s *somebody) account.Ticket {
	h.t.Helper()
	half, err := h.SignIn(context.Background(), s.email, s.password, home)
	must(h.t, err)
	ticket, err := h.SecondFactor(h.context(half), h.code(s), home)
	must(h.t, err)
	s.ticket = ticket
	return ticket
}

// verbs are those of the entries since a position.
func (h *house) verbs(since int) []string {
	var all []string
	for _, e := range h.log.Entries(h.t)[since:] {
		all = append(all, string(e.Kind)+" "+e.Verb)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
