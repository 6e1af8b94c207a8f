// Package image turns container images, and bills of materials of them, into blocks: one of the image with all that is known of
// it, and one for each vulnerability that advisories tell of in its packages.
//
// What is not known of an image leaves open what hangs on it: a layer that is cut off leaves open its packages, and advisories
// that are old leave open what may be wrong with them. The package must not know kinds and checks, and it reads no clock.
package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/image"
	"ward.dev/ward/internal/image/registry"
	"ward.dev/ward/internal/image/signature"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/sbom"
	"ward.dev/ward/internal/source"
)

// The types of the blocks.
const (
	typeImage         = "Image"
	typeVulnerability = "Vulnerability"
)

// Options say which image is meant, and what its packages are compared with.
type Options struct {
	// Platform chooses among the platforms of an image, as "linux/arm64"; the only one, else linux/amd64, if it is "".
	Platform string
	// Name chooses among the images of a layout or archive, by tag or reference.
	Name string
	// Insecure allows registries without TLS.
	Insecure bool
	// Advisories is the folder of the database. If there is none, or if it cannot be read, vulnerabilities are unknown.
	Advisories string
	// Now is the time that the age of the advisories is counted to, and MaxAge how old they may be: where they are older, that
	// nothing was found says nothing.
	Now    time.Time
	MaxAge time.Duration
	// Trust says whose signatures count. If it names nobody, whether an image is signed is unknown, and its registry is not asked.
	Trust signature.Trust
	// Cache, if given, remembers what was read of images.
	Cache *Cache
}

// found is an image with what is known beside it.
type found struct {
	image.Image
	registry   *image.Registry // nil if it is of none
	signatures signature.Report
}

// open finds the image that a target names and reads it: an OCI layout or an archive at a path, else an image of a registry. With
// NAME=PATH, what is at the path is the image that others call NAME; with NAME=REFERENCE@DIGEST, what the registry has by that digest.
func open(ctx context.Context, target string, o Options) (found, error) {
	called, path, isPath := split(target)
	var from *image.Source
	var err error
	if isPath {
		from, err = image.Open(ctx, path, image.Options{Platform: o.Platform, Name: o.Name})
	} else {
		from, err = registry.Open(ctx, path, registry.Options{Platform: o.Platform, Insecure: o.Insecure})
	}
	if err != nil {
		return found{}, err
	}
	defer from.Close()
	read, err := o.Cache.read(ctx, from, image.Options{Platform: o.Platform})
	if err != nil {
		return found{}, fmt.Errorf("read image %s: %w", target, err)
	}
	repository := signature.RepositoryOf(called)
	if isPath { // what the image is called, and not where it was put for now
		read.Reference = cmp.Or(called, o.Name, path)
	} else {
		read.Reference, repository = cmp.Or(called, read.Reference), from.Registry.Repository
	}
	signatures := signature.Verify(ctx, signature.Image{Repository: repository, Digests: from.Digests, Attached: from.Attached, Copy: from.Copy},
		o.Trust, o.Now)
	return found{read, from.Registry, signatures}, nil
}

// split tells of a target the path, if it is one, else the reference, and what the image there is called, if that is said.
func split(target string) (called, where string, path bool) {
	if name, where, ok := strings.Cut(target, "="); ok {
		if path := isPath(where); path || strings.Contains(where, "@sha256:") {
			return name, where, path
		}
	}
	return "", target, isPath(target)
}

// Materials lists what is in an image as a bill of materials.
func Materials(ctx context.Context, target string, o Options) (sbom.Document, error) {
	read, err := open(ctx, target, o)
	if err != nil {
		return sbom.Document{}, err
	}
	d := sbom.Document{Name: read.Reference, Version: read.Digest, Packages: read.Packages}
	for _, gap := range read.Gaps {
		reason := gap.Reason
		if gap.Where != "" {
			reason = gap.Where + ": " + gap.Reason
		}
		d.Gaps = append(d.Gaps, reason)
	}
	return d, nil
}

// archive is how files end that are no names of images.
var archive = regexp.MustCompile(`\.(tar|tgz|tar\.\w+|json|xml|spdx|cdx)$`)

// isPath tells a path from the name of an image: it is there, or nobody would name an image so.
func isPath(target string) bool {
	_, err := os.Stat(target)
	return err == nil || strings.HasPrefix(target, ".") || filepath.IsAbs(target) || archive.MatchString(target)
}

// Read reads each target: an image (see Open) or a bill of materials, CycloneDX or SPDX. What cannot be read of one is unknown of
// it; one that cannot be read at all is a gap, and an error if none can be. say is told what is being read, at once of several.
func Read(ctx context.Context, targets []string, o Options, say func(string)) ([]source.Reading, error) {
	known := advisories{options: o}
	defer known.close()
	known.open()
	targets = distinct(targets)
	readings, faults := make([]source.Reading, len(targets)), make([]error, len(targets))
	var group errgroup.Group
	group.SetLimit(maxReaders)
	for i, target := range targets {
		group.Go(func() error {
			say("reading " + target)
			if readings[i], faults[i] = read(ctx, target, o, &known); faults[i] != nil {
				readings[i] = source.Reading{Kind: "unreadable", Name: target,
					Gaps: []resource.Gap{{Target: target, What: target, Reason: faults[i].Error()}}}
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if !slices.Contains(faults, nil) {
		return readings, errors.Join(faults...)
	}
	return readings, nil
}

// maxReaders is how many images are read at once; of each, several layers are.
const maxReaders = 3

// distinct lists targets once, however their paths are written.
func distinct(targets []string) []string {
	var all []string
	for _, text := range targets {
		if isPath(text) {
			text = filepath.Clean(text)
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

func read(ctx context.Context, target string, o Options, known *advisories) (source.Reading, error) {
	called, _, _ := split(target)
	taken, err := Take(ctx, target, o)
	if err != nil {
		return source.Reading{Kind: "image", Name: cmp.Or(called, target), Dialect: resource.Image}, err
	}
	return taken.reading(known), nil
}

// materials reads the bill of materials at a path, nil if it is none: an image, or something in a registry.
func materials(target string) (*sbom.Document, error) {
	info, err := os.Stat(target)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := os.Open(target)
	if err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	defer f.Close()
	start := make([]byte, 4096)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	if !isText(start[:n]) {
		return nil, nil
	}
	rest, err := io.ReadAll(io.LimitReader(f, sbom.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	document, err := sbom.Read(append(start[:n], rest...))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", target, err)
	}
	return &document, nil
}

// isText tells a document from an archive, which has zeros in its first block or is compressed.
func isText(start []byte) bool {
	return len(start) > 0 && !slices.Contains(start, 0) && start[0] < 0x80 && start[0] != 0x1f || strings.HasPrefix(string(start), "\xef\xbb\xbf")
}
