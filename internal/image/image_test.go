package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"ward.dev/ward/internal/software"
)

// TestForms proves that an image says the same however it is stored: in a layout, in an archive, gzipped or not.
func TestForms(t *testing.T) {
	base := layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "5.2")))
	twice := layerOf(t, text("srv/x", "x"))
	image := imageOf(t, v1.Config{}, base, twice,
		layerOf(t, text("var/lib/dpkg/status", status("bash", "5.2")+status("curl", "7.88"))), twice)
	folder := save(t, image)
	docker := saveDocker(t, image, "example.org/app:1")
	packedFolder := packFolder(t, folder)
	for form, path := range map[string]string{
		"layout": folder, "docker archive": docker, "gzipped docker archive": packed(t, docker),
		"archive of a layout": packedFolder, "gzipped archive of a layout": packed(t, packedFolder),
	} {
		t.Run(form, func(t *testing.T) {
			got, err := load(t, path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"bash 5.2", "curl 7.88"}, versions(got)); diff != "" {
				t.Error(diff)
			}
			if len(got.Gaps) > 0 || got.OS.Ecosystem != "Debian:12" || got.Platform != "linux/amd64" || len(got.Layers) != 4 {
				t.Errorf("%+v", got)
			}
			if got.Packages[0].Layer != got.Layers[0].Digest || got.Packages[1].Layer != got.Layers[2].Digest {
				t.Errorf("layers are %+v, packages %+v", got.Layers, got.Packages)
			}
			digest, err := image.Digest()
			if err != nil {
				t.Fatal(err)
			}
			if want := digest.String(); got.Digest != want && !strings.Contains(form, "docker") {
				t.Errorf("digest %q, want %q", got.Digest, want)
			}
			if id, _ := image.ConfigName(); got.ID != id.String() {
				t.Errorf("ID %q, want %q", got.ID, id)
			}
			if got.Layers[1].CreatedBy != "RUN step 1" {
				t.Errorf("layer 1 was created by %q", got.Layers[1].CreatedBy)
			}
		})
	}
}

// TestAttribution proves that a package is said to come with the layer from which on it was there in this version.
func TestAttribution(t *testing.T) {
	got := read(t,
		layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")+status("curl", "1")+status("gone", "1"))),
		layerOf(t, text("var/lib/dpkg/status", status("bash", "1")+status("curl", "2")+status("gone", "1")+status("vim", "1"))),
		layerOf(t, text("var/lib/dpkg/status", status("bash", "1")+status("curl", "2")+status("jq", "1"))),
		layerOf(t, text("var/lib/dpkg/status", status("bash", "1")+status("curl", "2")+status("jq", "1")+status("gone", "1"))))
	layer := map[string]int{}
	for _, p := range got.Packages {
		layer[p.Name+" "+p.Version] = slices.IndexFunc(got.Layers, func(l Layer) bool { return l.Digest == p.Layer })
	}
	want := map[string]int{"bash 1": 0, "curl 2": 1, "jq 1": 2, "gone 1": 3}
	if diff := cmp.Diff(want, layer); diff != "" {
		t.Error(diff)
	}
}

