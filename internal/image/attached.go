package image

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Attached is what a registry or a layout keeps about images beside them, such as signatures.
type Attached interface {
	// Manifest returns the manifest or index with a tag or a digest; nil without an error if there is none. One that is asked
	// for by digest was compared with it.
	Manifest(ctx context.Context, reference string) ([]byte, error)
	// Referrers lists the manifests that name a digest as their subject.
	Referrers(ctx context.Context, digest string) ([]v1.Descriptor, error)
	// Document returns a blob of at most MaxDocument bytes that was compared with its digest.
	Document(ctx context.Context, d v1.Descriptor) ([]byte, error)
}

// Registry tells how an image was fetched.
type Registry struct {
	// Repository is the name of the image without tag and digest: "docker.io/library/nginx".
	Repository string
	// Anonymous tells whether it is given to whoever asks, without a login, at least from where it was read.
	// If Fault is not "", that is not known, and why.
	Anonymous bool
	Fault     string
}

// beside is what a layout or an archive holds beside the image: what its index lists.
type beside struct {
	documents
	manifests []v1.Descriptor
}

// maxLookedAt bounds how many manifests of a layout are looked at for what they are about. One that lists more is not asked.
const maxLookedAt = 1000

// savedKind is what cosign says of each part of a layout that it saves.
const savedKind = "kind"

// tagged tells whether a descriptor is called by a tag, alone or at the end of a reference, or is what cosign saved in its place.
func tagged(d v1.Descriptor, tag string) bool {
	if strings.HasSuffix(tag, ".sig") && d.Annotations[savedKind] == "dev.cosignproject.cosign/sigs" {
		return true
	}
	for _, key := range []string{refName, "io.containerd.image.name"} {
		name := d.Annotations[key]
		if name == tag || len(name) > len(tag) && name[len(name)-len(tag)-1:] == ":"+tag {
			return true
		}
	}
	return false
}

func (b beside) Manifest(_ context.Context, reference string) ([]byte, error) {
	for _, d := range b.manifests {
		if d.Digest.String() == reference || tagged(d, reference) {
			return checked(b.documents, d)
		}
	}
	digest, err := v1.NewHash(reference)
	if err != nil {
		return nil, nil // a tag that is not there
	}
	return checked(b.documents, v1.Descriptor{Digest: digest})
}

// Referrers are those that say so in their own manifest, and those that an index lists which is called by the digest.
func (b beside) Referrers(ctx context.Context, digest string) ([]v1.Descriptor, error) {
	if len(b.manifests) > maxLookedAt {
		return nil, fmt.Errorf("it lists more than %d manifests", maxLookedAt)
	}
	var found []v1.Descriptor
	for _, d := range b.manifests {
		if !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
			continue
		}
		raw, err := checked(b.documents, d)
		if err != nil {
			return nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
		}
		subject, artifact := subjectOf(raw)
		if subject == digest {
			if d.ArtifactType == "" {
				d.ArtifactType = artifact
			}
			found = append(found, d)
		}
	}
	raw, err := b.Manifest(ctx, fallbackTag(digest))
	if err != nil || raw == nil {
		return found, err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("index of referrers: %w", err)
	}
	return append(found, index.Manifests...), nil
}

func (b beside) Document(_ context.Context, d v1.Descriptor) ([]byte, error) {
	return checked(b.documents, d)
}

// fallbackTag is what an index of referrers is called where there is no interface to ask for them.
func fallbackTag(digest string) string {
	return strings.Replace(digest, ":", "-", 1)
}

var attachedName = regexp.MustCompile(`(^|:)sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$`)

// isAttached tells whether a descriptor is of something beside an image, and no image.
func isAttached(d v1.Descriptor) bool {
	switch d.Annotations[savedKind] {
	case "dev.cosignproject.cosign/sigs", "dev.cosignproject.cosign/atts":
		return true
	}
	if d.ArtifactType != "" && !types.MediaType(d.ArtifactType).IsConfig() {
		return true
	}
	return d.Annotations["vnd.docker.reference.type"] != "" || attachedName.MatchString(d.Annotations[refName])
}

// subjectOf returns the digest that a manifest is about, "" if none, and what sort of artifact it is.
func subjectOf(raw []byte) (subject, artifact string) {
	manifest, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil || manifest.Subject == nil {
		return "", ""
	}
	artifact = manifest.ArtifactType
	if artifact == "" {
		artifact = string(manifest.Config.MediaType)
	}
	return manifest.Subject.Digest.String(), artifact
}
