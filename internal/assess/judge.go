package assess

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/scope"
)

// judge evaluates every check for every resource of its kind. It is read by all workers and changed by none.
type judge struct {
	Request
	params     *parameters
	exceptions *exceptions
	marks      []scope.Mark
	answering  []string                 // who answers for each resource; nil if no rule says it
	plans      map[*kind.Kind][]planned // every check of a kind
	ofCode     map[*kind.Kind][]planned // those that code can answer
	anyKind    *shadows
}

// planned is a check with what all its findings share.
type planned struct {
	*check.Check
	question   *assessment.Question
	exceptions []*exception
	params     checkParameters
}

func newJudge(r Request, params *parameters, exceptions *exceptions, marks []scope.Mark) *judge {
	j := &judge{Request: r, params: params, exceptions: exceptions, marks: marks, plans: map[*kind.Kind][]planned{},
		ofCode: map[*kind.Kind][]planned{}}
	citations := r.Framework.Citations()
	for _, c := range r.Catalog.Checks {
		if c.Waste != "" {
			continue
		}
		p := planned{Check: c, exceptions: exceptions.of(c.ID), params: params.of(c),
			question: &assessment.Question{Check: c.ID, Title: c.Title, Severity: c.Severity, Citations: append([]string{}, citations[c.ID]...)}}
		j.plans[c.Kind] = append(j.plans[c.Kind], p)
		if !c.Live {
			j.ofCode[c.Kind] = append(j.ofCode[c.Kind], p)
		}
	}
	j.anyKind = newShadows(r, j.plans)
	return j
}

// asked are the checks that are asked of a resource: of code only those that code can answer.
func (j *judge) asked(r *resource.Resource) []planned {
	if r.Live {
		return j.plans[r.Kind]
	}
	return j.ofCode[r.Kind]
}

// chunk is how many resources a worker takes at a time.
const chunk = 256

// judge answers each check for each resource; the order of the findings is that of the resources, then of the checks.
func (j *judge) judge(ctx context.Context) ([]assessment.Finding, error) {
	resources := j.Inventory.Resources
	starts := make([]int, len(resources)+1)
	for i, r := range resources {
		starts[i+1] = starts[i] + len(j.asked(r)) + len(j.anyKind.checks)
	}
	findings := make([]assessment.Finding, starts[len(resources)])
	var next atomic.Int64
	var workers sync.WaitGroup
	progress := j.progress(len(resources))
	for range min(runtime.GOMAXPROCS(0), len(resources)/chunk+1) {
		workers.Go(func() {
			w := &worker{judge: j, world: j.Inventory}
			for ctx.Err() == nil {
				from := int(next.Add(chunk)) - chunk
				if from >= len(resources) {
					return
				}
				to := min(from+chunk, len(resources))
				w.resources(from, to, findings[starts[from]:starts[to]])
				progress(to - from)
			}
		})
	}
	workers.Wait()
	return findings, ctx.Err()
}

func (j *judge) progress(total int) func(int) {
	if j.Progress == nil {
		return func(int) {}
	}
	var lock sync.Mutex
	done := 0
	return func(more int) {
		lock.Lock()
		defer lock.Unlock()
		done += more
		j.Progress(done, total)
	}
}

// worker keeps what one goroutine uses again and again.
type worker struct {
	*judge
	world    rule.World
	owners   []*resource.Resource // see Judge.Of
	alone    bool                 // one resource is judged, and nobody asks for what speaks for a pass
	key      []byte
	ids      []byte
	slab     []assessment.Evidence  // room for rows
	evidence []*assessment.Evidence // room for what findings show
	rows     []*assessment.Evidence // of the resource that is being judged
	shared   map[reading]*assessment.Evidence
	known    known
}

