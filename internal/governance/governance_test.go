package governance_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ward.dev/ward/catalog"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/record/recordtest"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

var (
	ann  = recordtest.As("ann@example.org", access.Compliance)
	bob  = recordtest.As("bob@example.org", access.Compliance)
	cyd  = recordtest.As("cyd@example.org", access.Engineer)
	vera = recordtest.As("vera@example.org", access.Viewer)
)

// clock is one that tests set.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) now() time.Time      { return *c.at.Load() }
func (c *clock) set(t time.Time)     { c.at.Store(&t) }
func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

type office struct {
	*governance.Decisions
	clock     *clock
	log       *recordtest.Log
	dir       string
	files     evidence.Store
	framework *framework.Framework
}

// open opens decisions on a state, on the first of May 2026.
func open(t testing.TB, db *state.DB) office {
	t.Helper()
	c := &clock{}
	c.set(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	keeper, log := recordtest.Open(t, db, c.now)
	all, err := register.Load(catalog.Files, "registers")
	if err != nil {
		t.Fatal(err)
	}
	frameworks, faults := framework.Load(catalog.Files, "frameworks")
	if len(faults) > 0 {
		t.Fatal(errors.Join(faults...))
	}
	dir := t.TempDir()
	files, err := evidence.OpenFolder(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	d, err := governance.Open(context.Background(), db, keeper, all, governance.Options{Files: files, Now: c.now, Frameworks: frameworks,
		Checks: []string{"aws.s3.bucket.encrypts-with-kms", "aws.s3.bucket.blocks-public-access"},
		Estates: func(context.Context) (map[string]string, error) {
			return map[string]string{"north": "North", "south": "South"}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	o := office{d, c, log, dir, files, nil}
	for _, f := range frameworks {
		if f.Default {
			o.framework = f
		}
	}
	return o
}

func exception(change ...string) register.Body {
	b := register.Body{"title": register.Of("Old logs"), "checks": register.ListOf("aws.s3.bucket.*"), "owner": register.Of("cyd@example.org"),
		"resources": {Selector: &register.Resources{Address: "module.logs.*", Tags: map[string][]string{"stage": {"test"}}}},
		"reason":    register.Of("It goes in March."), "measure": register.Of("Two people may read it."), "expires": register.Of("2026-12-31")}
	for i := 0; i+1 < len(change); i += 2 {
		b[change[i]] = register.Of(change[i+1])
	}
	return b
}

// move takes an item through steps, each of somebody.
func (o office) move(t *testing.T, i *governance.Item, steps ...any) *governance.Item {
	t.Helper()
	for n := 0; n < len(steps); n += 2 {
		next, err := o.Move(steps[n].(context.Context), i.Register, i.ID, i.Version, steps[n+1].(string), "It is time.")
		if err != nil {
			t.Fatalf("%s %s: %v", steps[n+1], i.ID, err)
		}
		i = next
	}
	return i
}

func (o office) create(t *testing.T, ctx context.Context, of, estate string, b register.Body) *governance.Item {
	t.Helper()
	i, err := o.Create(ctx, of, estate, b)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// refused tells whether a step is refused with a word.
func (o office) refused(t *testing.T, ctx context.Context, i *governance.Item, verb, want string) {
	t.Helper()
	_, err := o.Move(ctx, i.Register, i.ID, i.Version, verb, "It is time.")
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s %s: %v; want %q", verb, i.ID, err, want)
	}
	if now, _ := o.Get(ctx, i.Register, i.ID); now.Version != i.Version {
		t.Errorf("%s %s: it was refused and yet done", verb, i.ID)
	}
}

// TestSecondPerson proves that an exception is in force only once somebody approves it who neither wrote nor proposed nor owns it, that a change of
// it leaves what is in force until that is approved, too, and that each act is a record with the digest of what was decided.
func TestSecondPerson(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		i := o.create(t, ann, "exception", "north", exception())
		if i.ID != "EX-1" || i.State != "draft" {
			t.Fatalf("made %+v", i)
		}
		o.refused(t, bob, i, "approve", "cannot approve now")
		i = o.move(t, i, cyd, "propose")
		o.refused(t, ann, i, "approve", "second person") // she wrote it
		o.refused(t, recordtest.As("CYD@example.org ", access.Compliance), i, "approve", "names you")
		glass := access.From(ann)
		glass.Elevation, glass.Roles = "break-glass-1", []access.Role{access.Compliance, access.Administrator}
		o.refused(t, access.With(context.Background(), glass), i, "approve", "second person")
		o.refused(t, vera, i, "approve", `permission "approve"`)
		o.refused(t, access.With(context.Background(), access.Program), i, "approve", "not the program")
		i = o.move(t, i, bob, "approve")
		if i.InForce != 3 || i.Body["approved"].Text != "2026-05-01" || i.Body["approver"].Text != "bob@example.org" {
			t.Errorf("approved %+v", i)
		}
		// A change waits for its own approval.
		changed, err := o.Change(bob, "exception", "EX-1", i.Version, exception("measure", "Nobody may read it."), "Stricter.")
		if err != nil || changed.State != "draft" || changed.InForce != 3 || !changed.Body["approver"].Empty() {
			t.Fatalf("changed %+v, %v", changed, err)
		}
		held, err := o.InForce(ann, "exception", "north", o.clock.now())
		if err != nil || len(held) != 1 || held[0].Holds["measure"].Text != "Two people may read it." || held[0].By != "bob@example.org" {
			t.Errorf("in force is %+v, %v", held, err)
		}
		changed = o.move(t, changed, ann, "propose")
		o.refused(t, bob, changed, "approve", "second person")
		back := o.move(t, changed, ann, governance.Discard)
		if back.State != "approved" || back.InForce != 3 || back.Body["measure"].Text != "Two people may read it." {
			t.Errorf("taken back to %+v", back)
		}
		over := o.move(t, back, ann, "end")
		if over.InForce != 0 || !over.Closed {
			t.Errorf("ended %+v", over)
		}
		history, err := o.History(ann, "exception", "EX-1")
		if err != nil || len(history) != 7 || history[0].Verb != "end" || history[0].Reason != "It is time." || history[6].ActorName != "ann@example.org" {
			t.Errorf("history %+v, %v", history, err)
		}
		entries := o.log.Entries(t)
		if len(entries) != 7 {
			t.Fatalf("%d records of 7 acts", len(entries))
		}
		for n, e := range entries {
			if v := history[6-n]; e.Kind != record.Decision || e.Subject != "exception/EX-1" || e.Estate != "north" || e.Verb != v.Verb ||
				e.Digests["body"] != v.Digest {
				t.Errorf("record %+v of version %+v", e, v)
			}
		}
	})
}

// TestRace proves that of two approvals at once one wins, and that the other is told what changed.
func TestRace(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		for range 5 {
			i := o.create(t, ann, "exception", "", exception())
			i = o.move(t, i, ann, "propose")
			var won, lost atomic.Int32
			var all sync.WaitGroup
			for _, who := range []context.Context{bob, recordtest.As("dan@example.org", access.Compliance)} {
				all.Go(func() {
					_, err := o.Move(who, i.Register, i.ID, i.Version, "approve", "")
					var conflict *governance.Conflict
					switch {
					case err == nil:
						won.Add(1)
					case errors.As(err, &conflict) && strings.Contains(err.Error(), "approved now"):
						lost.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if won.Load() != 1 || lost.Load() != 1 {
				t.Errorf("%d won, %d lost", won.Load(), lost.Load())
			}
		}
	})
}

// TestConflict proves that a change to a version that is not the newest is refused with what changed.
func TestConflict(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	i := o.create(t, ann, "exception", "", exception())
	if _, err := o.Change(bob, i.Register, i.ID, 1, exception("reason", "Another."), ""); err != nil {
		t.Fatal(err)
	}
	_, err := o.Change(cyd, i.Register, i.ID, 1, exception("owner", "eve"), "")
	var conflict *governance.Conflict
	if !errors.As(err, &conflict) || len(conflict.Changed) != 1 || conflict.Changed[0].ID != "reason" || conflict.By != "bob@example.org" {
		t.Errorf("got %v", err)
	}
}

// TestFaults proves that what is wrong is told by field, and that nothing is written then.
func TestFaults(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	for _, test := range []struct {
		of, estate string
		body       register.Body
		field      string
	}{
		{"exception", "", exception("title", ""), "title"},
		{"exception", "", exception("expires", "31.12.2026"), "expires"},
		{"exception", "", exception("expires", "2026-04-30"), "expires"},
		{"exception", "", exception("expires", "2027-05-03"), "expires"},
		{"exception", "", exception("checks", "aws.nothing.*"), "checks"},
		{"exception", "", exception("reason", strings.Repeat("x", 4001)), "reason"},
		{"exception", "", exception("reason", "a\x00b"), "reason"},
		{"exception", "", exception("owner", "a\nb"), "owner"},
		{"exception", "", exception("nothing", "x"), "nothing"},
		{"exception", "east", exception(), governance.ActEstate},
		{"attestation", "", register.Body{"statement": register.Of("no-such"), "answer": register.Of("yes"), "owner": register.Of("a")}, "statement"},
		{"attestation", "", register.Body{"statement": register.Of("risk-analysis"), "answer": register.Of("not applicable"),
			"owner": register.Of("a")}, "note"}, {"alternative", "", register.Body{"citation": register.Of("164.999")}, "citation"},
		{"agreement", "", register.Body{"vendor": register.Of("VE-7")}, "vendor"},
	} {
		_, err := o.Create(ann, test.of, test.estate, test.body)
		var faults register.Faults
		if !errors.As(err, &faults) || faults.Of(test.field) == "" {
			t.Errorf("%s with a wrong %s: %v", test.of, test.field, err)
		}
	}
	if _, err := o.Create(vera, "exception", "", exception()); err == nil {
		t.Error("a viewer wrote an exception")
	}
	if n := len(o.log.Entries(t)); n != 0 {
		t.Errorf("%d records of what was not done", n)
	}
	o.create(t, ann, "attestation", "", register.Body{"statement": register.Of("risk-analysis"), "answer": register.Of("yes"),
		"owner": register.Of("a")})
	if _, err := o.Create(ann, "attestation", "", register.Body{"statement": register.Of("risk-analysis"), "answer": register.Of("no"),
		"owner": register.Of("b")}); err == nil || !strings.Contains(err.Error(), "AT-1") {
		t.Errorf("a second answer to a statement: %v", err)
	}
}

// TestUnrecorded proves that nothing is decided while the ledger cannot be written.
func TestUnrecorded(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	i := o.create(t, ann, "exception", "", exception())
	o.log.Fail(errors.New("disk full"))
	if _, err := o.Move(ann, i.Register, i.ID, i.Version, "propose", ""); !errors.Is(err, record.ErrUnrecorded) {
		t.Errorf("got %v", err)
	}
	if _, err := o.Create(ann, "exception", "", exception()); !errors.Is(err, record.ErrUnrecorded) {
		t.Errorf("got %v", err)
	}
	o.log.Fail(nil)
	items, err := o.List(ann, governance.Wanted{Register: "exception"})
	if err != nil || len(items) != 1 || items[0].State != "draft" {
		t.Errorf("there are %+v, %v", items, err)
	}
}
