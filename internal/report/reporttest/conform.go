package reporttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Format says what the suite should hold a format to.
type Format struct {
	Writer report.Writer
	// Read undoes the format's own escapes, so that the text of findings can be looked for. Nil leaves the output as it is.
	Read func([]byte) string
	// Valid fails the test if the output is not what the format asks for. Nil asks nothing.
	Valid func(*testing.T, []byte)
	// NoFindings is for formats that do not hold findings.
	NoFindings bool
	// UnknownSummed is for formats that count unknown findings by what would close them and do not name each.
	UnknownSummed bool
	// CRLF is for formats whose lines end with it.
	CRLF bool
}

// Conform runs the suite on a format.
func Conform(t *testing.T, f Format) {
	t.Helper()
	if f.Read == nil {
		f.Read = func(b []byte) string { return string(b) }
	}
	if f.Valid == nil {
		f.Valid = func(*testing.T, []byte) {}
	}
	t.Run("is deterministic and changes nothing", func(t *testing.T) { deterministic(t, f) })
	t.Run("stands what is empty or strange", func(t *testing.T) { strange(t, f) })
	t.Run("names every failing finding", func(t *testing.T) { complete(t, f) })
	t.Run("escapes what would act on a reader", func(t *testing.T) { escaped(t, f) })
	t.Run("never shows a secret", func(t *testing.T) { secretive(t, f) })
	t.Run("returns the errors of its output", func(t *testing.T) { honest(t, f) })
}

// Write returns what a writer makes of an assessment.
func Write(t *testing.T, w report.Writer, a *assessment.Assessment, o report.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := w.Write(&b, a, o); err != nil {
		t.Fatalf("%s: %v", w.Name(), err)
	}
	return b.Bytes()
}

// options are those that the suite tries.
func options() []report.Options {
	return []report.Options{{}, {Verbose: true}, {Color: true, Width: 120, Limit: 2}, {Width: 1}}
}

func deterministic(t *testing.T, f Format) {
	for _, o := range options() {
		a := Clinic()
		first, second := Write(t, f.Writer, a, o), Write(t, f.Writer, Clinic(), o)
		if !bytes.Equal(first, second) {
			t.Errorf("%+v: two writes differ", o)
		}
		if !reflect.DeepEqual(a, Clinic()) {
			t.Errorf("%+v: writing changed the assessment", o)
		}
		f.Valid(t, first)
	}
}

func strange(t *testing.T, f Format) {
	bare := Clinic()
	bare.Checks, bare.Safeguards, bare.Targets, bare.Framework = nil, nil, nil, assessment.Framework{}
	for i := range bare.Findings {
		bare.Findings[i].Evidence, bare.Findings[i].Unknown, bare.Findings[i].Location = nil, nil, assessment.Location{}
		bare.Findings[i].Resource, bare.Findings[i].ID = assessment.Resource{}, ""
	}
	odd := Clinic()
	for i := range odd.Findings {
		odd.Findings[i].Severity, odd.Findings[i].Kind, odd.Findings[i].PHI = "dire", "", ""
		odd.Findings[i].Location.Line = -4
	}
	for i := range odd.Safeguards {
		odd.Safeguards[i].Status, odd.Safeguards[i].Inherited, odd.Safeguards[i].Specification = "else", nil, ""
	}
	cases := map[string]*assessment.Assessment{
		"zero":                    {},
		"nothing asked":           {Version: assessment.Version, Framework: Clinic().Framework, Targets: Clinic().Targets},
		"findings without checks": bare,
		"words of another time":   odd,
		"one empty finding":       {Findings: []assessment.Finding{{Question: &assessment.Question{}, Subject: &assessment.Subject{}}}, Safeguards: make([]assessment.Safeguard, 1)},
		"hostile":                 Hostile(),
	}
	for name, a := range cases {
		for _, o := range options() {
			t.Run(fmt.Sprintf("%s %+v", name, o), func(t *testing.T) { f.Valid(t, Write(t, f.Writer, a, o)) })
		}
	}
}

