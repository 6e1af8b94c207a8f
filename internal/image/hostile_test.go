package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// bad reads an image whose bad layers lie on a good one, and wants a gap and the packages of the good one.
func bad(t *testing.T, kind GapKind, limits Limits, layers ...v1.Layer) Image {
	t.Helper()
	base := layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")))
	got, err := load(t, save(t, imageOf(t, v1.Config{}, append([]v1.Layer{base}, layers...)...)), Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(kinds(got), kind) {
		t.Errorf("no gap of kind %q in %v", kind, got.Gaps)
	}
	// Layers are read at the same time, so where a limit is for all of them, the good one may be beyond it too.
	shared := limits.Unpacked+limits.Entries > 0
	if !shared && (len(got.Packages) == 0 || got.Packages[0].Name != "bash") {
		t.Errorf("packages are %v", versions(got))
	}
	return got
}

// TestBombs proves that a layer that grows without end is stopped, with a gap, whichever way it grows.
func TestBombs(t *testing.T) {
	zeros := archiveOf(t, text("zeros", string(make([]byte, 80<<20))))
	var squeezed bytes.Buffer
	w, err := zstd.NewWriter(&squeezed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(zeros); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	bad(t, GapLayer, Limits{}, layerFrom(t, zeros).(v1.Layer), diffed(t, squeezed.Bytes(), zeros))
	bad(t, GapLayer, Limits{Unpacked: 1 << 20}, layerFrom(t, append(archiveOf(t, text("a", "a")), make([]byte, 2<<20)...)))
	var many []put
	for i := range 200 {
		many = append(many, text(fmt.Sprintf("f%d", i), ""))
	}
	bad(t, GapLayer, Limits{Entries: 100}, layerOf(t, many...))
	bad(t, GapRecord, Limits{File: 1000}, layerOf(t, text("var/lib/dpkg/status.d/a", status("a", "1")+strings.Repeat("\n", 2000))))
}

// diffed is a layer of given stored bytes, with the digest of what they unpack to.
func diffed(t *testing.T, stored, contents []byte) v1.Layer {
	t.Helper()
	return stated{rawLayer(stored, types.OCILayerZStd), layerFrom(t, contents)}
}

type stated struct {
	v1.Layer
	contents v1.Layer
}

func (s stated) DiffID() (v1.Hash, error)             { return s.contents.DiffID() }
func (s stated) Uncompressed() (io.ReadCloser, error) { return s.contents.Uncompressed() }

// TestCompressions proves that layers are read whatever they are compressed with, and whatever their media type says.
func TestCompressions(t *testing.T) {
	contents := archiveOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")))
	var squeezed bytes.Buffer
	w, err := zstd.NewWriter(&squeezed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(contents); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, layer := range map[string]v1.Layer{
		"none": diffed(t, contents, contents), "gzip": diffed(t, gzipped(t, contents), contents), "zstd": diffed(t, squeezed.Bytes(), contents),
		"two members of gzip": diffed(t, append(gzipped(t, contents[:700]), gzipped(t, contents[700:])...), contents),
	} {
		if got := read(t, layer); len(got.Packages) != 1 || len(got.Gaps) > 0 {
			t.Errorf("%s: %v, %v", name, versions(got), got.Gaps)
		}
	}
}

// TestCutOff proves that a layer that ends too early is a gap: cut off where it is stored, or with right digests made so.
func TestCutOff(t *testing.T) {
	whole := archiveOf(t, text("app/a", strings.Repeat("a", 5000)), text("app/b", strings.Repeat("b", 5000)))
	bad(t, GapLayer, Limits{}, layerFrom(t, whole[:7000]))
	half := gzipped(t, whole)
	half = half[:len(half)/2]
	bad(t, GapLayer, Limits{}, diffed(t, half, whole))
	bad(t, GapLayer, Limits{}, diffed(t, []byte("no archive at all, but long enough to be looked at"), whole))
	bad(t, GapLayer, Limits{}, diffed(t, nil, whole))

	image := imageOf(t, v1.Config{}, layerOf(t, text("etc/os-release", debian)), layerFrom(t, whole))
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	folder := save(t, image)
	path := filepath.Join(folder, blobPath(manifest.Layers[1].Digest))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := load(t, folder, Options{})
		if err != nil || !slices.Contains(kinds(got), GapLayer) {
			t.Errorf("cut off after %d of %d: %v, %v", cut, len(data), got.Gaps, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got, err := load(t, folder, Options{}); err != nil || !slices.Contains(kinds(got), GapLayer) {
		t.Errorf("a layer that is not there: %v, %v", got.Gaps, err)
	}
}

// TestOutside proves that nothing in a layer leads out of the image, that nothing is written, and that what tries is a gap.
func TestOutside(t *testing.T) {
	for name, p := range map[string]put{
		"a name that climbs":       text("../../etc/cron.d/x", "x"),
		"a name that climbs later": text("a/../../x", "x"),
		"a hard link that climbs":  {name: "x", kind: tar.TypeLink, link: "../../etc/passwd"},
		"a whiteout without name":  text(".wh.", ""),
		"a root that is a file":    text("./.", "x"),
		"an unknown type":          {name: "x", kind: 'Z'},
		"a very long name":         text(strings.Repeat("a/", maxName)+"b", "x"),
	} {
		t.Run(name, func(t *testing.T) { bad(t, GapPath, Limits{}, layerOf(t, p)) })
	}
	// A symbolic link that leads out of the image stays within it, as it does in a container; one in a circle ends.
	got := read(t, layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")),
		put{name: "up", kind: tar.TypeSymlink, link: "../../../.."}, put{name: "round", kind: tar.TypeSymlink, link: "round/round"},
		text("up/var/lib/dpkg/status.d/curl", status("curl", "1")), text("round/a/b", "x")))
	if !slices.Equal(kinds(got), []GapKind{GapRecord}) || !slices.Equal(versions(got), []string{"bash 1"}) {
		t.Errorf("a record behind a link: %v, %v", versions(got), got.Gaps)
	}
	_ = bad(t, GapRecord, Limits{}, layerOf(t, put{name: "var/lib/rpm/Packages", kind: tar.TypeSymlink, link: "/var/lib/rpm/Packages"}))
}

// TestConfined proves that a layout cannot name files outside of it, through links or otherwise.
func TestConfined(t *testing.T) {
	image := imageOf(t, v1.Config{}, layerOf(t, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1"))))
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	folder := save(t, image)
	inside := filepath.Join(folder, blobPath(manifest.Layers[0].Digest))
	outside := filepath.Join(t.TempDir(), "layer")
	if err := os.Rename(inside, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, inside); err != nil {
		t.Skip("no symbolic links here")
	}
	got, err := load(t, folder, Options{})
	if err != nil || len(got.Packages) > 0 || !slices.Contains(kinds(got), GapLayer) {
		t.Errorf("a link out of the layout: %v, %v, %v", versions(got), got.Gaps, err)
	}
}

// TestNoImage proves that what is no image is a clear error.
func TestNoImage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := string(archiveOf(t))
	for name, path := range map[string]string{
		"nothing":                 filepath.Join(dir, "none"),
		"an empty file":           write("empty", ""),
		"a text":                  write("text", strings.Repeat("hello ", 1000)),
		"an empty archive":        write("empty.tar", empty),
		"half a gzipped archive":  write("half.gz", string(gzipped(t, []byte(empty))[:15])),
		"an archive of a text":    write("a.tar", string(archiveOf(t, text("manifest.json", "hello")))),
		"an archive of no layers": write("b.tar", string(archiveOf(t, text("manifest.json", `[{"Config":"x","Layers":["y"]}]`)))),
		"a folder of nothing":     filepath.Dir(write("folder/a", "a")),
		"an index of nothing":     filepath.Dir(write("index/index.json", `{"schemaVersion":2,"manifests":[]}`)),
		"an index of itself":      filepath.Dir(write("broken/index.json", `{"manifests":[{"digest":"sha256:../../../etc/passwd","size":1}]}`)),
		"a large index":           filepath.Dir(write("large/index.json", "{"+strings.Repeat(" ", MaxDocument))),
	} {
		if got, err := load(t, path, Options{}); err == nil {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
	if _, err := load(t, saveDocker(t, imageOf(t, v1.Config{}), "a/b:c"), Options{Name: "a/other:c"}); err == nil {
		t.Error("an image of another name is read")
	}
}

// TestCancelled proves that reading ends when it is no longer wanted.
func TestCancelled(t *testing.T) {
	folder := save(t, imageOf(t, v1.Config{}, layerOf(t, text("a", "a"))))
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Open(ctx, folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cancel()
	started := time.Now()
	if _, err := Read(ctx, s, Options{}); !errors.Is(err, context.Canceled) || time.Since(started) > time.Minute {
		t.Errorf("%v", err)
	}
}

// FuzzLayer proves that no bytes of a layer crash the reader.
func FuzzLayer(f *testing.F) {
	f.Add(archiveOf(f, text("etc/os-release", debian), text("var/lib/dpkg/status", status("bash", "1")), text("a/.wh.b", ""),
		put{name: "a", kind: tar.TypeSymlink, link: "b"}, put{name: "b", kind: tar.TypeLink, link: "etc/os-release"}))
	f.Add(gzipped(f, archiveOf(f, text("node_modules/a/package.json", `{"name":"a","version":"1"}`))))
	f.Fuzz(func(t *testing.T, data []byte) {
		left := &budget{limits: Limits{Unpacked: 1 << 20, Entries: 1000, File: 1 << 18, Ratio: 100}}
		merged := newTree()
		for i := range 2 {
			s, err := readLayer(context.Background(), bytes.NewReader(data), Blob{Size: int64(len(data))}, "", left)
			if err != nil {
				t.Fatal(err)
			}
			merged.add(i, s)
		}
		out := Image{Layers: make([]Layer, 2)}
		system, missing := merged.os()
		out.OS, out.Facts = system, merged.facts(out.Layers, 1)
		out.packages(merged, missing)
	})
}

// FuzzConfig proves that no configuration crashes the reader.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"config":{"Env":["A=b"],"Cmd":["a","--password","x"]},"history":[{"created_by":"RUN A=b c"}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _, _ = config(data) })
}
