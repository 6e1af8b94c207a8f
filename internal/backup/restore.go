package backup

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger"
	"ward.dev/ward/ledger/verify"
)

// Bounds of what is read.
const (
	maxFiles    = 10_000_000
	maxFile     = 1 << 40 // bytes
	maxManifest = 2 << 30 // bytes
)

// Verify reads a whole backup and checks that it is complete and that no byte of it was changed.
func Verify(r io.Reader, key Key) (Manifest, error) {
	m, err := walk(r, key, func(string, time.Time, io.Reader) error { return nil })
	if err != nil {
		return m, fmt.Errorf("verify the backup: %w", err)
	}
	return m, nil
}

// walk visits the files of a backup. What it was told holds only if there is no error: the manifest comes last.
func walk(r io.Reader, key Key, visit func(name string, at time.Time, r io.Reader) error) (Manifest, error) {
	plain, err := key.open(r)
	if err != nil {
		return Manifest{}, err
	}
	defer plain.Close()
	found, files := map[string]File{}, tar.NewReader(plain)
	for {
		head, err := files.Next()
		if err != nil {
			return Manifest{}, cut(err)
		}
		if head.Name == manifestName {
			return check(files, found, plain)
		}
		name, ok := strings.CutPrefix(head.Name, filesDir)
		if !ok {
			name, ok = strings.CutPrefix(head.Name, tablesDir)
		}
		_, twice := found[head.Name]
		if !ok || !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:") || head.Typeflag != tar.TypeReg || head.Size > maxFile ||
			twice || len(found) == maxFiles {
			return Manifest{}, fmt.Errorf("it is no backup of this format: %q", head.Name)
		}
		d := &digested{Reader: files, digest: verify.NewDigest()}
		if err := visit(head.Name, head.ModTime, d); err != nil {
			return Manifest{}, err
		}
		if _, err := io.Copy(io.Discard, d); err != nil {
			return Manifest{}, cut(err)
		}
		found[head.Name] = File{Name: head.Name, Size: d.size, Digest: verify.Sum(d.digest)}
	}
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut off")
	}
	return fmt.Errorf("it is damaged: %w", err)
}

// check compares what was found with the manifest, and reads to the very end so that what guards the bytes below is proved, too.
func check(r io.Reader, found map[string]File, below io.Reader) (Manifest, error) {
	var m Manifest
	if err := json.NewDecoder(io.LimitReader(r, maxManifest)).Decode(&m); err != nil {
		return m, cut(err)
	}
	if m.Format != Format {
		return m, fmt.Errorf("it is of format %q; this version of ward reads %q", m.Format, Format)
	}
	if _, err := io.Copy(io.Discard, below); err != nil {
		return m, cut(err)
	}
	wanted := map[string]File{}
	for _, t := range m.Tables {
		wanted[tablesDir+t.Name+".jsonl"] = File{Size: t.Size, Digest: t.Digest}
	}
	for _, f := range m.Files {
		wanted[filesDir+f.Name] = f
	}
	for name, w := range wanted {
		f, ok := found[name]
		if !ok {
			return m, fmt.Errorf("%s is missing", name)
		}
		if f.Size != w.Size || f.Digest != w.Digest {
			return m, fmt.Errorf("%s is not what was backed up", name)
		}
	}
	if len(found) != len(wanted) || len(wanted) != len(m.Tables)+len(m.Files) {
		return m, errors.New("it holds files that its manifest does not name")
	}
	return m, nil
}

// Target is where a backup is restored to.
type Target struct {
	// Dir is the data directory. It must not be there, or be empty.
	Dir string
	// URL is that of a PostgreSQL database without tables, "" for SQLite in Dir.
	URL string
	// Ledger opens the ledger of servers that share one, with the keys that are in a data directory; nil: it is in the backup.
	Ledger func(ctx context.Context, data string) (*ledger.Ledger, error)
	Now    func() time.Time
}

// ErrOccupied is the error of restoring over something.
var ErrOccupied = errors.New("there is something already: a backup is restored into an empty place only")

// Restore brings a backup back, into an empty place, and proves that state and ledger fit together: the ledger verifies, and each row of
// the state has its entry. What was recorded while the backup was made but is not in it is taken back. Until all is proved, nothing is
// where a server would look for it (but for the rows in PostgreSQL, which come last).
func Restore(ctx context.Context, r io.Reader, to Target, key Key) (Manifest, error) {
	m, err := restore(ctx, r, to, key)
	if err != nil {
		return m, fmt.Errorf("restore into %s: %w", to.Dir, err)
	}
	return m, nil
}

