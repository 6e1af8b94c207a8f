package rpmdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixture reads a database that testdata/make.sh made.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".gz"))
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
	return data
}

var formats = []string{"rpmdb.sqlite", "Packages.db", "Packages"}

// TestRead proves that the same packages are read of all three formats.
func TestRead(t *testing.T) {
	type brief struct {
		Name, Version, Source, License string
		Epoch                          uint32
		Files                          int
	}
	want := []brief{
		{"ward-alpha", "3.0.7-27.el9", "ward-alpha-3.0.7-27.el9.src.rpm", "MIT", 1, 1},
		{"ward-alpha-libs", "3.0.7-27.el9", "ward-alpha-3.0.7-27.el9.src.rpm", "MIT", 1, 120},
		{"ward-beta", "1.2.11-27.el9", "ward-beta-1.2.11-27.el9.src.rpm", "MIT", 0, 1},
		{"ward-beta-libs", "1.2.11-27.el9", "ward-beta-1.2.11-27.el9.src.rpm", "MIT", 0, 120},
		{"ward-gamma", "2.34-27.el9", "ward-gamma-2.34-27.el9.src.rpm", "MIT", 0, 1},
		{"ward-gamma-libs", "2.34-27.el9", "ward-gamma-2.34-27.el9.src.rpm", "MIT", 0, 120},
	}
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			packages, err := Read(context.Background(), fixture(t, name))
			if err != nil {
				t.Fatal(err)
			}
			var got []brief
			for _, p := range packages {
				got = append(got, brief{p.Name, p.Version + "-" + p.Release, p.SourceRPM, p.License, p.Epoch, len(p.Files)})
				if p.Arch != "x86_64" || !strings.HasPrefix(p.Files[0], "/usr/") {
					t.Errorf("%s: arch %q, first file %q", p.Name, p.Arch, p.Files[0])
				}
			}
			slices.SortFunc(got, func(a, b brief) int { return strings.Compare(a.Name, b.Name) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTruncated proves that a database that is cut off anywhere is an error, never fewer packages.
func TestTruncated(t *testing.T) {
	for _, name := range formats {
		data := fixture(t, name)
		whole, err := Read(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		for cut := 0; cut < len(data); cut += 997 {
			got, err := Read(context.Background(), data[:cut])
			if err == nil && len(got) != len(whole) {
				t.Errorf("%s cut off at %d of %d: %d packages and no error", name, cut, len(data), len(got))
			}
		}
	}
}

// TestDamaged proves that no damaged byte crashes a reader.
func TestDamaged(t *testing.T) {
	for _, name := range formats {
		data := fixture(t, name)
		for at := 0; at < len(data); at += 1 + len(data)/300 {
			damaged := slices.Clone(data)
			damaged[at] ^= 0xff
			_, _ = Read(context.Background(), damaged)
		}
	}
}

// TestSmallForLarge proves that a header which says a long folder for very many files is an error.
func TestSmallForLarge(t *testing.T) {
	texts := func(tag, kind, offset, count uint32) []byte {
		var out []byte
		for _, n := range []uint32{tag, kind, offset, count} {
			out = binary.BigEndian.AppendUint32(out, n)
		}
		return out
	}
	const files, folder = 100_000, 10_000
	data := append([]byte("a\x00"), bytes.Repeat([]byte{'/'}, folder)...)
	data = append(data, make([]byte, 1+files+4*files)...)
	var blob []byte
	blob = binary.BigEndian.AppendUint32(blob, 6)
	blob = binary.BigEndian.AppendUint32(blob, uint32(len(data)))
	for _, tag := range []uint32{tagName, tagVersion, tagRelease} {
		blob = append(blob, texts(tag, typeString, 0, 1)...)
	}
	blob = append(blob, texts(tagDirNames, typeStringArray, 2, 1)...)
	blob = append(blob, texts(tagBaseNames, typeStringArray, 3+folder, files)...)
	blob = append(blob, texts(tagDirIndexes, typeInt32, 3+folder+files, files)...)
	left := int64(maxPaths)
	if _, err := readHeader(append(blob, data...), &left); err == nil || !strings.Contains(err.Error(), "names of files") {
		t.Errorf("%v", err)
	}
}

// FuzzRead proves that no bytes crash a reader or make it loop.
func FuzzRead(f *testing.F) {
	for _, name := range formats[1:] { // SQLite's own parser is fuzzed by SQLite
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte(sqliteMagic)) {
			return
		}
		_, _ = Read(context.Background(), data)
	})
}
