package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"ward.dev/ward/internal/image"
)

// attached implements image.Attached for one repository.
type attached struct {
	repository name.Repository
	asking     []remote.Option
}

func (a attached) options(ctx context.Context) []remote.Option {
	return slices.Concat(a.asking, []remote.Option{remote.WithContext(ctx)})
}

func (a attached) Manifest(ctx context.Context, reference string) ([]byte, error) {
	var ref name.Reference = a.repository.Tag(reference)
	if strings.Contains(reference, ":") {
		ref = a.repository.Digest(reference)
	}
	found, err := remote.Get(ref, a.options(ctx)...)
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, err
	case len(found.Manifest) > image.MaxDocument:
		return nil, fmt.Errorf("manifest %s is larger than %d bytes", reference, image.MaxDocument)
	}
	return found.Manifest, nil
}

func (a attached) Referrers(ctx context.Context, digest string) ([]v1.Descriptor, error) {
	index, err := remote.Referrers(a.repository.Digest(digest), a.options(ctx)...)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return manifest.Manifests, nil
}

func (a attached) Document(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > image.MaxDocument {
		return nil, fmt.Errorf("%s is larger than %d bytes", d.Digest, image.MaxDocument)
	}
	r, err := open(ctx, a.repository.Digest(d.Digest.String()), d, a.options(ctx))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, image.MaxDocument+1))
	if err != nil {
		return nil, err
	}
	return raw, image.CheckDocument(raw, d)
}

// missing tells whether a registry said that it does not have something.
func missing(err error) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound
}

// facts tells how an image was fetched. One that was read with a login is asked for once more without.
func facts(ref name.Reference, login authn.Keychain, anonymous []remote.Option) *image.Registry {
	repository := ref.Context()
	host := repository.RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io"
	}
	out := &image.Registry{Repository: host + "/" + repository.RepositoryStr()}
	who, err := login.Resolve(repository)
	if err != nil {
		out.Fault = "it is not known who asked: " + err.Error()
		return out
	}
	if who == authn.Anonymous {
		out.Anonymous = true
		return out
	}
	_, err = remote.Head(ref, anonymous...)
	var answer *transport.Error
	switch {
	case err == nil:
		out.Anonymous = true
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized ||
		answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusNotFound):
	default:
		out.Fault = "asked without a login: " + err.Error()
	}
	return out
}
