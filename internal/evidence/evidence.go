// Package evidence keeps what assessments were made of, so that years later somebody can see what was judged, by which rules, with
// which result, and that it is what was there at the time (45 CFR 164.316(b)(2)(i): six years).
//
// A bundle is a manifest that names parts by digest; what is the same as in an earlier bundle is not kept twice. The digest of the
// manifest stands in the ledger, so that whoever trusts the ledger can trust all parts.
//
// The package must not know what parts mean. They MUST NOT hold PHI or secrets.
package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger/verify"
)

// Years is how long evidence is kept after its last use, unless something else is said: 45 CFR 164.316(b)(2)(i).
const Years = 6

// slack is for how much longer a file is kept than it must be, so that it is not touched by each run.
const slack = 60 * 24 * time.Hour

// Bounds of a bundle.
const (
	maxParts    = 20_000
	maxManifest = 64 << 20 // bytes
	maxPart     = 16 << 30 // bytes
)

// Archive keeps bundles. It may be used by many goroutines.
type Archive struct {
	db     *state.DB
	store  Store
	second Store // nil without one
	now    func() time.Time
	years  int
	zip    *zstd.Encoder
	unzip  *zstd.Decoder
}

// New returns an archive in a store. A second store, which may be nil, gets a copy of all by Copy. Years is how long bundles are kept; 0 is
// Years.
func New(db *state.DB, store, second Store, years int, now func() time.Time) (*Archive, error) {
	if years == 0 {
		years = Years
	}
	if years < 0 || years > 100 {
		return nil, fmt.Errorf("keep evidence: %d is no number of years", years)
	}
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*largest))
	if err != nil {
		return nil, err
	}
	return &Archive{db: db, store: store, second: second, now: now, years: years, zip: zip, unzip: unzip}, nil
}

// Part is something that a bundle holds.
type Part struct {
	// Name is a path with slashes: "assessment.json", "catalog/checks/own.yaml".
	Name string
	// Write writes its content. What it writes SHOULD be the same, and in the same order, where the content is.
	Write func(io.Writer) error
}

// Bytes is a part of which the content is at hand.
func Bytes(name string, content []byte) Part {
	return Part{name, func(w io.Writer) error { _, err := w.Write(content); return err }}
}

// Bundle is a bundle that is kept.
type Bundle struct {
	bun.BaseModel `bun:"table:evidence_bundle"`

	Digest string `bun:",pk"` // "sha256:...", of the manifest: what a record of the ledger carries
	Name   string // of the manifest in the store
	Estate string
	Run    string
	At     int64 // state.Millis
	Size   int64 // of all parts, in bytes
	Parts  int64
	Until  int64 // state.Millis; not to be deleted before
	Copied int64 // state.Millis of when it was in the second store, 0 if it is not

	Written int64 `bun:"-"` // bytes that were new and had to be written, compressed; set by Keep alone
}

// Time is when the bundle was made.
func (b Bundle) Time() time.Time { return state.Time(b.At) }

