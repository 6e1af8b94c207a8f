package governance_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/state/statetest"
)

// failing are checks that fail on a resource with PHI each.
func failing(ids ...string) ([]assessment.Check, map[string]int) {
	checks, counts := []assessment.Check{{ID: "a.b.passes", Title: "Nothing fails this"}}, map[string]int{}
	for _, id := range ids {
		checks = append(checks, assessment.Check{ID: id, Title: "Title of " + id, Why: "Why\nit matters."})
		counts[id]++
	}
	return checks, counts
}

// TestFeed proves that checks which fail on PHI propose risks once, that only people take them further, that a dismissed one does not come again,
// and that one that was closed does.
func TestFeed(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		program := access.With(context.Background(), access.Program)
		feed := func(want int, checks ...string) []string {
			t.Helper()
			texts, counts := failing(checks...)
			ids, err := o.Feed(program, "north", texts, counts)
			if err != nil || len(ids) != want {
				t.Fatalf("proposed %v, %v; want %d", ids, err, want)
			}
			return ids
		}
		feed(0)
		ids := feed(2, "a.b.c", "a.b.d")
		feed(0, "a.b.c", "a.b.d")
		feed(0)
		i, err := o.Get(ann, "risk", ids[0])
		if err != nil || i.State != "identified" || governance.Evidence(i) != "/findings?check=a.b.c&phi=yes&status=fail" || i.Body["failing"].Text != "1" {
			t.Fatalf("proposed %+v, %v", i, err)
		}
		o.refused(t, ann, i, "assess", "needed before you can assess")
		body := i.Body.Clone()
		for field, value := range map[string]string{"ephi": "Results in the laboratory's bucket", "source": "adversarial", "event": "Somebody reads them.",
			"occurrence": "high", "adversity": "moderate", "impact": "high", "treatment": "accept", "rationale": "It is gone in a week.",
			"owner": "cyd", "review": "2026-08-01"} {
			body[field] = register.Of(value)
		}
		if i, err = o.Change(cyd, "risk", i.ID, i.Version, body, ""); err != nil {
			t.Fatal(err)
		}
		if i.Body["likelihood"].Text != "moderate" || i.Body["level"].Text != "moderate" || i.Body["check"].Text != "a.b.c" {
			t.Errorf("computed %+v", i.Body)
		}
		i = o.move(t, i, ann, "assess")
		o.refused(t, ann, i, "decide", "second person")
		i = o.move(t, i, bob, "decide")
		feed(0) // it passes now, and yet the risk stays
		if i, _ = o.Get(ann, "risk", i.ID); i.InForce == 0 {
			t.Error("a risk closed by itself")
		}
		feed(0, "a.b.c")
		other, _ := o.Get(ann, "risk", ids[1])
		o.move(t, other, ann, "dismiss")
		feed(0, "a.b.d")
		o.move(t, i, ann, "close")
		feed(1, "a.b.c", "a.b.d")
	})
}

// TestClock60 proves that the notices of a breach are due 60 calendar days after discovery at the latest, that nothing but a determination
// confirmed by a second person stops the clock, and that large breaches owe more.
func TestClock60(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	body := register.Body{"title": register.Of("Lost laptop"), "role": register.Of("covered entity"), "discovered": register.Of("2026-03-15"),
		"description": register.Of("A laptop was lost."), "owner": register.Of("cyd"), "breach": register.Of("undecided")}
	i := o.create(t, ann, "incident", "", body)
	want := func(dates map[string]string) {
		t.Helper()
		for field, day := range dates {
			if got := i.Body[field].Text; got != day {
				t.Errorf("%s is %q, want %q", field, got, day)
			}
		}
	}
	set := func(field, value string) {
		t.Helper()
		body = body.Clone()
		body[field] = register.Of(value)
		var err error
		if i, err = o.Change(ann, "incident", i.ID, i.Version, body, ""); err != nil {
			t.Fatal(err)
		}
	}
	// How many is not known: the shorter times hold.
	want(map[string]string{"individuals_due": "2026-05-14", "hhs_due": "2026-05-14", "media_due": "2026-05-14", "hhs_year_due": "", "entity_due": ""})
	due, err := o.Due(ann, "", 0)
	if err != nil || len(due) != 3 || due[0].Late || due[0].Date.Format(time.DateOnly) != "2026-05-14" {
		t.Errorf("due %+v, %v", due, err)
	}
	set("individuals", "499")
	set("residents", "499")
	want(map[string]string{"individuals_due": "2026-05-14", "hhs_due": "", "media_due": "", "hhs_year_due": "2027-03-01"})
	set("individuals", "500")
	set("residents", "500")
	want(map[string]string{"hhs_due": "2026-05-14", "hhs_year_due": "", "media_due": ""})
	set("residents", "501")
	want(map[string]string{"media_due": "2026-05-14"})
	set("role", "business associate")
	want(map[string]string{"entity_due": "2026-05-14", "individuals_due": "", "hhs_due": ""})
	set("role", "covered entity")
	set("individuals_told", "2026-04-20")
	if due, _ = o.Due(ann, "", 0); len(due) != 2 {
		t.Errorf("due after the individuals were told: %+v", due)
	}
	body["breach"] = register.Of("low probability")
	if _, err = o.Change(ann, "incident", i.ID, i.Version, body, ""); err == nil || !strings.Contains(err.Error(), "nature") {
		t.Errorf("a low probability without its four factors: %v", err)
	}
	for _, factor := range []string{"nature", "recipient", "acquired", "mitigated", "response", "lessons"} {
		body[factor] = register.Of("As it was found.")
	}
	set("breach", "low probability")
	want(map[string]string{"hhs_due": "2026-05-14"}) // one person does not stop the clock
	o.clock.set(time.Date(2026, 5, 15, 9, 0, 0, 0, time.UTC))
	if due, _ = o.Due(ann, "", 0); len(due) != 2 || !due[0].Late {
		t.Errorf("due on the day after: %+v", due)
	}
	o.refused(t, ann, i, "determine", "second person")
	i = o.move(t, i, bob, "determine")
	want(map[string]string{"hhs_due": "", "individuals_due": "", "media_due": ""})
	set("individuals", "700")
	want(map[string]string{"hhs_due": "2026-05-14"}) // it was changed, so that it is to be confirmed again
}

