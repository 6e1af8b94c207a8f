package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/transparency-dev/tessera/api"
	"golang.org/x/mod/sumdb/tlog"

	"ward.dev/ward/ledger/verify"
)

const tileHeight = 8 // of tlog-tiles: 256 hashes in a tile, and 256 records in a bundle

// tiles reads the log's tiles for package tlog.
type tiles struct {
	ctx context.Context
	log *Reader
}

// Height implements tlog.TileReader.
func (t *tiles) Height() int { return tileHeight }

// ReadTiles implements tlog.TileReader.
func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, one := range wanted {
		content, err := t.log.files.ReadTile(t.ctx, uint64(one.L), uint64(one.N), partial(one.W))
		if err != nil {
			return nil, err
		}
		if len(content) < one.W*tlog.HashSize {
			return nil, fmt.Errorf("a tile is cut off: %s", one.Path())
		}
		all = append(all, content[:one.W*tlog.HashSize])
	}
	return all, nil
}

// SaveTiles implements tlog.TileReader.
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// partial is how tlog-tiles names the width of a tile: 0 for a full one.
func partial(width int) uint8 { return uint8(width % (1 << tileHeight)) }

// Read calls visit with the records from one index to before another, in order.
func (l *Reader) Read(ctx context.Context, from, to int64, visit func(index int64, record []byte) error) error {
	size, err := l.Size(ctx)
	if err != nil {
		return fmt.Errorf("read the ledger in %s: %w", l.place, err)
	}
	if from < 0 || to > size || from > to {
		return fmt.Errorf("read the ledger in %s: records %d to %d are wanted of %d", l.place, from, to, size)
	}
	return l.read(ctx, size, from, to, visit)
}

func (l *Reader) read(ctx context.Context, size, from, to int64, visit func(int64, []byte) error) error {
	const wide = 1 << tileHeight
	for first := from / wide * wide; first < to; first += wide {
		content, err := l.files.ReadEntryBundle(ctx, uint64(first/wide), partial(int(min(wide, size-first))))
		if err != nil {
			return fmt.Errorf("read the records from %d: %w", first, err)
		}
		var bundle api.EntryBundle
		if err := bundle.UnmarshalText(content); err != nil {
			return fmt.Errorf("read the records from %d: %w", first, err)
		}
		if int64(len(bundle.Entries)) < min(wide, size-first) {
			return fmt.Errorf("read the records from %d: the file is cut off", first)
		}
		for i, record := range bundle.Entries {
			if at := first + int64(i); at >= from && at < to {
				if err := visit(at, record); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Export writes what verify.Bundle checks: the newest checkpoint, the hashes of all records, and the records from one index to before
// another; to may be -1 for all.
func (l *Reader) Export(ctx context.Context, out io.Writer, from, to int64) error {
	text, err := l.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("export the ledger in %s: %w", l.place, err)
	}
	now, err := verify.Checkpoint(text, l.verifier)
	if err != nil {
		return fmt.Errorf("export the ledger in %s: %w", l.place, err)
	}
	if to < 0 {
		to = now.N
	}
	if from < 0 || from > to || to > now.N {
		return fmt.Errorf("export the ledger in %s: records %d to %d are wanted of %d", l.place, from, to, now.N)
	}
	buffered := bufio.NewWriter(out)
	lines := json.NewEncoder(buffered)
	if err := lines.Encode(verify.Head{Format: verify.Format, Checkpoint: string(text), From: from, To: to}); err != nil {
		return err
	}
	if err := l.exportHashes(ctx, lines, now.N); err != nil {
		return fmt.Errorf("export the ledger in %s: %w", l.place, err)
	}
	err = l.read(ctx, now.N, from, to, func(index int64, record []byte) error {
		return lines.Encode(verify.Record{Index: index, Data: record})
	})
	if err != nil {
		return fmt.Errorf("export the ledger in %s: %w", l.place, err)
	}
	return buffered.Flush()
}

func (l *Reader) exportHashes(ctx context.Context, lines *json.Encoder, size int64) error {
	const wide = 1 << tileHeight
	var line verify.Hashes
	for first := int64(0); first < size; first += wide {
		width := int(min(wide, size-first))
		content, err := l.files.ReadTile(ctx, 0, uint64(first/wide), partial(width))
		if err != nil {
			return fmt.Errorf("read the hashes from %d: %w", first, err)
		}
		if len(content) < width*tlog.HashSize {
			return fmt.Errorf("read the hashes from %d: the file is cut off", first)
		}
		for i := range width {
			line.Hashes = append(line.Hashes, content[i*tlog.HashSize:(i+1)*tlog.HashSize])
		}
		if len(line.Hashes) >= verify.HashesEach || first+wide >= size {
			if err := lines.Encode(line); err != nil {
				return err
			}
			line.Hashes = nil
		}
	}
	return nil
}
