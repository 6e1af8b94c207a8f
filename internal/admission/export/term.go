package export

import (
	"ward.dev/ward/internal/kind"
)

// form is what a part of an expression stands for.
type form uint8

const (
	none form = iota
	// plain is a value of CEL: a scalar, a list of scalars, a map.
	plain
	// object is the object that is judged, or a group of its attributes.
	object
	// item is an object of a list, items the list.
	item
	items
	// reference is the name of another object, references a list of such names. What another object says is not known.
	reference
	references
	// tags is a list of maps that stand for one: the first that has a key counts.
	tags
)

// term is a translated part of an expression. What is there has text, the CEL of its value, which is an error where there is
// none. What may be absent has optional, the CEL of an optional value. Of an attribute with a default both may be there.
type term struct {
	form     form
	text     string
	optional string
	// asked says that the rule asked for the optional value: self.?name.
	asked     bool
	prefix    string          // of an object: the names of the groups
	attribute *kind.Attribute // of items and references: the list's
	row       frame           // of an item
	// only says that nothing but whether it is there can be told, and why.
	only string
	// roles says of items that they are containers with their role beside them.
	roles bool
}

func known(text string) term { return term{form: plain, text: text} }

// read returns the CEL of the value, of whatever form.
func (t term) read() (string, error) {
	switch {
	case t.only != "":
		return "", refuse("%s", t.only)
	case t.text != "":
		return t.text, nil
	case t.optional != "":
		return t.optional + ".value()", nil
	}
	return "", refuse("it reads an object as a whole")
}

// plain returns the CEL of a value that other than Ward's functions understand.
func (t term) plain() (string, error) {
	switch t.form {
	case plain:
		return t.read()
	case reference, references:
		return "", refuse("it reads other objects (%s)", t.attribute.Name)
	case tags:
		return "", refuse("it takes labels and annotations as one map")
	}
	return "", refuse("it reads an object as a whole")
}

// present returns the CEL of whether the value is there.
func (t term) present() string {
	if t.optional == "" {
		return "true"
	}
	return t.optional + ".hasValue()"
}

// maybe returns the CEL of the optional value.
func (t term) maybe() string {
	if t.optional == "" {
		return "optional.of(" + t.text + ")"
	}
	return t.optional
}
