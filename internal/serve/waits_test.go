package serve

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
)

// TestWaits proves that emergency access stands first among what is due until a second person has looked at it, that an account without a second
// factor does too, and that both are told to those alone who may see them.
func TestWaits(t *testing.T) {
	server, _ := start(t, settingsOf(t, t.TempDir()))
	link, err := server.FirstLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ada := acting(server, signUp(t, server, link, "Ada", "ada@example.org"))
	_, link, err = server.people.Invite(ada, "Bea", "bea@example.org", []access.Role{access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	all, err := server.people.List(ada, "ada@example.org", 1)
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := server.people.Update(ada, all[0].ID, account.Change{BreakGlass: &yes}); err != nil {
		t.Fatal(err)
	}
	bea := acting(server, signUp(t, server, link, "Bea", "bea@example.org"))
	if _, err := server.people.BreakGlass(bea, "the records cannot be reached"); err != nil {
		t.Fatal(err)
	}
	_, link, err = server.people.Invite(ada, "Cy", "cy@example.org", []access.Role{access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.people.Begin(ada, strings.TrimPrefix(link, account.LinkPath), "", "", goodPassword, account.Origin{}); err != nil {
		t.Fatal(err)
	}
	titles := func(roles ...access.Role) (told []string) {
		t.Helper()
		due, err := server.due(access.With(context.Background(), access.Actor{ID: "x", Name: "x", Roles: roles}), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range due {
			told = append(told, d.State+": "+d.Title)
		}
		return told
	}
	glass, half := "due: Emergency access of Bea waits for review", "waiting: The account of Cy has no second factor yet"
	for _, c := range []struct {
		role access.Role
		want []string
	}{{access.Administrator, []string{glass, half}}, {access.Auditor, []string{glass}}, {access.Viewer, nil}} {
		if got := titles(c.role); !slices.Equal(got, c.want) {
			t.Errorf("%s is told %q, want %q", c.role, got, c.want)
		}
	}
}
