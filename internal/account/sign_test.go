package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestFirst proves that the first start makes one administrator with a link that is good once and for a day, and that a second factor is
// set up before anything else can be done.
func TestFirst(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ctx := context.Background()
		old, err := h.Bootstrap(ctx)
		must(t, err)
		path, err := h.Bootstrap(ctx)
		must(t, err)
		if _, err := h.Beginner(ctx, strings.TrimPrefix(old, account.LinkPath)); !errors.Is(err, account.ErrLink) {
			t.Errorf("a link that another replaced: %v", err)
		}
		link := strings.TrimPrefix(path, account.LinkPath)
		if b, err := h.Beginner(ctx, link); err != nil || !b.First {
			t.Errorf("beginner %+v, %v", b, err)
		}
		var wrong *account.Mistake
		if _, err := h.Begin(ctx, link, "Ann", "ann", "short", home); !errors.As(err, &wrong) || wrong.Field != "email" {
			t.Errorf("no address: %v", err)
		}
		if _, err := h.Begin(ctx, link, "Ann", "ann@example.org", "short", home); !errors.As(err, &wrong) || wrong.Field != "password" {
			t.Errorf("a short password: %v", err)
		}
		s := h.begin(path, "ann@example.org")
		by := access.From(h.context(s.ticket))
		if !by.May(access.People) || by.May(access.Approve) || by.Via != "session" || by.Address != "192.0.2.1" {
			t.Errorf("the administrator is %+v", by)
		}
		if _, err := h.Beginner(ctx, link); !errors.Is(err, account.ErrLink) {
			t.Errorf("the link again: %v", err)
		}
		if again, err := h.Bootstrap(ctx); err != nil || again != "" {
			t.Errorf("another first administrator: %q, %v", again, err)
		}
		want := []string{"account make link", "account make link", "account create", "account enrol", "sign-in sign in"}
		if got := h.verbs(0); !slices.Equal(got, want) {
			t.Errorf("records %q, want %q", got, want)
		}
	})
}

// TestLinkExpires proves that links end after a day.
func TestLinkExpires(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	path, err := h.Bootstrap(context.Background())
	must(t, err)
	h.now = h.now.Add(account.LinkLife)
	if _, err := h.Beginner(context.Background(), strings.TrimPrefix(path, account.LinkPath)); !errors.Is(err, account.ErrLink) {
		t.Errorf("a link of yesterday: %v", err)
	}
}

// TestSignIn proves that a sign-in takes both factors, that each code is good once, that recovery codes are good once, and that all is
// recorded without a secret.
func TestSignIn(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		s := h.first()
		ctx := context.Background()
		if _, err := h.SignIn(ctx, s.email, s.password+"x", home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a wrong password: %v", err)
		}
		half, err := h.SignIn(ctx, " ANN@example.org ", s.password, home)
		must(t, err)
		if half.Stage != account.Second || access.From(h.context(half)).ID != "" {
			t.Fatalf("the password alone leads to stage %q", half.Stage)
		}
		if _, err := h.BeginTOTP(h.context(half)); !errors.Is(err, account.ErrDenied) {
			t.Errorf("another second factor is set up with the password alone: %v", err)
		}
		if _, err := h.SecondFactor(h.context(half), "000000", home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a wrong code: %v", err)
		}
		code := h.code(s)
		full, err := h.SecondFactor(h.context(half), code[:3]+" "+code[3:], home)
		must(t, err)
		if full.Value == half.Value || access.From(h.context(full)).ID != s.ID || h.Stage(h.context(half)) != "" {
			t.Error("the sign-in did not change the secret of the session")
		}
		half, err = h.SignIn(ctx, s.email, s.password, home)
		must(t, err)
		if _, err := h.SecondFactor(h.context(half), code, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a code for the second time: %v", err)
		}
		if _, err := h.SecondFactor(h.context(half), strings.ToUpper(s.recovery[3]), home); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		half, err = h.SignIn(ctx, s.email, s.password, home)
		must(t, err)
		if _, err := h.SecondFactor(h.context(half), s.recovery[3], home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a recovery code for the second time: %v", err)
		}
		if left, err := h.RecoveryLeft(h.context(full)); err != nil || left != 9 {
			t.Errorf("%d recovery codes are left, %v", left, err)
		}
		h.silent(s, half.Value, full.Value)
	})
}

