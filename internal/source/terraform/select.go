package terraform

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// coalesce returns the first argument that is neither null nor empty. What only the provider knows is there and not
// empty: a reference is taken.
func (c *call) coalesce() (cty.Value, error) {
	var doubtful []cty.Value
	for _, v := range c.args {
		plain, marks := v.Unmark()
		if plain.IsKnown() && (plain.IsNull() || isString(plain) && plain.AsString() == "") {
			continue
		}
		sure := plain.IsKnown()
		if !sure {
			s := sortMarks(marks)
			sure = s.text != "" || s.exact() && len(s.reasons) == 0
		}
		if len(doubtful) == 0 && sure {
			return v, nil
		}
		doubtful = append(doubtful, v)
		if sure {
			break
		}
	}
	switch len(doubtful) {
	case 0:
		return cty.NilVal, c.fault("all arguments are null or empty")
	case 1:
		return doubtful[0], nil
	}
	return derived(cty.DynamicVal, doubtful...), nil
}

// lookup returns a member of a map, or the default.
func (c *call) lookup() (cty.Value, error) {
	if len(c.args) < 2 || len(c.args) > 3 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	key, err := argument(c.args[1], cty.String)
	if err != nil {
		return cty.NilVal, c.fault("the key is not a string")
	}
	coll, ok := elements(c.args[0])
	switch {
	case ok && !isMapping(coll.known) || !ok && c.args[0].IsKnown() || key.IsKnown() && !isString(key):
		return cty.NilVal, c.fault("an argument has the wrong type")
	case !ok || !isString(key):
		return c.unresolved(), nil
	default:
		if v, ok := memberOf(coll.known, key.AsString()); ok {
			return v, nil
		}
	}
	switch {
	case coll.more != nil && coll.rest != cty.NilVal && len(c.args) == 2:
		return coll.rest, nil
	case coll.more != nil:
		return c.unresolved(), nil
	case len(c.args) == 3:
		return c.args[2], nil
	}
	return cty.NilVal, c.fault("the key is not in the map")
}

// element returns an element of a list, counting around its end.
func (c *call) element() (cty.Value, error) {
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	index, err := argument(c.args[1], cty.Number)
	if err != nil || index.IsKnown() && index.IsNull() {
		return cty.NilVal, c.fault("the index is not a number")
	}
	items := listOf(coll.known)
	switch {
	case !index.IsKnown():
		return anyOf(coll, c.args[0], c.args[1]), nil
	case coll.more != nil && len(items) == 0 && coll.rest != cty.NilVal:
		return coll.rest, nil
	case coll.more != nil:
		return c.unresolved(), nil
	case len(items) == 0:
		return cty.NilVal, c.fault("the list is empty")
	}
	n, _ := index.AsBigFloat().Int64()
	n %= int64(len(items))
	if n < 0 {
		n += int64(len(items))
	}
	return items[n], nil
}

