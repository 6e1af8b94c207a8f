package evidence

import (
	"archive/tar"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger/verify"
)

// ErrNone is the error of a bundle that is not there.
var ErrNone = errors.New("there is no such bundle of evidence")

// Wanted says which bundles Find looks for; what is empty is any.
type Wanted struct {
	Estate   string
	From, To time.Time // from and before
	Before   string    // a digest: only bundles that are older than this one
	Limit    int64     // 0 is 100
}

// Find returns bundles, the newest first.
func (a *Archive) Find(ctx context.Context, w Wanted) ([]Bundle, error) {
	var found []Bundle
	q := a.db.NewSelect().Model(&found).Order("at DESC", "digest DESC").Limit(100)
	if w.Limit > 0 {
		q = q.Limit(w.Limit)
	}
	if w.Estate != "" {
		q = q.Where("estate = ?", w.Estate)
	}
	if !w.From.IsZero() {
		q = q.Where("at >= ?", state.Millis(w.From))
	}
	if !w.To.IsZero() {
		q = q.Where("at < ?", state.Millis(w.To))
	}
	if w.Before != "" {
		last, err := a.Bundle(ctx, w.Before)
		if err != nil {
			return nil, err
		}
		q = q.Where("at < ? OR at = ? AND digest < ?", last.At, last.At, last.Digest)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("look for evidence: %w", err)
	}
	return found, nil
}

// Bundle returns the bundle with a digest; ErrNone if there is none.
func (a *Archive) Bundle(ctx context.Context, digest string) (Bundle, error) {
	var b Bundle
	err := a.db.NewSelect().Model(&b).Where("digest = ?", digest).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNone
	}
	if err != nil {
		return b, fmt.Errorf("look for the evidence %s: %w", digest, err)
	}
	return b, nil
}

// Record returns the record of the ledger that carries a bundle's digest; false if there is none, such as when the server was stopped
// between the two.
func (a *Archive) Record(ctx context.Context, b Bundle) (record.Row, bool, error) {
	var row record.Row
	const hour = int64(time.Hour / time.Millisecond)
	err := a.db.NewSelect().Model(&row).Where("at >= ? AND at < ?", b.At-hour, b.At+7*24*hour).
		Where("kind = ? AND void = -1", record.Assessment).Where("body LIKE ?", `%"evidence":"`+b.Digest+`"%`).
		Order("position").Limit(1).Scan(ctx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row, false, nil
	case err != nil:
		return row, false, fmt.Errorf("look for the record of the evidence %s: %w", b.Digest, err)
	}
	return row, true, nil
}

// Ledger is what an export takes from the ledger: *ledger.Reader.
type Ledger interface {
	Key() string
	Export(ctx context.Context, out io.Writer, from, to int64) error
}

// ErrUnrecorded is the error of exporting a bundle of which no record tells: there is nothing that proves when it was made.
var ErrUnrecorded = errors.New("no record of the ledger tells of it, so that nothing proves when it was made")

// Export writes a bundle as one archive (tar) that proves itself: its manifest and parts, the record of the ledger that tells of it with
// the proof that it is there, and how to check all that. verify.Evidence checks it.
func (a *Archive) Export(ctx context.Context, w io.Writer, b Bundle, l Ledger) error {
	failed := func(err error) error { return fmt.Errorf("export the evidence %s: %w", b.Digest, err) }
	row, recorded, err := a.Record(ctx, b)
	if err != nil {
		return failed(err)
	}
	if !recorded {
		return failed(ErrUnrecorded)
	}
	m, text, err := a.manifest(ctx, b)
	if err != nil {
		return failed(err)
	}
	out := archive{tar.NewWriter(w), b.Time()}
	err = out.bytes(verify.ReadmeName, []byte(readme(b, l.Key())))
	if err == nil {
		err = out.bytes(verify.ManifestName, text)
	}
	for _, p := range m.Parts {
		if err == nil {
			err = out.begin(verify.PartsFolder+p.Name, p.Size)
		}
		if err == nil {
			err = a.WritePart(ctx, out, p)
		}
	}
	if err == nil {
		err = out.ledger(ctx, l, row.Position)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return failed(err)
	}
	return nil
}

// archive writes files of one time into a tar.
type archive struct {
	*tar.Writer
	at time.Time
}

func (t archive) begin(name string, size int64) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: t.at, Format: tar.FormatPAX})
}

func (t archive) bytes(name string, content []byte) error {
	if err := t.begin(name, int64(len(content))); err != nil {
		return err
	}
	_, err := t.Write(content)
	return err
}

