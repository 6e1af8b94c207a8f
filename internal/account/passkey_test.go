package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

var party = virtual.RelyingParty{Name: "Ward", ID: "ward.example.org", Origin: origin}

// device is an authenticator of somebody.
type device struct {
	virtual.Authenticator
	key virtual.Credential
}

func newDevice(id string, verified bool) *device {
	return &device{virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: []byte(id), UserNotVerified: !verified}), virtual.NewCredential(virtual.KeyTypeEC2)}
}

// enrol answers BeginPasskey.
func (d *device) enrol(t *testing.T, c account.Ceremony) []byte {
	t.Helper()
	o, err := virtual.ParseAttestationOptions(string(c.Options))
	must(t, err)
	return []byte(virtual.CreateAttestationResponse(party, d.Authenticator, d.key, *o))
}

// answer answers AskPasskey.
func (d *device) answer(t *testing.T, c account.Ceremony, at virtual.RelyingParty) []byte {
	t.Helper()
	o, err := virtual.ParseAssertionOptions(string(c.Options))
	must(t, err)
	d.key.Counter++
	return []byte(virtual.CreateAssertionResponse(at, d.Authenticator, d.key, *o))
}

// TestPasskey proves that a passkey signs in alone, once for each question, only here and only if it asked its user.
func TestPasskey(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		h := open(t, db)
		s := h.first()
		ctx := context.Background()
		d := newDevice(s.ID, true)
		asked, err := h.BeginPasskey(h.context(s.ticket))
		must(t, err)
		answer := d.enrol(t, asked)
		if _, _, err := h.FinishPasskey(h.context(s.ticket), "another", "", answer, home); err == nil {
			t.Error("an answer to another question")
		}
		if _, codes, err := h.FinishPasskey(h.context(s.ticket), asked.ID, "Laptop", answer, home); err != nil || codes != nil {
			t.Fatalf("%v; recovery codes %v for a further factor", err, codes)
		}
		if _, _, err := h.FinishPasskey(h.context(s.ticket), asked.ID, "Laptop", answer, home); err == nil {
			t.Error("an answer for the second time")
		}
		list, err := h.Passkeys(h.context(s.ticket))
		if err != nil || len(list) != 1 || list[0].Name != "Laptop" || list[0].ID != base64.RawURLEncoding.EncodeToString(d.key.ID) {
			t.Fatalf("passkeys %+v, %v", list, err)
		}
		question, err := h.AskPasskey(ctx, home)
		must(t, err)
		reply := d.answer(t, question, party)
		ticket, err := h.SignInPasskey(ctx, question.ID, reply, home)
		must(t, err)
		if access.From(h.context(ticket)).ID != s.ID {
			t.Error("not signed in")
		}
		for name, try := range map[string]func() ([]byte, string){
			"again": func() ([]byte, string) { return reply, question.ID },
			"another site": func() ([]byte, string) {
				q, err := h.AskPasskey(ctx, home)
				must(t, err)
				return d.answer(t, q, virtual.RelyingParty{Name: "Ward", ID: "ward.example.org", Origin: "https://evil.example.org"}), q.ID
			},
			"user not asked": func() ([]byte, string) {
				q, err := h.AskPasskey(ctx, home)
				must(t, err)
				lazy := *d
				lazy.Options.UserNotVerified = true
				return lazy.answer(t, q, party), q.ID
			},
			"a key that is not known": func() ([]byte, string) {
				q, err := h.AskPasskey(ctx, home)
				must(t, err)
				return newDevice(s.ID, true).answer(t, q, party), q.ID
			},
			"a copy that is behind": func() ([]byte, string) {
				q, err := h.AskPasskey(ctx, home)
				must(t, err)
				old := *d
				old.key.Counter = 0
				return old.answer(t, q, party), q.ID
			},
			"no answer": func() ([]byte, string) {
				q, err := h.AskPasskey(ctx, home)
				must(t, err)
				return []byte("{}"), q.ID
			},
		} {
			answer, id := try()
			if _, err := h.SignInPasskey(ctx, id, answer, home); !errors.Is(err, account.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.now = h.now.Add(10 * time.Minute)
		if err := h.RemoveTOTP(h.context(ticket)); !errors.Is(err, account.ErrStale) {
			t.Errorf("remove a factor after a while: %v", err)
		}
		question, err = h.AskPasskey(ctx, home)
		must(t, err)
		must(t, h.ConfirmPasskey(h.context(ticket), question.ID, d.answer(t, question, party), home))
		must(t, h.RemoveTOTP(h.context(ticket)))
		if err := h.RemovePasskey(h.context(ticket), list[0].ID); err == nil {
			t.Error("the only second factor was removed")
		}
		if got := h.verbs(0); !slices.Contains(got, "sign-in confirm") || !slices.Contains(got, "account remove factor") {
			t.Errorf("records %q", got)
		}
	})
}

// TestPasskeyFirst proves that a passkey is as good as an authenticator app to begin with, and that there are none at an IP address.
func TestPasskeyFirst(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	path, err := h.Bootstrap(context.Background())
	must(t, err)
	half, err := h.Begin(context.Background(), path[len(account.LinkPath):], "Ann", "ann@example.org", "seven crooked kites!", home)
	must(t, err)
	a, err := h.Self(h.context(half))
	must(t, err)
	asked, err := h.BeginPasskey(h.context(half))
	must(t, err)
	full, codes, err := h.FinishPasskey(h.context(half), asked.ID, "", newDevice(a.ID, true).enrol(t, asked), home)
	if err != nil || len(codes) != 10 || access.From(h.context(full)).ID != a.ID {
		t.Errorf("%v; %d recovery codes", err, len(codes))
	}
	bare := open(t, statetest.SQLite(t), func(o *account.Options) { o.Origin = "https://127.0.0.1:8443" })
	if _, err := bare.AskPasskey(context.Background(), home); !errors.Is(err, account.ErrNoPasskeys) || bare.HasPasskeys() {
		t.Errorf("at an IP address: %v", err)
	}
}