// TestDue proves that what ends is told in time, and what waits for somebody as well, while a change of it waits, too.
func TestDue(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	i := o.create(t, ann, "exception", "north", exception("expires", "2026-06-10"))
	says := func(want ...string) {
		t.Helper()
		due, err := o.Due(ann, "north", 0)
		var got []string
		for _, d := range due {
			got = append(got, d.Says)
		}
		if err != nil || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("due %q, %v; want %q", got, err, want)
		}
	}
	says()
	i = o.move(t, i, ann, "propose")
	says("Proposed, waits for a second person")
	i = o.move(t, i, bob, "approve")
	says()
	o.clock.set(time.Date(2026, 5, 11, 0, 0, 0, 0, time.UTC))
	says("The exception ends")
	if due, _ := o.Due(ann, "south", 0); len(due) != 0 {
		t.Errorf("due elsewhere: %+v", due)
	}
	if i, err := o.Change(ann, "exception", i.ID, i.Version, exception(), ""); err != nil {
		t.Fatal(err)
	} else {
		o.move(t, i, ann, "propose")
	}
	says("The exception ends", "Proposed, waits for a second person")
	a := o.create(t, ann, "attestation", "north", register.Body{"statement": register.Of("activity-review"), "answer": register.Of("yes"),
		"owner": register.Of("Ann")})
	a = o.move(t, a, ann, "attest")
	if got := a.Body["review_due"].Text; got != "2026-08-11" { // three months, as the framework says
		t.Errorf("the next review is on %s", got)
	}
}

