package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Trust says whose signatures count.
type Trust struct {
	Keys        []Key
	Identities  []Identity
	Authorities []Authority
}

func (t Trust) empty() bool { return len(t.Keys)+len(t.Identities)+len(t.Authorities) == 0 }

// Scope is for which images somebody may sign.
type Scope struct {
	// Repositories are patterns on names such as "registry.example/team/app", in which * stands for any characters. None stands for all.
	Repositories []string
	// Predicates are the types of statements about an image that count as its signature, beside that which cosign signs.
	Predicates []string
}

func (s Scope) covers(repository string) bool {
	if len(s.Repositories) == 0 {
		return true
	}
	for _, pattern := range s.Repositories {
		if repository != "" && match(pattern, repository) {
			return true
		}
	}
	return false
}

// of returns those who may sign for a repository.
func (t Trust) of(repository string) Trust {
	var out Trust
	for _, k := range t.Keys {
		if k.covers(repository) {
			out.Keys = append(out.Keys, k)
		}
	}
	for _, i := range t.Identities {
		if i.covers(repository) {
			out.Identities = append(out.Identities, i)
		}
	}
	for _, a := range t.Authorities {
		if a.covers(repository) {
			out.Authorities = append(out.Authorities, a)
		}
	}
	return out
}

// Key is a public key whose holder is trusted.
type Key struct {
	// Name is what reports call it.
	Name   string
	Public crypto.PublicKey
	Scope
}

// minRSA is the fewest bits of an RSA key that NIST SP 800-131A allows for signatures.
const minRSA = 2048

// ParseKey reads a public key as cosign, openssl and key services write it: PEM of a SubjectPublicKeyInfo (RFC 5280), with a key
// for ECDSA (P-256, P-384, P-521), Ed25519 or RSA of at least 2048 bits.
func ParseKey(text []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("it is no PEM; a public key begins with -----BEGIN PUBLIC KEY-----")
	case strings.Contains(block.Type, "PRIVATE"):
		return nil, errors.New("it is a private key; give the public one, and keep this one away")
	case block.Type != "PUBLIC KEY":
		return nil, fmt.Errorf("it is a %s and no PUBLIC KEY", block.Type)
	case len(strings.TrimSpace(string(rest))) > 0:
		return nil, errors.New("it holds more than one key; give each a file of its own")
	}
	return parseKey(block.Bytes)
}

func parseKey(der []byte) (crypto.PublicKey, error) {
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize < 256 {
			return nil, fmt.Errorf("the curve %s is too weak", key.Curve.Params().Name)
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return nil, fmt.Errorf("an RSA key of %d bits is too weak; at least %d are wanted", key.N.BitLen(), minRSA)
		}
	default:
		return nil, fmt.Errorf("keys of this sort are not known: %T", public)
	}
	return public, nil
}

// Fingerprint names a key: the SHA-256 of its SubjectPublicKeyInfo.
func Fingerprint(public crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// signed tells whether a key made a signature of a message. Signers choose the hash by the key, or SHA-256 for all; RSA is padded either
// way.
func signed(public crypto.PublicKey, message, signature []byte) bool {
	if key, ok := public.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, message, signature)
	}
	s256, s384, s512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	for hash, sum := range map[crypto.Hash][]byte{crypto.SHA256: s256[:], crypto.SHA384: s384[:], crypto.SHA512: s512[:]} {
		switch key := public.(type) {
		case *ecdsa.PublicKey:
			if ecdsa.VerifyASN1(key, sum, signature) {
				return true
			}
		case *rsa.PublicKey:
			if rsa.VerifyPKCS1v15(key, hash, sum, signature) == nil || rsa.VerifyPSS(key, hash, sum, signature, nil) == nil {
				return true
			}
		}
	}
	return false
}

// match tells whether a pattern matches a whole text, in which * stands for any characters. Upper and lower case differ: identities do.
func match(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
