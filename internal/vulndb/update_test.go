package vulndb

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"ward.dev/ward/internal/software"
)

var left = software.Package{Ecosystem: "npm", Name: "left", Version: "1.0.0"}

// file is one of an archive.
type file struct{ name, text string }

func zipped(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		entry, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(entry, f.text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "link.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.text))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, f.text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func stored(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func update(t *testing.T, dir string, sources ...string) (*Report, error) {
	t.Helper()
	return Update(t.Context(), Request{Dir: dir, Sources: sources, Now: now})
}

// holds tells what the database in dir says of left.
func holds(t *testing.T, dir string) string {
	t.Helper()
	db, err := Open(dir)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	return answers(t, db, left)
}

// TestSources proves that each kind of source is read, and that names in archives lead nowhere.
func TestSources(t *testing.T) {
	record := about("GHSA-1", "npm", "left", always, "")
	files := []file{{"a/b/1.json", record}, {"../../escape.json", strings.Replace(record, "GHSA-1", "GHSA-0", 1)}, {"README.md", "x"}}
	compress, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	nested := folder(t)
	os.MkdirAll(filepath.Join(nested, "npm", "2026"), 0o755)
	for i, f := range files[:2] {
		os.WriteFile(filepath.Join(nested, "npm", "2026", fmt.Sprint(i, ".JSON")), []byte(f.text), 0o644)
	}
	if err := os.Symlink(stored(t, "3.json", []byte(strings.Replace(record, "GHSA-1", "GHSA-9", 1))), filepath.Join(nested, "3.json")); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		nested,
		stored(t, "all.zip", zipped(t, files...)),
		stored(t, "all.tar", tarred(t, files...)),
		stored(t, "all.tar.gz", gzipped(t, tarred(t, files...))),
		stored(t, "all.tgz", gzipped(t, tarred(t, files...))),
		stored(t, "all.tar.zst", compress.EncodeAll(tarred(t, files...), nil)),
	} {
		parent := t.TempDir()
		dir := filepath.Join(parent, "x", "y")
		report, err := update(t, dir, source)
		if err != nil || report.Facts.Records != 2 || report.Facts.Unreadable != 0 {
			t.Errorf("%s: %+v %v", source, report, err)
			continue
		}
		if got := holds(t, dir); got != "GHSA-0 GHSA-1" {
			t.Errorf("%s: %s", source, got)
		}
		var there []string
		filepath.WalkDir(parent, func(path string, d fs.DirEntry, _ error) error {
			if !d.IsDir() {
				there = append(there, path)
			}
			return nil
		})
		if diff := cmp.Diff([]string{filepath.Join(dir, filename)}, there); diff != "" {
			t.Errorf("%s wrote: %s", source, diff)
		}
	}
}

