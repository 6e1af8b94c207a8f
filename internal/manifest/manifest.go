// Package manifest turns the objects of Kubernetes into blocks: their type, their address, the scope of their names, and a body
// that holds no secret.
//
// It must not know how objects are read, from files or of a cluster, nor what is right for them; it reaches no file and no
// network.
//
// # Types and addresses
//
// A block's Type is the object's kind and, outside the core, its group, without the version: "Pod", "Deployment.apps". Groups that
// Kubernetes left behind are given today's name, so that extensions/v1beta1's Deployment is one of apps. The address is
// "Deployment/NAMESPACE/NAME", and "NetworkPolicy.crd.projectcalico.org/NAMESPACE/NAME" of what is not Kubernetes' own;
// "ClusterRole/NAME" of what has no namespace; "Deployment/NAME" where files do not say the namespace; with "ROOT:" before it
// where a target of files has several roots.
//
// # Bodies
//
// A body is the object as it is written, but for what Kubernetes keeps for itself (managedFields, the annotation
// last-applied-configuration) and for secrets: decode.LeftOut stands in their place. See Scrub.
package manifest

import (
	"errors"
	"fmt"
	"strings"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Scope is where objects belong as far as they do not say it themselves.
type Scope struct {
	Dialect resource.Dialect // resource.Kubernetes or resource.Cluster
	Target  string
	Cluster string // the block's Account; "" in files
	// Root is the chart, the overlay or the folder of manifests; "" where the target is one.
	Root string
	// Namespace is that of objects which have one and do not say it; "" if that is not known.
	Namespace string
	// File stands in the address of a configuration that has no name, such as the audit policy of an API server.
	File string
	// Declared is the address of the Terraform block that declares the objects; "" for those that are written as such. It is the
	// address of its one object; where it makes Several, that of each goes on with "/Deployment/NAMESPACE/NAME".
	Declared string
	Several  bool
	// Symbol names a namespace that is not known by what it is made of, as resource.Placed has it; nil if there is no telling.
	Symbol func(namespace value.Value) string
	// Namespaced tells of a type that manifest does not know whether its objects have a namespace, as a cluster's discovery or
	// a CustomResourceDefinition says; nil if nothing is known.
	Namespaced func(typ string) (namespaced, known bool)
}

// Objects returns the objects that a document holds: those of a List, or the one that it is. A document that is empty holds
// none.
func Objects(document value.Value) []value.Value {
	if !document.IsKnown() {
		return nil
	}
	kind, _ := document.Field("kind").AsString()
	items, isList := document.Field("items").AsList()
	if !strings.HasSuffix(kind, "List") || !isList {
		return []value.Value{document}
	}
	var all []value.Value
	for _, item := range items {
		if _, says := item.Field("kind").AsString(); !says && kind != "List" { // the items of a typed list need not say it
			item = with(item, map[string]value.Value{"kind": value.String(strings.TrimSuffix(kind, "List")),
				"apiVersion": document.Field("apiVersion")})
		}
		all = append(all, Objects(item)...)
	}
	return all
}

// with returns an object with members that it did not have.
func with(object value.Value, more map[string]value.Value) value.Value {
	if !object.IsObject() {
		return object
	}
	for name, member := range more {
		if _, has := object.Member(name); !has {
			object = object.With(value.Member{Name: name, Value: member})
		}
	}
	return object
}

// like gives made what is remembered of raw: where it was seen, and why there may be more of it.
func like(raw, made value.Value) value.Value {
	if o := raw.Origin(); o != nil {
		made = made.At(o)
	}
	if raw.IsOpen() {
		made = made.Open(raw.Reasons()...)
	}
	return made
}

// ErrNoObject is what Block returns for something that has no apiVersion or no kind.
var ErrNoObject = errors.New("it is no object of Kubernetes: apiVersion and kind are wanted")

// Block turns one object into a block. It is an error if the object has no apiVersion, no kind or no name.
func Block(object value.Value, in Scope) (resource.Block, error) {
	apiVersion, hasVersion := object.Field("apiVersion").AsString()
	kind, hasKind := object.Field("kind").AsString()
	if !hasVersion || !hasKind || kind == "" || strings.ContainsAny(kind, "/:. ") {
		return resource.Block{}, ErrNoObject
	}
	metadata := object.Field("metadata")
	name, ok := metadata.Field("name").AsString()
	if prefix, generated := metadata.Field("generateName").AsString(); !ok && generated {
		name, ok = prefix+"*", true
	}
	typ := Type(apiVersion, kind)
	configures := configuration(typ)
	if !ok && configures {
		name, ok = in.File, true
	}
	alone := in.Declared != "" && !in.Several // it needs no name to be told from others
	if !alone && (!ok || name == "" || strings.Contains(name, "/") && !configures) {
		return resource.Block{}, fmt.Errorf("the %s has no metadata.name", kind)
	}
	b := resource.Block{Dialect: in.Dialect, Type: typ, Target: in.Target, Account: in.Cluster, Origin: object.Origin(), Declared: in.Declared}
	if b.Origin == nil {
		b.Origin = &value.Origin{}
	}
	b.Region, b.Global = in.namespaceOf(typ, metadata)
	if b.Address = in.address(typ, b.Region, name); alone {
		b.Address = in.Declared
	}
	b.Owner = in.owner(typ, metadata, b.Region)
	b.Body = Scrub(typ, object)
	return b, nil
}

// namespaceOf returns the namespace of an object, or that it has none.
func (in Scope) namespaceOf(typ string, metadata value.Value) (namespace string, global bool) {
	said, isSaid := metadata.Field("namespace").AsString()
	namespaced, known := Namespaced(typ)
	if !known && in.Namespaced != nil {
		namespaced, known = in.Namespaced(typ)
	}
	switch {
	case known && !namespaced, configuration(typ):
		return "", true
	case isSaid && said != "":
		return said, false
	case metadata.Field("namespace").IsUnknown() && in.Symbol != nil:
		return in.Symbol(metadata.Field("namespace")), false
	case in.Dialect == resource.Cluster && !known: // a cluster tells the namespace of all that have one
		return "", true
	}
	return in.Namespace, false
}

// address is what an object is called in its target.
func (in Scope) address(typ, namespace, name string) string {
	if namespace != "" {
		name = namespace + "/" + name
	}
	switch {
	case in.Declared != "":
		return in.Declared + "/" + called(typ) + "/" + name
	case in.Root != "":
		return in.Root + ":" + called(typ) + "/" + name
	}
	return called(typ) + "/" + name
}

// called is a type in addresses: its kind, or all of it where it is not Kubernetes' own, since others like to call things as
// Kubernetes does: there are three NetworkPolicies.
func called(typ string) string {
	kind, group, _ := strings.Cut(typ, ".")
	if !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") {
		return kind
	}
	return typ
}
