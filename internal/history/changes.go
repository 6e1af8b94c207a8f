package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// Changes tells what differs from one run to a later one, with at most limit entries in each list. From 0 is the one before the other.
func (h *History) Changes(ctx context.Context, estate string, from, to int64, limit int) (*Changes, error) {
	m, err := h.image(ctx, estate, to)
	if err != nil {
		return nil, err
	}
	if from == 0 {
		before, err := h.Runs(ctx, estate, m.run.Number, 1)
		if err != nil {
			return nil, err
		}
		if len(before) == 0 {
			return nil, ErrNone
		}
		from = before[0].Number
	}
	if from > m.run.Number {
		return nil, fmt.Errorf("run %d is not before run %d: %w", from, m.run.Number, ErrNone)
	}
	earlier, err := h.Run(ctx, estate, from)
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

// compared compares whole runs, once for each pair.
func (h *History) compared(ctx context.Context, m *image, earlier Run) (*Changes, error) {
	return remember(m, fmt.Sprintf("changes since %d", earlier.Number), Filter{}, func() (*Changes, error) { return h.compare(ctx, m, earlier) })
}

// comparison compares the run of an image with an earlier one.
type comparison struct {
	*Changes
	image  *image
	owners *owners
	before map[name]*subject // of the rows that differ
	titles map[string]assessment.Question
}

func (h *History) compare(ctx context.Context, m *image, earlier Run) (*Changes, error) {
	c := &comparison{Changes: &Changes{From: earlier, To: m.run, Worse: []Change{}, Better: []Change{}, NewlyUnknown: []Change{}, NewFindings: []Change{},
		NewResources: []NewResource{}, Gone: []Place{}, GoneOpen: []Change{}, Safeguards: []SafeguardChange{}}, image: m, owners: m.owned(),
		before: map[name]*subject{}, titles: map[string]assessment.Question{}}
	questions, err := parts[assessment.Question](ctx, h, m.estate, earlier.Number, sectionQuestion)
	if err != nil {
		return nil, err
	}
	for _, q := range questions {
		c.titles[q.body.Check] = q.body
	}
	if err := h.readBefore(ctx, c); err != nil {
		return nil, err
	}
	for i := range m.subjects {
		if s := &m.subjects[i]; s.since > earlier.Number {
			c.resource(s, c.before[s.name])
			delete(c.before, s.name)
		}
	}
	c.gone()
	if err := h.compareSafeguards(ctx, c); err != nil {
		return nil, err
	}
	c.compareBases()
	c.finish()
	return c.Changes, nil
}

// readBefore reads the rows of the earlier run that do not stand at the later one.
func (h *History) readBefore(ctx context.Context, c *comparison) error {
	rows, err := h.db.QueryContext(ctx, "SELECT name, pack FROM history_subject WHERE estate = ? AND until > ? AND until <= ? AND +since <= ?",
		c.image.estate, c.From.Number, c.To.Number, c.From.Number)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, pack []byte
		if err := rows.Scan(&key, &pack); err != nil {
			return err
		}
		s := &subject{}
		if err := s.unpack(pack, c.image.words); err != nil {
			return err
		}
		c.before[name(key)] = s
	}
	return rows.Err()
}

// resource compares a resource with what it was, nil if it was not there.
func (c *comparison) resource(s *seen, was *subject) {
	of := c.image.of[s.first : s.first+s.findings]
	if was == nil {
		c.Counts.AllNew++
		r := NewResource{Place: c.image.place(s)}
		for _, at := range of {
			f := &c.image.findings[at]
			r.Counts.count(f.status, c.image.checks[f.check].severity, c.image.phi(s))
		}
		if r.Counts.Fail > 0 {
			c.NewResources = append(c.NewResources, r)
		}
		return
	}
	left := make(map[string]*answer, len(was.answers))
	for i := range was.answers {
		id := was.answers[i].findingID()
		if have := left[id]; have == nil || was.answers[i].status < have.status {
			left[id] = &was.answers[i]
		}
	}
	judged := make(map[string]bool, len(of))
	for _, at := range of { // the worst of one id comes first
		id := c.image.id(at)
		if !judged[id] {
			c.finding(at, left[id], was)
		}
		judged[id] = true
	}
	for id, a := range left {
		if !judged[id] && a.status <= codeUnknown {
			c.GoneOpen = append(c.GoneOpen, c.past(was, a, "the check is not made any more"))
		}
	}
}

// badness orders statuses from good to bad; that a check does not apply is as good as a pass.
func badness(status byte) int {
	return map[byte]int{codeNotApplicable: 1, codePass: 1, codeExcepted: 2, codeUnknown: 3, codeFail: 4}[status]
}

