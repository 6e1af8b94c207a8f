package wire_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	builtin "ward.dev/ward/catalog"
	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/emulator"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/scope"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/source/aws"
	"ward.dev/ward/internal/value"
)

// estateRegions are the regions of the emulated estate; the first is its home.
var estateRegions = []string{emulator.Region, "us-east-1"}

// tape is a sink that can be played again, kind by kind.
type tape struct {
	mu     sync.Mutex
	live   source.Live
	events []event
	done   map[source.Part]bool // whether it was read whole
	few    map[string]bool      // of a kind that the emulator has hundreds of, those that are judged; nil for all
}

// crowd is how many resources of a kind are judged.
const crowd = 12

// thin leaves out all but a few of the kinds that there are very many of, such as the emulator's own images.
func (t *tape) thin() {
	slices.SortStableFunc(t.events, func(a, b event) int { return strings.Compare(a.address(), b.address()) })
	t.few = map[string]bool{}
	of := map[string]int{}
	for _, e := range t.events {
		if e.block != nil {
			of[e.part.Kind]++
			t.few[e.address()] = of[e.part.Kind] <= crowd || t.few[e.address()]
		}
	}
}

func (e event) address() string {
	if e.block == nil {
		return ""
	}
	return e.part.Kind + " " + e.block.Address
}

type event struct {
	part  source.Part
	block *resource.Block
	why   value.Reason
}

func (t *tape) add(e event) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
	return nil
}

func (t *tape) Begin(l source.Live) error                     { t.live = l; return nil }
func (t *tape) Block(p source.Part, b resource.Block) error   { return t.add(event{part: p, block: &b}) }
func (t *tape) Partial(p source.Part, why value.Reason) error { return t.add(event{part: p, why: why}) }
func (t *tape) Gap(g resource.Gap) error                      { return fmt.Errorf("gap %v", g) }
func (t *tape) Done(p source.Part, whole bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = map[source.Part]bool{}
	}
	t.done[p] = whole
	return nil
}

// play gives the events of the kinds that are wanted to another sink.
func (t *tape) play(to source.Sink, few map[string]bool, wanted func(kind string) bool) {
	for _, e := range t.events {
		switch {
		case !wanted(e.part.Kind):
		case e.block != nil && few != nil && !few[e.address()]:
		case e.block != nil:
			to.Block(e.part, *e.block)
		default:
			to.Partial(e.part, e.why)
		}
	}
}

// rig is an emulated estate, as it was read undisturbed, with what judges it.
type rig struct {
	recorder *recorder
	catalog  *catalog.Catalog
	services *scope.Services
	whole    *tape
	kinds    map[question][]string // that ask a question, its region left out
	judged   *assessment.Assessment
}

// newRig fills an emulator with the small estate, and with those of the collectors' own tests, and reads it.
func newRig(t *testing.T) *rig {
	r := &rig{recorder: &recorder{cloud: &emulator.AWS{}, kept: map[string]answer{}}, kinds: map[question][]string{}, whole: &tape{}}
	files, err := filepath.Glob("../source/aws/testdata/estate/*/create.py")
	if err != nil {
		t.Fatal(err)
	}
	if r.recorder.done = r.recorder.load(); !r.recorder.done {
		r.recorder.cloud = emulator.Start(t)
		r.recorder.cloud.Create(t, append(files, "testdata/estate.py")...)
	}
	r.catalog = loaded(t)
	if r.services, err = scope.LoadServices(builtin.Files); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, kind := range aws.Kinds() {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			heard := map[question]bool{}
			taken, err := r.collect(t, []string{kind}, estateRegions, disturbed{heard: func(q question) {
				mu.Lock()
				defer mu.Unlock()
				heard[question{q.service, q.operation, ""}] = true
			}})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				return
			}
			r.whole.live = taken.live
			r.whole.events = append(r.whole.events, taken.events...)
			for q := range heard {
				r.kinds[q] = append(r.kinds[q], kind)
			}
		})
	}
	all.Wait()
	if !r.recorder.done {
		if err := r.recorder.save(); err != nil {
			t.Fatal(err)
		}
	}
	r.recorder.done = true
	r.whole.live.Kinds = aws.Kinds()
	r.whole.thin()
	r.judged = r.judge(t, r.whole, nil, nil)
	return r
}

// collect reads some kinds of the estate through a client.
func (r *rig) collect(t *testing.T, kinds, regions []string, d disturbed) (*tape, error) {
	d.recorder = r.recorder
	taken := &tape{}
	options := aws.Options{Regions: regions, NoOtherRegions: true, Attempts: 2, Backoff: time.Millisecond, Configure: d.configure}
	if kinds != nil {
		options.Kinds = func(kind string) bool { return slices.Contains(kinds, kind) }
	}
	stats, err := aws.Collect(context.Background(), options, taken)
	return taken, errors.Join(err, errors.Join(stats.Faults...))
}

