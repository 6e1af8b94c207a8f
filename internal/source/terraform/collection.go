package terraform

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// collectionFunctions are the functions over values and collections that keep what is known of open collections and
// the marks of single elements.
func collectionFunctions() map[string]func(*call) (cty.Value, error) {
	return map[string]func(*call) (cty.Value, error){
		"alltrue":      (*call).allTrue,
		"anytrue":      (*call).anyTrue,
		"chunklist":    (*call).chunkList,
		"coalesce":     (*call).coalesce,
		"coalescelist": (*call).coalesceList,
		"compact":      (*call).compact,
		"concat":       (*call).concat,
		"contains":     (*call).contains,
		"distinct":     (*call).distinct,
		"element":      (*call).element,
		"flatten":      (*call).flatten,
		"format":       (*call).format,
		"formatlist":   (*call).formatList,
		"index":        (*call).indexOf,
		"join":         (*call).join,
		"jsonencode":   (*call).jsonEncode,
		"keys":         (*call).keys,
		"length":       (*call).length,
		"list":         (*call).tuple,
		"lookup":       (*call).lookup,
		"map":          (*call).pairs,
		"matchkeys":    (*call).matchKeys,
		"merge":        (*call).merge,
		"nonsensitive": (*call).same,
		"one":          (*call).one,
		"reverse":      (*call).reverse,
		"sensitive":    (*call).sensitive,
		"setproduct":   (*call).setProduct,
		"setunion":     (*call).setUnion,
		"slice":        (*call).slice,
		"sort":         (*call).sort,
		"sum":          (*call).sum,
		"tolist":       (*call).toList,
		"tomap":        (*call).toMap,
		"toset":        (*call).toSet,
		"transpose":    (*call).transpose,
		"values":       (*call).values,
		"zipmap":       (*call).zipMap,
	}
}

// only returns the collection in an argument. ok is false, with a result or an error, if it is none.
func (c *call) only(i int) (coll collection, out cty.Value, err error) {
	if i >= len(c.args) {
		return coll, cty.NilVal, c.fault("wrong number of arguments")
	}
	coll, ok := elements(c.args[i])
	if ok {
		return coll, cty.NilVal, nil
	}
	if plain, _ := c.args[i].Unmark(); plain.IsKnown() {
		return coll, cty.NilVal, c.fault("an argument is not a collection")
	}
	return coll, c.unresolved(), nil
}

// sequence returns the list or set in an argument.
func (c *call) sequence(i int) (coll collection, out cty.Value, err error) {
	coll, out, err = c.only(i)
	if err == nil && out == cty.NilVal && isMapping(coll.known) {
		return coll, cty.NilVal, c.fault("an argument is not a list")
	}
	return coll, out, err
}

// list applies f to the elements of a list; the result is open where the list is.
func (c *call) list(f func([]cty.Value) ([]cty.Value, error)) (cty.Value, error) {
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	items, err := f(listOf(coll.known))
	if err != nil {
		return cty.NilVal, err
	}
	coll.known = cty.TupleVal(items)
	return coll.value(), nil
}

func (c *call) same() (cty.Value, error) { return c.args[0], nil }

func (c *call) sensitive() (cty.Value, error) {
	return hidden(c.args[0], reasonMark{why: "the value is sensitive (" + at(c.expr.NameRange) + ")"}), nil
}

func (c *call) tuple() (cty.Value, error) { return cty.TupleVal(c.args), nil }

func (c *call) pairs() (cty.Value, error) {
	members := map[string]cty.Value{}
	for i := 0; i+1 < len(c.args); i += 2 {
		key, _ := c.args[i].Unmark()
		if !isString(key) {
			return c.unresolved(), nil
		}
		members[key.AsString()] = c.args[i+1]
	}
	return cty.ObjectVal(members), nil
}

// concat keeps the known elements of lists of which some are not known.
func (c *call) concat() (cty.Value, error) {
	var out collection
	var items []cty.Value
	for _, arg := range c.args {
		coll, ok := elements(arg)
		if plain, _ := arg.Unmark(); !ok && plain.IsKnown() || ok && isMapping(coll.known) {
			return cty.NilVal, c.fault("an argument is not a list")
		}
		if !ok {
			out.more = merge(out.more, flat(marksOf(arg)))
			continue
		}
		items = append(items, listOf(coll.known)...)
		out.marks = merge(out.marks, coll.marks)
		if coll.more != nil {
			out.more = merge(out.more, coll.more)
			out.rest = coll.rest
		}
	}
	if len(items) > maxSize {
		return unknown("a list is longer than this reader takes"), nil
	}
	if len(c.args) > 1 {
		out.rest = cty.NilVal
	}
	out.known = cty.TupleVal(items)
	return out.value(), nil
}

// merge keeps the members that no unknown argument after them can replace.
func (c *call) merge() (cty.Value, error) {
	var out collection
	members := map[string]cty.Value{}
	for _, arg := range c.args {
		if isNull(arg) {
			continue
		}
		coll, ok := elements(arg)
		plain, _ := arg.Unmark()
		if !ok && plain.IsKnown() || ok && !isMapping(coll.known) && coll.known.LengthInt() > 0 {
			return cty.NilVal, c.fault("an argument is not a map")
		}
		if !ok || coll.more != nil {
			more := coll.more
			if !ok {
				more = flat(marksOf(arg))
			}
			out.more = merge(out.more, more)
			for name, v := range members {
				members[name] = derived(cty.DynamicVal, v, cty.DynamicVal.WithMarks(more))
			}
		}
		out.marks = merge(out.marks, coll.marks)
		if ok && isMapping(coll.known) {
			for it := coll.known.ElementIterator(); it.Next(); {
				key, v := it.Element()
				members[key.AsString()] = v
			}
		}
	}
	out.known = cty.ObjectVal(members)
	return out.value(), nil
}

