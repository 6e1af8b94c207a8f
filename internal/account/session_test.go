package account_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestIdle proves that a session ends after idle time, that what a page asks by itself does not keep it, that it ends after the longest time
// whatever is done, and that the end is recorded.
func TestIdle(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		s := h.first()
		signedIn := func() bool { return access.From(h.context(s.ticket)).ID != "" }
		live := func() {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: s.ticket.Value})
			r.Header.Set(account.LiveHeader, "1")
			h.ask(r)
			for accept, path := range map[string]string{"text/event-stream": "/live", "text/html": account.IdlePath} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: s.ticket.Value})
				r.Header.Set("Accept", accept)
				h.ask(r)
			}
		}
		for range 4 {
			h.now = h.now.Add(14 * time.Minute)
			if !signedIn() {
				t.Fatal("a session that is used ended")
			}
		}
		h.now = h.now.Add(14 * time.Minute)
		live()
		h.now = h.now.Add(2 * time.Minute)
		if signedIn() {
			t.Error("a session goes on after 16 minutes in which only the page asked")
		}
		before := len(h.log.Entries(t))
		must(t, h.Sweep(context.Background()))
		must(t, h.Sweep(context.Background()))
		if e := h.log.Entries(t)[before:]; len(e) != 1 || e[0].Verb != "end" || e[0].Facts["reason"] != "idle" || e[0].Subject != "account/"+s.ID {
			t.Errorf("records %+v, want the end of the session", e)
		}
		h.signIn(s)
		for range 100 {
			h.now = h.now.Add(10 * time.Minute)
			if !signedIn() {
				break
			}
		}
		must(t, h.Sweep(context.Background()))
		if e := h.log.Entries(t); e[len(e)-1].Facts["reason"] != "absolute" || signedIn() {
			t.Errorf("the session did not end after the longest time: %+v", e[len(e)-1])
		}
	})
}

// TestSeen proves that what is used often goes on, on another server of the same state too, and that a request does not wait for others who
// write.
func TestSeen(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		s := h.first()
		_, token, err := h.NewToken(h.context(s.ticket), "ci", []access.Permission{access.View}, h.now.Add(time.Hour))
		must(t, err)
		use := func() {
			if access.From(h.context(s.ticket)).ID == "" || access.From(h.bearing(token)).ID == "" {
				t.Fatal("a session that is used ended")
			}
		}
		for range 20 {
			h.now = h.now.Add(time.Minute)
			use()
		}
		must(t, h.Sweep(context.Background()))
		if list, err := h.Tokens(h.context(s.ticket), s.ID); err != nil || !list[0].Seen.Equal(h.now) {
			t.Errorf("the token was used at %v, not %v; %v", h.now, list[0].Seen, err)
		}
		other := &house{db: db, t: t, log: h.log, now: h.now.Add(14 * time.Minute)}
		other.People, err = account.Open(context.Background(), db, nil, account.Options{Key: []byte(strings.Repeat("k", 32)), Now: func() time.Time { return other.now }})
		must(t, err)
		if access.From(other.context(s.ticket)).ID == "" {
			t.Error("another server does not know that the session was used")
		}
		held, free := make(chan struct{}), make(chan struct{})
		var writing sync.WaitGroup
		writing.Go(func() {
			err := db.Do(context.Background(), func(context.Context, bun.Tx) error { close(held); <-free; return nil })
			if err != nil {
				t.Error(err)
			}
		})
		<-held
		h.now = h.now.Add(time.Minute)
		use() // which would wait for ever
		close(free)
		writing.Wait()
	})
}

