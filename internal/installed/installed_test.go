package installed

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ward.dev/ward/internal/software"
)

// record reads a record that must be readable.
func record(t testing.TB, path, content string) Record {
	t.Helper()
	format := ByPath(path)
	if format == nil {
		t.Fatalf("%s is no record", path)
	}
	r, err := format.Read(context.Background(), path, []byte(content))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r
}

// TestDpkg proves that packages are read with their sources, that removed ones are not, and that broken ones are told.
func TestDpkg(t *testing.T) {
	got := record(t, "var/lib/dpkg/status", `Package: libssl3
Status: install ok installed
Source: openssl (3.0.11-1)
Version: 3.0.11-1~deb12u2
Architecture: amd64
Description: Secure Sockets Layer toolkit
 Version: 9 in a description is none
 .
 more

Package: gone
Status: deinstall ok config-files
Version: 1

Package: half
Status: install reinstreq half-installed
Source: whole
Version: 2:1-1


Package: broken
Status: install ok installed
`)
	want := []software.Package{
		{Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", SourceVersion: "3.0.11-1", Arch: "amd64", Path: "var/lib/dpkg/status"},
		{Name: "half", Version: "2:1-1", Source: "whole", Path: "var/lib/dpkg/status"},
	}
	if diff := cmp.Diff(want, got.Packages); diff != "" {
		t.Error(diff)
	}
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "broken") {
		t.Errorf("faults %q", got.Faults)
	}
	owns := record(t, "var/lib/dpkg/info/libssl3:amd64.list", "/.\n/usr\n/usr/lib/libssl.so.3\n").Owns
	if diff := cmp.Diff([]string{"usr", "usr/lib/libssl.so.3"}, owns); diff != "" {
		t.Error(diff)
	}
	owns = record(t, "var/lib/dpkg/status.d/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/x\n").Owns
	if diff := cmp.Diff([]string{"etc/x"}, owns); diff != "" {
		t.Error(diff)
	}
}

// TestHereDpkg proves on this machine's own database, where it has one, that as many packages are read as dpkg tells.
func TestHereDpkg(t *testing.T) {
	data, err := os.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		t.Skip("no dpkg here")
	}
	out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\n").Output()
	if err != nil {
		t.Skip("no dpkg-query here")
	}
	var want, got []string
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "installed "); ok {
			want = append(want, rest)
		}
	}
	for _, p := range record(t, "var/lib/dpkg/status", string(data)).Packages {
		source, version := p.Source, p.SourceVersion
		if source == "" {
			source = p.Name
		}
		if version == "" {
			version = p.Version
		}
		got = append(got, fmt.Sprintf("%s %s %s %s", p.Name, p.Version, source, version))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestApk proves that packages are read with the package that they were built from, and the files that they own.
func TestApk(t *testing.T) {
	got := record(t, "lib/apk/db/installed", "C:Q1abc=\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\na:0:0:755\n\n"+
		"P:musl\nV:1.2.5-r0\no:musl\n\nP:broken\n\n")
	want := Record{
		Manager: Apk, Owns: []string{"lib/libcrypto.so.3"}, Faults: []string{`package "broken" has version ""`},
		Packages: []software.Package{
			{Name: "libcrypto3", Version: "3.3.1-r0", Arch: "x86_64", Source: "openssl", Licenses: []string{"Apache-2.0"}, Path: "lib/apk/db/installed"},
			{Name: "musl", Version: "1.2.5-r0", Path: "lib/apk/db/installed"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Record{})); diff != "" {
		t.Error(diff)
	}
}

// TestSmallForLarge proves that small records which stand for very much are not followed, and say so.
func TestSmallForLarge(t *testing.T) {
	folder := strings.Repeat("a", 2*maxPath)
	got := record(t, "lib/apk/db/installed", "P:a\nV:1\nF:"+folder+"\n"+strings.Repeat("R:x\n", 100_000)+"\n")
	if len(got.Packages) != 1 || len(got.Faults) != 1 || len(got.Owns) > maxOwned/maxPath {
		t.Errorf("a folder said once for many files: %d files, %q", len(got.Owns), got.Faults)
	}
	var squeezed bytes.Buffer
	w := zip.NewWriter(&squeezed)
	f, err := w.Create("bomb.jar")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 64*mib)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := record(t, "a.jar", squeezed.String()); len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "larger than") {
		t.Errorf("an archive that unpacks to very much: %q", got.Faults)
	}
	if _, err := archive.Read(context.Background(), "a.jar", bytes.Repeat([]byte("PK\x01\x02"), maxDirectory+1)); err == nil {
		t.Error("a directory of very many files is read")
	}
	if got := record(t, "lib/apk/db/installed", "P:"+folder+"\n\n"); len(got.Faults[0]) > 200 {
		t.Errorf("a fault of %d bytes", len(got.Faults[0]))
	}
}

