// Package registry finds images in registries, by the distribution protocol of the Open Container Initiative. It is the only
// part of reading images that uses the network, and only for the registry that a reference names.
//
// It must not know what is in an image: package image reads that.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"ward.dev/ward/internal/image"
)

// Options say how a registry is asked.
type Options struct {
	// Platform chooses among the platforms of an image, as "linux/arm64"; linux/amd64 if it is "".
	Platform string
	// Keychain has the logins of registries; nil stands for those that docker and podman keep in the user's folder.
	Keychain authn.Keychain
	// Transport sends requests; nil stands for the default one.
	Transport http.RoundTripper
	// Insecure allows a registry without TLS. Those on this machine are always allowed to.
	Insecure bool
}

// Open finds the image that a reference names, such as "registry.example/team/app:1.2" or with "@sha256:…" at its end. Only its
// manifest and configuration are read; layers are read as image.Read asks for them. The Source MUST be closed.
func Open(ctx context.Context, reference string, options Options) (*image.Source, error) {
	var naming []name.Option
	if options.Insecure {
		naming = append(naming, name.Insecure)
	}
	ref, err := name.ParseReference(reference, naming...)
	if err != nil {
		return nil, fmt.Errorf("open image: %w", err)
	}
	wanted := options.Platform
	if wanted == "" {
		wanted = "linux/amd64"
	}
	platform, err := v1.ParsePlatform(wanted)
	if err != nil {
		return nil, fmt.Errorf("open image: platform %q: %w", wanted, err)
	}
	if options.Keychain == nil {
		options.Keychain = authn.DefaultKeychain
	}
	anyone := []remote.Option{remote.WithContext(ctx), remote.WithPlatform(*platform), remote.WithUserAgent("ward")}
	if options.Transport != nil {
		anyone = append(anyone, remote.WithTransport(options.Transport))
	}
	asking := slices.Concat(anyone, []remote.Option{remote.WithAuthFromKeychain(options.Keychain)})
	found, err := remote.Get(ref, asking...)
	if err != nil {
		return nil, fmt.Errorf("open image %s: %w", reference, err)
	}
	s, err := source(ref, found, asking)
	if err != nil {
		return nil, fmt.Errorf("open image %s: %w", reference, err)
	}
	s.Reference = reference
	if asked := found.Digest.String(); asked != s.Digest { // an index that leads to the manifest
		s.Digests = append([]string{asked}, s.Digests...)
	}
	s.Attached, s.Registry = attached{ref.Context(), asking}, facts(ref, options.Keychain, anyone)
	return s, nil
}

// source makes a Source of what a registry answered.
func source(ref name.Reference, found *remote.Descriptor, asking []remote.Option) (*image.Source, error) {
	if !found.MediaType.IsImage() && !found.MediaType.IsIndex() {
		return nil, fmt.Errorf("it is no image but %q", found.MediaType)
	}
	one, err := found.Image() // of an index, that of the platform
	if err != nil {
		return nil, err
	}
	manifest, err := one.RawManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest) > image.MaxDocument {
		return nil, fmt.Errorf("its manifest is larger than %d bytes", image.MaxDocument)
	}
	mediaType, err := one.MediaType()
	if err != nil {
		return nil, err
	}
	blob := func(d v1.Descriptor) image.Blob {
		return image.Blob{
			Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) { return open(ctx, ref, d, asking) },
		}
	}
	document := func(d v1.Descriptor) ([]byte, error) {
		if d.Size > image.MaxDocument {
			return nil, fmt.Errorf("it is larger than %d bytes", image.MaxDocument)
		}
		raw, err := one.RawConfigFile()
		if err != nil {
			return nil, err
		}
		return raw, image.CheckDocument(raw, d)
	}
	return image.FromManifest(manifest, string(mediaType), document, blob)
}

// open reads one blob of the repository. Addresses that a manifest gives for a blob are not followed: they may be anything.
func open(ctx context.Context, ref name.Reference, d v1.Descriptor, asking []remote.Option) (io.ReadCloser, error) {
	if len(d.URLs) > 0 {
		return nil, errors.New("it is kept at another place")
	}
	layer, err := remote.Layer(ref.Context().Digest(d.Digest.String()), slices.Concat(asking, []remote.Option{remote.WithContext(ctx)})...)
	if err != nil {
		return nil, err
	}
	return layer.Compressed()
}