// TestList proves that items are found by estate, state and title, page by page, and are counted.
func TestList(t *testing.T) {
	statetest.Each(t, func(t *testing.T, db *state.DB) {
		o := open(t, db)
		for n, title := range []string{"100% of logs", "Old_logs", "New logs", `a\b`} {
			i := o.create(t, ann, "exception", []string{"north", ""}[n%2], exception("title", title))
			if n == 2 {
				o.move(t, i, ann, "end")
			}
		}
		for _, test := range []struct {
			w    governance.Wanted
			want string
		}{
			{governance.Wanted{}, "EX-4 EX-3 EX-2 EX-1"},
			{governance.Wanted{Estate: "north"}, "EX-4 EX-3 EX-2 EX-1"},
			{governance.Wanted{Estate: "south"}, "EX-4 EX-2"},
			{governance.Wanted{Open: true}, "EX-4 EX-2 EX-1"},
			{governance.Wanted{State: "ended"}, "EX-3"},
			{governance.Wanted{Text: "LOGS"}, "EX-3 EX-2 EX-1"},
			{governance.Wanted{Text: "0%"}, "EX-1"},
			{governance.Wanted{Text: "_"}, "EX-2"},
			{governance.Wanted{Text: `\`}, "EX-4"},
			{governance.Wanted{Text: "' OR '1'='1"}, ""},
			{governance.Wanted{Before: 3, Limit: 1}, "EX-2"},
		} {
			test.w.Register = "exception"
			items, err := o.List(ann, test.w)
			var ids []string
			for _, i := range items {
				ids = append(ids, i.ID)
			}
			if got := strings.Join(ids, " "); err != nil || got != test.want {
				t.Errorf("%+v: %q, %v; want %q", test.w, got, err, test.want)
			}
		}
		counts, err := o.Count(ann, "south")
		if err != nil || counts["exception"]["draft"] != 2 || counts["exception"]["ended"] != 0 {
			t.Errorf("counted %v, %v", counts, err)
		}
	})
}

// TestFiles proves that a file is kept by its digest, is handed out only where an item names it and only unaltered, and that what nobody
// attached goes.
func TestFiles(t *testing.T) {
	statetest.Each(t, testFiles)
}

func testFiles(t *testing.T, db *state.DB) {
	o := open(t, db)
	kept, err := o.Keep(ann, `C:\docs\..\re"port.pdf`, strings.NewReader("evidence"))
	if err != nil || kept.Name != "re_port.pdf" || kept.Size != 8 {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	body := exception()
	body["files"] = register.Value{Attached: []register.File{kept}}
	i := o.create(t, ann, "exception", "", body)
	other := o.create(t, ann, "exception", "", exception())
	if f, data, err := o.File(ann, "exception", i.ID, kept.Digest); err != nil || string(data) != "evidence" || f.Name != kept.Name {
		t.Errorf("read %+v %q, %v", f, data, err)
	}
	for _, ask := range [][2]string{{other.ID, kept.Digest}, {i.ID, "../../state.db"}, {i.ID, "sha256:" + strings.Repeat("0", 64)}} {
		if _, _, err := o.File(ann, "exception", ask[0], ask[1]); !errors.Is(err, governance.ErrNotFound) {
			t.Errorf("%v: %v", ask, err)
		}
	}
	for name, given := range map[string]register.File{"that is not here": {Digest: "sha256:" + strings.Repeat("0", 64), Name: "a", Size: 1},
		"with another size": {Digest: kept.Digest, Name: "a", Size: 9}, "with a path": {Digest: "../..", Name: "a", Size: 1}} {
		body["files"] = register.Value{Attached: []register.File{given}}
		if _, err := o.Create(ann, "exception", "", body); err == nil {
			t.Errorf("a file %s was taken", name)
		}
	}
	if _, err := o.Keep(ann, "big", bytes.NewReader(make([]byte, governance.MaxFile+1))); err == nil {
		t.Error("a file that is too large was kept")
	}
	loose, err := o.Keep(ann, "loose", strings.NewReader("nobody attached this"))
	if err != nil {
		t.Fatal(err)
	}
	path := func(f register.File) string {
		hex := strings.TrimPrefix(f.Digest, "sha256:")
		return filepath.Join(o.dir, hex[:2], hex)
	}
	for _, after := range []struct {
		hours int
		there bool
	}{{23, true}, {2, false}} {
		o.clock.set(o.clock.now().Add(time.Duration(after.hours) * time.Hour))
		if err := o.Sweep(ann); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path(loose)); (err == nil) != after.there {
			t.Errorf("what nobody attached, %d hours later: %v", after.hours, err)
		}
	}
	if until, err := o.files.Until(ann, kept.Digest[7:9]+"/"+kept.Digest[7:]); err != nil || until.Before(o.clock.now().AddDate(5, 11, 0)) {
		t.Errorf("what an item names is kept until %v, %v", until, err)
	}
	if err := os.Chmod(path(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(kept), []byte("Evidence"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.File(ann, "exception", i.ID, kept.Digest); !errors.Is(err, governance.ErrAltered) {
		t.Errorf("an altered file: %v", err)
	}
}

// TestMatrix proves that each safeguard has a row with who answers for it, and that a provider's part counts as confirmed only under an
// agreement that is attested.
func TestMatrix(t *testing.T) {
	o := open(t, statetest.SQLite(t))
	f := o.framework
	row := func(citation string) governance.Shared {
		t.Helper()
		rows, err := o.Matrix(ann, f, "north", o.clock.now())
		if err != nil || len(rows) != len(f.Safeguards) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, r := range rows {
			if r.Citation == citation {
				return r
			}
		}
		t.Fatalf("no row for %s", citation)
		return governance.Shared{}
	}
	var inherited string
	for _, s := range f.Safeguards {
		if s.Inherited != nil {
			inherited = s.Citation
		}
	}
	if r := row(inherited); r.Confirmed || r.From == "" {
		t.Errorf("%+v", r)
	}
	a := o.create(t, ann, "attestation", "", register.Body{"statement": register.Of(row(inherited).Under), "answer": register.Of("yes"),
		"owner": register.Of("Ann")})
	o.move(t, a, ann, "attest")
	if !row(inherited).Confirmed {
		t.Error("the agreement is attested and yet not confirmed")
	}
	if !row("164.312(b)").Open() {
		t.Error("somebody answers for audit controls")
	}
	re := o.create(t, ann, "responsibility", "", register.Body{"citation": register.Of("164.312(b)"), "accountable": register.Of("Cyd"),
		"responsible": register.ListOf("Dan", "Eve")})
	o.move(t, re, ann, "propose", bob, "assign")
	if r := row("164.312(b)"); r.Open() || r.Item.Holds["accountable"].Text != "Cyd" {
		t.Errorf("%+v", r)
	}
}
