package junit

import (
	"encoding/xml"
	"flag"
	"html"
	"testing"

	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, Valid: wellFormed,
		Read: func(b []byte) string { return html.UnescapeString(string(b)) }})
	reporttest.Golden(t, "clinic.xml", reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), *update)
}

// wellFormed proves that the counts are those of the cases and that nothing but passes has neither failure nor skipped.
func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	var all suites
	if err := xml.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	tests, failures, skipped := 0, 0, 0
	for _, s := range all.Suites {
		for _, c := range s.Cases {
			tests++
			if c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
	}
	if tests != all.Tests || failures != all.Failures || skipped != all.Skipped {
		t.Errorf("counted %d/%d/%d, the file says %d/%d/%d", tests, failures, skipped, all.Tests, all.Failures, all.Skipped)
	}
}

// TestOnlyPassesPass proves that the number of cases that look passed is the number of passes.
func TestOnlyPassesPass(t *testing.T) {
	a := reporttest.Clinic()
	var all suites
	if err := xml.Unmarshal(reporttest.Write(t, Writer{}, a, report.Options{}), &all); err != nil {
		t.Fatal(err)
	}
	if got, want := all.Tests-all.Failures-all.Skipped, a.Summary.Findings["pass"]; got != want {
		t.Errorf("%d cases look passed, %d findings pass", got, want)
	}
}
