package history

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// order puts the findings in the order of risk: status, PHI, severity, check, address. The first four make a number for each finding, and
// all findings are counted into their places.
func (b *builder) order() {
	b.sortSubjects()
	b.findings, b.of = make([]found, len(b.answers)), make([]uint32, len(b.answers))
	r := b.ranking()
	parts := min(runtime.GOMAXPROCS(0), 8)
	bounds := make([]int, parts+1) // of the resources that each part places
	for i := range bounds {
		bounds[i] = len(b.subjects) * i / parts
	}
	starts := make([][]uint32, parts)
	each := func(do func(part int)) {
		var all sync.WaitGroup
		for part := range parts {
			all.Go(func() { do(part) })
		}
		all.Wait()
	}
	each(func(part int) { starts[part] = r.count(bounds[part], bounds[part+1]) })
	next := uint32(0)
	for rank := range starts[0] {
		for part := range starts {
			next, starts[part][rank] = next+starts[part][rank], next
		}
	}
	firsts := make([]uint32, len(b.subjects)) // where the places of the findings of each resource begin
	next = 0
	for i := range b.subjects {
		firsts[i] = next
		next += b.subjects[i].findings
		b.texts += int64(len(b.subjects[i].address)) + 1
	}
	var special sync.Mutex
	each(func(part int) { r.place(bounds[part], bounds[part+1], starts[part], firsts, &special) })
	answers := b.answers
	b.answers = nil
	spare.Put(&answers)
}

// spare are lists of answers that are not needed any more; they are large.
var spare sync.Pool

// spareAnswers returns a list of n answers, which may hold anything.
func spareAnswers(n int) []found {
	if have, ok := spare.Get().(*[]found); ok && cap(*have) >= n && cap(*have) < 2*n+1024 {
		return (*have)[:n]
	}
	return make([]found, n, n+n/8)
}

// ranking tells the rank of findings: the number that the four make.
type ranking struct {
	*builder
	checks []uint32 // severity and check
	phi    []uint32 // by word
}

func (b *builder) ranking() *ranking {
	r := &ranking{b, make([]uint32, len(b.checks)), make([]uint32, len(b.words))}
	n := uint32(len(b.checks))
	for i := range b.checks {
		r.checks[i] = uint32(b.checks[i].severity)*n + uint32(i)
	}
	known := make([]bool, len(b.words))
	for i := range b.subjects {
		if word := b.subjects[i].phi; !known[word] {
			known[word] = true
			r.phi[word] = uint32(phiCode(b.words[word]))
		}
	}
	return r
}

func (r *ranking) of(s *seen, f *found) uint32 {
	return (uint32(f.status)*uint32(len(phis))+r.phi[s.phi])*uint32(len(severities)*len(r.checks)) + r.checks[f.check]
}

// count counts the findings of some resources by rank.
func (r *ranking) count(from, to int) []uint32 {
	counts := make([]uint32, int(codes)*len(phis)*len(severities)*len(r.checks))
	for i := from; i < to; i++ {
		s := &r.subjects[i]
		for at := s.first; at < s.first+s.findings; at++ {
			counts[r.of(s, &r.answers[at])]++
		}
	}
	return counts
}

// place puts the findings of some resources where they belong.
func (r *ranking) place(from, to int, starts, firsts []uint32, special *sync.Mutex) {
	for i := from; i < to; i++ {
		s := &r.subjects[i]
		next := firsts[i]
		for at := s.first; at < s.first+s.findings; at++ {
			f := r.answers[at]
			f.subject = uint32(i)
			rank := r.of(s, &f)
			place := starts[rank]
			starts[rank]++
			r.findings[place] = f
			r.image.of[next] = place
			next++
			if f.special {
				special.Lock()
				r.keep(at, place)
				special.Unlock()
			}
		}
		s.first = firsts[i]
		slices.Sort(r.image.of[s.first : s.first+s.findings])
	}
}

// keep takes over what only a few findings have.
func (b *builder) keep(at, place uint32) {
	if id, ok := b.long[at]; ok {
		b.image.long[place] = id
	}
	if id, ok := b.odd[at]; ok {
		b.image.odd[place] = id
	}
	if j, ok := b.judged[at]; ok {
		b.image.judged[place] = j
	}
}

// sortSubjects sorts the resources by address. It sorts numbers, since resources are large; those that are in order already it only merges
// with the others.
func (b *builder) sortSubjects() {
	by := func(i, j uint32) int {
		x, y := &b.subjects[i], &b.subjects[j]
		if c := strings.Compare(x.address, y.address); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(x.id, y.id), slices.Compare(x.name[:], y.name[:]))
	}
	order := make([]uint32, len(b.subjects))
	for i := range order {
		order[i] = uint32(i)
	}
	rest := order[b.sorted:]
	if len(rest) == 0 {
		return
	}
	slices.SortFunc(rest, by)
	before := order[:b.sorted]
	sorted := make([]seen, 0, len(order))
	for len(before) > 0 && len(rest) > 0 {
		list := &before
		if by(rest[0], before[0]) < 0 {
			list = &rest
		}
		sorted = append(sorted, b.subjects[(*list)[0]])
		*list = (*list)[1:]
	}
	for _, i := range append(before, rest...) {
		sorted = append(sorted, b.subjects[i])
	}
	b.subjects = sorted
}

// addresses returns the text that addresses are looked for in, and where each begins. It is made for the first who looks for one.
func (m *image) addresses() (lower string, starts []uint32) {
	m.lowering.Do(func() {
		n := 0
		for i := range m.subjects {
			n += len(m.subjects[i].address) + 1
		}
		var b strings.Builder
		b.Grow(n)
		m.starts = make([]uint32, 0, len(m.subjects))
		for i := range m.subjects {
			m.starts = append(m.starts, uint32(b.Len()))
			b.WriteString(strings.ToLower(m.subjects[i].address))
			b.WriteByte('\n')
		}
		m.lower = b.String()
	})
	return m.lower, m.starts
}
