package software

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPurl proves that a package and its package URL say the same.
func TestPurl(t *testing.T) {
	for _, c := range []struct {
		purl string
		want Package
	}{
		{"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
			Package{Ecosystem: "Debian:12", Name: "libssl3", Version: "3.0.11-1~deb12u2", Arch: "amd64", Source: "openssl"}},
		{"pkg:deb/ubuntu/libc6@2.35-0ubuntu3.1?distro=ubuntu-22.04&upstream=glibc%402.35",
			Package{Ecosystem: "Ubuntu:22.04:LTS", Name: "libc6", Version: "2.35-0ubuntu3.1", Source: "glibc", SourceVersion: "2.35"}},
		{"pkg:deb/ubuntu/libc6@1:2.38?distro=ubuntu-23.10", Package{Ecosystem: "Ubuntu:23.10", Name: "libc6", Version: "1:2.38"}},
		{"pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20",
			Package{Ecosystem: "Alpine:v3.20", Name: "musl", Version: "1.2.5-r0", Arch: "x86_64"}},
		{"pkg:apk/wolfi/busybox@1.36.1-r5?distro=wolfi", Package{Ecosystem: "Wolfi", Name: "busybox", Version: "1.36.1-r5"}},
		{"pkg:rpm/rocky/openssl@3.0.7-27.el9?arch=x86_64&distro=rocky-9&epoch=1",
			Package{Ecosystem: "Rocky Linux:9", Name: "openssl", Version: "1:3.0.7-27.el9", Arch: "x86_64"}},
		{"pkg:rpm/suse/zlib@1.2.13?distro=sles-15.5",
			Package{Ecosystem: "SUSE:Linux Enterprise Server 15 SP5", Name: "zlib", Version: "1.2.13"}},
		{"pkg:rpm/opensuse/zlib@1.2.13?distro=opensuse-leap-15.5", Package{Ecosystem: "openSUSE:Leap 15.5", Name: "zlib", Version: "1.2.13"}},
		{"pkg:rpm/amzn/zlib@1.2.11?distro=amzn-2023", Package{Ecosystem: "Amazon Linux:2023", Name: "zlib", Version: "1.2.11"}},
		{"pkg:npm/%40babel/core@7.24.0", Package{Ecosystem: "npm", Name: "@babel/core", Version: "7.24.0"}},
		{"pkg:pypi/requests@2.31.0", Package{Ecosystem: "PyPI", Name: "requests", Version: "2.31.0"}},
		{"pkg:golang/golang.org/x/net@v0.17.0", Package{Ecosystem: "Go", Name: "golang.org/x/net", Version: "0.17.0"}},
		{"pkg:golang/stdlib@1.22.3", Package{Ecosystem: "Go", Name: "stdlib", Version: "1.22.3"}},
		{"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
			Package{Ecosystem: "Maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1"}},
	} {
		got, err := FromPurl(c.purl)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", c.purl, err, diff)
		}
		if back, err := c.want.Purl(); err != nil || back != c.purl {
			t.Errorf("%+v is written as\n%s, want\n%s (%v)", c.want, back, c.purl, err)
		}
	}
}

// TestForeignPurl proves that what other tools write is understood, and that what names no ecosystem gets none.
func TestForeignPurl(t *testing.T) {
	for purl, want := range map[string]Package{
		"pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm&distro=rhel-9.4": {
			Ecosystem: "Red Hat:enterprise_linux:9", Name: "openssl", Version: "1:3.0.7-27.el9", Arch: "x86_64",
			Source: "openssl", SourceVersion: "3.0.7-27.el9"},
		"pkg:apk/alpine/musl@1.2.5-r0?distro=3.20.3":       {Ecosystem: "Alpine:v3.20", Name: "musl", Version: "1.2.5-r0"},
		"pkg:deb/debian/bash@5.2?distro=debian-12.5":       {Ecosystem: "Debian:12", Name: "bash", Version: "5.2"},
		"pkg:deb/debian/bash@5.2":                          {Ecosystem: "Debian", Name: "bash", Version: "5.2"},
		"pkg:deb/nobody/bash@5.2?distro=nobody-1":          {Name: "bash", Version: "5.2"},
		"pkg:generic/openssl@1.1.1":                        {Name: "openssl", Version: "1.1.1"},
		"pkg:oci/debian@sha256:abc":                        {Name: "debian", Version: "sha256:abc"},
		"pkg:apk/debian/musl@1?distro=debian-12":           {Name: "musl", Version: "1"},
		"pkg:golang/github.com/a/b@v1.0.0-20200101-abcdef": {Ecosystem: "Go", Name: "github.com/a/b", Version: "1.0.0-20200101-abcdef"},
	} {
		got, err := FromPurl(purl)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", purl, err, diff)
		}
	}
	if _, err := FromPurl("openssl@1"); err == nil {
		t.Error("a text that is no package URL is taken for one")
	}
}

// TestEcosystem proves that releases are named as OSV names them, and that what OSV has no advisories about says so.
func TestEcosystem(t *testing.T) {
	for _, c := range []struct {
		id, version, want string
		advised           bool
	}{
		{"debian", "12", "Debian:12", true},
		{"debian", "", "Debian", false},
		{"ubuntu", "24.04", "Ubuntu:24.04:LTS", true},
		{"ubuntu", "23.04", "Ubuntu:23.04", true},
		{"ubuntu", "24.10", "Ubuntu:24.10", true},
		{"alpine", "3.20.3", "Alpine:v3.20", true},
		{"alpine", "3.21.0_alpha20240923", "Alpine", false},
		{"wolfi", "20230201", "Wolfi", true},
		{"rhel", "9.4", "Red Hat:enterprise_linux:9", true},
		{"rhel", "enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9::baseos", true},
		{"rocky", "9.3", "Rocky Linux:9", true},
		{"almalinux", "8.10", "AlmaLinux:8", true},
		{"mariner", "2.0.20240123", "Azure Linux:2", true},
		{"openEuler", "22.03-LTS-SP1", "openEuler:22.03-LTS-SP1", true},
		{"sles", "15.5", "SUSE:Linux Enterprise Server 15 SP5", false},
		{"amzn", "2023", "Amazon Linux:2023", false},
		{"fedora", "40", "Fedora:40", false},
		{"gentoo", "", "", false},
	} {
		if got, advised := (Distribution{c.id, c.version}).Ecosystem(); got != c.want || advised != c.advised {
			t.Errorf("%s %s is %q, %t", c.id, c.version, got, advised)
		}
	}
}

// FuzzFromPurl proves that no text crashes the reader, and that what is read can be written again.
func FuzzFromPurl(f *testing.F) {
	f.Add("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl%401.2")
	f.Add("pkg:rpm/redhat/openssl@3.0.7?epoch=1&upstream=a-1-2.src.rpm&distro=rhel-9.4")
	f.Add("pkg:npm/%40babel/core@7.24.0#sub/path")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := FromPurl(text)
		if err != nil || p.Ecosystem == "" {
			return
		}
		if _, err := p.Purl(); err != nil {
			t.Errorf("%q is read as %+v, which cannot be written: %v", text, p, err)
		}
	})
}