// TestRemoved proves that what a later layer takes away or replaces is not there, in each way that a layer can do so.
func TestRemoved(t *testing.T) {
	module := func(name string) put {
		return text("app/node_modules/"+name+"/package.json", `{"name":"`+name+`","version":"1.0.0"}`)
	}
	lower := layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")), module("a"), module("b"))
	for _, c := range []struct {
		name  string
		upper []put
		want  []string
	}{
		{"nothing", nil, []string{"a 1.0.0", "b 1.0.0", "bash 1"}},
		{"a whiteout of a file", []put{text("app/node_modules/a/.wh.package.json", "")}, []string{"b 1.0.0", "bash 1"}},
		{"a whiteout of a folder", []put{text("app/.wh.node_modules", "")}, []string{"bash 1"}},
		{"an opaque folder", []put{text("app/node_modules/.wh..wh..opq", ""), module("c")}, []string{"c 1.0.0", "bash 1"}},
		{"an opaque root", []put{text(".wh..wh..opq", ""), module("c")}, []string{"c 1.0.0"}},
		{"a whiteout and the same again", []put{text("app/.wh.node_modules", ""), module("b")}, []string{"b 1.0.0", "bash 1"}},
		{"a file in place of a folder", []put{text("app", "x")}, []string{"bash 1"}},
		{"a link in place of a folder", []put{{name: "app", kind: tar.TypeSymlink, link: "srv"}}, []string{"bash 1"}},
		{"a folder in place of a file", []put{{name: "app/node_modules/a/package.json", kind: tar.TypeDir, mode: 0o755}},
			[]string{"b 1.0.0", "bash 1"}},
		{"the same folder", []put{{name: "app/", kind: tar.TypeDir, mode: 0o755}}, []string{"a 1.0.0", "b 1.0.0", "bash 1"}},
		{"an absolute name", []put{text("/app/.wh.node_modules", "")}, []string{"bash 1"}},
		{"a name that starts with a dot", []put{text("./app/.wh.node_modules", "")}, []string{"bash 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, versions(read(t, lower, layerOf(t, c.upper...)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLinkedFolders proves that names which lead through symbolic links are the files that they lead to.
func TestLinkedFolders(t *testing.T) {
	apk := func(v string) string { return "P:musl\nV:" + v + "\nA:x86_64\n\n" }
	got := read(t,
		layerOf(t, text("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.20.3\n"),
			put{name: "etc/os-release", kind: tar.TypeSymlink, link: "../usr/lib/os-release"},
			text("usr/lib/apk/db/installed", apk("1.2.4-r0")), put{name: "lib", kind: tar.TypeSymlink, link: "usr/lib"}),
		layerOf(t, text("lib/apk/db/installed", apk("1.2.5-r0"))))
	want := []software.Package{{
		Ecosystem: "Alpine:v3.20", Name: "musl", Version: "1.2.5-r0", Arch: "x86_64",
		Path: "usr/lib/apk/db/installed", Layer: got.Layers[1].Digest,
	}}
	if diff := cmp.Diff(want, got.Packages); diff != "" || len(got.Gaps) > 0 {
		t.Errorf("%s\n%v", diff, got.Gaps)
	}
}

// TestLinkedRecords proves that a database that is a link counts as read only if what it stands for was read.
func TestLinkedRecords(t *testing.T) {
	got := read(t, layerOf(t, text("etc/os-release", debian), put{name: "var/lib/dpkg/status", kind: tar.TypeSymlink, link: "../../../data/s"}))
	if !slices.Contains(kinds(got), GapRecord) || !slices.Contains(kinds(got), GapPackages) {
		t.Errorf("a link to nothing: %v", got.Gaps)
	}
	got = read(t, layerOf(t, text("etc/os-release", debian), put{name: "var/lib/dpkg/status", kind: tar.TypeLink, link: "data/s"}))
	if !slices.Contains(kinds(got), GapRecord) {
		t.Errorf("a hard link to nothing: %v", got.Gaps)
	}
	got = read(t, layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status.d/bash", status("bash", "1")),
		put{name: "var/lib/dpkg/status", kind: tar.TypeLink, link: "var/lib/dpkg/status.d/bash"}))
	if len(got.Gaps) > 0 || len(got.Packages) != 2 {
		t.Errorf("a hard link to a record: %v %v", versions(got), got.Gaps)
	}
}

// TestDigests proves that an image of which any part was changed is an error, wherever it is stored.
func TestDigests(t *testing.T) {
	image := imageOf(t, v1.Config{User: "app"}, layerOf(t, text("etc/os-release", debian)))
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for part, d := range map[string]v1.Hash{"manifest": digest, "configuration": manifest.Config.Digest, "layer": manifest.Layers[0].Digest} {
		folder := save(t, image)
		path := filepath.Join(folder, blobPath(d))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(data)
		changed[len(changed)-2] ^= 1
		if part != "layer" {
			changed = bytes.Replace(data, []byte("sha256:"), []byte("sha256: "), 1)[:len(data)]
			changed = append(bytes.TrimRight(changed, "}\n"), bytes.Repeat([]byte(" "), 3)...)
		}
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		for form, path := range map[string]string{"layout": folder, "archive": packFolder(t, folder)} {
			if _, err := load(t, path, Options{}); err == nil || !strings.Contains(err.Error(), "digest") {
				t.Errorf("%s of a %s changed: %v", part, form, err)
			}
		}
	}
	// Contents that are not what the configuration says, under a right digest of their own.
	swapped := save(t, imageOf(t, v1.Config{}, liar{layerOf(t, text("a", "a")), layerOf(t, text("b", "b"))}))
	if _, err := load(t, swapped, Options{}); err == nil || !strings.Contains(err.Error(), ErrDigest.Error()) {
		t.Errorf("a layer with other contents than the configuration says: %v", err)
	}
}

// liar is a layer that states the contents of another.
type liar struct {
	v1.Layer
	other v1.Layer
}

func (l liar) DiffID() (v1.Hash, error)             { return l.other.DiffID() }
func (l liar) Uncompressed() (io.ReadCloser, error) { return l.other.Uncompressed() }

// TestChoice proves that one of several images is read only if it is clear which one is meant.
func TestChoice(t *testing.T) {
	a := imageOf(t, v1.Config{User: "a"}, layerOf(t, text("a", "a")))
	b := imageOf(t, v1.Config{User: "b"}, layerOf(t, text("b", "b")))
	folder := save(t, a, layout.WithAnnotations(map[string]string{refName: "one"}), layout.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	l, err := layout.FromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AppendImage(b, layout.WithAnnotations(map[string]string{refName: "two"}),
		layout.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		options Options
		user    string
	}{
		{Options{}, "a"}, {Options{Name: "one"}, "a"}, {Options{Name: "two"}, "b"}, {Options{Name: "three"}, ""},
		{Options{Platform: "linux/amd64"}, "a"}, {Options{Platform: "linux/s390x"}, ""}, {Options{Platform: "windows/amd64"}, ""},
		{Options{Name: "two", Platform: "linux/amd64"}, ""},
	} {
		got, err := load(t, folder, c.options)
		if (err == nil) != (c.user != "") || got.Config.User != c.user {
			t.Errorf("%+v: user %q, %v", c.options, got.Config.User, err)
		}
	}
	if err := l.AppendImage(b, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"})); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, folder, Options{}); err == nil || !strings.Contains(err.Error(), "name one") {
		t.Errorf("two images for one platform: %v", err)
	}
}

// TestSecrets proves that no secret of the configuration is shown, and that files named like one are, also removed ones.
func TestSecrets(t *testing.T) {
	const secret = "s3cr3t-hunter2"
	image := imageOf(t, v1.Config{
		Env:        []string{"PATH=/bin", "DB_PASSWORD=" + secret, "URL=postgres://u:" + secret + "@db/x", "TOKEN_FILE=/run/token"},
		Entrypoint: []string{"app", "--password", secret, "--token=" + secret}, Cmd: []string{"sh", "-c", "API_KEY='" + secret + "' run"},
		Labels: map[string]string{"token": secret, "maintainer": "x"}, Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "check", "--password=" + secret}},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "22/tcp": {}}, Volumes: map[string]struct{}{"/data": {}},
	}, layerOf(t, text("root/.ssh/id_rsa", "x"), text("app/.env", "x")), layerOf(t, text("root/.ssh/.wh.id_rsa", "")))
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file.History[0].CreatedBy = "RUN |1 NPM_TOKEN=" + secret + " /bin/sh -c mysql --password " + secret + " && curl -H 'Authorization: Bearer " +
		secret + "' https://u:" + secret + "@x/ && echo machine x password " + secret + " && ls"
	raw, err := jsonOf(file)
	if err != nil {
		t.Fatal(err)
	}
	_, config, err := config(raw)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := jsonOf(config)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), secret) {
		t.Errorf("a secret is shown: %s", shown)
	}
	if !strings.Contains(string(shown), "/run/token") || !strings.Contains(string(shown), "ls") {
		t.Errorf("what is no secret is left out: %s", shown)
	}
	if diff := cmp.Diff([]string{"22/tcp", "8080/tcp"}, config.Ports); diff != "" {
		t.Error(diff)
	}
	got, err := load(t, save(t, image), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Secret{{"app/.env", got.Layers[0].Digest, false}, {"root/.ssh/id_rsa", got.Layers[0].Digest, true}}
	if diff := cmp.Diff(want, got.Facts.Secrets); diff != "" {
		t.Error(diff)
	}
}

