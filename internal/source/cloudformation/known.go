package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/value"
)

// same tells whether two values are certainly equal.
func same(a, b value.Value) bool {
	if a.State() != b.State() || a.IsOpen() || b.IsOpen() {
		return false
	}
	switch a.State() {
	case value.Absent:
		return true
	case value.Unknown:
		ra, exactA := a.ExactRef()
		rb, exactB := b.ExactRef()
		return exactA && exactB && ra == rb
	}
	if x, ok := a.AsList(); ok {
		y, ok := b.AsList()
		return ok && slices.EqualFunc(x, y, same)
	}
	if x, ok := a.AsObject(); ok {
		y, ok := b.AsObject()
		return ok && maps.EqualFunc(x, y, same)
	}
	x, okX := a.Spelled()
	y, okY := b.Spelled()
	return okX && okY && x == y
}

// isWhole tells whether a value is known to its last leaf.
func isWhole(v value.Value) bool {
	if !v.IsKnown() || v.IsOpen() {
		return false
	}
	if vs, ok := v.AsList(); ok {
		return !slices.ContainsFunc(vs, func(e value.Value) bool { return !isWhole(e) })
	}
	if m, ok := v.AsObject(); ok {
		for _, e := range m {
			if !isWhole(e) {
				return false
			}
		}
	}
	return true
}

// derived is an unknown made from others: it keeps their reasons and references. why is said if they give none.
func derived(why string, from ...value.Value) value.Value {
	var reasons []value.Reason
	var refs []value.Ref
	for _, v := range from {
		reasons = merge(reasons, reasonsOf(v)...)
		refs = mergeRefs(refs, refsOf(v)...)
	}
	if len(reasons) == 0 {
		reasons = []value.Reason{{Why: why}}
	}
	v := value.Unresolved(reasons...)
	if len(refs) > 0 {
		v = v.Referring(false, refs...)
	}
	return v
}

// maxReasons and maxRefs keep what a value carries small. Cut references become one to any block.
const (
	maxReasons  = 8
	maxRefs     = 256
	maxElements = 100_000
)

func merge(reasons []value.Reason, more ...value.Reason) []value.Reason {
	for _, r := range more {
		if len(reasons) < maxReasons && !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	return reasons
}

func mergeRefs(refs []value.Ref, more ...value.Ref) []value.Ref {
	for _, r := range more {
		if slices.Contains(refs, r) {
			continue
		}
		if len(refs) >= maxRefs {
			if r = (value.Ref{}); slices.Contains(refs, r) {
				break
			}
		}
		refs = append(refs, r)
	}
	return refs
}

// reasonsOf and refsOf gather from a whole tree.
func reasonsOf(v value.Value) []value.Reason {
	var found []value.Reason
	visit(v, func(v value.Value) {
		if v.IsUnknown() || v.IsOpen() {
			found = merge(found, v.Reasons()...)
		}
	})
	return found
}

func refsOf(v value.Value) []value.Ref {
	var found []value.Ref
	visit(v, func(v value.Value) { found = mergeRefs(found, v.Refs()...) })
	return found
}

func visit(v value.Value, see func(value.Value)) {
	see(v)
	if vs, ok := v.AsList(); ok {
		for _, e := range vs {
			visit(e, see)
		}
	}
	if m, ok := v.AsObject(); ok {
		for _, key := range v.Keys() {
			visit(m[key], see)
		}
	}
}

// why makes a reason; names in it are clipped.
func why(format string, args ...any) value.Reason {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = clip(text)
		}
	}
	return value.Reason{Why: fmt.Sprintf(format, args...)}
}

// granted makes a reason with what would make the value known.
func granted(grant, format string, args ...any) value.Reason {
	r := why(format, args...)
	r.Grant = grant
	return r
}

func unknownName(name string) *value.Reason {
	r := why("the name %q is not known", name)
	return &r
}

// clip keeps names in messages short: a template may hold names of any length.
func clip(name string) string {
	const most = 300
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
}