// TestSessions proves that people see and end their own sessions and nobody else's, that signing out ends one, and that a change of the
// password ends all others.
func TestSessions(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		bob := h.invite(ann, "bob@example.org", access.Viewer)
		one := bob.ticket
		two := h.signIn(bob)
		all, err := h.Sessions(h.context(two))
		if err != nil || len(all) != 2 || !all[0].Current || all[1].Current {
			t.Fatalf("sessions %+v, %v", all, err)
		}
		if err := h.EndSession(h.context(ann.ticket), all[1].ID); !errors.Is(err, account.ErrNone) {
			t.Errorf("somebody else's session: %v", err)
		}
		must(t, h.EndSession(h.context(two), all[1].ID))
		if access.From(h.context(one)).ID != "" {
			t.Error("the session goes on")
		}
		one = h.signIn(bob)
		var wrong *account.Mistake
		if _, err := h.ChangePassword(h.context(one), "not this", "new words for bob.", home); !errors.As(err, &wrong) || wrong.Field != "old" {
			t.Errorf("with a wrong password: %v", err)
		}
		if got := h.verbs(0); got[len(got)-1] != "sign-in refuse" {
			t.Errorf("records %q, want the refusal", got)
		}
		for range 6 {
			if _, err := h.ChangePassword(h.context(one), bob.password, "short", home); !errors.As(err, &wrong) || wrong.Field != "password" {
				t.Errorf("a short password: %v", err)
			}
		}
		if _, err := h.ChangePassword(h.context(one), bob.password, bob.password, home); !errors.As(err, &wrong) || wrong.Field != "password" {
			t.Errorf("the same password again: %v", err)
		}
		next, err := h.ChangePassword(h.context(one), bob.password, "eight green ladders!", home)
		must(t, err)
		if access.From(h.context(next)).ID != bob.ID || access.From(h.context(one)).ID != "" || access.From(h.context(two)).ID != "" {
			t.Error("only the session that changed the password should go on, under another secret")
		}
		must(t, h.SignOut(h.context(next)))
		if access.From(h.context(next)).ID != "" {
			t.Error("signed out, the session goes on")
		}
		if got := h.verbs(0); got[len(got)-1] != "sign-in sign out" {
			t.Errorf("records %q", got)
		}
	})
}

// TestExpired proves that a password that is too old lets its owner do nothing but change it.
func TestExpired(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	h.now = h.now.Add(91 * 24 * time.Hour)
	half := h.signIn(s)
	if half.Stage != account.Renew || access.From(h.context(half)).ID != "" {
		t.Fatalf("stage %q with a password of 91 days", half.Stage)
	}
	full, err := h.ChangePassword(h.context(half), s.password, "eight green ladders!", home)
	must(t, err)
	if access.From(h.context(full)).ID != s.ID {
		t.Error("not signed in after the password was changed")
	}
}

// TestRoles proves that roles count at once, that sessions end when they change, that nobody changes their own and the last administrator
// stays, and that a disabled account is out.
func TestRoles(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		admin := h.context(ann.ticket)
		bob := h.invite(ann, "bob@example.org", access.Viewer)
		ctx := h.context(bob.ticket)
		if _, err := h.Update(ctx, bob.ID, account.Change{Roles: &[]access.Role{access.Administrator}}); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a viewer changes roles: %v", err)
		}
		if _, err := h.List(ctx, "", 10); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a viewer lists accounts: %v", err)
		}
		if _, err := h.Get(ctx, ann.ID); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a viewer reads another account: %v", err)
		}
		var wrong *account.Mistake
		if _, err := h.Update(admin, ann.ID, account.Change{Roles: &[]access.Role{access.Compliance}}); !errors.As(err, &wrong) {
			t.Errorf("an administrator changes what it may do itself: %v", err)
		}
		if _, err := h.Update(admin, bob.ID, account.Change{Roles: &[]access.Role{"king"}}); !errors.As(err, &wrong) {
			t.Errorf("a role that is none: %v", err)
		}
		got, err := h.Update(admin, bob.ID, account.Change{Roles: &[]access.Role{access.Engineer, access.Auditor, access.Engineer}})
		if err != nil || !slices.Equal(got.Roles, []access.Role{access.Auditor, access.Engineer}) {
			t.Errorf("roles %v, %v", got.Roles, err)
		}
		if access.From(h.context(bob.ticket)).ID != "" {
			t.Error("the session goes on after the roles were changed")
		}
		if by := access.From(h.context(h.signIn(bob))); !by.May(access.Evidence) || !by.May(access.Assess) || by.May(access.People) {
			t.Errorf("with the new roles: %+v", by)
		}
		if all, err := h.Holders(h.context(bob.ticket), access.Assess); err != nil || len(all) != 2 || all[0].ID != ann.ID || all[0].Roles != nil {
			t.Errorf("who may assess: %+v, %v", all, err)
		}
		if _, err := h.Holders(context.Background(), access.Assess); !errors.Is(err, account.ErrDenied) {
			t.Errorf("who may assess, for nobody: %v", err)
		}
		yes := true
		_, err = h.Update(admin, bob.ID, account.Change{Disabled: &yes})
		must(t, err)
		if access.From(h.context(bob.ticket)).ID != "" {
			t.Error("a disabled account goes on")
		}
		if _, err := h.SignIn(context.Background(), bob.email, bob.password, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a disabled account signs in: %v", err)
		}
		list, err := h.List(admin, "", 10)
		if err != nil || len(list) != 2 || list[1].State != account.Disabled || !list[0].TOTP {
			t.Errorf("accounts %+v, %v", list, err)
		}
	})
}

