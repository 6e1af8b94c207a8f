package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// Changes tells what differs from one run to a later one, with at most limit entries in each list. From 0 is the one before the other.
func (h *History) Changes(ctx context.Context, estate string, from, to int64, limit int) (*Changes, error) {
	m, earlier, err := h.pair(ctx, estate, from, to)
	if err != nil {
		return nil, err
	}
	limit = bounded(limit)
	all, err := h.compared(ctx, m, earlier)
	if err != nil {
		return nil, fmt.Errorf("compare run %d with run %d: %w", earlier.Number, m.run.Number, err)
	}
	c := *all
	for _, list := range []*[]Change{&c.Worse, &c.Better, &c.NewlyUnknown, &c.NewFindings, &c.GoneOpen} {
		*list = (*list)[:min(limit, len(*list)):min(limit, len(*list))]
	}
	c.NewResources = c.NewResources[:min(limit, len(c.NewResources))]
	c.Gone = c.Gone[:min(limit, len(c.Gone))]
	return &c, nil
}

// AllChanges is Changes for programs: with more entries in each list than pages show, at most as many as are said.
func (h *History) AllChanges(ctx context.Context, estate string, from, to int64, most int) (*Changes, error) {
	m, earlier, err := h.pair(ctx, estate, from, to)
	if err != nil {
		return nil, err
	}
	all, err := h.compare(ctx, m, earlier, most)
	if err != nil {
		return nil, fmt.Errorf("compare run %d with run %d: %w", earlier.Number, m.run.Number, err)
	}
	return all, nil
}

// pair reads what is compared: a run, and an earlier one.
func (h *History) pair(ctx context.Context, estate string, from, to int64) (m *image, earlier Run, err error) {
	if m, err = h.image(ctx, estate, to); err != nil {
		return nil, Run{}, err
	}
	if from == 0 {
		before, err := h.Runs(ctx, estate, m.run.Number, 1)
		if err != nil {
			return nil, Run{}, err
		}
		if len(before) == 0 {
			return nil, Run{}, ErrNone
		}
		from = before[0].Number
	}
	if from > m.run.Number {
		return nil, Run{}, fmt.Errorf("run %d is not before run %d: %w", from, m.run.Number, ErrNone)
	}
	earlier, err = h.Run(ctx, estate, from)
	return m, earlier, err
}

// compared compares whole runs, once for each pair.
func (h *History) compared(ctx context.Context, m *image, earlier Run) (*Changes, error) {
	return remember(m, fmt.Sprintf("changes since %d", earlier.Number), Filter{}, func() (*Changes, error) { return h.compare(ctx, m, earlier, maxLimit) })
}

// comparison compares the run of an image with an earlier one.
type comparison struct {
	*Changes
	image  *image
	owners *owners
	was    *image              // of the earlier run, at least what does not stand any more
	places map[resourceKey]int // of the resources in it
	met    []bool              // which of them are there still
	marks  []byte              // what became of the findings of image
	past   []byte              // and of those of was
}

func (h *History) compare(ctx context.Context, m *image, earlier Run, most int) (*Changes, error) {
	was, err := h.former(ctx, m, earlier)
	if err != nil {
		return nil, err
	}
	return h.compareWith(ctx, m, was, most)
}

func (h *History) compareWith(ctx context.Context, m, was *image, most int) (*Changes, error) {
	earlier := was.run
	c := &comparison{Changes: &Changes{From: earlier, To: m.run, Worse: []Change{}, Better: []Change{}, NewlyUnknown: []Change{}, NewFindings: []Change{},
		NewResources: []NewResource{}, Gone: []Place{}, GoneOpen: []Change{}, Safeguards: []SafeguardChange{}}, image: m, owners: m.owned(),
		was: was, places: make(map[resourceKey]int, len(was.subjects)), met: make([]bool, len(was.subjects)), marks: make([]byte, len(m.findings)),
		past: make([]byte, len(was.findings))}
	for i := range c.was.subjects {
		c.places[c.was.subjects[i].key()] = i
	}
	for i := range m.subjects {
		s := &m.subjects[i]
		at, there := c.places[s.key()]
		if there {
			c.met[at] = true
		}
		switch {
		case s.since <= earlier.Number:
		case there:
			c.resource(s, &c.was.subjects[at])
		default:
			c.added(s)
		}
	}
	c.gone()
	if err := h.compareSafeguards(ctx, c); err != nil {
		return nil, err
	}
	c.compareBases()
	c.finish(most)
	return c.Changes, nil
}