// one returns the only element of a list, null if it is empty.
func (c *call) one() (cty.Value, error) {
	coll, out, err := c.sequence(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	items := listOf(coll.known)
	switch {
	case coll.more != nil && len(items) == 0 && coll.rest != cty.NilVal:
		return coll.rest, nil
	case coll.more != nil:
		return c.unresolved(), nil
	case len(items) == 0:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case len(items) == 1:
		return items[0], nil
	}
	return cty.NilVal, c.fault("the list has more than one element")
}

// contains tells whether a list holds a value: one known element that is it is enough.
func (c *call) contains() (cty.Value, error) {
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	coll, out, err := c.sequence(0)
	if err != nil {
		return cty.NilVal, err
	}
	if out != cty.NilVal {
		return derived(cty.UnknownVal(cty.Bool), c.args...), nil
	}
	want, _ := c.args[1].UnmarkDeep()
	sure := coll.more == nil
	for _, item := range listOf(coll.known) {
		plain, _ := item.UnmarkDeep()
		if want.Type().IsPrimitiveType() && plain.Type().IsPrimitiveType() && !plain.Type().Equals(want.Type()) {
			if converted, err := convert.Convert(plain, want.Type()); err == nil {
				plain = converted
			}
		}
		same, err := stdlib.Equal(plain, want)
		switch {
		case err != nil:
		case !same.IsKnown():
			sure = false
		case same.True():
			return derived(cty.True, c.args...), nil
		}
	}
	if !sure {
		return derived(cty.UnknownVal(cty.Bool), c.args...), nil
	}
	return derived(cty.False, c.args...), nil
}

func (c *call) allTrue() (cty.Value, error) { return c.fold(false) }
func (c *call) anyTrue() (cty.Value, error) { return c.fold(true) }

// fold returns decisive if a known element is that, its contrary if all are known.
func (c *call) fold(decisive bool) (cty.Value, error) {
	coll, out, err := c.sequence(0)
	if err != nil {
		return cty.NilVal, err
	}
	if out != cty.NilVal {
		return derived(cty.UnknownVal(cty.Bool), c.args...), nil
	}
	sure := coll.more == nil
	for _, item := range listOf(coll.known) {
		plain, err := argument(item, cty.Bool)
		switch {
		case err != nil:
			return cty.NilVal, c.fault("an element is not a bool")
		case !plain.IsKnown():
			sure = false
		case plain.IsNull():
			if !decisive {
				return derived(cty.False, c.args...), nil
			}
		case plain.True() == decisive:
			return derived(cty.BoolVal(decisive), c.args...), nil
		}
	}
	if !sure {
		return derived(cty.UnknownVal(cty.Bool), c.args...), nil
	}
	return derived(cty.BoolVal(!decisive), c.args...), nil
}

func (c *call) sum() (cty.Value, error) {
	coll, out, err := c.sequence(0)
	if err != nil {
		return cty.NilVal, err
	}
	if out != cty.NilVal || coll.more != nil {
		return derived(cty.UnknownVal(cty.Number), c.args...), nil
	}
	total := cty.Zero
	for _, item := range listOf(coll.known) {
		plain, err := argument(item, cty.Number)
		if err != nil || plain.IsKnown() && plain.IsNull() {
			return cty.NilVal, c.fault("an element is not a number")
		}
		total = total.Add(plain)
	}
	return derived(total, c.args...), nil
}

// indexOf returns the position of a value in a list.
func (c *call) indexOf() (cty.Value, error) {
	if len(c.args) != 2 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	coll, out, err := c.sequence(0)
	if err != nil {
		return cty.NilVal, err
	}
	want, _ := c.args[1].UnmarkDeep()
	if out != cty.NilVal || coll.more != nil || !want.IsKnown() {
		return derived(cty.UnknownVal(cty.Number), c.args...), nil
	}
	for i, item := range listOf(coll.known) {
		plain, _ := item.UnmarkDeep()
		same, err := stdlib.Equal(plain, want)
		if err != nil {
			continue
		}
		if !same.IsKnown() {
			return derived(cty.UnknownVal(cty.Number), c.args...), nil
		}
		if same.True() {
			return derived(cty.NumberIntVal(int64(i)), c.args...), nil
		}
	}
	return cty.NilVal, c.fault("the value is not in the list")
}

// matchKeys returns the values whose keys are in a list.
func (c *call) matchKeys() (cty.Value, error) {
	if len(c.args) != 3 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	var lists [3][]cty.Value
	for i := range lists {
		coll, out, err := c.sequence(i)
		if err != nil || out != cty.NilVal {
			return out, err
		}
		if coll.more != nil {
			return c.unresolved(), nil
		}
		lists[i] = listOf(coll.known)
	}
	if len(lists[0]) != len(lists[1]) {
		return cty.NilVal, c.fault("the lists have different lengths")
	}
	var items []cty.Value
	for i, key := range lists[1] {
		bareKey, _ := key.UnmarkDeep()
		for _, want := range lists[2] {
			bareWant, _ := want.UnmarkDeep()
			same, err := stdlib.Equal(bareKey, bareWant)
			if err != nil {
				continue
			}
			if !same.IsKnown() {
				return c.unresolved(), nil
			}
			if same.True() {
				items = append(items, lists[0][i])
				break
			}
		}
	}
	return cty.TupleVal(items), nil
}

// transpose turns {a = [x, y]} into {x = [a], y = [a]}.
func (c *call) transpose() (cty.Value, error) {
	coll, out, err := c.only(0)
	if err != nil || out != cty.NilVal {
		return out, err
	}
	plain, _ := coll.known.UnmarkDeep()
	switch {
	case !isMapping(plain):
		return cty.NilVal, c.fault("the argument is not a map")
	case coll.more != nil || !plain.IsWhollyKnown():
		return c.unresolved(), nil
	}
	lists := map[string][]cty.Value{}
	for it := plain.ElementIterator(); it.Next(); {
		key, list := it.Element()
		if list.IsNull() || !list.CanIterateElements() {
			return cty.NilVal, c.fault("a member is not a list")
		}
		for _, item := range listOf(list) {
			name, err := convert.Convert(item, cty.String)
			if err != nil || name.IsNull() {
				return cty.NilVal, c.fault("an element is not a string")
			}
			lists[name.AsString()] = append(lists[name.AsString()], key)
		}
	}
	return derived(objectOfLists(lists), c.args...), nil
}

func (c *call) jsonEncode() (cty.Value, error) {
	if len(c.args) != 1 {
		return cty.NilVal, c.fault("wrong number of arguments")
	}
	return encode(c.args[0])
}

func sortedStrings(items []cty.Value) []cty.Value {
	out := slices.Clone(items)
	slices.SortStableFunc(out, func(a, b cty.Value) int {
		a, _ = argument(a, cty.String)
		b, _ = argument(b, cty.String)
		return compareStrings(a, b)
	})
	return out
}
