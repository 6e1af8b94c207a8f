package image

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"ward.dev/ward/internal/installed"
	"ward.dev/ward/internal/software"
)

// packages collects the packages of all records that are there in the end, and what is not known of them.
func (out *Image) packages(t *tree, missingOS string) {
	names := slices.Sorted(maps.Keys(t.files))
	owned := t.owned()
	modules := modulesBelow(t.files)
	system, database := false, false
	var unnamed, unaccounted []string
	managers := map[string][]string{}
	for _, name := range names {
		f := t.files[name]
		if f.unread != "" && !owned[name] {
			managers[f.unread] = append(managers[f.unread], name)
		}
		if f.gap != nil && !(owned[name] && ofLanguage(name)) {
			out.gap(f.gap.Kind, f.gap.Where, f.gap.Reason)
		}
		if f.binary && !owned[name] && !inModule(name) {
			unaccounted = append(unaccounted, name)
		}
		if f.record == nil || f.record.Lock && modules[path.Dir(name)] {
			continue
		}
		if f.record.Manager.System() {
			system = system || len(f.record.Packages) > 0
			database = true
		} else if owned[name] && f.record.Manager != installed.Go {
			continue // the distribution mends it under its own version
		}
		unnamed = append(unnamed, out.record(name, f)...)
		if f.record.Manager.System() || !owned[name] { // of its own binaries a distribution knows what they were built from
			out.faults(name, f)
		}
	}
	out.links(t)
	if system && missingOS != "" {
		out.gap(GapOS, "", missingOS)
	}
	if !system && out.Facts.Files > 0 && (database || out.OS.ID != "" || len(unaccounted) > 0 || len(out.Packages) == 0) {
		out.gap(GapPackages, "", "it has files and no packages of a distribution are known: its packages are unknown")
	}
	for _, manager := range slices.Sorted(maps.Keys(managers)) {
		out.gap(GapManager, managers[manager][0], fmt.Sprintf("packages of %s are not read: %s", manager, some(managers[manager])))
	}
	if len(unaccounted) > 0 {
		out.gap(GapFiles, unaccounted[0], "machine code that no record of packages accounts for: "+some(unaccounted))
	}
	if len(unnamed) > 0 {
		out.gap(GapNames, "", "records that do not say what packages are called where advisories are published: "+some(unnamed))
	}
}

// ofLanguage tells whether a file is a record of a language, which the distribution speaks for if it installed it.
func ofLanguage(name string) bool {
	format := installed.ByPath(name)
	return format != nil && !format.Manager.System()
}

func (out *Image) gap(kind GapKind, where, reason string) {
	if kind == GapRecord && len(out.Gaps) >= maxGaps { // as with those of a layer
		return
	}
	out.Gaps = append(out.Gaps, Gap{kind, where, reason})
}

// record adds the packages of one record and returns those that have no name that advisories use.
func (out *Image) record(name string, f *file) (unnamed []string) {
	for i, p := range f.record.Packages {
		manager := f.record.Manager
		if manager.System() && manager.Format() == (software.Distribution{ID: out.OS.ID}).Format() {
			p.Ecosystem = out.OS.Ecosystem
		}
		// Of a distribution that is not known, another gap says so.
		if p.Ecosystem == "" && !(manager.System() && out.OS.Ecosystem == "") {
			unnamed = append(unnamed, name)
		}
		p.Path, p.Layer = name, out.Layers[f.origins[i]].Digest
		out.Packages = append(out.Packages, p)
	}
	slices.SortFunc(out.Packages[len(out.Packages)-len(f.record.Packages):], func(a, b software.Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Arch, b.Arch))
	})
	return slices.Compact(unnamed)
}

func (out *Image) faults(name string, f *file) {
	for _, fault := range f.record.Faults {
		out.gap(GapRecord, name, fault)
	}
}

// links notes databases of packages that are symbolic links to what was not read as one.
func (out *Image) links(t *tree) {
	for _, name := range slices.Sorted(maps.Keys(t.links)) {
		format := installed.ByPath(name)
		if format == nil || !format.Database {
			continue
		}
		target := t.target(name, t.links[name])
		if f := t.files[target]; f == nil || f.record == nil {
			out.gap(GapRecord, name, fmt.Sprintf("it is a symbolic link to %s, which is not read", target))
		}
	}
}

// owned tells which of the remembered files packages of the distribution installed.
func (t *tree) owned() map[string]bool {
	out := map[string]bool{}
	for _, f := range t.files {
		if f.record == nil || !f.record.Manager.System() {
			continue
		}
		resolver := resolver{tree: t} // packages may name files through links such as /lib
		for _, name := range f.record.Owns {
			if name = resolver.real(name); t.files[name] != nil {
				out[name] = true
			}
		}
	}
	return out
}

// modulesBelow tells which folders have packages of npm installed in them.
func modulesBelow(files map[string]*file) map[string]bool {
	out := map[string]bool{}
	for name, f := range files {
		if f.record == nil || f.record.Manager != installed.NPM || f.record.Lock {
			continue
		}
		if at := strings.Index("/"+name, "/node_modules/"); at >= 0 {
			dir := strings.TrimPrefix(("/" + name)[:at], "/")
			if dir == "" {
				dir = "."
			}
			out[dir] = true
		}
	}
	return out
}

// inModule tells whether a file belongs to a package of a language, whose advisories speak for it.
func inModule(name string) bool {
	for _, folder := range []string{"node_modules/", "site-packages/", "dist-packages/"} {
		if strings.Contains(name, "/"+folder) || strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}

// some lists a few of many names.
func some(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
