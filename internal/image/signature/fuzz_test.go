package signature

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// nothing is a registry that holds an empty manifest for every reference.
type nothing struct{}

func (nothing) Manifest(context.Context, string) ([]byte, error)           { return []byte("{}"), nil }
func (nothing) Referrers(context.Context, string) ([]v1.Descriptor, error) { return nil, nil }
func (nothing) Document(context.Context, v1.Descriptor) ([]byte, error)    { return nil, nil }

// FuzzSignatures proves that no document, whatever is in it, is taken for the signature of somebody who never signed, and that none ends the
// program.
func FuzzSignatures(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"critical":{"image":{"docker-manifest-digest":"sha256:0"},"type":"cosign container image signature"}}`,
		`{"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]},"verificationMaterial":{"certificate":{"rawBytes":"AAAA"}}}`,
		`{"messageSignature":{"signature":"AAAA"},"verificationMaterial":{"x509CertificateChain":{"certificates":[{"rawBytes":""}]},"tlogEntries":[{"logIndex":"1","integratedTime":2}]}}`,
		`{"payload":"e30","protected":"e30","signature":"AAAA","header":{"x5c":["AAAA"]}}`,
		`{"Payload":{"body":"e30=","integratedTime":1,"logID":"00","logIndex":1},"SignedEntryTimestamp":"AAAA"}`} {
		f.Add([]byte(seed), seed)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	trust := Trust{Keys: []Key{{Name: "k", Public: key}}, Authorities: []Authority{{Subject: "*"}},
		Identities: []Identity{{Issuer: "*", Subject: "*", Root: Root{Logs: []Log{{Key: Key{Public: key}}}}}}}
	f.Fuzz(func(t *testing.T, document []byte, annotation string) {
		v := verifier{image: Image{Attached: nothing{}, Repository: "r/a"}, trust: trust, now: time.Unix(1_800_000_000, 0)}
		d := v1.Descriptor{Annotations: map[string]string{annotationSignature: "AAAA", annotationCertificate: annotation, annotationLog: annotation}}
		for _, verify := range []func(context.Context, *Signature, v1.Descriptor, []byte){v.cosign, v.bundle, v.notation} {
			s := Signature{Format: Cosign, Digest: "sha256:0"}
			if verify(t.Context(), &s, d, document); s.Verdict == Verified || s.Format != "" && s.Why == "" {
				t.Errorf("%+v", s)
			}
		}
		v.manifest(t.Context(), document, "sha256:0")
	})
}

// FuzzTrust proves that what is read as a key, as roots or as Sigstore's file of whom to trust is one, and that nothing ends the program.
func FuzzTrust(f *testing.F) {
	for _, seed := range []string{"", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		`{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AAAA"}]}}],"tlogs":[{"publicKey":{"rawBytes":"AAAA"}}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := ParseKey(text); err == nil && Fingerprint(key) == "" {
			t.Error("a key without a fingerprint")
		}
		if roots, err := ParseRoots(text); err == nil && len(roots) == 0 {
			t.Error("no roots")
		}
		if root, err := ParseRoot(text); err == nil && len(root.Authorities) == 0 {
			t.Error("no authorities")
		}
	})
}

// FuzzMatch proves that a pattern matches nothing that does not begin and end as it does.
func FuzzMatch(f *testing.F) {
	f.Add("registry.example/team/*", "registry.example/team/app")
	f.Add("a*b*c", "abc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !match(text, text) && !strings.Contains(text, "*") || !match("*", text) {
			t.Errorf("%q does not match itself", text)
		}
		if match(pattern+"/x", text) && (len(text) < 2 || text[len(text)-2:] != "/x") {
			t.Errorf("%q matches %q", pattern+"/x", text)
		}
	})
}
