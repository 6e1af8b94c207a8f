package vulndb

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"os"
	"slices"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// The file, format 1. Numbers are big-endian.
//
//	header   magic, format, length of the file, place and CRC-32C of facts and index, SHA-256 of all after it, its own CRC-32C
//	blocks   each compressed by Zstandard: keys in their order, each with the entries of one package
//	facts    JSON
//	index    blocks: place, length, length when decompressed, CRC-32C; then keys: FNV-1a 64 and block, ordered by hash
//
// Whatever is read is checked first, so that a file cut short or changed on the disk is an error and never "nothing found". A key
// is looked up in the index by its hash; only blocks that hold a key that was asked for are read. Nothing is mapped into memory: a
// file that gets shorter while it is mapped ends the program.
const (
	magic       = "WARDVULN"
	format      = 1
	headerBytes = 8 + 4 + 8 + 2*(8+8+4) + sha256.Size + 4
	blockBytes  = 8 << 10 // of keys and entries before a block is closed
	maxSection  = 1 << 30 // facts and index
	maxBlock    = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is in the order of the file.
type header struct {
	Magic  [8]byte
	Format uint32
	Length uint64
	Facts  section
	Index  section
	Digest [sha256.Size]byte
}

type section struct {
	At, Length uint64
	CRC        uint32
}

// place is where a block is.
type place struct {
	At, Length, Raw uint64
	CRC             uint32
}

const placeBytes, slotBytes = 8 + 8 + 8 + 4, 8 + 4

// slot is where a key is.
type slot struct {
	hash  uint64
	block uint32
}

func hashOf(key string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, key) // never fails
	return h.Sum64()
}

// tableWriter writes a file. Keys MUST come in order.
type tableWriter struct {
	file   *os.File
	at     uint64
	zstd   *zstd.Encoder
	block  []byte
	places []place
	slots  []slot
}

func newTableWriter(file *os.File) (*tableWriter, error) {
	compress, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteAt(make([]byte, headerBytes), 0); err != nil {
		return nil, err
	}
	return &tableWriter{file: file, at: headerBytes, zstd: compress}, nil
}

// add writes a key with its entries.
func (w *tableWriter) add(key string, entries [][]byte) error {
	var b []byte
	b = binary.AppendUvarint(b, uint64(len(entries)))
	for _, e := range entries {
		b = append(binary.AppendUvarint(b, uint64(len(e))), e...)
	}
	w.slots = append(w.slots, slot{hashOf(key), uint32(len(w.places))})
	w.block = appendText(w.block, key)
	w.block = append(binary.AppendUvarint(w.block, uint64(len(b))), b...)
	if len(w.block) > maxBlock {
		return fmt.Errorf("%s has more advisories than a database can hold", clip(key, 100))
	}
	if len(w.block) >= blockBytes {
		return w.flush()
	}
	return nil
}

func (w *tableWriter) flush() error {
	if len(w.block) == 0 {
		return nil
	}
	packed := w.zstd.EncodeAll(w.block, nil)
	w.places = append(w.places, place{w.at, uint64(len(packed)), uint64(len(w.block)), crc32.Checksum(packed, castagnoli)})
	w.block = w.block[:0]
	_, err := w.write(packed)
	return err
}

func (w *tableWriter) write(b []byte) (section, error) {
	s := section{w.at, uint64(len(b)), crc32.Checksum(b, castagnoli)}
	_, err := w.file.WriteAt(b, int64(w.at))
	w.at += uint64(len(b))
	return s, err
}

// finish writes facts, index and, last, the header, and forces all to the disk.
func (w *tableWriter) finish(ctx context.Context, facts *Facts) error {
	if err := w.flush(); err != nil {
		return err
	}
	text, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	h := header{Format: format}
	copy(h.Magic[:], magic)
	if h.Facts, err = w.write(text); err != nil {
		return err
	}
	if h.Index, err = w.write(w.index()); err != nil {
		return err
	}
	h.Length = w.at
	if h.Digest, err = digestOf(ctx, w.file, h.Length); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.BigEndian, h); err != nil {
		return err
	}
	whole := binary.BigEndian.AppendUint32(b.Bytes(), crc32.Checksum(b.Bytes(), castagnoli))
	if _, err := w.file.WriteAt(whole, 0); err != nil {
		return err
	}
	return w.file.Sync()
}

func (w *tableWriter) index() []byte {
	slices.SortFunc(w.slots, func(a, b slot) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.block, b.block)) })
	b := binary.BigEndian.AppendUint32(nil, uint32(len(w.places)))
	for _, p := range w.places {
		b = binary.BigEndian.AppendUint64(b, p.At)
		b = binary.BigEndian.AppendUint64(b, p.Length)
		b = binary.BigEndian.AppendUint64(b, p.Raw)
		b = binary.BigEndian.AppendUint32(b, p.CRC)
	}
	for _, s := range w.slots {
		b = binary.BigEndian.AppendUint64(b, s.hash)
		b = binary.BigEndian.AppendUint32(b, s.block)
	}
	return b
}

func digestOf(ctx context.Context, file io.ReaderAt, length uint64) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	body := io.NewSectionReader(file, headerBytes, int64(length)-headerBytes)
	if _, err = io.Copy(h, reader{ctx, body}); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// table is a file that is read.
type table struct {
	file   *os.File
	header header
	places []byte
	slots  []byte
}

// openTable checks the header, the length, the facts and the index.
func openTable(path string) (*table, *Facts, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	t := &table{file: file}
	facts, err := t.open()
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return t, facts, nil
}

