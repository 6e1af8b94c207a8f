package decode

import (
	"strings"

	"ward.dev/ward/internal/value"
)

// condition is one line of a Condition block. All lines must hold; of a line's values, one.
type condition struct {
	operator string // as written
	base     string // in lower case, without quantifier and IfExists
	quantity string // "foranyvalue", "forallvalues" or ""
	ifExists bool
	key      text // in lower case
	values   texts
}

type conditions struct {
	raw  value.Value
	list []condition
	more []value.Reason
	refs []value.Ref
}

func readConditions(v value.Value) conditions {
	c := conditions{raw: v}
	if v.IsAbsent() {
		return c
	}
	if _, ok := v.AsObject(); !ok {
		c.hide(v)
		return c
	}
	for _, operator := range v.Keys() {
		lines := v.Field(operator)
		if _, ok := lines.AsObject(); !ok {
			if !lines.IsAbsent() {
				c.hide(lines)
			}
			continue
		}
		for _, key := range lines.Keys() {
			c.list = append(c.list, readCondition(operator, key, lines, lines.Field(key)))
		}
		if lines.IsOpen() {
			c.hide(lines)
		}
	}
	if v.IsOpen() {
		c.hide(v)
	}
	return c
}

// hide notes that there may be conditions in v that are not known.
func (c *conditions) hide(v value.Value) {
	if v.IsUnknown() || v.IsOpen() {
		c.more = append(c.more, v.Reasons()...)
		c.refs = append(c.refs, v.Refs()...)
		return
	}
	c.more = append(c.more, reason("a Condition of the policy is not an object of operators and keys")...)
}

func readCondition(operator, key string, lines, values value.Value) condition {
	c := condition{operator: operator, base: strings.ToLower(operator), values: readTexts(values)}
	for _, q := range []string{"foranyvalue", "forallvalues"} {
		if rest, ok := strings.CutPrefix(c.base, q+":"); ok {
			c.quantity, c.base = q, rest
		}
	}
	c.base, c.ifExists = strings.CutSuffix(c.base, "ifexists")
	parts, ok := split(key, nil)
	switch {
	case parts == nil && ok:
		c.key = literal(strings.ToLower(key))
	case ok:
		c.key = text{raw: key, parts: parts, why: lines.Reasons()}
	default:
		c.key = text{raw: key, parts: []part{{hole: anything, expr: key}}, why: lines.Reasons()}
	}
	if !c.key.complete() && len(c.key.why) == 0 {
		c.key.why = reason("a condition's key has a placeholder in it")
	}
	return c
}

// on tells whether the condition is on one of the keys, which are in lower case.
func (c condition) on(keys ...string) answer {
	return some(keys, c.key.isFold)
}

// with tells whether the operator is one of the bases, with or without IfExists.
func (c condition) with(bases ...string) answer {
	for _, base := range bases {
		if c.base == base {
			return is(c.quantity == "")
		}
	}
	return no
}

// strictly tells whether the operator is one of the bases and requires that the key is there.
func (c condition) strictly(bases ...string) answer {
	return all(is(!c.ifExists), c.with(bases...))
}

// says tells whether every value equals one of the wanted ones, without regard to case.
func (c condition) says(wanted ...string) answer {
	return c.values.every(func(t text) answer {
		return some(wanted, t.isFold)
	})
}

// rest is the answer on the conditions that are not known: no if there are none.
func (c conditions) rest() answer {
	if len(c.more) == 0 {
		return no
	}
	return unsure(c.more, c.refs...)
}

// any tells whether one condition has the property.
func (c conditions) any(has func(condition) answer) answer {
	return either(some(c.list, has), c.rest())
}

// only tells whether there is a condition with the property and none that is neither such nor harmless.
func (c conditions) only(has, harmless func(condition) answer) answer {
	return all(c.any(has), every(c.list, func(one condition) answer {
		return either(has(one), harmless(one))
	}), not(c.rest()))
}

func (c conditions) given() answer {
	return c.any(func(condition) answer { return yes })
}

func (c conditions) value() value.Value {
	vs := make([]value.Value, len(c.list))
	for i, one := range c.list {
		vs[i] = from(c.raw, value.Object(map[string]value.Value{
			"operator": from(c.raw, value.String(one.operator)),
			"key":      one.key.value(c.raw),
			"values":   one.values.value(),
		}))
	}
	return listOf(c.raw, vs, c.more)
}
