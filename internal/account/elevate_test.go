package account_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

const why = "The nightly assessment must be seen to."

// TestElevate proves that a role is lent only to those who may have it, after a second factor was shown, with a reason, for a time, and to one
// session.
func TestElevate(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		bob := h.invite(ann, "bob@example.org", access.Engineer)
		var wrong *account.Mistake
		if _, err := h.Elevate(h.context(bob.ticket), access.Compliance, why, time.Hour); !errors.As(err, &wrong) || wrong.Field != "role" {
			t.Errorf("nobody allowed it: %v", err)
		}
		_, err := h.Update(h.context(ann.ticket), bob.ID, account.Change{Elevates: &[]access.Role{access.Compliance}})
		must(t, err)
		other := h.signIn(bob)
		first := h.signIn(bob)
		if _, err := h.Elevate(h.context(first), access.Administrator, why, time.Hour); !errors.As(err, &wrong) {
			t.Errorf("another role: %v", err)
		}
		if _, err := h.Elevate(h.context(first), access.Compliance, "because", time.Hour); !errors.As(err, &wrong) || wrong.Field != "reason" {
			t.Errorf("no reason: %v", err)
		}
		if _, err := h.Elevate(h.context(first), access.Compliance, why, 9*time.Hour); !errors.As(err, &wrong) || wrong.Field != "minutes" {
			t.Errorf("for ever: %v", err)
		}
		h.now = h.now.Add(6 * time.Minute)
		if _, err := h.Elevate(h.context(first), access.Compliance, why, time.Hour); !errors.Is(err, account.ErrStale) {
			t.Errorf("a second factor of six minutes ago: %v", err)
		}
		if err := h.Confirm(h.context(first), "123456", home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("a wrong code: %v", err)
		}
		must(t, h.Confirm(h.context(first), h.code(bob), home))
		up, err := h.Elevate(h.context(first), access.Compliance, why, 10*time.Minute)
		must(t, err)
		by := access.From(h.context(up))
		if !by.May(access.Approve) || by.Elevation == "" || access.From(h.context(first)).ID != "" || access.From(h.context(other)).May(access.Approve) {
			t.Errorf("elevated: %+v; the old secret and other sessions should not be", by)
		}
		if e, err := h.Elevated(h.context(up)); err != nil || e.Reason != why || e.Role != "compliance" {
			t.Errorf("elevation %+v, %v", e, err)
		}
		if scopes, err := h.Scopes(h.context(up)); err != nil || slices.Contains(scopes, access.Approve) {
			t.Errorf("a token could keep what is lent: %v, %v", scopes, err)
		}
		down, err := h.StepDown(h.context(up))
		must(t, err)
		if access.From(h.context(down)).May(access.Approve) {
			t.Error("elevated after stepping down")
		}
		up, err = h.Elevate(h.context(down), access.Compliance, why, 10*time.Minute)
		must(t, err)
		h.now = h.now.Add(10 * time.Minute)
		if by := access.From(h.context(up)); by.May(access.Approve) || !by.May(access.Propose) || by.Elevation != "" {
			t.Errorf("after its time: %+v", by)
		}
	})
}

// TestGlass proves that only accounts that are marked break the glass, that it gives everything for an hour, and that a second person signs it
// off afterwards.
func TestGlass(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		bob := h.invite(ann, "bob@example.org", access.Viewer)
		if _, err := h.BreakGlass(h.context(bob.ticket), why); !errors.Is(err, account.ErrDenied) {
			t.Errorf("an account that is not marked: %v", err)
		}
		yes := true
		_, err := h.Update(h.context(ann.ticket), bob.ID, account.Change{BreakGlass: &yes})
		must(t, err)
		up, err := h.BreakGlass(h.context(h.signIn(bob)), why)
		must(t, err)
		by := access.From(h.context(up))
		for role := range access.Roles {
			for _, p := range access.Roles[role] {
				if !by.May(p) {
					t.Errorf("the glass is broken, and %q is not allowed", p)
				}
			}
		}
		due, err := h.Elevations(h.context(ann.ticket), true, "", 10)
		if err != nil || len(due) != 1 || !due[0].Due() || due[0].Account != bob.ID {
			t.Fatalf("due %+v, %v", due, err)
		}
		const remark = "Looked at all that was done."
		var wrong *account.Mistake
		if err := h.Review(h.context(ann.ticket), due[0].ID, remark); !errors.As(err, &wrong) {
			t.Errorf("a review before the time is over: %v", err)
		}
		if err := h.Review(h.context(up), due[0].ID, remark); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a review by whoever broke it: %v", err)
		}
		h.now = h.now.Add(61 * time.Minute)
		if by := access.From(h.context(h.signIn(bob))); by.May(access.People) {
			t.Error("the glass is still broken after an hour")
		}
		h.signIn(ann)
		if err := h.Review(h.context(bob.ticket), due[0].ID, remark); !errors.Is(err, account.ErrDenied) {
			t.Errorf("a review by a viewer: %v", err)
		}
		must(t, h.Review(h.context(ann.ticket), due[0].ID, remark))
		if err := h.Review(h.context(ann.ticket), due[0].ID, remark); !errors.As(err, &wrong) {
			t.Errorf("a second review: %v", err)
		}
		all, err := h.Elevations(h.context(ann.ticket), false, "", 10)
		if err != nil || len(all) != 1 || all[0].Due() || all[0].Reviewer != ann.ID || all[0].Remark != remark {
			t.Errorf("elevations %+v, %v", all, err)
		}
	})
}

