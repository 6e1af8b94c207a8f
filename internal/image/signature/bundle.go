package signature

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// bundle is a Sigstore bundle, versions 0.1 to 0.3: https://github.com/sigstore/protobuf-specs, sigstore_bundle.proto.
type bundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		PublicKey *struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
		Certificate *derCertificate `json:"certificate"`
		Chain       struct {
			Certificates []derCertificate `json:"certificates"`
		} `json:"x509CertificateChain"`
		Log []struct {
			Index int64String `json:"logIndex"`
			ID    struct {
				Key []byte `json:"keyId"`
			} `json:"logId"`
			Time    int64String `json:"integratedTime"`
			Promise struct {
				Timestamp []byte `json:"signedEntryTimestamp"`
			} `json:"inclusionPromise"`
			Proof *proof `json:"inclusionProof"`
			Body  []byte `json:"canonicalizedBody"`
		} `json:"tlogEntries"`
		Timestamps struct {
			RFC3161 []struct {
				Token []byte `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	MessageSignature *struct {
		Digest struct {
			SHA256 []byte `json:"digest"`
		} `json:"messageDigest"`
		Signature []byte `json:"signature"`
	} `json:"messageSignature"`
	Envelope *envelope `json:"dsseEnvelope"`
}

type derCertificate struct {
	DER []byte `json:"rawBytes"`
}

// int64String is a number that protobuf's JSON writes as a text.
type int64String int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *int64String) UnmarshalJSON(raw []byte) error {
	number, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	*n = int64String(number)
	return err
}

// material returns what a bundle has to show who made its signature.
func (b bundle) material(message, signature []byte) material {
	m := material{message: message, signature: signature, stamped: len(b.Material.Timestamps.RFC3161) > 0}
	if b.Material.Certificate != nil {
		m.certificates = append(m.certificates, b.Material.Certificate.DER)
	}
	for _, c := range b.Material.Chain.Certificates {
		m.certificates = append(m.certificates, c.DER)
	}
	for _, e := range b.Material.Log {
		m.entries = append(m.entries, entry{Body: base64.StdEncoding.EncodeToString(e.Body), Time: int64(e.Time), LogID: hex.EncodeToString(e.ID.Key),
			Index: int64(e.Index), promise: e.Promise.Timestamp, proof: e.Proof, proves: !strings.Contains(b.MediaType, "0.1")})
	}
	return m
}

// envelope is a Dead Simple Signing Envelope, https://github.com/secure-systems-lab/dsse.
type envelope struct {
	Payload     []byte `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []struct {
		Signature []byte `json:"sig"`
	} `json:"signatures"`
}

// encoded is what is signed of an envelope: DSSE's pre-authentication encoding.
func (e envelope) encoded() []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(e.Payload), e.Payload)
}

// inToto is the type of payload of a statement, and statement what https://github.com/in-toto/attestation has in it.
const inToto = "application/vnd.in-toto+json"

type statement struct {
	Type    string `json:"_type"`
	Subject []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	PredicateType string `json:"predicateType"`
}

// cosignPredicate is the type of the statement that cosign makes to sign an image.
const cosignPredicate = "https://sigstore.dev/cosign/sign/v1"

// bundle verifies a Sigstore bundle.
func (v *verifier) bundle(ctx context.Context, s *Signature, _ v1.Descriptor, raw []byte) {
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		s.refuse("it is no bundle: %v", err)
		return
	}
	switch {
	case b.Envelope != nil && b.MessageSignature == nil:
		v.envelope(s, b)
	case b.MessageSignature != nil && b.Envelope == nil:
		v.manifestSignature(ctx, s, b)
	default:
		s.refuse("it is no bundle: it holds neither a signature nor an envelope, or both")
	}
}

// manifestSignature verifies a signature of the manifest itself.
func (v *verifier) manifestSignature(ctx context.Context, s *Signature, b bundle) {
	manifest, err := v.image.Attached.Manifest(ctx, s.Digest)
	if err != nil || manifest == nil {
		s.doubt("what it signs could not be read: %v", err)
		return
	}
	if sum := sha256.Sum256(manifest); len(b.MessageSignature.Digest.SHA256) > 0 && !bytes.Equal(sum[:], b.MessageSignature.Digest.SHA256) {
		s.refuse("it is a signature of something else")
		return
	}
	m := b.material(manifest, b.MessageSignature.Signature)
	v.byAnyone(s, m, b, func(Scope) error { return nil })
}

// envelope verifies a statement about the image. One that is not of a type that counts as a signature is left out: that somebody who is
// trusted said something about an image, such as what was found wrong with it, does not approve of it.
func (v *verifier) envelope(s *Signature, b bundle) {
	var told statement
	if b.Envelope.PayloadType != inToto || json.Unmarshal(b.Envelope.Payload, &told) != nil ||
		!strings.HasPrefix(told.Type, "https://in-toto.io/Statement/") {
		s.refuse("its payload is no in-toto statement but a %q", b.Envelope.PayloadType)
		return
	}
	if !v.counts(told.PredicateType) {
		s.Format = "" // a statement of another sort
		return
	}
	about := false
	for _, subject := range told.Subject {
		about = about || subject.Digest["sha256"] != "" && "sha256:"+subject.Digest["sha256"] == s.Digest
	}
	if !about {
		s.refuse("it is a statement about something else")
		return
	}
	if len(b.Envelope.Signatures) != 1 {
		s.refuse("it has %d signatures where one is wanted", len(b.Envelope.Signatures))
		return
	}
	m := b.material(b.Envelope.encoded(), b.Envelope.Signatures[0].Signature)
	m.payload = b.Envelope.Payload
	v.byAnyone(s, m, b, func(scope Scope) error {
		if told.PredicateType == cosignPredicate || slices.Contains(scope.Predicates, told.PredicateType) {
			return nil
		}
		return fmt.Errorf("its signer is not trusted for statements of the type %s", told.PredicateType)
	})
}

// counts tells whether statements of a type count as a signature if one of those who are trusted makes them.
func (v *verifier) counts(predicate string) bool {
	counts := predicate == cosignPredicate
	for _, k := range v.trust.Keys {
		counts = counts || slices.Contains(k.Predicates, predicate)
	}
	for _, i := range v.trust.Identities {
		counts = counts || slices.Contains(i.Predicates, predicate)
	}
	return counts
}

func (v *verifier) byAnyone(s *Signature, m material, b bundle, allows func(Scope) error) {
	switch {
	case v.byKey(s, m, allows):
	case b.Material.PublicKey != nil:
		v.nobody(s)
	default:
		v.byIdentity(s, m, allows)
	}
}
