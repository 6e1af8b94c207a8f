package kubernetes

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"strings"

	"ward.dev/ward/internal/source/tree"
)

const maxTotalBytes = 256 << 20

var errTooMuch = fmt.Errorf("the target holds more than %d MiB; this file was not read", maxTotalBytes>>20)

// disk is the target on disk: its files, and how much of them may still be read.
type disk struct {
	*tree.Tree
	names []string // slash-separated, sorted
	left  int      // bytes that may still be read
}

func openDisk(name string) (*disk, error) {
	t, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	return &disk{Tree: t, left: maxTotalBytes}, nil
}

// list finds the files; skipped is told what was passed over although it might hold something.
func (d *disk) list(ctx context.Context, skipped func(file, why string)) error {
	return d.Walk(ctx, mayBeManifest, func(file string) bool {
		d.names = append(d.names, file)
		return true
	}, skipped)
}

// Read returns a file's content.
func (d *disk) Read(name string) ([]byte, error) {
	content, err := d.Tree.Read(name)
	switch {
	case err != nil:
		return nil, err
	case len(content) > d.left:
		return nil, errTooMuch
	}
	d.left -= len(content)
	return content, nil
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
