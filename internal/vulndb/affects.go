package vulndb

import (
	"errors"
	"slices"
)

// answer is whether a version is affected: three-valued, and the zero value is that it is not known.
type answer int

const (
	unclear answer = iota
	no
	yes
)

// eventKind is what happens at a version.
type eventKind byte

const (
	introduced eventKind = iota
	fixed
	lastAffected
	limit
)

// event is one of a range's.
type event struct {
	kind eventKind
	at   string
}

// span is a range of versions.
type span struct {
	semver bool // ordered by SemVer, whatever the ecosystem
	events []event
}

// target is a version as one package has it.
type target struct {
	text   string // as written, for lists
	scheme *scheme
	read   map[bool]reading // by whether it is SemVer that is asked for
}

type reading struct {
	v   version
	err error
}

func newTarget(text string, s *scheme) *target {
	return &target{text: text, scheme: s, read: map[bool]reading{}}
}

// version reads the version once for each order.
func (t *target) version(asSemVer bool) (version, error) {
	s := t.scheme
	if asSemVer && s != golang {
		s = semantic2
	}
	r, ok := t.read[asSemVer]
	if !ok {
		r.v, r.err = s.read(t.text)
		r.v.seen = map[string]int{}
		t.read[asSemVer] = r
	}
	return r.v, r.err
}

// affects tells whether a version is affected, as the OSV schema says under "Evaluation": by any list or range. If none says so and
// some cannot be judged, it is not known, and the error says why.
func (e *entry) affects(t *target) (answer, error) {
	if t.text == "" {
		return unclear, errors.New("no version is known")
	}
	in, why := e.lists(t)
	if in {
		return yes, nil
	}
	for _, s := range e.spans {
		in, err := s.holds(t)
		if in {
			return yes, nil
		}
		if err != nil && why == nil {
			why = err
		}
	}
	switch {
	case why != nil:
		return unclear, why
	case len(e.spans) > 0 || e.listed:
		return no, nil
	}
	return unclear, errors.New("it names no versions, or only commits")
}

// lists tells whether a version is among those listed, in whatever spelling.
func (e *entry) lists(t *target) (bool, error) {
	if len(e.versions) == 0 {
		return false, nil
	}
	if slices.Contains(e.versions, t.text) {
		return true, nil
	}
	if t.scheme == nil {
		return false, nil
	}
	v, err := t.version(false)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(e.versions, func(one string) bool {
		c, err := v.compare(one)
		return err == nil && c == 0
	}), nil
}

// holds tells whether a version lies in the range. An error is that it cannot be told.
func (s *span) holds(t *target) (bool, error) {
	v, err := t.version(s.semver)
	if err != nil {
		return false, err
	}
	if before, err := s.beforeLimits(v); err != nil || !before {
		return false, err
	}
	if len(s.events) > 2 || len(s.events) == 2 && s.events[0] != (event{introduced, "0"}) {
		return s.holdsSorted(v)
	}
	in := false
	for _, e := range s.events { // the usual two, or the only one, which are in order
		if in, err = e.apply(in, v); err != nil {
			return false, err
		}
	}
	return in, nil
}

// apply tells what is so after the event, for a version of which is known what was so before it.
func (e event) apply(in bool, v version) (bool, error) {
	if e.kind == limit {
		return in, nil
	}
	c, err := 1, error(nil) // "0" is before every version
	if e.at != "0" || e.kind != introduced {
		c, err = v.compare(e.at)
	}
	switch {
	case err != nil:
		return false, err
	case e.kind == introduced && c >= 0:
		return true, nil
	case e.kind == fixed && c >= 0, e.kind == lastAffected && c > 0:
		return false, nil
	}
	return in, nil
}

// beforeLimits tells whether a version is before any of the limits, if there are some.
func (s *span) beforeLimits(v version) (bool, error) {
	limited := false
	for _, e := range s.events {
		if e.kind != limit {
			continue
		}
		limited = true
		if e.at == "*" {
			return true, nil
		}
		if c, err := v.compare(e.at); err != nil || c < 0 {
			return c < 0, err
		}
	}
	return !limited, nil
}

// holdsSorted applies the events in the order of their versions. Events at one version stay in the order in which they are written.
func (s *span) holdsSorted(v version) (bool, error) {
	type placed struct {
		event
		v version
	}
	var events []placed
	for _, e := range s.events {
		if e.kind == limit {
			continue
		}
		p := placed{event: e}
		if e.at != "0" {
			var err error
			if p.v, err = v.of.read(e.at); err != nil {
				return false, err
			}
		}
		events = append(events, p)
	}
	var failed error
	slices.SortStableFunc(events, func(a, b placed) int {
		switch {
		case a.at == b.at:
			return 0
		case a.at == "0":
			return -1
		case b.at == "0":
			return 1
		}
		c, err := a.v.compare(b.at)
		failed = errors.Join(failed, err)
		return c
	})
	in := false
	for _, e := range events {
		var err error
		if in, err = e.apply(in, v); err != nil {
			return false, err
		}
	}
	return in, failed
}