// TestAddress proves that an archive comes over HTTPS, that anything less is refused unless it is allowed, and that what is secret in an
// address is neither kept nor shown.
func TestAddress(t *testing.T) {
	archive := zipped(t, file{"1.json", about("GHSA-1", "npm", "left", always, "")})
	handler := http.NewServeMux()
	handler.HandleFunc("/npm/all.zip", func(w http.ResponseWriter, _ *http.Request) { w.Write(archive) })
	handler.HandleFunc("/short.zip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		w.Write(archive[:len(archive)/2])
	})
	secure, plain := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	defer secure.Close()
	defer plain.Close()
	handler.HandleFunc("/down.zip", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/npm/all.zip", http.StatusFound)
	})
	dir := t.TempDir()
	get := func(source string, allow bool) (*Report, error) {
		return Update(t.Context(), Request{Dir: dir, Sources: []string{source}, Now: now, Client: secure.Client(), AllowHTTP: allow})
	}
	with := func(address, path string) string {
		return strings.Replace(address, "://", "://user:secret@", 1) + path + "?sig=secret"
	}
	for path, want := range map[string]string{
		with(plain.URL, "/npm/all.zip"): "http is not https", with(secure.URL, "/down.zip"): "http is not https", with(secure.URL, "/none.zip"): "answered 404",
		with(secure.URL, "/short.zip"): "unexpected EOF", with(secure.URL, "/all"): "nor the name or address of a .zip", "https://127.0.0.1:1/x.zip?secret": "refused",
	} {
		if _, err := get(path, false); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	for source, allow := range map[string]bool{with(secure.URL, "/npm/all.zip"): false, with(plain.URL, "/npm/all.zip"): true} {
		report, err := get(source, allow)
		if err != nil {
			t.Fatal(err)
		}
		from := report.Facts.Sources[0]
		if strings.Contains(from.Name, "secret") || !strings.HasSuffix(from.Name, "/npm/all.zip") || !strings.HasPrefix(from.Digest, "sha256:") || from.Records != 1 {
			t.Errorf("%+v", from)
		}
		if got := holds(t, dir); got != "GHSA-1" {
			t.Error(got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Error("left behind", left)
	}
}

// TestBad proves that bad records are told and left out, and that a bad source leaves what was there.
func TestBad(t *testing.T) {
	good := about("GHSA-1", "npm", "left", always, "")
	bad := map[string]string{
		`{`: "not JSON: at byte 1", `[]`: "is a array", `{"modified":"2026-01-01T00:00:00Z"}`: "id is missing", `{"id":"A-1"}`: "modified is missing",
		`{"id":"A 1","modified":"2026-01-01T00:00:00Z"}`: "not an identifier", `{"id":"A-1","modified":"yesterday"}`: "RFC 3339",
		`{"schema_version":"2.0.0","id":"A-1","modified":"2026-01-01T00:00:00Z"}`:                                 "schema version 2.0.0",
		about("A-1", "npm", "", always, ""):                                                                       "affected[0]: a package has ecosystem and name",
		about("A-1", "npm", "left", `"ranges":[{"type":"SEMVER","events":[{"fixed":"1"}]}]`, ""):                  "ranges[0]: no event says",
		about("A-1", "npm", "left", `"ranges":[{"type":"SEMVER","events":[{"introduced":"0","fixed":"1"}]}]`, ""): "events[0] is not one of",
		about("A-1", "npm", "left", `"ranges":[{"type":"SEMVER","events":[{"introduced":""}]}]`, ""):              "empty version",
		about("A-1", "npm", "left", `"ranges":[{"type":"DATE","events":[{"introduced":"0"}]}]`, ""):               `type "DATE"`,
		about("A-1", "npm", "left", always, `"details":"`+strings.Repeat("x", maxRecord)+`"`):                     "more than 16 MiB",
		strings.Replace(good, `"id":"GHSA-1"`, `"id":5`, 1):                                                       "id is a number",
		strings.Replace(good, `"affected":[`, `"affected":[`+strings.Repeat(`{},`, maxAffected), 1):               "more than an advisory can",
		strings.Replace(good, `"events":[`, `"events":[`+strings.Repeat(`{"introduced":"0"},`, maxEvents), 1):     "more events",
	}
	dir := t.TempDir()
	for record, want := range bad {
		report, err := update(t, dir, folder(t, record, good))
		if err != nil || report.Facts.Records != 1 || report.Facts.Unreadable != 1 || len(report.Unreadable) != 1 ||
			report.Unreadable[0].File != "0.json" || !strings.Contains(report.Unreadable[0].Reason, want) {
			t.Errorf("%.80s: %+v %v, want %s", record, report, err, want)
		}
		if got := holds(t, dir); got != "GHSA-1" {
			t.Error(got)
		}
	}
	archive := gzipped(t, tarred(t, file{"1.json", good}, file{"2.json", about("GHSA-2", "npm", "left", always, strings.Repeat(" ", 4096))}))
	for name, source := range map[string]string{
		"only bad":    folder(t, "{", "["),
		"nothing":     folder(t),
		"not there":   filepath.Join(dir, "none"),
		"not a kind":  stored(t, "x.txt", []byte("x")),
		"not a zip":   stored(t, "x.zip", []byte("x")),
		"cut short":   stored(t, "x.tar.gz", archive[:len(archive)-40]),
		"cut at last": stored(t, "x.tar.zst", []byte{0x28, 0xb5, 0x2f, 0xfd}),
	} {
		if _, err := update(t, dir, folder(t, about("GHSA-3", "npm", "left", always, "")), source); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := holds(t, dir); got != "GHSA-1" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Error("left behind", left)
	}
}

// TestLatest proves that of one record in several sources the one modified last counts, a withdrawal too.
func TestLatest(t *testing.T) {
	old := about("GHSA-1", "npm", "left", always, "")
	fixed := strings.Replace(about("GHSA-1", "npm", "left", until("1.0.0"), ""), "2026-11-20", "2026-11-21", 1)
	withdrawn := strings.Replace(about("GHSA-1", "npm", "left", always, `"withdrawn":"2026-11-22T00:00:00Z"`), "2026-11-20", "2026-11-22", 1)
	other := about("GHSA-2", "npm", "right", always, "")
	for _, c := range []struct {
		records []string
		want    string
	}{
		{[]string{old, other}, "GHSA-1"}, {[]string{old, fixed, other}, "clean"}, {[]string{fixed, old, other}, "clean"}, {[]string{withdrawn, old, other}, "clean"},
	} {
		dir := t.TempDir()
		var sources []string
		for _, r := range c.records {
			sources = append(sources, folder(t, r))
		}
		if _, err := update(t, dir, sources...); err != nil {
			t.Fatal(err)
		}
		if got := holds(t, dir); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// TestSame proves that the same sources make the same file.
func TestSame(t *testing.T) {
	source := folder(t, about("GHSA-1", "npm", "left", always, ""), about("GHSA-2", "npm", "left", always, ""), about("GHSA-3", "PyPI", "a", always, ""))
	digests := map[string]bool{}
	for range 5 {
		report, err := update(t, t.TempDir(), source)
		if err != nil {
			t.Fatal(err)
		}
		digests[report.Facts.Digest] = true
	}
	if len(digests) != 1 {
		t.Error(digests)
	}
}

// TestDamaged proves that a database that was cut short or changed anywhere gives an error and never an answer.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	if _, err := update(t, dir, folder(t, about("GHSA-1", "npm", "left", always, ""))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filename)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		db, err := Open(dir)
		if err != nil {
			return
		}
		defer db.Close()
		if matches, unknown, err := db.Match([]software.Package{left}); err == nil {
			t.Errorf("%s: %v %v", what, matches, unknown)
		}
	}
	for n := range whole {
		try(fmt.Sprintf("cut at %d", n), whole[:n])
		changed := bytes.Clone(whole)
		changed[n] ^= 0x10
		try(fmt.Sprintf("changed at %d", n), changed)
	}
	try("longer", append(bytes.Clone(whole), 0))
	os.WriteFile(path, whole, 0o644)
	if got := holds(t, dir); got != "GHSA-1" {
		t.Error(got)
	}
}

// TestOpen proves that what cannot be opened is told with what to do.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), how) {
		t.Error(err)
	}
	if _, err := update(t, dir, folder(t, about("GHSA-1", "npm", "left", always, ""))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filename)
	data, _ := os.ReadFile(path)
	data[11] = 7
	os.WriteFile(path, data, 0o644)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "it has format 7 and this ward reads format 1: use a newer ward, or "+how) {
		t.Error(err)
	}
	os.WriteFile(path, bytes.Repeat([]byte("SQLite format 3 "), 99), 0o644)
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "not a database of advisories") {
		t.Error(err)
	}
}

