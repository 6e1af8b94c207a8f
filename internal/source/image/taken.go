package image

import (
	"cmp"
	"context"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/vulndb"
)

// Taken is what was read of one image or bill of materials. Advisories can be compared with it again and again.
type Taken struct {
	kind    string
	subject subject
}

// Take reads an image (see Open) or a bill of materials.
func Take(ctx context.Context, target string, o Options) (*Taken, error) {
	called, path, _ := split(target)
	name := cmp.Or(called, target)
	document, err := materials(path)
	if err != nil {
		return nil, err
	}
	if document != nil {
		document.Name = cmp.Or(called, document.Name)
		return &Taken{"sbom", ofMaterials(*document, name)}, nil
	}
	found, err := open(ctx, target, o)
	if err != nil {
		return nil, err
	}
	return &Taken{"image", ofImage(found, name)}, nil
}

// Reading tells what was taken and what the advisories say of it at a time, by which they must not be older than maxAge.
func (t *Taken) Reading(a *Advisories, now time.Time, maxAge time.Duration) source.Reading {
	at := a.advisories
	at.options.Now, at.options.MaxAge = now, maxAge
	return t.reading(&at)
}

func (t *Taken) reading(a *advisories) source.Reading {
	return source.Reading{Kind: t.kind, Name: t.subject.target, Dialect: resource.Image, Blocks: t.subject.blocks(a.judge(t.subject.packages))}
}

// Advisories is a database that stays open. Its methods may be called from several goroutines.
type Advisories struct{ advisories }

// OpenAdvisories opens the database in a folder. If there is none, or if it cannot be read, vulnerabilities are unknown.
func OpenAdvisories(dir string) *Advisories {
	a := &Advisories{advisories{options: Options{Advisories: dir}}}
	a.open()
	return a
}

// Fault is why there are no advisories; nil if there are.
func (a *Advisories) Fault() error { return a.fault }

// Close closes the database.
func (a *Advisories) Close() { a.close() }

// advisories is the database, as far as there is one.
type advisories struct {
	options Options
	db      *vulndb.DB
	fault   error // why there is none
}

func (a *advisories) open() { a.db, a.fault = vulndb.Open(a.options.Advisories) }

func (a *advisories) close() {
	if a.db != nil {
		a.db.Close()
	}
}