// perFormer is how many resources of which one must differ for an earlier run to be read whole.
const perFormer = 8

// former reads of an earlier run what does not stand at that of an image any more; the whole of it if that is much.
func (h *History) former(ctx context.Context, m *image, earlier Run) (*image, error) {
	most, n := max(len(m.subjects)/perFormer, perChunk), 0
	query, args := endedOf("1", m, earlier)
	if err := h.db.NewRaw("SELECT count(*) FROM ("+query+" LIMIT ?) AS differ", append(args, most+1)...).Scan(ctx, &n); err != nil {
		return nil, err
	}
	if n > most {
		return h.imageOf(ctx, m.estate, earlier)
	}
	return h.formerRows(ctx, m, earlier)
}

// endedOf is the question for rows that stood at an earlier run and do not at that of an image.
func endedOf(columns string, m *image, earlier Run) (string, []any) {
	return "SELECT " + columns + " FROM history_subject WHERE estate = ? AND until > ? AND until <= ? AND +since <= ?",
		[]any{m.estate, earlier.Number, m.run.Number, earlier.Number}
}

func (h *History) formerRows(ctx context.Context, m *image, earlier Run) (*image, error) {
	was := &image{estate: m.estate, run: earlier, at: m.at, words: m.words, long: map[uint32]string{}, odd: map[uint32]uint64{}, judged: map[uint32]judged{}}
	b := newBuilder(was)
	query, args := endedOf("name, since, pack", m, earlier)
	if err := h.readRows(ctx, b, query, args...); err != nil {
		return nil, err
	}
	return was, h.complete(ctx, b)
}

// added tells of a resource that was not there.
func (c *comparison) added(s *seen) {
	c.Counts.AllNew++
	r := NewResource{Place: c.image.place(s)}
	for _, at := range c.image.of[s.first : s.first+s.findings] {
		f := &c.image.findings[at]
		r.Counts.count(f.status, c.image.checks[f.check].severity, c.image.phi(s))
	}
	if r.Counts.Fail > 0 {
		c.NewResources = append(c.NewResources, r)
	}
}

// same tells findings of a resource apart over runs, as their ids do, which are seldom needed for that.
type same struct {
	check uint32 // its word, if the id follows from it
	id    uint64
	long  string
}

func (m *image) same(s *seen, at uint32, follows bool) same {
	f := &m.findings[at]
	if f.special {
		if long, ok := m.long[at]; ok {
			return same{long: long}
		}
		if id, ok := m.odd[at]; ok {
			return same{id: id}
		}
	}
	word := m.checks[f.check].word
	if follows {
		return same{check: word}
	}
	one := identities{words: m.words}
	return same{id: one.finding(s, word)}
}

// resource compares a resource with what it was.
func (c *comparison) resource(s, was *seen) {
	// Of what is the same, the same check gives the same id.
	follows := s.target == was.target && s.id == was.id && s.address == was.address
	type left struct {
		same
		at   uint32
		gone bool
	}
	var room [32]left
	before := room[:0]
	for _, at := range c.was.of[was.first : was.first+was.findings] { // the worst of one id comes first
		one := c.was.same(was, at, follows)
		if !slices.ContainsFunc(before, func(l left) bool { return l.same == one }) {
			before = append(before, left{one, at, true})
		}
	}
	var seenRoom [32]same
	judged := seenRoom[:0]
	for _, at := range c.image.of[s.first : s.first+s.findings] {
		one := c.image.same(s, at, follows)
		if slices.Contains(judged, one) {
			continue
		}
		judged = append(judged, one)
		i := slices.IndexFunc(before, func(l left) bool { return l.same == one })
		if i < 0 {
			c.unasked(at)
			continue
		}
		before[i].gone = false
		c.finding(at, c.was.findings[before[i].at].status, was)
	}
	for _, l := range before {
		if l.gone && c.was.findings[l.at].status <= codeUnknown {
			c.past[l.at] = whyCheck
		}
	}
}

