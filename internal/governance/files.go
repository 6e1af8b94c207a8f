package governance

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
)

// MaxFile is how large an evidence file may be, in bytes.
const MaxFile = 25 << 20

// ErrAltered is the error of an evidence file whose bytes are not those that were attached.
var ErrAltered = errors.New("the file is not the one that was attached: its digest differs")

// Keep stores the bytes of an evidence file under their digest, durably. An item then names it in a field of its own: a file that none names is
// removed by Sweep.
func (d *Decisions) Keep(name string, from io.Reader) (register.File, error) {
	if d.o.Dir == "" {
		return register.File{}, &register.Refusal{Text: "This server keeps no files."}
	}
	f, err := os.CreateTemp(filepath.Join(d.o.Dir, "new"), "file-")
	if err != nil {
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	}
	defer os.Remove(f.Name()) // gone already if all went well
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(from, MaxFile+1))
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case err != nil:
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	case size > MaxFile:
		return register.File{}, register.Faults{{Field: "files", Text: fmt.Sprintf("A file is larger than %d MB.", MaxFile>>20)}}
	case size == 0:
		return register.File{}, register.Faults{{Field: "files", Text: "The file is empty."}}
	}
	digest := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	path := d.path(digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return register.File{}, fmt.Errorf("keep a file: %w", err)
	}
	return register.File{Digest: digest, Name: fileName(name), Size: size}, errors.Join(syncDir(filepath.Dir(path)), syncDir(d.o.Dir))
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

// path is where the bytes of a digest are. The digest MUST be well formed.
func (d *Decisions) path(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return filepath.Join(d.o.Dir, hex[:2], hex)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
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
	data, err := os.ReadFile(d.path(digest))
	if err != nil {
		return f, nil, fmt.Errorf("read a file of %s: %w", id, err)
	}
	if f.Size = int64(len(data)); record.Digest(data) != digest {
		return f, nil, ErrAltered
	}
	return f, data, nil
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
func (d *Decisions) kept(b register.Body) error {
	for _, f := range b.Attached() {
		info, err := os.Stat(d.path(f.Digest))
		if d.o.Dir == "" || err != nil || info.Size() != f.Size {
			return register.Faults{{Field: "files", Text: "The file " + f.Name + " is not kept here; upload it again."}}
		}
	}
	return nil
}

// Sweep removes files that nobody attached within a day after they were uploaded.
func (d *Decisions) Sweep(ctx context.Context) error {
	if d.o.Dir == "" {
		return nil
	}
	old := time.Now().Add(-24 * time.Hour)
	return filepath.WalkDir(d.o.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().After(old) {
			return nil // gone meanwhile, or new
		}
		var named int
		if err := d.db.NewRaw("SELECT count(*) FROM item_file WHERE digest = ?", "sha256:"+entry.Name()).Scan(ctx, &named); err != nil {
			return fmt.Errorf("sweep files that nobody attached: %w", err)
		}
		if named > 0 {
			return nil
		}
		return os.Remove(path)
	})
}