func (t *table) open() (*Facts, error) {
	raw := make([]byte, headerBytes)
	if _, err := t.file.ReadAt(raw, 0); errors.Is(err, io.EOF) {
		return nil, errDamaged
	} else if err != nil {
		return nil, err
	}
	if err := binary.Read(bytes.NewReader(raw), binary.BigEndian, &t.header); err != nil {
		return nil, err
	}
	h := t.header
	switch {
	case string(h.Magic[:]) != magic:
		return nil, fmt.Errorf("it is not a database of advisories; %s", how)
	case h.Format > format:
		return nil, fmt.Errorf("it has format %d and this ward reads format %d: use a newer ward, or %s", h.Format, format, how)
	case h.Format != format:
		return nil, errDamaged
	case binary.BigEndian.Uint32(raw[headerBytes-4:]) != crc32.Checksum(raw[:headerBytes-4], castagnoli):
		return nil, errDamaged
	}
	info, err := t.file.Stat()
	if err != nil {
		return nil, err
	}
	if uint64(info.Size()) != h.Length {
		return nil, fmt.Errorf("it has %d bytes, not %d: %w", info.Size(), h.Length, errDamaged)
	}
	text, err := t.section(h.Facts)
	if err != nil {
		return nil, err
	}
	var facts Facts
	if json.Unmarshal(text, &facts) != nil {
		return nil, errDamaged
	}
	facts.Format, facts.Bytes, facts.Digest = int(h.Format), int64(h.Length), fmt.Sprintf("sha256:%x", h.Digest)
	return &facts, t.loadIndex()
}

func (t *table) section(s section) ([]byte, error) {
	if s.Length > maxSection {
		return nil, errDamaged
	}
	return t.read(s.At, s.Length, s.CRC)
}

// read reads a part of the file and checks it.
func (t *table) read(at, length uint64, crc uint32) ([]byte, error) {
	if at > t.header.Length || length > t.header.Length-at {
		return nil, errDamaged
	}
	b := make([]byte, length)
	if _, err := t.file.ReadAt(b, int64(at)); errors.Is(err, io.EOF) {
		return nil, errDamaged
	} else if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != crc {
		return nil, errDamaged
	}
	return b, nil
}

func (t *table) loadIndex() error {
	b, err := t.section(t.header.Index)
	if err != nil {
		return err
	}
	if len(b) < 4 {
		return errDamaged
	}
	blocks := uint64(binary.BigEndian.Uint32(b))
	if b = b[4:]; blocks*placeBytes > uint64(len(b)) {
		return errDamaged
	}
	t.places, t.slots = b[:blocks*placeBytes], b[blocks*placeBytes:]
	if len(t.slots)%slotBytes != 0 {
		return errDamaged
	}
	return nil
}

// blocksOf returns the blocks that may hold a key: none, or one, or more if hashes collide.
func (t *table) blocksOf(key string) []uint32 {
	hash, count := hashOf(key), len(t.slots)/slotBytes
	at := func(i int) []byte { return t.slots[i*slotBytes:] }
	first := sort.Search(count, func(i int) bool { return binary.BigEndian.Uint64(at(i)) >= hash })
	var blocks []uint32
	for i := first; i < count && binary.BigEndian.Uint64(at(i)) == hash; i++ {
		if block := binary.BigEndian.Uint32(at(i)[8:]); len(blocks) == 0 || blocks[len(blocks)-1] != block {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// lookup calls found with the entries of each key that is there. Blocks are read once, in their order.
func (t *table) lookup(keys []string, found func(key string, entries []string) error) error {
	wanted := map[uint32]map[string]bool{}
	for _, key := range keys {
		for _, block := range t.blocksOf(key) {
			if wanted[block] == nil {
				wanted[block] = map[string]bool{}
			}
			wanted[block][key] = true
		}
	}
	blocks := make([]uint32, 0, len(wanted))
	for block := range wanted {
		blocks = append(blocks, block)
	}
	slices.Sort(blocks)
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
	if err != nil {
		return err
	}
	defer unpack.Close()
	for _, block := range blocks {
		if err := t.scan(unpack, block, wanted[block], found); err != nil {
			return fmt.Errorf("read block %d: %w", block, err)
		}
	}
	return nil
}

// scan reads one block.
func (t *table) scan(unpack *zstd.Decoder, block uint32, wanted map[string]bool, found func(string, []string) error) error {
	if (uint64(block)+1)*placeBytes > uint64(len(t.places)) {
		return errDamaged
	}
	var p place
	if err := binary.Read(bytes.NewReader(t.places[block*placeBytes:]), binary.BigEndian, &p); err != nil {
		return err
	}
	packed, err := t.read(p.At, p.Length, p.CRC)
	if err != nil {
		return err
	}
	if p.Raw > maxBlock {
		return errDamaged
	}
	raw, err := unpack.DecodeAll(packed, make([]byte, 0, p.Raw))
	if err != nil || uint64(len(raw)) != p.Raw {
		return errDamaged
	}
	for s := (scanner{text: string(raw)}); s.text != ""; {
		key, body := s.bytes(), scanner{text: s.bytes()}
		if s.bad {
			return errDamaged
		}
		if !wanted[key] {
			continue
		}
		all := body.texts()
		if body.bad || body.text != "" {
			return errDamaged
		}
		if err := found(key, all); err != nil {
			return err
		}
	}
	return nil
}

// verify compares the digest of the whole file.
func (t *table) verify(ctx context.Context) error {
	sum, err := digestOf(ctx, t.file, t.header.Length)
	if err != nil {
		return err
	}
	if sum != t.header.Digest {
		return errDamaged
	}
	return nil
}
