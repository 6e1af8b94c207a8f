package signature

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The media types of signatures and of the artifacts that hold them.
const (
	simpleSigning    = "application/vnd.dev.cosign.simplesigning.v1+json"
	cosignArtifact   = "application/vnd.dev.cosign.artifact.sig.v1+json"
	bundlePrefix     = "application/vnd.dev.sigstore.bundle"
	notationArtifact = "application/vnd.cncf.notary.signature"
	jws              = "application/jose+json"
	cose             = "application/cose"
)

// mayHold tells whether an artifact may hold a signature. Older registries do not say what an artifact is.
func mayHold(artifactType string) bool {
	switch artifactType {
	case "", cosignArtifact, notationArtifact, "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json":
		return true
	}
	return strings.HasPrefix(artifactType, bundlePrefix)
}

// manifest verifies all signatures that a manifest lists.
func (v *verifier) manifest(ctx context.Context, raw []byte, digest string) {
	manifest, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		v.gap(fmt.Sprintf("a manifest of signatures of %s: %v", digest, err), "")
		return
	}
	for _, layer := range manifest.Layers {
		s := Signature{Digest: digest}
		var verify func(context.Context, *Signature, v1.Descriptor, []byte)
		switch mediaType := string(layer.MediaType); {
		case mediaType == simpleSigning:
			s.Format, verify = Cosign, v.cosign
		case strings.HasPrefix(mediaType, bundlePrefix):
			s.Format, verify = Bundle, v.bundle
		case mediaType == jws && (manifest.ArtifactType == notationArtifact || manifest.Config.MediaType == notationArtifact):
			s.Format, verify = Notation, v.notation
		case mediaType == cose:
			s.Format, s.Why = Notation, "signatures in COSE are not read; sign with --signature-format jws"
		default:
			continue
		}
		if len(v.report.Signatures) >= maxSignatures {
			v.gap(fmt.Sprintf("it has more than %d signatures", maxSignatures), "")
			return
		}
		if verify != nil {
			if document, err := v.image.Attached.Document(ctx, layer); err != nil {
				s.Why = "it could not be read: " + err.Error()
			} else {
				verify(ctx, &s, layer, document)
			}
		}
		if s.Format != "" {
			v.report.Signatures = append(v.report.Signatures, s)
		}
	}
}

// refuse says why a signature is none.
func (s *Signature) refuse(format string, args ...any) {
	s.Verdict, s.Why = Refused, fmt.Sprintf(format, args...)
}

// doubt says why it is not known whether a signature is one.
func (s *Signature) doubt(format string, args ...any) {
	s.Verdict, s.Why = Unknown, fmt.Sprintf(format, args...)
}

// accept says who made it.
func (s *Signature) accept(signer, issuer string) {
	s.Verdict, s.Why, s.Signer, s.Issuer = Verified, "", signer, issuer
}
