package signature

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// entry is one of a transparency log (Rekor), with the members and in the order in which the log signs it: as JSON in the form of RFC 8785.
type entry struct {
	Body  string `json:"body"`           // in base64
	Time  int64  `json:"integratedTime"` // seconds since 1970
	LogID string `json:"logID"`          // the SHA-256 of the log's key, in hex
	Index int64  `json:"logIndex"`
	// promise is the log's signature of it, the "signed entry timestamp"; empty if there is none.
	promise []byte
	// proof is that the entry is in the log, nil if there is none; proves tells that there must be one.
	proof  *proof
	proves bool
}

// logged verifies that a trusted log promised to hold an entry, and returns when.
func (r Root) logged(e entry) (time.Time, Verdict, error) {
	if len(e.promise) == 0 {
		return time.Time{}, Unknown, errors.New("the transparency log did not sign when it took its entry, and other proofs are not read")
	}
	text, err := json.Marshal(e)
	if err != nil {
		return time.Time{}, Refused, err
	}
	when := time.Unix(e.Time, 0).UTC()
	for _, log := range r.Logs {
		if strings.TrimPrefix(Fingerprint(log.Public), "sha256:") != e.LogID {
			continue
		}
		if !log.Valid.holds(when) || !signed(log.Public, text, e.promise) {
			return time.Time{}, Refused, errors.New("its entry is not signed by the transparency log")
		}
		if e.proof == nil && !e.proves {
			return when, Verified, nil
		}
		body, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil || e.proof == nil || e.proof.verify(log.Public, body) != nil {
			return time.Time{}, Refused, errProof
		}
		return when, Verified, nil
	}
	return time.Time{}, Refused, fmt.Errorf("the transparency log %.16s is not trusted", e.LogID)
}

// content is what entries of the kinds hashedrekord, dsse and intoto say, as far as it is compared.
type content struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
	Spec    struct {
		// of a hashedrekord
		Data struct {
			Hash hash `json:"hash"`
		} `json:"data"`
		Signature struct {
			Content   []byte `json:"content"`
			PublicKey struct {
				Content []byte `json:"content"`
			} `json:"publicKey"`
		} `json:"signature"`
		// of a dsse
		PayloadHash hash `json:"payloadHash"`
		Signatures  []struct {
			Signature []byte `json:"signature"`
			Verifier  []byte `json:"verifier"`
		} `json:"signatures"`
		// of an intoto
		Content struct {
			Envelope struct {
				Signatures []struct {
					PublicKey []byte `json:"publicKey"`
					Signature []byte `json:"sig"` // in base64 once more
				} `json:"signatures"`
			} `json:"envelope"`
			PayloadHash hash `json:"payloadHash"`
		} `json:"content"`
	} `json:"spec"`
}

type hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// of tells whether it is the hash of a text.
func (h hash) of(text []byte) bool {
	var sum []byte
	switch h.Algorithm {
	case "sha256":
		s := sha256.Sum256(text)
		sum = s[:]
	case "sha384":
		s := sha512.Sum384(text)
		sum = s[:]
	case "sha512":
		s := sha512.Sum512(text)
		sum = s[:]
	default:
		return false
	}
	return strings.EqualFold(h.Value, hex.EncodeToString(sum))
}

// about tells with an error that an entry is not of this signature by this certificate.
func (e entry) about(m material, certificate []byte) error {
	other := errors.New("the entry in the transparency log is about another signature")
	raw, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return other
	}
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return other
	}
	same := func(h hash, text, signature, key []byte) bool {
		return h.of(text) && bytes.Equal(signature, m.signature) && isCertificate(key, certificate)
	}
	switch {
	case c.Kind == "hashedrekord" && m.payload == nil:
		if same(c.Spec.Data.Hash, m.message, c.Spec.Signature.Content, c.Spec.Signature.PublicKey.Content) {
			return nil
		}
	case c.Kind == "dsse" && m.payload != nil:
		for _, s := range c.Spec.Signatures {
			if same(c.Spec.PayloadHash, m.payload, s.Signature, s.Verifier) {
				return nil
			}
		}
	case c.Kind == "intoto" && m.payload != nil:
		for _, s := range c.Spec.Content.Envelope.Signatures {
			signature, err := base64.StdEncoding.DecodeString(string(s.Signature))
			if err == nil && same(c.Spec.Content.PayloadHash, m.payload, signature, s.PublicKey) {
				return nil
			}
		}
	}
	return other
}

// isCertificate tells whether PEM holds this certificate.
func isCertificate(text, der []byte) bool {
	block, _ := pem.Decode(text)
	return block != nil && block.Type == "CERTIFICATE" && bytes.Equal(block.Bytes, der)
}
