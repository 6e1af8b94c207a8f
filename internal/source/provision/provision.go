// Package provision finds the objects of Kubernetes that Terraform declares, and makes of them what a reader of manifests
// makes: blocks of resource.Kubernetes.
//
// It must not know how Terraform or charts are read: it takes what the readers made, has charts rendered by package kubernetes, and
// leaves what becomes of a block to package manifest.
//
// # What is taken
//
// Blocks of the provider for Kubernetes (package manifest/terraform), kubernetes_manifest, kubectl_manifest, and helm_release with a
// chart that lies in the target. Others stay where they were.
//
// # Roots and addresses
//
// What a root module declares for one cluster is one root. An object's address is that of its block, so that the reader finds it:
// "module.clinic.kubernetes_deployment.portal[0]"; the objects of a release have theirs behind that of the release:
// "helm_release.portal/Deployment/clinic/portal". A name that refers to another block is that block's.
package provision

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/manifest/terraform"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/kubernetes"
	"ward.dev/ward/internal/value"
)

const (
	manifestType = "kubernetes_manifest" // its object is an argument
	kubectlType  = "kubectl_manifest"    // its object is a text in YAML
	releaseType  = "helm_release"
)

// Split takes the objects of Kubernetes out of what was read of Terraform in a target, and adds them to what was read of its
// manifests, as roots of their own. options are those that the readings were read with.
func Split(ctx context.Context, readings []source.Reading, options source.Options) []source.Reading {
	var made source.Reading
	var installed []string
	for i := range readings {
		if !strings.HasPrefix(readings[i].Kind, "terraform") {
			continue
		}
		s := newSplitter(ctx, &readings[i], options)
		kept := readings[i].Blocks[:0:0]
		for j := range readings[i].Blocks {
			if b := &readings[i].Blocks[j]; !s.take(b) {
				kept = append(kept, *b)
			}
		}
		s.close()
		if len(s.blocks)+len(s.gaps) == 0 {
			continue
		}
		readings[i].Blocks = kept
		if readings[i].Dialect == "" { // which its first block told
			readings[i].Dialect = resource.Terraform
		}
		made.Name = readings[i].Name
		made.Blocks = append(made.Blocks, s.blocks...)
		made.Gaps = append(made.Gaps, s.gaps...)
		installed = append(installed, s.installed...)
	}
	if made.Name == "" {
		return readings
	}
	for i := range readings {
		if readings[i].Dialect == resource.Kubernetes && readings[i].Name == made.Name {
			without(&readings[i], installed)
			readings[i].Blocks = append(readings[i].Blocks, made.Blocks...)
			readings[i].Gaps = append(readings[i].Gaps, made.Gaps...)
			return readings
		}
	}
	made.Kind, made.Dialect = "kubernetes", resource.Kubernetes
	return append(readings, made)
}

// without takes the charts that releases install out of what was read of manifests: with the values that a chart brings along nobody
// runs it.
func without(reading *source.Reading, charts []string) {
	in := func(file string) bool {
		return slices.ContainsFunc(charts, func(chart string) bool { return strings.HasPrefix(file, chart+"/") })
	}
	reading.Blocks = slices.DeleteFunc(slices.Clone(reading.Blocks), func(b resource.Block) bool { return in(b.Origin.File) })
	reading.Gaps = slices.DeleteFunc(slices.Clone(reading.Gaps), func(g resource.Gap) bool { return in(g.What) })
}

// splitter is one reading of Terraform on its way.
type splitter struct {
	ctx      context.Context
	name     string
	options  source.Options
	plan     bool // which has no folder in which charts lie
	blocks   []resource.Block
	gaps     []resource.Gap
	seen     map[string]bool
	named    map[string]*resource.Block // the blocks of clusters by their addresses
	symbols  symbols
	charts   *kubernetes.Charts
	failed   error // why there are no charts
	releases int
	// installed are the folders of the charts that releases were rendered of, as origins have them.
	installed []string
}

func newSplitter(ctx context.Context, reading *source.Reading, options source.Options) *splitter {
	s := &splitter{ctx: ctx, name: reading.Name, options: options, plan: reading.Kind != "terraform", seen: map[string]bool{},
		named: map[string]*resource.Block{}, symbols: symbols{map[string]string{}, map[string]string{}}}
	for i := range reading.Blocks {
		if b := &reading.Blocks[i]; strings.HasPrefix(b.Type, "kubernetes_") {
			s.named[b.Address] = b
		}
	}
	return s
}

func (s *splitter) close() {
	if s.charts != nil {
		s.charts.Close()
	}
}

func (s *splitter) gap(b *resource.Block, reason, grant string) {
	at := ""
	if b.Origin.File != "" {
		at = b.Origin.String() + ": "
	}
	s.gaps = append(s.gaps, resource.Gap{Target: s.name, What: b.Address, Reason: at + reason, Grant: grant})
}

// take makes objects of a block; false if it declares none.
func (s *splitter) take(b *resource.Block) bool {
	if b.Data {
		return false
	}
	switch b.Type {
	case manifestType:
		object := s.resolve(b.Body.Field("manifest"), 0)
		for _, told := range []value.Value{object, object.Field("apiVersion"), object.Field("kind")} {
			if !told.IsKnown() {
				s.unknown(b, told)
				return true
			}
		}
		s.add(b, object, s.scope(b, "default"))
	case kubectlType:
		s.texts(b)
	case releaseType:
		s.release(b)
	default:
		object, ok := terraform.Object(b.Type, s.resolve(b.Body, 0))
		if !ok {
			return false
		}
		s.add(b, object, s.scope(b, "default"))
	}
	return true
}

