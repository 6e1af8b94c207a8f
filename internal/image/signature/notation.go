package signature

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Authority is a certificate authority whose certificates' subjects may sign: the trust of Notation.
type Authority struct {
	// Roots are the certificates that chains end at.
	Roots []*x509.Certificate
	// Subject is a pattern on the distinguished name of who signs, as RFC 2253 writes it: "CN=release,O=Clinic,C=US"; "*" is anybody.
	Subject string
	// Signs tells that the authority makes signatures itself, as a service, and so is trusted with the time at which it says it did.
	Signs bool
	Scope
}

// maxChain bounds the certificates of a chain.
const maxChain = 10

// jwsEnvelope is Notation's signature in JSON, https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md.
type jwsEnvelope struct {
	Payload   string `json:"payload"`
	Protected string `json:"protected"`
	Signature string `json:"signature"`
	Header    struct {
		Chain     [][]byte `json:"x5c"`
		Timestamp []byte   `json:"io.cncf.notary.timestampSignature"`
	} `json:"header"`
}

// jwsHeader is what is protected by the signature.
type jwsHeader struct {
	Algorithm   string    `json:"alg"`
	ContentType string    `json:"cty"`
	Critical    []string  `json:"crit"`
	Scheme      string    `json:"io.cncf.notary.signingScheme"`
	Time        time.Time `json:"io.cncf.notary.signingTime"`
	Authentic   time.Time `json:"io.cncf.notary.authenticSigningTime"`
	Expiry      time.Time `json:"io.cncf.notary.expiry"`
}

const (
	notationPayload = "application/vnd.cncf.notary.payload.v1+json"
	schemeAuthority = "notary.x509.signingAuthority"
)

// known are the critical headers that are understood. One that is not makes a signature invalid: RFC 7515, section 4.1.11.
var known = []string{"io.cncf.notary.signingScheme", "io.cncf.notary.expiry", "io.cncf.notary.authenticSigningTime"}

// notation verifies a signature of Notation.
func (v *verifier) notation(_ context.Context, s *Signature, _ v1.Descriptor, raw []byte) {
	var e jwsEnvelope
	var h jwsHeader
	var payload struct {
		Target struct {
			Digest string `json:"digest"`
		} `json:"targetArtifact"`
	}
	var signature []byte
	err := json.Unmarshal(raw, &e)
	if err == nil {
		err = decodePart(e.Protected, &h)
	}
	if err == nil {
		err = decodePart(e.Payload, &payload)
	}
	if err == nil {
		signature, err = base64.RawURLEncoding.DecodeString(e.Signature)
	}
	if err != nil {
		s.refuse("it is no JWS as Notation writes it: %v", err)
		return
	}
	if payload.Target.Digest != s.Digest {
		s.refuse("it is a signature of something else: %s", payload.Target.Digest)
		return
	}
	if err := h.check(v.now); err != nil {
		s.refuse("%v", err)
		return
	}
	chain, err := parseChain(e.Header.Chain)
	if err != nil {
		s.refuse("its certificates: %v", err)
		return
	}
	if err := verifyJWS(chain[0].PublicKey, h.Algorithm, []byte(e.Protected+"."+e.Payload), signature); err != nil {
		s.refuse("%v", err)
		return
	}
	v.byAuthority(s, h, chain, len(e.Header.Timestamp) > 0)
}

