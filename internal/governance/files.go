package governance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// MaxFile is how large an evidence file may be, in bytes.
const MaxFile = 25 << 20

// ErrAltered is the error of an evidence file whose bytes are not those that were attached.
var ErrAltered = errors.New("the file is not the one that was attached: its digest differs")

// grace is how long a file stays that nobody attached.
const grace = 24 * time.Hour

// Keep stores the bytes of an evidence file under their digest, durably. An item then names it in a field of its own: a file that none names is
// removed by Sweep.
func (d *Decisions) Keep(ctx context.Context, name string, from io.Reader) (register.File, error) {
	if d.o.Files == nil {
		return register.File{}, &register.Refusal{Text: "This server keeps no files."}
	}
	data, err := io.ReadAll(io.LimitReader(from, MaxFile+1))
	switch {
	case err != nil:
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	case len(data) > MaxFile:
		return register.File{}, register.Faults{{Field: "files", Text: fmt.Sprintf("A file is larger than %d MB.", MaxFile>>20)}}
	case len(data) == 0:
		return register.File{}, register.Faults{{Field: "files", Text: "The file is empty."}}
	}
	if err := d.scan(ctx, name, data); err != nil {
		return register.File{}, err
	}
	f := register.File{Digest: record.Digest(data), Name: fileName(name), Size: int64(len(data))}
	now := d.o.Now()
	// The row comes first, so that whatever is in the store is found by Sweep.
	err = d.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO upload (digest, size, at) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET at = excluded.at",
			f.Digest, f.Size, state.Millis(now)).Exec(ctx)
		return err
	})
	if err == nil {
		err = d.o.Files.Put(ctx, stored(f.Digest), data, now.Add(grace))
	}
	if err != nil {
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	}
	return f, nil
}

// fileName is the last part of what a browser calls a file, without what cannot be seen.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' || r == 0xfffd {
			return '_'
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > 150 {
		name = string(runes[len(runes)-150:])
	}
	if strings.Trim(name, ". ") == "" {
		return "file"
	}
	return name
}

// stored is what the store calls the bytes of a digest, which MUST be well formed.
func stored(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return hex[:2] + "/" + hex
}

// File reads an evidence file that some version of an item names. Bytes that were altered are ErrAltered.
func (d *Decisions) File(ctx context.Context, registerID, id, digest string) (register.File, []byte, error) {
	r, err := d.register(registerID)
	if err != nil {
		return register.File{}, nil, err
	}
	n, err := number(r, id)
	if err != nil {
		return register.File{}, nil, err
	}
	f := register.File{Digest: digest}
	err = d.db.NewRaw("SELECT name FROM item_file WHERE digest = ? AND register = ? AND number = ?", digest, registerID, n).Scan(ctx, &f.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil, ErrNotFound
	}
	if err != nil {
		return f, nil, fmt.Errorf("read a file of %s: %w", id, err)
	}
	data, err := d.read(ctx, digest)
	if err != nil {
		return f, nil, fmt.Errorf("read a file of %s: %w", id, err)
	}
	if f.Size = int64(len(data)); record.Digest(data) != digest {
		return f, nil, ErrAltered
	}
	return f, data, nil
}

func (d *Decisions) read(ctx context.Context, digest string) ([]byte, error) {
	r, err := d.o.Files.Get(ctx, stored(digest))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	return data, errors.Join(err, r.Close())
}

// name writes down which files a version names.
func (s *step) name(ctx context.Context, tx bun.Tx) error {
	for _, f := range s.item.Body.Attached() {
		_, err := tx.NewRaw("INSERT INTO item_file (digest, register, number, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			f.Digest, s.item.Register, s.item.Number, f.Name).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// kept refuses a body that names files which are not kept here.
func (d *Decisions) kept(ctx context.Context, b register.Body) error {
	for _, f := range b.Attached() {
		var size int64
		err := d.db.NewRaw("SELECT size FROM upload WHERE digest = ?", f.Digest).Scan(ctx, &size)
		if errors.Is(err, sql.ErrNoRows) || err == nil && size != f.Size {
			return register.Faults{{Field: "files", Text: "The file " + f.Name + " is not kept here; upload it again."}}
		}
		if err != nil {
			return fmt.Errorf("look for the file %s: %w", f.Digest, err)
		}
	}
	return nil
}

// hold has the store keep what a body names for as long as documentation must be kept (45 CFR 164.316(b)(2)(i)), from now on.
func (d *Decisions) hold(ctx context.Context, b register.Body) error {
	until := d.o.Now().AddDate(d.o.Years, 0, 0)
	for _, f := range b.Attached() {
		if err := d.o.Files.Extend(ctx, stored(f.Digest), until); err != nil {
			return fmt.Errorf("keep the file %s: %w", f.Digest, err)
		}
	}
	return nil
}

// sweepAtOnce is how many files are removed at a time.
const sweepAtOnce = 1000

// Sweep removes files that nobody attached within a day after they were uploaded.
func (d *Decisions) Sweep(ctx context.Context) error {
	if d.o.Files == nil {
		return nil
	}
	old := d.o.Now().Add(-grace)
	var loose []string
	err := d.db.NewRaw(`SELECT digest FROM upload WHERE at < ? AND NOT EXISTS (SELECT 1 FROM item_file WHERE item_file.digest = upload.digest)
		ORDER BY at LIMIT ?`, state.Millis(old), sweepAtOnce).Scan(ctx, &loose)
	for _, digest := range loose {
		if err == nil {
			err = d.sweepOne(ctx, digest, old)
		}
	}
	if err != nil {
		return fmt.Errorf("sweep files that nobody attached: %w", err)
	}
	return nil
}

func (d *Decisions) sweepOne(ctx context.Context, digest string, old time.Time) error {
	until, err := d.o.Files.Until(ctx, stored(digest))
	if err == nil && d.o.Now().Before(until) {
		return nil // held for an item that was not written in the end
	}
	if err == nil {
		err = d.o.Files.Delete(ctx, stored(digest))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM upload WHERE digest = ? AND at < ?", digest, state.Millis(old)).Exec(ctx)
		return err
	})
}
