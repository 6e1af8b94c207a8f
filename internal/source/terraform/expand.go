package terraform

import (
	"fmt"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

const (
	maxCopies = 10_000  // instances of one block
	maxBlocks = 200_000 // instances of all blocks of a target
)

// expansion is the instances that count or for_each ask for.
type expansion struct {
	shape  shape
	copies []oneCopy
	// more says why there may be further instances; nil if there are none. The last copy then stands for them.
	more cty.ValueMarks
}

type shape int

const (
	single shape = iota
	counted
	keyed
)

type oneCopy struct {
	suffix string // `[0]`, `["x"]`, "[*]" for those that are not known
	key    string // of a keyed one
	vars   map[string]cty.Value
	maybe  *reasonMark
}

// value returns what the block's name means in expressions, given the value of each copy.
func (x expansion) value(vals []cty.Value) cty.Value {
	if x.shape == single {
		return vals[0]
	}
	c := collection{more: x.more}
	if last := len(vals) - 1; last >= 0 && x.copies[last].suffix == "[*]" {
		c.rest, vals = vals[last], vals[:last]
		if maybe := x.copies[last].maybe; maybe != nil {
			c.more = cty.NewValueMarks(c.rest.Marks(), *maybe)
		} else {
			c.more = merge(c.rest.Marks(), x.more) // it exists, under a name that is not known
		}
	}
	if x.shape == counted {
		c.known = cty.TupleVal(vals)
		return c.value()
	}
	members := make(map[string]cty.Value, len(vals))
	for i, v := range vals {
		members[x.copies[i].key] = v
	}
	c.known = cty.ObjectVal(members)
	return c.value()
}

// expand evaluates count or for_each of a resource or a module call.
func (m *module) expand(d *decl) expansion {
	if attr, ok := d.body.Attributes["count"]; ok {
		return m.expandCount(d, m.scope.result(attr.Expr))
	}
	if attr, ok := d.body.Attributes["for_each"]; ok {
		return m.expandEach(d, m.scope.result(attr.Expr))
	}
	return expansion{copies: []oneCopy{{}}}
}

// doubt returns the reason why it is not known whether an instance exists.
func doubt(what string, v cty.Value) *reasonMark {
	why := sortMarks(marksOf(v)).why()
	return &reasonMark{why: what + " is not known: " + why[0].Why, grant: why[0].Grant, about: true, maybe: true}
}

func (m *module) expandCount(d *decl, v cty.Value) expansion {
	plain, err := argument(v, cty.Number)
	x := expansion{shape: counted}
	if err == nil && plain.IsKnown() && !plain.IsNull() {
		n, _ := plain.AsBigFloat().Int64()
		if n <= maxCopies {
			for i := range n {
				x.copies = append(x.copies, oneCopy{suffix: "[" + strconv.FormatInt(i, 10) + "]",
					vars: map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(i)})}})
			}
			return x
		}
		v = unknown(fmt.Sprintf("it is more than %d", maxCopies))
		m.estate.gap(m.in(d.key()), fmt.Sprintf("count is more than %d (%s)", maxCopies, at(d.rng)), "")
	} else if err != nil || plain.IsKnown() {
		v = unknown("it is not a number")
	}
	maybe := doubt("count of "+m.in(d.key()), v)
	x.more = flat(marksOf(v))
	x.copies = []oneCopy{{suffix: "[*]", maybe: maybe, vars: map[string]cty.Value{
		"count": cty.ObjectVal(map[string]cty.Value{"index": cty.UnknownVal(cty.Number).Mark(
			reasonMark{why: maybe.why, grant: maybe.grant, expr: "count.index"})})}}}
	return x
}

func each(key, v cty.Value) map[string]cty.Value {
	return map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": v})}
}

func (m *module) expandEach(d *decl, v cty.Value) expansion {
	c, ok := elements(v)
	if !ok {
		if plain, _ := v.Unmark(); plain.IsKnown() {
			v = unknown("it is not a map or a set")
		}
		return m.eachUnknown(d, expansion{shape: keyed}, v, cty.NilVal)
	}
	x := expansion{shape: keyed}
	if c.known.LengthInt() > maxCopies {
		m.estate.gap(m.in(d.key()), fmt.Sprintf("for_each has more than %d elements (%s)", maxCopies, at(d.rng)), "")
		return m.eachUnknown(d, x, unknown(fmt.Sprintf("it has more than %d elements", maxCopies)), cty.NilVal)
	}
	isMap := c.known.Type().IsMapType() || c.known.Type().IsObjectType()
	var strangers []cty.Value // elements of a set that are not known
	seen := map[string]bool{}
	for it := c.known.ElementIterator(); it.Next(); {
		key, element := it.Element()
		if !isMap {
			key = element
		}
		plain, err := argument(key, cty.String)
		if err != nil || plain.IsKnown() && plain.IsNull() {
			return m.eachUnknown(d, x, unknown("it holds something that is not a string"), cty.NilVal)
		}
		if !plain.IsKnown() {
			strangers = append(strangers, element)
			continue
		}
		name := plain.AsString()
		if seen[name] {
			continue
		}
		seen[name] = true
		x.copies = append(x.copies, oneCopy{suffix: "[" + quoted(name) + "]", key: name, vars: each(key, element)})
	}
	switch {
	case c.more != nil:
		rest := c.rest
		if len(strangers) > 0 {
			rest = cty.NilVal
		}
		return m.eachUnknown(d, x, v, rest)
	case len(strangers) == 1:
		// There is one instance, whatever its key is.
		x.copies = append(x.copies, oneCopy{suffix: "[*]", vars: each(strangers[0], strangers[0])})
		x.more = flat(marksOf(strangers[0]))
	case len(strangers) > 1:
		return m.eachUnknown(d, x, derived(cty.DynamicVal, strangers...), cty.NilVal)
	}
	return x
}

// eachUnknown adds the instance that stands for those of which nobody knows whether they exist.
func (m *module) eachUnknown(d *decl, x expansion, v, rest cty.Value) expansion {
	maybe := doubt("for_each of "+m.in(d.key()), v)
	key := derived(cty.UnknownVal(cty.String), v)
	if rest == cty.NilVal {
		rest = derived(cty.DynamicVal, v)
	}
	x.more = flat(marksOf(v))
	x.copies = append(x.copies, oneCopy{suffix: "[*]", maybe: maybe, vars: each(key, rest)})
	return x
}

// quoted returns an instance key as it is written in addresses.
func quoted(key string) string { return string(appendQuoted(nil, key)) }

func appendQuoted(out []byte, key string) []byte {
	out = append(out, '"')
	for _, r := range key {
		switch r {
		case '"', '\\':
			out = append(out, '\\', byte(r))
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, string(r)...)
		}
	}
	return append(out, '"')
}