// resources judges the resources from to to into out, which has a place for each of their findings.
func (w *worker) resources(from, to int, out []assessment.Finding) {
	n := 0
	for i := from; i < to; i++ {
		r := w.Inventory.Resources[i]
		about := subject(r, w.marks[i])
		if w.answering != nil {
			about.Owner = w.answering[i]
		}
		plan := w.asked(r)
		w.rows = w.rows[:0]
		for c := range plan {
			out[n].Subject = about
			w.finding(&out[n], &plan[c], r, r)
			n++
		}
		if len(w.anyKind.checks) == 0 {
			continue
		}
		shadow := w.anyKind.of(r, w.marks[i])
		w.rows = w.rows[:0]
		for c := range w.anyKind.checks {
			out[n].Subject = about
			w.finding(&out[n], &w.anyKind.checks[c], r, shadow)
			n++
		}
	}
	w.setIDs(out)
}

// subject is what all findings of a resource have in common.
func subject(r *resource.Resource, m scope.Mark) *assessment.Subject {
	s := &assessment.Subject{
		Kind: r.Kind.Name, PHI: m.PHI, PHIReason: m.Reason, Location: Location(r.Origin),
		Resource: assessment.Resource{ID: r.ID, Address: r.Address, Provider: r.Kind.Provider(), Account: r.Account, Region: r.Region},
	}
	if r.Maybe != nil {
		s.Conditional = r.Maybe.Why
	}
	return s
}

var (
	nothingUnknown = []assessment.UnknownValue{}
	noEvidence     = []*assessment.Evidence{}
)

// finding judges asked, which is r itself or what stands for it.
func (w *worker) finding(f *assessment.Finding, p *planned, r, asked *resource.Resource) {
	w.identify(p.ID, r)
	given := w.answer(p, r, asked)
	f.Question, f.Status, f.Unknown, f.Evidence = p.question, given.status, given.unknown, given.evidence
	if given.status != assessment.Fail && given.status != assessment.Unknown {
		return
	}
	for _, e := range p.exceptions {
		if !selectsOne(e.Resources, r, w.owners) {
			continue
		}
		e.matched.Add(1)
		if e.inForce() && f.Exception == "" {
			f.Judged, f.Status, f.Exception = f.Status, assessment.Excepted, e.ID
		}
	}
}

// withShown puts what every finding of a kind shows before what was read for one.
func withShown(reads []rule.Read, r *resource.Resource) []rule.Read {
	shown := r.Kind.Shown()
	if len(shown) == 0 {
		return reads
	}
	all := make([]rule.Read, 0, len(shown)+len(reads))
	for _, i := range shown {
		a := r.Kind.All()[i]
		all = append(all, rule.Read{Attribute: a.Name, Value: r.Values[i], Secret: a.Secret})
	}
	for _, read := range reads {
		if i := r.Kind.Index(read.Attribute); i < 0 || !r.Kind.All()[i].Shown {
			all = append(all, read)
		}
	}
	return all
}

// maxUnknown bounds the rows that say what a finding would have to know.
const maxUnknown = 25

func unknowns(attributes []rule.UnknownAttribute) []assessment.UnknownValue {
	rows := make([]assessment.UnknownValue, 0, len(attributes))
	more := 0
	for _, a := range attributes {
		for _, reason := range a.Reasons {
			row := assessment.UnknownValue{Attribute: a.Attribute, Reason: reason.Why, Grant: reason.Grant}
			switch {
			case contains(rows, row):
			case len(rows) == maxUnknown:
				more++
			default:
				rows = append(rows, row)
			}
		}
	}
	if more > 0 {
		rows = append(rows, assessment.UnknownValue{Attribute: "(more)", Reason: count(more, "more reason")})
	}
	if len(rows) == 0 {
		rows = append(rows, assessment.UnknownValue{Attribute: "(rule)", Reason: "the rule does not say what it would have to know"})
	}
	return rows
}

func contains(rows []assessment.UnknownValue, row assessment.UnknownValue) bool {
	for _, r := range rows {
		if r == row {
			return true
		}
	}
	return false
}
