package image

import (
	"context"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestAttached proves that what lies beside an image in a layout or an archive is found by its tag, by what cosign calls it and by its
// subject, and is never taken for the image.
func TestAttached(t *testing.T) {
	one := imageOf(t, v1.Config{}, layerOf(t, text("etc/os-release", debian)))
	digest, err := one.Digest()
	if err != nil {
		t.Fatal(err)
	}
	tag := strings.Replace(digest.String(), ":", "-", 1) + ".sig"
	beside := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	beside, err = mutate.AppendLayers(beside, static.NewLayer([]byte("{}"), "application/x"))
	if err != nil {
		t.Fatal(err)
	}
	about := mutate.Subject(beside, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: digest}).(v1.Image)
	for name, c := range map[string]struct {
		what      v1.Image
		options   []layout.Option
		tagged    bool
		referring int
	}{
		"nothing":           {},
		"a tag":             {beside, []layout.Option{layout.WithAnnotations(map[string]string{refName: tag})}, true, 0},
		"a tag in full":     {beside, []layout.Option{layout.WithAnnotations(map[string]string{"io.containerd.image.name": "r.example/a:" + tag, refName: tag})}, true, 0},
		"saved by cosign":   {beside, []layout.Option{layout.WithAnnotations(map[string]string{"kind": "dev.cosignproject.cosign/sigs"})}, true, 0},
		"by its subject":    {about, []layout.Option{layout.WithAnnotations(map[string]string{refName: "x:" + tag})}, true, 1},
		"another one's tag": {beside, []layout.Option{layout.WithAnnotations(map[string]string{refName: "sha256-" + strings.Repeat("0", 64) + ".sig"})}, false, 0},
	} {
		dir := save(t, one)
		if c.what != nil {
			l, err := layout.FromPath(dir)
			if err == nil {
				err = l.AppendImage(c.what, c.options...)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{dir, packFolder(t, dir), packed(t, packFolder(t, dir))} {
			s, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want := []string{digest.String()}; !slices.Equal(s.Digests, want) || !s.Copy {
				t.Errorf("%s: digests %v, want %v", name, s.Digests, want)
			}
			raw, err := s.Attached.Manifest(context.Background(), tag)
			if err != nil || (raw != nil) != c.tagged {
				t.Errorf("%s: at the tag %q, %v", name, raw, err)
			}
			referring, err := s.Attached.Referrers(context.Background(), digest.String())
			if err != nil || len(referring) != c.referring {
				t.Errorf("%s: %v, %v", name, referring, err)
			}
			if raw != nil {
				manifest, err := v1.ParseManifest(strings.NewReader(string(raw)))
				if err != nil {
					t.Fatal(err)
				}
				if document, err := s.Attached.Document(context.Background(), manifest.Layers[0]); err != nil || string(document) != "{}" {
					t.Errorf("%s: %q, %v", name, document, err)
				}
			}
			s.Close()
		}
	}
}
