package signature

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The annotations that cosign puts on the descriptor of a payload.
const (
	annotationSignature   = "dev.cosignproject.cosign/signature"
	annotationCertificate = "dev.sigstore.cosign/certificate"
	annotationChain       = "dev.sigstore.cosign/chain"
	annotationLog         = "dev.sigstore.cosign/bundle"
	annotationTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
)

// payload is what cosign signs of an image.
type payload struct {
	Critical struct {
		Identity struct {
			Reference string `json:"docker-reference"`
		} `json:"identity"`
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
}

// cosignType is what the payload of cosign says to be.
const cosignType = "cosign container image signature"

// cosign verifies a payload with the signature that is in the annotations of its descriptor.
func (v *verifier) cosign(_ context.Context, s *Signature, d v1.Descriptor, raw []byte) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		s.refuse("its payload is not JSON as cosign writes it: %v", err)
		return
	}
	if p.Critical.Type != cosignType {
		s.refuse("its payload is a %q and no %q", p.Critical.Type, cosignType)
		return
	}
	if p.Critical.Image.Digest != s.Digest {
		s.refuse("it is a signature of another image: %s", p.Critical.Image.Digest)
		return
	}
	signature, err := base64.StdEncoding.DecodeString(d.Annotations[annotationSignature])
	if err != nil || len(signature) == 0 {
		s.refuse("the annotation %s holds no signature in base64", annotationSignature)
		return
	}
	m := material{message: raw, signature: signature}
	allows := func(scope Scope) error { return scope.claims(p.Critical.Identity.Reference) }
	if v.byKey(s, m, allows) {
		return
	}
	if d.Annotations[annotationCertificate] == "" {
		v.nobody(s)
		return
	}
	if err := m.annotated(d.Annotations); err != nil {
		s.refuse("%v", err)
		return
	}
	v.byIdentity(s, m, allows)
}

// claims compares the name under which an image was signed with those that a signer may sign for. A copy of an image keeps the
// name under which it was signed.
func (s Scope) claims(reference string) error {
	if len(s.Repositories) == 0 || reference == "" {
		return nil
	}
	repository := RepositoryOf(reference)
	if s.covers(repository) {
		return nil
	}
	return fmt.Errorf("it was signed under the name %s, for which its signer is not trusted; if copies are kept here, add that repository to those of the signer",
		reference)
}

// RepositoryOf returns the name of an image without tag and digest, written as in Image; "" if it is none.
func RepositoryOf(reference string) string {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return ""
	}
	host := ref.Context().RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	return host + "/" + ref.Context().RepositoryStr()
}

// byKey tries the trusted keys. It tells whether one of them made the signature; the claims of the signer may still be refused.
func (v *verifier) byKey(s *Signature, m material, allows func(Scope) error) bool {
	made := false
	for _, key := range v.trust.Keys {
		if !signed(key.Public, m.message, m.signature) {
			continue
		}
		made = true
		err := allows(key.Scope)
		if err == nil {
			s.accept(key.Name, "")
			return true
		}
		s.refuse("%v", err)
	}
	return made
}

// nobody says that no trusted key made a signature.
func (v *verifier) nobody(s *Signature) {
	names := make([]string, 0, len(v.trust.Keys))
	for _, key := range v.trust.Keys {
		names = append(names, key.Name)
	}
	if len(names) == 0 {
		s.refuse("it was made with a key, and no key is trusted for the image")
		return
	}
	s.refuse("it is not of a key that is trusted for the image (%s), or what it signs was changed", strings.Join(names, ", "))
}

// annotated adds what cosign puts into annotations to show who made a signature.
func (m *material) annotated(annotations map[string]string) error {
	m.certificates = append(blocksOf(annotations[annotationCertificate], "CERTIFICATE"), blocksOf(annotations[annotationChain], "CERTIFICATE")...)
	m.stamped = annotations[annotationTimestamp] != ""
	text := annotations[annotationLog]
	if text == "" {
		return nil
	}
	var logged struct {
		SignedEntryTimestamp []byte
		Payload              entry
	}
	if err := json.Unmarshal([]byte(text), &logged); err != nil {
		return fmt.Errorf("the annotation %s: %w", annotationLog, err)
	}
	logged.Payload.promise = logged.SignedEntryTimestamp
	m.entries = []entry{logged.Payload}
	return nil
}

// blocksOf returns the contents of the blocks of PEM of a type, at most as many as a chain may have.
func blocksOf(text, typ string) [][]byte {
	var out [][]byte
	for rest := []byte(text); len(out) < maxChain; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == typ {
			out = append(out, block.Bytes)
		}
	}
	return out
}
