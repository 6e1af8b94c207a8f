package kubernetes

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/value"
)

// overlay is a folder with a kustomization.
type overlay struct {
	dir, file string
	node      *yaml.Node // the kustomization
	takes     []string   // folders whose kustomizations it takes in
	component bool
}

func isKustomization(file string) bool {
	switch path.Base(file) {
	case "kustomization.yaml", "kustomization.yml", "Kustomization":
		return true
	}
	return false
}

// overlays finds the kustomizations that no other one takes in, and takes the files that they are made of. What they want
// from outside is left out of them, and is a gap.
func (e *estate) overlays(taken map[string]bool) []overlay {
	all := map[string]*overlay{}
	for _, file := range e.disk.names {
		if !isKustomization(file) || taken[file] || e.disk.File != "" {
			continue
		}
		taken[file] = true
		o, err := e.kustomization(file)
		if err != nil {
			e.gaps.add(file, err.line, err.text, "")
			continue
		}
		all[o.dir] = o
	}
	included := map[string]bool{}
	for _, o := range all {
		e.localize(o, taken)
		for _, dir := range o.takes {
			included[dir] = included[dir] || dir != o.dir
		}
	}
	e.kustomizations = all
	var roots []overlay
	for dir, o := range all {
		if !included[dir] && !o.component {
			roots = append(roots, *o)
		}
	}
	slices.SortFunc(roots, func(a, b overlay) int { return strings.Compare(a.dir, b.dir) })
	return roots
}

func (e *estate) kustomization(file string) (*overlay, *fault) {
	content, err := e.disk.Read(file)
	if err != nil {
		return nil, &fault{0, err.Error()}
	}
	if documents, faults := parse(content, inFile(file)); len(faults) > 0 { // which finds keys given twice, and bombs
		return nil, &faults[0]
	} else if len(documents) != 1 {
		return nil, &fault{0, "a kustomization is one document"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		line, text := located(err)
		return nil, &fault{line, text}
	}
	o := &overlay{dir: path.Dir(file), file: file, node: doc.Content[0]}
	if o.node.Kind != yaml.MappingNode {
		return nil, &fault{1, "a kustomization is a mapping"}
	}
	kind := member(o.node, "kind")
	o.component = kind != nil && kind.Value == "Component"
	return o, nil
}

// foreign are the parts of a kustomization that run something or fetch something.
var foreign = []string{"helmCharts", "helmChartInflationGenerator", "helmGlobals", "generators", "transformers", "validators"}

// paths are those that name files and folders.
var paths = []string{"resources", "bases", "components", "crds", "configurations", "patchesStrategicMerge"}

// localize leaves in a kustomization what can be read within the target, and takes those files.
func (e *estate) localize(o *overlay, taken map[string]bool) {
	for _, key := range foreign {
		if n := remove(o.node, key); n != nil && key != "helmGlobals" {
			e.gaps.add(o.file, n.Line, key+" are not run", "assess what kustomize build prints")
		}
	}
	keep := func(n *yaml.Node) bool { return e.keep(o, n, taken) }
	for _, key := range paths {
		if list := member(o.node, key); list != nil {
			list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return !keep(n) })
		}
	}
	for _, key := range []string{"patches", "patchesJson6902", "replacements"} {
		if list := member(o.node, key); list != nil {
			list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool {
				at := member(n, "path")
				return at != nil && !keep(at)
			})
		}
	}
	for _, key := range []string{"configMapGenerator", "secretGenerator"} {
		for _, generator := range children(member(o.node, key)) {
			for _, files := range []string{"files", "envs"} {
				if list := member(generator, files); list != nil {
					list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return !keep(n) })
				}
			}
			if env := member(generator, "env"); env != nil && !keep(env) {
				remove(generator, "env")
			}
		}
	}
	if openapi := member(o.node, "openapi"); openapi != nil {
		if at := member(openapi, "path"); at != nil && !keep(at) {
			remove(o.node, "openapi")
		}
	}
}

