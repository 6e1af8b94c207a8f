package serve

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
)

// TestPasswords proves that what the settings ask of passwords and attempts is what a server asks of people, and that a server does not start without
// the list of breached passwords that it is to look into.
func TestPasswords(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "passwords: {longer_than: 24, max_days: 30}\nlockout: {account_attempts: 3, first_wait: 1m}\n")
	settings, err := Load("", dir, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := settings.Show(); err != nil || !strings.Contains(string(text), "longer_than: 24") || !strings.Contains(string(text), "longest_wait: 15m") {
		t.Errorf("shown: %s, %v", text, err)
	}
	server, stop := start(t, settings)
	if p := server.people.Policy(); p.Longer != 24 || !p.Special || p.MaxAge != 30*day || p.Remember != 24 {
		t.Errorf("the policy is %+v", p)
	}
	admin := access.With(context.Background(), access.Actor{ID: "ada", Name: "ada", Roles: []access.Role{access.Administrator}})
	_, link, err := server.people.Invite(admin, "Bea", "bea@example.org", []access.Role{access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	link = strings.TrimPrefix(link, account.LinkPath)
	var wrong *account.Mistake
	if _, err := server.people.Begin(admin, link, "", "", password, account.Origin{}); !errors.As(err, &wrong) {
		t.Errorf("a password of %d characters: %v", len(password), err)
	}
	if _, err := server.people.Begin(admin, link, "", "", password+"-and-some-more", account.Origin{}); err != nil {
		t.Error(err)
	}
	var wait *account.Wait
	for n := range 4 {
		_, err := server.people.SignIn(context.Background(), "bea@example.org", "wrong", account.Origin{Address: "192.0.2.7"})
		if errors.As(err, &wait) != (n == 3) {
			t.Errorf("attempt %d in vain: %v", n+1, err)
		}
	}
	if wait == nil || wait.For < 50*time.Second || wait.For > time.Minute {
		t.Errorf("it has to wait %+v", wait)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	settings.Passwords.Breached = filepath.Join(dir, "none")
	if _, err := Open(context.Background(), settings, "test", os.Stderr); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a list that is not there: %v", err)
	}
}
