package vulndb

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/osv-scalibr/semantic"
	"golang.org/x/mod/semver"
)

// scheme is how versions of one kind are written and ordered. A text that is not written so is not compared: a guess would let
// a vulnerable version pass.
type scheme struct {
	name  string
	valid func(text string) bool
	clean func(text string) string // to the spelling that parse takes
	parse func(text string) (semantic.Version, error)
	first func(a, b string) int // decides, if it is not nil, before what parse made is compared
}

// version is a text that a scheme has understood.
type version struct {
	of   *scheme
	text string // clean
	tree semantic.Version
	seen map[string]int // if not nil, what it was compared with, and the result: advisories about one package name the same versions
}

// read understands a version.
func (s *scheme) read(text string) (version, error) {
	if s == nil {
		return version{}, fmt.Errorf("the order of its ecosystem's versions is not known")
	}
	text, err := s.tidy(text)
	if err != nil {
		return version{}, err
	}
	v := version{of: s, text: text}
	if s.parse != nil {
		if v.tree, err = s.parse(text); err != nil {
			return version{}, fmt.Errorf("%q is not a version of %s", text, s.name)
		}
	}
	return v, nil
}

func (s *scheme) tidy(text string) (string, error) {
	if text == "" {
		return "", fmt.Errorf("no version is known")
	}
	clean := text
	if s.clean != nil {
		clean = s.clean(text)
	}
	if len(clean) > maxVersion || !s.valid(clean) {
		return "", fmt.Errorf("%q is not a version of %s", clip(text, 80), s.name)
	}
	return clean, nil
}

// maxVersion bounds a version, in bytes, so that comparing stays cheap.
const maxVersion = 256

// compare returns how v stands to another version, which is given as text: -1, 0 or +1.
func (v version) compare(text string) (int, error) {
	if c, ok := v.seen[text]; ok {
		return c, nil
	}
	clean, err := v.of.tidy(text)
	if err != nil {
		return 0, err
	}
	c, err := v.order(clean)
	if err == nil && v.seen != nil {
		v.seen[text] = c
	}
	return c, err
}

// order compares with a clean text.
func (v version) order(text string) (int, error) {
	if v.tree == nil {
		return semver.Compare(v.text, text), nil
	}
	if v.of.first != nil {
		if c := v.of.first(v.text, text); c != 0 {
			return c, nil
		}
	}
	c, err := v.tree.CompareStr(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a version of %s", text, v.of.name)
	}
	return c, nil
}

