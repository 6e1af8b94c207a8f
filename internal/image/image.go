// Package image reads container images without running or unpacking them: what they were configured to do, which packages
// are in them and with which layer each one came, and what of them is not known.
//
// Images are read from OCI layouts and from archives as docker and podman save them; package registry reads them of a
// registry. This package uses no network, writes nothing to disk, and must not know of kinds and checks, nor of what is wrong
// with a package.
package image

import (
	"time"

	"ward.dev/ward/internal/software"
)

// Image is what was read of one image for one platform.
type Image struct {
	// Reference is the image as the user named it.
	Reference string
	// Digest is that of the manifest, "" for an archive that has none. ID is that of the configuration.
	Digest, ID string
	MediaType  string
	// Platform is "linux/amd64" or alike.
	Platform string
	Created  time.Time // zero if it is not said
	Config   Config
	// Layers are from the lowest to the highest.
	Layers []Layer
	OS     OS
	// Packages are those that are there in the end, sorted by where their records stand, then by name. Packages of a language
	// whose record a package of the distribution installed are not among them: the distribution mends them under its own
	// versions.
	Packages []software.Package
	Facts    Facts
	// Gaps are what is not known. While there is one, more may be in the image than is told here.
	Gaps []Gap
}

// Layer is one layer of an image.
type Layer struct {
	// Digest is that of the bytes as they are stored, DiffID that of the tar archive in them.
	Digest, DiffID string
	// Size is that of the bytes as they are stored, Unpacked that of the tar archive.
	Size, Unpacked int64
	// CreatedBy is the command that made it, without what looks like a secret; "" if the image does not say.
	CreatedBy string
}

// OS is the operating system as os-release(5) names it; all fields are "" if it is not known.
type OS struct {
	ID, Version, Name string
	// Ecosystem is that of the distribution's packages.
	Ecosystem string
}

// GapKind tells what sort of thing is not known.
type GapKind string

const (
	// GapLayer is a layer that was not read to its end.
	GapLayer GapKind = "layer"
	// GapPath is an entry of a layer that a runtime may put elsewhere than here is thought, or refuse.
	GapPath GapKind = "path"
	// GapRecord is a record of packages that was not understood, or in part.
	GapRecord GapKind = "record"
	// GapManager is a package manager whose records are not read.
	GapManager GapKind = "manager"
	// GapOS is an operating system that is not known, or whose packages nobody publishes advisories about.
	GapOS GapKind = "os"
	// GapPackages is an image with files and no database of packages.
	GapPackages GapKind = "packages"
	// GapFiles are executables and libraries that no record accounts for.
	GapFiles GapKind = "files"
	// GapNames are packages of which it is not known what they are called where advisories are published.
	GapNames GapKind = "names"
)

// Gap is something that is not known of an image.
type Gap struct {
	Kind GapKind
	// Where is a path in the image or the digest of a layer, "" for the image as a whole.
	Where string
	// Reason is a sentence without a full stop. It holds no contents of files.
	Reason string
}

// Facts are what checks ask about beside packages: of the image as it is in the end, but for Secrets.
type Facts struct {
	// Files is the number of regular files in all layers.
	Files int
	// Setuid are the files that run as their owner or group.
	Setuid []File
	// SSHServers, Shells, PackageManagers and Sudo are the paths of such programs.
	SSHServers, Shells, PackageManagers, Sudo []string
	// Secrets are files that are named like a secret. Their contents were not looked at.
	Secrets []Secret
	// Writable are files that anybody may write, at most 100 of WritableCount.
	Writable      []string
	WritableCount int
	// Devices are device nodes.
	Devices []string
}

// File is a file with its mode, in octal as chmod(1) takes it.
type File struct {
	Path, Mode string
	Layer      string
}

// Secret is a file that is named like a secret.
type Secret struct {
	Path, Layer string
	// Removed tells that a later layer takes it away. It is still in the image for who looks.
	Removed bool
}

// Limits bound what is read of one image. A zero field is as in DefaultLimits. Once a limit for all layers is met, there is a
// GapLayer for each layer that was being read.
type Limits struct {
	// Unpacked is the size of all layers together, in bytes.
	Unpacked int64
	// Entries is the number of files, folders and links in all layers.
	Entries int64
	// File is the size of one file that is held in memory, in bytes.
	File int64
	// Ratio is how many bytes may come of one stored byte, once a layer has 64 MiB.
	Ratio int64
}

// DefaultLimits are far above what images in use have.
var DefaultLimits = Limits{Unpacked: 32 << 30, Entries: 2_000_000, File: 512 << 20, Ratio: 400}

// Options say how an image is read.
type Options struct {
	// Platform chooses among the platforms of an image: "linux/arm64". If it is "", the only one is taken, or linux/amd64.
	Platform string
	// Name chooses among the images of a layout or archive, by tag or reference.
	Name   string
	Limits Limits
}

func (l Limits) orDefault() Limits {
	for _, f := range []struct{ to, from *int64 }{
		{&l.Unpacked, &DefaultLimits.Unpacked}, {&l.Entries, &DefaultLimits.Entries},
		{&l.File, &DefaultLimits.File}, {&l.Ratio, &DefaultLimits.Ratio},
	} {
		if *f.to == 0 {
			*f.to = *f.from
		}
	}
	return l
}
