// Package tree reads a target of files: a folder, or one file of a folder of which nothing else may be read. Neither a path nor a
// symbolic link leads out of it, and nothing in it is read without a bound.
//
// It must not know what the files mean.
package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Bounds of what is read.
const (
	MaxFile    = 16 << 20 // bytes of a file
	MaxEntries = 200_000  // files and folders that are looked at
	headBytes  = 64 << 10
)

// ErrTooLarge is what Read returns for a file of more than MaxFile bytes.
var ErrTooLarge = fmt.Errorf("the file is larger than %d MiB", MaxFile>>20)

// Tree is a target on disk.
type Tree struct {
	File string // the one file, "" for the whole folder
	root *os.Root
}

// Open opens a folder, or a file. The errors of this package do not name the path, since what tells of them does.
func Open(name string) (*Tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, Cause(err)
	}
	dir, file := name, ""
	switch {
	case info.IsDir():
	case info.Mode().IsRegular():
		real, err := filepath.EvalSymlinks(name) // the target may itself be given as a link: what it names is the file
		if err != nil {
			return nil, Cause(err)
		}
		dir, file = filepath.Split(real)
		if dir == "" {
			dir = "."
		}
	default:
		return nil, errors.New("it is neither a file nor a folder")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, Cause(err)
	}
	return &Tree{root: root, File: file}, nil
}

// Close lets go of the folder.
func (t *Tree) Close() { _ = t.root.Close() }

// Walk calls visit with every regular file, slash-separated and in order, until visit returns false. Hidden folders and
// node_modules are passed over. skipped, if not nil, is told what else was passed over although it might hold something: of the
// symbolic links that lead out only those that may, by their name, be wanted.
func (t *Tree) Walk(ctx context.Context, may func(file string) bool, visit func(file string) bool, skipped func(file, why string)) error {
	if skipped == nil {
		skipped = func(string, string) {}
	}
	if t.File != "" {
		visit(t.File)
		return nil
	}
	entries := 0
	return fs.WalkDir(t.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if entries++; entries > MaxEntries {
			skipped(".", fmt.Sprintf("the folder holds more than %d entries; those after %s were not read", MaxEntries, name))
			return fs.SkipAll
		}
		switch {
		case err != nil:
			skipped(name, Cause(err).Error())
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			if _, err := t.root.Stat(name); err != nil && (may(name) || path.Ext(name) == "") {
				skipped(name, "the symbolic link leaves the target or leads nowhere and was not followed")
			}
		case d.Type().IsRegular():
			if !visit(name) {
				return fs.SkipAll
			}
		}
		return nil
	})
}

// Stat tells of a file or folder in the tree; it follows symbolic links that stay within.
func (t *Tree) Stat(name string) (fs.FileInfo, error) { return t.root.Stat(name) }

// Head returns the first bytes of a file.
func (t *Tree) Head(name string) ([]byte, error) {
	f, _, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, headBytes))
}

// Read returns a file's content, or its head and ErrTooLarge.
func (t *Tree) Read(name string) ([]byte, error) {
	f, size, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	bound := int64(MaxFile + 1) // a file may grow, or not tell its size
	if size > MaxFile {
		bound = headBytes
	}
	content, err := io.ReadAll(io.LimitReader(f, bound))
	switch {
	case err != nil:
		return nil, Cause(err)
	case size > MaxFile || len(content) > MaxFile:
		return content[:min(len(content), headBytes)], ErrTooLarge
	}
	return content, nil
}

func (t *Tree) open(name string) (*os.File, int64, error) {
	f, err := t.root.Open(name)
	if err != nil {
		return nil, 0, Cause(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, Cause(err)
	}
	return f, info.Size(), nil
}

// Cause is an error without the path that the message around it names anyway.
func Cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
