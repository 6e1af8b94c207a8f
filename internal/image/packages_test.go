package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rpmFixture is a database of package rpmdb.
func rpmFixture(t *testing.T, name string) string {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("..", "rpmdb", "testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goProgram builds a Go program and returns its bytes.
func goProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "../installed/testdata/program")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}

// TestDistributions proves that packages get the ecosystem of their distribution, or a gap that says why they have none.
func TestDistributions(t *testing.T) {
	const apk = "P:musl\nV:1.2.5-r0\n\n"
	dpkg := status("bash", "1")
	for _, c := range []struct {
		release, path, record, want string
		gap                         bool
	}{
		{debian, "var/lib/dpkg/status", dpkg, "Debian:12", false},
		{debian, "var/lib/dpkg/status.d/bash", "Package: bash\nVersion: 1\n", "Debian:12", false},
		{"ID=ubuntu\nVERSION_ID=\"22.04\"\n", "var/lib/dpkg/status", dpkg, "Ubuntu:22.04:LTS", false},
		{"ID=debian\nVERSION_CODENAME=sid\n", "var/lib/dpkg/status", dpkg, "Debian", true},
		{"ID=nobody\n", "var/lib/dpkg/status", dpkg, "", true},
		{"", "var/lib/dpkg/status", dpkg, "", true},
		{"ID=alpine\nVERSION_ID=3.20.3\n", "lib/apk/db/installed", apk, "Alpine:v3.20", false},
		{"ID=wolfi\nVERSION_ID=\"20230201\"\n", "usr/lib/apk/db/installed", apk, "Wolfi", false},
		{"ID=\"rocky\"\nVERSION_ID=\"9.3\"\n", "var/lib/rpm/rpmdb.sqlite", rpmFixture(t, "rpmdb.sqlite"), "Rocky Linux:9", false},
		{"ID=\"rhel\"\nVERSION_ID=\"8.9\"\nCPE_NAME=\"cpe:/o:redhat:enterprise_linux:8::baseos\"\n", "var/lib/rpm/Packages",
			rpmFixture(t, "Packages"), "Red Hat:enterprise_linux:8::baseos", false},
		{"ID=opensuse-leap\nVERSION_ID=\"15.5\"\n", "usr/lib/sysimage/rpm/Packages.db", rpmFixture(t, "Packages.db"), "openSUSE:Leap 15.5", false},
		{"ID=amzn\nVERSION_ID=\"2023\"\n", "var/lib/rpm/rpmdb.sqlite", rpmFixture(t, "rpmdb.sqlite"), "Amazon Linux:2023", true},
		{"ID=openEuler\nVERSION_ID=\"22.03\"\nVERSION=\"22.03 (LTS-SP1)\"\n", "var/lib/rpm/rpmdb.sqlite", rpmFixture(t, "rpmdb.sqlite"),
			"openEuler:22.03-LTS-SP1", false},
	} {
		puts := []put{text(c.path, c.record)}
		if c.release != "" {
			puts = append(puts, text("etc/os-release", c.release))
		}
		got := read(t, layerOf(t, puts...))
		if len(got.Packages) == 0 || got.Packages[0].Ecosystem != c.want {
			t.Errorf("%q: packages %+v, want ecosystem %q", c.release, got.Packages, c.want)
		}
		if slices.Contains(kinds(got), GapOS) != c.gap || len(got.Gaps) > 1 {
			t.Errorf("%q: gaps %v", c.release, got.Gaps)
		}
	}
	// A tool of another distribution keeps its records beside: nothing is known of what they name.
	got := read(t, layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", dpkg), text("lib/apk/db/installed", apk)))
	if !slices.Contains(kinds(got), GapNames) || got.Packages[0].Ecosystem != "" {
		t.Errorf("%+v, %v", got.Packages, got.Gaps)
	}
}

// TestUnknownPackages proves that an image says so where it cannot tell what is in it, and only there.
func TestUnknownPackages(t *testing.T) {
	program := goProgram(t)
	machine := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100)
	distribution := []put{text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")), text("var/lib/dpkg/info/bash.list", "/.\n/bin/bash\n/lib/x.so\n")}
	for _, c := range []struct {
		name string
		puts []put
		want []GapKind
	}{
		{"a Go binary alone", []put{{name: "app", mode: 0o755, content: program}}, []GapKind{}},
		{"nothing at all", nil, []GapKind{}},
		{"another binary alone", []put{{name: "app", mode: 0o755, content: machine}}, []GapKind{GapPackages, GapFiles}},
		{"a Go binary and another", []put{{name: "app", mode: 0o755, content: program}, {name: "b", mode: 0o755, content: machine}},
			[]GapKind{GapPackages, GapFiles}},
		{"only data", []put{text("data", "x")}, []GapKind{GapPackages}},
		{"a distribution without its database", []put{text("etc/os-release", debian), {name: "app", mode: 0o755, content: program}},
			[]GapKind{GapPackages}},
		{"a database without packages", []put{text("etc/os-release", debian), text("var/lib/dpkg/status", "")}, []GapKind{GapPackages}},
		{"a distribution", append(distribution, put{name: "bin/bash", mode: 0o755, content: machine}), []GapKind{}},
		{"a distribution with merged folders", append(distribution, put{name: "lib", kind: tar.TypeSymlink, link: "usr/lib"},
			put{name: "usr/lib/x.so", content: machine}), []GapKind{}},
		{"a binary beside the distribution", append(distribution, put{name: "usr/local/bin/node", mode: 0o755, content: machine}), []GapKind{GapFiles}},
		{"a module with machine code", append(distribution, text("a/site-packages/x.dist-info/METADATA", "Name: x\nVersion: 1\n"),
			put{name: "a/site-packages/x/x.so", content: machine}), []GapKind{}},
		{"a manager that is not read", append(distribution, text("usr/lib/ruby/specifications/rake-1.gemspec", "x")), []GapKind{GapManager}},
		{"half a paragraph", append(distribution, text("var/lib/dpkg/status.d/x", "Package: x\n")), []GapKind{GapRecord}},
		{"a broken database", append(distribution, text("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00")), []GapKind{GapRecord}},
		{"a database that was not closed", append(distribution, text("var/lib/rpm/rpmdb.sqlite-wal", "x")), []GapKind{GapRecord}},
		{"a broken module", append(distribution, text("node_modules/a/package.json", "{")), []GapKind{GapRecord}},
		{"a broken archive", append(distribution, text("app.jar", "x")), []GapKind{GapRecord}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, layerOf(t, c.puts...))
			if diff := cmp.Diff(c.want, kinds(got)); diff != "" {
				t.Errorf("%s\n%v", diff, got.Gaps)
			}
		})
	}
}

