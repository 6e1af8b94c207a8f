package serve

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/notify/delivery/deliverytest"
)

// TestPersonalMail proves that a server mails a person whose sign-in an administrator resets, over a real mail server, and nobody else.
func TestPersonalMail(t *testing.T) {
	settings := settingsOf(t, t.TempDir())
	settings.Notifications = notify.Settings{AllowAddresses: []string{"127.0.0.1"}}
	server, _ := start(t, settings)
	admin := access.With(context.Background(), access.Actor{ID: "ada", Name: "ada", Roles: []access.Role{access.Administrator}})
	box := deliverytest.NewMailbox(t, deliverytest.NewReceiver(t), "none", "", "")
	_, err := server.outbox.SaveChannel(admin, delivery.Channel{Name: "mail", Kind: delivery.Email, Host: "127.0.0.1", Port: box.Port, Security: "none",
		From: "ward@example.org", To: []string{"ops@example.org"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, link, err := server.people.Invite(admin, "Bea", "bea@example.org", []access.Role{access.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.people.Begin(context.Background(), strings.TrimPrefix(link, account.LinkPath), "", "", password, account.Origin{}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.people.ResetLink(admin, "bea@example.org"); err != nil {
		t.Fatal(err)
	}
	var told []string
	for deadline := time.Now().Add(30 * time.Second); len(told) < 2 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, letter := range box.Took() {
			for line := range strings.Lines(letter.Text) {
				if subject, ok := strings.CutPrefix(line, "Subject: "); ok {
					told = append(told, strings.Join(letter.To, ",")+" "+strings.TrimSpace(subject))
				}
			}
		}
	}
	want := []string{"bea@example.org [Ward] Your account: account begun", "bea@example.org [Ward] Your account: sign-in reset"}
	if slices.Sort(told); !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
