package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/image/signature"
)

// notary is somebody who signs with Notation, and what may go wrong with it.
type notary struct {
	t           *testing.T
	home        *home
	authority   *authority
	key         crypto.Signer
	certificate *x509.Certificate
	algorithm   string
	header      map[string]any
	digest      string
	more        map[string]any // of the unprotected header
	changed     bool
	trust       signature.Authority
}

func newNotary(t *testing.T) *notary {
	n := &notary{t: t, home: serve(t, true, nil), authority: newAuthority(t), key: newECDSA(t, elliptic.P256()), algorithm: "ES256", more: map[string]any{}}
	n.certify(now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
	n.digest = n.home.subject.Digest.String()
	n.header = map[string]any{"cty": "application/vnd.cncf.notary.payload.v1+json", "crit": []string{"io.cncf.notary.signingScheme"},
		"io.cncf.notary.signingScheme": "notary.x509", "io.cncf.notary.signingTime": now.AddDate(0, 0, -1)}
	n.trust = signature.Authority{Roots: []*x509.Certificate{n.authority.root}, Subject: "CN=release,O=Clinic,C=US"}
	return n
}

func (n *notary) certify(from, until time.Time) {
	n.certificate = n.authority.issue(&x509.Certificate{NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		Subject:     pkix.Name{CommonName: "release", Organization: []string{"Clinic"}, Country: []string{"US"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}, n.authority.root, n.key)
}

func (n *notary) verify() signature.Signature {
	n.t.Helper()
	n.header["alg"] = n.algorithm
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(encode(n.t, v)) }
	protected := part(n.header)
	payload := part(map[string]any{"targetArtifact": map[string]any{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": n.digest, "size": 1}})
	hash := sha256.Sum256([]byte(protected + "." + payload))
	var sig []byte
	switch key := n.key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
		must(n.t, err)
		sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case *rsa.PrivateKey:
		var err error
		sig, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, hash[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		must(n.t, err)
	}
	if n.changed {
		sig[5] ^= 1
	}
	n.more["x5c"] = [][]byte{n.certificate.Raw, n.authority.root.Raw}
	n.home.refer(notationType, "application/jose+json", encode(n.t, map[string]any{
		"payload": payload, "protected": protected, "header": n.more, "signature": base64.RawURLEncoding.EncodeToString(sig)}))
	return one(n.t, n.home.verify(signature.Trust{Authorities: []signature.Authority{n.trust}}))
}

// TestNotation proves that a signature of Notation is verified while its certificate holds, and not if anything of it is another.
func TestNotation(t *testing.T) {
	got := newNotary(t).verify()
	if got.Verdict != signature.Verified || got.Signer != "CN=release,O=Clinic,C=US" || got.Issuer != "CN=root,O=clinic" || got.Format != signature.Notation {
		t.Errorf("a good one: %+v", got)
	}
	over := func(n *notary) { n.certify(now.AddDate(0, -3, 0), now.AddDate(0, -1, 0)) }
	for name, c := range map[string]struct {
		change func(n *notary)
		want   signature.Verdict
		why    string
	}{
		"RSA": {func(n *notary) {
			n.key, n.algorithm = newRSA(t, 2048), "PS256"
			n.certify(now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
		}, signature.Verified, ""},
		"an end to come":      {func(n *notary) { n.header["io.cncf.notary.expiry"] = now.AddDate(0, 0, 1) }, signature.Verified, ""},
		"an end that is over": {func(n *notary) { n.header["io.cncf.notary.expiry"] = now.AddDate(0, 0, -1) }, signature.Refused, "ended on"},
		"another digest":      {func(n *notary) { n.digest = "sha256:" + strings.Repeat("0", 64) }, signature.Refused, "something else"},
		"changed":             {func(n *notary) { n.changed = true }, signature.Refused, "was changed"},
		"another algorithm":   {func(n *notary) { n.algorithm = "ES384" }, signature.Refused, "was changed"},
		"no algorithm":        {func(n *notary) { n.algorithm = "none" }, signature.Refused, "was changed"},
		"another root": {func(n *notary) {
			n.trust.Roots = []*x509.Certificate{newAuthority(t).root}
		}, signature.Refused, "vouches for"},
		"another subject":            {func(n *notary) { n.trust.Subject = "CN=release,O=Other,C=US" }, signature.Refused, "who is not trusted"},
		"a certificate that is over": {over, signature.Refused, "nobody says"},
		"a certificate that is over, with a timestamp": {func(n *notary) {
			over(n)
			n.more["io.cncf.notary.timestampSignature"] = []byte("x")
		}, signature.Unknown, "not read"},
		"an authority that signs, and is not trusted to": {func(n *notary) {
			over(n)
			n.header["io.cncf.notary.signingScheme"], n.header["io.cncf.notary.authenticSigningTime"] = "notary.x509.signingAuthority", now.AddDate(0, -2, 0)
		}, signature.Refused, "nobody says"},
		"an authority that signs": {func(n *notary) {
			over(n)
			n.trust.Signs = true
			n.header["io.cncf.notary.signingScheme"], n.header["io.cncf.notary.authenticSigningTime"] = "notary.x509.signingAuthority", now.AddDate(0, -2, 0)
		}, signature.Verified, ""},
		"another scheme":              {func(n *notary) { n.header["io.cncf.notary.signingScheme"] = "x" }, signature.Refused, "not known"},
		"a scheme that may be missed": {func(n *notary) { n.header["crit"] = []string{} }, signature.Refused, "not marked"},
		"a critical header":           {func(n *notary) { n.header["crit"] = []string{"io.cncf.notary.signingScheme", "x"} }, signature.Refused, "critical header"},
		"another payload":             {func(n *notary) { n.header["cty"] = "x" }, signature.Refused, "payload"},
	} {
		n := newNotary(t)
		c.change(n)
		if got := n.verify(); got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %d %q, want %d %q", name, got.Verdict, got.Why, c.want, c.why)
		}
	}
	h := serve(t, true, nil)
	h.refer(notationType, "application/cose", []byte("x"))
	if got := one(t, h.verify(signature.Trust{Authorities: []signature.Authority{newNotary(t).trust}})); got.Verdict != signature.Unknown {
		t.Errorf("COSE: %+v", got)
	}
}
