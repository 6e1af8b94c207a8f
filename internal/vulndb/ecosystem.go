package vulndb

import (
	"regexp"
	"strings"

	"ward.dev/ward/internal/software"
)

// keying is which of a package's names an ecosystem's advisories use.
type keying int

const (
	byName   keying = iota // that of the package as it is installed
	bySource               // that of the source package it was built from
	byEither
)

// family is what the releases of one ecosystem share.
type family struct {
	scheme *scheme // nil if the order of its versions is not known
	keyed  keying
	distro bool // an advisory lists the flaws that it fixes under related if it has them nowhere else
	fold   func(name string) string
}

var families = map[string]family{
	"Debian":                       {scheme: dpkg, keyed: bySource, distro: true},
	"Ubuntu":                       {scheme: dpkg, keyed: bySource, distro: true},
	"Echo":                         {scheme: dpkg, keyed: bySource, distro: true},
	"Alpine":                       {scheme: apk, keyed: bySource, distro: true},
	"Alpaquita":                    {scheme: apk, keyed: bySource, distro: true},
	"BellSoft Hardened Containers": {scheme: apk, keyed: bySource, distro: true},
	"Chainguard":                   {scheme: apk, keyed: byEither, distro: true},
	"MinimOS":                      {scheme: apk, keyed: byEither, distro: true},
	"Wolfi":                        {scheme: apk, keyed: byEither, distro: true},
	"Red Hat":                      {scheme: rpm, distro: true},
	"AlmaLinux":                    {scheme: rpm, distro: true},
	"Rocky Linux":                  {scheme: rpm, keyed: byEither, distro: true},
	"Azure Linux":                  {scheme: rpm, keyed: byEither, distro: true},
	"Photon OS":                    {scheme: rpm, keyed: byEither, distro: true},
	"SUSE":                         {scheme: rpm, keyed: bySource, distro: true},
	"openSUSE":                     {scheme: rpm, keyed: bySource, distro: true},
	"Mageia":                       {scheme: rpm, keyed: bySource, distro: true},
	"openEuler":                    {scheme: rpm, keyed: bySource, distro: true},
	"npm":                          {scheme: semantic2},
	"Go":                           {scheme: golang},
	"crates.io":                    {scheme: semantic2},
	"Hex":                          {scheme: semantic2},
	"Julia":                        {scheme: semantic2},
	"Bitnami":                      {scheme: semantic2},
	"SwiftURL":                     {scheme: semantic2, fold: strings.ToLower},
	"GitHub Actions":               {scheme: semantic2, fold: strings.ToLower},
	"PyPI":                         {scheme: pep440, fold: foldPyPI},
	"Maven":                        {scheme: maven},
	"RubyGems":                     {scheme: rubygems},
	"NuGet":                        {scheme: nuget, fold: strings.ToLower},
	"Packagist":                    {scheme: packagist, fold: strings.ToLower},
	"Pub":                          {scheme: pub},
	"CRAN":                         {scheme: cran},
	"Bioconductor":                 {scheme: cran},
	"Hackage":                      {scheme: hackage},
}

var separators = regexp.MustCompile(`[-_.]+`)

// foldPyPI writes a name as PEP 503 does.
func foldPyPI(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// familyOf is the ecosystem without its release.
func familyOf(ecosystem string) string {
	of, _, _ := strings.Cut(ecosystem, ":")
	return of
}

var (
	suseProduct = regexp.MustCompile(`^Linux Enterprise (?:Server|Desktop|Module|High Performance|High Availability|Live Patching|Real Time|` +
		`Software|Workstation|Point)\b.* (\d+)(?: SP(\d+))?(?:-\S*)?$`)
	susePack = regexp.MustCompile(`^(\d+) SP\d+$`)
)

// canonical writes an ecosystem so that a release has one name: what a producer adds that is not of the release is left out
// (":LTS", a repository, a point release where advisories are given for the major one). Different releases never get the same
// name.
func canonical(ecosystem string) string {
	of, release, has := strings.Cut(strings.TrimSpace(ecosystem), ":")
	if !has {
		return of
	}
	switch of {
	case "Ubuntu":
		release = strings.TrimSuffix(release, ":LTS")
	case "Debian", "AlmaLinux", "Rocky Linux":
		release, _, _ = strings.Cut(release, ".")
	case "Red Hat":
		release, _, _ = strings.Cut(release, "::") // the repository: an installed package does not say from which it came
	case "Alpine":
		if major, rest, ok := strings.Cut(strings.TrimPrefix(release, "v"), "."); ok {
			minor, _, _ := strings.Cut(rest, ".")
			release = "v" + major + "." + minor
		}
	case "SUSE":
		if m := suseProduct.FindStringSubmatch(release); m != nil {
			release = suseRelease(release, m[1], m[2])
		}
	}
	return of + ":" + release
}

// suseRelease names the products of one service pack alike, since a package of theirs is the same in all of them. A module
// without a service pack is for all of a major release.
func suseRelease(product, major, pack string) string {
	switch {
	case pack != "":
		return major + " SP" + pack
	case strings.HasPrefix(product, "Linux Enterprise Module"):
		return major + " modules"
	}
	return major
}

// releases are the canonical ecosystems whose advisories are about a package of this one.
func releases(ecosystem string) []string {
	name := canonical(ecosystem)
	of, release, _ := strings.Cut(name, ":")
	if m := susePack.FindStringSubmatch(release); of == "SUSE" && m != nil {
		return []string{name, of + ":" + m[1] + " modules"}
	}
	return []string{name}
}

// keyOf names a package in the database. No ecosystem has a NUL in it.
func keyOf(ecosystem, name string) string {
	if fold := families[familyOf(ecosystem)].fold; fold != nil {
		name = fold(name)
	}
	return ecosystem + "\x00" + name
}

// ecosystemOf is the ecosystem of a key.
func ecosystemOf(key string) string {
	ecosystem, _, _ := strings.Cut(key, "\x00")
	return ecosystem
}

// sought is one question to the database: what is known about this name at this version.
type sought struct{ key, version string }

// seek returns the questions about a package.
func seek(p software.Package) []sought {
	keyed := families[familyOf(p.Ecosystem)].keyed
	source, version := p.Source, p.SourceVersion
	if source == "" {
		source = p.Name
	}
	if version == "" {
		version = p.Version
	}
	if families[familyOf(p.Ecosystem)].scheme == rpm {
		version = withEpoch(version, p.Version)
	}
	var all []sought
	for _, ecosystem := range releases(p.Ecosystem) {
		name, from := sought{keyOf(ecosystem, p.Name), p.Version}, sought{keyOf(ecosystem, source), version}
		switch {
		case keyed == byName, keyed == byEither && name == from:
			all = append(all, name)
		case keyed == bySource:
			all = append(all, from)
		default:
			all = append(all, name, from)
		}
	}
	return all
}

// withEpoch gives a source package the epoch of the package built from it: rpm's record of the source names none.
func withEpoch(source, binary string) string {
	epoch, _, has := strings.Cut(binary, ":")
	if !has || strings.Contains(source, ":") {
		return source
	}
	return epoch + ":" + source
}
