package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/state/statetest"
)

// TestPolicy proves which passwords are taken: more than twelve characters, one of them special, none that is common or the name.
func TestPolicy(t *testing.T) {
	for password, good := range map[string]bool{
		"twelve-chars":                    false,
		"thirteen-char":                   true,
		"thirteen char":                   false, // a space is not special
		"ThirteenLetter":                  false,
		"Password1234!":                   false,
		"P@ssw0rd12345!":                  false,
		"!!Welcome-2026!!":                false,
		"1234567890123!":                  false,
		"correct-horse-battery-staple":    false,
		"aaaaaaaaaaaaaa!":                 false,
		"qwertyuiop123.":                  false,
		"Ann.Example.2026":                false,
		"ann@example.org":                 false,
		"four words, quite unlike":        true,
		"пароль из слов-шести":            true,
		strings.Repeat("long words.", 11): true, // 121 characters
		strings.Repeat("long words.", 12): false,
		strings.Repeat("łöng wørds.", 11): true,
		"three owls, two 🦉 and a moon":    true,
		strings.Repeat("long words.", 99): false,
		"not utf-8 \xff\xfe, really":      false,
	} {
		err := account.DefaultPolicy.Check(password, "Ann Example", "ann@example.org")
		var wrong *account.Mistake
		if (err == nil) != good || err != nil && (!errors.As(err, &wrong) || strings.Contains(err.Error(), password)) {
			t.Errorf("%q: %v, want good %t", password, err, good)
		}
	}
}

// TestSameFromAllKeyboards proves that a letter with an accent is the same however it is composed.
func TestSameFromAllKeyboards(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	ticket, err := h.ChangePassword(h.context(s.ticket), s.password, "quatre cafés, deux chats", home)
	must(t, err)
	if _, err := h.ChangePassword(h.context(ticket), "quatre cafe\u0301s, deux chats", "eight green ladders!", home); err != nil {
		t.Errorf("composed otherwise: %v", err)
	}
}

// TestRemember proves that none of the last 24 passwords is taken again, and an older one is.
func TestRemember(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	old, ticket := s.password, s.ticket
	for i := range 24 {
		if _, err := h.ChangePassword(h.context(ticket), old, s.password, home); err == nil {
			t.Fatalf("the first password is taken again after %d others", i)
		}
		next := "green ladders, number " + string(rune('a'+i))
		var err error
		ticket, err = h.ChangePassword(h.context(ticket), old, next, home)
		must(t, err)
		old = next
		h.now = h.now.Add(time.Minute)
	}
	if _, err := h.ChangePassword(h.context(ticket), old, s.password, home); err != nil {
		t.Errorf("after 24 others: %v", err)
	}
}

// TestManyAtOnce proves that sign-ins side by side are all counted, so that nobody tries more passwords by trying them at once.
func TestManyAtOnce(t *testing.T) {
	h := open(t, statetest.SQLite(t))
	s := h.first()
	var tried sync.WaitGroup
	var mutex sync.Mutex
	refused := 0
	for range 40 {
		tried.Go(func() {
			_, err := h.SignIn(context.Background(), s.email, "wrong", home)
			mutex.Lock()
			defer mutex.Unlock()
			if errors.Is(err, account.ErrRefused) {
				refused++
			}
		})
	}
	tried.Wait()
	if refused != 5 {
		t.Errorf("%d passwords were compared, want 5", refused)
	}
}

// TestKey proves that accounts are not opened without a key, and that a secret which was sealed with another key is an error and no refusal.
func TestKey(t *testing.T) {
	db := statetest.SQLite(t)
	if _, err := account.Open(context.Background(), db, nil, account.Options{}); err == nil {
		t.Error("opened without a key")
	}
	h := open(t, db)
	s := h.first()
	other := open(t, statetest.SQLite(t)) // for its ledger
	_ = other
	strange, err := account.Open(context.Background(), db, nil, account.Options{Key: []byte(strings.Repeat("x", 32)), Now: func() time.Time { return h.now }})
	must(t, err)
	half, err := h.SignIn(context.Background(), s.email, s.password, home)
	must(t, err)
	if _, err := strange.SecondFactor(h.context(half), h.code(s), home); err == nil || errors.Is(err, account.ErrRefused) {
		t.Errorf("with another key: %v", err)
	}
}

// FuzzPolicy proves that no password, name or address brings the policy down, and that what it takes is as long as it says.
func FuzzPolicy(f *testing.F) {
	f.Add("thirteen-char", "Ann", "ann@example.org")
	f.Add("\xff", "", "@")
	f.Fuzz(func(t *testing.T, password, name, email string) {
		if account.DefaultPolicy.Check(password, name, email) == nil && (!utf8.ValidString(password) || len(password) > 512) {
			t.Errorf("%q is taken", password)
		}
	})
}