func decodePart(text string, to any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

// check holds the protected headers against what is understood and against the time.
func (h jwsHeader) check(now time.Time) error {
	switch h.Scheme {
	case "notary.x509", schemeAuthority:
	default:
		return fmt.Errorf("its signing scheme %q is not known", h.Scheme)
	}
	if h.ContentType != notationPayload {
		return fmt.Errorf("its payload is a %q", h.ContentType)
	}
	for _, name := range h.Critical {
		if !slices.Contains(known, name) {
			return fmt.Errorf("it has the critical header %q, which is not known", name)
		}
	}
	if !slices.Contains(h.Critical, known[0]) {
		return errors.New("its signing scheme is not marked as critical")
	}
	if !h.Expiry.IsZero() && now.After(h.Expiry) {
		return fmt.Errorf("it ended on %s", h.Expiry.Format(time.DateOnly))
	}
	return nil
}

func parseChain(all [][]byte) ([]*x509.Certificate, error) {
	if len(all) == 0 || len(all) > maxChain {
		return nil, fmt.Errorf("there are %d of them", len(all))
	}
	chain := make([]*x509.Certificate, len(all))
	for i, der := range all {
		var err error
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// verifyJWS verifies with the algorithm that goes with the key: RFC 7518, of which Notation allows PS and ES.
func verifyJWS(public crypto.PublicKey, algorithm string, message, signature []byte) error {
	s256, s384, s512 := sha256.Sum256(message), sha512.Sum384(message), sha512.Sum512(message)
	hash, sum := crypto.SHA256, s256[:]
	switch algorithm {
	case "PS384", "ES384":
		hash, sum = crypto.SHA384, s384[:]
	case "PS512", "ES512":
		hash, sum = crypto.SHA512, s512[:]
	}
	valid := false
	switch key := public.(type) {
	case *rsa.PublicKey:
		wanted := map[int]string{2048: "PS256", 3072: "PS384", 4096: "PS512"}[key.N.BitLen()]
		valid = wanted == algorithm && rsa.VerifyPSS(key, hash, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	case *ecdsa.PublicKey:
		wanted := map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize]
		half := (key.Curve.Params().BitSize + 7) / 8
		valid = wanted == algorithm && len(signature) == 2*half &&
			ecdsa.Verify(key, sum, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	}
	if !valid {
		return fmt.Errorf("it is not of the key in its certificate (algorithm %q), or what it signs was changed", algorithm)
	}
	return nil
}

// byAuthority looks for an authority that vouches for who signed. The certificate must hold as of now: that a signature was made while it
// held can be shown by a countersignature only, and those are not read.
func (v *verifier) byAuthority(s *Signature, h jwsHeader, chain []*x509.Certificate, stamped bool) {
	leaf := chain[0]
	if len(v.trust.Authorities) == 0 {
		s.refuse("it is of %s, and no certificate authority is trusted for the image", leaf.Subject)
		return
	}
	s.refuse("no certificate authority that is trusted for the image vouches for %s", leaf.Subject)
	for _, a := range v.trust.Authorities {
		at := v.now
		if a.Signs && h.Scheme == schemeAuthority && !h.Authentic.IsZero() {
			at = h.Authentic
		}
		if err := chainsTo(chain, a.Roots, at); err != nil {
			if !expired(err) {
				continue
			}
			s.refuse("the certificate of %s does not hold on %s, and nobody says that it was signed before", leaf.Subject, at.Format(time.DateOnly))
			if stamped {
				s.doubt("the certificate of %s does not hold on %s, and its timestamp is not read", leaf.Subject, at.Format(time.DateOnly))
			}
			continue
		}
		if !match(a.Subject, leaf.Subject.String()) {
			s.refuse("it is of %s, who is not trusted for the image", leaf.Subject)
			continue
		}
		s.accept(leaf.Subject.String(), leaf.Issuer.String())
		if at != v.now {
			s.SignedAt = at
		}
		return
	}
}

// chainsTo verifies that certificates for signing code lead to one of the roots. Certificates among the roots that others have signed are
// steps on the way.
func chainsTo(chain, roots []*x509.Certificate, at time.Time) error {
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		if isRoot(c) {
			trusted.AddCert(c)
		} else {
			between.AddCert(c)
		}
	}
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	return err
}

func isRoot(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignatureFrom(c) == nil
}

// expired tells whether certificates are invalid for nothing but the time.
func expired(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}
