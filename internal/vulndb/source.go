package vulndb

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Bounds of a source, so that no archive fills memory or runs on for ever.
const (
	maxRecord = 16 << 20 // bytes of one file
	maxFiles  = 10_000_000
	maxTotal  = 64 << 30 // bytes of all files of a source, decompressed
	maxWindow = 128 << 20
)

// document is one JSON file of a source: its text, or why it could not be read.
type document struct {
	name string
	data []byte
	err  error
}

// reader stops when the context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// bounded fails after so many bytes, unlike io.LimitReader, which says that the stream ends.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it holds more than a source of advisories can")
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// kindOf tells how an archive is read from its name: "zip", "tar", "tar.gz", "tar.zst"; "" if it is none.
func kindOf(name string) string {
	name = strings.ToLower(name)
	for _, one := range [][2]string{{".zip", "zip"}, {".tar", "tar"}, {".tar.gz", "tar.gz"}, {".tgz", "tar.gz"}, {".tar.zst", "tar.zst"}} {
		if strings.HasSuffix(name, one[0]) {
			return one[1]
		}
	}
	return ""
}

// readFolder yields the JSON files of a folder and of those below it. Links are not followed, so that nothing outside is read.
func readFolder(ctx context.Context, path string, yield func(document) error) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(maxTotal)
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !d.Type().IsRegular() || !isJSON(name) {
			return nil
		}
		f, err := root.Open(name)
		if err != nil {
			return yield(document{name: name, err: err})
		}
		defer f.Close()
		return readDocument(name, f, &left, yield)
	})
}

func isJSON(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }

// readDocument yields a file unless it is too big.
func readDocument(name string, r io.Reader, left *int64, yield func(document) error) error {
	data, err := io.ReadAll(io.LimitReader(r, maxRecord+1))
	if len(data) > maxRecord {
		err = fmt.Errorf("it has more than %d MiB", maxRecord>>20)
	}
	if *left -= int64(len(data)); *left < 0 {
		return errors.New("it holds more than a source of advisories can")
	}
	if err != nil {
		return yield(document{name: name, err: err})
	}
	return yield(document{name: name, data: data})
}

// readArchive yields the JSON files of an archive. Names in it are only ever shown: nothing is unpacked.
func readArchive(ctx context.Context, kind string, file *os.File, yield func(document) error) error {
	if kind == "zip" {
		return readZip(ctx, file, yield)
	}
	var stream io.Reader = reader{ctx, file}
	switch kind {
	case "tar.gz":
		plain, err := gzip.NewReader(stream)
		if err != nil {
			return err
		}
		defer plain.Close()
		stream = plain
	case "tar.zst":
		plain, err := zstd.NewReader(stream, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer plain.Close()
		stream = plain
	}
	return readTar(&bounded{stream, maxTotal}, yield)
}

func readTar(stream io.Reader, yield func(document) error) error {
	left := int64(maxTotal)
	archive := tar.NewReader(stream)
	for range maxFiles {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !isJSON(h.Name) {
			continue
		}
		kept := &kept{r: archive}
		if err := readDocument(h.Name, kept, &left, yield); err != nil {
			return err
		}
		if kept.err != nil { // the stream is broken, not this file
			return kept.err
		}
	}
	return errors.New("it holds more files than a source of advisories can")
}

// kept remembers why reading failed.
type kept struct {
	r   io.Reader
	err error
}

func (k *kept) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if err != nil && err != io.EOF {
		k.err = err
	}
	return n, err
}

func readZip(ctx context.Context, file *os.File, yield func(document) error) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	left := int64(maxTotal)
	for _, f := range archive.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !f.Mode().IsRegular() || !isJSON(f.Name) {
			continue
		}
		if err := readZipped(f, &left, yield); err != nil {
			return err
		}
	}
	return nil
}

func readZipped(f *zip.File, left *int64, yield func(document) error) error {
	r, err := f.Open()
	if err != nil {
		return yield(document{name: f.Name, err: err})
	}
	defer r.Close()
	return readDocument(f.Name, r, left, yield)
}

// fileDigest is the SHA-256 of a file, "sha256:" and hexadecimal; the file is at its beginning after it.
func fileDigest(ctx context.Context, file *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, file}); err != nil {
		return "", err
	}
	_, err := file.Seek(0, io.SeekStart)
	return fmt.Sprintf("sha256:%x", h.Sum(nil)), err
}
