package software

import (
	"strconv"
	"strings"
)

// A Distribution is what the name of an ecosystem is made from: ID and VERSION_ID of os-release(5), which package URLs repeat
// in the qualifier "distro".
type Distribution struct{ ID, Version string }

// family is how the ecosystems of one distribution are named.
type family struct {
	ecosystem string
	format    string                // the type of its package URLs: "deb", "apk" or "rpm"
	release   func(v string) string // what stands after the colon; nil if nothing does
}

// families are the distributions with advisories in OSV, by ID of os-release(5).
// https://ossf.github.io/osv-schema/#affectedpackage-field lists their ecosystems.
var families = map[string]family{
	"debian":        {"Debian", "deb", major},
	"ubuntu":        {"Ubuntu", "deb", ubuntu},
	"echo":          {"Echo", "deb", nil},
	"alpine":        {"Alpine", "apk", alpine},
	"wolfi":         {"Wolfi", "apk", nil},
	"chainguard":    {"Chainguard", "apk", nil},
	"minimos":       {"MinimOS", "apk", nil},
	"alpaquita":     {"Alpaquita", "apk", whole},
	"rhel":          {"Red Hat", "rpm", redHat},
	"rocky":         {"Rocky Linux", "rpm", major},
	"almalinux":     {"AlmaLinux", "rpm", major},
	"azurelinux":    {"Azure Linux", "rpm", major},
	"mariner":       {"Azure Linux", "rpm", major},
	"mageia":        {"Mageia", "rpm", major},
	"openeuler":     {"openEuler", "rpm", whole},
	"photon":        {"Photon OS", "rpm", whole},
	"opensuse-leap": {"openSUSE", "rpm", func(v string) string { return "Leap " + v }},
}

// unlisted are distributions that are met, and whose packages OSV has no advisories about, with the type of their package
// URLs. Their ecosystems are named like OSV's, so that a reader sees what it is, and nothing can match them.
var unlisted = map[string]family{
	"amzn":                {"Amazon Linux", "rpm", whole},
	"fedora":              {"Fedora", "rpm", whole},
	"centos":              {"CentOS", "rpm", whole},
	"ol":                  {"Oracle Linux", "rpm", major},
	"opensuse-tumbleweed": {"openSUSE Tumbleweed", "rpm", nil},
	// OSV has SUSE's advisories by product and module, and a system does not say which modules its packages are of.
	"sles":     {"SUSE", "rpm", suse},
	"raspbian": {"Raspbian", "deb", major},
	"kali":     {"Kali", "deb", whole},
}

// Ecosystem returns the name of the ecosystem of a distribution's packages. advised is false if OSV is known to have no
// advisories under that name: nothing can be said of such packages, and "" stands for a distribution that is not known.
func (d Distribution) Ecosystem() (name string, advised bool) {
	f, advised := families[strings.ToLower(d.ID)]
	if !advised {
		if f, advised = unlisted[strings.ToLower(d.ID)]; !advised {
			return "", false
		}
		advised = false
	}
	switch {
	case f.release == nil:
		return f.ecosystem, advised
	case d.Version == "":
		return f.ecosystem, false
	}
	release := f.release(d.Version)
	if release == "" {
		return f.ecosystem, false
	}
	return f.ecosystem + ":" + release, advised
}

// Format is the type of package URLs of the distribution's packages, "deb", "apk" or "rpm"; "" if it is not known.
func (d Distribution) Format() string {
	id := strings.ToLower(d.ID)
	if f, ok := families[id]; ok {
		return f.format
	}
	return unlisted[id].format
}

func whole(v string) string { return v }

// major is "12" of "12.5"; a code name such as "bookworm" is no release that OSV knows.
func major(v string) string {
	v, _, _ = strings.Cut(v, ".")
	if v == "" || strings.Trim(v, "0123456789") != "" {
		return ""
	}
	return v
}

// alpine is "v3.20" of "3.20.3"; what is not released has no advisories of its own.
func alpine(v string) string {
	parts := strings.Split(v, ".")
	if len(parts) < 2 || strings.ContainsAny(v, "_") {
		return ""
	}
	return "v" + parts[0] + "." + parts[1]
}

// ubuntu is "22.04:LTS" of "22.04": the releases of April in even years are supported for long.
func ubuntu(v string) string {
	year, month, ok := strings.Cut(v, ".")
	if n, err := strconv.Atoi(year); ok && err == nil && n%2 == 0 && strings.HasPrefix(month, "04") {
		return year + ".04:LTS"
	}
	return v
}

// redHat is a CPE without its beginning. The version may be one, as the image's own os-release states it.
func redHat(v string) string {
	if strings.Contains(v, ":") {
		return v
	}
	return "enterprise_linux:" + major(v)
}

// suse is the product that all others of the same service pack belong to.
func suse(v string) string {
	release, pack, ok := strings.Cut(v, ".")
	if !ok {
		return "Linux Enterprise Server " + release
	}
	return "Linux Enterprise Server " + release + " SP" + pack
}

// distribution finds the distribution that an ecosystem stands for, and the type of its package URLs.
func distribution(ecosystem string) (Distribution, string, bool) {
	name, release, _ := strings.Cut(ecosystem, ":")
	for _, table := range []map[string]family{families, unlisted} {
		for id, f := range table {
			if f.ecosystem != name || id == "mariner" {
				continue
			}
			switch name {
			case "Alpine":
				release = strings.TrimPrefix(release, "v")
			case "Ubuntu":
				release = strings.TrimSuffix(release, ":LTS")
			case "openSUSE":
				release = strings.TrimPrefix(release, "Leap ")
			case "SUSE":
				release = strings.Replace(strings.TrimPrefix(release, "Linux Enterprise Server "), " SP", ".", 1)
			}
			return Distribution{id, release}, f.format, true
		}
	}
	return Distribution{}, "", false
}

// IsDistribution tells whether an ecosystem is that of a distribution, whose advisories mostly name source packages.
func IsDistribution(ecosystem string) bool {
	_, _, ok := distribution(ecosystem)
	return ok
}

// HasReleases tells whether the ecosystem of a distribution is to be told by its release, as "Debian:12".
func HasReleases(ecosystem string) bool {
	d, _, ok := distribution(ecosystem)
	if !ok {
		return false
	}
	f, listed := families[d.ID]
	if !listed {
		f = unlisted[d.ID]
	}
	return f.release != nil
}
