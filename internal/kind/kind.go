// Package kind holds what is known of each kind of resource: its attributes with type and meaning, the permission each
// needs when read live, and where it stands in each source's own vocabulary. Kind files are the schema that checks are
// type-checked against.
//
// It must not know how places are read (package mapping) nor how checks are judged (package rule).
package kind

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"ward.dev/ward/internal/value"
)

// Kind is one kind of resource, as its file describes it. See docs/format/kind.md.
type Kind struct {
	// Name is the file's name without .yaml: "aws.s3.bucket".
	Name string `yaml:"kind"`
	// Title is what people call it: "S3 bucket".
	Title string `yaml:"title"`
	Doc   string `yaml:"doc"`
	// Service is the provider's service as its list of HIPAA-eligible services names it, in lower case: "s3".
	Service string `yaml:"service"`
	// Terraform and CloudFormation are the block types of this kind; the single word "target" makes one resource for
	// each target that holds blocks of the provider, for what is asked of a whole account.
	Terraform      Names `yaml:"terraform"`
	CloudFormation Names `yaml:"cloudformation"`
	// Kubernetes are the types of objects, "Pod" or "Deployment.apps": the kind and, outside the core, its group.
	Kubernetes Names `yaml:"kubernetes"`
	// Dockerfile is "Dockerfile" for the kind that describes one.
	Dockerfile Names `yaml:"dockerfile"`
	// Image is "Image" or "Vulnerability" for the kinds that describe what was read of container images.
	Image Names `yaml:"image"`
	// Identity lists the places whose literal text names the resource when another refers to it by text.
	Identity PlacesByDialect `yaml:"identity"`
	// Provided lists the places that tell that the provider made the resource by itself: some of them holds true.
	Provided PlacesByDialect `yaml:"provided"`
	// Elsewhere says what to do when something refers to one that is not among the resources assessed, where that is not to
	// assess what declares it.
	Elsewhere string `yaml:"elsewhere"`
	// Through lists block types that only lead to a resource of this kind, with the argument that refers to it: an alias.
	Through map[string]string `yaml:"through"`
	// Parts are places that several attributes are read from.
	Parts map[string]PlacesByDialect `yaml:"parts"`
	// Attributes by their dotted names.
	Attributes map[string]*Attribute `yaml:"attributes"`
	// Builtin are resources that exist without being declared and are referred to by text: the provider's own keys.
	Builtin []Builtin `yaml:"builtin"`

	File string `yaml:"-"`

	list  []*Attribute
	index map[string]int
	shown []int
}

// Attribute is one thing that is known of a resource.
type Attribute struct {
	Type Type   `yaml:"type"`
	Doc  string `yaml:"doc"`
	// Live are the read permissions that a live source needs for it: "s3:GetBucketPolicy".
	Live            Names `yaml:"live"`
	PlacesByDialect `yaml:",inline"`
	// Via names the decoder that turns the raw value into this attribute's.
	Via string `yaml:"via"`
	// Default is what the provider does when nobody says: it stands in for absent, never for unknown.
	Default *Literal `yaml:"default"`
	// Is derives the attribute from others: CEL over self.
	Is string `yaml:"is"`
	// Item are the fields of a list's objects.
	Item map[string]*Attribute `yaml:"item"`
	// Secret values never leave the program: evidence shows that there is one.
	Secret bool `yaml:"secret"`
	// Shown says that every finding about the resource shows it, whether or not the check asked for it.
	Shown bool `yaml:"shown"`
	// PHI says how PHI spreads along a reference: "to" the target, "from" it, "both" or "" for not at all.
	PHI string `yaml:"phi"`

	Name string `yaml:"-"`
	Line int    `yaml:"-"`

	fields    []*Attribute
	defaulted value.Value
}

// DefaultValue is the default, marked as one; it MUST NOT be asked of an attribute without a default.
func (a *Attribute) DefaultValue() value.Value { return a.defaulted }

// Builtin is a resource that exists without being declared.
type Builtin struct {
	// Match is a regular expression over the text that refers to it.
	Match      string             `yaml:"match"`
	Attributes map[string]Literal `yaml:"attributes"`
}

