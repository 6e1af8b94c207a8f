package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// MaxDocument is how large an index, a manifest or a configuration may be, in bytes. Registries take 4 MiB.
const MaxDocument = 4 << 20

// ErrDigest says that something is not what its digest says: it was damaged or changed.
var ErrDigest = errors.New("the digest does not match")

// Source has the parts of one image. It MUST be closed.
type Source struct {
	Reference string
	// Digest of the manifest, "" if there is none.
	Digest, MediaType string
	// Digests are those of the indexes on the way to the manifest, the outermost first, and last that of the manifest. What is said
	// about one of them is said about the image. It is empty for an archive that has none.
	Digests []string
	// Attached has what is kept beside the image; nil if that cannot be told. Of a Copy, some of it may have been left behind.
	Attached Attached
	Copy     bool
	// Registry is nil for what is not of a registry.
	Registry *Registry
	// Config is the configuration, a JSON document whose digest was checked, and ID its digest.
	Config []byte
	ID     string
	// Layers are from the lowest to the highest.
	Layers []Blob
	// each reads the layers in the order in which they are stored; nil if each one can be opened.
	each  func(ctx context.Context, visit func(i int, r io.Reader) error) error
	close func() error
}

// Blob is the stored bytes of a layer.
type Blob struct {
	// Digest is what the bytes must have, "" if only their contents have one.
	Digest    string
	MediaType string
	// Size in bytes, -1 if it is not said.
	Size   int64
	member string // its name in an archive
	// Open starts to read. It is called at most once.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Close gives up what the Source holds open.
func (s *Source) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// documents gives small blobs by digest, such as a layout has.
type documents interface {
	// document returns the whole blob. Its digest need not have been checked.
	document(digest v1.Hash) ([]byte, error)
	blob(d v1.Descriptor) Blob
}

const maxIndexes = 4 // in each other

// fromIndex finds the image that options ask for in an index, and reads its manifest and configuration.
func fromIndex(raw []byte, from documents, options Options) (*Source, error) {
	var digests []string
	var listed []v1.Descriptor
	for range maxIndexes {
		index, err := v1.ParseIndexManifest(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("index: %w", err)
		}
		listed = append(listed, index.Manifests...)
		d, err := choose(index.Manifests, options)
		if err != nil {
			return nil, err
		}
		raw, err = checked(from, d)
		if err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		digests = append(digests, d.Digest.String())
		if d.MediaType.IsIndex() {
			options.Name = "" // it was chosen by now
			continue
		}
		s, err := FromManifest(raw, string(d.MediaType), func(c v1.Descriptor) ([]byte, error) { return checked(from, c) }, from.blob)
		if err != nil {
			return nil, err
		}
		s.Digests, s.Attached, s.Copy = digests, beside{from, listed}, true
		return s, nil
	}
	return nil, fmt.Errorf("more than %d indexes are in each other", maxIndexes)
}

// FromManifest makes a Source from a manifest. document returns the configuration, checked against its digest.
func FromManifest(
	raw []byte, mediaType string, document func(v1.Descriptor) ([]byte, error), blob func(v1.Descriptor) Blob,
) (*Source, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if !manifest.Config.MediaType.IsConfig() {
		return nil, fmt.Errorf("it is no image: its configuration is %q", manifest.Config.MediaType)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	s := &Source{Digest: digest.String(), MediaType: mediaType, ID: manifest.Config.Digest.String(), Digests: []string{digest.String()}}
	if s.Config, err = document(manifest.Config); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	for _, layer := range manifest.Layers {
		s.Layers = append(s.Layers, blob(layer))
	}
	return s, nil
}

// checked reads a document and compares it with its descriptor.
func checked(from documents, d v1.Descriptor) ([]byte, error) {
	raw, err := from.document(d.Digest)
	if err != nil {
		return nil, err
	}
	return raw, CheckDocument(raw, d)
}

// CheckDocument compares a document with its descriptor. The error wraps ErrDigest.
func CheckDocument(raw []byte, d v1.Descriptor) error {
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if digest != d.Digest || d.Size > 0 && size != d.Size {
		return fmt.Errorf("%s has digest %s and %d bytes: %w", d.Digest, digest, size, ErrDigest)
	}
	return nil
}

const refName = "org.opencontainers.image.ref.name"

// choose picks one manifest by name, then by platform.
func choose(manifests []v1.Descriptor, options Options) (v1.Descriptor, error) {
	var left []v1.Descriptor
	var names, platforms []string
	for _, d := range manifests {
		if isAttached(d) {
			continue
		}
		name, full := d.Annotations[refName], d.Annotations["io.containerd.image.name"]
		if name != "" {
			names = append(names, name)
		}
		if options.Name == "" || options.Name == name || options.Name == full || options.Name == d.Digest.String() {
			left = append(left, d)
		}
	}
	if len(left) == 0 {
		return v1.Descriptor{}, fmt.Errorf("it has no image %q; it has %s", options.Name, listed(names))
	}
	if len(left) == 1 && (options.Platform == "" || left[0].Platform == nil) {
		return left[0], nil
	}
	wanted := options.Platform
	if wanted == "" {
		wanted = "linux/amd64"
	}
	platform, err := v1.ParsePlatform(wanted)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("platform %q: %w", wanted, err)
	}
	var fit []v1.Descriptor
	for _, d := range left {
		if d.Platform != nil {
			platforms = append(platforms, d.Platform.String())
			if d.Platform.Satisfies(*platform) {
				fit = append(fit, d)
			}
		}
	}
	switch {
	case len(fit) == 0 && len(platforms) > 0:
		return v1.Descriptor{}, fmt.Errorf("it has no image for %s; it has %s", wanted, listed(platforms))
	case len(fit) != 1 && !same(fit):
		return v1.Descriptor{}, fmt.Errorf("it has several images; name one of %s", listed(names))
	}
	return fit[0], nil
}

func same(all []v1.Descriptor) bool {
	for _, d := range all {
		if d.Digest != all[0].Digest {
			return false
		}
	}
	return len(all) > 0
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none with a name"
	}
	return strings.Join(names, ", ")
}
