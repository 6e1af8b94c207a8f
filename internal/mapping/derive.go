package mapping

import (
	"cmp"
	"slices"

	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/rbac"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// derived adds to the objects of Kubernetes what follows from several of them, as far as a kind wants it: the subjects of roles.
func (m *mapper) derived(reading source.Reading) source.Reading {
	d := reading.Dialect
	if d != resource.Kubernetes && d != resource.Cluster || !slices.ContainsFunc(m.kinds, func(k *kind.Kind) bool {
		return slices.Contains(k.Blocks(string(d)), rbac.SubjectType)
	}) {
		return reading
	}
	if !d.Live() {
		reading.Blocks = rbac.Derive(reading.Blocks, nil)
		return reading
	}
	partial := func(typ string) []value.Reason { return unread(reading, typ) }
	reading.Blocks = rbac.Derive(reading.Blocks, partial)
	var why []value.Reason
	for _, typ := range rbac.Types() {
		why = append(why, partial(typ)...)
		for _, gap := range reading.Gaps {
			if gap.Kind == typ {
				gap.Kind = rbac.SubjectType
				reading.Gaps = append(reading.Gaps[:len(reading.Gaps):len(reading.Gaps)], gap)
			}
		}
	}
	reading.Kinds = slices.Concat(reading.Kinds, []string{rbac.SubjectType})
	if len(why) > 0 {
		all := make(map[string][]value.Reason, len(reading.Partial)+1)
		for typ, reasons := range reading.Partial {
			all[typ] = reasons
		}
		all[rbac.SubjectType] = why
		reading.Partial = all
	}
	return reading
}

// unread is why there may be more of a type of blocks than a live target's reading has.
func unread(reading source.Reading, typ string) []value.Reason {
	switch why := reading.Partial[typ]; {
	case len(why) > 0:
		return why
	case reading.Unasked[typ].Why != "":
		return []value.Reason{reading.Unasked[typ]}
	case !slices.Contains(reading.Kinds, typ):
		return []value.Reason{{Why: typ + " was not read: " + cmp.Or(reading.Left, "no collector reads it")}}
	}
	return nil
}
