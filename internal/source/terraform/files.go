package terraform

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Bounds of what is read. What is over a bound becomes a Gap.
const (
	maxFile    = 16 << 20  // bytes of one configuration or variable file
	maxTotal   = 256 << 20 // bytes of all configuration files
	maxFiles   = 20_000    // configuration files
	maxFolders = 64        // nesting of folders
	maxEntries = 500_000   // names that are looked at while walking
	maxInclude = 4 << 20   // bytes of one file that an expression reads
)

// confined reads files below one folder and nothing else: os.Root refuses paths and symbolic links that lead out.
type confined struct {
	root *os.Root
	read int64
}

var errTooLarge = errors.New("is larger than this reader takes")

// file returns the content of a file of at most limit bytes.
func (c *confined) file(name string, limit int64) ([]byte, error) {
	f, err := c.root.Open(name)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, plainPathError(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%w: %d bytes, the bound is %d", errTooLarge, info.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, plainPathError(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: the bound is %d bytes", errTooLarge, limit)
	}
	c.read += int64(len(data))
	return data, nil
}

// plainPathError returns the cause alone: callers name the path themselves, relative to the target.
func plainPathError(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// isConfiguration tells whether Terraform reads a file of this name.
func isConfiguration(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return false
	}
	return strings.HasSuffix(name, ".tf") || strings.HasSuffix(name, ".tf.json")
}

func isOverride(name string) bool {
	base := strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".tf")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// skipped tells whether a folder is none of the estate's own: tools keep their things there.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules"
}

// folders walks the root and returns the configuration files of each folder, by folder, sorted. over says what was
// left out because of a bound.
func (c *confined) folders() (files map[string][]string, over []string) {
	files = map[string][]string{}
	entries, count := 0, 0
	_ = fs.WalkDir(c.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			over = append(over, fmt.Sprintf("%s: %v", name, plainPathError(err)))
			return nil
		}
		if entries++; entries > maxEntries {
			over = append(over, fmt.Sprintf("%s and what follows: more than %d names", name, maxEntries))
			return fs.SkipAll
		}
		if entry.IsDir() {
			if name != "." && skipped(entry.Name()) {
				return fs.SkipDir
			}
			if strings.Count(name, "/") >= maxFolders {
				over = append(over, fmt.Sprintf("%s: nested deeper than %d folders", name, maxFolders))
				return fs.SkipDir
			}
			return nil
		}
		if !isConfiguration(entry.Name()) {
			return nil
		}
		if count++; count > maxFiles {
			over = append(over, fmt.Sprintf("%s and what follows: more than %d files", name, maxFiles))
			return fs.SkipAll
		}
		files[path.Dir(name)] = append(files[path.Dir(name)], name)
		return nil
	})
	for _, names := range files {
		slices.Sort(names)
	}
	return files, over
}
