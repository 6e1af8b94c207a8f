package decode

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/value"
)

// known decodes a known value with read; absent values stay absent and unknown ones unknown.
func known(v value.Value, read func(value.Value) value.Value) value.Value {
	switch {
	case v.IsAbsent():
		return v
	case v.IsUnknown():
		return hidden(v)
	}
	return read(v)
}

func toBool(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		s, _ := v.Spelled()
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true", "1":
			return from(v, value.Bool(true))
		case "false", "0":
			return from(v, value.Bool(false))
		}
		return unreadable(v, "the value is neither true nor false")
	})
}

func toInt(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if n, ok := wholeNumber(v); ok {
			return from(v, value.Int(n))
		}
		return unreadable(v, "the value is not a whole number")
	})
}

// sum adds up a list of whole numbers; what says nothing counts nothing. If one is not known or there may be more, neither
// is the sum.
func sum(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		items, isList := v.AsList()
		if !isList {
			return toInt(v)
		}
		if v.IsOpen() {
			return from(v, value.Unresolved(v.Reasons()...))
		}
		total := int64(0)
		for _, item := range items {
			n, ok := wholeNumber(item)
			switch {
			case item.IsAbsent():
			case item.IsUnknown():
				return from(v, value.Unresolved(item.Reasons()...))
			case !ok:
				return unreadable(v, "one of the values is not a whole number")
			default:
				total += n
			}
		}
		return from(v, value.Int(total))
	})
}

func wholeNumber(v value.Value) (int64, bool) {
	switch d := v.Data().(type) {
	case int64:
		return d, true
	case float64:
		if d == math.Trunc(d) && math.Abs(d) < 1<<53 {
			return int64(d), true
		}
	case string:
		n, err := strconv.ParseInt(strings.TrimSpace(d), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// toString keeps the template of a text that is not known.
func toString(v value.Value) value.Value {
	if !v.IsKnown() {
		return v
	}
	if s, ok := v.Spelled(); ok {
		return from(v, value.String(s))
	}
	return unreadable(v, "the value is not a text")
}

func lower(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if s, ok := v.Spelled(); ok {
			return from(v, value.String(strings.ToLower(s)))
		}
		return unreadable(v, "the value is not a text")
	})
}

func toStrings(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value { return readTexts(v).value() })
}

func csv(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		if _, ok := v.AsList(); ok {
			return readTexts(v).value()
		}
		s, ok := v.Spelled()
		if !ok {
			return unreadable(v, "the value is not a text")
		}
		items := []value.Value{}
		for item := range strings.SplitSeq(s, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, from(v, value.String(item)))
			}
		}
		return from(v, value.List(items...))
	})
}

// block returns the element of a list of one: nested blocks of which there can be one only may be such lists.
func block(v value.Value) value.Value {
	if list, ok := v.AsList(); ok && !v.IsOpen() {
		switch len(list) {
		case 0:
			return from(v, value.None())
		case 1:
			return list[0]
		}
	}
	return v
}

// first returns the first member of the names that is not absent. The vocabularies name the same thing differently.
func first(v value.Value, names ...string) value.Value {
	for _, name := range names {
		if f := member(v, name); !f.IsAbsent() {
			return f
		}
	}
	return from(v, value.None())
}

func days(v value.Value) value.Value {
	v = block(v)
	return known(v, func(v value.Value) value.Value {
		if _, ok := v.AsObject(); !ok {
			return toInt(v)
		}
		for _, unit := range []struct {
			name string
			days int64
		}{{"days", 1}, {"years", 365}} {
			switch n := toInt(member(v, unit.name)); {
			case n.IsUnknown():
				return n
			case n.IsKnown():
				count, _ := n.Data().(int64)
				if count < 0 || count > math.MaxInt32 {
					return unreadable(v, "the number of days is out of range")
				}
				return from(n, value.Int(count*unit.days))
			}
		}
		return from(v, value.None())
	})
}

// tags reads a map, or a list of objects with a key and a value, or with a TagKey and a TagValue.
func tags(v value.Value) value.Value {
	return known(v, func(v value.Value) value.Value {
		out := map[string]value.Value{}
		var more []value.Reason
		if v.IsOpen() {
			more = append(more, v.Reasons()...)
		}
		if elements, ok := v.AsList(); ok {
			for _, element := range elements {
				more = append(more, addTag(out, element)...)
			}
		} else if _, ok := v.AsObject(); ok {
			for _, key := range v.Keys() {
				if tag := toString(v.Field(key)); !tag.IsAbsent() {
					out[key] = tag
				}
			}
		} else {
			return unreadable(v, "the tags are neither a map nor a list")
		}
		made := from(v, value.Object(out))
		if len(more) > 0 {
			made = made.Open(distinct(more)...)
		}
		return made
	})
}

// addTag adds one object with a key and a value, and returns why there may be other tags.
func addTag(tags map[string]value.Value, element value.Value) []value.Reason {
	key, called := member(element, "key"), "value"
	if key.IsAbsent() { // as KMS calls it
		key, called = member(element, "tagkey"), "tagvalue"
	}
	switch {
	case element.IsAbsent():
		return nil
	case !key.IsKnown():
		return slices.Concat(key.Reasons(), reasonIf(key.IsAbsent(), "a tag has no key"))
	}
	name, ok := key.Spelled()
	if !ok {
		return reason("a tag's key is not a text")
	}
	if tag := toString(member(element, called)); tag.IsAbsent() {
		tags[name] = from(element, value.String(""))
	} else {
		tags[name] = tag
	}
	return nil
}

func reasonIf(is bool, why string) []value.Reason {
	if !is {
		return nil
	}
	return reason(why)
}
