// Package installed reads the records that package managers and builders leave of what they installed: dpkg's status, apk's
// database, rpm's database, node_modules, Python's metadata, jars, and the build information in Go's binaries.
//
// A record is read from the bytes of one file. The package must not know where the file comes from, in which layer of what it
// stands, nor what is known to be wrong with the packages.
package installed

import (
	"context"
	"fmt"
	"path"
	"strings"

	"ward.dev/ward/internal/software"
)

// Manager is who keeps a record.
type Manager string

// The managers whose records are read. System tells those of a distribution from those of a language.
const (
	Dpkg  Manager = "dpkg"
	Apk   Manager = "apk"
	RPM   Manager = "rpm"
	NPM   Manager = "npm"
	PyPI  Manager = "PyPI"
	Maven Manager = "Maven"
	Go    Manager = "Go"
)

// System tells whether it is the package manager of a distribution. The Ecosystem of its packages is left "": it depends on
// the distribution, which another file names.
func (m Manager) System() bool { return m == Dpkg || m == Apk || m == RPM }

// Format is the type of package URLs that the distributions with this package manager use.
func (m Manager) Format() string {
	return map[Manager]string{Dpkg: "deb", Apk: "apk", RPM: "rpm"}[m]
}

// Record is what one file tells.
type Record struct {
	Manager  Manager
	Packages []software.Package
	// Owns are the paths of files that the packages installed, without a slash before them.
	Owns []string
	// Lock tells that it says what was to be installed rather than what is: it counts only where nothing is.
	Lock bool
	// Faults say what of the record was not understood: packages may be missing because of each.
	Faults []string
	owned  int // length of Owns together
}

// maxOwned is how long the names of files in one record may be together, in bytes. apk's database says a folder once for many
// files, so that a small one can stand for very many bytes.
const maxOwned = 128 * mib

// own adds a file that a package installed. What is not added counts as nobody's, which is never taken for less.
func (r *Record) own(name string) {
	if r.owned > maxOwned {
		return
	}
	if r.owned += len(name); r.owned > maxOwned {
		r.Faults = append(r.Faults, "it names more files than are kept")
		return
	}
	r.Owns = append(r.Owns, name)
}

// fault notes a package without name or version.
func (r *Record) fault(name, version string) {
	const most = 100
	r.Faults = append(r.Faults, fmt.Sprintf("package %q has version %q", name[:min(len(name), most)], version[:min(len(version), most)]))
}

// Format is one kind of record.
type Format struct {
	Manager Manager
	// MaxSize is how large a file may be, in bytes, to be read at all.
	MaxSize int64
	// Database tells that the file is where the manager keeps all it knows: if it is there, the packages are known.
	Database bool
	read     func(ctx context.Context, path string, data []byte, r *Record) error
}

// Read reads the record in data. An error means that nothing of it is known. data may be used again afterwards.
func (f *Format) Read(ctx context.Context, path string, data []byte) (Record, error) {
	r := Record{Manager: f.Manager}
	err := f.read(ctx, path, data, &r)
	for i := range r.Packages {
		r.Packages[i].Path = path
	}
	return r, err
}

// maxPath is the longest name that a file can have, in bytes.
const maxPath = 4096

const (
	kib = 1 << 10
	mib = 1 << 20
)

var (
	dpkgStatus  = &Format{Dpkg, 64 * mib, true, readDpkg}
	dpkgFiles   = &Format{Dpkg, 16 * mib, false, readDpkgFiles}
	apkDatabase = &Format{Apk, 64 * mib, true, readApk}
	rpmDatabase = &Format{RPM, 256 * mib, true, readRPM}
	rpmJournal  = &Format{RPM, 256 * mib, false, readRPMJournal}
	npmPackage  = &Format{NPM, 4 * mib, false, readNPM}
	npmLock     = &Format{NPM, 16 * mib, false, readNPMLock}
	pyMetadata  = &Format{PyPI, 4 * mib, false, readPython}
	archive     = &Format{Maven, 512 * mib, false, readJar}
	// Binary is the format of executables. They are found by their first bytes, not their names: see IsBinary.
	Binary = &Format{Go, 512 * mib, false, readGo}
)

// databases are the records that stand in one place.
var databases = places()

func places() map[string]*Format {
	out := map[string]*Format{
		"var/lib/dpkg/status":      dpkgStatus,
		"lib/apk/db/installed":     apkDatabase,
		"usr/lib/apk/db/installed": apkDatabase,
	}
	for _, folder := range []string{"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"} {
		for _, name := range []string{"Packages", "Packages.db", "rpmdb.sqlite"} {
			out[folder+name] = rpmDatabase
		}
		out[folder+"rpmdb.sqlite-wal"] = rpmJournal
	}
	return out
}

// ByPath returns the format of the file at a path without a slash before it, nil if the name is of no record.
func ByPath(name string) *Format {
	if f := databases[name]; f != nil {
		return f
	}
	dir, base := path.Split(name)
	switch {
	case dir == "var/lib/dpkg/status.d/" && !strings.HasSuffix(base, ".md5sums"):
		return dpkgStatus
	case dir == "var/lib/dpkg/status.d/", dir == "var/lib/dpkg/info/" && strings.HasSuffix(base, ".list"):
		return dpkgFiles
	case base == "package.json" && isModule(dir):
		return npmPackage
	case (base == "package-lock.json" || base == "npm-shrinkwrap.json") && !strings.Contains("/"+dir, "/node_modules/"):
		return npmLock
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info/"),
		base == "PKG-INFO" && (strings.HasSuffix(dir, ".egg-info/") || strings.HasSuffix(dir, "/EGG-INFO/")),
		strings.HasSuffix(base, ".egg-info"):
		return pyMetadata
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".jar", ".war", ".ear", ".jpi", ".hpi":
		return archive
	}
	return nil
}

// unread are the marks of managers whose records are not read, by the end of a path.
var unread = []struct{ folder, suffix, manager string }{
	{"specifications/", ".gemspec", "RubyGems"},
	{"conda-meta/", ".json", "conda"},
	{"vendor/composer/", "installed.json", "Composer"},
	{"", ".deps.json", "NuGet"},
	{"", ".pnp.cjs", "Yarn without node_modules"},
	{"var/lib/pacman/local/", "desc", "pacman"},
	{"var/db/pkg/", "CONTENTS", "Portage"},
	{"nix/var/nix/db/", "db.sqlite", "Nix"},
	{"var/lib/swupd/", "version", "swupd"},
	{"var/lib/flatpak/", "deploy", "Flatpak"},
	{"var/lib/snapd/snaps/", ".snap", "snap"},
	{"lib/opkg/", "status", "opkg"},
}

// Unread names the manager that keeps the file at a path as a record that is not read here, "" if there is none.
func Unread(name string) string {
	for _, u := range unread {
		if strings.HasSuffix(name, u.suffix) && (u.folder == "" || strings.Contains("/"+name, "/"+u.folder)) {
			return u.manager
		}
	}
	return ""
}

// text returns the text of a field that may be missing or of another type, in one line and not too long.
func text(v any) string {
	s, _ := v.(string)
	if len(s) > 200 || strings.ContainsAny(s, "\r\n") {
		return ""
	}
	return strings.TrimSpace(s)
}

func licenses(expression string) []string {
	if expression == "" || len(expression) > 200 {
		return nil
	}
	return []string{expression}
}

// relative is a path in an image without the slash before it.
func relative(name string) string { return strings.TrimLeft(strings.TrimPrefix(name, "./"), "/") }