// TestGoBinary proves that a real Go binary tells its modules and the standard library that it was built with.
func TestGoBinary(t *testing.T) {
	program := goProgram(t)
	got := read(t, layerOf(t, put{name: "app", mode: 0o755, content: program}))
	found := map[string]string{}
	for _, p := range got.Packages {
		found[p.Name] = p.Version
		if p.Ecosystem != "Go" || p.Path != "app" || p.Layer != got.Layers[0].Digest {
			t.Errorf("%+v", p)
		}
	}
	if v := found["stdlib"]; !strings.HasPrefix(v, "1.") {
		t.Errorf("stdlib %q", v)
	}
	if v, ok := found["ward.dev/ward"]; !ok || v != "" {
		t.Errorf("the program's own module has version %q, %t; its build knew none", v, ok)
	}
	if v := found["golang.org/x/sync"]; v == "" || strings.HasPrefix(v, "v") {
		t.Errorf("golang.org/x/sync %q", v)
	}
}

// TestOwned proves that packages of a language which the distribution installed are left to the distribution, and that a lock
// file counts only where nothing is installed.
func TestOwned(t *testing.T) {
	lock := `{"lockfileVersion":3,"packages":{"":{},"node_modules/left":{"version":"1.0.0"},"node_modules/test":{"version":"1.0.0","dev":true}}}`
	got := read(t, layerOf(t, text("etc/os-release", debian),
		text("var/lib/dpkg/status", status("python3-six", "1.16.0-4")),
		text("var/lib/dpkg/info/python3-six.list", "/.\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n"),
		text("usr/lib/python3/dist-packages/six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n"),
		text("usr/local/lib/python3.11/site-packages/Flask_Login-0.6.dist-info/METADATA", "Name: Flask_Login\nVersion: 0.6\n"),
		text("locked/package-lock.json", lock),
		text("there/package-lock.json", lock), text("there/node_modules/@a/b/package.json", `{"name":"@a/b","version":"2.0.0"}`),
		text("there/node_modules/@a/b/lib/package.json", `{"type":"module"}`)))
	want := []string{"left 1.0.0", "@a/b 2.0.0", "flask-login 0.6", "python3-six 1.16.0-4"}
	have := versions(got)
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" || len(got.Gaps) > 0 {
		t.Errorf("%s\n%v", diff, got.Gaps)
	}
}
