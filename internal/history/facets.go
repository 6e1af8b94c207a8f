package history

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxFacets bounds the values of one facet. Those that are chosen are always there.
const maxFacets = 200

// days are the bounds of the facets of age.
var days = []time.Duration{0, 1, 7, 30, 90, 365}

const day = 24 * time.Hour

// memory keeps answers of one image that take time, for those who ask the same again, as pages that are open do. Who asks what another is
// already asking waits for that answer.
type memory struct {
	mutex   sync.Mutex
	answers map[string]*promise
}

type promise struct {
	once   sync.Once
	answer any
	err    error
}

// maxAnswers bounds a memory.
const maxAnswers = 64

func (m *memory) promise(question string) *promise {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	have := m.answers[question]
	if have == nil {
		if m.answers == nil || len(m.answers) >= maxAnswers {
			m.answers = map[string]*promise{}
		}
		have = &promise{}
		m.answers[question] = have
	}
	return have
}

func (m *memory) forget(question string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.answers, question)
}

// remembered returns what was answered before, or asks. What it returns MUST NOT be changed.
func remembered[T any](m *image, question string, f Filter, ask func() T) T {
	answer, _ := remember(m, question, f, func() (T, error) { return ask(), nil })
	return answer
}

// remember is remembered for what may err, which is then asked again.
func remember[T any](m *image, question string, f Filter, ask func() (T, error)) (T, error) {
	key, _ := json.Marshal(f) // which has nothing that could not be written
	question = fmt.Sprintf("%s %d %s", question, m.owned().version, key)
	p := m.memory.promise(question)
	p.once.Do(func() {
		p.err = errAsking // if it panics
		p.answer, p.err = ask()
	})
	if p.err != nil {
		m.memory.forget(question)
		var none T
		return none, p.err
	}
	return p.answer.(T), nil
}

var errAsking = errors.New("the question could not be answered; ask again")

// Facets counts the findings that a filter chooses by all that they can be chosen by.
func (h *History) Facets(ctx context.Context, estate string, run int64, f Filter) (*Facets, error) {
	m, err := h.filtered(ctx, estate, run, f)
	if err != nil {
		return nil, err
	}
	return remembered(m, "facets", f, func() *Facets { return m.choose(f).facets() }), nil
}

// facetCounter counts findings by what they have. Those that the filter refuses for one thing alone are counted for that alone.
type facetCounter struct {
	counts   Counts
	statuses [codes]int32
	subjects []int32
	checks   []int32
	owners   []int32
	ages     []int32 // by run
	// Of what is refused for one thing, by the bit of it.
	refusedSubjects, refusedChecks map[uint16][]int32
}

func (c *choice) newFacetCounter() *facetCounter {
	n := &facetCounter{subjects: make([]int32, len(c.subjects)), checks: make([]int32, len(c.checks)), owners: make([]int32, len(c.owner)),
		ages: make([]int32, len(c.age)), refusedSubjects: map[uint16][]int32{}, refusedChecks: map[uint16][]int32{}}
	for _, bit := range []uint16{byPHI, byAccount, byTarget, byKind, byRegion} {
		n.refusedSubjects[bit] = make([]int32, len(c.subjects))
	}
	for _, bit := range []uint16{bySeverity, bySafeguard, byCheck} {
		n.refusedChecks[bit] = make([]int32, len(c.checks))
	}
	return n
}

// counting has room for as many as may count at a time: it takes memory, and all processors count for one already.
var counting = make(chan struct{}, 4)

// countFacets has all processors count.
func (c *choice) countFacets() *facetCounter {
	counting <- struct{}{}
	defer func() { <-counting }()
	var mutex sync.Mutex
	var sum *facetCounter
	c.halves(len(c.findings), func(from, to int) {
		n := c.newFacetCounter()
		n.count(c, from, to)
		mutex.Lock()
		defer mutex.Unlock()
		if sum == nil {
			sum = n
		} else {
			sum.add(n)
		}
	})
	return sum
}

func (n *facetCounter) count(c *choice, from, to int) {
	for i := from; i < to; i++ {
		f := &c.findings[i]
		refused := c.refused(uint32(i))
		if refused == 0 {
			n.statuses[f.status]++
			n.subjects[f.subject]++
			n.checks[f.check]++
			n.owners[c.owners.number(uint32(i))]++
			n.ages[f.opened]++
			n.counts.count(f.status, c.image.checks[f.check].severity, c.phi(&c.image.subjects[f.subject]))
			continue
		}
		switch refused {
		case byStatus:
			n.statuses[f.status]++
		case bySeverity, bySafeguard, byCheck:
			n.refusedChecks[refused][f.check]++
		case byPHI, byAccount, byTarget, byKind, byRegion:
			n.refusedSubjects[refused][f.subject]++
		case byOwner:
			n.owners[c.owners.number(uint32(i))]++
		case byAge:
			n.ages[f.opened]++
		}
	}
}

