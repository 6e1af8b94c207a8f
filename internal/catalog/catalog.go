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
	"sort"

	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/rule"
)

// Catalog is everything that Ward knows how to ask.
type Catalog struct {
	Kinds      []*kind.Kind
	Checks     []*check.Check
	Frameworks []*framework.Framework
	Types      *rule.Types
	// Digest is "sha256:" and the digest of every file's path and content, in order.
	Digest string

	kinds  map[string]*kind.Kind
	checks map[string]*check.Check
}

// Load reads the catalog from one or more file systems: the built-in one, then the user's own. A kind, check or framework
// of a later one replaces that of the same name. All faults come back joined; the catalog then holds what could be read.
func Load(layers ...fs.FS) (*Catalog, error) {
	c := &Catalog{kinds: map[string]*kind.Kind{}, checks: map[string]*check.Check{}}
	var faults []error
	for _, layer := range layers {
		kinds, errs := kind.Load(layer, "kinds")
		faults = append(faults, errs...)
		for _, k := range kinds {
			c.kinds[k.Name] = k
		}
	}
	for _, k := range c.kinds {
		c.Kinds = append(c.Kinds, k)
	}
	sort.Slice(c.Kinds, func(i, j int) bool { return c.Kinds[i].Name < c.Kinds[j].Name })
	types, errs := rule.NewTypes(c.Kinds)
	faults = append(faults, errs...)
	c.Types = types
	frameworks := map[string]*framework.Framework{}
	for _, layer := range layers {
		checks, errs := check.Load(layer, "checks", c.kinds, types)
		faults = append(faults, errs...)
		for _, one := range checks {
			c.checks[one.ID] = one
		}
		list, errs := framework.Load(layer, "frameworks")
		faults = append(faults, errs...)
		for _, f := range list {
			frameworks[f.ID] = f
		}
	}
	for _, one := range c.checks {
		c.Checks = append(c.Checks, one)
	}
	sort.Slice(c.Checks, func(i, j int) bool { return c.Checks[i].ID < c.Checks[j].ID })
	for _, f := range frameworks {
		c.Frameworks = append(c.Frameworks, f)
	}
	sort.Slice(c.Frameworks, func(i, j int) bool { return c.Frameworks[i].ID < c.Frameworks[j].ID })
	var err error
	if c.Digest, err = digest(layers); err != nil {
		faults = append(faults, err)
	}
	return c, errors.Join(faults...)
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

// Check returns the check of this id, nil if there is none.
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