func (s *splitter) unknown(b *resource.Block, v value.Value) {
	why, grant := "nothing is said", ""
	if v.IsUnknown() {
		why, grant = v.Reasons()[0].Why, v.Reasons()[0].Grant
	}
	s.gap(b, "what it declares is not known: "+why, grant)
}

// scope is where the objects of a block belong.
func (s *splitter) scope(b *resource.Block, namespace string) manifest.Scope {
	return manifest.Scope{Dialect: resource.Kubernetes, Target: s.name, Cluster: b.Account, Namespace: namespace, Declared: b.Address,
		File: b.Address, Symbol: func(v value.Value) string { return s.symbols.of(v, b.Address) }}
}

// add makes a block of an object.
func (s *splitter) add(b *resource.Block, object value.Value, in manifest.Scope) {
	if object.Origin() == nil {
		object = object.At(b.Origin)
	}
	made, err := manifest.Block(object, in)
	switch {
	case err != nil:
		s.gap(b, err.Error(), "")
		return
	case s.seen[made.Address]:
		s.gap(b, made.Address+" is declared twice; this one was not read", "")
		return
	}
	s.seen[made.Address] = true
	made.Maybe = b.Maybe
	s.blocks = append(append(s.blocks, made), manifest.Components(made)...)
}

// texts makes objects of the YAML in a kubectl_manifest. The provider takes the namespace of kubectl's context where it is not said.
func (s *splitter) texts(b *resource.Block) {
	body := b.Body.Field("yaml_body")
	text, ok := body.AsString()
	if !ok {
		s.unknown(b, body)
		return
	}
	at := *b.Origin
	if o := body.Origin(); o != nil {
		at = *o
	}
	objects, faults := kubernetes.Documents(text, at)
	for _, fault := range faults {
		s.gap(b, fault, "")
	}
	in := s.scope(b, s.options.Namespace)
	in.Several = len(objects) > 1
	if said, isSaid := b.Body.Field("override_namespace").AsString(); isSaid {
		in.Namespace = said
	}
	for _, object := range objects {
		s.add(b, object, in)
	}
	if len(objects)+len(faults) == 0 {
		s.gap(b, "its text holds no object of Kubernetes", "")
	}
}

// resolve puts the names of other blocks in place of references to them that Terraform resolves when it runs.
func (s *splitter) resolve(v value.Value, depth int) value.Value {
	if depth > 40 {
		return v
	}
	if v.IsUnknown() {
		if ref, exact := v.ExactRef(); exact {
			if named := s.nameOf(ref); !named.IsAbsent() {
				return s.resolve(named, depth+1)
			}
		}
		return v
	}
	if items, ok := v.AsList(); ok {
		list := make([]value.Value, len(items))
		for i, item := range items {
			list[i] = s.resolve(item, depth+1)
		}
		return like(v, value.List(list...))
	}
	members, ok := v.AsObject()
	if !ok {
		return v
	}
	all := make(map[string]value.Value, len(members))
	for key, member := range members {
		all[key] = s.resolve(member, depth+1)
	}
	return like(v, value.Object(all))
}

// like gives made what is remembered of raw.
func like(raw, made value.Value) value.Value {
	made = made.At(raw.Origin())
	if raw.IsOpen() {
		made = made.Open(raw.Reasons()...)
	}
	return made
}

// nameOf is the name or the namespace that a reference to a block of the provider asks for; absent if it asks for something else.
func (s *splitter) nameOf(ref value.Ref) value.Value {
	b := s.named[ref.Address]
	if b == nil {
		return value.None()
	}
	metadata := b.Body.Field("metadata")
	if items, ok := metadata.AsList(); ok && len(items) == 1 {
		metadata = items[0]
	}
	switch attribute := strings.TrimPrefix(ref.Attribute, "metadata.0."); {
	case attribute == "name", attribute == "namespace":
		return metadata.Field(attribute)
	case attribute == "id" && strings.HasPrefix(b.Type, "kubernetes_namespace"):
		return metadata.Field("name")
	}
	return value.None()
}

// symbols name the namespaces that are not known by what they are made of: what is made of the same is the same.
type symbols struct{ names, taken map[string]string }

func (s symbols) of(v value.Value, address string) string {
	text, isTemplate := v.Template()
	made := []string{text}
	if ref, exact := v.ExactRef(); exact {
		text = "${" + ref.Address + "." + ref.Attribute + "}"
		made = []string{text}
	} else if !isTemplate {
		text = "${" + address + "}"
		made = []string{text}
	}
	for _, reason := range v.Reasons() { // which say of which module a variable is
		made = append(made, reason.Why)
	}
	key := strings.Join(made, "\x00")
	if s.names[key] == "" {
		name := text
		for n := 2; s.taken[name] != ""; n++ {
			name = fmt.Sprintf("%s (%d)", text, n)
		}
		s.names[key], s.taken[name] = name, key
	}
	return s.names[key]
}

// inRoot is a path as the folder of a block's root module has it, relative to the target.
func inRoot(b *resource.Block, name string) string {
	return path.Join(resource.Root(resource.Terraform, b.Address), name)
}