// TestNames proves which names are those of records, and which only look alike.
func TestNames(t *testing.T) {
	for name, want := range map[string]*Format{
		"var/lib/dpkg/status": dpkgStatus, "var/lib/dpkg/status.d/base": dpkgStatus, "var/lib/dpkg/status.d/base.md5sums": dpkgFiles,
		"var/lib/dpkg/status-old": nil, "backup/var/lib/dpkg/status": nil, "usr/lib/sysimage/rpm/rpmdb.sqlite": rpmDatabase,
		"a/node_modules/b/package.json": npmPackage, "node_modules/@s/b/package.json": npmPackage, "node_modules/b/c/package.json": nil,
		"node_modules/@s/package.json": nil, "package.json": nil, "a/package-lock.json": npmLock, "node_modules/a/package-lock.json": nil,
		"x/a-1.dist-info/METADATA": pyMetadata, "x/a-1.egg-info/PKG-INFO": pyMetadata, "x/a-1.egg-info": pyMetadata, "METADATA": nil,
		"app/a.jar": archive, "app/A.WAR": archive, "app/a.zip": nil,
	} {
		if got := ByPath(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for name, want := range map[string]string{"usr/lib/ruby/gems/specifications/a.gemspec": "RubyGems", "app/x.deps.json": "NuGet", "app/x.json": ""} {
		if got := Unread(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestNPM proves that modules and both forms of lock files are read, and that what has no version is told.
func TestNPM(t *testing.T) {
	packages := func(path, content string) []string {
		r := record(t, path, content)
		out := []string{}
		for _, p := range r.Packages {
			out = append(out, p.Name+"@"+p.Version)
		}
		return append(out, r.Faults...)
	}
	for _, c := range []struct {
		path, content string
		want          []string
	}{
		{"node_modules/a/package.json", `{"name":"a","version":"1.0.0","license":{"type":"MIT"}}`, []string{"a@1.0.0"}},
		{"node_modules/a/package.json", `{"name":"a"}`, []string{`package "a" has version ""`}},
		{"node_modules/a/package.json", `{"name":["a"],"version":1}`, []string{`package "" has version ""`}},
		{"package-lock.json", `{"packages":{"":{"name":"me"},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0"},
			"node_modules/alias":{"name":"real","version":"3.0.0"},"node_modules/dev":{"version":"1.0.0","dev":true},"lib":{"version":"1"}}}`,
			[]string{"a@1.0.0", "@s/b@2.0.0", "real@3.0.0"}},
		{"package-lock.json", `{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"npm:c@2.0.0"}}},"g":{"version":"git+ssh://x"},
			"d":{"version":"1.0.0","dev":true}}}`, []string{"a@1.0.0", "c@2.0.0", `package "g" has no version of a registry`}},
	} {
		if diff := cmp.Diff(c.want, packages(c.path, c.content)); diff != "" {
			t.Errorf("%s\n%s", c.content, diff)
		}
	}
	deep := strings.Repeat(`{"dependencies":{"a":`, 100) + "{}" + strings.Repeat("}}", 100)
	if _, err := npmLock.Read(context.Background(), "package-lock.json", []byte(deep)); err == nil {
		t.Error("packages that stand 100 deep are no error")
	}
}

// TestPython proves that core metadata is read up to the description, with names as PyPI compares them.
func TestPython(t *testing.T) {
	got := record(t, "x/Zope.Interface-6.dist-info/METADATA",
		"Metadata-Version: 2.4\r\nName: Zope.Interface\r\nVersion: 6.0\r\nLicense-Expression: ZPL-2.1\r\nClassifier: A\r\n\r\nVersion: 9\r\n")
	want := []software.Package{{Ecosystem: "PyPI", Name: "zope-interface", Version: "6.0", Licenses: []string{"ZPL-2.1"},
		Path: "x/Zope.Interface-6.dist-info/METADATA"}}
	if diff := cmp.Diff(want, got.Packages); diff != "" || len(got.Faults) > 0 {
		t.Errorf("%s %v", diff, got.Faults)
	}
	if got := record(t, "x/a.egg-info/PKG-INFO", "Name: a\n"); len(got.Faults) != 1 {
		t.Errorf("a package without version: %+v", got)
	}
}

// jar makes an archive of names and contents.
func jar(t testing.TB, members ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func pom(group, artifact, version string) []string {
	return []string{"META-INF/maven/" + group + "/" + artifact + "/pom.properties",
		"#Created\ngroupId=" + group + "\nartifactId=" + artifact + "\nversion=" + version + "\n"}
}

// TestJava proves that coordinates are read of archives in archives, and never guessed from a name.
func TestJava(t *testing.T) {
	log4j := jar(t, append(pom("org.apache.logging.log4j", "log4j-core", "2.14.1"), "a/B.class", "x")...)
	spring := jar(t, "a/B.class", "x", "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nImplementation-Title: spring-\r\n core\r\nImplementation-Version: 5.3.1\r\n\r\nName: a\r\n")
	app := jar(t, append(pom("com.example", "app", "1.0"), "BOOT-INF/lib/log4j-core-2.14.1.jar", log4j, "BOOT-INF/lib/spring-core.jar", spring,
		"BOOT-INF/lib/named-1.2.3.jar", jar(t, "a/B.class", "x"), "BOOT-INF/lib/broken.jar", "x", "lib/data.jar", jar(t, "a.txt", "x"))...)
	got := record(t, "app/app.jar", app)
	want := []software.Package{
		{Ecosystem: "Maven", Name: "com.example:app", Version: "1.0"},
		{Ecosystem: "Maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1"},
		{Name: "spring-core", Version: "5.3.1"},
		{Name: "named", Version: "1.2.3"},
	}
	for i := range want {
		want[i].Path = "app/app.jar"
	}
	if diff := cmp.Diff(want, got.Packages); diff != "" {
		t.Error(diff)
	}
	if len(got.Faults) != 1 || !strings.Contains(got.Faults[0], "broken") {
		t.Errorf("faults %q", got.Faults)
	}
	nested := log4j
	for range maxNesting + 1 {
		nested = jar(t, "a.jar", nested)
	}
	if got := record(t, "a.jar", nested); len(got.Faults) != 1 || len(got.Packages) != 0 {
		t.Errorf("archives too deep in each other: %+v", got)
	}
}

// TestGo proves that a Go binary tells its modules, and that machine code of another language is no error and tells nothing.
func TestGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !IsBinary(program) {
		t.Error("a program is not taken for one")
	}
	got, err := Binary.Read(context.Background(), "program", program)
	if err != nil || len(got.Packages) != 3 || got.Packages[0].Name != "stdlib" || got.Packages[2].Name != "golang.org/x/sync" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, cut := range []int{64, 1000, len(program) / 2} {
		if _, err := Binary.Read(context.Background(), "program", program[:cut]); err != nil {
			t.Errorf("cut off after %d: %v", cut, err)
		}
	}
}

// FuzzRead proves that no bytes crash a reader of records, whatever their name.
func FuzzRead(f *testing.F) {
	names := []string{
		"var/lib/dpkg/status", "lib/apk/db/installed", "node_modules/a/package.json", "package-lock.json", "a.egg-info", "a.jar",
		"var/lib/dpkg/info/a.list", "var/lib/rpm/Packages",
	}
	f.Add(0, []byte("Package: a\nStatus: install ok installed\nVersion: 1\n\n"))
	f.Add(1, []byte("P:a\nV:1\nF:lib\nR:b\n\n"))
	f.Add(2, []byte(`{"name":"a","version":"1"}`))
	f.Add(3, []byte(`{"packages":{"node_modules/a":{"version":"1"}},"dependencies":{}}`))
	f.Add(4, []byte("Name: a\nVersion: 1\n"))
	f.Add(5, []byte(jar(f, append(pom("a", "b", "1"), "c.jar", jar(f, "META-INF/MANIFEST.MF", "A: b\n c\n", "x.class", ""))...)))
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		name := names[uint(which)%uint(len(names))]
		if bytes.HasPrefix(data, []byte("SQLite")) {
			return
		}
		r, err := ByPath(name).Read(context.Background(), name, data)
		if err != nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" {
				t.Errorf("a package without a name: %+v", p)
			}
		}
	})
}
