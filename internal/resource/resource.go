package resource

import (
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/value"
)

// Resource is one thing of a kind, with what is known of it.
type Resource struct {
	Kind *kind.Kind
	// ID is unique in an inventory: the target and the address.
	ID string
	// Address is what the source calls it: "module.logs.aws_s3_bucket.this[0]", an ARN.
	Address string
	// Target is the name of the target it was read from.
	Target string
	// Names are the texts that name it where others refer to it by text: a name, an id, an ARN.
	Names []string
	// Dialect is the vocabulary that it was read in, "" for what the provider has by itself.
	Dialect Dialect
	// Live tells that it was read of what runs, rather than of code.
	Live bool
	// Provided tells that the provider made it by itself, such as the default network of a region.
	Provided bool
	// Account and Region, "" where the source does not tell.
	Account, Region string
	// Origin is where it is declared, nil for what the provider has by itself.
	Origin *value.Origin
	// Maybe is set when it is not known whether the resource exists, and says why.
	Maybe *value.Reason
	// Values stand in the order of Kind.All. Those of derived attributes are not used. A known ref is the ID of a
	// resource, or any text with reasons if that resource is not in the inventory.
	Values []value.Value
}

// Get returns the value of an attribute that is not derived; unknown if the kind has no such attribute.
func (r *Resource) Get(name string) value.Value {
	if i := r.Kind.Index(name); i >= 0 && i < len(r.Values) {
		return r.Values[i]
	}
	return value.Unresolved(value.Reason{Why: "kind " + r.Kind.Name + " has no attribute " + name})
}
