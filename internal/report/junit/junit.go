// Package junit writes the findings of an assessment as JUnit XML, for the test views of build servers.
//
// There is one suite for each check, because a failing suite then names one thing to put right; a suite for each safeguard
// would tell the same failure as often as safeguards claim its check.
//
// A fail is a failure. An unknown is skipped, with a message that begins with "unknown": build servers show skipped cases
// apart from passed ones, while an error would fail builds that chose to go on with unknowns (the exit code tells those
// apart). Excepted findings are skipped and say by which exception. Gaps are skipped cases of a suite of their own.
//
// The package must not know how an assessment comes about.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes JUnit XML.
type Writer struct{}

// Name is "junit".
func (Writer) Name() string { return "junit" }

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name       string      `xml:"name,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Time       string      `xml:"time,attr"`
	Timestamp  string      `xml:"timestamp,attr"`
	Properties *properties `xml:"properties,omitempty"`
	Cases      []testcase  `xml:"testcase"`
}

type properties struct {
	Property []property `xml:"property"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name      string   `xml:"name,attr"`
	Classname string   `xml:"classname,attr"`
	File      string   `xml:"file,attr,omitempty"`
	Line      int      `xml:"line,attr,omitempty"`
	Time      string   `xml:"time,attr"`
	Failure   *problem `xml:"failure"`
	Skipped   *problem `xml:"skipped"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// Write implements report.Writer. It writes every finding whatever the options are, but those that do not apply: their
// number is a property of the suite.
func (Writer) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	all := suites{Name: "ward: " + clean(a.Framework.Title), Time: "0"}
	for _, s := range append(checkSuites(a), gapSuite(a)...) {
		s.Timestamp, s.Time = a.AssessedAt.UTC().Format("2006-01-02T15:04:05"), "0"
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// checkSuites makes a suite of each check that has findings, by id.
func checkSuites(a *assessment.Assessment) []suite {
	checks, citations := report.Checks(a), report.Citations(a)
	byCheck := map[string]*suite{}
	apart := map[string]int{}
	for i := range a.Findings {
		f := &a.Findings[i]
		s := byCheck[f.Check]
		if s == nil {
			s = &suite{Name: clean(f.Check)}
			byCheck[f.Check] = s
		}
		if f.Status == assessment.NotApplicable {
			apart[f.Check]++
			continue
		}
		s.add(judged(a, checks[f.Check], f))
	}
	ids := make([]string, 0, len(byCheck))
	for id := range byCheck {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var all []suite
	for _, id := range ids {
		c, s := checks[id], byCheck[id]
		s.Properties = &properties{Property: []property{
			{"title", clean(c.Title)}, {"severity", clean(string(c.Severity))},
			{"citations", clean(strings.Join(citations[id], " "))}, {"not applicable", fmt.Sprint(apart[id])},
		}}
		all = append(all, *s)
	}
	return all
}

func (s *suite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

func judged(a *assessment.Assessment, c assessment.Check, f *assessment.Finding) testcase {
	name := f.Resource.Address
	if name == "" {
		name = f.Resource.ID
	}
	if name == "" {
		name = "(no address)"
	}
	t := testcase{Name: clean(name), Classname: clean(f.Check), File: clean(f.Location.File),
		Line: max(0, f.Location.Line), Time: "0"}
	switch f.Status {
	case assessment.Pass:
	case assessment.Fail:
		message := clean(f.Title)
		if f.PHI == "yes" {
			message = "PHI: " + message
		}
		t.Failure = &problem{Message: message, Type: clean(string(f.Severity)), Text: details(a, c, f)}
	case assessment.Unknown:
		message := "unknown: no reason was given"
		if len(f.Unknown) > 0 {
			message = "unknown: " + report.Unknown(f.Unknown[0])
		}
		if n := len(f.Unknown); n > 1 {
			message += fmt.Sprintf(", and %d more", n-1)
		}
		t.Skipped = &problem{Message: clean(message), Text: details(a, c, f)}
	case assessment.Excepted:
		t.Skipped = &problem{Message: clean(fmt.Sprintf("excepted by %s: it would be %q", f.Exception, f.Judged))}
	default:
		t.Skipped = &problem{Message: clean(fmt.Sprintf("unknown: %q is not a status that ward knows", f.Status))}
	}
	return t
}

// details are the lines that a failing or unknown case shows.
func details(a *assessment.Assessment, c assessment.Check, f *assessment.Finding) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s %s", label, clean(text))
		}
	}
	line("at", report.Place(f.Location))
	for _, u := range f.Unknown {
		line("unknown", report.Unknown(u))
	}
	for _, e := range f.Evidence {
		line("read", strings.TrimSpace(report.Evidence(e)+"  "+report.Place(e.Location)))
	}
	line("PHI", f.PHIReason)
	line("exists only if", f.Conditional)
	line("owner", f.Owner)
	line("cites", strings.Join(f.Citations, " "))
	line("why", c.Why)
	if way, text := report.Fix(a, c, f); text != "" && f.Status == assessment.Fail {
		fmt.Fprintf(&b, "\nfix (%s)", way)
		for l := range strings.Lines(text) {
			b.WriteString(strings.TrimRight("\n  "+strings.TrimRight(l, "\n"), " "))
		}
	}
	b.WriteString("\n")
	return b.String()
}

// gapSuite makes a suite of what could not be read.
func gapSuite(a *assessment.Assessment) []suite {
	if len(a.Gaps) == 0 {
		return nil
	}
	s := suite{Name: "ward.gaps"}
	for _, g := range a.Gaps {
		message := "unknown, not read: " + g.Reason
		if g.Grant != "" {
			message += " (give " + g.Grant + ")"
		}
		s.add(testcase{Name: clean(g.Target + ": " + g.What), Classname: s.Name, Time: "0",
			Skipped: &problem{Message: clean(message)}})
	}
	return []suite{s}
}

func clean(s string) string { return report.Clean(s) }
