package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
)

// TestParameters proves that passwords are hashed by argon2id with the cost that OWASP asks for, a salt of 128 bits and the key.
func TestParameters(t *testing.T) {
	var o Options
	o.complete()
	o.Key = bytes.Repeat([]byte("k"), 32)
	p := &People{o: o, hashing: make(chan struct{}, 1)}
	const password = "seven crooked kites!"
	hash, err := p.hash(context.Background(), password)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", hash, err)
	}
	if salt := strings.Split(hash, "$")[4]; base64.RawStdEncoding.DecodedLen(len(salt)) != 16 {
		t.Errorf("salt %q", salt)
	}
	if ok, err := argon2id.ComparePasswordAndHash(password, hash); err != nil || ok {
		t.Errorf("the hash can be compared without the key: %v", err)
	}
	if ok, err := p.matches(context.Background(), password, hash); err != nil || !ok {
		t.Errorf("the password does not match its hash: %v", err)
	}
}

// TestSecret proves that secrets have 256 bits and none comes twice, and that names are one line.
func TestSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		s := secret()
		if b, err := base64.RawURLEncoding.DecodeString(s); err != nil || len(b) != 32 || seen[s] {
			t.Fatalf("%q, %v", s, err)
		}
		seen[s] = true
	}
	if got := person(" Ann\r\nroot\x00 \x1b[31mB\xff ", "x"); got != "Ann root [31mB" {
		t.Errorf("a name is %q", got)
	}
}

// TestTurn proves that no more passwords are hashed at a time than is set, and that whoever gives up leaves no gap.
func TestTurn(t *testing.T) {
	p := &People{hashing: make(chan struct{}, 1)}
	done, err := p.turn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.turn(ctx); err == nil {
		t.Error("two at a time")
	}
	done()
	if _, err := p.turn(context.Background()); err != nil {
		t.Error(err)
	}
}

// BenchmarkHash measures one comparison of a password with the parameters that servers use.
func BenchmarkHash(b *testing.B) {
	var o Options
	o.complete()
	hash, err := argon2id.CreateHash("seven crooked kites!", o.Hash)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := argon2id.ComparePasswordAndHash("seven crooked kites!", hash); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}
