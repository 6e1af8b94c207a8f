package decode

import (
	"slices"

	"ward.dev/ward/internal/value"
)

// answer is a judged fact. The zero answer is "not known".
type answer struct {
	definite bool
	holds    bool
	why      []value.Reason // why it is not known
	refs     []value.Ref    // what it hangs on
}

var (
	yes = answer{definite: true, holds: true}
	no  = answer{definite: true}
)

func is(holds bool) answer { return answer{definite: true, holds: holds} }

// unsure is the answer that hangs on something unknown.
func unsure(why []value.Reason, refs ...value.Ref) answer { return answer{why: why, refs: refs} }

func (a answer) yes() bool { return a.definite && a.holds }
func (a answer) no() bool  { return a.definite && !a.holds }

func not(a answer) answer {
	a.holds = a.definite && !a.holds
	return a
}

// all is yes when every answer is, no when one is no, and else not known.
func all(as ...answer) answer { return every(as, itself) }

// either is yes when one answer is, no when every one is no, and else not known.
func either(as ...answer) answer { return some(as, itself) }

func itself(a answer) answer { return a }

// every asks of each of xs: yes when all answers are, no when one is no, and else not known. Of nothing it is yes.
func every[T any](xs []T, ask func(T) answer) answer { return fold(xs, ask, false) }

// some asks of each of xs: yes when one answer is, no when all are no, and else not known. Of nothing it is no.
func some[T any](xs []T, ask func(T) answer) answer { return fold(xs, ask, true) }

// fold lets the first definite answer that equals decisive decide.
func fold[T any](xs []T, ask func(T) answer, decisive bool) answer {
	out := is(!decisive)
	for _, x := range xs {
		switch a := ask(x); {
		case a.definite && a.holds == decisive:
			return is(decisive)
		case !a.definite:
			out = answer{why: merge(out.why, a.why), refs: merge(out.refs, a.refs)}
		}
	}
	return out
}

// value makes the fact's value; raw is what it was judged from.
func (a answer) value(raw value.Value) value.Value {
	if a.definite {
		return from(raw, value.Bool(a.holds))
	}
	v := value.Unresolved(distinct(a.why)...)
	if len(a.refs) > 0 {
		v = v.Referring(false, a.refs...)
	}
	return from(raw, v)
}

// maxReasons bounds what one fact carries: more causes than this help nobody.
const maxReasons = 16

func distinct(reasons []value.Reason) []value.Reason { return merge(nil, reasons) }

// merge returns the first of a and b, each one once. It does not change a.
func merge[T comparable](a, b []T) []T {
	out := a[:len(a):len(a)]
	for _, x := range b {
		if len(out) >= maxReasons {
			break
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
