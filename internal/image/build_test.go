package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// put is an entry of a layer that a test makes.
type put struct {
	name, content string
	mode          int64
	kind          byte
	link          string
}

func text(name, content string) put { return put{name: name, content: content, mode: 0o644} }

// archiveOf makes the tar archive of a layer.
func archiveOf(t testing.TB, puts ...put) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, p := range puts {
		h := &tar.Header{Name: p.name, Mode: p.mode, Typeflag: p.kind, Linkname: p.link, Format: tar.FormatPAX}
		if p.kind == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(p.content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, p.content); err != nil && p.kind == 0 {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func layerOf(t testing.TB, puts ...put) v1.Layer { return layerFrom(t, archiveOf(t, puts...)) }

// layerFrom makes a gzipped layer of the bytes of a tar archive.
func layerFrom(t testing.TB, data []byte) v1.Layer {
	t.Helper()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageOf makes an image of layers.
func imageOf(t testing.TB, config v1.Config, layers ...v1.Layer) v1.Image {
	t.Helper()
	image := empty.Image
	var additions []mutate.Addendum
	for i, l := range layers {
		additions = append(additions, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: fmt.Sprintf("RUN step %d", i)}})
	}
	image, err := mutate.Append(image, additions...)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", config
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatal(err)
	}
	return mutate.MediaType(mutate.ConfigMediaType(image, types.OCIConfigJSON), types.OCIManifestSchema1)
}

// save writes an image as a layout and returns its folder.
func save(t testing.TB, image v1.Image, options ...layout.Option) string {
	t.Helper()
	dir := t.TempDir()
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendImage(image, options...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// load reads the image at a path.
func load(t testing.TB, path string, options Options) (Image, error) {
	t.Helper()
	s, err := Open(context.Background(), path, options)
	if err != nil {
		return Image{}, err
	}
	defer s.Close()
	return Read(context.Background(), s, options)
}

// read makes an image of layers and reads it again.
func read(t testing.TB, layers ...v1.Layer) Image {
	t.Helper()
	out, err := load(t, save(t, imageOf(t, v1.Config{}, layers...)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// saveDocker writes the archive of an image as "docker save" did before it wrote layouts.
func saveDocker(t testing.TB, image v1.Image, tag string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	ref, err := name.NewTag(tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(path, ref, image); err != nil {
		t.Fatal(err)
	}
	return path
}

// packFolder writes a folder as a tar archive.
func packFolder(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layout.tar")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := tar.NewWriter(out)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// packed gzips a file.
func packed(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".gz", out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path + ".gz"
}

func rawLayer(data []byte, mediaType types.MediaType) v1.Layer {
	return static.NewLayer(data, mediaType)
}

const debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n"

// status is a paragraph of dpkg's status.
func status(name, version string, more ...string) string {
	return fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: amd64\nVersion: %s\n%s\n", name, version,
		strings.Join(append(more, ""), "\n"))
}

// versions returns "name version" of the packages.
func versions(image Image) []string {
	out := []string{}
	for _, p := range image.Packages {
		out = append(out, p.Name+" "+p.Version)
	}
	return out
}

// kinds returns the kinds of the gaps.
func kinds(image Image) []GapKind {
	out := []GapKind{}
	for _, g := range image.Gaps {
		out = append(out, g.Kind)
	}
	return out
}
