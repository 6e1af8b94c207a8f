package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// ErrCursor is the error of a cursor that no page gave.
var ErrCursor = errors.New("the cursor is not one that a page of this list gave; begin with the first page")

// cursor says where a page ended: in which run, and after which place. A list goes on in the run that it began in.
func cursor(run int64, place int) string { return fmt.Sprintf("%d-%d", run, place) }

// after reads a cursor. The run is that of the cursor if none is asked for.
func after(text string, run int64) (atRun int64, place int, err error) {
	if text == "" {
		return run, 0, nil
	}
	if n, err := fmt.Sscanf(text, "%d-%d", &atRun, &place); n != 2 || err != nil || atRun <= 0 || place <= 0 || text != cursor(atRun, place) ||
		run != 0 && run != atRun {
		return 0, 0, ErrCursor
	}
	return atRun, place, nil
}

// Findings lists the findings that a filter chooses, those with the highest risk first: by status (fail, unknown, excepted, pass, not
// applicable), PHI, severity, check and address. The limit is 1 to 500; after is the Next of the page before, "" for the first.
func (h *History) Findings(ctx context.Context, estate string, run int64, f Filter, from string, limit int) (*Page[Item], error) {
	run, start, err := after(from, run)
	if err != nil {
		return nil, err
	}
	m, err := h.filtered(ctx, estate, run, f)
	if err != nil {
		return nil, err
	}
	c := m.choose(f)
	page := &Page[Item]{Items: []Item{}}
	limit = bounded(limit)
	more := false
	for i := range m.findings {
		if c.refused(uint32(i)) != 0 {
			continue
		}
		page.Total++
		switch {
		case i < start:
		case len(page.Items) < limit:
			page.Items = append(page.Items, m.item(uint32(i), c.owners))
			start = i + 1
		default:
			more = true
		}
	}
	if more {
		page.Next = cursor(m.run.Number, start)
	}
	return page, nil
}

// cut takes a page from a list.
func cut[T any](run int64, list []T, start, limit int) *Page[T] {
	page := &Page[T]{Items: []T{}, Total: len(list)}
	if start >= len(list) {
		return page
	}
	end := min(start+bounded(limit), len(list))
	page.Items = list[start:end:end]
	if end < len(list) {
		page.Next = cursor(run, end)
	}
	return page
}

// ByCheck groups the findings that a filter chooses by check: failing ones on PHI first, then by severity.
func (h *History) ByCheck(ctx context.Context, estate string, run int64, f Filter, from string, limit int) (*Page[CheckGroup], error) {
	run, start, err := after(from, run)
	if err != nil {
		return nil, err
	}
	m, err := h.filtered(ctx, estate, run, f)
	if err != nil {
		return nil, err
	}
	return cut(m.run.Number, remembered(m, "checks", f, func() []CheckGroup { return m.choose(f).byCheck() }), start, limit), nil
}

// byCheck groups what is chosen by check, in the order of the worst finding of each.
func (c *choice) byCheck() []CheckGroup {
	counts := make([]Counts, len(c.checks))
	var order []uint16
	asked := make([]bool, len(c.checks))
	for i := range c.findings {
		if c.refused(uint32(i)) != 0 {
			continue
		}
		f := &c.findings[i]
		if !asked[f.check] {
			asked[f.check] = true
			order = append(order, f.check)
		}
		counts[f.check].count(f.status, c.image.checks[f.check].severity, c.phi(&c.image.subjects[f.subject]))
	}
	groups := make([]CheckGroup, 0, len(order))
	for _, check := range order {
		q := &c.image.checks[check].question
		groups = append(groups, CheckGroup{Check: q.Check, Title: q.Title, Severity: q.Severity, Counts: counts[check]})
	}
	return groups
}

// ByResource groups the findings that a filter chooses by resource, in the order of the worst finding of each.
func (h *History) ByResource(ctx context.Context, estate string, run int64, f Filter, from string, limit int) (*Page[ResourceGroup], error) {
	run, start, err := after(from, run)
	if err != nil {
		return nil, err
	}
	m, err := h.filtered(ctx, estate, run, f)
	if err != nil {
		return nil, err
	}
	c := m.choose(f)
	order := remembered(m, "resources", f, c.resources)
	subjects := cut(m.run.Number, order, start, limit)
	page := &Page[ResourceGroup]{Items: []ResourceGroup{}, Total: subjects.Total, Next: subjects.Next}
	for _, i := range subjects.Items {
		page.Items = append(page.Items, c.resource(i))
	}
	return page, nil
}

// resources lists the resources of what is chosen, in the order of the worst finding of each.
func (c *choice) resources() []uint32 {
	var order []uint32
	in := make([]bool, len(c.subjects))
	for i := range c.findings {
		if subject := c.findings[i].subject; !in[subject] && c.refused(uint32(i)) == 0 {
			in[subject] = true
			order = append(order, subject)
		}
	}
	return order
}

// resource counts what is chosen of a resource.
func (c *choice) resource(i uint32) ResourceGroup {
	s := &c.image.subjects[i]
	g := ResourceGroup{Place: c.place(s)}
	for _, at := range c.of[s.first : s.first+s.findings] {
		if c.refused(at) != 0 {
			continue
		}
		f := &c.findings[at]
		g.Counts.count(f.status, c.image.checks[f.check].severity, c.phi(s))
		if g.Owner == "" {
			g.Owner = c.owners.of(at)
		}
	}
	return g
}