// silent proves that neither the ledger nor the state holds a secret of somebody.
func (h *house) silent(s *somebody, more ...string) {
	h.t.Helper()
	b, err := json.Marshal(h.log.Entries(h.t))
	must(h.t, err)
	text := string(b)
	for _, table := range []string{"account", "account_recovery", "account_password", "session", "ceremony", "token", "account_link", "throttle"} {
		var rows []map[string]any
		must(h.t, h.db.NewRaw("SELECT * FROM "+table).Scan(context.Background(), &rows))
		b, err := json.Marshal(rows)
		must(h.t, err)
		text += string(b)
		for _, row := range rows {
			for _, v := range row {
				if raw, ok := v.([]byte); ok {
					text += string(raw)
				}
			}
		}
	}
	for _, secret := range append(append(more, s.password, s.secret, s.ticket.Value), s.recovery...) {
		if strings.Contains(text, secret) || strings.Contains(text, strings.ReplaceAll(secret, "-", "")) {
			h.t.Errorf("the secret %q is kept", secret)
		}
	}
}

// TestNoEnumeration proves that an account that is not there is answered as one that is, also when it has to wait, and that it is as much work.
func TestNoEnumeration(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	ctx := context.Background()
	var wait *account.Wait
	for i := range 7 {
		_, known := h.SignIn(ctx, s.email, "wrong", home)
		_, unknown := h.SignIn(ctx, "nobody@example.org", "wrong", home)
		if known.Error() != unknown.Error() {
			t.Errorf("known: %v; unknown: %v", known, unknown)
		}
		if waits := errors.As(known, &wait); waits != (i >= 5) {
			t.Errorf("attempt %d: %v", i, known)
		}
	}
	if _, err := h.SignIn(ctx, s.email, s.password, home); !errors.As(err, &wait) {
		t.Errorf("the right password while the account has to wait: %v", err)
	}
	refused := 0
	for _, e := range h.log.Entries(t) {
		if e.Verb == "refuse" {
			refused++
			if b, _ := json.Marshal(e); strings.Contains(string(b), "@example.org") {
				t.Errorf("a refusal tells what was typed: %s", b)
			}
		}
	}
	if refused != 10 {
		t.Errorf("%d refusals are recorded, want 10: those that had to wait do not fill the ledger", refused)
	}
	h.now = h.now.Add(31 * time.Second)
	h.signIn(s)
	if _, err := h.SignIn(ctx, s.email, "wrong", home); !errors.Is(err, account.ErrRefused) {
		t.Errorf("after a sign-in the attempts before still count: %v", err)
	}
}

// TestThrottle proves that the wait grows to its longest, that few attempts are left in an hour, and that one address cannot try many accounts.
func TestThrottle(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ctx := context.Background()
		tried := 0
		for end := h.now.Add(time.Hour); h.now.Before(end); h.now = h.now.Add(10 * time.Second) {
			if _, err := h.SignIn(ctx, "ann@example.org", "wrong", home); errors.Is(err, account.ErrRefused) {
				tried++
			}
		}
		if tried < 5 || tried > 15 {
			t.Errorf("%d attempts in an hour", tried)
		}
		var wait *account.Wait
		elsewhere := account.Origin{Address: "2001:db8:1:2::9"}
		same := account.Origin{Address: "2001:db8:1:2::10"}
		for i := range 30 {
			if _, err := h.SignIn(ctx, string(rune('a'+i))+"@example.com", "wrong", elsewhere); !errors.Is(err, account.ErrRefused) {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
		if _, err := h.SignIn(ctx, "z@example.com", "wrong", same); !errors.As(err, &wait) {
			t.Errorf("a neighbour in the same network: %v", err)
		}
	})
}

// TestUnrecorded proves that nobody signs in, and nothing is changed, while the ledger cannot be written.
func TestUnrecorded(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	half, err := h.SignIn(context.Background(), s.email, s.password, home)
	must(t, err)
	h.log.Fail(errors.New("disk full"))
	code := h.code(s)
	if _, err := h.SecondFactor(h.context(half), code, home); !errors.Is(err, record.ErrUnrecorded) {
		t.Errorf("sign in: %v", err)
	}
	if _, _, err := h.Invite(h.context(s.ticket), "", "bob@example.org", []access.Role{access.Viewer}); !errors.Is(err, record.ErrUnrecorded) {
		t.Errorf("invite: %v", err)
	}
	h.log.Fail(nil)
	if _, err := h.SecondFactor(h.context(half), code, home); err != nil {
		t.Errorf("the code was used up by a sign-in that was not done: %v", err)
	}
}
