package vulndb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/software"
)

// made makes a database of records and opens it.
func made(t *testing.T, records ...string) *DB {
	t.Helper()
	dir := t.TempDir()
	source := folder(t, records...)
	if _, err := Update(t.Context(), Request{Dir: dir, Sources: []string{source}, Now: now}); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// folder writes each record to a file of its own.
func folder(t *testing.T, records ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, r := range records {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(r), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// about makes a record: more are members of the record, affects those of its only affected package.
func about(id, ecosystem, name, affects, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"schema_version":"1.7.0","id":%q,"modified":"2026-11-20T00:00:00Z","published":"2026-01-02T00:00:00Z",
		"affected":[{"package":{"ecosystem":%q,"name":%q},%s}]%s}`, id, ecosystem, name, affects, more)
}

// until writes a range from the beginning to before a version.
func until(fixed string) string {
	return fmt.Sprintf(`"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]`, fixed)
}

const always = `"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]`

// answers writes what Match says of a package: identifiers, or "? reason", or "clean".
func answers(t *testing.T, db *DB, p software.Package) string {
	t.Helper()
	matches, unknown, err := db.Match([]software.Package{p})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, m := range matches {
		said = append(said, m.ID)
	}
	for _, u := range unknown {
		said = append(said, "? "+u.Reason)
	}
	if len(said) == 0 {
		return "clean"
	}
	return strings.Join(said, " ")
}

// TestRanges proves that ranges and lists are evaluated as the OSV schema says.
func TestRanges(t *testing.T) {
	events := func(kind, events string) string {
		return fmt.Sprintf(`"ranges":[{"type":%q,"events":[%s]}]`, kind, events)
	}
	for name, c := range map[string]struct {
		affects  string
		affected []string
		not      []string
	}{
		"from the beginning":     {until("2.0.0"), []string{"0.0.1", "1.0.0", "2.0.0-rc.1"}, []string{"2.0.0", "3.0.0"}},
		"never fixed":            {always, []string{"0.0.1", "99.0.0"}, nil},
		"last affected":          {events("SEMVER", `{"introduced":"1.0.0"},{"last_affected":"1.5.0"}`), []string{"1.0.0", "1.5.0"}, []string{"0.9.0", "1.5.1", "1.0.0-rc.1"}},
		"events out of order":    {events("SEMVER", `{"fixed":"2.0.4"},{"introduced":"2.0.0"},{"fixed":"1.2.3"},{"introduced":"0"}`), []string{"1.2.2", "2.0.0", "2.0.3"}, []string{"1.2.3", "1.9.9", "2.0.4", "3.0.0"}},
		"fixed before":           {events("SEMVER", `{"introduced":"2.0.0"},{"fixed":"1.0.0"}`), []string{"2.0.0", "3.0.0"}, []string{"1.0.0", "0.5.0", "1.5.0"}},
		"introduced again":       {events("SEMVER", `{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"1.0.0"}`), []string{"0.1.0", "1.0.0", "2.0.0"}, nil},
		"an empty range":         {events("SEMVER", `{"introduced":"1.0.0"},{"fixed":"1.0.0"}`), nil, []string{"0.9.0", "1.0.0", "2.0.0"}},
		"one version":            {events("SEMVER", `{"introduced":"1.0.0"},{"last_affected":"1.0.0"}`), []string{"1.0.0"}, []string{"0.9.0", "1.0.1"}},
		"limit":                  {events("SEMVER", `{"introduced":"1.0.0"},{"limit":"1.5.0"}`), []string{"1.0.0", "1.4.9"}, []string{"1.5.0", "2.0.0"}},
		"any of the limits":      {events("SEMVER", `{"introduced":"1.0.0"},{"limit":"1.5.0"},{"limit":"*"}`), []string{"1.0.0", "1.5.0", "2.0.0"}, []string{"0.9.0"}},
		"a list":                 {`"versions":["1.0.0","1.1.0"]`, []string{"1.0.0", "v1.1.0"}, []string{"1.0.1"}},
		"a list beside a range":  {until("1.0.0") + `,"versions":["0.5.0","3.0.0"]`, []string{"0.5.0", "0.9.0", "3.0.0"}, []string{"2.0.0"}},
		"a list beside commits":  {events("GIT", `{"introduced":"0"}`) + `,"versions":["1.0.0"]`, []string{"1.0.0"}, []string{"2.0.0"}},
		"commits beside a range": {`"ranges":[{"type":"GIT","repo":"https://host/x","events":[{"introduced":"0"}]},{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}]`, []string{"1.0.0"}, []string{"0.9.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			db := made(t, about("GHSA-1", "npm", "left", c.affects, ""))
			for _, v := range c.affected {
				if got := answers(t, db, software.Package{Ecosystem: "npm", Name: "left", Version: v}); got != "GHSA-1" {
					t.Errorf("%s: %s, want it affected", v, got)
				}
			}
			for _, v := range c.not {
				if got := answers(t, db, software.Package{Ecosystem: "npm", Name: "left", Version: v}); got != "clean" {
					t.Errorf("%s: %s, want it clean", v, got)
				}
			}
		})
	}
}

// TestMatching proves which advisories a package is compared with: those of its ecosystem and release, under the name that the ecosystem's
// advisories use, and in its own versions.
func TestMatching(t *testing.T) {
	db := made(t,
		about("DSA-1-1", "Debian:12", "openssl", until("3.0.11-1~deb12u2"), `"upstream":["CVE-2026-0001"]`),
		about("DSA-2-1", "Debian:11", "openssl", until("1.1.1w-0+deb11u2"), `"upstream":["CVE-2026-0001"]`),
		about("DEBIAN-CVE-2026-0002", "Debian:12", "libssl3", always, `"upstream":["CVE-2026-0002"]`),
		about("USN-1-1", "Ubuntu:22.04:LTS", "openssl", until("3.0.2-0ubuntu1.10"), `"upstream":["CVE-2026-0001"]`),
		about("USN-2-1", "Ubuntu:Pro:18.04:LTS", "openssl", until("1.1.1-1ubuntu2.1~18.04.23+esm1"), `"upstream":["CVE-2026-0001"]`),
		about("ALPINE-CVE-2026-0001", "Alpine:v3.20", "openssl", until("3.3.1-r1"), ""),
		about("ALSA-2026:1", "AlmaLinux:9", "openssl-libs", until("1:3.0.7-25.el9_3"), `"related":["CVE-2026-0001"]`),
		about("RHSA-2026:1", "Red Hat:enterprise_linux:9::baseos", "openssl-libs", until("1:3.0.7-25.el9_3"), `"upstream":["CVE-2026-0001"]`),
		about("RHSA-2026:2", "Red Hat:rhel_eus:9.2::baseos", "openssl-libs", until("1:3.0.7-18.el9_2"), `"upstream":["CVE-2026-0001"]`),
		about("RLSA-2026:1", "Rocky Linux:9", "openssl", until("1:3.0.7-25.el9_3"), `"upstream":["CVE-2026-0001"]`),
		about("SUSE-SU-2026:1", "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "openssl-1_1", until("1.1.1l-150500.17.25.1"), `"upstream":["CVE-2026-0001"]`),
		about("PYSEC-1", "PyPI", "ruamel-yaml", until("0.18.0"), ""),
		about("GO-2026-1", "Go", "stdlib", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.21.8"},{"introduced":"1.22.0-0"},{"fixed":"1.22.1"}]}]`, ""),
		about("GO-2026-2", "Go", "host/module", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"0.0.0-20230101000000-abcdefabcdef"}]}]`, ""),
		about("GHSA-m", "Maven", "org.host:lib", until("4.1.100.Final"), ""),
		about("GHSA-x", "Haiku", "tool", until("2"), ""),
	)
	debian := func(release, version string) software.Package {
		return software.Package{Ecosystem: "Debian:" + release, Name: "libssl3", Source: "openssl", Version: version}
	}
	pkg := func(ecosystem, name, version string) software.Package {
		return software.Package{Ecosystem: ecosystem, Name: name, Version: version}
	}
	source := func(p software.Package, source, version string) software.Package {
		p.Source, p.SourceVersion = source, version
		return p
	}
	for name, c := range map[string]struct {
		p    software.Package
		want string
	}{
		"below the distribution's fix":      {debian("12", "3.0.11-1~deb12u1"), "CVE-2026-0001"},
		"at the fix, which is a backport":   {debian("12", "3.0.11-1~deb12u2"), "clean"},
		"beyond it":                         {debian("12", "3.0.15-1~deb12u1"), "clean"},
		"another release":                   {debian("11", "1.1.1w-0+deb11u1"), "CVE-2026-0001"},
		"another release, fixed":            {debian("11", "1.1.1w-0+deb11u2"), "clean"},
		"a point release":                   {debian("12.4", "3.0.11-1~deb12u1"), "CVE-2026-0001"},
		"the source's version counts":       {source(debian("12", "9:9-9"), "openssl", "3.0.9-1"), "CVE-2026-0001"},
		"a source named like the package":   {pkg("Debian:12", "openssl", "3.0.9-1"), "CVE-2026-0001"},
		"a release without advisories":      {debian("10", "1.0"), "? no advisories for Debian:10 in the database, which has those for 11, 12; " + how},
		"no release":                        {pkg("Debian", "openssl", "1.0"), "? no advisories for Debian in the database, which has those for 11, 12; " + how},
		"an ecosystem without advisories":   {pkg("Hex", "plug", "1.0.0"), "? no advisories for Hex in the database; " + how},
		"no ecosystem":                      {pkg("", "plug", "1.0.0"), "? it is not known which ecosystem the package is of"},
		"ubuntu without LTS":                {pkg("Ubuntu:22.04", "openssl", "3.0.2-0ubuntu1.9"), "CVE-2026-0001"},
		"ubuntu, fixed":                     {pkg("Ubuntu:22.04:LTS", "openssl", "3.0.2-0ubuntu1.10"), "clean"},
		"ubuntu's fix that has to be paid":  {pkg("Ubuntu:18.04", "openssl", "1.0"), "? no advisories for Ubuntu:18.04 in the database, which has those for 22.04, Pro:18.04; " + how},
		"alpine, by origin":                 {source(pkg("Alpine:v3.20", "libcrypto3", "3.3.1-r0"), "openssl", ""), "CVE-2026-0001"},
		"alpine, fixed":                     {source(pkg("Alpine:3.20.3", "libcrypto3", "3.3.1-r1"), "openssl", ""), "clean"},
		"almalinux, by the package":         {pkg("AlmaLinux:9.4", "openssl-libs", "1:3.0.7-24.el9"), "CVE-2026-0001"},
		"almalinux, fixed":                  {pkg("AlmaLinux:9", "openssl-libs", "1:3.0.7-25.el9_3"), "clean"},
		"red hat, whatever the repository":  {pkg("Red Hat:enterprise_linux:9::appstream", "openssl-libs", "1:3.0.7-24.el9"), "CVE-2026-0001"},
		"red hat, a product of its own":     {pkg("Red Hat:rhel_eus:9.2::baseos", "openssl-libs", "1:3.0.7-18.el9_2"), "clean"},
		"rocky, the source without epoch":   {source(pkg("Rocky Linux:9.3", "openssl-libs", "1:3.0.7-25.el9_3"), "openssl", "3.0.7-25.el9_3"), "clean"},
		"rocky, older":                      {source(pkg("Rocky Linux:9.3", "openssl-libs", "1:3.0.7-24.el9"), "openssl", "3.0.7-24.el9"), "CVE-2026-0001"},
		"suse, a module of the same pack":   {source(pkg("SUSE:Linux Enterprise Server 15 SP5", "libopenssl1_1", "1.1.1l-150500.17.22.1"), "openssl-1_1", ""), "CVE-2026-0001"},
		"pypi, another spelling":            {pkg("PyPI", "Ruamel.Yaml", "0.17.40"), "PYSEC-1"},
		"pypi, a local version of the fix":  {pkg("PyPI", "ruamel-yaml", "0.18.0+corp.1"), "clean"},
		"go's library":                      {pkg("Go", "stdlib", "go1.21.7"), "GO-2026-1"},
		"go's library, before a release":    {pkg("Go", "stdlib", "1.22rc1"), `? cannot be compared with the advisories about it: "1.22rc1" is not a version of Go`},
		"go's library, a candidate":         {pkg("Go", "stdlib", "go1.22rc1"), "GO-2026-1"},
		"go's library, fixed":               {pkg("Go", "stdlib", "1.21.8"), "clean"},
		"go, a pseudo-version":              {pkg("Go", "host/module", "v0.0.0-20220101000000-abcdefabcdef"), "GO-2026-2"},
		"go, a later pseudo-version":        {pkg("Go", "host/module", "v0.0.0-20240101000000-abcdefabcdef"), "clean"},
		"go, built in place":                {pkg("Go", "host/module", "(devel)"), `? cannot be compared with the advisories about it: "(devel)" is not a version of Go`},
		"maven":                             {pkg("Maven", "org.host:lib", "4.1.99.Final"), "GHSA-m"},
		"no version of what has advisories": {pkg("PyPI", "ruamel-yaml", ""), "? cannot be compared with the advisories about it: no version is known"},
		"no version of what has none":       {pkg("PyPI", "clean", ""), "clean"},
		"the same name elsewhere":           {pkg("PyPI", "openssl", "1.0"), "clean"},
		"versions of an unknown order":      {pkg("Haiku", "tool", "1"), "? cannot be compared with the advisories about it: the order of its ecosystem's versions is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := answers(t, db, c.p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestReleases proves that different releases keep different names, and spellings of one do not.
func TestReleases(t *testing.T) {
	for given, want := range map[string]string{
		"npm": "npm", "Debian:12.4": "Debian:12", "Ubuntu:22.04:LTS": "Ubuntu:22.04", "Ubuntu:Pro:18.04:LTS": "Ubuntu:Pro:18.04", "Ubuntu:24.10": "Ubuntu:24.10",
		"Alpine:v3.20": "Alpine:v3.20", "Alpine:3.20.1": "Alpine:v3.20", "Alpine:edge": "Alpine:edge", "Rocky Linux:9.3": "Rocky Linux:9",
		"Red Hat:enterprise_linux:9::baseos": "Red Hat:enterprise_linux:9", "Red Hat:rhel_eus:9.2::baseos": "Red Hat:rhel_eus:9.2",
		"SUSE:Linux Enterprise Server 15 SP5": "SUSE:15 SP5", "SUSE:Linux Enterprise Server for SAP Applications 15 SP5": "SUSE:15 SP5",
		"SUSE:Linux Enterprise Server 15 SP3-LTSS": "SUSE:15 SP3", "SUSE:Linux Enterprise Module for Basesystem 15 SP5": "SUSE:15 SP5",
		"SUSE:Linux Enterprise Module for Public Cloud 12": "SUSE:12 modules", "SUSE:Linux Enterprise Server 12": "SUSE:12",
		"SUSE:Linux Enterprise Server 16.0": "SUSE:Linux Enterprise Server 16.0", "SUSE:Linux Enterprise Micro 5.5": "SUSE:Linux Enterprise Micro 5.5",
		"openSUSE:Leap 15.6": "openSUSE:Leap 15.6", "openEuler:24.03-LTS": "openEuler:24.03-LTS", "Maven:https://host/m2": "Maven:https://host/m2",
	} {
		if got := canonical(given); got != want {
			t.Errorf("%s is %s, want %s", given, got, want)
		}
	}
	if diff := cmp.Diff([]string{"SUSE:12 SP5", "SUSE:12 modules"}, releases("SUSE:Linux Enterprise Server 12 SP5")); diff != "" {
		t.Error(diff)
	}
}

// TestUnjudged proves that an advisory that cannot be judged makes a package unknown, and neither a match nor clean.
func TestUnjudged(t *testing.T) {
	db := made(t,
		about("GHSA-git", "npm", "a", `"ranges":[{"type":"GIT","repo":"https://host/a","events":[{"introduced":"0"}]}]`, ""),
		about("GHSA-none", "npm", "b", `"versions":[]`, ""),
		about("GHSA-odd", "npm", "c", until("soon"), ""),
		about("GHSA-odd2", "npm", "d", until("soon"), `"aliases":["CVE-2026-0003"]`),
		about("GHSA-even2", "npm", "d", until("2.0.0"), `"aliases":["CVE-2026-0003"]`),
		about("SU-1", "npm", "e", until("soon"), `"upstream":["CVE-2026-0003","CVE-2026-0004"]`),
		about("GHSA-even3", "npm", "e", until("2.0.0"), `"aliases":["CVE-2026-0003"]`),
	)
	for name, want := range map[string]string{
		"a": "? cannot be compared with the advisories about it: it names no versions, or only commits",
		"b": "? cannot be compared with the advisories about it: it names no versions, or only commits",
		"c": `? cannot be compared with the advisories about it: "soon" is not a version of SemVer`,
		"d": "CVE-2026-0003", // told by the other
		"e": `CVE-2026-0003 ? cannot be compared with the advisories about it: "soon" is not a version of SemVer`,
	} {
		if got := answers(t, db, software.Package{Ecosystem: "npm", Name: name, Version: "1.0.0"}); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}

// TestMerged proves that one flaw on one package is one match, that an update of several flaws is several, and that the fix is that of the
// installed branch and holds for all advisories.
func TestMerged(t *testing.T) {
	both := `"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.3"},{"introduced":"2.0.0"},{"fixed":"2.0.4"}]}]`
	db := made(t,
		`{"id":"DEBIAN-CVE-2026-0001","modified":"2026-03-03T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-0001"],"details":"First.\nSecond.",
		"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
		"affected":[{"package":{"ecosystem":"Debian:12","name":"curl"},`+until("7.88.1-10+deb12u5")+`}],"references":[{"type":"WEB","url":"https://host/w"},{"type":"ADVISORY","url":"https://host/a"}]}`,
		`{"id":"DSA-9-1","modified":"2026-04-04T00:00:00Z","published":"2026-02-02T00:00:00Z","upstream":["CVE-2026-0001","CVE-2026-0002"],"summary":"curl - update",
		"affected":[{"package":{"ecosystem":"Debian:12","name":"curl"},`+until("7.88.1-10+deb12u5")+`,"ecosystem_specific":{"urgency":"high"}}]}`,
		about("GHSA-1", "npm", "left", both, `"aliases":["CVE-2026-0007"],"database_specific":{"severity":"MODERATE"},"summary":"left: a flaw"`),
		about("SNYK-1", "npm", "left", until("2.1.0"), `"aliases":["GHSA-1"]`),
		about("MAL-2026-1", "npm", "evil", `"versions":["1.0.0"]`, ""),
	)
	matches, unknown, err := db.Match([]software.Package{
		{Ecosystem: "Debian:12", Name: "libcurl4", Source: "curl", Version: "7.88.1-10"},
		{Ecosystem: "npm", Name: "left", Version: "2.0.1"},
		{Ecosystem: "npm", Name: "evil", Version: "1.0.0"},
	})
	if err != nil || len(unknown) > 0 {
		t.Fatal(unknown, err)
	}
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	curl := software.Package{Ecosystem: "Debian:12", Name: "libcurl4", Source: "curl", Version: "7.88.1-10"}
	want := []Match{
		{ID: "CVE-2026-0001", Aliases: []string{"DEBIAN-CVE-2026-0001", "DSA-9-1"}, Package: curl, Fixed: "7.88.1-10+deb12u5", FixedSince: day(2, 2),
			Severity:  Severity{Critical, 9.8, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
			Published: day(1, 1), Modified: day(4, 4), Summary: "First. Second.", References: []string{"https://host/a", "https://host/w"}},
		{ID: "CVE-2026-0002", Aliases: []string{"DSA-9-1"}, Package: curl, Fixed: "7.88.1-10+deb12u5", FixedSince: day(2, 2), Severity: Severity{Level: High},
			Published: day(2, 2), Modified: day(4, 4), Summary: "curl - update", References: []string{}},
		{ID: "CVE-2026-0007", Aliases: []string{"GHSA-1", "SNYK-1"}, Package: software.Package{Ecosystem: "npm", Name: "left", Version: "2.0.1"},
			Fixed: "2.1.0", FixedSince: day(1, 2), Severity: Severity{Level: Medium}, Published: day(1, 2), Modified: day(11, 20), Summary: "left: a flaw", References: []string{}},
		{ID: "MAL-2026-1", Aliases: []string{}, Package: software.Package{Ecosystem: "npm", Name: "evil", Version: "1.0.0"}, Malicious: true,
			Published: day(1, 2), Modified: day(11, 20), References: []string{}},
	}
	if diff := cmp.Diff(want, matches); diff != "" {
		t.Error(diff)
	}
}

// TestFixedBranch proves that the fix is the lowest one above the installed version.
func TestFixedBranch(t *testing.T) {
	db := made(t, about("GHSA-1", "npm", "left",
		`"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.3"},{"introduced":"2.0.0"},{"fixed":"2.0.4"},{"introduced":"3.0.0"}]}]`, ""))
	for version, want := range map[string]string{"1.0.0": "1.2.3", "2.0.3": "2.0.4", "3.1.0": ""} {
		matches, _, err := db.Match([]software.Package{{Ecosystem: "npm", Name: "left", Version: version}})
		if err != nil || len(matches) != 1 || matches[0].Fixed != want {
			t.Errorf("%s: %+v %v, want %q", version, matches, err, want)
		}
	}
}

// TestSeverity proves how severe a flaw is taken to be.
func TestSeverity(t *testing.T) {
	v2, v3, v4 := "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	rated := func(scores ...string) string {
		var all []string
		for _, s := range scores {
			all = append(all, fmt.Sprintf(`{"type":"CVSS","score":%q}`, s))
		}
		return `"severity":[` + strings.Join(all, ",") + `]`
	}
	for name, c := range map[string]struct {
		affects, more string
		want          Severity
	}{
		"nobody says":            {always, "", Severity{}},
		"CVSS 2":                 {always, rated(v2), Severity{High, 7.5, v2}},
		"CVSS 3":                 {always, rated(v3), Severity{Low, 3.3, v3}},
		"CVSS 4 before 3":        {always, rated(v3, v4), Severity{Critical, 9.3, v4}},
		"CVSS before a word":     {always, rated(v3) + `,"database_specific":{"severity":"CRITICAL"}`, Severity{Low, 3.3, v3}},
		"of the package":         {always + "," + rated(v4), rated(v3), Severity{Critical, 9.3, v4}},
		"a word":                 {always, `"database_specific":{"severity":"MODERATE"}`, Severity{Level: Medium}},
		"Debian's":               {always + `,"ecosystem_specific":{"urgency":"unimportant"}`, "", Severity{Level: Low}},
		"Debian's, not yet":      {always + `,"ecosystem_specific":{"urgency":"not yet assigned"}`, "", Severity{}},
		"Ubuntu's":               {always, `"severity":[{"type":"Ubuntu","score":"medium"}]`, Severity{Level: Medium}},
		"AlmaLinux's":            {always, `"summary":"Important: an update"`, Severity{Level: High}},
		"a vector that is wrong": {always, rated("CVSS:3.1/AV:X"), Severity{}},
		"not a word but more":    {always, `"database_specific":{"severity":{"a":1}}`, Severity{}},
	} {
		db := made(t, about("X-1", "npm", "left", c.affects, c.more))
		matches, _, err := db.Match([]software.Package{{Ecosystem: "npm", Name: "left", Version: "1.0.0"}})
		if err != nil || len(matches) != 1 || matches[0].Severity != c.want {
			t.Errorf("%s: %+v %v, want %+v", name, matches, err, c.want)
		}
	}
}

// TestAge proves that data that is too old, or that does not say how old it is, makes packages unknown, and that a record from the future
// makes nothing newer.
func TestAge(t *testing.T) {
	db := made(t,
		`{"id":"A-1","modified":"2026-11-01T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":"a"},`+always+`}]}`,
		`{"id":"A-2","modified":"2020-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Debian:10","name":"a"},`+always+`}]}`,
		`{"id":"A-3","modified":"2999-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},`+always+`}]}`,
		`{"id":"A-4","modified":"0001-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"a"},`+always+`}]}`,
		`{"id":"A-5","modified":"2026-11-21T00:00:00Z","withdrawn":"2026-11-21T00:00:00Z","affected":[{"package":{"ecosystem":"Hex","name":"a"},`+always+`}]}`,
	)
	var packages []software.Package
	for _, e := range []string{"Debian:12", "Debian:10", "npm", "Go", "Hex"} {
		packages = append(packages, software.Package{Ecosystem: e, Name: "b", Version: "1.0.0"})
	}
	reasons := func(at time.Time, age time.Duration) map[string]string {
		got := map[string]string{}
		for _, u := range db.Outdated(packages, at, age) {
			got[u.Package.Ecosystem] = u.Reason
		}
		return got
	}
	const day = 24 * time.Hour
	undated := "advisories for Go do not say as of when they are; " + how
	old := func(release string) string {
		return "advisories for Debian:" + release + " are as of 2026-11-01, older than 7 days; " + how
	}
	if diff := cmp.Diff(map[string]string{"Go": undated}, reasons(now, 30*day)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"Go": undated, "Debian:12": old("12"), "Debian:10": old("10")}, reasons(now, 7*day)); diff != "" {
		t.Error(diff)
	}
	if asOf, ok := db.Covers("npm"); !ok || !asOf.Equal(now) {
		t.Error("npm is as of", asOf, ok)
	}
	if _, ok := db.Covers("Hex"); ok {
		t.Error("withdrawn advisories cover Hex")
	}
}

// TestOverlay proves that a few records of one's own do not make a distribution's old data look new.
func TestOverlay(t *testing.T) {
	dated := func(id, day string) string {
		return fmt.Sprintf(`{"id":%q,"modified":"%sT00:00:00Z","affected":[{"package":{"ecosystem":"Debian:12","name":"a"},%s}]}`, id, day, always)
	}
	old, own := folder(t, dated("A-1", "2025-01-01"), dated("A-2", "2025-02-02")), folder(t, dated("OWN-1", "2026-11-21"))
	for _, sources := range [][]string{{old, own}, {own, old}} {
		dir := t.TempDir()
		if _, err := Update(t.Context(), Request{Dir: dir, Sources: sources, Now: now}); err != nil {
			t.Fatal(err)
		}
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if asOf, ok := db.Covers("Debian:12"); !ok || asOf.Format(time.DateOnly) != "2025-02-02" {
			t.Error(asOf, ok)
		}
	}
}