// TestFacts proves that what checks ask about is told of the image as it is in the end.
func TestFacts(t *testing.T) {
	got := read(t,
		layerOf(t, put{name: "usr/bin/sudo", mode: 0o4755, content: "x"}, put{name: "usr/bin/passwd", mode: 0o4755, content: "x"},
			put{name: "usr/bin/old", mode: 0o2755, content: "x"}, put{name: "bin/busybox", mode: 0o755, content: "x"},
			put{name: "bin/sh", kind: tar.TypeSymlink, link: "busybox"}, put{name: "usr/sbin/sshd", mode: 0o755, content: "x"},
			put{name: "usr/bin/apt-get", mode: 0o755, content: "x"}, put{name: "dev/null", kind: tar.TypeChar, mode: 0o666},
			put{name: "srv/open", mode: 0o666, content: "x"}),
		layerOf(t, put{name: "usr/bin/passwd", mode: 0o755, content: "x"}, text("usr/bin/.wh.old", ""), text("usr/sbin/.wh.sshd", "")))
	want := Facts{
		Files: 8, Setuid: []File{{"usr/bin/sudo", "4755", got.Layers[0].Digest}}, Shells: []string{"bin/busybox", "bin/sh"},
		PackageManagers: []string{"usr/bin/apt-get"}, Sudo: []string{"usr/bin/sudo"}, Devices: []string{"dev/null"},
		Writable: []string{"srv/open"}, WritableCount: 1,
	}
	if diff := cmp.Diff(want, got.Facts); diff != "" {
		t.Error(diff)
	}
}

func jsonOf(v any) ([]byte, error) { return json.Marshal(v) }

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
