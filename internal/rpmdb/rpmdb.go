// Package rpmdb reads the database of installed packages that rpm keeps, from its bytes, in all three formats that are
// still met: Berkeley DB (until RHEL 8), ndb (SUSE) and SQLite (today).
//
// It must not know where the bytes come from. It writes nothing to disk, and every length that a database states is checked
// against the bytes that there are, since the database is part of what is assessed.
package rpmdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// MaxPackages is the largest number of packages that Read takes.
const MaxPackages = 100_000

// maxPaths is how long the names of all files may be together, in bytes. A header says a folder once for many files, so that a
// small one can stand for very many bytes. A large distribution has 30 MB.
const maxPaths = 256 << 20

// ErrFormat says that the bytes are in none of the formats of rpm's databases.
var ErrFormat = errors.New("not a database of rpm")

// Package is one package as its header tells of it.
type Package struct {
	Name, Version, Release, Arch string
	// Epoch is 0 also where the header has none, which rpm takes for the same.
	Epoch uint32
	// SourceRPM is the name of the file that the package was built from, such as "openssl-3.0.7-27.el9.src.rpm".
	SourceRPM string
	License   string
	// Files are the absolute paths that the package installed.
	Files []string
}

// Read returns the packages of a database. It returns no packages if it returns an error: half a database is not one.
func Read(ctx context.Context, data []byte) ([]Package, error) {
	var blobs [][]byte
	var err error
	switch {
	case bytes.HasPrefix(data, []byte(sqliteMagic)):
		blobs, err = readSQLite(ctx, data)
	case bytes.HasPrefix(data, []byte(ndbMagic)):
		blobs, err = readNDB(data)
	case isBerkeley(data):
		blobs, err = readBerkeley(data)
	default:
		return nil, ErrFormat
	}
	if err != nil {
		return nil, err
	}
	packages := make([]Package, 0, len(blobs))
	paths := int64(maxPaths)
	for i, blob := range blobs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := readHeader(blob, &paths)
		if err != nil {
			return nil, fmt.Errorf("header %d of %d: %w", i+1, len(blobs), err)
		}
		if p.Name == "gpg-pubkey" { // a key that rpm trusts, kept as if it were a package
			continue
		}
		packages = append(packages, p)
	}
	return packages, nil
}
