// Package catalog loads kinds, checks and frameworks, type-checks them against each other, and proves that they mean what
// they say (Prove).
//
// It must not know sources or reports.
package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/rule"
)

// Catalog is everything that Ward knows how to ask.
type Catalog struct {
	Kinds []*kind.Kind
	// Checks that are loaded, sorted by id: all of them after Load.
	Checks     []*check.Check
	Frameworks []*framework.Framework
	Types      *rule.Types
	// Digest is "sha256:" and the digest of every file's path and content, in order.
	Digest string

	kinds  map[string]*kind.Kind
	checks map[string]*check.Check
	files  map[string]checkFile
	layers []fs.FS
	linked map[string]bool
}

// checkFile is where a check stands.
type checkFile struct {
	layer int
	path  string
}

// Load reads and verifies the catalog from one or more file systems: the built-in one, then the user's own. A kind, check
// or framework of a later one replaces that of the same name. All faults come back joined; the catalog then holds what
// could be read.
func Load(layers ...fs.FS) (*Catalog, error) {
	c, err := Open(layers...)
	if c == nil {
		return nil, err
	}
	faults := []error{err}
	faults = append(faults, c.Types.Verify(c.Kinds)...)
	faults = append(faults, c.LoadChecks(func(string) bool { return true }))
	for _, f := range c.Frameworks {
		faults = append(faults, c.Link(f))
	}
	return c, errors.Join(faults...)
}

// Open reads the kinds, the frameworks without their links, and the names of the checks: enough to read an estate. What
// the estate then needs is added by LoadChecks and Link.
func Open(layers ...fs.FS) (*Catalog, error) {
	c := &Catalog{kinds: map[string]*kind.Kind{}, checks: map[string]*check.Check{}, files: map[string]checkFile{},
		layers: layers, linked: map[string]bool{}}
	var faults []error
	frameworks := map[string]*framework.Framework{}
	for i, layer := range layers {
		kinds, errs := kind.Load(layer, "kinds")
		faults = append(faults, errs...)
		for _, k := range kinds {
			c.kinds[k.Name] = k
		}
		list, errs := framework.Load(layer, "frameworks")
		faults = append(faults, errs...)
		for _, f := range list {
			frameworks[f.ID] = f
		}
		files, err := check.List(layer, "checks")
		if err != nil {
			faults = append(faults, err)
		}
		for id, path := range files {
			c.files[id] = checkFile{i, path}
		}
	}
	c.Kinds = values(c.kinds, func(k *kind.Kind) string { return k.Name })
	c.Frameworks = values(frameworks, func(f *framework.Framework) string { return f.ID })
	var errs []error
	c.Types, errs = rule.NewTypes(c.Kinds)
	faults = append(faults, errs...)
	var err error
	if c.Digest, err = digest(layers); err != nil {
		faults = append(faults, err)
	}
	return c, errors.Join(faults...)
}

// LoadChecks reads the checks of the kinds that are wanted and not loaded so far.
func (c *Catalog) LoadChecks(wanted func(kindName string) bool) error {
	files := make([][]string, len(c.layers))
	for _, id := range c.IDs() {
		if file := c.files[id]; c.checks[id] == nil && wanted(KindOf(id)) {
			files[file.layer] = append(files[file.layer], file.path)
		}
	}
	var faults []error
	for i, layer := range c.layers {
		checks, errs := check.Load(layer, files[i], c.kinds, c.Types)
		faults = append(faults, errs...)
		for _, one := range checks {
			c.checks[one.ID] = one
		}
	}
	c.Checks = values(c.checks, func(one *check.Check) string { return one.ID })
	return errors.Join(faults...)
}

// Link reads the link files of a framework, of every layer, once.
func (c *Catalog) Link(f *framework.Framework) error {
	if c.linked[f.ID] {
		return nil
	}
	c.linked[f.ID] = true
	return errors.Join(f.LoadLinks("frameworks", c.layers...)...)
}

// KindOf returns the kind that a check's id begins with.
func KindOf(id string) string {
	if at := strings.LastIndexByte(id, '.'); at >= 0 {
		return id[:at]
	}
	return id
}

// IDs returns the ids of all checks, loaded or not, sorted.
func (c *Catalog) IDs() []string { return slices.Sorted(maps.Keys(c.files)) }

// Has tells whether the catalog has a check of this id, loaded or not.
func (c *Catalog) Has(id string) bool { _, ok := c.files[id]; return ok }

func values[T any](m map[string]T, name func(T) string) []T {
	return slices.SortedFunc(maps.Values(m), func(a, b T) int { return strings.Compare(name(a), name(b)) })
}

func digest(layers []fs.FS) (string, error) {
	sum := sha256.New()
	for _, layer := range layers {
		err := fs.WalkDir(layer, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(layer, path)
			fmt.Fprintf(sum, "%s %d\n", path, len(data))
			sum.Write(data)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("read catalog: %w", err)
		}
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// Check returns the check of this id, nil if there is none or it is not loaded.
func (c *Catalog) Check(id string) *check.Check { return c.checks[id] }

// Kind returns the kind of this name, nil if there is none.
func (c *Catalog) Kind(name string) *kind.Kind { return c.kinds[name] }

// Framework returns the framework of this id, nil if there is none.
func (c *Catalog) Framework(id string) *framework.Framework {
	for _, f := range c.Frameworks {
		if f.ID == id {
			return f
		}
	}
	return nil
}
