// Package kubernetes reads files that declare objects of Kubernetes: manifests in YAML and JSON, Helm charts and Kustomize
// overlays; and the Dockerfiles that images are built from.
//
// It must not know of kinds or checks. It uses no network, runs nothing, and reads nothing outside its target; what a
// manifest means is package manifest's to know.
//
// # Roots
//
// A target may hold several things that are deployed apart from each other, and each is a root within which names mean one
// thing: every chart that no other chart of the target is made of, every overlay that no other one takes in, and the manifests
// that belong to neither. Manifests are one root as long as no object is declared twice; else each folder that declares some is
// one by itself. Where there are several, an address begins with its root: "charts/portal:Deployment/portal".
//
// # Origins
//
// Every value knows its file and line. What a chart says is rendered first: its origin is the template, with the line where the
// template has that line or that key once, and else with "rendered line N" before its path. What an overlay takes in
// keeps the file and line of its base; what the overlay itself sets is said to be of its kustomization file.
//
// # What is not read
//
// Folders whose names begin with a dot and node_modules are passed over, as are YAML and JSON files that hold no object of
// Kubernetes. Symbolic links are not followed out of the target. Remote bases, charts that are not vendored and plugins are gaps.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Files reads a folder of manifests, charts and overlays, or a single manifest. The zero value is ready.
type Files struct{}

var _ source.Reader = Files{}

// Kind is "kubernetes".
func (Files) Kind() string { return "kubernetes" }

// Detect tells whether the path is a manifest, or a folder that holds one, a chart or a kustomization, by names and the files'
// first bytes.
func (Files) Detect(name string) bool {
	t, err := openDisk(name)
	if err != nil {
		return false
	}
	defer t.Close()
	return t.list(context.Background(), func(string, string) {}) == nil && slices.ContainsFunc(t.names, func(file string) bool {
		if isChart(file) || isKustomization(file) {
			return true
		}
		head, err := t.Head(file)
		return mayBeManifest(file) && err == nil && looksLikeManifest(head)
	})
}

// Read reads everything at the path. What is broken is a gap; it is an error if a single file holds nothing of Kubernetes.
func (Files) Read(ctx context.Context, name string, options source.Options) (source.Reading, error) {
	reading := source.Reading{Kind: "kubernetes", Name: name, Dialect: resource.Kubernetes}
	t, err := openDisk(name)
	if err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	defer t.Close()
	e := &estate{disk: t, target: name, options: options, gaps: gaps{target: name, root: options.Root}}
	if err := t.list(ctx, func(file, why string) { e.gaps.add(file, 0, why, "") }); err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	e.read(ctx)
	if err := ctx.Err(); err != nil {
		return reading, fmt.Errorf("read %s: %w", name, err)
	}
	if len(e.roots) == 0 && len(e.gaps.list) == 0 && t.File != "" {
		return reading, fmt.Errorf("read %s: there is no object of Kubernetes", name)
	}
	reading.Blocks, reading.Gaps = e.blocks(), e.gaps.list
	if len(reading.Blocks) == 0 && len(reading.Gaps) > 0 && t.File != "" {
		return reading, fmt.Errorf("read %s: %w", name, errors.New(reading.Gaps[0].Reason))
	}
	return reading, nil
}

// estate is everything of one target.
type estate struct {
	disk    *disk
	target  string
	options source.Options
	gaps    gaps
	roots   []root
	release *Release // what is rendered for somebody else than the user, nil if it is for him

	chartDirs      map[string]chartDir // by their folders
	kustomizations map[string]*overlay // by their folders
	memory         filesys.FileSystem  // the target, for kustomize
	sources        map[string][]parsed // of the files that overlays take in
}

// root is what is deployed together.
type root struct {
	name    string // a folder, "." for the target itself
	kind    string // "chart", "overlay" or "manifests"
	objects []object
}

// object is one object and the file that declares it.
type object struct {
	value value.Value
	file  string
	line  int
}

// read finds the roots, and their objects.
func (e *estate) read(ctx context.Context) {
	taken := map[string]bool{} // files that are a part of a chart or an overlay
	for _, c := range e.charts(taken) {
		if ctx.Err() == nil {
			e.roots = append(e.roots, root{c.dir, "chart", e.render(ctx, c)})
		}
	}
	for _, o := range e.overlays(taken) {
		if ctx.Err() == nil {
			e.roots = append(e.roots, root{o.dir, "overlay", e.build(ctx, o)})
		}
	}
	e.roots = append(e.roots, e.manifests(ctx, taken)...)
}

// blocks turns the objects of all roots into blocks.
func (e *estate) blocks() []resource.Block {
	scopes := map[string]bool{} // of the definitions of custom resources: whether their objects have a namespace
	for _, r := range e.roots {
		for _, o := range r.objects {
			customScope(o.value, scopes)
		}
	}
	var all []resource.Block
	for _, r := range e.roots {
		seen := map[string]bool{}
		in := manifest.Scope{Dialect: resource.Kubernetes, Target: e.target, Root: e.nameOf(r), Namespace: e.options.Namespace,
			Namespaced: func(typ string) (namespaced, known bool) { namespaced, known = scopes[typ]; return }}
		for _, o := range r.objects {
			in.File = o.file
			b, err := manifest.Block(o.value, in)
			switch {
			case errors.Is(err, manifest.ErrNoObject):
				continue
			case err != nil:
				e.gaps.add(o.file, o.line, err.Error(), "")
			case seen[b.Address]:
				e.gaps.add(o.file, o.line, b.Address+" is declared twice; this one was not read", "")
			default:
				seen[b.Address] = true
				all = append(append(all, b), manifest.Components(b)...)
			}
		}
	}
	return all
}

// nameOf is what stands before the addresses of a root; "" if there is no other.
func (e *estate) nameOf(r root) string {
	if len(e.roots) == 1 {
		return ""
	}
	for _, other := range e.roots {
		if other.name == r.name && other.kind != r.kind {
			return path.Join(r.name, r.kind)
		}
	}
	if r.name == "." {
		return ""
	}
	return r.name
}

// customScope notes what a CustomResourceDefinition says of the objects of its type.
func customScope(v value.Value, scopes map[string]bool) {
	if kind, _ := v.Field("kind").AsString(); kind != "CustomResourceDefinition" {
		return
	}
	spec := v.Field("spec")
	group, _ := spec.Field("group").AsString()
	kind, _ := spec.Field("names").Field("kind").AsString()
	if scope, ok := spec.Field("scope").AsString(); ok {
		scopes[kind+"."+group] = scope != "Cluster"
	}
}

// gaps collects what was not read, each thing once.
type gaps struct {
	target string
	root   string // put before the paths of files
	list   []resource.Gap
	seen   map[resource.Gap]bool
}

const maxGaps = 10_000

// add records a gap at a file and, if it is not 0, a line.
func (g *gaps) add(file string, line int, reason, grant string) {
	file = path.Join(g.root, file)
	gap := resource.Gap{Target: g.target, What: file, Reason: (value.Origin{File: file, Line: line}).String() + ": " + reason, Grant: grant}
	if g.seen == nil {
		g.seen = map[resource.Gap]bool{}
	}
	if !g.seen[gap] && len(g.list) < maxGaps {
		g.seen[gap] = true
		g.list = append(g.list, gap)
	}
}
