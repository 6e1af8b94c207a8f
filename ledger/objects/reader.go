package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/transparency-dev/tessera/api/layout"
)

// maxObject is how large an object of a log may be, in bytes: 256 records of the largest size, with theirs.
const maxObject = 256 * (2 + 1<<16)

// bucket reads the objects of a log (C2SP tlog-tiles).
type bucket struct {
	client       *s3.Client
	name, prefix string
}

// ReadCheckpoint implements ledger.Files.
func (b *bucket) ReadCheckpoint(ctx context.Context) ([]byte, error) {
	return b.read(ctx, layout.CheckpointPath)
}

// ReadTile implements ledger.Files.
func (b *bucket) ReadTile(ctx context.Context, level, index uint64, partial uint8) ([]byte, error) {
	return b.partial(ctx, partial, func(p uint8) string { return layout.TilePath(level, index, p) })
}

// ReadEntryBundle implements ledger.Files.
func (b *bucket) ReadEntryBundle(ctx context.Context, index uint64, partial uint8) ([]byte, error) {
	return b.partial(ctx, partial, func(p uint8) string { return layout.EntriesPath(index, p) })
}

// partial reads an object of some width, or the full one if that took its place meanwhile.
func (b *bucket) partial(ctx context.Context, width uint8, path func(uint8) string) ([]byte, error) {
	found, err := b.read(ctx, path(width))
	if width > 0 && errors.Is(err, fs.ErrNotExist) {
		return b.read(ctx, path(0))
	}
	return found, err
}

func (b *bucket) read(ctx context.Context, path string) ([]byte, error) {
	key := b.prefix + path
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		return nil, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	all, err := io.ReadAll(io.LimitReader(out.Body, maxObject+1))
	if err == nil && len(all) > maxObject {
		err = fmt.Errorf("%s is larger than an object of a log may be", key)
	}
	return all, err
}