func restore(ctx context.Context, r io.Reader, to Target, key Key) (m Manifest, err error) {
	dir, err := filepath.Abs(to.Dir)
	if err != nil {
		return m, err
	}
	there, err := os.ReadDir(dir)
	if len(there) > 0 {
		return m, ErrOccupied
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return m, err
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-restoring-")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(staging)
	if m, err = walk(r, key, func(name string, at time.Time, r io.Reader) error { return extract(staging, name, at, r) }); err != nil {
		return m, err
	}
	data := filepath.Join(staging, filepath.FromSlash(filesDir))
	if err := os.MkdirAll(data, 0o700); err != nil {
		return m, err
	}
	err = fill(ctx, m, staging, state.Place{Dir: data, URL: to.URL})
	if errors.Is(err, ErrOccupied) {
		return m, err
	}
	if err == nil {
		err = prove(ctx, m, data, to)
	}
	if err != nil && to.URL != "" {
		return m, fmt.Errorf("%w (the database has tables now: before another attempt, DROP SCHEMA public CASCADE and CREATE SCHEMA public)", err)
	}
	if err != nil {
		return m, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err := os.Rename(data, dir); err != nil {
		return m, err
	}
	return m, flush(filepath.Dir(dir))
}

func flush(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// extract writes a file of a backup below the staging folder.
func extract(staging, name string, at time.Time, r io.Reader) error {
	file := filepath.Join(staging, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	mode := os.FileMode(0o600)
	if strings.HasPrefix(name, filesDir+EvidenceDir+"/") {
		mode = 0o400
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Chtimes(file, time.Time{}, at)
}

// fill makes the database, in the form that the backup has, and brings it to the newest form.
func fill(ctx context.Context, m Manifest, staging string, place state.Place) error {
	db, err := state.Prepare(ctx, place, m.Versions)
	switch {
	case errors.Is(err, state.ErrOccupied):
		return ErrOccupied
	case errors.Is(err, state.ErrNewer):
		return fmt.Errorf("the backup was written by ward %s, which is newer than this one: restore it with that version", m.Ward)
	case err != nil:
		return err
	}
	err = db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, t := range m.Tables {
			n, err := fillOne(ctx, tx, t, filepath.Join(staging, filepath.FromSlash(tablesDir), t.Name+".jsonl"))
			if err == nil && n != t.Rows {
				err = fmt.Errorf("it has %d rows in place of %d", n, t.Rows)
			}
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		return nil
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	newest, err := state.Open(ctx, place)
	if err != nil {
		return err
	}
	return newest.Close()
}

func fillOne(ctx context.Context, tx bun.Tx, t Table, file string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return load(ctx, tx, t.Name, f)
}

// prove opens what was restored as a server would, and records that it was restored.
func prove(ctx context.Context, m Manifest, data string, to Target) (err error) {
	db, err := state.Open(ctx, state.Place{Dir: data, URL: to.URL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	l, err := openLedger(ctx, db, data, to)
	if err != nil || l == nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	if _, err := l.Verify(ctx, nil); err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	keeper, err := record.Open(ctx, db, l, to.Now)
	if err != nil {
		return err
	}
	if err := same(ctx, db, l); err != nil {
		return err
	}
	if access.From(ctx).ID == "" {
		ctx = access.With(ctx, access.Program)
	}
	_, err = keeper.Act(ctx, record.Entry{Kind: record.Server, Verb: "restore", Subject: "backup/" + m.At.Format(time.RFC3339)}, nil)
	return err
}

// openLedger opens the ledger that the state belongs to; it is nil if nothing was ever recorded.
func openLedger(ctx context.Context, db *state.DB, data string, to Target) (*ledger.Ledger, error) {
	if to.Ledger != nil {
		return to.Ledger(ctx, data)
	}
	dir := filepath.Join(data, LedgerDir)
	if _, err := os.Stat(filepath.Join(dir, "log")); errors.Is(err, fs.ErrNotExist) {
		var known int64
		if err := db.NewRaw("SELECT count(*) FROM record").Scan(ctx, &known); err != nil || known > 0 {
			return nil, errors.Join(fmt.Errorf("the state tells of %d records, and the backup has no ledger: is it of servers that share one? "+
				"Then say with --config where it is", known), err)
		}
		return nil, nil
	}
	return ledger.Open(ctx, dir, ledger.Options{})
}

// same checks that each row of the records is what the ledger has.
func same(ctx context.Context, db *state.DB, l *ledger.Ledger) error {
	size, err := l.Size(ctx)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT body FROM record ORDER BY position")
	if err != nil {
		return err
	}
	defer rows.Close()
	return errors.Join(l.Read(ctx, 0, size, func(position int64, entry []byte) error {
		var body string
		if !rows.Next() {
			return fmt.Errorf("record %d of the ledger has no row in the state", position)
		}
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if body != string(entry) {
			return fmt.Errorf("record %d is not the same in the ledger and in the state", position)
		}
		return nil
	}), rows.Err())
}