// TestTokens proves that a token does no more than its scope and its owner's own roles, that it ends, that it is kept as a digest, and that it
// makes no other tokens.
func TestTokens(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		ann := h.first()
		ctx := h.context(ann.ticket)
		var wrong *account.Mistake
		for field, try := range map[string]func() error{
			"scope": func() error {
				_, _, err := h.NewToken(ctx, "ci", []access.Permission{access.Approve}, h.now.Add(time.Hour))
				return err
			},
			"expires": func() error {
				_, _, err := h.NewToken(ctx, "ci", []access.Permission{access.View}, h.now.Add(400*24*time.Hour))
				return err
			},
			"name": func() error {
				_, _, err := h.NewToken(ctx, " ", []access.Permission{access.View}, h.now.Add(time.Hour))
				return err
			},
		} {
			if err := try(); !errors.As(err, &wrong) || wrong.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, _, err := h.NewToken(ctx, "ci", []access.Permission{access.Own}, h.now.Add(time.Hour)); err == nil {
			t.Error("a token for the own account")
		}
		made, value, err := h.NewToken(ctx, "ci", []access.Permission{access.View, access.People}, h.now.Add(48*time.Hour))
		must(t, err)
		by := access.From(h.bearing(value))
		if by.ID != ann.ID || by.Via != "token" || by.Session != made.ID || !by.May(access.View) || by.May(access.Assess) || by.May(access.Own) {
			t.Errorf("the token is %+v", by)
		}
		if _, _, err := h.NewToken(h.bearing(value), "more", []access.Permission{access.View}, h.now.Add(time.Hour)); err == nil {
			t.Error("a token makes a token")
		}
		h.silent(ann, value, value[len(account.TokenPrefix):])
		bob := h.invite(ann, "bob@example.org", access.Viewer)
		if err := h.EndToken(h.context(bob.ticket), made.ID); !errors.Is(err, account.ErrNone) {
			t.Errorf("somebody else's token: %v", err)
		}
		if access.From(h.bearing(value+"x")).ID != "" {
			t.Error("a token that is none")
		}
		h.now = h.now.Add(49 * time.Hour)
		if access.From(h.bearing(value)).ID != "" {
			t.Error("the token goes on after its end")
		}
		h.signIn(ann)
		_, value, err = h.NewToken(h.context(ann.ticket), "ci", []access.Permission{access.View}, h.now.Add(time.Hour))
		must(t, err)
		list, err := h.Tokens(h.context(ann.ticket), ann.ID)
		if err != nil || len(list) != 2 {
			t.Fatalf("tokens %+v, %v", list, err)
		}
		must(t, h.EndToken(h.context(ann.ticket), list[0].ID))
		if access.From(h.bearing(value)).ID != "" {
			t.Error("the token goes on after it was ended")
		}
	})
}

// TestGuessedTokens proves that whoever tries tokens has to wait, and that this does not fill the ledger.
func TestGuessedTokens(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	status := 0
	for range 40 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer ward_guess")
		w := httptest.NewRecorder()
		h.Identify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		status = w.Code
	}
	if n := len(h.log.Entries(t)); status != http.StatusTooManyRequests || n != 30 {
		t.Errorf("status %d after 40 guesses, %d of them recorded", status, n)
	}
}
