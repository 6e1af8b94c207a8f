package terraform

import (
	"math/big"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"ward.dev/ward/internal/value"
)

// toValue returns a cty value as the value tree that everything above the sources reads.
func toValue(v cty.Value, at value.Origin) value.Value { return toValueIn(v, at, sorted{}) }

// toValueIn converts an element of something; an unknown element that has no marks of its own is unknown for the
// reasons of the whole.
func toValueIn(v cty.Value, at value.Origin, whole sorted) value.Value {
	plain, marks := v.Unmark()
	s := whole
	switch {
	case marks != nil:
		s = sortMarks(marks)
	case plain.IsKnown():
		s = sorted{}
	}
	var out value.Value
	switch {
	case s.open != nil:
		out = known(s.open.known, at, s)
		return refer(out.Open(s.why()...), s).At(&at)
	case !plain.IsKnown():
		out = value.Unresolved(s.why()...)
		if s.text != "" {
			out = out.Text(s.text)
		}
	case plain.IsNull():
		out = value.None()
	default:
		if inst, ok := capsuleOf[*instance](plain); ok {
			return inst.asValue().At(&at)
		}
		out = known(plain, at, s)
	}
	return refer(out, s).At(&at)
}

func refer(v value.Value, s sorted) value.Value {
	if len(s.refs) == 0 {
		return v
	}
	return v.Referring(s.exact(), s.refs...)
}

// why returns the reasons of an unknown value: never none.
func (s sorted) why() []value.Reason {
	reasons := make([]value.Reason, 0, len(s.reasons)+len(s.refs))
	for _, reason := range s.reasons {
		reasons = append(reasons, reason.reason())
	}
	if len(reasons) == 0 {
		for _, ref := range s.refs {
			reasons = append(reasons, value.Reason{Why: join(ref) + " is known after apply"})
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, value.Reason{Why: "the value could not be resolved"})
	}
	return reasons
}

// known converts a value that is neither unknown, null nor marked.
func known(v cty.Value, at value.Origin, s sorted) value.Value {
	s.text, s.open, s.derived = "", nil, true
	ty := v.Type()
	switch {
	case ty == cty.String:
		return value.String(v.AsString())
	case ty == cty.Bool:
		return value.Bool(v.True())
	case ty == cty.Number:
		return number(v.AsBigFloat())
	case ty.IsObjectType() || ty.IsMapType():
		members := make(map[string]value.Value, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			key, member := it.Element()
			name, _ := key.Unmark()
			members[name.AsString()] = toValueIn(member, below(at, name.AsString()), s)
		}
		return value.Object(members)
	case v.CanIterateElements():
		items := make([]value.Value, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, item := it.Element()
			items = append(items, toValueIn(item, below(at, strconv.Itoa(len(items))), s))
		}
		return value.List(items...)
	}
	return value.Unresolved(value.Reason{Why: "a value of type " + ty.FriendlyName() + " cannot be shown"})
}

func number(f *big.Float) value.Value {
	if f.IsInf() {
		return value.Unresolved(value.Reason{Why: "the number is infinite"})
	}
	if n, accuracy := f.Int64(); accuracy == big.Exact {
		return value.Int(n)
	}
	n, _ := f.Float64()
	return value.Float(n)
}

func below(at value.Origin, name string) value.Origin {
	if at.Path != "" {
		name = at.Path + "." + name
	}
	at.Path = name
	return at
}
