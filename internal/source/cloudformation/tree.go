package cloudformation

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

const (
	maxFileBytes  = 16 << 20
	maxTotalBytes = 256 << 20
	maxEntries    = 200_000
	maxDocuments  = 2_000
	headBytes     = 64 << 10
)

var errTooLarge = fmt.Errorf("the file is larger than %d MiB", maxFileBytes>>20)

// tree is the target on disk: a directory, or one file of a directory that nothing else may be read of.
type tree struct {
	root *os.Root
	file string // the one file, "" for the whole directory
}

func openTree(name string) (*tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	dir, file := name, ""
	switch {
	case info.IsDir():
	case info.Mode().IsRegular():
		// The target may itself be given as a link: what it names is the file.
		real, err := filepath.EvalSymlinks(name)
		if err != nil {
			return nil, err
		}
		dir, file = filepath.Split(real)
		if dir == "" {
			dir = "."
		}
	default:
		return nil, errors.New("it is neither a file nor a directory")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root: root, file: file}, nil
}

func (t *tree) close() { _ = t.root.Close() }

// walk calls visit with every file that may be a template, in order, until visit returns false; skipped, if not nil, is
// told what was passed over although it might hold templates.
func (t *tree) walk(ctx context.Context, visit func(file string) bool, skipped func(file, why string)) error {
	if skipped == nil {
		skipped = func(string, string) {}
	}
	if t.file != "" {
		visit(t.file)
		return nil
	}
	entries := 0
	return fs.WalkDir(t.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if entries++; entries > maxEntries {
			skipped(".", fmt.Sprintf("the directory holds more than %d entries; those after %s were not read", maxEntries, name))
			return fs.SkipAll
		}
		switch {
		case err != nil:
			skipped(name, cause(err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
				return fs.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			if _, err := t.root.Stat(name); err != nil && (mayBeTemplate(name) || path.Ext(name) == "") {
				skipped(name, "the symbolic link leaves the target or leads nowhere and was not followed")
			}
		case d.Type().IsRegular() && mayBeTemplate(name):
			if !visit(name) {
				return fs.SkipAll
			}
		}
		return nil
	})
}

// mayBeTemplate tells by its name whether a file is worth opening.
func mayBeTemplate(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json", ".template", ".cfn", ".cform":
		return true
	}
	return false
}

func (t *tree) open(name string) (*os.File, error) {
	f, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a file")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
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

// read returns a file's content, or its head and errTooLarge.
func (t *tree) read(name string) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxFileBytes {
		head, err := io.ReadAll(io.LimitReader(f, headBytes))
		return head, errors.Join(errTooLarge, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(content) > maxFileBytes {
		return content[:headBytes], errTooLarge
	}
	return content, err
}

// cause is an error without the path that the gap names anyway.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// loadDocuments parses every template of the tree. What is broken is a gap.
func loadDocuments(ctx context.Context, t *tree, gaps *gaps) ([]*document, error) {
	var documents []*document
	total := 0
	err := t.walk(ctx, func(file string) bool {
		content, err := t.read(file)
		switch {
		case errors.Is(err, errTooLarge):
			// CloudFormation takes no template of this size, so only what claims to be one is worth a word.
			if t.file != "" || looksLikeTemplate(content) {
				gaps.add(file, 0, "", errTooLarge.Error(), "")
			}
			return true
		case err != nil:
			gaps.add(file, 0, "", cause(err), "")
			return true
		case t.file == "" && !mentionsTemplate(content):
			return true
		}
		if total += len(content); total > maxTotalBytes || len(documents) >= maxDocuments {
			gaps.add(file, 0, "", fmt.Sprintf("the target holds more than %d templates or %d MiB; "+
				"this and later files were not read", maxDocuments, maxTotalBytes>>20), "assess its directories one by one")
			return false
		}
		if d := parseDocument(file, content, gaps); d != nil {
			documents = append(documents, d)
		} else {
			total -= len(content)
		}
		return true
	}, func(file, why string) { gaps.add(file, 0, "", why, "") })
	return documents, err
}