// add adds what another counted.
func (n *facetCounter) add(other *facetCounter) {
	sum := func(to, from []int32) {
		for i, count := range from {
			to[i] += count
		}
	}
	n.counts.add(&other.counts)
	sum(n.statuses[:], other.statuses[:])
	sum(n.subjects, other.subjects)
	sum(n.checks, other.checks)
	sum(n.owners, other.owners)
	sum(n.ages, other.ages)
	for bit := range n.refusedSubjects {
		sum(n.refusedSubjects[bit], other.refusedSubjects[bit])
	}
	for bit := range n.refusedChecks {
		sum(n.refusedChecks[bit], other.refusedChecks[bit])
	}
}

func (c *choice) facets() *Facets {
	f := &Facets{}
	n := c.countFacets()
	f.Counts = n.counts
	f.Total = f.Counts.Total()
	for code, status := range statusOf {
		f.Statuses = append(f.Statuses, Facet{Value: string(status), Count: int(n.statuses[code]), On: slices.Contains(c.filter.Statuses, status)})
	}
	byWord := func(bit uint16, word func(*seen) uint32, wanted []string) []Facet {
		counts := map[uint32]int{}
		for i := range c.image.subjects {
			counts[word(&c.image.subjects[i])] += int(n.subjects[i] + n.refusedSubjects[bit][i])
		}
		by := map[string]int{}
		for number, count := range counts {
			by[c.words[number]] = count
		}
		return listFacets(by, wanted, nil)
	}
	f.PHI = worstFirst(byWord(byPHI, func(s *seen) uint32 { return s.phi }, c.filter.PHI), phis)
	f.Accounts = byWord(byAccount, func(s *seen) uint32 { return s.account }, c.filter.Accounts)
	f.Targets = byWord(byTarget, func(s *seen) uint32 { return s.target }, c.filter.Targets)
	f.Kinds = byWord(byKind, func(s *seen) uint32 { return s.kind }, c.filter.Kinds)
	f.Regions = byWord(byRegion, func(s *seen) uint32 { return s.region }, c.filter.Regions)
	c.checkFacets(f, n)
	owners := map[string]int{}
	for i, name := range c.owners.names {
		owners[name] = int(n.owners[i])
	}
	f.Owners = listFacets(owners, c.filter.Owners, nil)
	f.Ages = c.ageFacets(n)
	return f
}

func (c *choice) checkFacets(f *Facets, n *facetCounter) {
	bySeverityCode, checks, safeguards, titles := map[string]int{}, map[string]int{}, map[string]int{}, map[string]string{}
	for i := range c.image.checks {
		q := &c.image.checks[i].question
		bySeverityCode[string(q.Severity)] += int(n.checks[i] + n.refusedChecks[bySeverity][i])
		checks[q.Check] = int(n.checks[i] + n.refusedChecks[byCheck][i])
		titles[q.Check] = q.Title
		for _, citation := range q.Citations {
			safeguards[citation] += int(n.checks[i] + n.refusedChecks[bySafeguard][i])
		}
	}
	var wanted, order []string
	for _, s := range c.filter.Severities {
		wanted = append(wanted, string(s))
	}
	for _, s := range severities {
		order = append(order, string(s))
	}
	f.Severities = worstFirst(listFacets(bySeverityCode, wanted, nil), order)
	f.Checks = listFacets(checks, c.filter.Checks, titles)
	f.Safeguards = listFacets(safeguards, c.filter.Safeguards, nil)
}

// ageFacets counts what is open by age.
func (c *choice) ageFacets(n *facetCounter) []AgeFacet {
	list := make([]AgeFacet, len(days))
	for i, least := range days {
		list[i].AtLeast = least * day
		if i+1 < len(days) {
			list[i].LessThan = days[i+1] * day
		}
		list[i].On = c.filter.AtLeast == list[i].AtLeast && c.filter.LessThan == list[i].LessThan && c.filter.AtLeast+c.filter.LessThan > 0
	}
	for run, count := range n.ages {
		age := c.image.age(int64(run))
		for i := range list {
			if bounds := (Filter{AtLeast: list[i].AtLeast, LessThan: list[i].LessThan}); count > 0 && bounds.ofAge(age) {
				list[i].Count += int(count)
			}
		}
	}
	return list
}

// listFacets lists values by their counts, without those that have none and are not chosen.
func listFacets(counts map[string]int, wanted []string, titles map[string]string) []Facet {
	list := []Facet{}
	for value, count := range counts {
		on := slices.Contains(wanted, value)
		if count > 0 || on {
			list = append(list, Facet{Value: value, Title: titles[value], Count: count, On: on})
		}
	}
	for _, value := range wanted {
		if _, ok := counts[value]; !ok {
			list = append(list, Facet{Value: value, On: true})
		}
	}
	slices.SortFunc(list, func(a, b Facet) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value)) })
	kept := 0
	return slices.DeleteFunc(list, func(f Facet) bool {
		kept++
		return kept > maxFacets && !f.On
	})
}

// worstFirst puts facets into a fixed order.
func worstFirst(list []Facet, order []string) []Facet {
	slices.SortStableFunc(list, func(a, b Facet) int { return slices.Index(order, a.Value) - slices.Index(order, b.Value) })
	return list
}
