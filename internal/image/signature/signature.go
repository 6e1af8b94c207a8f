// Package signature tells who signed a container image: it finds the signatures that registries and layouts keep beside images,
// and verifies them with keys, identities and authorities that a user trusts. It reads those of cosign (its own payloads and
// Sigstore bundles) and those of Notation (JWS).
//
// What could not be asked or checked is never taken for a valid signature, nor for none. The package reads no clock, no file and
// no network of its own, and must not know of kinds and checks.
package signature

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ward.dev/ward/internal/image"
)

// Format is how a signature is written.
type Format string

// The formats that are read.
const (
	// Cosign is cosign's payload, https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md.
	Cosign Format = "cosign"
	// Bundle is a Sigstore bundle, https://github.com/sigstore/protobuf-specs.
	Bundle Format = "sigstore bundle"
	// Notation is https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md.
	Notation Format = "notation"
)

// Verdict is what verifying a signature came to. The zero Verdict is Unknown.
type Verdict uint8

const (
	// Unknown is a signature that could not be checked to the end.
	Unknown Verdict = iota
	// Refused is one that is not valid, or that nobody made who is trusted.
	Refused
	// Verified is a valid one of somebody who is trusted for the image.
	Verified
)

// Signature is one that is kept beside an image.
type Signature struct {
	Format Format
	// Digest is that of what was signed: the image's manifest, or an index that leads to it.
	Digest  string
	Verdict Verdict
	// Why says in a sentence without a full stop why it is not verified.
	Why string
	// Signer is the name of the key, the identity or the subject of the certificate; Issuer is who vouches for it. Both are "" if the
	// signature is not verified; a key has no issuer.
	Signer, Issuer string
	// SignedAt is when it was made, as far as somebody who is trusted says so; zero if not.
	SignedAt time.Time
}

// Image is what signatures are looked for of.
type Image struct {
	// Repository is its name without tag and digest, "docker.io/library/nginx"; "" if that is not known.
	Repository string
	// Digests are as in image.Source.
	Digests []string
	// Attached has what is kept beside it; nil if that cannot be told. Of a Copy, signatures may have been left behind.
	Attached image.Attached
	Copy     bool
}

// Report is what is known of an image's signatures.
type Report struct {
	// Looked tells that signatures were looked for. The zero Report says nothing of an image.
	Looked     bool
	Signatures []Signature
	// Gaps say in sentences without a full stop why there may be more signatures, or why nobody could verify them.
	Gaps []Gap
}

// Gap is why something is not known, and what would mend it; Mend may be "".
type Gap struct{ Why, Mend string }

// Bounds of what is looked at beside one image. Above them is a Gap.
const (
	maxManifests  = 64
	maxSignatures = 128
)

// Verify finds the signatures of an image and verifies each one, as of a time, with whom the user trusts for its repository.
func Verify(ctx context.Context, i Image, trust Trust, now time.Time) Report {
	v := verifier{image: i, now: now, report: Report{Looked: true}}
	switch {
	case trust.empty():
		v.gap("nobody is named whose signatures count", "signatures in ward.yaml, or --signature-key FILE")
	case i.Attached == nil || len(i.Digests) == 0:
		v.gap("what it was read from has no place for signatures", "the image in its registry")
	case !v.choose(trust):
	default:
		v.collect(ctx)
	}
	return v.report
}

// verifier verifies the signatures of one image.
type verifier struct {
	image     Image
	trust     Trust // those who may sign for the repository
	now       time.Time
	manifests int
	report    Report
}

func (v *verifier) gap(why, mend string) { v.report.Gaps = append(v.report.Gaps, Gap{why, mend}) }

// choose keeps those who may sign for the image's repository. It tells whether there are any.
func (v *verifier) choose(all Trust) bool {
	v.trust = all.of(v.image.Repository)
	if !v.trust.empty() {
		return true
	}
	if v.image.Repository == "" {
		v.gap("nobody may sign for every repository, and it is not known of which one it is", "name it: NAME=PATH")
		return false
	}
	v.gap("nobody is named whose signatures count for "+v.image.Repository, "its repository in ward.yaml, under signatures")
	return false
}

// collect looks for signatures of all digests of the image.
func (v *verifier) collect(ctx context.Context) {
	for _, digest := range v.image.Digests {
		tag := strings.Replace(digest, ":", "-", 1) + ".sig"
		raw, err := v.image.Attached.Manifest(ctx, tag)
		if err != nil {
			v.gap(fmt.Sprintf("its signatures at the tag %s: %v", tag, err), "the right to pull "+v.image.Repository)
		} else if raw != nil {
			v.manifest(ctx, raw, digest)
		}
		v.referrers(ctx, digest)
	}
	if v.image.Copy && len(v.report.Signatures) == 0 {
		v.gap("a copy need not hold the signatures that its registry has", "the image in its registry, or a copy made by cosign save or oras cp -r")
	}
}

func (v *verifier) referrers(ctx context.Context, digest string) {
	all, err := v.image.Attached.Referrers(ctx, digest)
	if err != nil {
		v.gap(fmt.Sprintf("what refers to %s: %v", digest, err), "the right to pull "+v.image.Repository)
		return
	}
	for _, d := range all {
		if !mayHold(d.ArtifactType) {
			continue
		}
		if v.manifests++; v.manifests > maxManifests {
			v.gap(fmt.Sprintf("more than %d artifacts refer to it", maxManifests), "")
			return
		}
		raw, err := v.image.Attached.Manifest(ctx, d.Digest.String())
		switch {
		case err != nil:
			v.gap(fmt.Sprintf("the signature %s: %v", d.Digest, err), "")
		case raw == nil:
			v.gap(fmt.Sprintf("the signature %s is named and not there", d.Digest), "")
		default:
			v.manifest(ctx, raw, digest)
		}
	}
}