// keep tells whether an entry of a kustomization is within the target, and takes it; one that is not is a gap. A patch may also
// be written in place.
func (e *estate) keep(o *overlay, n *yaml.Node, taken map[string]bool) bool {
	if n.Kind != yaml.ScalarNode {
		e.gaps.add(o.file, n.Line, "an entry is not a path", "")
		return false
	}
	text := strings.TrimSpace(n.Value)
	if strings.Contains(text, "\n") || strings.HasPrefix(text, "{") {
		return true
	}
	prefix := ""
	if name, file, ok := strings.Cut(text, "="); ok && !strings.Contains(name, "/") { // of a generator: KEY=FILE
		prefix, text = name+"=", file
	}
	if remote(text) {
		e.gaps.add(o.file, n.Line, withoutLogin(text)+" is not in the target and was not fetched", "assess what kustomize build prints")
		return false
	}
	at := path.Join(o.dir, text)
	info, err := e.disk.Stat(at)
	if err != nil || strings.HasPrefix(at, "..") || path.IsAbs(text) {
		e.gaps.add(o.file, n.Line, text+" is not in the target", "assess the folder that holds it, too")
		return false
	}
	if !strings.HasPrefix(text, ".") {
		n.Value = prefix + "./" + text // so that it is never taken for the address of a repository
	}
	if info.IsDir() {
		o.takes = append(o.takes, at)
	} else {
		taken[at] = true
	}
	return true
}

// remote tells what kustomize would fetch: an address, or a repository.
func remote(text string) bool {
	return strings.ContainsAny(text, ":@?") || strings.HasPrefix(text, "github.com/") || strings.Contains(text, "//")
}

const buildTime = 30 * time.Second

// build returns the objects that an overlay makes.
func (e *estate) build(ctx context.Context, o overlay) []object {
	memory, err := e.files()
	if err == nil {
		err = memory.WriteFile("/"+o.file, encoded(withOrigins(o.node)))
	}
	if err != nil {
		e.gaps.add(o.file, 0, err.Error(), "")
		return nil
	}
	made, err := kustomize(ctx, memory, path.Join("/", o.dir))
	if err != nil {
		e.gaps.add(o.file, 0, "kustomize: "+said(err), "")
		return nil
	}
	var all []object
	for _, r := range made.Resources() {
		data, err := r.Map()
		if err != nil {
			e.gaps.add(o.file, 0, "kustomize: "+said(err), "")
			continue
		}
		own := &value.Origin{File: path.Join(e.options.Root, o.file)}
		file, source := o.file, value.None()
		if origin, err := r.GetOrigin(); err == nil && origin != nil && origin.Path != "" {
			file = path.Join(o.dir, origin.Path)
			source = e.written(file, r.GetKind(), r.GetName())
		}
		withoutOrigin(data)
		v := traced(manifest.Value(data, own), source, own, "")
		line := 0
		if v.Origin() != nil {
			line = v.Origin().Line
		}
		all = append(all, object{v, file, line})
	}
	return all
}

// kustomize runs within a file system in memory that holds nothing but the target. It cannot be stopped, so a run that does not
// end is left behind.
func kustomize(ctx context.Context, memory filesys.FileSystem, dir string) (resmap.ResMap, error) {
	type answer struct {
		made resmap.ResMap
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a = answer{nil, fmt.Errorf("the overlay cannot be built: %v", p)}
			}
			done <- a
		}()
		options := krusty.MakeDefaultOptions()
		options.LoadRestrictions = types.LoadRestrictionsNone // the file system holds the target alone
		silently(func() { a.made, a.err = krusty.MakeKustomizer(options).Run(memory, dir) })
	}()
	timer := time.NewTimer(buildTime)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.made, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("the overlay was not built within %s", buildTime)
	}
}

