package signature_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	ours "ward.dev/ward/internal/image/registry"
	"ward.dev/ward/internal/image/signature"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// home is a registry with one image in a repository.
type home struct {
	t          testing.TB
	repository name.Repository
	subject    v1.Descriptor // the index that the tag is of
	manifest   v1.Descriptor // that of the platform
	signatures []mutate.Addendum
}

// serve starts a registry, with or without the interface for referrers, and pushes an image for two platforms.
func serve(t testing.TB, referrers bool, wrap func(http.Handler) http.Handler) *home {
	t.Helper()
	handler := registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/team/app")
	must(t, err)
	h := &home{t: t, repository: repository}
	amd, err := random.Image(100, 1)
	must(t, err)
	arm, err := random.Image(100, 1)
	must(t, err)
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	must(t, remote.WriteIndex(repository.Tag("1"), index))
	h.subject = describe(t, index)
	h.manifest = describe(t, amd)
	return h
}

func describe(t testing.TB, what interface {
	Digest() (v1.Hash, error)
	MediaType() (types.MediaType, error)
	Size() (int64, error)
}) v1.Descriptor {
	t.Helper()
	digest, err := what.Digest()
	must(t, err)
	mediaType, err := what.MediaType()
	must(t, err)
	size, err := what.Size()
	must(t, err)
	return v1.Descriptor{Digest: digest, MediaType: mediaType, Size: size}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}

// verify looks for the signatures of the image that the tag is of.
func (h *home) verify(trust signature.Trust) signature.Report {
	h.t.Helper()
	s, err := ours.Open(context.Background(), h.repository.Tag("1").Name(), ours.Options{})
	must(h.t, err)
	defer s.Close()
	return signature.Verify(context.Background(), signature.Image{Repository: s.Registry.Repository, Digests: s.Digests, Attached: s.Attached}, trust, now)
}

// payload is what cosign signs of an image.
func payload(reference, digest string) []byte {
	return fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":%q},"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"},"optional":null}`,
		reference, digest)
}

// cosign pushes one more signature as cosign does: a layer with the payload in an image that is tagged after the digest.
func (h *home) cosign(payload, sig []byte, more map[string]string) {
	h.t.Helper()
	annotations := map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(sig)}
	for k, v := range more {
		annotations[k] = v
	}
	h.signatures = append(h.signatures, mutate.Addendum{Annotations: annotations,
		Layer: static.NewLayer(payload, "application/vnd.dev.cosign.simplesigning.v1+json")})
	made, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), h.signatures...)
	must(h.t, err)
	must(h.t, remote.Write(h.repository.Tag(strings.Replace(h.subject.Digest.String(), ":", "-", 1)+".sig"), made))
}

// refer pushes an artifact that refers to the image, as cosign and Notation do.
func (h *home) refer(artifactType, mediaType string, document []byte) {
	h.t.Helper()
	layer := static.NewLayer(document, types.MediaType(mediaType))
	nothing := static.NewLayer([]byte("{}"), "application/vnd.oci.empty.v1+json")
	for _, blob := range []v1.Layer{layer, nothing} {
		must(h.t, remote.WriteLayer(h.repository, blob))
	}
	config, one := describe(h.t, nothing), describe(h.t, layer)
	if artifactType == notationType {
		config.MediaType, config.Data = notationType, nil
	}
	manifest := raw{encode(h.t, v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType,
		Config: config, Layers: []v1.Descriptor{one}, Subject: &h.subject})}
	digest, _, err := v1.SHA256(strings.NewReader(string(manifest.text)))
	must(h.t, err)
	must(h.t, remote.Put(h.repository.Digest(digest.String()), manifest)) // where it must be, also into the index of referrers
}

const (
	notationType = "application/vnd.cncf.notary.signature"
	bundleType   = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

type raw struct{ text []byte }

func (r raw) RawManifest() ([]byte, error)      { return r.text, nil }
func (raw) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

func newECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return key
}

func newRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	return key
}

func newEd25519(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return key
}

// sign signs as cosign does: SHA-256, PKCS #1 for RSA, and the message itself for Ed25519.
func sign(t testing.TB, key crypto.Signer, message []byte, options ...crypto.SignerOpts) []byte {
	t.Helper()
	opts := crypto.SignerOpts(crypto.SHA256)
	if len(options) > 0 {
		opts = options[0]
	}
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	} else {
		hash := opts.HashFunc().New()
		hash.Write(message)
		message = hash.Sum(nil)
	}
	made, err := key.Sign(rand.Reader, message, opts)
	must(t, err)
	return made
}

// text writes a public key as cosign does.
func text(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// trusted is a key that is read as a user gives it.
func trusted(t testing.TB, key crypto.Signer, repositories ...string) signature.Key {
	t.Helper()
	public, err := signature.ParseKey(text(t, key.Public()))
	must(t, err)
	return signature.Key{Name: "release", Public: public, Scope: signature.Scope{Repositories: repositories}}
}

// statement is an in-toto statement about an image, in an envelope that a key signed.
func statement(t testing.TB, key crypto.Signer, digest, predicate string) (envelope map[string]any, body []byte) {
	t.Helper()
	body = fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`,
		strings.TrimPrefix(digest, "sha256:"), predicate)
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(inToto), inToto, len(body), body)
	return map[string]any{"payload": body, "payloadType": inToto, "signatures": []any{map[string]any{"sig": sign(t, key, message), "keyid": ""}}}, body
}

const (
	inToto        = "application/vnd.in-toto+json"
	signPredicate = "https://sigstore.dev/cosign/sign/v1"
)

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// pull returns the index that was signed.
func pull(t testing.TB, h *home) []byte {
	t.Helper()
	found, err := remote.Get(h.repository.Digest(h.subject.Digest.String()))
	must(t, err)
	return found.Manifest
}

func addendum(payload []byte, sig string) mutate.Addendum {
	return mutate.Addendum{Annotations: map[string]string{"dev.cosignproject.cosign/signature": sig},
		Layer: static.NewLayer(payload, "application/vnd.dev.cosign.simplesigning.v1+json")}
}

// weakRSA is a public key of 1024 bits; nobody has the other half.
func weakRSA(t testing.TB) *rsa.PublicKey {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), 1023)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}
