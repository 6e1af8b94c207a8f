package account_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// TestFederated proves that groups give roles, at each sign-in anew, that those without a role get no account, that an address of a local
// account does not open it, and that Link joins the two.
func TestFederated(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		const issuer = "https://id.example.org"
		h := open(t, db, func(o *account.Options) {
			o.Groups = map[string]map[string][]access.Role{issuer: {"sec": {access.Compliance}, "dev": {access.Engineer}}}
		})
		ctx := context.Background()
		claim := account.Claim{Issuer: issuer, Subject: "1", Name: "Cy", Email: "Cy@example.org", Groups: []string{"dev", "all"}}
		for _, c := range []account.Claim{
			{Issuer: issuer, Subject: "9", Email: "x@example.org", Groups: []string{"all"}},
			{Issuer: "https://other.example.org", Subject: "9", Email: "x@example.org", Groups: []string{"dev"}},
			{Issuer: issuer, Subject: "9", Email: "no address", Groups: []string{"dev"}},
		} {
			if _, err := h.SignInFederated(ctx, c, home); !errors.Is(err, account.ErrRefused) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		first, err := h.SignInFederated(ctx, claim, home)
		must(t, err)
		by := access.From(h.context(first))
		if by.Name != "cy@example.org" || !slices.Equal(by.Roles, []access.Role{access.Engineer}) {
			t.Errorf("signed in as %+v", by)
		}
		claim.Groups = []string{"sec", "dev"}
		claim.Email = "cy.new@example.org"
		second, err := h.SignInFederated(ctx, claim, home)
		must(t, err)
		if by := access.From(h.context(second)); !by.May(access.Approve) || access.From(h.context(first)).ID != "" {
			t.Errorf("with other groups: %+v; the session before should have ended", by)
		}
		claim.Groups = nil
		if _, err := h.SignInFederated(ctx, claim, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("out of all groups: %v", err)
		}
		if _, err := h.SignIn(ctx, "cy@example.org", "", home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("an account without a password: %v", err)
		}
		admin, err := h.SignInFederated(ctx, account.Claim{Issuer: issuer, Subject: "2", Email: "dan@example.org", Groups: []string{"dev"}}, home)
		must(t, err)
		dan := access.From(h.context(admin))
		ann := access.With(ctx, access.Program)
		_, path, err := h.Invite(ann, "Ann", "ann@example.org", []access.Role{access.Viewer})
		must(t, err)
		local := h.begin(path, "ann@example.org")
		theirs := account.Claim{Issuer: issuer, Subject: "3", Email: "ann@example.org", Groups: []string{"sec"}}
		if _, err := h.SignInFederated(ctx, theirs, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("the address of a local account: %v", err)
		}
		var wrong *account.Mistake
		if err := h.Link(ann, local.ID, issuer, "2"); !errors.As(err, &wrong) {
			t.Errorf("the identity of %s: %v", dan.Name, err)
		}
		must(t, h.Link(ann, local.ID, issuer, "3"))
		joined, err := h.SignInFederated(ctx, theirs, home)
		must(t, err)
		if by := access.From(h.context(joined)); by.ID != local.ID || !by.May(access.Approve) || access.From(h.context(local.ticket)).ID != "" {
			t.Errorf("after the link: %+v", by)
		}
		must(t, h.SignOutFederated(ctx, issuer, "nobody"))
		must(t, h.SignOutFederated(ctx, issuer, "3"))
		if access.From(h.context(joined)).ID != "" {
			t.Error("the session goes on after the issuer signed its identity out")
		}
		if _, err := h.SignIn(ctx, local.email, local.password, home); !errors.Is(err, account.ErrRefused) {
			t.Errorf("the local password after the link: %v", err)
		}
	})
}
