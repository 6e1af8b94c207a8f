package governance_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

var dates = cmp.Comparer(func(a, b config.Date) bool { return a == b })

// decide puts one of each sort into force, for an estate.
func (o office) decide(t *testing.T, estate string) {
	t.Helper()
	e := o.create(t, ann, "exception", estate, exception())
	o.move(t, e, ann, "propose", bob, "approve")
	a := o.create(t, ann, "attestation", estate, register.Body{"statement": register.Of("activity-review"), "answer": register.Of("yes"),
		"owner": register.Of("Ann"), "document": register.Of("https://wiki.example.org/review"), "note": register.Of("yes")})
	o.move(t, a, ann, "attest")
	d := o.create(t, ann, "alternative", estate, register.Body{"citation": register.Of("164.312(a)(2)(iii)"), "measure": register.Of("Locked rooms."),
		"reason": register.Of("No screens:\nnone at all."), "document": register.Of("d.pdf"), "owner": register.Of("Cyd"),
		"expires": register.Of("2027-04-30")})
	o.move(t, d, ann, "propose", bob, "approve")
}

const same = `exceptions:
  - id: EX-1
    checks: aws.s3.bucket.*
    resources: {address: module.logs.*, tags: {stage: test}}
    owner: cyd@example.org
    reason: It goes in March.
    measure: Two people may read it.
    approver: bob@example.org
    approved: 2026-05-01
    expires: 2026-12-31
attestations:
  - {id: activity-review, answer: yes, owner: Ann, document: "https://wiki.example.org/review", reviewed: 2026-05-01, note: "yes"}
alternatives:
  - {citation: 164.312(a)(2)(iii), measure: Locked rooms., reason: "No screens:\nnone at all.", document: d.pdf, owner: Cyd, approver: bob@example.org, reviewed: 2026-05-01, expires: 2027-04-30}
`

// places takes out where decisions stand, which is all that may differ.
func places(c *config.Config) *config.Config {
	for i := range c.Exceptions {
		c.Exceptions[i].Place = config.Place{}
	}
	for i := range c.Attestations {
		c.Attestations[i].Place = config.Place{}
	}
	for i := range c.Alternatives {
		c.Alternatives[i].Place = config.Place{}
	}
	c.File = ""
	return c
}

// TestConfig proves that what is in force in the registers is for an assessment what the same decisions in ward.yaml are, at the time that it
// is asked for, and that ward.yaml goes first.
func TestConfig(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		before := o.clock.now()
		o.clock.add(1000000)
		o.decide(t, "north")
		now := o.clock.now()
		want, err := config.Parse("ward.yaml", []byte(same))
		if err != nil {
			t.Fatal(err)
		}
		got, notices, err := o.Config(ann, "north", nil, now)
		if err != nil || len(notices) != 0 {
			t.Fatal(err, notices)
		}
		if diff := cmp.Diff(places(want), places(got), dates); diff != "" {
			t.Error(diff)
		}
		for estate, at := range map[string]int{"north": 0, "south": 1} {
			when := before
			if at == 1 {
				when = now
			}
			if c, _, err := o.Config(ann, estate, nil, when); err != nil || len(c.Exceptions)+len(c.Attestations)+len(c.Alternatives) != 0 {
				t.Errorf("%s at %s: %+v, %v", estate, when, c, err)
			}
		}
		base, err := config.Parse("ward.yaml", []byte(strings.ReplaceAll(same, "Ann", "Zoe")))
		if err != nil {
			t.Fatal(err)
		}
		got, notices, err = o.Config(ann, "north", base, now)
		if err != nil || len(notices) != 3 || !strings.Contains(notices[0].Text, "ward.yaml:2 decides the same") {
			t.Errorf("notices %+v, %v", notices, err)
		}
		if diff := cmp.Diff(base, got, dates); diff != "" {
			t.Error(diff)
		}
		base.Exceptions[0].Resources.Address = "another.*"
		got, _, err = o.Config(ann, "north", base, now)
		if err != nil || len(got.Exceptions) != len(base.Exceptions)+1 || got.Exceptions[len(got.Exceptions)-1].ID != "exception/EX-1" {
			t.Errorf("beside an exception of the same number for something else: %+v, %v", got.Exceptions, err)
		}
	})
}

// TestScope proves that a decision for one estate goes before that for all.
func TestScope(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	for estate, answer := range map[string]string{"": "yes", "north": "no"} {
		a := o.create(t, ann, "attestation", estate, register.Body{"statement": register.Of("risk-analysis"), "answer": register.Of(answer),
			"owner": register.Of("Ann")})
		o.move(t, a, ann, "attest")
	}
	for estate, want := range map[string]string{"north": "no", "south": "yes", "": "yes"} {
		c, notices, err := o.Config(ann, estate, nil, o.clock.now())
		if err != nil || len(notices) != 0 || len(c.Attestations) != 1 || c.Attestations[0].Answer != want {
			t.Errorf("%q: %+v, %v, %v; want %s", estate, c.Attestations, notices, err, want)
		}
	}
}