// WorstPHI returns the n worst findings that fail or are unknown on resources with PHI.
func (h *History) WorstPHI(ctx context.Context, estate string, run int64, n int) ([]Item, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	o := m.owned()
	list := []Item{}
	for i := range m.findings {
		f := &m.findings[i]
		if f.status > codeUnknown || len(list) == bounded(n) {
			break
		}
		if m.phi(&m.subjects[f.subject]) {
			list = append(list, m.item(uint32(i), o))
		}
	}
	return list, nil
}

// ByChecks returns what the findings of some checks come to: one row for each id, in the given order, with zeros for a check that was
// asked of nothing.
func (h *History) ByChecks(ctx context.Context, estate string, run int64, ids []string) ([]CheckGroup, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	all := remembered(m, "checks", Filter{}, func() []CheckGroup { return m.choose(Filter{}).byCheck() })
	list := make([]CheckGroup, 0, len(ids))
	for _, id := range ids {
		g := CheckGroup{Check: id}
		if i := slices.IndexFunc(all, func(g CheckGroup) bool { return g.Check == id }); i >= 0 {
			g = all[i]
		}
		list = append(list, g)
	}
	return list, nil
}

// FailingPHI returns the texts of the checks of a run, and on how many resources with PHI each of those that fail there does.
func (h *History) FailingPHI(ctx context.Context, estate string, run int64) ([]assessment.Check, map[string]int, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, nil, err
	}
	failing := map[string]int{}
	for i := range m.findings { // those that fail come first
		f := &m.findings[i]
		if f.status != codeFail {
			break
		}
		if m.phi(&m.subjects[f.subject]) {
			failing[m.checks[f.check].question.Check]++
		}
	}
	checks, err := h.Checks(ctx, estate, m.run.Number)
	return checks, failing, err
}

// BySafeguard returns what the findings of the checks of a safeguard come to.
func (h *History) BySafeguard(ctx context.Context, estate string, run int64, citation string) ([]CheckGroup, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	f := Filter{Safeguards: []string{citation}}
	return slices.Clone(remembered(m, "checks", f, func() []CheckGroup { return m.choose(f).byCheck() })), nil
}

// Places returns what accounts, clusters and repositories come to.
func (h *History) Places(ctx context.Context, estate string, run int64) ([]PlaceGroup, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return nil, err
	}
	gaps, err := h.Gaps(ctx, estate, m.run.Number)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(remembered(m, "places", Filter{}, m.places))
	for i := range list {
		for _, g := range gaps {
			if g.Target == list[i].Target {
				list[i].Gaps++
			}
		}
	}
	return list, nil
}

func (m *image) places() []PlaceGroup {
	kinds := map[string]string{}
	groups := map[[2]string]*PlaceGroup{}
	group := func(target, account string) *PlaceGroup {
		g := groups[[2]string{target, account}]
		if g == nil {
			g = &PlaceGroup{Target: target, TargetKind: kinds[target], Account: account}
			groups[[2]string{target, account}] = g
		}
		return g
	}
	for _, t := range m.run.Targets {
		kinds[t.Name] = t.Kind
	}
	here := map[string]bool{}
	for i := range m.subjects {
		s := &m.subjects[i]
		g := group(m.words[s.target], m.words[s.account])
		here[g.Target] = true
		g.Resources++
		if m.phi(s) {
			g.WithPHI++
		}
		for _, at := range m.of[s.first : s.first+s.findings] {
			f := &m.findings[at]
			g.Counts.count(f.status, m.checks[f.check].severity, m.phi(s))
		}
	}
	for _, t := range m.run.Targets {
		if !here[t.Name] {
			group(t.Name, "")
		}
	}
	list := make([]PlaceGroup, 0, len(groups))
	for _, g := range groups {
		list = append(list, *g)
	}
	slices.SortFunc(list, func(a, b PlaceGroup) int {
		return cmp.Or(cmp.Compare(b.Counts.FailPHI, a.Counts.FailPHI), cmp.Compare(b.Counts.Fail, a.Counts.Fail),
			strings.Compare(a.Target, b.Target), strings.Compare(a.Account, b.Account))
	})
	return list
}

// Overview returns the numbers of a run.
func (h *History) Overview(ctx context.Context, estate string, run int64) (Overview, error) {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return Overview{}, err
	}
	o := remembered(m, "overview", Filter{}, m.overview)
	previous, err := h.Runs(ctx, estate, m.run.Number, 1)
	if err != nil {
		return o, err
	}
	if len(previous) > 0 {
		o.Previous = &previous[0]
	}
	return o, nil
}

func (m *image) overview() Overview {
	o := Overview{Run: m.run, Resources: len(m.subjects), ByPHI: map[string]int{}}
	owners := m.owned()
	for i := range m.subjects {
		o.ByPHI[m.words[m.subjects[i].phi]]++
	}
	for i := range m.findings {
		f := &m.findings[i]
		o.Counts.count(f.status, m.checks[f.check].severity, m.phi(&m.subjects[f.subject]))
		switch {
		case !open(f.status):
		case owners.number(uint32(i)) != 0:
			o.Owned++
		default:
			o.Unowned++
		}
	}
	return o
}
