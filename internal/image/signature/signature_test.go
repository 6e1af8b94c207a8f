package signature_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ward.dev/ward/internal/image/signature"
)

// one returns the only signature of a report.
func one(t *testing.T, r signature.Report) signature.Signature {
	t.Helper()
	if len(r.Signatures) != 1 || len(r.Gaps) > 0 {
		t.Fatalf("not one signature: %+v", r)
	}
	return r.Signatures[0]
}

// TestKeys proves that a signature of cosign is verified with each sort of key, by whoever signed the index or the manifest in it.
func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		key  crypto.Signer
		opts crypto.SignerOpts
	}{
		"P-256": {newECDSA(t, elliptic.P256()), crypto.SHA256}, "P-384 with SHA-256": {newECDSA(t, elliptic.P384()), crypto.SHA256},
		"P-384": {newECDSA(t, elliptic.P384()), crypto.SHA384}, "Ed25519": {newEd25519(t), crypto.SHA256},
		"RSA":     {newRSA(t, 2048), crypto.SHA256},
		"RSA-PSS": {newRSA(t, 2048), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}},
	} {
		h := serve(t, false, nil)
		p := payload("registry.example/team/app", h.subject.Digest.String())
		h.cosign(p, sign(t, c.key, p, c.opts), nil)
		got := one(t, h.verify(signature.Trust{Keys: []signature.Key{trusted(t, c.key)}}))
		want := signature.Signature{Format: signature.Cosign, Digest: h.subject.Digest.String(), Verdict: signature.Verified, Signer: "release"}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	h := serve(t, true, nil)
	h.subject = h.manifest
	key := newECDSA(t, elliptic.P256())
	p := payload("registry.example/team/app", h.manifest.Digest.String())
	h.cosign(p, sign(t, key, p), nil)
	if got := one(t, h.verify(signature.Trust{Keys: []signature.Key{trusted(t, key)}})); got.Verdict != signature.Verified {
		t.Errorf("the manifest of the platform: %+v", got)
	}
}

// TestRefused proves that what is not a valid signature of a trusted key over this image, in a repository for which the key is trusted, is
// none.
func TestRefused(t *testing.T) {
	key, other := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	for name, c := range map[string]struct {
		push  func(h *home)
		trust signature.Key
		why   string
	}{
		"another key": {func(h *home) {
			p := payload("", h.subject.Digest.String())
			h.cosign(p, sign(t, other, p), nil)
		}, trusted(t, key), "not of a key"},
		"a changed payload": {func(h *home) {
			p := payload("", h.subject.Digest.String())
			h.cosign([]byte(strings.Replace(string(p), "null", `{"a":1}`, 1)), sign(t, key, p), nil)
		}, trusted(t, key), "was changed"},
		"another digest": {func(h *home) {
			p := payload("", "sha256:"+strings.Repeat("0", 64))
			h.cosign(p, sign(t, key, p), nil)
		}, trusted(t, key), "another image"},
		"the digest of another platform's image in place of the index": {func(h *home) {
			p := payload("", h.manifest.Digest.String())
			h.cosign(p, sign(t, key, p), nil)
		}, trusted(t, key), "another image"},
		"another repository": {func(h *home) {
			p := payload("registry.example/other/app", h.subject.Digest.String())
			h.cosign(p, sign(t, key, p), nil)
		}, trusted(t, key, "127.0.0.1:*/team/*", "registry.example/team/*"), "signed under the name"},
		"another sort of payload": {func(h *home) {
			p := []byte(strings.Replace(string(payload("", h.subject.Digest.String())), "cosign container", "atomic container", 1))
			h.cosign(p, sign(t, key, p), nil)
		}, trusted(t, key), "atomic container"},
		"no signature": {func(h *home) { h.cosign(payload("", h.subject.Digest.String()), nil, nil) }, trusted(t, key), "no signature in base64"},
		"no JSON":      {func(h *home) { h.cosign([]byte("x"), sign(t, key, []byte("x")), nil) }, trusted(t, key), "not JSON"},
		"a statement by another key": {func(h *home) {
			e, _ := statement(t, other, h.subject.Digest.String(), signPredicate)
			h.refer(bundleType, bundleType, encode(t, map[string]any{"dsseEnvelope": e, "verificationMaterial": map[string]any{"publicKey": map[string]any{}}}))
		}, trusted(t, key), "not of a key"},
		"a statement about another image": {func(h *home) {
			e, _ := statement(t, key, "sha256:"+strings.Repeat("0", 64), signPredicate)
			h.refer(bundleType, bundleType, encode(t, map[string]any{"dsseEnvelope": e, "verificationMaterial": map[string]any{"publicKey": map[string]any{}}}))
		}, trusted(t, key), "something else"},
		"an empty bundle":   {func(h *home) { h.refer(bundleType, bundleType, []byte("{}")) }, trusted(t, key), "no bundle"},
		"a broken bundle":   {func(h *home) { h.refer(bundleType, bundleType, []byte("[")) }, trusted(t, key), "no bundle"},
		"an empty Notation": {func(h *home) { h.refer(notationType, "application/jose+json", []byte("{}")) }, trusted(t, key), "no JWS"},
	} {
		h := serve(t, true, nil)
		c.push(h)
		got := one(t, h.verify(signature.Trust{Keys: []signature.Key{c.trust}}))
		if got.Verdict != signature.Refused || !strings.Contains(got.Why, c.why) || got.Signer != "" {
			t.Errorf("%s: %+v, want %q", name, got, c.why)
		}
	}
}

