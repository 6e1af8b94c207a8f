package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	maxFileBytes  = 16 << 20
	maxTotalBytes = 256 << 20
	maxEntries    = 200_000
	headBytes     = 64 << 10
)

var (
	errTooLarge = fmt.Errorf("the file is larger than %d MiB", maxFileBytes>>20)
	errTooMuch  = fmt.Errorf("the target holds more than %d MiB; this file was not read", maxTotalBytes>>20)
)

// tree is the target on disk: a folder, or one file of a folder that nothing else may be read of.
type tree struct {
	root  *os.Root
	file  string   // the one file, "" for the whole folder
	files []string // slash-separated, sorted
	left  int      // bytes that may still be read
}

func openTree(name string) (*tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, cause(err)
	}
	dir, file := name, ""
	switch {
	case info.IsDir():
	case info.Mode().IsRegular():
		real, err := filepath.EvalSymlinks(name) // the target may itself be given as a link
		if err != nil {
			return nil, cause(err)
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
		return nil, cause(err)
	}
	return &tree{root: root, file: file, left: maxTotalBytes}, nil
}

func (t *tree) close() { _ = t.root.Close() }

// list finds the files; skipped is told what was passed over although it might hold something.
func (t *tree) list(ctx context.Context, skipped func(file, why string)) error {
	if t.file != "" {
		t.files = []string{t.file}
		return nil
	}
	entries := 0
	return fs.WalkDir(t.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if entries++; entries > maxEntries {
			skipped(".", fmt.Sprintf("the folder holds more than %d entries; those after %s were not read", maxEntries, name))
			return fs.SkipAll
		}
		switch {
		case err != nil:
			skipped(name, cause(err).Error())
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			if _, err := t.root.Stat(name); err != nil && (mayBeManifest(name) || path.Ext(name) == "") {
				skipped(name, "the symbolic link leaves the target or leads nowhere and was not followed")
			}
		case d.Type().IsRegular():
			t.files = append(t.files, name)
		}
		return nil
	})
}

func (t *tree) open(name string) (*os.File, error) {
	f, err := t.root.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		_ = f.Close()
		return nil, cause(err)
	}
	return f, nil
}

// head returns the first bytes of a file.
func (t *tree) head(name string) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, headBytes))
}

// read returns a file's content.
func (t *tree) read(name string) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	switch {
	case err != nil:
		return nil, cause(err)
	case len(content) > maxFileBytes:
		return nil, errTooLarge
	case len(content) > t.left:
		return nil, errTooMuch
	}
	t.left -= len(content)
	return content, nil
}

// cause is an error without the path that the gap names anyway.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// mayBeManifest tells by its name whether a file is worth opening.
func mayBeManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

var (
	versionKey = regexp.MustCompile(`(?m)(^\s*|[{,]\s*|^\s*-\s+)["']?apiVersion["']?\s*:\s*["']?[a-z0-9./-]+`)
	kindKey    = regexp.MustCompile(`(?m)(^\s*|[{,]\s*|^\s*-\s+)["']?kind["']?\s*:\s*["']?[A-Z]`)
)

// looksLikeManifest tells by the text alone, also of a file that is broken, whether it is meant as a manifest.
func looksLikeManifest(content []byte) bool {
	return versionKey.Match(content) && kindKey.Match(content)
}

// within tells whether a file lies in a folder, at any depth.
func within(dir, file string) bool {
	return dir == "." || strings.HasPrefix(file, dir+"/")
}
