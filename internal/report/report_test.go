package report

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain é 日本":         "plain é 日本",
		"a\nb\tc\r":          `a\nb\tc\r`,
		"\x1b[31mred":        `\x1b[31mred`,
		"left\u202eright":    `left\u202eright`,
		"\x00\x7f\u0085":     `\x00\x7f\u0085`,
		"\xff\xfe":           `\xff\xfe`,
		"soft\u00adhyphen":   `soft\u00adhyphen`,
		"line\u2028sep":      `line\u2028sep`,
		"tag\U000e0041":      `tag\U000e0041`,
		"no\ufffe\U0001ffff": `no\ufffe\U0001ffff`,
		"replacement \ufffd": `replacement \ufffd`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[0m\u202e\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }) {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if Clean(got) != got {
			t.Errorf("Clean(%q) is not clean", s)
		}
		if text := CleanText(s); Clean(strings.ReplaceAll(text, "\n", "")) != strings.ReplaceAll(text, "\n", "") {
			t.Errorf("CleanText(%q) = %q", s, text)
		}
	})
}

// TestPercent proves that only the whole is 100% and only nothing is 0%.
func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0%", -1: "0%", 0.0001: "<1%", 0.01: "1%", 0.29: "29%", 0.57: "57%", 0.999: "99%", 0.9999999999: "99%", 1: "100%", 2: "100%",
	} {
		if got := Percent(share); got != want {
			t.Errorf("Percent(%v) = %s, want %s", share, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 3, "äöü"}, {"äöüß", 3, "äö…"}, {"a", 0, "…"}, {"", 0, ""}} {
		if got := Short(c.in, c.n); got != c.want {
			t.Errorf("Short(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestObserved(t *testing.T) {
	for _, c := range []struct {
		e    assessment.Evidence
		want string
	}{
		{assessment.Evidence{State: "known", Value: []any{"<a>", 1.5, nil}}, `= ["<a>",1.5,null]`},
		{assessment.Evidence{State: "known", Value: "\x1b"}, `= "\u001b"`},
		{assessment.Evidence{State: "known", Value: func() {}}, `= (cannot be shown)`},
		{assessment.Evidence{State: "default", Value: true}, `= true (the provider's default)`},
		{assessment.Evidence{State: "absent"}, `is absent`},
		{assessment.Evidence{State: "secret", Value: "hunter2"}, `is set and secret`},
		{assessment.Evidence{State: "unknown", Value: "x"}, `is unknown`},
		{assessment.Evidence{State: "", Value: "x"}, `is unknown`},
	} {
		if got := Observed(&c.e); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.e, got, c.want)
		}
	}
}

func TestEscapeJSON(t *testing.T) {
	for in, want := range map[string]string{
		`"a"`: `"a"`, "\"\u009b\u202e\U000e0041é\"": `"\u009b\u202e\udb40\udc41é"`,
	} {
		if got := string(EscapeJSON([]byte(in))); got != want {
			t.Errorf("EscapeJSON(%q) = %s, want %s", in, got, want)
		}
	}
}

// TestGroups proves the order: PHI, then what may be PHI, then severity, then the check's id; within a group PHI, file,
// line, address.
func TestGroups(t *testing.T) {
	find := func(check string, severity assessment.Severity, phi, file string, line int) assessment.Finding {
		return assessment.Finding{ID: check + file, Question: &assessment.Question{Check: check, Severity: severity}, Status: assessment.Fail,
			Subject: &assessment.Subject{PHI: phi, Location: assessment.Location{File: file, Line: line}}}
	}
	a := &assessment.Assessment{Findings: []assessment.Finding{
		find("b.high", assessment.High, "no", "z.tf", 1),
		find("a.high", assessment.High, "no", "z.tf", 1),
		find("critical", assessment.Critical, "no", "z.tf", 1),
		find("perhaps", assessment.Low, "unknown", "z.tf", 1),
		find("strange", "dire", "no", "z.tf", 1),
		find("phi", assessment.Low, "no", "a.tf", 1),
		find("phi", assessment.Low, "yes", "z.tf", 10),
		find("phi", assessment.Low, "yes", "z.tf", 9),
		{Question: &assessment.Question{Check: "passes"}, Status: assessment.Pass, Subject: &assessment.Subject{}},
	}}
	var got []string
	for _, g := range Groups(a, assessment.Fail) {
		for _, f := range g.Findings {
			got = append(got, g.Check.ID+" "+Place(f.Location))
		}
	}
	want := []string{"phi z.tf:9", "phi z.tf:10", "phi a.tf:1", "perhaps z.tf:1", "critical z.tf:1", "strange z.tf:1", "a.high z.tf:1", "b.high z.tf:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGrants proves that a finding that needs two grants is in both, that what helps most comes first and what nothing
// helps last, and that no unknown is left out.
func TestGrants(t *testing.T) {
	unknown := func(id string, us ...assessment.UnknownValue) assessment.Finding {
		return assessment.Finding{ID: id, Question: &assessment.Question{}, Status: assessment.Unknown, Subject: &assessment.Subject{}, Unknown: us}
	}
	a := &assessment.Assessment{Findings: []assessment.Finding{
		unknown("1", assessment.UnknownValue{Reason: "no help"}),
		unknown("2", assessment.UnknownValue{Reason: "r1", Grant: "x"}, assessment.UnknownValue{Reason: "r2", Grant: "x"}),
		unknown("3", assessment.UnknownValue{Reason: "r2", Grant: "x"}, assessment.UnknownValue{Reason: "r3", Grant: "y"}),
		unknown("4"), unknown("5"),
		{ID: "6", Status: assessment.Fail, Unknown: []assessment.UnknownValue{{Grant: "z"}}},
	}}
	type row struct {
		Grant   string
		Reasons []string
		IDs     string
	}
	var got []row
	for _, g := range Grants(a) {
		r := row{Grant: g.Grant, Reasons: g.Reasons}
		for _, f := range g.Findings {
			r.IDs += f.ID
		}
		got = append(got, r)
	}
	want := []row{{"x", []string{"r2", "r1"}, "23"}, {"y", []string{"r3"}, "3"}, {"", []string{"no reason was given", "no help"}, "145"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFix(t *testing.T) {
	all := assessment.Check{Fix: map[string]string{"terraform": "t", "cloudformation": "c", "cli": "l", "console": "o"}}
	for _, c := range []struct {
		file, kind, want string
	}{
		{"a.tf", "cloudformation", "terraform"}, {"a.tf.json", "", "terraform"}, {"plan.json", "terraform-plan", "terraform"},
		{"t.yaml", "cloudformation", "cloudformation"}, {"", "terraform", "terraform"}, {"", "aws", "cli"},
	} {
		a := &assessment.Assessment{Targets: []assessment.Target{{Kind: c.kind}}}
		f := &assessment.Finding{Subject: &assessment.Subject{Location: assessment.Location{File: c.file}}}
		if way, _ := Fix(a, all, f); way != c.want {
			t.Errorf("%s of %s: %s, want %s", c.file, c.kind, way, c.want)
		}
	}
	if way, text := Fix(&assessment.Assessment{}, assessment.Check{}, &assessment.Finding{Subject: &assessment.Subject{}}); way != "" || text != "" {
		t.Errorf("a check without a fix: %q %q", way, text)
	}
}

func TestBaselined(t *testing.T) {
	fail := assessment.Finding{Status: assessment.Fail}
	for _, c := range []struct {
		name string
		a    assessment.Assessment
		want bool
	}{
		{"nothing", assessment.Assessment{}, false},
		{"no baseline", assessment.Assessment{Findings: []assessment.Finding{fail}, Summary: assessment.Summary{New: 1}}, false},
		{"all known", assessment.Assessment{Findings: []assessment.Finding{fail}}, true},
		{"one new", assessment.Assessment{Findings: []assessment.Finding{{Status: assessment.Fail, New: true}}, Summary: assessment.Summary{New: 1}}, true},
	} {
		if got := Baselined(&c.a); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o             Options
		columns, most int
	}{
		{Options{}, 80, 5}, {Options{Width: 10}, 64, 5}, {Options{Width: 120, Limit: 3}, 120, 3}, {Options{Limit: 50}, 80, 9},
		{Options{Verbose: true, Limit: 1}, 80, 9},
	} {
		if c.o.Columns() != c.columns || c.o.Places(9, 5) != c.most {
			t.Errorf("%+v: %d columns, %d places", c.o, c.o.Columns(), c.o.Places(9, 5))
		}
	}
}

// TestPlace proves that a place names the region of a call only if there is one.
func TestPlace(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, l := range map[string]assessment.Location{
		"":           {},
		"main.tf":    {File: "main.tf"},
		"main.tf:12": {File: "main.tf", Line: 12},
		"GetBucketPolicy in eu-west-1, 2026-01-02 03:04:05Z": {Call: &assessment.Call{API: "GetBucketPolicy", Region: "eu-west-1", At: at}},
		"get /version, 2026-01-02 03:04:05Z":                 {Call: &assessment.Call{API: "get /version", At: at}},
	} {
		if got := Place(l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
