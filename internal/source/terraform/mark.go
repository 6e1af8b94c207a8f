package terraform

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"ward.dev/ward/internal/value"
)

// Everything that a value must remember on its way through expressions rides on cty marks. cty asks that marks be
// comparable, so they are small structs or pointers.
type (
	// refMark says that the value refers to a block or was made from a reference to it.
	refMark value.Ref

	// reasonMark says why the value is unknown.
	reasonMark struct {
		why, grant string
		// expr is what stands for the value in a template: "var.name".
		expr string
		// about is set where the reason explains the value that is referred to and leaves no doubt about what is
		// referred to: aws_s3_bucket.b.bucket is that bucket's name even if nobody knows the name.
		about bool
		// maybe is set where it is not known whether the block that is referred to exists.
		maybe bool
	}

	// derivedMark says that the value is made from what it refers to and is not the reference itself.
	derivedMark struct{}

	// textMark is the template of an unknown string.
	textMark struct{ text string }

	// openMark is on an unknown collection of which some elements are known. It is a pointer, since a cty.Value is
	// not comparable.
	openMark struct {
		known cty.Value
		// rest stands for each of the other elements, NilVal if nothing is known of them.
		rest cty.Value
	}
)

func (r reasonMark) reason() value.Reason { return value.Reason{Why: r.why, Grant: r.grant} }

// unknown returns an unknown value of any type with its reason.
func unknown(why string) cty.Value { return cty.DynamicVal.Mark(reasonMark{why: why}) }

// marksOf returns the value's own marks and those of everything in it.
func marksOf(v cty.Value) cty.ValueMarks {
	if v == cty.NilVal {
		return nil
	}
	all := cty.ValueMarks{}
	for _, inner := range cty.DeepValues(v) {
		for mark := range inner.Marks() {
			all[mark] = struct{}{}
		}
	}
	return all
}

// flat keeps of the marks those that hold for whatever is made from the value: its references and reasons, but not
// its text and not its known elements.
func flat(marks cty.ValueMarks) cty.ValueMarks {
	kept := make(cty.ValueMarks, len(marks))
	for mark := range marks {
		switch mark.(type) {
		case textMark, *openMark:
		default:
			kept[mark] = struct{}{}
		}
	}
	return kept
}

// derived returns v as made from sources: it has their references and reasons, and refers exactly to none of them.
func derived(v cty.Value, sources ...cty.Value) cty.Value {
	plain, own := v.Unmark()
	marks := flat(own)
	for _, source := range sources {
		for mark := range flat(marksOf(source)) {
			marks[mark] = struct{}{}
		}
	}
	return plain.WithMarks(made(marks))
}

// made returns the marks of something that was made from values with these marks.
func made(marks cty.ValueMarks) cty.ValueMarks {
	if len(marks) == 0 {
		return nil
	}
	kept := make(cty.ValueMarks, len(marks)+1)
	for mark := range marks {
		if reason, ok := mark.(reasonMark); ok {
			reason.about, reason.maybe = false, false
			mark = reason
		}
		kept[mark] = struct{}{}
	}
	kept[derivedMark{}] = struct{}{}
	return kept
}

// sorted are a value's marks by kind, in an order that is the same in every run.
type sorted struct {
	refs    []value.Ref
	reasons []reasonMark
	derived bool
	text    string
	open    *openMark
}

func sortMarks(marks cty.ValueMarks) sorted {
	var s sorted
	for mark := range marks {
		switch mark := mark.(type) {
		case refMark:
			s.refs = append(s.refs, value.Ref(mark))
		case reasonMark:
			s.reasons = append(s.reasons, mark)
		case derivedMark:
			s.derived = true
		case textMark:
			s.text = mark.text
		case *openMark:
			s.open = mark
		}
	}
	slices.SortFunc(s.refs, func(a, b value.Ref) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Attribute, b.Attribute))
	})
	slices.SortFunc(s.reasons, func(a, b reasonMark) int {
		return cmp.Or(strings.Compare(a.why, b.why), strings.Compare(a.grant, b.grant), strings.Compare(a.expr, b.expr))
	})
	return s
}

// exact tells whether the value is nothing but one reference.
func (s sorted) exact() bool {
	if len(s.refs) != 1 || s.derived || s.text != "" || s.open != nil {
		return false
	}
	for _, reason := range s.reasons {
		if !reason.about {
			return false
		}
	}
	return true
}

// placeholder returns what stands for an unknown value in a text: "${aws_s3_bucket.b.arn}". source is the
// expression as it is written, "" if there is none.
func (s sorted) placeholder(source string) string {
	switch {
	case s.exact():
		return "${" + join(s.refs[0]) + "}"
	case source != "":
		return "${" + source + "}"
	case len(s.refs) == 0 && len(s.reasons) == 1 && s.reasons[0].expr != "":
		return "${" + s.reasons[0].expr + "}"
	}
	var parts []string
	for _, ref := range s.refs {
		parts = append(parts, join(ref))
	}
	for _, reason := range s.reasons {
		if reason.expr != "" && !reason.about {
			parts = append(parts, reason.expr)
		}
	}
	return "${unknown(" + strings.Join(slices.Compact(parts), ", ") + ")}"
}

func join(ref value.Ref) string {
	if ref.Attribute == "" {
		return ref.Address
	}
	return ref.Address + "." + ref.Attribute
}

// collection is what is known of a list, set, map or object.
type collection struct {
	// known holds the known elements.
	known cty.Value
	// more says why there may be further elements; nil if there are none.
	more cty.ValueMarks
	// rest stands for each of the further elements; NilVal if nothing is known of them.
	rest cty.Value
	// marks are those of a closed collection as a whole.
	marks cty.ValueMarks
}

// elements takes a collection apart. ok is false if v is not a collection or nothing is known of it.
func elements(v cty.Value) (c collection, ok bool) {
	plain, marks := v.Unmark()
	if plain.IsKnown() && !plain.IsNull() && plain.CanIterateElements() {
		return collection{known: plain, marks: flat(marks)}, true
	}
	for mark := range marks {
		if open, is := mark.(*openMark); is {
			return collection{known: open.known, more: flat(marks), rest: open.rest}, true
		}
	}
	return collection{}, false
}

// value puts the collection together again.
func (c collection) value() cty.Value {
	if c.more == nil {
		return c.known.WithMarks(c.marks)
	}
	return cty.DynamicVal.WithMarks(flat(c.more)).Mark(&openMark{known: c.known, rest: c.rest})
}
