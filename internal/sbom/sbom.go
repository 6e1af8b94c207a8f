// Package sbom reads bills of materials, CycloneDX and SPDX, into packages, and writes CycloneDX.
//
// Packages are told by their package URLs: a name without one tells no ecosystem, and is a gap. The package must not know where
// a document comes from nor what is known to be wrong with a package; it reads bytes, and no files or network.
package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/software"
)

// MaxSize is how large a document may be, in bytes.
const MaxSize = 256 << 20

// maxPackages is how many packages a document may list.
const maxPackages = 500_000

// Document is a bill of materials.
type Document struct {
	// Format is "CycloneDX 1.6" or "SPDX-2.3" or alike.
	Format string
	// Name and Version are those of what the document is about, such as an image and its digest; "" if it does not say.
	Name, Version string
	Packages      []software.Package
	// Gaps are what the document does not tell or says that it does not know, as sentences without a full stop.
	Gaps []string
}

// ErrFormat says that the bytes are no bill of materials that can be read.
var ErrFormat = errors.New("neither CycloneDX (JSON, XML) nor SPDX 2 (JSON, tag-value)")

// Read reads a document in any of the formats. An error means that nothing of it is known.
func Read(data []byte) (out Document, err error) {
	if len(data) > MaxSize {
		return Document{}, fmt.Errorf("the document is larger than %d bytes", MaxSize)
	}
	defer func() {
		if p := recover(); p != nil { // the libraries for the formats promise nothing about broken documents
			out, err = Document{}, fmt.Errorf("the document is broken: %v", p)
		}
	}()
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	switch {
	case bytes.HasPrefix(data, []byte("<")):
		return readCycloneDX(data, true)
	case bytes.HasPrefix(data, []byte("{")):
		return readJSON(data)
	case bytes.Contains(data[:min(len(data), 4096)], []byte("SPDXVersion:")):
		return readTagValue(data)
	}
	return Document{}, ErrFormat
}

// component is a package as a document lists it.
type component struct {
	name, version, purl string
	source, sourceVer   string // of the source package, if the document says so elsewhere than in the package URL
	path, layer         string
	licenses            []string
}

// collector gathers the packages of a document.
type collector struct {
	out                           Document
	system                        software.Distribution // of a component that is an operating system
	unnamed, unreleased, unsolved []string
	versionless                   []string
	sources, systemPackages       int
}

// add takes a component.
func (c *collector) add(from component) error {
	if len(c.out.Packages) >= maxPackages {
		return fmt.Errorf("the document has more than %d packages", maxPackages)
	}
	p := software.Package{Name: from.name, Version: from.version}
	if from.purl != "" {
		read, err := software.FromPurl(from.purl)
		if err == nil {
			if read.Version == "" {
				read.Version = strings.TrimPrefix(from.version, "v")
			}
			p = read
		}
	}
	p.Path, p.Layer, p.Licenses = from.path, from.layer, from.licenses
	if p.Source == "" && from.source != "" && from.source != p.Name {
		p.Source = from.source
	}
	if p.SourceVersion == "" && from.sourceVer != "" && from.sourceVer != p.Version {
		p.SourceVersion = from.sourceVer
	}
	if from.source != "" || p.Source != "" {
		c.sources++
	}
	c.out.Packages = append(c.out.Packages, p)
	return nil
}

// finish completes what only the whole document tells, and notes what is missing.
func (c *collector) finish() Document {
	ecosystem, _ := c.system.Ecosystem()
	for i := range c.out.Packages {
		p := &c.out.Packages[i]
		name, release, _ := strings.Cut(p.Ecosystem, ":")
		if name == "" {
			c.unnamed = append(c.unnamed, p.Name)
		} else if software.IsDistribution(p.Ecosystem) {
			c.systemPackages++
			if release == "" && strings.HasPrefix(ecosystem, name+":") {
				p.Ecosystem = ecosystem
			} else if release == "" && software.HasReleases(name) {
				c.unreleased = append(c.unreleased, p.Name)
			}
		}
		if p.Version == "" {
			c.versionless = append(c.versionless, p.Name)
		}
	}
	c.note(c.unnamed, "packages without a package URL that tells where advisories about them are published")
	c.note(c.unreleased, "packages of a distribution without its release")
	c.note(c.versionless, "packages without a version")
	if c.systemPackages > 0 && c.sources == 0 {
		c.gap("it does not say which source packages those of the distribution were built from, and advisories name those")
	}
	if len(c.out.Packages) == 0 {
		c.gap("it lists no packages")
	}
	slices.Sort(c.out.Gaps)
	c.out.Gaps = slices.Compact(c.out.Gaps)
	return c.out
}

func (c *collector) gap(reason string) { c.out.Gaps = append(c.out.Gaps, reason) }

// note makes one gap of many packages.
func (c *collector) note(names []string, what string) {
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	names = slices.Compact(names)
	const few = 5
	list := strings.Join(names[:min(few, len(names))], ", ")
	if len(names) > few {
		list += fmt.Sprintf(" and %d more", len(names)-few)
	}
	c.gap(what + ": " + list)
}
