package diff

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
)

var update = flag.Bool("update", false, "write the golden files anew")

func finding(address string, status assessment.Status, more ...func(*assessment.Finding)) assessment.Finding {
	f := assessment.Finding{ID: "id-" + address, Status: status,
		Question: &assessment.Question{Check: "acme.box.locked", Title: "Boxes are locked", Severity: assessment.High},
		Subject: &assessment.Subject{PHI: "unknown", Resource: assessment.Resource{ID: "t#" + address, Address: address},
			Location: assessment.Location{File: "main.tf", Line: 7}}}
	for _, change := range more {
		change(&f)
	}
	return f
}

func phi(answer string) func(*assessment.Finding) {
	return func(f *assessment.Finding) { f.PHI = answer }
}

func severity(s assessment.Severity) func(*assessment.Finding) {
	return func(f *assessment.Finding) { f.Severity = s }
}

func assessed(findings ...assessment.Finding) *assessment.Assessment {
	return &assessment.Assessment{AssessedAt: time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC), Framework: assessment.Framework{ID: "book"}, Findings: findings}
}

func TestOf(t *testing.T) {
	const pass, fail, unknown, excepted, not = assessment.Pass, assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.NotApplicable
	none := assessment.Status("")
	tests := []struct {
		before, after assessment.Status
		want          string
	}{
		{none, fail, "new"}, {none, unknown, "new"}, {none, pass, ""}, {none, excepted, ""},
		{pass, fail, "worse"}, {unknown, fail, "worse"}, {pass, unknown, "worse"}, {not, fail, "worse"}, {excepted, fail, "worse"}, {pass, excepted, "worse"},
		{fail, unknown, "lost"}, {fail, pass, "fixed"},
		{fail, not, "better"}, {unknown, pass, "better"}, {fail, excepted, "better"}, {unknown, excepted, "better"},
		{fail, none, "gone"}, {unknown, none, "gone"}, {pass, none, ""}, {excepted, none, ""},
		{fail, fail, ""}, {pass, pass, ""}, {pass, not, ""}, {not, pass, ""},
	}
	for _, test := range tests {
		before, after := assessed(), assessed()
		if test.before != none {
			before = assessed(finding("a", test.before))
		}
		if test.after != none {
			after = assessed(finding("a", test.after))
		}
		if got := where(Of(before, after)); got != test.want {
			t.Errorf("%q to %q is %q, want %q", test.before, test.after, got, test.want)
		}
	}
}

// where returns the names of the lists that hold something.
func where(d *Diff) string {
	var names []string
	for name, list := range map[string][]Change{"new": d.New, "worse": d.Worse, "lost": d.Lost, "fixed": d.Fixed, "better": d.Better, "gone": d.Gone} {
		if len(list) > 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestWeight(t *testing.T) {
	tests := []struct {
		name          string
		before, after assessment.Finding
		want          string
	}{
		{"severity rose", finding("a", "fail", severity("low")), finding("a", "fail"), "worse"},
		{"severity fell", finding("a", "fail"), finding("a", "fail", severity("low")), "better"},
		{"PHI reached it", finding("a", "unknown"), finding("a", "unknown", phi("yes")), "worse"},
		{"PHI left it", finding("a", "fail", phi("yes")), finding("a", "fail", phi("no")), "better"},
		{"PHI is not known any more", finding("a", "fail", phi("yes")), finding("a", "fail"), ""},
		{"both ways", finding("a", "fail", phi("yes")), finding("a", "fail", phi("no"), severity("critical")), "worse"},
		{"of what passes", finding("a", "pass"), finding("a", "pass", phi("yes")), ""},
	}
	for _, test := range tests {
		if got := where(Of(assessed(test.before), assessed(test.after))); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// An assessment does not differ from itself, also where an id stands twice.
func TestSame(t *testing.T) {
	a := assessed(finding("a", "fail"), finding("a", "pass"), finding("b", "unknown"))
	if got := where(Of(a, a)); got != "" || Of(a, a).IsWorse() {
		t.Errorf("got %s", got)
	}
	if got := where(Of(a, assessed(finding("a", "pass"), finding("a", "fail"), finding("b", "unknown")))); got != "" {
		t.Errorf("in another order: %s", got)
	}
}

func TestSafeguards(t *testing.T) {
	made := func(outcomes ...assessment.Outcome) *assessment.Assessment {
		a := assessed()
		for i, o := range outcomes {
			a.Safeguards = append(a.Safeguards, assessment.Safeguard{Citation: fmt.Sprint(i), Status: o})
		}
		return a
	}
	d := Of(made("met", "not met", "unknown", "met", "inherited", "met"), made("not met", "met", "unknown", "inherited", "manual"))
	var got []string
	for _, s := range d.Safeguards {
		got = append(got, fmt.Sprintf("%s %s>%s %v", s.Citation, s.Before, s.After, s.Worse))
	}
	want := []string{"0 met>not met true", "1 not met>met false", "3 met>inherited false", "4 inherited>manual true", "5 met> false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func sample() *Diff {
	evil := func(f *assessment.Finding) { f.Resource.Address = "module.a|b`c`@team[\"x\"]\x1b[31m" }
	before := assessed(finding("pass", "pass"), finding("fail", "fail"), finding("dark", "fail"), finding("excepted", "fail"), finding("gone", "fail"), finding("here", "fail"))
	after := assessed(finding("pass", "fail", phi("yes")), finding("new", "fail", evil), finding("long", "unknown", func(f *assessment.Finding) {
		f.Resource.Address = "module.one.module.two.module.three.module.four.acme_box.a_very_long_name_of_a_box[\"a-key-that-is-long\"]"
	}), finding("fail", "pass"), finding("dark", "unknown"), finding("excepted", "excepted"), finding("other", "pass", func(f *assessment.Finding) { f.Resource.ID = "t#here" }))
	before.Safeguards = []assessment.Safeguard{{Citation: "164.312(b)", Name: "Audit controls", Status: assessment.Met}}
	after.Safeguards = []assessment.Safeguard{{Citation: "164.312(b)", Name: "Audit controls", Status: assessment.NotMet, Reasons: []string{"1 of 5 findings fail: acme.box.locked (1)"}}}
	after.Tool.CatalogDigest = "sha256:1"
	after.Summary.Findings = map[assessment.Status]int{assessment.Fail: 2}
	after.Coverage.Ratio = 0.6
	return Of(before, after)
}

func TestWrite(t *testing.T) {
	d := sample()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff.txt": func(b *bytes.Buffer) error { return d.WriteText(b) },
		"diff.md":  func(b *bytes.Buffer) error { return d.WriteMarkdown(b) },
		"diff.json": func(b *bytes.Buffer) error {
			return d.WriteJSON(b)
		},
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s holds a control character", name)
		}
		for _, line := range strings.Split(out.String(), "\n") {
			if name == "diff.txt" && utf8.RuneCountInString(line) > columns {
				t.Errorf("wider than %d: %s", columns, line)
			}
		}
	}
}
