package text

import (
	"flag"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, Read: func(b []byte) string {
		return string(b)
	}})
	reporttest.Golden(t, "clinic.txt", reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), *update)
	reporttest.Golden(t, "verbose.txt", reporttest.Write(t, Writer{}, reporttest.Clinic(),
		report.Options{Verbose: true, Width: 100}), *update)
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestWidth proves that no line is longer than asked, whatever stands in the assessment, and that colour changes nothing
// but colour.
func TestWidth(t *testing.T) {
	for name, a := range map[string]*assessment.Assessment{"clinic": reporttest.Clinic(),
		"hostile": reporttest.Hostile(), "zero": {}} {
		for _, width := range []int{0, 60, 100, 132} {
			for _, verbose := range []bool{false, true} {
				o := report.Options{Width: width, Verbose: verbose}
				out := string(reporttest.Write(t, Writer{}, a, o))
				for _, l := range strings.Split(out, "\n") {
					if n := utf8.RuneCountInString(l); n > o.Columns() {
						t.Errorf("%s at %d: %d columns: %s", name, width, n, l)
					}
					if strings.TrimRight(l, " ") != l {
						t.Errorf("%s at %d: a space ends %q", name, width, l)
					}
				}
				o.Color = true
				coloured := string(reporttest.Write(t, Writer{}, a, o))
				if diff := cmp.Diff(out, escapes.ReplaceAllString(coloured, "")); diff != "" {
					t.Errorf("%s at %d: colour changes the text:\n%s", name, width, diff)
				}
			}
		}
	}
}

// TestVerdict proves that the last line never says met while something fails, is unknown, unread or waits.
func TestVerdict(t *testing.T) {
	asked := assessment.Coverage{Evaluated: 1, Ratio: 1}
	for want, a := range map[string]*assessment.Assessment{
		"1 failing finding": {Coverage: asked, Summary: assessment.Summary{
			Findings: map[assessment.Status]int{assessment.Fail: 1}}},
		"nothing fails, but 1 question without an answer": {Coverage: asked, Summary: assessment.Summary{
			Findings: map[assessment.Status]int{assessment.Unknown: 1}}},
		"nothing fails, but not everything is known": {Coverage: asked, Gaps: []assessment.Gap{{}}},
		"1 safeguard not met": {Coverage: asked, Summary: assessment.Summary{
			Safeguards: map[assessment.Outcome]int{assessment.NotMet: 1}}},
		"no check fails; 1 safeguard waits for a person": {Coverage: asked, Summary: assessment.Summary{
			Safeguards: map[assessment.Outcome]int{assessment.Manual: 1}}},
		"nothing was asked: no resource that a check knows was found": {},
		"met": {Coverage: asked},
	} {
		if _, got := (&page{a: a}).verdict(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want []string
	}{
		{"", 5, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"longword x", 4, []string{"long", "word", "x"}},
		{"exact", 5, []string{"exact"}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.in, c.n)); diff != "" {
			t.Errorf("wrap(%q, %d): %s", c.in, c.n, diff)
		}
	}
}