func isMapping(v cty.Value) bool { return v.Type().IsObjectType() || v.Type().IsMapType() }

func (c *call) flatten() (cty.Value, error) {
	var out collection
	var items []cty.Value
	var walk func(cty.Value)
	walk = func(v cty.Value) {
		plain, _ := v.Unmark()
		coll, ok := elements(v)
		switch {
		case len(items) > maxSize:
		case ok && !isMapping(coll.known):
			for _, item := range listOf(coll.known) {
				walk(item)
			}
			if coll.more != nil {
				out.more = merge(out.more, coll.more)
			}
		case !ok && !plain.IsKnown() && !plain.Type().IsPrimitiveType() && !sortMarks(v.Marks()).exact():
			// It may be a list of any length.
			out.more = merge(out.more, flat(marksOf(v)))
		default:
			items = append(items, v)
		}
	}
	coll, unresolved, err := c.sequence(0)
	if err != nil || unresolved != cty.NilVal {
		return unresolved, err
	}
	walk(c.args[0])
	if len(items) > maxSize {
		return unknown("a list is longer than this reader takes"), nil
	}
	out.marks = coll.marks
	out.known = cty.TupleVal(items)
	return out.value(), nil
}

func (c *call) toList() (cty.Value, error) {
	if isNull(c.args[0]) {
		return c.args[0], nil
	}
	return c.list(func(items []cty.Value) ([]cty.Value, error) { return alike(items), nil })
}

func (c *call) toSet() (cty.Value, error) {
	if isNull(c.args[0]) {
		return c.args[0], nil
	}
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	coll.known = setOf(alike(listOf(coll.known)))
	return coll.value(), nil
}

// setOf makes a set. A cty set cannot hold elements that have marks, and is unknown if an element is: such a set is
// kept as a list.
func setOf(items []cty.Value) cty.Value {
	all := cty.TupleVal(items)
	if !all.IsWhollyKnown() || all.ContainsMarked() || hasCapsule(all) {
		return cty.TupleVal(dedupe(items))
	}
	set, err := convert.Convert(all, cty.Set(cty.DynamicPseudoType))
	if err != nil || len(items) == 0 {
		return cty.TupleVal(dedupe(items))
	}
	return set
}

func hasCapsule(v cty.Value) bool {
	for _, inner := range cty.DeepValues(v) {
		plain, _ := inner.Unmark()
		if isCapsule(plain) {
			return true
		}
	}
	return false
}

// alike makes scalars strings if there is a string among them: the elements of a list or set have one type.
func alike(items []cty.Value) []cty.Value {
	mixed := false
	for _, item := range items {
		mixed = mixed || item.Type() == cty.String
	}
	if !mixed {
		return items
	}
	out := make([]cty.Value, len(items))
	for i, item := range items {
		out[i] = item
		if item.Type().IsPrimitiveType() {
			if converted, err := convert.Convert(item, cty.String); err == nil {
				out[i] = converted
			}
		}
	}
	return out
}

func (c *call) toMap() (cty.Value, error) {
	if isNull(c.args[0]) {
		return c.args[0], nil
	}
	coll, out, err := c.only(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	if !isMapping(coll.known) {
		return cty.NilVal, c.fault("the argument is not a map")
	}
	return c.args[0], nil
}

func (c *call) setUnion() (cty.Value, error) {
	joined, err := c.concat()
	if err != nil {
		return cty.NilVal, err
	}
	c.args = []cty.Value{joined}
	return c.toSet()
}

func (c *call) distinct() (cty.Value, error) {
	return c.list(func(items []cty.Value) ([]cty.Value, error) {
		var out []cty.Value
		for _, item := range items {
			plain, _ := item.UnmarkDeep()
			twice := false
			for _, other := range out {
				bare, _ := other.UnmarkDeep()
				twice = twice || plain.IsWhollyKnown() && bare.RawEquals(plain)
			}
			if !twice {
				out = append(out, item)
			}
		}
		return out, nil
	})
}

func (c *call) compact() (cty.Value, error) {
	return c.list(func(items []cty.Value) ([]cty.Value, error) {
		var out []cty.Value
		for _, item := range items {
			plain, _ := item.Unmark()
			if plain.IsKnown() && (plain.IsNull() || isString(plain) && plain.AsString() == "") {
				continue
			}
			out = append(out, item)
		}
		return out, nil
	})
}

func (c *call) reverse() (cty.Value, error) {
	return c.list(func(items []cty.Value) ([]cty.Value, error) {
		out := make([]cty.Value, len(items))
		for i, item := range items {
			out[len(items)-1-i] = item
		}
		return out, nil
	})
}

// sort sorts where all elements are known; the order of others is nothing that anything here depends on.
func (c *call) sort() (cty.Value, error) {
	return c.list(func(items []cty.Value) ([]cty.Value, error) {
		plain, _ := cty.TupleVal(items).UnmarkDeep()
		if !plain.IsWhollyKnown() {
			return items, nil
		}
		list, err := convert.Convert(plain, cty.List(cty.String))
		if err != nil || list.LengthInt() == 0 {
			return items, nil
		}
		if len(marksOf(cty.TupleVal(items))) == 0 {
			sorted, err := stdlib.Sort(list)
			if err != nil {
				return nil, c.fault("an element is not a string")
			}
			return listOf(sorted), nil
		}
		return sortedStrings(items), nil
	})
}
