package software

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"
)

// ErrNoPurl says that a package has no package URL because it is not known what it is.
var ErrNoPurl = errors.New("a package of an unknown ecosystem has no package URL")

// languages are the types of package URLs for ecosystems that are not of a distribution.
var languages = map[string]string{
	"npm": packageurl.TypeNPM, "PyPI": packageurl.TypePyPi, "Go": packageurl.TypeGolang, "Maven": packageurl.TypeMaven,
	"RubyGems": packageurl.TypeGem, "NuGet": packageurl.TypeNuget, "crates.io": packageurl.TypeCargo,
	"Packagist": packageurl.TypeComposer,
	"Hex":       packageurl.TypeHex, "Pub": packageurl.TypePub, "CRAN": packageurl.TypeCran, "SwiftURL": packageurl.TypeSwift,
	"ConanCenter": packageurl.TypeConan, "Hackage": packageurl.TypeHackage,
}

// vendors are the namespaces of package URLs where they are not the ID of os-release(5).
var vendors = map[string]string{"rhel": "redhat", "sles": "suse", "opensuse-leap": "opensuse"}

// Purl returns the package URL (ECMA-427). The source package stands in the qualifier "upstream", as other tools write it.
func (p Package) Purl() (string, error) {
	if p.Name == "" {
		return "", ErrNoPurl
	}
	name, _, _ := strings.Cut(p.Ecosystem, ":")
	if kind, ok := languages[name]; ok {
		return p.languagePurl(kind)
	}
	d, kind, ok := distribution(p.Ecosystem)
	if !ok {
		return "", ErrNoPurl
	}
	qualifiers := map[string]string{}
	if d.Version != "" {
		qualifiers["distro"] = d.ID + "-" + d.Version
	} else {
		qualifiers["distro"] = d.ID
	}
	if p.Arch != "" {
		qualifiers["arch"] = p.Arch
	}
	switch {
	case p.SourceVersion != "":
		qualifiers["upstream"] = cmp.Or(p.Source, p.Name) + "@" + p.SourceVersion
	case p.Source != "":
		qualifiers["upstream"] = p.Source
	}
	version := p.Version
	if epoch, rest, ok := strings.Cut(version, ":"); ok && kind == packageurl.TypeRPM {
		qualifiers["epoch"], version = epoch, rest
	}
	vendor := d.ID
	if v := vendors[d.ID]; v != "" {
		vendor = v
	}
	return write(packageurl.NewPackageURL(kind, vendor, p.Name, version, packageurl.QualifiersFromMap(qualifiers), ""))
}

// languagePurl splits a name into namespace and name as the type wants it.
func (p Package) languagePurl(kind string) (string, error) {
	namespace, name, version := "", p.Name, p.Version
	separator := "/"
	if kind == packageurl.TypeMaven {
		separator = ":"
	}
	if i := strings.LastIndex(name, separator); i > 0 {
		namespace, name = name[:i], name[i+1:]
	}
	if kind == packageurl.TypeGolang && version != "" && p.Name != "stdlib" {
		version = "v" + version
	}
	return write(packageurl.NewPackageURL(kind, namespace, name, version, nil, ""))
}

func write(p *packageurl.PackageURL) (string, error) {
	if err := p.Normalize(); err != nil {
		return "", fmt.Errorf("package URL: %w", err)
	}
	return p.ToString(), nil
}

// FromPurl returns the package that a package URL names. Its Ecosystem is "" if OSV has none of that type or the
// distribution is not said: nothing can be known of it. An error means that it is not a package URL.
func FromPurl(text string) (Package, error) {
	u, err := packageurl.FromString(text)
	if err != nil {
		return Package{}, fmt.Errorf("package URL %q: %w", text, err)
	}
	qualifiers := u.Qualifiers.Map()
	p := Package{Name: u.Name, Version: u.Version, Arch: qualifiers["arch"]}
	for ecosystem, kind := range languages {
		if kind == u.Type {
			p.Ecosystem = ecosystem
		}
	}
	switch u.Type {
	case packageurl.TypeMaven:
		p.Name = joined(u.Namespace, ":", u.Name)
	case packageurl.TypeGolang:
		p.Name, p.Version = joined(u.Namespace, "/", u.Name), strings.TrimPrefix(u.Version, "v")
	case packageurl.TypeDebian, packageurl.TypeApk, packageurl.TypeRPM:
		fromDistribution(&p, u, qualifiers)
	default:
		p.Name = joined(u.Namespace, "/", u.Name)
	}
	return p, nil
}

func fromDistribution(p *Package, u packageurl.PackageURL, qualifiers map[string]string) {
	p.Source, p.SourceVersion, _ = strings.Cut(qualifiers["upstream"], "@")
	if source, ok := strings.CutSuffix(p.Source, ".src.rpm"); ok { // as some tools write it
		p.Source, p.SourceVersion = SplitSourceRPM(source + ".src.rpm")
	}
	if epoch := qualifiers["epoch"]; epoch != "" && epoch != "0" && u.Type == packageurl.TypeRPM {
		p.Version = epoch + ":" + p.Version
	}
	d := Distribution{ID: u.Namespace}
	for id, vendor := range vendors {
		if vendor == u.Namespace {
			d.ID = id
		}
	}
	distro := qualifiers["distro"]
	if at := strings.LastIndexByte(distro, '-'); at >= 0 {
		if id := distro[:at]; id != u.Namespace { // such as rhel in the namespace redhat
			d.ID = id
		}
		distro = distro[at+1:]
	}
	if distro != d.ID {
		d.Version = distro
	}
	if f, ok := families[d.ID]; ok && f.format == u.Type {
		p.Ecosystem, _ = d.Ecosystem()
	} else if f, ok := unlisted[d.ID]; ok && f.format == u.Type {
		p.Ecosystem, _ = d.Ecosystem()
	}
}

// SplitSourceRPM returns name and version with release of a source package's file, "openssl-3.0.7-27.el9.src.rpm".
func SplitSourceRPM(file string) (name, version string) {
	base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(file, ".rpm"), ".src"), ".nosrc")
	release := strings.LastIndexByte(base, '-')
	if release <= 0 {
		return "", ""
	}
	at := strings.LastIndexByte(base[:release], '-')
	if at <= 0 {
		return "", ""
	}
	return base[:at], base[at+1:]
}

func joined(a, separator, b string) string {
	if a == "" {
		return b
	}
	return a + separator + b
}
