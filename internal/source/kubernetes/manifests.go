package kubernetes

import (
	"context"
	"path"
	"slices"
	"strings"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/value"
)

// manifests reads the files that are no part of a chart or an overlay, and divides them into roots.
func (e *estate) manifests(ctx context.Context, taken map[string]bool) []root {
	var all []object
	for _, file := range e.disk.names {
		if ctx.Err() != nil {
			return nil
		}
		if !taken[file] && mayBeManifest(file) {
			all = append(all, e.manifest(file)...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return divide(".", all)
}

// manifest reads the objects of one file. A file that is broken is a gap if it is meant as a manifest.
func (e *estate) manifest(file string) []object {
	content, err := e.disk.Read(file)
	if err != nil {
		if head, _ := e.disk.Head(file); e.disk.File != "" || looksLikeManifest(head) {
			e.gaps.add(file, 0, err.Error(), "")
		}
		return nil
	}
	if e.disk.File == "" && !looksLikeManifest(content) {
		return nil
	}
	documents, faults := parse(content, inFile(path.Join(e.options.Root, file)))
	for _, f := range faults {
		e.gaps.add(file, f.line, f.text, "")
	}
	return objectsOf(documents, file)
}

// objectsOf returns the objects that documents hold, those of lists one by one.
func objectsOf(documents []parsed, file string) []object {
	var all []object
	for _, d := range documents {
		for _, v := range manifest.Objects(d.value) {
			line := d.line
			if o := v.Origin(); o != nil {
				line = o.Line
			}
			if isObject(v) {
				all = append(all, object{v, file, line})
			}
		}
	}
	return all
}

// isObject tells an object of Kubernetes from other documents, such as the values of a chart. What is written for kustomize
// itself is none.
func isObject(v value.Value) bool {
	apiVersion, hasVersion := v.Field("apiVersion").AsString()
	_, hasKind := v.Field("kind").AsString()
	return hasVersion && hasKind && !strings.HasPrefix(apiVersion, "kustomize.config.k8s.io/")
}

// divide makes one root of the objects below a folder; where it declares something twice, one of each folder in it and one of
// its own files, and where those do, of each file.
func divide(dir string, objects []object) []root {
	if len(objects) == 0 {
		return nil
	}
	if !declaresTwice(objects) {
		return []root{{dir, "manifests", objects}}
	}
	parts := map[string][]object{}
	var names []string
	add := func(name string, o object) {
		if parts[name] == nil {
			names = append(names, name)
		}
		parts[name] = append(parts[name], o)
	}
	deeper := false
	for _, o := range objects {
		rest := strings.TrimPrefix(o.file, dir+"/")
		if dir == "." {
			rest = o.file
		}
		if first, _, below := strings.Cut(rest, "/"); below {
			add(path.Join(dir, first), o)
			deeper = true
		} else {
			add(dir, o)
		}
	}
	slices.Sort(names)
	var roots []root
	for _, name := range names {
		switch {
		case name != dir:
			roots = append(roots, divide(name, parts[name])...)
		case deeper:
			roots = append(roots, divideFiles(dir, parts[name])...)
		default:
			return divideFiles(dir, objects)
		}
	}
	return roots
}

// divideFiles makes one root of the files of a folder or, where they declare something twice, one of each.
func divideFiles(dir string, objects []object) []root {
	if !declaresTwice(objects) {
		return []root{{dir, "manifests", objects}}
	}
	var roots []root
	for _, o := range objects {
		if len(roots) == 0 || roots[len(roots)-1].name != o.file {
			roots = append(roots, root{o.file, "manifests", nil})
		}
		last := &roots[len(roots)-1]
		last.objects = append(last.objects, o)
	}
	return roots
}

// declaresTwice tells whether two of some objects have the same type, namespace and name.
func declaresTwice(objects []object) bool {
	seen := map[string]bool{}
	for _, o := range objects {
		b, err := manifest.Block(value.Object(map[string]value.Value{"apiVersion": o.value.Field("apiVersion"),
			"kind": o.value.Field("kind"), "metadata": o.value.Field("metadata")}), manifest.Scope{File: o.file})
		if err != nil {
			continue
		}
		if at := b.Type + " " + b.Address; seen[at] {
			return true
		} else {
			seen[at] = true
		}
	}
	return false
}
