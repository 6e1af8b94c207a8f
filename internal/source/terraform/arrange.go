package terraform

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

func (c *call) keys() (cty.Value, error) {
	coll, out, err := c.only(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	if !isMapping(coll.known) {
		return cty.NilVal, c.fault("the argument is not a map")
	}
	var items []cty.Value
	for it := coll.known.ElementIterator(); it.Next(); {
		key, _ := it.Element()
		items = append(items, key)
	}
	coll.known, coll.rest = cty.TupleVal(items), cty.NilVal
	return coll.value(), nil
}

func (c *call) values() (cty.Value, error) {
	coll, out, err := c.only(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	if !isMapping(coll.known) {
		return cty.NilVal, c.fault("the argument is not a map")
	}
	coll.known = cty.TupleVal(listOf(coll.known))
	return coll.value(), nil
}

func (c *call) length() (cty.Value, error) {
	if len(c.args) != 1 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	plain, _ := c.args[0].Unmark()
	if plain.Type() == cty.String {
		length, err := stdlib.Strlen(plain)
		if err != nil {
			return cty.NilVal, c.fault("the argument has no length")
		}
		return derived(length, c.args...), nil
	}
	coll, out, err := c.only(0)
	if err != nil {
		return cty.NilVal, err
	}
	if out != cty.NilVal || coll.more != nil {
		return derived(cty.UnknownVal(cty.Number), c.args...), nil
	}
	return cty.NumberIntVal(int64(coll.known.LengthInt())).WithMarks(made(coll.marks)), nil
}

// number returns an argument that is a whole number; ok is false if it is not known.
func (c *call) number(i int) (n int, ok bool, err error) {
	v, err := argument(c.args[i], cty.Number)
	switch {
	case err != nil || v.IsKnown() && v.IsNull():
		return 0, false, c.fault("an argument is not a number")
	case !v.IsKnown():
		return 0, false, nil
	}
	whole, _ := v.AsBigFloat().Int64()
	return int(whole), true, nil
}

func (c *call) slice() (cty.Value, error) {
	if len(c.args) != 3 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	from, fromKnown, err := c.number(1)
	if err != nil {
		return cty.NilVal, err
	}
	to, toKnown, err := c.number(2)
	if err != nil {
		return cty.NilVal, err
	}
	if coll.more != nil || !fromKnown || !toKnown {
		return c.unresolved(), nil
	}
	items := listOf(coll.known)
	if from < 0 || to < from || to > len(items) {
		return cty.NilVal, c.fault("the bounds are not in the list")
	}
	coll.known = cty.TupleVal(items[from:to])
	return coll.value(), nil
}

func (c *call) chunkList() (cty.Value, error) {
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	size, known, err := c.number(1)
	if err != nil {
		return cty.NilVal, err
	}
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	switch {
	case !known || coll.more != nil:
		return c.unresolved(), nil
	case size < 0:
		return cty.NilVal, c.fault("the size is negative")
	}
	items := listOf(coll.known)
	if size == 0 {
		size = max(len(items), 1)
	}
	var chunks []cty.Value
	for chunk := range slices.Chunk(items, size) {
		chunks = append(chunks, cty.TupleVal(chunk))
	}
	coll.known = cty.TupleVal(chunks)
	return coll.value(), nil
}

func (c *call) zipMap() (cty.Value, error) {
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	keys, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	vals, out, err := c.sequence(1)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	if keys.more != nil || vals.more != nil {
		return c.unresolved(), nil
	}
	names, items := listOf(keys.known), listOf(vals.known)
	if len(names) != len(items) {
		return cty.NilVal, c.fault("the lists have different lengths")
	}
	result := collection{marks: merge(keys.marks, vals.marks)}
	members := map[string]cty.Value{}
	for i, name := range names {
		plain, err := argument(name, cty.String)
		switch {
		case err == nil && isString(plain):
			members[plain.AsString()] = items[i]
		case err == nil && !plain.IsKnown():
			result.more = merge(result.more, marksOf(name), marksOf(items[i]))
		default:
			return cty.NilVal, c.fault("a key is not a string")
		}
	}
	result.known = cty.ObjectVal(members)
	return result.value(), nil
}

// setProduct combines each element of each set with those of the others.
func (c *call) setProduct() (cty.Value, error) {
	const most = 100_000
	rows := [][]cty.Value{nil}
	for i := range c.args {
		coll, out, err := c.sequence(i)
		if err != nil || out != cty.NilVal {
			return out, err
		}
		items := listOf(coll.known)
		switch {
		case coll.more != nil:
			return c.unresolved(), nil
		case len(rows)*len(items) > most:
			return derived(cty.DynamicVal, append(c.args, unknown("setproduct() gives more than this reader takes"))...), nil
		}
		var next [][]cty.Value
		for _, row := range rows {
			for _, item := range items {
				next = append(next, append(row[:len(row):len(row)], item))
			}
		}
		rows = next
	}
	out := make([]cty.Value, len(rows))
	for i, row := range rows {
		out[i] = cty.TupleVal(row)
	}
	return cty.TupleVal(out), nil
}

// coalesceList returns the first list that is not empty.
func (c *call) coalesceList() (cty.Value, error) {
	for i, arg := range c.args {
		if isNull(arg) {
			continue
		}
		coll, out, err := c.sequence(i)
		switch {
		case err != nil:
			return cty.NilVal, err
		case out != cty.NilVal || coll.more != nil && coll.known.LengthInt() == 0:
			return c.unresolved(), nil
		case coll.known.LengthInt() > 0:
			return arg, nil
		}
	}
	return cty.NilVal, c.fault("all lists are empty")
}

// join keeps the text around elements that are not known.
func (c *call) join() (cty.Value, error) {
	if len(c.args) < 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	separator, err := argument(c.args[0], cty.String)
	if err != nil || separator.IsKnown() && separator.IsNull() {
		return cty.NilVal, c.fault("the separator is not a string")
	}
	var t text
	first := true
	for i := 1; i < len(c.args); i++ {
		coll, out, err := c.sequence(i)
		if err != nil {
			return cty.NilVal, err
		}
		if out != cty.NilVal || coll.more != nil || !separator.IsKnown() {
			return derived(cty.UnknownVal(cty.String), c.args...), nil
		}
		items := listOf(coll.known)
		if len(items) == 1 && len(c.args) == 2 && !c.args[1].IsMarked() && !items[0].IsKnown() {
			return items[0], nil // the reference that it is
		}
		t.mark(c.args[i])
		for _, item := range items {
			if !first {
				t.literal(separator.AsString())
			}
			first = false
			if err := t.add(item, "", c.expr.NameRange); err != nil {
				return cty.NilVal, c.fault("an element is not a string")
			}
			if t.out.Len() > maxText {
				return t.value(), nil
			}
		}
	}
	return t.value(), nil
}

// format keeps the text around arguments that are not known, where the format asks for nothing but strings.
func (c *call) format() (cty.Value, error) {
	if len(c.args) == 0 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	layout, err := argument(c.args[0], cty.String)
	if err != nil || layout.IsKnown() && layout.IsNull() {
		return cty.NilVal, c.fault("the format is not a string")
	}
	plain, _ := cty.TupleVal(c.args).UnmarkDeep()
	if plain.IsWhollyKnown() || !layout.IsKnown() {
		return c.builtin(stdlib.FormatFunc)
	}
	return c.formatted(layout.AsString(), c.args[1:])
}

func (c *call) formatted(layout string, args []cty.Value) (cty.Value, error) {
	parts := strings.Split(layout, "%s")
	if strings.Contains(strings.Join(parts, ""), "%") || len(parts)-1 != len(args) {
		return derived(cty.UnknownVal(cty.String), c.args...), nil
	}
	var t text
	for i, part := range parts {
		t.literal(part)
		if i == len(args) {
			break
		}
		if err := t.add(args[i], "", c.expr.NameRange); err != nil {
			return cty.NilVal, c.fault("an argument is not a string")
		}
	}
	return t.value(), nil
}

// formatList formats each element of lists; other arguments are the same for all.
func (c *call) formatList() (cty.Value, error) {
	plain, _ := cty.TupleVal(c.args).UnmarkDeep()
	if len(c.args) == 0 || plain.IsWhollyKnown() {
		return c.builtin(stdlib.FormatListFunc)
	}
	layout, err := argument(c.args[0], cty.String)
	if err != nil || !layout.IsKnown() || layout.IsNull() {
		return c.unresolved(), nil
	}
	result := collection{}
	length := -1
	lists := make([][]cty.Value, len(c.args)-1)
	for i, arg := range c.args[1:] {
		coll, ok := elements(arg)
		bare, _ := arg.Unmark()
		switch {
		case ok:
			lists[i] = listOf(coll.known)
			if coll.more != nil {
				result.more = merge(result.more, coll.more)
			}
			if length >= 0 && length != len(lists[i]) && result.more == nil {
				return cty.NilVal, c.fault("the lists have different lengths")
			}
			length = len(lists[i])
		case !bare.IsKnown() && !bare.Type().IsPrimitiveType() && !sortMarks(arg.Marks()).exact():
			return c.unresolved(), nil
		}
	}
	if length < 0 || result.more != nil && len(lists) > 1 {
		return c.unresolved(), nil
	}
	items := make([]cty.Value, length)
	for n := range items {
		row := make([]cty.Value, len(lists))
		for i, list := range lists {
			row[i] = c.args[i+1]
			if list != nil {
				row[i] = list[n]
			}
		}
		if items[n], err = c.formatted(layout.AsString(), row); err != nil {
			return cty.NilVal, err
		}
	}
	result.known = cty.TupleVal(items)
	return result.value(), nil
}