// Marks of findings that differ: what became of them, why besides, and what they were before.
const (
	isWorse = 1 + iota
	isBetter
	isNewlyUnknown
	isNew
	markKind   = 0x07
	markBefore = 0x38
	whyPHI     = 0x40
	whyNoPHI   = 0x80
	// Of findings of the earlier run:
	whyCheck    = 1
	whyResource = 2
)

const beforeShift = 3

// unasked tells of a finding that there was not.
func (c *comparison) unasked(at uint32) {
	if c.image.findings[at].status <= codeUnknown {
		c.marks[at] = isNew
	}
}

// badness orders statuses from good to bad; that a check does not apply is as good as a pass.
var badness = [codes]int{codeNotApplicable: 1, codePass: 1, codeExcepted: 2, codeUnknown: 3, codeFail: 4}

// finding compares a finding with what it was.
func (c *comparison) finding(at uint32, was byte, before *seen) {
	f := &c.image.findings[at]
	mark := byte(0)
	switch {
	case f.status == codeUnknown && was != codeUnknown:
		mark = isNewlyUnknown
	case badness[f.status] > badness[was]:
		mark = isWorse
	case badness[f.status] < badness[was]:
		mark = isBetter
	case open(f.status):
		mark = c.weigh(at, before)
	}
	if mark != 0 {
		c.marks[at] = mark | was<<beforeShift
	}
}

// weigh compares what a finding of the same status weighs.
func (c *comparison) weigh(at uint32, before *seen) byte {
	is, was := c.image.words[c.image.subjects[c.image.findings[at].subject].phi], c.was.words[before.phi]
	switch {
	case is == phis[0] && was != phis[0]:
		return isWorse | whyPHI
	case is == "no" && was == phis[0]:
		return isBetter | whyNoPHI
	}
	return 0
}

// gone tells of the resources that were there and are not.
func (c *comparison) gone() {
	for i := range c.was.subjects {
		if c.met[i] {
			continue
		}
		s := &c.was.subjects[i]
		c.Gone = append(c.Gone, c.was.place(s))
		for _, at := range c.was.of[s.first : s.first+s.findings] {
			if c.was.findings[at].status <= codeUnknown {
				c.past[at] = whyResource
			}
		}
	}
}

// outcomes from good to bad; met and inherited are as good as each other.
var outcomes = map[assessment.Outcome]int{assessment.OutcomeNotNeeded: 1, assessment.Inherited: 1, assessment.Met: 1, assessment.Manual: 2,
	assessment.OutcomeUnknown: 3, assessment.NotMet: 4}

func (h *History) compareSafeguards(ctx context.Context, c *comparison) error {
	before, err := parts[assessment.Safeguard](ctx, h, c.image.estate, c.From.Number, sectionSafeguard)
	if err != nil {
		return err
	}
	after, err := parts[assessment.Safeguard](ctx, h, c.image.estate, c.To.Number, sectionSafeguard)
	if err != nil {
		return err
	}
	was := map[string]assessment.Safeguard{}
	for _, s := range before {
		was[s.body.Citation] = s.body
	}
	for _, s := range after {
		is := s.body
		old := was[is.Citation]
		delete(was, is.Citation)
		if old.Status != is.Status {
			c.Safeguards = append(c.Safeguards, SafeguardChange{is.Citation, is.Name, old.Status, is.Status,
				outcomes[is.Status] > max(outcomes[old.Status], 1), is.Reasons})
		}
	}
	for _, s := range before {
		if old, left := was[s.body.Citation]; left {
			c.Safeguards = append(c.Safeguards, SafeguardChange{old.Citation, old.Name, old.Status, "", false,
				[]string{"the framework has no such safeguard any more"}})
		}
	}
	return nil
}

