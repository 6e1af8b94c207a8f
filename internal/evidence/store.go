package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Store keeps files under names, each once and for all, and none shorter than it was told. Every driver passes the suite of package
// storetest.
type Store interface {
	// Put keeps content under a name at least until a time. When it returns, that is durable. What is there under the name stays as it is
	// and is kept longer if need be: content of one name MUST always be the same.
	Put(ctx context.Context, name string, content []byte, until time.Time) error
	// Extend keeps what is there longer, and never shorter; fs.ErrNotExist if there is nothing.
	Extend(ctx context.Context, name string, until time.Time) error
	// Get opens what was kept; fs.ErrNotExist if there is nothing.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// Until tells how long something is kept; fs.ErrNotExist if there is nothing.
	Until(ctx context.Context, name string) (time.Time, error)
	// Delete removes what is kept no longer; ErrKept if it is.
	Delete(ctx context.Context, name string) error
}

// ErrKept is the error of deleting what is still to be kept.
var ErrKept = errors.New("it is still to be kept")

// Folder is a Store in a folder. A file's time of change is the time until which it is kept, as archives of tapes and disks do it, so that
// the folder needs nothing beside it. Files are read-only; that stops mistakes, not the administrator of the machine.
type Folder struct {
	dir string
	now func() time.Time
}

// OpenFolder opens a folder, and makes it if it is missing.
func OpenFolder(dir string, now func() time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the evidence: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*", unfinished+"*")) // of a program that was killed
	if err != nil {
		return nil, fmt.Errorf("open the evidence: %w", err)
	}
	for _, file := range left {
		if info, err := os.Stat(file); err == nil && (info.ModTime().After(time.Now()) || time.Since(info.ModTime()) > time.Hour) {
			_ = os.Remove(file)
		}
	}
	return &Folder{dir, now}, nil
}

const (
	unfinished = ".new-" // begins the name of a file that is being written
	kept       = os.FileMode(0o400)
)

// file is where a name is kept.
func (f *Folder) file(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\:\x00") {
		return "", fmt.Errorf("%s is no name for evidence", strconv.Quote(name))
	}
	return filepath.Join(f.dir, filepath.FromSlash(name)), nil
}

// Put implements Store.
func (f *Folder) Put(ctx context.Context, name string, content []byte, until time.Time) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	if err := f.Extend(ctx, name, until); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.makeDir(filepath.Dir(file)); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := place(file, content, until); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// Extend implements Store.
func (f *Folder) Extend(_ context.Context, name string, until time.Time) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if !info.ModTime().Before(until) {
		return nil
	}
	if err := os.Chtimes(file, time.Time{}, until); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return flush(file)
}

// place writes a file whole or not at all, and on disk.
func place(file string, content []byte, until time.Time) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), unfinished+"*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Chmod(kept)
	}
	if err == nil {
		err = os.Chtimes(temporary.Name(), time.Time{}, until)
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return flush(filepath.Dir(file))
}

// makeDir makes folders that are still there after a power cut.
func (f *Folder) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil || dir == f.dir {
		return nil
	}
	if err := f.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return flush(filepath.Dir(dir))
}

// flush makes a file, or what a folder holds, durable.
func flush(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get implements Store.
func (f *Folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := f.file(name)
	if err != nil {
		return nil, err
	}
	return os.Open(file)
}

// Until implements Store.
func (f *Folder) Until(_ context.Context, name string) (time.Time, error) {
	file, err := f.file(name)
	if err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime().UTC(), nil
}

// Delete implements Store.
func (f *Folder) Delete(ctx context.Context, name string) error {
	until, err := f.Until(ctx, name)
	if err != nil {
		return err
	}
	if f.now().Before(until) {
		return fmt.Errorf("delete %s: %w, until %s", name, ErrKept, until.Format(time.DateOnly))
	}
	file, err := f.file(name)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return flush(filepath.Dir(file))
}