// TestRepositories proves that a key counts only for the repositories that it is trusted for, under the image's own name and under the one
// that it was signed as.
func TestRepositories(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	h := serve(t, true, nil)
	p := payload("registry.example/team/app:1", h.subject.Digest.String())
	h.cosign(p, sign(t, key, p), nil)
	if got := one(t, h.verify(signature.Trust{Keys: []signature.Key{trusted(t, key, "127.0.0.1:*/team/app", "registry.example/team/*")}})); got.Verdict != signature.Verified {
		t.Errorf("%+v", got)
	}
	got := h.verify(signature.Trust{Keys: []signature.Key{trusted(t, key, "127.0.0.1:*/others/*")}})
	if len(got.Signatures) > 0 || len(got.Gaps) != 1 || !strings.Contains(got.Gaps[0].Why, "/team/app") {
		t.Errorf("nobody may sign for the repository: %+v", got)
	}
}

// TestBundles proves that Sigstore bundles are verified with a key, found by the interface for referrers and by the tag that stands in for
// it, and that statements of other sorts are no signatures unless they are trusted as such.
func TestBundles(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	const provenance = "https://slsa.dev/provenance/v1"
	for _, referrers := range []bool{true, false} {
		h := serve(t, referrers, nil)
		for _, predicate := range []string{provenance, signPredicate} {
			e, _ := statement(t, key, h.subject.Digest.String(), predicate)
			h.refer(bundleType, bundleType, encode(t, map[string]any{"mediaType": bundleType, "dsseEnvelope": e,
				"verificationMaterial": map[string]any{"publicKey": map[string]any{"hint": "x"}}}))
		}
		k := trusted(t, key)
		if got := one(t, h.verify(signature.Trust{Keys: []signature.Key{k}})); got.Verdict != signature.Verified || got.Format != signature.Bundle {
			t.Errorf("%v: %+v", referrers, got)
		}
		k.Predicates = []string{provenance}
		if got := h.verify(signature.Trust{Keys: []signature.Key{k}}); len(got.Signatures) != 2 || got.Signatures[0].Verdict != signature.Verified {
			t.Errorf("with provenance: %+v", got)
		}
		other := trusted(t, newECDSA(t, elliptic.P256()))
		other.Predicates = []string{provenance}
		if got := h.verify(signature.Trust{Keys: []signature.Key{trusted(t, key), other}}); len(got.Signatures) != 2 ||
			got.Signatures[0].Verdict != signature.Refused && got.Signatures[1].Verdict != signature.Refused {
			t.Errorf("provenance that another key is trusted with: %+v", got)
		}
	}
	h := serve(t, true, nil)
	raw := pull(t, h)
	h.refer(bundleType, bundleType, encode(t, map[string]any{"messageSignature": map[string]any{"signature": sign(t, key, raw)},
		"verificationMaterial": map[string]any{"publicKey": map[string]any{}}}))
	if got := one(t, h.verify(signature.Trust{Keys: []signature.Key{trusted(t, key)}})); got.Verdict != signature.Verified {
		t.Errorf("a signature of the manifest: %+v", got)
	}
}

// TestNone proves that an image without signatures has none for sure, that one whose registry does not answer may have some, and that
// without trust nobody is asked.
func TestNone(t *testing.T) {
	key := trusted(t, newEd25519(t))
	if got := serve(t, true, nil).verify(signature.Trust{Keys: []signature.Key{key}}); len(got.Signatures)+len(got.Gaps) > 0 {
		t.Errorf("an image without: %+v", got)
	}
	for name, fault := range map[string]func(r *http.Request) bool{
		"the tag":       func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".sig") },
		"the referrers": func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/referrers/") },
	} {
		for _, status := range []int{http.StatusForbidden, http.StatusNotImplemented} {
			h := serve(t, true, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if fault(r) && r.Method == http.MethodGet {
						w.WriteHeader(status)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			if got := h.verify(signature.Trust{Keys: []signature.Key{key}}); len(got.Gaps) != 2 {
				t.Errorf("%s answers %d: %+v", name, status, got)
			}
		}
	}
	asked := false
	h := serve(t, true, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = asked || strings.Contains(r.URL.Path, "sha256-") || strings.Contains(r.URL.Path, "referrers")
			next.ServeHTTP(w, r)
		})
	})
	if got := h.verify(signature.Trust{}); len(got.Gaps) != 1 || asked {
		t.Errorf("without trust: %+v, asked: %v", got, asked)
	}
}

// TestMany proves that no more signatures are read than the bounds allow, and that this is said.
func TestMany(t *testing.T) {
	h := serve(t, true, nil)
	p := payload("", h.subject.Digest.String())
	for range 130 {
		h.signatures = append(h.signatures, addendum(p, "AAAA"))
	}
	h.cosign(p, []byte("x"), nil)
	got := h.verify(signature.Trust{Keys: []signature.Key{trusted(t, newEd25519(t))}})
	if len(got.Signatures) != 128 || len(got.Gaps) != 1 {
		t.Errorf("%d signatures, %+v", len(got.Signatures), got.Gaps)
	}
}

// TestParseKey proves that only public keys of known sorts and of enough strength are taken.
func TestParseKey(t *testing.T) {
	private, err := x509.MarshalPKCS8PrivateKey(newEd25519(t))
	must(t, err)
	good := string(text(t, newECDSA(t, elliptic.P521()).Public()))
	for text, want := range map[string]string{
		good: "", "": "no PEM", "x": "no PEM",
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})): "private key",
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: private})): "no PUBLIC KEY",
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: private})):  "asn1",
		good + good: "more than one",
		string(text(t, newECDSA(t, elliptic.P224()).Public())): "too weak",
		string(text(t, weakRSA(t))):                            "too weak",
	} {
		_, err := signature.ParseKey([]byte(text))
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.Contains(got, want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}
