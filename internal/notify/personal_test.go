package notify

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/notify/delivery/deliverytest"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

func (f *office) person(t testing.TB, email string, what Personal) bool {
	t.Helper()
	var told bool
	err := f.db.Do(f.ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		told, err = f.TellPerson(ctx, tx, email, what, f.now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// TestTellPerson proves that a person alone hears by mail of the own account, in words that nobody typed, however long the mail server is away,
// that it is recorded without the address, and that where there is no mail nobody is told.
func TestTellPerson(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		f := newOffice(t, db)
		f.channel(t, delivery.Channel{Kind: delivery.Webhook}, Route{})
		if f.person(t, "ada@example.org", PasswordChanged) {
			t.Error("without mail somebody is told")
		}
		box := deliverytest.NewMailbox(t, f.place, "starttls", "", "")
		mail := f.channel(t, delivery.Channel{Kind: delivery.Email, Host: "127.0.0.1", Port: box.Port, From: "ward@example.org", To: []string{"ops@example.org"}}, Route{})
		box.Refuse(451) // for a day
		before := len(f.log.Entries(t))
		if !f.person(t, "ada@example.org", RecoveryUsed) {
			t.Fatal("nobody is told")
		}
		for range 24 {
			f.pass(t, time.Hour)
		}
		if all, err := f.Messages(f.ctx, Wanted{Status: waiting}); err != nil || len(all) != 1 || all[0].Title != "Your account: recovery used" {
			t.Fatalf("it does not wait: %+v, %v", all, err)
		}
		box.Refuse(0)
		f.pass(t, 2*time.Hour)
		letters := box.Took()
		if len(letters) != 1 || len(letters[0].To) != 1 || letters[0].To[0] != "ada@example.org" || !letters[0].TLS {
			t.Fatalf("letters %+v", letters)
		}
		for _, want := range []string{"2026-05-04 12:00 UTC: A recovery code of your account was used.", "https://ward.example.org/account", "If this was not you"} {
			if text := strings.ReplaceAll(letters[0].Text, "=\r\n", ""); !strings.Contains(text, want) {
				t.Errorf("the letter has no %q: %s", want, text)
			}
		}
		if got := f.place.Took(); len(got) != 0 {
			t.Errorf("others were told: %+v", got)
		}
		entries := f.log.Entries(t)[before:]
		if len(entries) != 1 || entries[0].Verb != "send" || entries[0].Subject != "channel/"+mail.ID || strings.Contains(fmt.Sprint(entries[0]), "ada@") {
			t.Errorf("recorded %+v", entries)
		}
	})
}

// TestPersonalRoom proves that mails to persons take no room from what the readers of a channel are told, that they are bounded, and that one whose
// channel is no mail any more reaches nobody else.
func TestPersonalRoom(t *testing.T) {
	f := newOffice(t, statetest.SQLite(t))
	box := deliverytest.NewMailbox(t, f.place, "starttls", "", "")
	c := f.channel(t, delivery.Channel{Kind: delivery.Email, Host: "127.0.0.1", Port: box.Port, From: "ward@example.org", To: []string{"ops@example.org"}}, Route{})
	for n := range mostPersonal + 1 {
		if told := f.person(t, "ada@example.org", TokenMade); told != (n < mostPersonal) {
			t.Fatalf("after %d that wait: %v", n, told)
		}
	}
	if err := f.db.Do(f.ctx, func(ctx context.Context, tx bun.Tx) error {
		room, err := f.room(ctx, tx, c)
		if room != c.Limit() {
			t.Errorf("there is room for %d of %d", room, c.Limit())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.post.Send(f.ctx, delivery.Channel{Name: "hook", Kind: delivery.Webhook, URL: f.place.URL}, signingKey,
		delivery.Message{ID: "m", Sort: delivery.Personal, To: []string{"ada@example.org"}}); err == nil || len(f.place.Took()) != 0 {
		t.Errorf("a message for one person went to a webhook: %v", err)
	}
}