// judge judges what was read undisturbed, but for some kinds that are taken from another tape.
func (r *rig) judge(t *testing.T, base *tape, kinds []string, instead *tape) *assessment.Assessment {
	gathered := &source.Gathered{}
	gathered.Begin(base.live)
	base.play(gathered, base.few, func(kind string) bool { return !slices.Contains(kinds, kind) })
	if instead != nil {
		instead.play(gathered, base.few, func(kind string) bool { return slices.Contains(kinds, kind) })
	}
	return r.assess(t, gathered.Readings())
}

func (r *rig) assess(t *testing.T, readings []source.Reading) *assessment.Assessment {
	t.Helper()
	a, err := assess.Assess(context.Background(), assess.Request{Catalog: r.catalog, Framework: r.catalog.Framework("hipaa-security-rule"),
		Config: r.attested(), Services: r.services, Inventory: mapping.Map(r.catalog.Kinds, readings), Now: today})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// attested answers everything that people can answer, so that a safeguard is met as soon as its checks say so.
func (r *rig) attested() *config.Config {
	c := &config.Config{}
	for _, s := range r.catalog.Framework("hipaa-security-rule").Safeguards {
		for _, a := range s.Attestations {
			if !slices.ContainsFunc(c.Attestations, func(have config.Attestation) bool { return have.ID == a.ID }) {
				c.Attestations = append(c.Attestations, config.Attestation{ID: a.ID, Answer: "yes", Owner: "Officer", Document: "policy.pdf",
					Reviewed: config.NewDate(today)})
			}
		}
	}
	return c
}

// today is the day as of which the estate is judged.
var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// questions are those that were asked about the estate, in order.
func (r *rig) questions() []question {
	return slices.SortedFunc(maps.Keys(r.kinds), func(a, b question) int { return strings.Compare(a.String(), b.String()) })
}

// TestDenial proves that not knowing is never a pass, on a real conversation with a cloud: each question is made to go
// wrong in each way, it alone, and no finding and no safeguard may improve by that.
func TestDenial(t *testing.T) {
	r := newRig(t)
	t.Logf("%d kinds, %d questions, %d replies, %d findings: %v; safeguards: %v", len(aws.Kinds()), len(r.kinds), len(r.recorder.kept),
		len(r.judged.Findings), r.judged.Summary.Findings, r.judged.Summary.Safeguards)
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, q := range r.questions() {
				if q.operation == "GetCallerIdentity" || (i+len(name))%stride(name) != 0 {
					continue
				}
				r.disturb(t, q, name)
			}
		})
	}
}

// stride says which questions go wrong in a way: each is denied, and of the other ways, which the questions have in common,
// a part is tried. WARD_ALL=1 tries all of them.
func stride(name string) int {
	if name == "denied" || os.Getenv("WARD_ALL") != "" {
		return 1
	}
	return 12
}

// disturb makes one question go wrong and compares what is judged then.
func (r *rig) disturb(t *testing.T, wrong question, name string) {
	struck := 0
	taken, err := r.collect(t, r.kinds[wrong], estateRegions, disturbed{fault: func(q question) fault {
		if q.service != wrong.service || q.operation != wrong.operation {
			return nil
		}
		struck++
		return faults[name]
	}})
	if err != nil {
		t.Errorf("%s %s: %v", wrong, name, err)
		return
	}
	after := r.judge(t, r.whole, r.kinds[wrong], taken)
	for _, fault := range compare(r.judged, after) {
		if excuse := excused[wrong.operation]; excuse != "" && strings.Contains(fault, excuse) {
			continue
		}
		t.Errorf("%s %s: %s", wrong, name, fault)
	}
	if name == "denied" && !told(after, wrong) {
		t.Logf("%s: nothing needs it", wrong)
	}
}

// excused are answers that only the emulator makes wrong: it lists every snapshot as one that everyone may restore, which is
// what the collector asks when it may not ask about each.
var excused = map[string]string{"DescribeSnapshotAttribute": `aws.ebs.snapshot.is-private was "pass" and is "fail"`}

// told tells whether an assessment names the permission that a question needs.
func told(a *assessment.Assessment, q question) bool {
	names := aws.Permissions(q.service, q.operation)
	for i := range a.Findings {
		for _, u := range a.Findings[i].Unknown {
			if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(u.Grant, name) }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(a.Gaps, func(g assessment.Gap) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(g.Grant, name) })
	})
}
