// Package backup writes the whole state of a server into one file and brings it back: the database, the ledger with its keys, the evidence
// and what else the data directory holds (45 CFR 164.308(a)(7)(ii)(A) and (B)). Tables are written in a form that no database has for
// itself, so that a state can move from SQLite to PostgreSQL and back.
//
// A backup holds private keys and the digests of passwords: it is as secret as the server. The package must not know what tables mean.
package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/ledger/verify"
)

// Format is the first member of every manifest.
const Format = "ward-backup/1"

// Names in the data directory and in a backup.
const (
	LedgerDir    = "ledger"
	EvidenceDir  = "evidence"
	KeysDir      = "keys" // of a server whose keys are in a folder of their own
	manifestName = "manifest.json"
	tablesDir    = "tables/"
	filesDir     = "data/"
)

// Manifest says what a backup holds. It is the last file of it.
type Manifest struct {
	Format   string    `json:"format"`
	At       time.Time `json:"at"`
	Ward     string    `json:"ward"`     // the version that wrote it
	Database string    `json:"database"` // "sqlite" or "postgres", for information
	Versions []int64   `json:"versions"` // the migrations that the tables have gone through
	Tables   []Table   `json:"tables"`   // in the order in which they can be filled
	Files    []File    `json:"files"`
}

// Table is a table of the database.
type Table struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Size   int64  `json:"size"` // bytes, as JSON lines
	Digest string `json:"digest"`
}

// File is a file of the data directory.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Digest string `json:"digest"`
}

// Source is what is backed up.
type Source struct {
	DB *state.DB
	// Keeper records that a backup was made, before it is; nil if the caller has done so.
	Keeper *record.Keeper
	// Dir is the data directory.
	Dir string
	// Keys is the folder of the keys, "" if they are in the data directory. It is restored as KeysDir in the data directory.
	Keys string
	Ward string // the version
	Now  func() time.Time
}

// Write writes a backup while the server goes on working. What is in it is the state of one moment; what was recorded between that moment
// and the end of the backup is in its ledger, and is taken back there when it is restored.
func Write(ctx context.Context, w io.Writer, s Source, seal Seal) (Manifest, error) {
	m := Manifest{Format: Format, At: s.Now().UTC().Truncate(time.Second), Ward: s.Ward, Database: "sqlite"}
	if s.DB.Postgres() {
		m.Database = "postgres"
	}
	if s.Keeper != nil {
		e := record.Entry{Kind: record.Server, Verb: "back up", Subject: "backup/" + m.At.Format(time.RFC3339),
			Facts: map[string]string{"sealed": seal.String()}}
		if _, err := s.Keeper.Act(ctx, e, nil); err != nil {
			return m, fmt.Errorf("back up: %w", err)
		}
	}
	sealed, err := seal.writer(w)
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	out := &archive{tar: tar.NewWriter(sealed), at: m.At}
	// The order is what makes it consistent: a row of the database is younger than its entry in the ledger and than its evidence.
	err = out.tables(ctx, s.DB, &m)
	if err == nil {
		err = out.folder(ctx, s.Dir, "", &m)
	}
	if err == nil && s.Keys != "" {
		err = out.folder(ctx, s.Keys, KeysDir+"/", &m)
	}
	if err == nil {
		err = out.manifest(m)
	}
	if err = errors.Join(err, out.tar.Close(), sealed.Close()); err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return m, nil
}

// archive writes a tar.
type archive struct {
	tar *tar.Writer
	at  time.Time
}

func (a *archive) begin(name string, size int64, at time.Time) error {
	return a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at, Format: tar.FormatPAX})
}

func (a *archive) manifest(m Manifest) error {
	text, err := json.Marshal(m)
	if err == nil {
		err = a.begin(manifestName, int64(len(text)), a.at)
	}
	if err == nil {
		_, err = a.tar.Write(text)
	}
	return err
}

// tables writes all tables as they were at one moment, by way of a file, since an archive wants to know sizes beforehand.
func (a *archive) tables(ctx context.Context, db *state.DB, m *Manifest) (err error) {
	if m.Versions, err = db.Versions(ctx); err != nil {
		return err
	}
	return snapshot(ctx, db, func(r reader) error {
		names, err := r.tables(ctx)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := a.table(ctx, r, name, m); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
		}
		return nil
	})
}

func (a *archive) table(ctx context.Context, r reader, name string, m *Manifest) error {
	f, err := os.CreateTemp("", "ward-backup-*")
	if err != nil {
		return err
	}
	if os.Remove(f.Name()) != nil { // its name goes at once, so that a kill leaves nothing of it; where an open file keeps its name, at the end
		defer os.Remove(f.Name())
	}
	defer f.Close()
	t, digest, buffered := Table{Name: name}, verify.NewDigest(), bufio.NewWriterSize(f, 1<<16)
	if t.Rows, err = r.dump(ctx, name, io.MultiWriter(buffered, digest)); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if t.Size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t.Digest = verify.Sum(digest)
	m.Tables = append(m.Tables, t)
	if err := a.begin(tablesDir+name+".jsonl", t.Size, a.at); err != nil {
		return err
	}
	_, err = io.Copy(a.tar, f)
	return err
}

// first are the files of the ledger that are read before all others, in this order: each says less than the next, and whatever they say is
// in files that are there already.
var first = []string{LedgerDir + "/newest", LedgerDir + "/log/checkpoint", LedgerDir + "/log/.state/treeState"}

// left tells what of a data directory is not backed up: the database, which is read otherwise, locks, and what is being written.
func left(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(name, state.File) || strings.HasPrefix(base, "..") || name == "before-migration" || base == "lock" || strings.HasSuffix(base, ".lock") ||
		strings.HasPrefix(base, ".new-") || strings.HasSuffix(base, ".new")
}

// folder writes the files of a folder, with something before their names.
func (a *archive) folder(ctx context.Context, dir, before string, m *Manifest) error {
	for _, name := range first {
		if err := a.file(dir, name, before, m); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil // a file that was there for a moment
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case name == ".":
			return nil
		case left(name) && d.IsDir():
			return fs.SkipDir
		case left(name) || !regular(path, d) || slices.Contains(first, name):
			return nil
		}
		if err := a.file(dir, name, before, m); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// regular tells whether there is a file. A link to one counts: secrets that a cluster puts into a folder are links.
func regular(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// file writes a file of the data directory. One that grows or shrinks meanwhile is an error.
func (a *archive) file(dir, name, before string, m *Manifest) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := a.begin(filesDir+before+name, info.Size(), info.ModTime()); err != nil {
		return err
	}
	digest := verify.NewDigest()
	n, err := io.Copy(io.MultiWriter(a.tar, digest), io.LimitReader(f, info.Size()))
	if err == nil && n != info.Size() {
		err = errors.New("it became shorter while it was read")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	m.Files = append(m.Files, File{Name: before + name, Size: n, Digest: verify.Sum(digest)})
	return nil
}

// digested reads a file and tells its digest and size.
type digested struct {
	io.Reader
	digest hash.Hash
	size   int64
}

func (d *digested) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	d.digest.Write(p[:n])
	d.size += int64(n)
	return n, err
}