// finding compares a finding with what it was, nil if it was not asked.
func (c *comparison) finding(at uint32, was *answer, before *subject) {
	f := &c.image.findings[at]
	if was == nil {
		if f.status <= codeUnknown {
			c.NewFindings = append(c.NewFindings, c.change(at, ""))
		}
		return
	}
	change := func(why string) Change {
		one := c.change(at, why)
		one.Before = statusOf[was.status]
		return one
	}
	switch {
	case f.status == codeUnknown && was.status != codeUnknown:
		c.NewlyUnknown = append(c.NewlyUnknown, change(""))
	case badness(f.status) > badness(was.status):
		c.Worse = append(c.Worse, change(""))
	case badness(f.status) < badness(was.status):
		c.Better = append(c.Better, change(""))
	case open(f.status):
		c.weigh(at, before, change)
	}
}

// weigh compares what a finding on the same status weighs.
func (c *comparison) weigh(at uint32, before *subject, change func(why string) Change) {
	is, was := c.image.words[c.image.subjects[c.image.findings[at].subject].phi], c.image.words[before.phi]
	switch {
	case is == phis[0] && was != phis[0]:
		c.Worse = append(c.Worse, change("PHI is concerned now"))
	case is == "no" && was == phis[0]:
		c.Better = append(c.Better, change("no PHI is concerned any more"))
	}
}

// gone tells of the resources that were there and are not.
func (c *comparison) gone() {
	for _, s := range c.before {
		c.Gone = append(c.Gone, c.place(s))
		for i := range s.answers {
			if a := &s.answers[i]; a.status <= codeUnknown {
				c.GoneOpen = append(c.GoneOpen, c.past(s, a, "the resource is not there any more"))
			}
		}
	}
}

func (c *comparison) change(at uint32, why string) Change {
	item := c.image.item(at, c.owners)
	return Change{Item: item, After: item.Status, Why: why}
}

func (c *comparison) place(s *subject) Place {
	w := c.image.words
	return Place{Address: s.address, Kind: w[s.kind], PHI: w[s.phi], Provider: w[s.provider], Account: w[s.account], Region: w[s.region],
		Target: w[s.target], File: w[s.file], Line: int(s.line)}
}

// past tells of a finding that is judged no more.
func (c *comparison) past(s *subject, a *answer, why string) Change {
	q := c.titles[c.image.words[a.check]]
	item := Item{ID: a.findingID(), Check: c.image.words[a.check], Title: q.Title, Severity: q.Severity, Status: statusOf[a.status], Place: c.place(s),
		SinceRun: a.since, Since: state.Time(c.image.at[a.since])}
	if a.opened != 0 {
		item.OpenedRun, item.OpenedAt = a.opened, state.Time(c.image.at[a.opened])
	}
	return Change{Item: item, Before: item.Status, Why: why}
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
		if was, ok := c.titles[q.Check]; ok && was.Severity != q.Severity {
			c.Notices = append(c.Notices, fmt.Sprintf("the severity of %s was %s and is %s", q.Check, was.Severity, q.Severity))
		}
	}
}

// finish sorts the lists, the worst first, and counts them.
func (c *comparison) finish() {
	for _, list := range [][]Change{c.Worse, c.Better, c.NewlyUnknown, c.NewFindings, c.GoneOpen} {
		slices.SortFunc(list, func(a, b Change) int {
			x, _ := codeOf(a.Status) // every row has one of the statuses
			y, _ := codeOf(b.Status)
			return cmp.Or(int(x)-int(y), phiCode(a.PHI)-phiCode(b.PHI), int(severityCode(a.Severity))-int(severityCode(b.Severity)),
				strings.Compare(a.Check, b.Check), strings.Compare(a.Address, b.Address), strings.Compare(a.ID, b.ID))
		})
	}
	slices.SortFunc(c.NewResources, func(a, b NewResource) int {
		return cmp.Or(cmp.Compare(b.Counts.FailPHI, a.Counts.FailPHI), cmp.Compare(b.Counts.Critical, a.Counts.Critical),
			cmp.Compare(b.Counts.High, a.Counts.High), cmp.Compare(b.Counts.Fail, a.Counts.Fail), strings.Compare(a.Address, b.Address))
	})
	slices.SortFunc(c.Gone, func(a, b Place) int {
		return cmp.Or(phiCode(a.PHI)-phiCode(b.PHI), strings.Compare(a.Address, b.Address))
	})
	n := &c.Counts
	n.Worse, n.Better, n.NewlyUnknown, n.NewFindings = len(c.Worse), len(c.Better), len(c.NewlyUnknown), len(c.NewFindings)
	n.NewResources, n.Gone, n.GoneOpen = len(c.NewResources), len(c.Gone), len(c.GoneOpen)
}
