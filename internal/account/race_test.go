package account_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// atOnce runs all side by side and returns how many succeeded.
func atOnce(all ...func() error) int64 {
	var running sync.WaitGroup
	var good atomic.Int64
	for _, act := range all {
		running.Go(func() {
			if act() == nil {
				good.Add(1)
			}
		})
	}
	running.Wait()
	return good.Load()
}

// TestOnce proves that what is good once is good once, however many use it at the same time: codes, recovery codes, links.
func TestOnce(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ctx := context.Background()
		path, err := h.Bootstrap(ctx)
		must(t, err)
		begin := func() error {
			_, err := h.Begin(ctx, path[len(account.LinkPath):], "Ann", "ann@example.org", "seven crooked kites, a", home)
			return err
		}
		if n := atOnce(begin, begin, begin); n != 1 {
			t.Errorf("%d people began with one link", n)
		}
		path, err = h.ResetLink(access.With(ctx, access.Program), "ann@example.org")
		must(t, err)
		s := &somebody{email: "ann@example.org", password: "another four words, please"}
		half, err := h.Begin(ctx, path[len(account.LinkPath):], "", "", s.password, home)
		must(t, err)
		secret, err := h.BeginTOTP(h.context(half))
		must(t, err)
		s.secret = secret.Text
		_, s.recovery, err = h.ConfirmTOTP(h.context(half), h.code(s), home)
		must(t, err)
		for name, code := range map[string]string{"code": h.code(s), "recovery code": s.recovery[0]} {
			var tries []func() error
			for range 3 {
				half, err := h.SignIn(ctx, s.email, s.password, home)
				must(t, err)
				request := h.context(half)
				tries = append(tries, func() error {
					_, err := h.SecondFactor(request, code, home)
					return err
				})
			}
			if n := atOnce(tries...); n != 1 {
				t.Errorf("%d sign-ins with one %s", n, name)
			}
		}
	})
}

// TestLast proves that two administrators who take each other's role at the same time leave one.
func TestLast(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		bob := h.invite(ann, "bob@example.org", access.Administrator)
		viewer := account.Change{Roles: &[]access.Role{access.Viewer}}
		asAnn, asBob := h.context(ann.ticket), h.context(bob.ticket)
		n := atOnce(func() error { _, err := h.Update(asAnn, bob.ID, viewer); return err }, func() error { _, err := h.Update(asBob, ann.ID, viewer); return err })
		var left int
		must(t, db.NewRaw("SELECT count(*) FROM account WHERE roles LIKE '%administrator%'").Scan(context.Background(), &left))
		if n != 1 || left != 1 {
			t.Errorf("%d changes were made, and %d administrators are left", n, left)
		}
	})
}
