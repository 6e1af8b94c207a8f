package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Open finds the image at a path: an OCI layout in a folder, or an archive as docker, podman and others save it, also
// gzipped. Nothing outside of the path is read. The Source MUST be closed.
func Open(ctx context.Context, path string, options Options) (*Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open image: %w", err)
	}
	open := openArchive
	if info.IsDir() {
		open = openLayout
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open image: %s is neither a file nor a folder", path)
	}
	s, err := open(ctx, path, options)
	if err != nil {
		return nil, fmt.Errorf("open image %s: %w", path, err)
	}
	s.Reference = path
	return s, nil
}

// folder is an OCI layout as https://github.com/opencontainers/image-spec/blob/main/image-layout.md describes it. Through
// os.Root no symbolic link in it leads out of it.
type folder struct{ root *os.Root }

func openLayout(_ context.Context, path string, options Options) (*Source, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	l := folder{root}
	raw, err := l.small("index.json")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("it is no OCI layout: %w", err), root.Close())
	}
	s, err := fromIndex(raw, l, options)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	s.close = root.Close
	return s, nil
}

func blobPath(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

func (l folder) open(name string) (*os.File, error) {
	info, err := l.root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would block for ever
		return nil, fmt.Errorf("%s is no file", name)
	}
	return l.root.Open(name)
}

func (l folder) small(name string) ([]byte, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return bounded(f, name)
}

func bounded(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxDocument {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, MaxDocument)
	}
	return raw, nil
}

func (l folder) document(digest v1.Hash) ([]byte, error) { return l.small(blobPath(digest)) }

func (l folder) blob(d v1.Descriptor) Blob {
	return Blob{
		Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size,
		Open: func(context.Context) (io.ReadCloser, error) { return l.open(blobPath(d.Digest)) },
	}
}
