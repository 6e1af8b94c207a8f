package sarif

import (
	"encoding/json"
	"flag"
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{},
		Read: func(b []byte) string { return strings.ReplaceAll(string(b), `\"`, `"`) }})
	reporttest.Golden(t, "clinic.sarif", reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}), *update)
}

// TestSchema proves that whatever is written fits the standard's schema.
func TestSchema(t *testing.T) {
	s := reporttest.Schema(t, "sarif-schema-2.1.0.json")
	for i, a := range []*assessment.Assessment{{}, reporttest.Clinic(), reporttest.Hostile(),
		{Findings: []assessment.Finding{{Question: &assessment.Question{}, Subject: &assessment.Subject{}}}}} {
		for _, o := range []report.Options{{}, {Verbose: true}} {
			t.Run(fmt.Sprint(i, o.Verbose), func(t *testing.T) {
				reporttest.Validate(t, s, reporttest.Write(t,
					Writer{}, a, o))
			})
		}
	}
}

// TestKinds proves that only fails have a level, that unknowns stay open and that exceptions are suppressed.
func TestKinds(t *testing.T) {
	a := reporttest.Clinic()
	var out log
	if err := json.Unmarshal(reporttest.Write(t, Writer{}, a, report.Options{Verbose: true}), &out); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range out.Runs[0].Results {
		if len(r.Suppressions) > 0 {
			count["suppressed"]++
			continue
		}
		count[r.Kind]++
		count[r.BaselineState]++
		if (r.Kind == "fail") == (r.Level == "none") {
			t.Errorf("kind %s has level %s", r.Kind, r.Level)
		}
		if r.Kind == "open" && !strings.HasPrefix(r.Message.Text, "Unknown: ") {
			t.Errorf("an open result says %q", r.Message.Text)
		}
		if len(r.Locations) != 1 || r.Locations[0].Physical.Artifact.URI == "" {
			t.Errorf("%s has no place", r.Message.Text)
		}
		if got := out.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID; got != r.RuleID {
			t.Errorf("rule index of %s leads to %s", r.RuleID, got)
		}
	}
	want := map[string]int{"fail": a.Summary.Findings["fail"], "open": a.Summary.Findings["unknown"],
		"pass":          a.Summary.Findings["pass"],
		"notApplicable": 1, "suppressed": 1, "new": a.Summary.New, "unchanged": a.Summary.Findings["fail"] - a.Summary.New}
	for k, n := range want {
		if count[k] != n {
			t.Errorf("%d results are %s, want %d", count[k], k, n)
		}
	}
	if got := len(out.Runs[0].Invocations[0].Notifications); got != len(a.Gaps)+len(a.Notices) {
		t.Errorf("%d notifications for %d gaps and %d notices", got, len(a.Gaps), len(a.Notices))
	}
}

func TestURI(t *testing.T) {
	for path, want := range map[string]string{"main.tf": "main.tf", "a b/c#.tf": "a%20b/c%23.tf",
		"c:x": "./c:x", "/abs/x": "file:///abs/x"} {
		if got := uri(path); got != want {
			t.Errorf("uri(%q) = %q, want %q", path, got, want)
		}
	}
}