// TestReset proves that a person who is locked out begins anew by a link, and that nothing from before is good any more.
func TestReset(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		bob := h.invite(ann, "bob@example.org", access.Viewer)
		if _, err := h.ResetLink(h.context(ann.ticket), ann.email); err == nil {
			t.Error("an administrator resets its own sign-in")
		}
		if _, err := h.ResetLink(h.context(bob.ticket), ann.email); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a viewer resets: %v", err)
		}
		path, err := h.ResetLink(h.context(ann.ticket), bob.email)
		must(t, err)
		if access.From(h.context(bob.ticket)).ID != "" {
			t.Error("the session goes on")
		}
		if _, err := h.SignIn(context.Background(), bob.email, bob.password, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("the old password: %v", err)
		}
		var wrong *account.Mistake
		if _, err := h.Begin(context.Background(), strings.TrimPrefix(path, account.LinkPath), "", "", bob.password, home); !errors.As(err, &wrong) {
			t.Errorf("the old password as the new one: %v", err)
		}
		bob.password = "six brass telescopes, b"
		half, err := h.Begin(context.Background(), strings.TrimPrefix(path, account.LinkPath), "Mallory", "mallory@example.org", bob.password, home)
		must(t, err)
		if half.Stage != account.Enrol {
			t.Errorf("stage %q", half.Stage)
		}
		if a, err := h.Self(h.context(half)); err != nil || a.Email != bob.email || a.ID != bob.ID || a.TOTP {
			t.Errorf("account %+v, %v", a, err)
		}
		must(t, h.SignOut(h.context(half)))
		locked, err := h.ResetLink(access.With(context.Background(), access.Program), ann.email)
		if err != nil || locked == "" {
			t.Errorf("from the command line: %v", err)
		}
	})
}

// TestIdlePage proves that a page of somebody who is signed in is left by the browser after the idle time, and no other is.
func TestIdlePage(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	for name, want := range map[string]string{s.ticket.Value: "905; url=/sign-in/idle?next=%2Fx%3Fy%3Dz", "": ""} {
		r := httptest.NewRequest(http.MethodGet, "/x?y=z", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: name})
		r.Header.Set("Accept", "text/html,*/*")
		w := httptest.NewRecorder()
		h.Identify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if got := w.Header().Get("Refresh"); got != want {
			t.Errorf("Refresh %q, want %q", got, want)
		}
	}
}

// TestNotice proves that the person of an account is told of each change, of a recovery code that was used too, with who made it, and that a
// change of which nobody could be told is not made.
func TestNotice(t *testing.T) {
	var told []string
	var fault error
	h := open(t, statetest.SQLite(t), func(o *account.Options) {
		o.Notice = func(_ context.Context, _ bun.Tx, n account.Notice) error {
			told = append(told, strings.TrimSpace(n.Verb+" "+n.Factor)+map[bool]string{false: " by another"}[n.Own]+" "+n.Email)
			return fault
		}
	})
	s := h.first()
	var err error
	if s.ticket, err = h.ChangePassword(h.context(s.ticket), s.password, "eight green ladders!", home); err != nil {
		t.Fatal(err)
	}
	codes, err := h.RenewRecovery(h.context(s.ticket))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Confirm(h.context(s.ticket), codes[0], home); err != nil {
		t.Fatal(err)
	}
	to := " " + s.email
	if want := []string{"create" + to, "enrol totp" + to, "change password" + to, "renew recovery codes" + to, account.UseRecovery + to}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	fault = errors.New("the outbox is full")
	if err := h.Confirm(h.context(s.ticket), codes[1], home); !errors.Is(err, fault) {
		t.Errorf("a code is used of which nobody can be told: %v", err)
	}
	fault = nil
	if err := h.Confirm(h.context(s.ticket), codes[1], home); err != nil {
		t.Errorf("the code is used up by an attempt that failed: %v", err)
	}
}

// BenchmarkIdentify measures what it costs to tell who sent a request.
func BenchmarkIdentify(b *testing.B) {
	h := open(b, statetest.SQLite(b))
	s := h.first()
	next := h.Identify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-ward", Value: s.ticket.Value})
		next.ServeHTTP(httptest.NewRecorder(), r)
	}
}
