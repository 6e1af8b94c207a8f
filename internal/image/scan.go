package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"ward.dev/ward/internal/installed"
)

// scan is what one layer says by itself. Layers are scanned in any order, and several at once; merge then lays them upon each
// other.
type scan struct {
	digest         string
	size, unpacked int64
	regular        int
	entries        []entry
	gaps           []Gap
}

// entry is one name in a layer.
type entry struct {
	name   string // without a slash before it, cleaned
	kind   entryKind
	target string // of links
	file   *file  // what is remembered of it, nil for most
}

type entryKind uint8

const (
	regularEntry entryKind = iota
	folderEntry
	symlinkEntry
	hardlinkEntry
	deviceEntry
	whiteoutEntry // takes away the name in lower layers
	opaqueEntry   // takes away what lower layers have in the folder
)

// file is what is remembered of a file. None of its contents, but for os-release.
type file struct {
	mode    int64
	record  *installed.Record
	origins []int // for each package of the record, the layer that it came with; set by merge
	binary  bool  // machine code that does not say what it was built from
	program program
	secret  bool
	device  bool
	unread  string // the manager whose record it is
	content []byte // of os-release
	layer   int    // set by merge
	gap     *Gap   // counts only while the file is there
}

// gap notes what is not known. Of very many, the first ones are enough to be looked into.
func (s *scan) gap(kind GapKind, where, reason string) {
	if kind != GapLayer && len(s.gaps) >= maxGaps {
		return
	}
	s.gaps = append(s.gaps, Gap{kind, where, reason})
}

const maxGaps = 1000

const (
	whiteoutPrefix = ".wh."
	opaqueName     = ".wh..wh..opq"
)

// read goes through the tar archive of a layer.
func (s *scan) read(ctx context.Context, r io.Reader, left *budget) error {
	t := tar.NewReader(r)
	var buffer bytes.Buffer // used for one file after the other
	for count := 0; ; count++ {
		if count%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if left.entries.Add(1) > left.limits.Entries {
			return fmt.Errorf("layers have more than %d entries: %w", left.limits.Entries, errLimit)
		}
		if len(h.Name) > maxName || len(h.Linkname) > maxName {
			s.gap(GapPath, h.Name[:min(len(h.Name), 100)], fmt.Sprintf("its name or that of its link is longer than %d bytes", maxName))
			continue
		}
		if left.names.Add(int64(len(h.Name)+len(h.Linkname))) > maxNames {
			return fmt.Errorf("names in layers have more than %d bytes: %w", maxNames, errLimit)
		}
		name, ok := confined(h.Name)
		if !ok {
			s.gap(GapPath, h.Name, "its name leads out of the image")
			continue
		}
		e, known := newEntry(name, h)
		if !known || e.name == "" && e.kind != folderEntry && e.kind != opaqueEntry {
			s.gap(GapPath, name, fmt.Sprintf("no file can have this name and the type %q", h.Typeflag))
			continue
		}
		if e.kind == hardlinkEntry {
			if e.target, ok = confined(h.Linkname); !ok {
				s.gap(GapPath, name, "it is a hard link out of the image")
			}
		}
		if err := s.look(ctx, &e, h, t, &buffer, left.limits); err != nil {
			return err
		}
		s.entries = append(s.entries, e)
	}
}

// confined cleans a name as runtimes do. ok is false if it climbs above the root.
func confined(name string) (clean string, ok bool) {
	clean = path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") || strings.IndexByte(clean, 0) >= 0 {
		return "", false
	}
	if clean == "." {
		clean = ""
	}
	return clean, true
}

func newEntry(name string, h *tar.Header) (entry, bool) {
	e := entry{name: name}
	dir, base := path.Split(name)
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
	case tar.TypeDir:
		e.kind = folderEntry
	case tar.TypeSymlink:
		e.kind, e.target = symlinkEntry, h.Linkname
	case tar.TypeLink:
		e.kind = hardlinkEntry
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.kind = deviceEntry
	default:
		return e, false
	}
	if strings.HasPrefix(base, whiteoutPrefix) {
		if base == opaqueName {
			return entry{name: strings.TrimSuffix(dir, "/"), kind: opaqueEntry}, true
		}
		base = strings.TrimPrefix(base, whiteoutPrefix)
		return entry{name: dir + base, kind: whiteoutEntry}, base != ""
	}
	return e, true
}

// look finds out what is to be remembered of an entry.
func (s *scan) look(ctx context.Context, e *entry, h *tar.Header, r io.Reader, buffer *bytes.Buffer, limits Limits) error {
	f := &file{mode: h.Mode & 0o7777, program: programOf(e.name)}
	switch e.kind {
	case regularEntry:
		s.regular++
		f.secret = isSecret(e.name)
		f.unread = installed.Unread(e.name)
		if err := s.contents(ctx, e.name, f, h.Size, r, buffer, limits); err != nil {
			return err
		}
	case deviceEntry:
		f.device = h.Typeflag != tar.TypeFifo
	case symlinkEntry:
		f.mode = 0
	default:
		return nil
	}
	if f.remarkable() {
		e.file = f
	}
	return nil
}

// remarkable tells whether anything of the file matters later.
func (f *file) remarkable() bool {
	return f.record != nil || f.binary || f.program != noProgram || f.secret || f.device || f.unread != "" || f.content != nil ||
		f.gap != nil || f.isSetuid() || f.isWritable()
}

func (f *file) isSetuid() bool { return f.mode&0o6000 != 0 && f.mode&0o111 != 0 && !f.device }

// isWritable tells whether anybody may write the file.
func (f *file) isWritable() bool { return f.mode&int64(fs.FileMode(0o002)) != 0 && !f.device }

// contents reads a file if it is a record or a binary.
func (s *scan) contents(
	ctx context.Context, name string, f *file, size int64, r io.Reader, buffer *bytes.Buffer, limits Limits,
) error {
	buffer.Reset()
	format := installed.ByPath(name)
	release := osReleaseFiles[name]
	if format == nil && !release {
		if size < binaryMinimum {
			return nil
		}
		if _, err := io.CopyN(buffer, r, binaryMinimum); err != nil {
			return err
		}
		if !installed.IsBinary(buffer.Bytes()) {
			return nil
		}
		format = installed.Binary
	}
	limit := min(limits.File, int64(MaxDocument))
	if format != nil {
		limit = min(limits.File, format.MaxSize)
	}
	if size > limit {
		f.gap = &Gap{GapRecord, name, fmt.Sprintf("it has %d bytes and is not read: more than %d", size, limit)}
		return nil
	}
	if _, err := io.Copy(buffer, r); err != nil {
		return err
	}
	if release {
		f.content = bytes.Clone(buffer.Bytes())
		return nil
	}
	record, err := format.Read(ctx, name, buffer.Bytes())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		f.gap = &Gap{GapRecord, name, fmt.Sprintf("it cannot be read as a record of %s: %v", format.Manager, err)}
	case format == installed.Binary && len(record.Packages) == 0:
		f.binary = true
	default:
		f.record = &record
	}
	return nil
}

// binaryMinimum is enough to tell machine code, in bytes.
const binaryMinimum = 64
