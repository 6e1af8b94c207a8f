package kind

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

type plainAttribute Attribute

// YAMLShape implements yamlfile.Shaped.
func (a *Attribute) YAMLShape(*yaml.Node) any { return &plainAttribute{} }

// UnmarshalYAML remembers the line.
func (a *Attribute) UnmarshalYAML(node *yaml.Node) error {
	if err := node.Decode((*plainAttribute)(a)); err != nil {
		return err
	}
	a.Line = node.Line
	return nil
}

// Load reads every kind file of a folder. A fault in one file does not keep the others from being read.
func Load(fsys fs.FS, dir string) ([]*Kind, []error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, []error{err}
	}
	sort.Strings(files)
	kinds, faults := make([]*Kind, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			kinds[i], faults[i] = read(fsys, file)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	isNil := func(k *Kind) bool { return k == nil }
	return slices.DeleteFunc(kinds, isNil), slices.DeleteFunc(faults, func(err error) bool { return err == nil })
}

func read(fsys fs.FS, file string) (*Kind, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read kind: %w", err)
	}
	k := &Kind{File: file}
	if err := yamlfile.Decode(file, data, k); err != nil {
		return nil, err
	}
	k.prepare()
	if faults := k.check(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return k, nil
}

// New makes a kind from its text, for tests and tools.
func New(file, text string) (*Kind, error) {
	k := &Kind{File: file}
	if err := yamlfile.Decode(file, []byte(text), k); err != nil {
		return nil, err
	}
	k.prepare()
	return k, errors.Join(k.check()...)
}

// prepare gives lists of decoded objects the fields that their decoder makes, and seals the kind.
func (k *Kind) prepare() {
	for _, a := range k.Attributes {
		if a != nil && a.Type.Base == List && a.Type.Elem.Base == Object && len(a.Item) == 0 {
			a.Item = decoded(decode.Items(a.via()))
		}
	}
	k.seal()
}

// via returns the decoder that shapes the attribute: its own or that of its first place.
func (a *Attribute) via() string {
	if a.Via != "" {
		return a.Via
	}
	for _, places := range a.PlacesByDialect.all() {
		for _, p := range places {
			if p.Via != "" {
				return p.Via
			}
		}
	}
	return ""
}

func decoded(fields []decode.Field) map[string]*Attribute {
	items := map[string]*Attribute{}
	for _, f := range fields {
		t, err := ParseType(f.Type)
		if err != nil {
			panic(fmt.Sprintf("decoder field %s: %v", f.Name, err)) // a fault of the program, caught by its tests
		}
		items[f.Name] = &Attribute{Type: t, Doc: f.Doc, Item: decoded(f.Fields)}
	}
	return items
}

func (k *Kind) check() []error {
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, yamlfile.Fault{File: k.File, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	if want := strings.TrimSuffix(path.Base(k.File), ".yaml"); k.Name != want {
		fault(1, "kind is %q but the file is named for %q", k.Name, want)
	}
	if k.Title == "" || k.Doc == "" {
		fault(1, "title and doc are wanted")
	}
	for name, part := range k.Parts {
		for _, places := range part.all() {
			for _, p := range places {
				if p.Part != "" {
					fault(p.Line, "part %s: a part starts in the block or at a join, not in another part", name)
				}
			}
		}
	}
	for _, b := range k.Builtin {
		if _, err := regexp.Compile(b.Match); err != nil {
			fault(1, "builtin: %v", err)
		}
		for name := range b.Attributes {
			if k.Index(name) < 0 {
				fault(1, "builtin: there is no attribute %s", name)
			}
		}
	}
	for _, a := range k.list {
		k.checkAttribute(a, a.Name, fault)
	}
	return faults
}

func (k *Kind) checkAttribute(a *Attribute, name string, fault func(int, string, ...any)) {
	switch {
	case a.Type.Base == NoType:
		fault(a.Line, "attribute %s: type is missing", name)
	case a.Doc == "":
		fault(a.Line, "attribute %s: doc is missing", name)
	}
	if a.Is != "" && (a.Anywhere() || a.Default != nil || len(a.Live) > 0) {
		fault(a.Line, "attribute %s: is: derives it from others, so it has no places, default or live permission", name)
	}
	if a.Shown && a.Is != "" {
		fault(a.Line, "attribute %s: shown: is for what a source tells", name)
	}
	if a.PHI != "" && !refs(a.Type) {
		fault(a.Line, "attribute %s: phi: spreads along a ref", name)
	}
	if a.PHI != "" && a.PHI != "to" && a.PHI != "from" && a.PHI != "both" {
		fault(a.Line, "attribute %s: phi is one of to, from, both", name)
	}
	if a.Default != nil && !fits(a.Default.Value, a.Type) {
		fault(a.Line, "attribute %s: default is not a %s", name, a.Type)
	}
	if a.Via != "" {
		k.checkDecoder(a.Line, name, a.Via, fault)
	}
	for _, places := range a.PlacesByDialect.all() {
		for _, p := range append(places, flatten(places)...) {
			if p.Part != "" && !k.hasPart(p.Part) {
				fault(p.Line, "attribute %s: there is no part $%s", name, p.Part)
			}
			if p.Via != "" {
				k.checkDecoder(p.Line, name, p.Via, fault)
			}
			if p.Join != nil && p.Join.Via != "" {
				k.checkDecoder(p.Line, name, p.Join.Via, fault)
			}
		}
	}
	for _, f := range a.fields {
		k.checkAttribute(f, name+"."+f.Name, fault)
	}
}

func flatten(places Places) []Place {
	var all []Place
	for _, p := range places {
		all = append(all, p.Concat...)
	}
	return all
}

func (k *Kind) hasPart(name string) bool { _, ok := k.Parts[name]; return ok }

func (k *Kind) checkDecoder(line int, name, via string, fault func(int, string, ...any)) {
	if _, ok := decode.ByName(via); !ok {
		fault(line, "attribute %s: there is no decoder %q%s", name, via, yamlfile.Suggest(via, decode.Names()))
	}
}

func refs(t Type) bool { return t.Base == Ref || t.Base == List && t.Elem.Base == Ref }

// fits tells whether a constant is of a type.
func fits(v value.Value, t Type) bool {
	if v.IsAbsent() {
		return true
	}
	switch t.Base {
	case Bool:
		_, ok := v.AsBool()
		return ok
	case Int:
		_, ok := v.Data().(int64)
		return ok
	case Double:
		_, whole := v.Data().(int64)
		_, ok := v.Data().(float64)
		return ok || whole
	case String, Time, Ref:
		_, ok := v.AsString()
		return ok
	case Map, Object:
		_, ok := v.AsObject()
		return ok
	case List:
		items, ok := v.AsList()
		for _, item := range items {
			ok = ok && fits(item, *t.Elem)
		}
		return ok
	}
	return false
}

// Fits tells whether a constant is of a type.
func Fits(v value.Value, t Type) bool { return fits(v, t) }