func matches(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// parsed makes a parser of one that takes any text.
func parsed[V semantic.Version](parse func(string) V) func(string) (semantic.Version, error) {
	return func(text string) (semantic.Version, error) { return parse(text), nil }
}

// checked makes a parser of one that refuses some texts.
func checked[V semantic.Version](parse func(string) (V, error)) func(string) (semantic.Version, error) {
	return func(text string) (semantic.Version, error) { return parse(text) }
}

var (
	// deb-version(7)
	dpkg = &scheme{name: "Debian", valid: isDpkg, parse: checked(semantic.ParseDebianVersion)}
	// https://wiki.alpinelinux.org/wiki/APKBUILD_Reference#pkgver
	apk = &scheme{name: "Alpine", parse: checked(semantic.ParseAlpineVersion), first: longerApk,
		valid: matches(`^\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(~[0-9a-f]+)?(-r\d+)?$`)}
	// rpm-version(7)
	rpm = &scheme{name: "RPM", valid: isRPM, parse: parsed(semantic.ParseRedHatVersion)}
	// https://semver.org/spec/v2.0.0.html; ordered by x/mod/semver, which follows it in every case that was tried
	semantic2 = &scheme{name: "SemVer", valid: semver.IsValid, clean: withV}
	golang    = &scheme{name: "Go", valid: semver.IsValid, clean: goVersion}
	// https://peps.python.org/pep-0440/; what is not of it was ordered by a rule that has been abandoned
	pep440 = &scheme{name: "PEP 440", parse: checked(semantic.ParsePyPIVersion), clean: strings.ToLower,
		valid: matches(`^v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?` +
			`(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)}
	// https://maven.apache.org/pom.html#version-order-specification
	maven = &scheme{name: "Maven", parse: parsed(semantic.ParseMavenVersion), clean: hyphenQualifiers,
		valid: matches(`^[0-9A-Za-z][^\s${}()\[\],]*$`)}
	rubygems = &scheme{name: "RubyGems", parse: parsed(semantic.ParseRubyGemsVersion), clean: rubyPre,
		valid: matches(`^\d+(\.[0-9A-Za-z]+)*$`)}
	nuget = &scheme{name: "NuGet", parse: parsed(semantic.ParseNuGetVersion),
		valid: matches(`^\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)}
	// https://getcomposer.org/doc/articles/versions.md
	packagist = &scheme{name: "Packagist", parse: parsed(semantic.ParsePackagistVersion), clean: composer,
		valid: matches(`^\d+(\.\d+)*([-.+]?[a-z]+[-.]?\d*)*$`)}
	pub = &scheme{name: "Pub", parse: parsed(semantic.ParsePubVersion),
		valid: matches(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)}
	cran    = &scheme{name: "CRAN", valid: matches(`^\d+([.-]\d+)*$`), parse: checked(semantic.ParseCRANVersion)}
	hackage = &scheme{name: "Hackage", valid: matches(`^\d+(\.\d+)*$`), parse: checked(semantic.ParseHackageVersion)}
)

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// written tells whether a text begins with a letter or digit and goes on with those and the signs.
func written(text, signs string) bool {
	if text == "" || !isAlphanumeric(text[0]) {
		return false
	}
	for i := range len(text) {
		if !isAlphanumeric(text[i]) && strings.IndexByte(signs, text[i]) < 0 {
			return false
		}
	}
	return true
}

func isEpoch(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func isDpkg(text string) bool {
	epoch, rest, has := strings.Cut(text, ":")
	if !has {
		epoch, rest = "0", text
	}
	return isEpoch(epoch) && written(rest, ".+-~:") && !strings.HasSuffix(rest, "-")
}

// isRPM takes a version without a release too, as some advisories have it: every release of it is then at least that.
func isRPM(text string) bool {
	epoch, rest, has := strings.Cut(text, ":")
	if !has {
		epoch, rest = "0", text
	}
	version, release, dashed := strings.Cut(rest, "-")
	return isEpoch(epoch) && written(version, "._+~^") && (!dashed || written(release, "._+~^"))
}

// longerApk orders 1.0 before 1.0.0, as apk does; the parser takes them for the same.
func longerApk(a, b string) int {
	a, b = numbers.FindString(a), numbers.FindString(b)
	if rest, ok := strings.CutPrefix(a, b+"."); ok && strings.Trim(rest, ".0") == "" {
		return 1
	}
	if rest, ok := strings.CutPrefix(b, a+"."); ok && strings.Trim(rest, ".0") == "" {
		return -1
	}
	return 0
}

// withV writes a version as x/mod/semver takes it. Numbers with leading zeros, which SemVer forbids and some producers write
// ("2024.06.01"), mean what they say.
func withV(text string) string {
	text = "v" + strings.TrimLeft(text, "vV=")
	if semver.IsValid(text) {
		return text
	}
	number := numbers.FindString(text[1:])
	if number == "" {
		return text
	}
	parts := strings.Split(number, ".")
	for i, p := range parts {
		parts[i] = cmp.Or(strings.TrimLeft(p, "0"), "0")
	}
	return "v" + strings.Join(parts, ".") + text[1+len(number):]
}

var goRelease = regexp.MustCompile(`^go(\d+)\.(\d+)(?:\.(\d+))?(?:(beta|rc)(\d+))?$`)

// goVersion writes a release of Go ("go1.22rc1") as the Go advisories do ("1.22.0-rc.1"); modules are left as they are.
func goVersion(text string) string {
	m := goRelease.FindStringSubmatch(text)
	if m == nil {
		return withV(text)
	}
	patch, pre := m[3], ""
	if patch == "" {
		patch = "0"
	}
	if m[4] != "" {
		pre = "-" + m[4] + "." + m[5]
	}
	return "v" + m[1] + "." + m[2] + "." + patch + pre
}

var dotted = regexp.MustCompile(`\.([A-Za-z])`)

// hyphenQualifiers writes "1.0.Beta1" as "1.0-Beta1". Maven orders the two alike, the parser does not.
func hyphenQualifiers(text string) string { return dotted.ReplaceAllString(text, "-$1") }

// rubyPre writes a hyphen as RubyGems does.
func rubyPre(text string) string { return strings.ReplaceAll(text, "-", ".pre.") }

var numbers = regexp.MustCompile(`^\d+(\.\d+)*`)

// composer writes a version with four numbers, as Composer does before it compares: 1.0 and 1.0.0 are the same.
func composer(text string) string {
	text = strings.TrimPrefix(strings.ToLower(text), "v")
	text = strings.TrimSuffix(text, "-stable")
	if build := strings.IndexByte(text, '+'); build >= 0 {
		text = text[:build]
	}
	number := numbers.FindString(text)
	if number == "" {
		return text
	}
	return number + strings.Repeat(".0", max(0, 3-strings.Count(number, "."))) + text[len(number):]
}