// files is the target in memory, with the kustomizations as they are after localize.
func (e *estate) files() (filesys.FileSystem, error) {
	if e.memory != nil {
		return e.memory, nil
	}
	memory := filesys.MakeFsInMemory()
	for _, file := range e.disk.names {
		if isKustomization(file) {
			continue
		}
		content, err := e.disk.Read(file)
		if err != nil {
			continue // whoever asks for it is told that it is not there
		}
		if err := memory.WriteFile("/"+file, content); err != nil {
			return nil, err
		}
	}
	for _, o := range e.kustomizations {
		if err := memory.WriteFile("/"+o.file, encoded(o.node)); err != nil {
			return nil, err
		}
	}
	e.memory = memory
	return memory, nil
}

func encoded(n *yaml.Node) []byte {
	text, err := yaml.Marshal(n)
	if err != nil {
		return nil
	}
	return text
}

const originAnnotation = "config.kubernetes.io/origin"

// withOrigins asks kustomize to tell where each object comes from.
func withOrigins(n *yaml.Node) *yaml.Node {
	asked := *n
	remove(&asked, "buildMetadata")
	asked.Content = append(slices.Clone(asked.Content), &yaml.Node{Kind: yaml.ScalarNode, Value: "buildMetadata"},
		&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "originAnnotations"}}})
	return &asked
}

// withoutOrigin removes what withOrigins asked for.
func withoutOrigin(object map[string]any) {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	if delete(annotations, originAnnotation); annotations != nil && len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}

// written returns an object as its file has it, absent if it cannot be found there. An overlay may have put something before
// and behind its name.
func (e *estate) written(file, kind, name string) value.Value {
	if e.sources == nil {
		e.sources = map[string][]parsed{}
	}
	documents, known := e.sources[file]
	if !known {
		if content, err := e.disk.Read(file); err == nil {
			documents, _ = parse(content, inFile(path.Join(e.options.Root, file)))
		}
		e.sources[file] = documents
	}
	found, length := value.None(), 0
	for _, d := range documents {
		for _, v := range manifest.Objects(d.value) {
			k, _ := v.Field("kind").AsString()
			n, _ := v.Field("metadata").Field("name").AsString()
			if k == kind && len(n) > length && strings.Contains(name, n) {
				found, length = v, len(n)
			}
		}
	}
	return found
}

// traced gives the values of an object the origins that they have where it was written, and else that of the overlay.
func traced(v, source value.Value, own *value.Origin, at string) value.Value {
	origin := source.Origin()
	if items, ok := v.AsList(); ok {
		list := make([]value.Value, len(items))
		for i, item := range items {
			list[i] = traced(item, counterpart(item, i, source), own, fmt.Sprintf("%s[%d]", at, i))
		}
		v = value.List(list...)
	} else if members, ok := v.AsObject(); ok {
		all := make(map[string]value.Value, len(members))
		for key, m := range members {
			from := value.None()
			if _, isObject := source.AsObject(); isObject {
				from = source.Field(key)
			}
			if !from.IsKnown() {
				from = value.None()
			}
			all[key] = traced(m, from, own, below(at, key))
		}
		v = value.Object(all)
	} else if !source.IsKnown() || source.Data() != v.Data() {
		origin = nil
	}
	if origin == nil {
		origin = &value.Origin{File: own.File, Path: at}
	}
	return v.At(origin)
}

// counterpart finds an element of a list where it was written: by its name or, without one, by its place.
func counterpart(item value.Value, i int, source value.Value) value.Value {
	items, _ := source.AsList()
	if name, ok := item.Field("name").AsString(); ok {
		for _, one := range items {
			if n, ok := one.Field("name").AsString(); ok && n == name {
				return one
			}
		}
		return value.None()
	}
	if i < len(items) {
		return items[i]
	}
	return value.None()
}

// member returns one value of a mapping, nil if there is none.
func member(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// remove takes a key out of a mapping and returns its value, nil if it has none.
func remove(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			was := n.Content[i+1]
			n.Content = slices.Delete(slices.Clone(n.Content), i, i+2)
			return was
		}
	}
	return nil
}

func children(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	return n.Content
}