// partName is what parts may be called: names that every file system and every reader of archives takes.
var partName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]*(/[A-Za-z0-9][A-Za-z0-9._@+-]*)*$`)

// Keep makes a bundle and returns when all of it is durable. An error means that there is none. It is called before the act that it is
// evidence for is recorded, with the digest among the record's.
func (a *Archive) Keep(ctx context.Context, estate, run string, parts []Part) (Bundle, error) {
	now := a.now().UTC().Truncate(time.Millisecond)
	m := verify.Manifest{Format: verify.ManifestFormat, Estate: estate, Run: run, At: now}
	b := Bundle{Estate: estate, Run: run, At: state.Millis(now), Parts: int64(len(parts)), Until: state.Millis(now.AddDate(a.years, 0, 0))}
	if len(parts) == 0 || len(parts) > maxParts {
		return b, fmt.Errorf("keep the evidence of %s: it has %d parts; 1 to %d are taken", run, len(parts), maxParts)
	}
	seen := map[string]bool{}
	for _, p := range parts {
		if !partName.MatchString(p.Name) || len(p.Name) > 200 || seen[strings.ToLower(p.Name)] {
			return b, fmt.Errorf("keep the evidence of %s: a part cannot be called %q, or there are two", run, p.Name)
		}
		seen[strings.ToLower(p.Name)] = true
		kept, written, err := a.keepPart(ctx, p, state.Time(b.Until))
		if err != nil {
			return b, fmt.Errorf("keep the evidence of %s: %s: %w", run, p.Name, err)
		}
		m.Parts = append(m.Parts, kept)
		b.Size += kept.Size
		b.Written += written
	}
	text, err := json.Marshal(m)
	if err != nil {
		return b, fmt.Errorf("keep the evidence of %s: %w", run, err)
	}
	if len(text) > maxManifest {
		return b, fmt.Errorf("keep the evidence of %s: its manifest has %d bytes, more than %d", run, len(text), maxManifest)
	}
	b.Digest = verify.Digest(text)
	b.Name = now.Format("2006/01/") + strings.ReplaceAll(b.Digest, ":", "-") + ".json"
	b.Written += int64(len(text))
	if err := a.store.Put(ctx, b.Name, text, state.Time(b.Until)); err != nil {
		return b, fmt.Errorf("keep the evidence of %s: %w", run, err)
	}
	err = a.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&b).On("CONFLICT (digest) DO NOTHING").Exec(ctx)
		return err
	})
	if err != nil {
		return b, fmt.Errorf("keep the evidence of %s: %w", run, err)
	}
	return b, nil
}

// keepPart keeps the chunks of a part and returns how many bytes were new.
func (a *Archive) keepPart(ctx context.Context, p Part, until time.Time) (verify.Part, int64, error) {
	kept, written := verify.Part{Name: p.Name}, int64(0)
	whole := verify.NewDigest()
	cut := &chunker{take: func(chunk []byte) error {
		if kept.Size += int64(len(chunk)); kept.Size > maxPart {
			return fmt.Errorf("it has more than %d bytes", int64(maxPart))
		}
		whole.Write(chunk)
		c := verify.Chunk{Digest: verify.Digest(chunk), Size: int64(len(chunk))}
		kept.Chunks = append(kept.Chunks, c)
		n, err := a.keepChunk(ctx, c, chunk, until)
		written += n
		return err
	}}
	err := p.Write(cut)
	if err == nil {
		err = cut.cut()
	}
	kept.Digest = verify.Sum(whole)
	return kept, written, err
}

func (a *Archive) keepChunk(ctx context.Context, c verify.Chunk, chunk []byte, until time.Time) (int64, error) {
	name := chunkName(c.Digest)
	kept, err := a.store.Until(ctx, name)
	if err == nil {
		if kept.Before(until) {
			err = a.store.Extend(ctx, name, until.Add(slack))
		}
		return 0, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	packed := a.zip.EncodeAll(chunk, nil)
	return int64(len(packed)), a.store.Put(ctx, name, packed, until.Add(slack))
}

// chunkName is where a chunk is kept.
func chunkName(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return "chunks/" + hex[:2] + "/" + hex + ".zst"
}

// manifest reads a bundle's manifest and checks its digest.
func (a *Archive) manifest(ctx context.Context, b Bundle) (verify.Manifest, []byte, error) {
	text, err := read(ctx, a.store, b.Name, maxManifest)
	if err != nil {
		return verify.Manifest{}, nil, err
	}
	if verify.Digest(text) != b.Digest {
		return verify.Manifest{}, nil, fmt.Errorf("%s is not what was kept: it was changed, or the disk is faulty", b.Name)
	}
	var m verify.Manifest
	return m, text, json.Unmarshal(text, &m)
}

// Manifest reads what a bundle holds.
func (a *Archive) Manifest(ctx context.Context, b Bundle) (verify.Manifest, error) {
	m, _, err := a.manifest(ctx, b)
	if err != nil {
		return m, fmt.Errorf("read the evidence %s: %w", b.Digest, err)
	}
	return m, nil
}

// WritePart writes a part of a bundle, each chunk after it was checked.
func (a *Archive) WritePart(ctx context.Context, w io.Writer, p verify.Part) error {
	for _, c := range p.Chunks {
		plain, err := a.chunk(ctx, c)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.Name, err)
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) chunk(ctx context.Context, c verify.Chunk) ([]byte, error) {
	if !digestForm.MatchString(c.Digest) {
		return nil, fmt.Errorf("%q is no digest", c.Digest)
	}
	packed, err := read(ctx, a.store, chunkName(c.Digest), 2*largest)
	if err != nil {
		return nil, err
	}
	plain, err := a.unzip.DecodeAll(packed, make([]byte, 0, min(c.Size, largest)))
	if err != nil || verify.Digest(plain) != c.Digest {
		return nil, errors.Join(fmt.Errorf("%s is not what was kept: it was changed, or the disk is faulty", chunkName(c.Digest)), err)
	}
	return plain, nil
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// read reads a small file of a store.
func read(ctx context.Context, s Store, name string, most int64) ([]byte, error) {
	r, err := s.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all bytes.Buffer
	n, err := all.ReadFrom(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if n > most {
		return nil, fmt.Errorf("read %s: it has more than %d bytes", name, most)
	}
	return all.Bytes(), nil
}

// Check reads all of a bundle and compares it with its digests.
func (a *Archive) Check(ctx context.Context, b Bundle) error {
	m, _, err := a.manifest(ctx, b)
	if err != nil {
		return fmt.Errorf("check the evidence %s: %w", b.Digest, err)
	}
	for _, p := range m.Parts {
		whole := verify.NewDigest()
		if err := a.WritePart(ctx, whole, p); err != nil {
			return fmt.Errorf("check the evidence %s: %w", b.Digest, err)
		}
		if verify.Sum(whole) != p.Digest {
			return fmt.Errorf("check the evidence %s: %s is not what was kept", b.Digest, p.Name)
		}
	}
	return nil
}
