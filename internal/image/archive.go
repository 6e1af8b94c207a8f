package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
)

// Bounds of an archive's own entries. A layer has two or three of them.
const (
	maxMembers      = 10_000
	maxDocuments    = 64 << 20
	maxArchiveBytes = 64 << 30
)

// archive is a tar archive with an image: an OCI layout, or what "docker save" wrote before it wrote layouts.
type archive struct {
	file    *os.File
	gzipped bool
	members map[string]member
}

type member struct {
	offset, size int64
	link         string // the name that a link stands for
	document     []byte // contents of small JSON documents, of gzipped archives
}

func openArchive(ctx context.Context, name string, options Options) (*Source, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	a := archive{file: file, members: map[string]member{}}
	s, err := a.source(ctx, options)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s.close = file.Close
	return s, nil
}

func (a *archive) source(ctx context.Context, options Options) (*Source, error) {
	if err := a.index(ctx); err != nil {
		return nil, err
	}
	if _, ok := a.members["index.json"]; ok {
		raw, err := a.small("index.json")
		if err != nil {
			return nil, err
		}
		s, err := fromIndex(raw, a, options)
		if err != nil {
			return nil, err
		}
		return a.streamed(s), nil
	}
	if _, ok := a.members["manifest.json"]; !ok {
		return nil, errors.New("it is no image: it has neither index.json nor manifest.json")
	}
	s, err := a.saved(options)
	if err != nil {
		return nil, err
	}
	return a.streamed(s), nil
}

// index notes where each member is. A gzipped archive is unpacked twice: now, to find which members are layers, and then to
// read those, since nothing is kept on disk.
func (a *archive) index(ctx context.Context) error {
	kept := int64(0)
	return a.walk(ctx, func(h *tar.Header, r io.Reader) error {
		if len(a.members) >= maxMembers {
			return fmt.Errorf("it has more than %d members", maxMembers)
		}
		name := path.Clean(h.Name)
		m := member{size: h.Size}
		switch h.Typeflag {
		case tar.TypeSymlink:
			m.link = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeLink:
			m.link = path.Clean(h.Linkname)
		case tar.TypeReg:
			if !a.gzipped {
				offset, err := a.file.Seek(0, io.SeekCurrent)
				if err != nil {
					return err
				}
				m.offset = offset
			} else if h.Size <= MaxDocument && isDocument(r) {
				if kept += h.Size; kept > maxDocuments {
					return fmt.Errorf("it has more than %d bytes of documents", maxDocuments)
				}
				document, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				m.document = document
			}
		default:
			return nil
		}
		a.members[name] = m
		return nil
	})
}

// isDocument tells whether a member of a gzipped archive is JSON.
func isDocument(r io.Reader) bool {
	start, err := r.(*bufio.Reader).Peek(1)
	return err == nil && (start[0] == '{' || start[0] == '[')
}

// walk visits the archive's members in their order.
func (a *archive) walk(ctx context.Context, visit func(h *tar.Header, r io.Reader) error) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	start := make([]byte, 2)
	n, err := a.file.ReadAt(start, 0)
	if err != nil && n < 2 {
		return fmt.Errorf("it is no archive: %w", err)
	}
	var in io.Reader = a.file
	if a.gzipped = bytes.Equal(start, []byte{0x1f, 0x8b}); a.gzipped {
		z, err := gzip.NewReader(bufio.NewReaderSize(a.file, 1<<20))
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		defer z.Close()
		in = io.LimitReader(z, maxArchiveBytes)
	}
	t := tar.NewReader(in)
	peek := bufio.NewReader(nil)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("it is cut off or no tar archive: %w", err)
		}
		var r io.Reader = t
		if a.gzipped {
			peek.Reset(t)
			r = peek
		}
		if err := visit(h, r); err != nil {
			return err
		}
	}
}

// resolve follows one link, as older archives have them for layers that occur twice.
func (a *archive) resolve(name string) (string, member, error) {
	name = path.Clean(name)
	m, ok := a.members[name]
	if ok && m.link != "" {
		name = m.link
		m, ok = a.members[name]
	}
	if !ok || m.link != "" {
		return "", member{}, fmt.Errorf("it has no %s", name)
	}
	return name, m, nil
}

func (a *archive) small(name string) ([]byte, error) {
	_, m, err := a.resolve(name)
	switch {
	case err != nil:
		return nil, err
	case a.gzipped && m.document == nil:
		return nil, fmt.Errorf("%s is no JSON document of at most %d bytes", name, MaxDocument)
	case a.gzipped:
		return m.document, nil
	}
	return bounded(io.NewSectionReader(a.file, m.offset, m.size), name)
}

func (a *archive) document(digest v1.Hash) ([]byte, error) { return a.small(blobPath(digest)) }

func (a *archive) blob(d v1.Descriptor) Blob {
	return a.named(blobPath(d.Digest), Blob{Digest: d.Digest.String(), MediaType: string(d.MediaType), Size: d.Size})
}

// named completes a blob that is the member of a name.
func (a *archive) named(name string, b Blob) Blob {
	b.Open = func(context.Context) (io.ReadCloser, error) {
		_, m, err := a.resolve(name)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(io.NewSectionReader(a.file, m.offset, m.size)), nil
	}
	b.member = name
	return b
}

// streamed makes the layers of a gzipped archive be read in the order in which they are stored.
func (a *archive) streamed(s *Source) *Source {
	if !a.gzipped {
		return s
	}
	s.each = func(ctx context.Context, visit func(int, io.Reader) error) error {
		wanted := map[string]int{}
		for i, layer := range s.Layers {
			name, _, err := a.resolve(layer.member)
			if _, again := wanted[name]; err == nil && !again {
				wanted[name] = i
			}
		}
		return a.walk(ctx, func(h *tar.Header, r io.Reader) error {
			name := path.Clean(h.Name)
			i, ok := wanted[name]
			if !ok || h.Typeflag != tar.TypeReg {
				return nil
			}
			delete(wanted, name)
			return visit(i, r)
		})
	}
	return s
}

// saved reads manifest.json, which "docker save" wrote: it names files, and only the configuration has a digest.
func (a *archive) saved(options Options) (*Source, error) {
	raw, err := a.small("manifest.json")
	if err != nil {
		return nil, err
	}
	var images []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(raw, &images); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	var names []string
	for _, image := range images {
		names = append(names, image.RepoTags...)
		if !(options.Name == "" && len(images) == 1) && !slices.Contains(image.RepoTags, options.Name) {
			continue
		}
		config, err := a.small(image.Config)
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		digest, _, err := v1.SHA256(bytes.NewReader(config))
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		// It is named by its digest.
		named := strings.TrimSuffix(path.Base(image.Config), ".json")
		if named = strings.TrimPrefix(named, "sha256:"); len(named) == 64 && named != digest.Hex {
			return nil, fmt.Errorf("configuration %s has digest %s: %w", image.Config, digest, ErrDigest)
		}
		s := &Source{Config: config, ID: digest.String(), MediaType: "application/vnd.docker.image.tar"}
		for _, layer := range image.Layers {
			s.Layers = append(s.Layers, a.named(layer, Blob{Size: -1}))
		}
		return s, nil
	}
	return nil, fmt.Errorf("name one of its images: %s", listed(names))
}