// TestRoundTrip proves that config.Load accepts what Export writes, that Import finds nothing to do in it, that elsewhere it becomes drafts and
// nothing else, and that a second import of the same does nothing.
func TestRoundTrip(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		o.decide(t, "north")
		var out bytes.Buffer
		if err := o.Export(ann, "north", o.clock.now(), &out); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), config.Name)
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := config.Load(file)
		if err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		want, _, err := o.Config(ann, "north", nil, o.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		records := len(o.log.Entries(t))
		got, err := o.Import(ann, "north", read)
		if err != nil || len(got.Unchanged) != 3 || len(got.Created)+len(got.Changed)+len(got.Faults) != 0 || len(o.log.Entries(t)) != records {
			t.Errorf("imported again: %+v, %v", got, err)
		}
		for n := range 2 {
			got, err = o.Import(ann, "south", read)
			if err != nil || len(got.Faults) != 0 || n == 0 && len(got.Created) != 3 || n == 1 && len(got.Unchanged) != 3 {
				t.Fatalf("imported elsewhere: %+v, %v", got, err)
			}
		}
		if len(o.log.Entries(t)) != records+1 {
			t.Errorf("%d records of one import", len(o.log.Entries(t))-records)
		}
		if c, _, err := o.Config(ann, "south", nil, o.clock.now()); err != nil || len(c.Exceptions)+len(c.Attestations)+len(c.Alternatives) != 0 {
			t.Errorf("an import put %+v into force, %v", c, err)
		}
		// Approved there, they are what they were here.
		for of, id := range map[string]string{"exception": "EX-2", "alternative": "AD-2", "attestation": "AT-2"} {
			i, err := o.Get(ann, of, id)
			if err != nil {
				t.Fatal(err)
			}
			if of == "attestation" {
				o.move(t, i, ann, "attest")
			} else {
				o.move(t, i, ann, "propose", bob, "approve")
			}
		}
		there, _, err := o.Config(ann, "south", nil, o.clock.now())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(places(want), places(there), dates); diff != "" {
			t.Error(diff)
		}
		read.Exceptions[0].Reason = "Another."
		if got, err = o.Import(ann, "north", read); err != nil || len(got.Changed) != 1 || got.Changed[0] != "EX-1" {
			t.Errorf("imported a change: %+v, %v", got, err)
		}
		if held, err := o.InForce(ann, "exception", "north", o.clock.now()); err != nil ||
			held[0].Holds["reason"].Text != "It goes in March." || held[0].State != "draft" {
			t.Errorf("in force is %+v, %v", held, err)
		}
	})
}

// TestImportForAll proves that what holds for all estates is left alone when it comes back with the file of one, and is not written over by it.
func TestImportForAll(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	o.decide(t, "")
	var out bytes.Buffer
	if err := o.Export(ann, "north", o.clock.now(), &out); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("ward.yaml", out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := o.Import(ann, "north", c); err != nil || len(got.Unchanged) != 3 {
		t.Errorf("imported again: %+v, %v", got, err)
	}
	c.Exceptions[0].Reason = "Another."
	if got, err := o.Import(ann, "north", c); err != nil || len(got.Faults) != 1 || !strings.Contains(got.Faults[0].Text, "for all estates") {
		t.Errorf("imported a change of what holds for all: %+v, %v", got, err)
	}
	c.Exceptions, c.Attestations[0].Owner = nil, "Zoe"
	if got, err := o.Import(ann, "north", c); err != nil || len(got.Created) != 1 || got.Created[0] != "AT-2" {
		t.Errorf("imported an answer of one estate: %+v, %v", got, err)
	}
}

// FuzzImport proves that no file makes Import panic or put anything into force.
func FuzzImport(f *testing.F) {
	f.Add(same)
	f.Add("exceptions:\n  - {id: \"\\0\", checks: [], resources: {}, owner: a, reason: b, expires: 2026-01-01}\n")
	f.Add("attestations: [{id: risk-analysis, answer: yes, owner: A, reviewed: 2026-01-01}]")
	o := open(f, statetest.SQLite(f))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("ward.yaml", []byte(text))
		if err != nil {
			return
		}
		_, _ = o.Import(ann, "north", c)
		held, _, err := o.Config(context.Background(), "north", nil, o.clock.now())
		if err != nil || len(held.Exceptions)+len(held.Attestations)+len(held.Alternatives) > 0 {
			t.Errorf("in force is %+v, %v", held, err)
		}
	})
}
