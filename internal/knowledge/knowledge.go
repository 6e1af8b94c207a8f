// Package knowledge is what an estate is judged by: the catalog, one of its frameworks and the services that providers list as eligible.
// It judges what was read by it.
//
// It must not know how resources are read, nor what becomes of an assessment.
package knowledge

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
)

// Knowledge is open. It is not for use by several goroutines, since checks are read when they are needed.
type Knowledge struct {
	Catalog   *catalog.Catalog
	Framework *framework.Framework
	Services  *scope.Services
}

// NoFramework is the error of a framework that the catalog does not hold.
type NoFramework struct {
	ID    string
	There []string
}

// Error implements error.
func (n *NoFramework) Error() string {
	return fmt.Sprintf("there is no framework %q; there are %s", n.ID, strings.Join(n.There, ", "))
}

// Open reads the layers of a catalog, the built-in one first, and the framework with an id; "" is the default one. The built-in catalog is
// proved by its tests, so that its checks are read when they are needed; further layers are verified as a whole.
func Open(layers []fs.FS, frameworkID string) (*Knowledge, error) {
	k := &Knowledge{}
	var err error
	if k.Catalog, err = OpenCatalog(layers); err != nil {
		return nil, err
	}
	if k.Services, err = scope.LoadServices(layers...); err != nil {
		return nil, err
	}
	if k.Framework, err = Choose(k.Catalog, frameworkID); err != nil {
		return nil, err
	}
	return k, k.Catalog.Link(k.Framework)
}

// OpenCatalog reads what an assessment begins with.
func OpenCatalog(layers []fs.FS) (*catalog.Catalog, error) {
	if len(layers) > 1 {
		return catalog.Load(layers...)
	}
	return catalog.Open(layers[0])
}

// Choose returns the framework with an id, or the default one for "". Its error is a NoFramework.
func Choose(c *catalog.Catalog, id string) (*framework.Framework, error) {
	var there []string
	for _, f := range c.Frameworks {
		if f.ID == id || id == "" && f.Default {
			return f, nil
		}
		there = append(there, f.ID)
	}
	return nil, &NoFramework{id, there}
}

// Question is what is asked of readings.
type Question struct {
	Readings []source.Reading
	Config   *config.Config
	Gaps     []resource.Gap // what is missing besides what the readings tell
	Now      time.Time
	Version  string // of the program
	Progress func(done, total int)
}

// Assess judges what was read.
func (k *Knowledge) Assess(ctx context.Context, q Question) (*assessment.Assessment, *inventory.Inventory, error) {
	estate := mapping.Take(k.Catalog.Kinds, q.Readings)
	estate.Gaps = append(estate.Gaps, q.Gaps...)
	if err := k.LoadChecks(estate, q.Config); err != nil {
		return nil, nil, err
	}
	a, err := assess.Assess(ctx, assess.Request{Catalog: k.Catalog, Framework: k.Framework, Services: k.Services, Config: q.Config,
		Inventory: estate, Now: q.Now, Version: q.Version, Progress: q.Progress})
	return a, estate, err
}

// LoadChecks reads the checks that an inventory asks for, those that judge every resource, and those that ward.yaml sets parameters of.
func (k *Knowledge) LoadChecks(i *inventory.Inventory, c *config.Config) error {
	wanted := map[string]bool{assess.AnyKind: true}
	for _, r := range i.Resources {
		wanted[r.Kind.Name] = true
	}
	for _, set := range c.Params {
		wanted[catalog.KindOf(set.Check)] = true
	}
	for _, some := range c.ParamsFor {
		for _, set := range some.Params {
			wanted[catalog.KindOf(set.Check)] = true
		}
	}
	return k.Catalog.LoadChecks(func(kindName string) bool { return wanted[kindName] })
}
