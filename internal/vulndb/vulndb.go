// Package vulndb holds advisories in one local file and tells which installed packages they are about.
//
// Advisories come in the OSV format (https://ossf.github.io/osv-schema/) from folders, archives and HTTPS addresses. A package
// matches by ecosystem, release, name and version in its ecosystem's own order; never by name alone. What cannot be judged is
// returned as such: no data for an ecosystem, a version that cannot be compared, a database that is damaged are not "nothing
// found". docs/design/vulnerabilities.md has the reasons.
//
// It must not know where packages are read from, nor kinds, checks and policies, and it reads no clock.
package vulndb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/software"
)

// filename is that of the database within its folder.
const filename = "advisories.vulndb"

// how tells what to run when there are no advisories.
const how = "run: ward vulndb update SOURCE"

// DB is an open database. Its methods may be called from several goroutines.
type DB struct {
	table *table
	facts Facts
	asOf  map[string]time.Time // of each family
	known map[string]bool      // canonical ecosystems that it has advisories for
}

// Facts is what a database says of itself.
type Facts struct {
	Format     int         `json:"format"`
	Digest     string      `json:"digest"` // "sha256:" and the hexadecimal digest of all after the header
	Bytes      int64       `json:"bytes"`
	Fetched    time.Time   `json:"fetched"`
	Sources    []Source    `json:"sources"`
	Records    int         `json:"records"`   // advisories that can match
	Withdrawn  int         `json:"withdrawn"` // advisories that were left out because their authors took them back
	Unreadable int         `json:"unreadable"`
	Ecosystems []Ecosystem `json:"ecosystems"` // in the order of their names
	Ages       []Age       `json:"ages"`       // likewise
}

// Source is where advisories came from.
type Source struct {
	Name       string `json:"name"`   // a path or an address, without user information and query
	Digest     string `json:"digest"` // of the archive; "" for a folder
	Records    int    `json:"records"`
	Unreadable int    `json:"unreadable"`
}

// Ecosystem is what is known of one ecosystem, or of one release of a distribution.
type Ecosystem struct {
	Name    string `json:"name"`
	Records int    `json:"records"`
	// Modified is the latest time at which one of its records was changed, and never later than when it was fetched.
	Modified time.Time `json:"modified"`
}

// Age is as of when the data of an ecosystem is, of all its releases together: the last change of any record in the source
// that has most of them. It is zero if no record says when it was changed.
type Age struct {
	Ecosystem string    `json:"ecosystem"` // without a release
	Records   int       `json:"records"`   // withdrawn ones too
	AsOf      time.Time `json:"as_of"`
}

// Open opens the database in a folder. The error says what to do if there is none (it is fs.ErrNotExist), if it is damaged, or if
// a newer Ward wrote it.
func Open(dir string) (*DB, error) {
	path := filepath.Join(dir, filename)
	t, facts, err := openTable(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no advisories in %s (%w); %s", dir, fs.ErrNotExist, how)
	}
	if err != nil {
		return nil, fmt.Errorf("open advisories %s: %w", path, err)
	}
	db := &DB{table: t, facts: *facts, asOf: map[string]time.Time{}, known: map[string]bool{}}
	for _, e := range facts.Ecosystems {
		db.known[e.Name] = e.Records > 0
	}
	for _, a := range facts.Ages {
		db.asOf[a.Ecosystem] = a.AsOf
	}
	return db, nil
}

// Close closes the file.
func (db *DB) Close() error { return db.table.file.Close() }

// Facts tells what the database holds.
func (db *DB) Facts() Facts { return db.facts }

// Verify reads the whole file and compares its digest. Opening and matching check whatever they read, and so need no Verify.
func (db *DB) Verify(ctx context.Context) error { return db.table.verify(ctx) }

// Covers tells whether there are advisories for an ecosystem, a distribution's with its release ("Debian:12"), and as of when its
// data is: see Age, which is one for all releases, since a release that is no longer changed is not therefore out of date.
func (db *DB) Covers(ecosystem string) (asOf time.Time, ok bool) {
	for _, name := range releases(ecosystem) {
		if db.known[name] {
			return db.asOf[familyOf(name)], true
		}
	}
	return time.Time{}, false
}

// Outdated returns the packages about which more may be known by now: those of ecosystems whose data is older than maxAge at the
// time now. What Match found of them still holds; that it found nothing does not. Ecosystems that are not covered are Match's.
func (db *DB) Outdated(packages []software.Package, now time.Time, maxAge time.Duration) []Unmatched {
	var old []Unmatched
	for _, p := range packages {
		asOf, ok := db.Covers(p.Ecosystem)
		if !ok || now.Sub(asOf) <= maxAge {
			continue
		}
		day := asOf.UTC().Format(time.DateOnly)
		reason := fmt.Sprintf("advisories for %s are as of %s, older than %s; %s", p.Ecosystem, day, days(maxAge), how)
		if asOf.IsZero() {
			reason = fmt.Sprintf("advisories for %s do not say as of when they are; %s", p.Ecosystem, how)
		}
		old = append(old, Unmatched{Package: p, Reason: reason, Advisories: []string{}})
	}
	return old
}

func days(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}

// uncovered says why nothing is known of an ecosystem.
func (db *DB) uncovered(ecosystem string) string {
	if ecosystem == "" {
		return "it is not known which ecosystem the package is of"
	}
	of := familyOf(ecosystem)
	var others []string
	for name, ok := range db.known {
		if ok && familyOf(name) == of {
			others = append(others, strings.TrimPrefix(name, of+":"))
		}
	}
	if len(others) == 0 || slices.Contains(others, of) {
		return fmt.Sprintf("no advisories for %s in the database; %s", ecosystem, how)
	}
	slices.SortFunc(others, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	if len(others) > 8 {
		others = append([]string{"..."}, others[len(others)-8:]...)
	}
	return fmt.Sprintf("no advisories for %s in the database, which has those for %s; %s", ecosystem, strings.Join(others, ", "), how)
}