// TestVerify proves that Verify finds a change in a part that nobody asked for, and is stopped.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	if _, err := update(t, dir, folder(t, about("GHSA-1", "npm", "left", always, ""))); err != nil {
		t.Fatal(err)
	}
	verify := func(ctx context.Context) error {
		db, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		return db.Verify(ctx)
	}
	if err := verify(t.Context()); err != nil {
		t.Error(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := verify(stopped); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	path := filepath.Join(dir, filename)
	data, _ := os.ReadFile(path)
	data[headerBytes+3] ^= 1
	os.WriteFile(path, data, 0o644)
	if err := verify(t.Context()); !errors.Is(err, errDamaged) {
		t.Error(err)
	}
}

// TestStopped proves that an update that is stopped leaves what was there, and nothing else.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	source := folder(t, about("GHSA-1", "npm", "left", always, ""))
	if _, err := update(t, dir, source); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Update(ctx, Request{Dir: dir, Sources: []string{source}, Now: now}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got := holds(t, dir); got != "GHSA-1" {
		t.Error(got)
	}
}

// TestKilled proves that an update that is killed at any moment leaves a whole database, and that what it left behind is removed later.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("WARD_TEST_UPDATE"); dir != "" {
		for i := 0; ; i++ { // until it is killed
			if _, err := update(t, dir, os.Getenv("WARD_TEST_SOURCE")); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir, source := t.TempDir(), folder(t, about("GHSA-1", "npm", "left", always, ""), about("GHSA-2", "npm", "right", always, ""))
	if _, err := update(t, dir, source); err != nil {
		t.Fatal(err)
	}
	for i := range 15 {
		c := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		c.Env = append(os.Environ(), "WARD_TEST_UPDATE="+dir, "WARD_TEST_SOURCE="+source)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(40+7*i) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		if got := holds(t, dir); got != "GHSA-1" {
			t.Fatal(got)
		}
	}
	later := time.Now().Add(48 * time.Hour)
	if _, err := Update(t.Context(), Request{Dir: dir, Sources: []string{source}, Now: later}); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Error("left behind", left)
	}
}