// ledger writes the ledger's proof of one record, by way of a file since an archive wants to know sizes beforehand.
func (t archive) ledger(ctx context.Context, l Ledger, position int64) error {
	f, err := os.CreateTemp("", "ward-export-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := l.Export(ctx, f, position, position+1); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := t.begin(verify.LedgerName, size); err != nil {
		return err
	}
	_, err = io.Copy(t, f)
	return err
}

func readme(b Bundle, key string) string {
	return strings.NewReplacer("DIGEST", b.Digest, "DAY", b.Time().Format(time.RFC3339), "KEY", key).Replace(`Evidence of an assessment, made DAY

manifest.json   what there is, each part with its SHA-256
parts/          the assessment, what was read, and the rules and decisions in force
ledger.jsonl    the record of the transparency log that carries the digest of manifest.json, with the proof that it is there

The digest of manifest.json is
DIGEST

To check all of it, with nothing but this file and what you keep yourself:

  ward-verify --key KEY-FILE --kept CHECKPOINT-FILE THIS-FILE

KEY-FILE holds the public key of the ledger. Take it from where it was given to you when the ledger was begun, not from here; it should be
KEY
CHECKPOINT-FILE is a checkpoint of the ledger that you kept earlier; it may be left out. With it, the check proves also that nothing was
taken out of the ledger, put in or changed since then. Keep the checkpoint that ward-verify prints for the next time.

ward-verify needs no network and is built from two small folders of the source of Ward: cmd/ward-verify and ledger/verify.
`)
}

// Copy brings bundles to the second store that are not there yet, the oldest first, and returns how many it brought.
func (a *Archive) Copy(ctx context.Context) (int, error) {
	if a.second == nil {
		return 0, nil
	}
	for n := 0; ; n++ {
		var b Bundle
		err := a.db.NewSelect().Model(&b).Where("copied = 0").Order("at").Limit(1).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		if err == nil {
			err = a.copyOne(ctx, b)
		}
		if err != nil {
			return n, fmt.Errorf("copy the evidence %s: %w", b.Digest, err)
		}
	}
}

func (a *Archive) copyOne(ctx context.Context, b Bundle) error {
	m, text, err := a.manifest(ctx, b)
	if err != nil {
		return err
	}
	until := state.Time(b.Until)
	for _, p := range m.Parts {
		for _, c := range p.Chunks {
			if _, err := a.chunk(ctx, c); err != nil { // what is broken here must not be kept there for years
				return err
			}
			had, err := a.second.Until(ctx, chunkName(c.Digest))
			if err == nil && !had.Before(until) {
				continue
			}
			packed, err := read(ctx, a.store, chunkName(c.Digest), 2*largest)
			if err != nil {
				return err
			}
			if err := a.second.Put(ctx, chunkName(c.Digest), packed, until.Add(slack)); err != nil {
				return err
			}
		}
	}
	if err := a.second.Put(ctx, b.Name, text, until); err != nil {
		return err
	}
	return a.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("UPDATE evidence_bundle SET copied = ? WHERE digest = ?", state.Millis(a.now()), b.Digest).Exec(ctx)
		return err
	})
}

// Dispose deletes bundles that need be kept no longer, each after it was recorded, and returns how many.
func (a *Archive) Dispose(ctx context.Context, k *record.Keeper) (int, error) {
	for n := 0; ; n++ {
		var b Bundle
		// Chunks may be kept for slack longer than the last bundle that names them.
		err := a.db.NewSelect().Model(&b).Where("until < ?", state.Millis(a.now().Add(-slack-24*time.Hour))).Order("at").Limit(1).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil
		}
		if err == nil {
			err = a.dispose(ctx, k, b)
		}
		if err != nil {
			return n, fmt.Errorf("dispose of the evidence %s: %w", b.Digest, err)
		}
	}
}

func (a *Archive) dispose(ctx context.Context, k *record.Keeper, b Bundle) error {
	m, _, err := a.manifest(ctx, b)
	if err != nil {
		return err
	}
	e := record.Entry{Kind: record.Evidence, Verb: "dispose", Estate: b.Estate, Subject: "bundle/" + b.Digest,
		Facts: map[string]string{"until": state.Time(b.Until).Format(time.DateOnly)}}
	_, err = k.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM evidence_bundle WHERE digest = ?", b.Digest).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if err := gone(a.store.Delete(ctx, b.Name)); err != nil {
		return err
	}
	for _, p := range m.Parts {
		for _, c := range p.Chunks {
			if err := gone(a.store.Delete(ctx, chunkName(c.Digest))); err != nil && !errors.Is(err, ErrKept) {
				return err
			}
		}
	}
	return nil
}

// gone takes what is not there any more for deleted.
func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