// compareBases tells what makes the two hard to compare.
func (c *comparison) compareBases() {
	if c.From.Framework.ID != c.To.Framework.ID {
		c.Notices = append(c.Notices, "the frameworks differ: "+c.From.Framework.ID+" and "+c.To.Framework.ID)
	}
	if c.From.Tool.CatalogDigest != c.To.Tool.CatalogDigest {
		c.Notices = append(c.Notices, "the catalogs differ, so some changes may come from the checks and not from the estate")
	}
	if c.From.AssessedAt.After(c.To.AssessedAt) {
		c.Notices = append(c.Notices, "the second assessment is older than the first")
	}
	for i := range c.image.checks {
		q := &c.image.checks[i].question
		if was, ok := c.was.questions[q.Check]; ok && was.Severity != q.Severity {
			c.Notices = append(c.Notices, fmt.Sprintf("the severity of %s was %s and is %s", q.Check, was.Severity, q.Severity))
		}
	}
}

// finish makes the lists, the worst first, which is the order of images, and counts them. No list has more than most entries.
func (c *comparison) finish(most int) {
	n := &c.Counts
	lists := [...]struct {
		list  *[]Change
		count *int
	}{isWorse: {&c.Worse, &n.Worse}, isBetter: {&c.Better, &n.Better}, isNewlyUnknown: {&c.NewlyUnknown, &n.NewlyUnknown}, isNew: {&c.NewFindings, &n.NewFindings}}
	for at, mark := range c.marks {
		if mark == 0 {
			continue
		}
		to := lists[mark&markKind]
		if *to.count++; *to.count <= most {
			*to.list = append(*to.list, c.change(uint32(at), mark))
		}
	}
	nobody := &owners{names: []string{""}}
	for at, why := range c.past {
		if why == 0 {
			continue
		}
		if n.GoneOpen++; n.GoneOpen <= most {
			item := c.was.item(uint32(at), nobody)
			c.GoneOpen = append(c.GoneOpen, Change{Item: item, Before: item.Status,
				Why: map[byte]string{whyCheck: "the check is not made any more", whyResource: "the resource is not there any more"}[why]})
		}
	}
	slices.SortFunc(c.NewResources, func(a, b NewResource) int {
		return cmp.Or(cmp.Compare(b.Counts.FailPHI, a.Counts.FailPHI), cmp.Compare(b.Counts.Critical, a.Counts.Critical),
			cmp.Compare(b.Counts.High, a.Counts.High), cmp.Compare(b.Counts.Fail, a.Counts.Fail), strings.Compare(a.Address, b.Address))
	})
	slices.SortFunc(c.Gone, func(a, b Place) int {
		return cmp.Or(phiCode(a.PHI)-phiCode(b.PHI), strings.Compare(a.Address, b.Address))
	})
	n.NewResources, n.Gone = len(c.NewResources), len(c.Gone)
	c.NewResources = slices.Clone(c.NewResources[:min(most, len(c.NewResources))])
	c.Gone = slices.Clone(c.Gone[:min(most, len(c.Gone))])
}

func (c *comparison) change(at uint32, mark byte) Change {
	item := c.image.item(at, c.owners)
	one := Change{Item: item, After: item.Status}
	if mark&markKind != isNew {
		one.Before = statusOf[mark&markBefore>>beforeShift]
	}
	switch {
	case mark&whyPHI != 0:
		one.Why = "PHI is concerned now"
	case mark&whyNoPHI != 0:
		one.Why = "no PHI is concerned any more"
	}
	return one
}
