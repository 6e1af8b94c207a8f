package image

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errLimit says that a layer has more than the limits allow. What it has beyond them is not known.
var errLimit = errors.New("more than is read")

// budget is what is left of the limits for all layers together.
type budget struct {
	limits   Limits
	unpacked atomic.Int64
	entries  atomic.Int64
	names    atomic.Int64 // the length of all names, in bytes
}

// Bounds of names: no file system takes a longer one, and what they have together is held in memory.
const (
	maxName  = 4096
	maxNames = 256 << 20
)

// meter counts and hashes what passes, and stops a layer that grows out of proportion.
type meter struct {
	r      io.Reader
	hash   hash.Hash
	n      int64
	stored *meter  // what this one is unpacked from, nil for the stored bytes themselves
	budget *budget // nil for the stored bytes
}

const ratioFrom = 64 << 20

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.hash.Write(p[:n])
	if m.budget == nil {
		return n, err
	}
	if m.budget.unpacked.Add(int64(n)) > m.budget.limits.Unpacked {
		return n, fmt.Errorf("layers unpack to more than %d bytes: %w", m.budget.limits.Unpacked, errLimit)
	}
	if m.n > ratioFrom && m.n/m.budget.limits.Ratio > m.stored.n {
		return n, fmt.Errorf("it unpacks to more than %d times its size: %w", m.budget.limits.Ratio, errLimit)
	}
	return n, err
}

func (m *meter) digest() string { return "sha256:" + hex.EncodeToString(m.hash.Sum(nil)) }

// readLayer reads a layer once, from the stored bytes to what is in its files, and checks both digests. What cannot be read
// becomes a Gap of the scan; an error means that the layer is not what its digests say, or that ctx is done.
func readLayer(ctx context.Context, r io.Reader, b Blob, diffID string, left *budget) (*scan, error) {
	stored := &meter{r: r, hash: sha256.New()}
	unpacked := &meter{hash: sha256.New(), stored: stored, budget: left}
	s := &scan{}
	broken := s.unpack(ctx, bufio.NewReaderSize(stored, 1<<18), unpacked)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// What is left belongs to the digest, also of a layer that could not be read.
	_, stopped := io.Copy(io.Discard, stored)
	s.digest, s.size, s.unpacked = stored.digest(), stored.n, unpacked.n
	whole := stopped == nil && (b.Size < 0 || stored.n >= b.Size)
	if whole && b.Digest != "" && s.digest != b.Digest {
		return nil, fmt.Errorf("it has digest %s: %w", s.digest, ErrDigest)
	}
	if b.Digest != "" {
		s.digest = b.Digest
	}
	switch {
	case !whole:
		s.gap(GapLayer, "", fmt.Sprintf("it is cut off after %d bytes", stored.n))
	case broken != nil:
		s.gap(GapLayer, "", "it was not read to its end: "+broken.Error())
	case diffID != "" && unpacked.digest() != diffID:
		return nil, fmt.Errorf("its contents have digest %s, the configuration says %s: %w", unpacked.digest(), diffID, ErrDigest)
	}
	return s, nil
}

// unpack reads the tar archive in a layer. Its compression is told by its first bytes, which media types get wrong.
func (s *scan) unpack(ctx context.Context, stored *bufio.Reader, unpacked *meter) error {
	start, err := stored.Peek(4)
	if err != nil && len(start) == 0 {
		return errors.New("it is empty")
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(stored)
		if err != nil {
			return err
		}
		defer z.Close()
		unpacked.r = z
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(stored, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return err
		}
		defer z.Close()
		unpacked.r = z
	default:
		unpacked.r = stored
	}
	if err := s.read(ctx, unpacked, unpacked.budget); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, unpacked) // what pads the archive
	return err
}