// Base is what a Type is at its root.
type Base uint8

const (
	NoType Base = iota
	Bool
	Int
	Double
	String
	Time
	Ref
	List
	Map // of strings to strings
	Object
)

// Type of an attribute: "bool", "int", "double", "string", "time", "ref KIND", "list", "list string", "list int",
// "list ref KIND", "map string".
type Type struct {
	Base Base
	Elem *Type  // of a list
	Kind string // of a ref; "" for a reference to any kind
	text string
}

// String returns the type as a kind file writes it.
func (t Type) String() string { return t.text }

// All returns the attributes sorted by name. A Resource stores its values in this order.
func (k *Kind) All() []*Attribute { return k.list }

// Index returns where the attribute stands in All, -1 if there is none of this name.
func (k *Kind) Index(name string) int {
	if i, ok := k.index[name]; ok {
		return i
	}
	return -1
}

// Fields returns the fields of a list's objects, sorted by name.
func (a *Attribute) Fields() []*Attribute { return a.fields }

// Shown returns where the attributes stand in All that every finding shows.
func (k *Kind) Shown() []int { return k.shown }

// Field returns the item field of this name, nil if there is none.
func (a *Attribute) Field(name string) *Attribute { return a.Item[name] }

// Names is a list of words that may be written as one word.
type Names []string

// Blocks returns the block types of the kind in a dialect. What a live account replies is already sorted by kind; what a
// cluster tells of itself as a whole is a block of the kind, too.
func (k *Kind) Blocks(dialect string) []string {
	switch dialect {
	case "terraform":
		return k.Terraform
	case "cloudformation":
		return k.CloudFormation
	case "kubernetes":
		return k.Kubernetes
	case "cluster":
		if len(k.Kubernetes) == 1 && k.Kubernetes[0] == perTarget {
			return []string{k.Name}
		}
		return k.Kubernetes
	case "dockerfile":
		return k.Dockerfile
	case "image":
		return k.Image
	case k.Provider():
		return []string{k.Name}
	}
	return nil
}

// Needs lists the other kinds whose resources the places of a dialect lead to, by joins or references.
func (k *Kind) Needs(dialect string) []string {
	needed := map[string]bool{}
	for _, part := range k.Parts {
		joined(part.In(dialect), needed)
	}
	needs(k.list, dialect, needed)
	delete(needed, k.Name)
	return slices.Sorted(maps.Keys(needed))
}

func needs(attributes []*Attribute, dialect string, into map[string]bool) {
	for _, a := range attributes {
		joined(a.In(dialect), into)
		for t := &a.Type; t != nil; t = t.Elem {
			if t.Kind != "" {
				into[t.Kind] = true
			}
		}
		needs(a.fields, dialect, into)
	}
}

func joined(places []Place, into map[string]bool) {
	for _, p := range places {
		if p.Join != nil {
			into[p.Join.Type] = true
		}
		joined(p.Concat, into)
	}
}

// PerTarget tells whether there is one resource of this kind for each target of code, rather than for each block.
func (k *Kind) PerTarget() bool {
	return slices.Equal(k.Terraform, Names{perTarget}) || slices.Equal(k.Kubernetes, Names{perTarget})
}

// perTarget stands in place of a block type.
const perTarget = "target"

// Provider is the first part of the name: "aws".
func (k *Kind) Provider() string { p, _, _ := strings.Cut(k.Name, "."); return p }

// Literal is a constant in a kind file or in an example.
type Literal struct{ value.Value }

// seal makes the derived tables; the loader calls it once.
func (k *Kind) seal() {
	k.index = make(map[string]int, len(k.Attributes))
	k.list = sealed(k.Attributes)
	for i, a := range k.list {
		k.index[a.Name] = i
		if a.Shown {
			k.shown = append(k.shown, i)
		}
	}
}

func sealed(attributes map[string]*Attribute) []*Attribute {
	list := make([]*Attribute, 0, len(attributes))
	for name, a := range attributes {
		a.Name = name
		list = append(list, a)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	for _, a := range list {
		a.fields = sealed(a.Item)
		if a.Default != nil {
			a.defaulted = a.Default.AsDefault()
		}
	}
	return list
}