func complete(t *testing.T, f Format) {
	if f.NoFindings {
		t.Skip("the format holds no findings")
	}
	a := Clinic()
	out := f.Read(Write(t, f.Writer, a, report.Options{Verbose: true}))
	for _, finding := range a.Findings {
		if finding.Status != assessment.Fail && (f.UnknownSummed || finding.Status != assessment.Unknown) {
			continue
		}
		for _, want := range []string{finding.Check, finding.Resource.Address, finding.Location.File} {
			if !strings.Contains(out, want) {
				t.Errorf("%s finding of %s: %q is missing", finding.Status, finding.Check, want)
			}
		}
	}
	for _, finding := range a.Findings {
		for _, u := range finding.Unknown {
			want := u.Reason
			if f.UnknownSummed {
				want = u.Grant
			}
			if finding.Status == assessment.Unknown && !strings.Contains(out, want) {
				t.Errorf("%q is missing", want)
			}
		}
	}
}

// Hostile returns an assessment in which every text that comes from assessed code tries to act on its reader.
func Hostile() *assessment.Assessment {
	evil := "=cmd|' /C calc'!A0 \x1b[31mred\x1b[0m\u202e\u0085\x00\xff\ufffe <script>alert(1)</script> </style> ]]> --> `x` | *b* @octocat #1 " +
		"[l](javascript:alert(1)) http://evil.example\r\n::set-output name=x::y\r\n# title\x7f\u009b2J"
	a := Clinic()
	a.Estate, a.Targets[0].Name = evil, evil
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Resource.Address, f.PHIReason, f.Conditional = fmt.Sprint(evil, i), evil, evil
		f.Location.File, f.Exception = evil, evil
		for j := range f.Unknown {
			f.Unknown[j] = assessment.UnknownValue{Attribute: evil, Reason: evil, Grant: evil}
		}
		for j := range f.Evidence {
			if f.Evidence[j].State == "known" {
				f.Evidence[j].Value = map[string]any{evil: []any{evil}}
			}
			f.Evidence[j].Location.File = evil
		}
	}
	for i := range a.Safeguards {
		a.Safeguards[i].Reasons, a.Safeguards[i].Alternative = []string{evil}, evil
		for j := range a.Safeguards[i].Attestations {
			at := &a.Safeguards[i].Attestations[j]
			at.Owner, at.Document, at.Note = evil, evil, evil
		}
	}
	for i := range a.Gaps {
		a.Gaps[i] = assessment.Gap{Target: evil, What: evil, Reason: evil, Grant: evil}
	}
	for i := range a.Notices {
		a.Notices[i].ID, a.Notices[i].Text, a.Notices[i].Location.File = evil, evil, evil
	}
	return a
}

func escaped(t *testing.T, f Format) {
	for _, o := range []report.Options{{}, {Verbose: true}} {
		out := Write(t, f.Writer, Hostile(), o)
		if !utf8.Valid(out) {
			t.Error("the output is not UTF-8")
		}
		if f.CRLF {
			out = bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))
		}
		for i, r := range string(out) {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) && r != '\u2060' {
				t.Fatalf("%+v: %U stands in the output: %.80q", o, r, out[max(0, i-20):])
			}
		}
		for _, line := range strings.Split(string(out), "\n") {
			if strings.HasPrefix(line, "::") || strings.HasPrefix(line, "# title") {
				t.Errorf("%+v: an address began a line of its own: %.80q", o, line)
			}
		}
	}
}

func secretive(t *testing.T, f Format) {
	a := Clinic()
	for i := range a.Findings {
		for j := range a.Findings[i].Evidence {
			a.Findings[i].Evidence[j].State = "secret"
			a.Findings[i].Evidence[j].Value = "hunter2"
		}
	}
	if bytes.Contains(Write(t, f.Writer, a, report.Options{Verbose: true}), []byte("hunter2")) {
		t.Error("the value of a secret stands in the output")
	}
}

var errFull = errors.New("the disk is full")

// full takes n bytes and then fails.
type full struct{ n int }

func (w *full) Write(p []byte) (int, error) {
	if len(p) > w.n {
		n := w.n
		w.n = 0
		return n, errFull
	}
	w.n -= len(p)
	return len(p), nil
}

func honest(t *testing.T, f Format) {
	size := len(Write(t, f.Writer, Clinic(), report.Options{}))
	for _, n := range []int{0, 1, size / 2, size - 1} {
		if err := f.Writer.Write(&full{n: n}, Clinic(), report.Options{}); !errors.Is(err, errFull) {
			t.Errorf("a disk with room for %d of %d bytes: got error %v", n, size, err)
		}
	}
}

// Golden compares the output with testdata/NAME, which it writes anew if update.
func Golden(t *testing.T, name string, got []byte, update bool) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is written; run the test with -update and look at the change\n%s", path,
			firstDifference(got, want))
	}
}

func firstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}
