package image

import (
	"fmt"
	"maps"
	"path"
	"strings"

	"ward.dev/ward/internal/installed"
	"ward.dev/ward/internal/software"
)

// tree is what is remembered of an image's files, as layers are laid upon each other. Names in it are real ones: no folder on
// the way to them is a symbolic link.
type tree struct {
	files   map[string]*file
	links   map[string]string // symbolic links and what they stand for
	removed map[string]*file  // files named like a secret that a layer took away
	gaps    []Gap
}

func newTree() *tree {
	return &tree{files: map[string]*file{}, links: map[string]string{}, removed: map[string]*file{}}
}

const maxHops = 255

// real returns the name with the links on the way to it followed, as a runtime does within the image. Of links in a circle, some
// are followed.
func (t *tree) real(name string) string {
	dir, base := path.Split(name)
	dir = t.folder(strings.TrimSuffix(dir, "/"))
	if dir == "" {
		return base
	}
	return dir + "/" + base
}

// folder follows all links in the name of a folder.
func (t *tree) folder(name string) string {
	if len(t.links) == 0 {
		return name
	}
	for hops := 0; hops < maxHops; {
		followed := false
		for end := 0; end < len(name); end++ {
			if end+1 < len(name) && name[end+1] != '/' {
				continue
			}
			target, ok := t.links[name[:end+1]]
			if !ok {
				continue
			}
			if !strings.HasPrefix(target, "/") {
				target = path.Dir("/"+name[:end+1]) + "/" + target
			}
			// ".." at the root stays there, as in a container.
			name = strings.TrimPrefix(path.Clean("/"+target+name[end+1:]), "/")
			hops, followed = hops+1, true
			break
		}
		if !followed {
			return name
		}
	}
	return name
}

// add lays a layer upon the others.
func (t *tree) add(index int, s *scan) {
	lower := maps.Clone(t.files)
	t.takeAway(s)
	names := make(map[string]entryKind, len(s.entries))
	resolver := resolver{tree: t}
	above := map[string]*file{}
	for _, e := range s.entries {
		if e.kind == whiteoutEntry || e.kind == opaqueEntry {
			continue
		}
		name := resolver.real(e.name)
		names[name] = e.kind
		if _, was := t.links[name]; was || e.kind == symlinkEntry {
			delete(t.links, name)
			if e.kind == symlinkEntry {
				t.links[name] = e.target
			}
			resolver.forget()
		}
		f := e.file
		switch {
		case e.kind == hardlinkEntry:
			f = t.hardLink(name, e.target, above)
		case e.kind == regularEntry && name != e.name && (f == nil || f.record == nil) && installed.ByPath(name) != nil:
			// Where the link leads was not known when the layer was scanned.
			f = &file{gap: &Gap{GapRecord, name, "a layer has it by another name, " + e.name + ", and it was not read"}}
		}
		delete(above, name) // a name that occurs twice
		if f != nil {
			f.layer = index
			above[name] = f
		}
	}
	t.replace(names)
	for name, f := range above {
		f.attribute(index, lower[name])
		t.files[name] = f
	}
	t.gaps = append(t.gaps, s.gaps...)
}

// takeAway removes what the layer's whiteouts name from the layers below.
func (t *tree) takeAway(s *scan) {
	gone, emptied := map[string]bool{}, map[string]bool{}
	for _, e := range s.entries {
		switch e.kind {
		case whiteoutEntry:
			gone[t.real(e.name)] = true
		case opaqueEntry:
			emptied[t.folder(e.name)] = true
		}
	}
	if len(gone)+len(emptied) == 0 {
		return
	}
	away := func(name string) bool {
		return gone[name] || above(name, func(dir string) bool { return gone[dir] || emptied[dir] })
	}
	for name := range t.files {
		if away(name) {
			t.dropFile(name)
		}
	}
	maps.DeleteFunc(t.links, func(name, _ string) bool { return away(name) })
}

// replace removes what is no longer there because the layer has something else by its name, or by that of a folder that it was
// in. The layer's own links are in the tree by now.
func (t *tree) replace(names map[string]entryKind) {
	buried := func(name string) bool {
		return above(name, func(dir string) bool {
			kind, ok := names[dir]
			return ok && kind != folderEntry
		})
	}
	for name := range t.files {
		if _, again := names[name]; again || buried(name) {
			t.dropFile(name)
		}
	}
	maps.DeleteFunc(t.links, func(name, _ string) bool { return buried(name) })
}

func (t *tree) dropFile(name string) {
	if f := t.files[name]; f.secret {
		t.removed[name] = f
	}
	delete(t.files, name)
}

// above tells whether something holds for any folder that a name is in, the root included.
func above(name string, holds func(dir string) bool) bool {
	for at := strings.LastIndexByte(name, '/'); at >= 0; at = strings.LastIndexByte(name[:at], '/') {
		if holds(name[:at]) {
			return true
		}
	}
	return holds("")
}

// hardLink returns what is remembered of the file that a hard link stands for.
func (t *tree) hardLink(name, target string, above map[string]*file) *file {
	target = t.real(target)
	for _, files := range []map[string]*file{above, t.files} {
		if f := files[target]; f != nil {
			linked := *f
			return &linked
		}
	}
	if format := installed.ByPath(name); format != nil {
		return &file{gap: &Gap{GapRecord, name, fmt.Sprintf("it is a hard link to %s, which is not read", target)}}
	}
	return nil
}

// identity is what makes a package the same one in two versions of a record.
type identity struct{ name, version, arch string }

func identify(p software.Package) identity { return identity{p.Name, p.Version, p.Arch} }

// attribute notes for each package of a record the layer that it came with: the lowest from which on each version of the record
// has had it in this version.
func (f *file) attribute(index int, before *file) {
	if f.record == nil {
		return
	}
	since := map[identity]int{}
	if before != nil && before.record != nil {
		for i, p := range before.record.Packages {
			since[identify(p)] = before.origins[i]
		}
	}
	f.origins = make([]int, len(f.record.Packages))
	for i, p := range f.record.Packages {
		origin, ok := since[identify(p)]
		if !ok {
			origin = index
		}
		f.origins[i] = origin
	}
}

// resolver follows links for names that mostly stand in the same folder as the one before.
type resolver struct {
	tree     *tree
	dir, was string
	known    bool
}

func (r *resolver) forget() { r.known = false }

func (r *resolver) real(name string) string {
	dir, base := "", name
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		dir, base = name[:at], name[at+1:]
	}
	if !r.known || r.dir != dir {
		r.dir, r.was, r.known = dir, r.tree.folder(dir), true
	}
	switch {
	case r.was == dir:
		return name
	case r.was == "":
		return base
	}
	return r.was + "/" + base
}
