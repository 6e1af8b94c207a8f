package oscal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

func read(b []byte) string { return strings.ReplaceAll(string(b), `\"`, `"`) }

// known is what registers say of the clinic.
var known = Known{Accountable: map[string]string{"164.312(a)(1)": "Ada Byron", "164.312(b)": "ada byron"}, Flows: []string{"Results, kept in the archive"},
	Services: []Service{{"Courier", "Sends letters."}, {"courier", ""}}, Means: map[string][]string{"164.312(b)": {"Policy PO-1"}}}

func TestWriters(t *testing.T) {
	for _, f := range []reporttest.Format{
		{Writer: Results{}, Read: read}, {Writer: POAM{}, Read: read}, {Writer: SSP{}, NoFindings: true},
	} {
		t.Run(f.Writer.Name(), func(t *testing.T) { reporttest.Conform(t, f) })
	}
}

// TestSchemas proves that whatever is written fits the published schemas.
func TestSchemas(t *testing.T) {
	odd := reporttest.Clinic()
	for i := range odd.Findings {
		odd.Findings[i].ID, odd.Findings[i].Resource, odd.Findings[i].Check = "", assessment.Resource{}, ""
	}
	for i := range odd.Safeguards {
		odd.Safeguards[i].Citation, odd.Safeguards[i].Status = "", "else"
	}
	cases := []*assessment.Assessment{reporttest.Clinic(), {}, reporttest.Hostile(), odd}
	for name, w := range map[string]report.Writer{"assessment-results": Results{}, "poam": POAM{}, "ssp": SSP{Known: known}} {
		t.Run(name, func(t *testing.T) {
			s := reporttest.Schema(t, "oscal_"+name+"_schema.json")
			for i, a := range cases {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					reporttest.Validate(t, s, reporttest.Write(t, w, a,
						report.Options{}))
				})
			}
		})
	}
}

// TestNotKnowingIsNotSatisfied proves that nothing but a met safeguard, or one inherited under a confirmed agreement, is
// satisfied or implemented.
func TestNotKnowingIsNotSatisfied(t *testing.T) {
	confirmed := &assessment.Inheritance{From: "AWS", Confirmed: true}
	for _, c := range []struct {
		s           assessment.Safeguard
		satisfied   bool
		implemented bool
	}{
		{assessment.Safeguard{Status: assessment.Met}, true, true},
		{assessment.Safeguard{Status: assessment.NotMet}, false, false},
		{assessment.Safeguard{Status: assessment.OutcomeUnknown}, false, false},
		{assessment.Safeguard{Status: assessment.Manual}, false, false},
		{assessment.Safeguard{Status: assessment.Inherited}, false, false},
		{assessment.Safeguard{Status: assessment.Inherited, Inherited: &assessment.Inheritance{}}, false, false},
		{assessment.Safeguard{Status: assessment.Inherited, Inherited: confirmed}, true, false},
		{assessment.Safeguard{Status: assessment.Manual, Inherited: confirmed}, false, false},
		{assessment.Safeguard{Status: ""}, false, false},
		{assessment.Safeguard{Status: "later"}, false, false},
	} {
		if got := satisfied(&c.s).State == "satisfied"; got != c.satisfied {
			t.Errorf("%q: satisfied is %v", c.s.Status, got)
		}
		if got := implemented(&c.s).State == "implemented"; got != c.implemented {
			t.Errorf("%q: implemented is %v", c.s.Status, got)
		}
	}
}

// TestReferences proves that every identifier that is referred to is there, and that none is there twice.
func TestReferences(t *testing.T) {
	for _, w := range []report.Writer{Results{}, POAM{}, SSP{}, SSP{Known: known}} {
		var v any
		if err := json.Unmarshal(reporttest.Write(t, w, reporttest.Clinic(), report.Options{}), &v); err != nil {
			t.Fatal(err)
		}
		defined, used := map[string]int{}, map[string]string{}
		walk(v, func(key, value string) {
			switch {
			case key == "uuid":
				defined[value]++
			case strings.HasSuffix(key, "-uuid"):
				used[value] = key
			case key == "href":
				used[strings.TrimPrefix(value, "#")] = key
			}
		})
		for u, key := range used {
			if defined[u] == 0 {
				t.Errorf("%s: %s %s leads nowhere", w.Name(), key, u)
			}
		}
		for u, n := range defined {
			if n > 1 {
				t.Errorf("%s: %s is defined %d times", w.Name(), u, n)
			}
		}
	}
}

func walk(v any, see func(key, value string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok {
				see(k, s)
			}
			walk(e, see)
		}
	case []any:
		for _, e := range v {
			walk(e, see)
		}
	}
}

// TestSafeguardsAreAllThere proves that every safeguard is selected or excluded, and is a requirement of the plan.
func TestSafeguardsAreAllThere(t *testing.T) {
	a := reporttest.Clinic()
	results := string(reporttest.Write(t, Results{}, a, report.Options{}))
	plan := string(reporttest.Write(t, SSP{}, a, report.Options{}))
	for _, s := range a.Safeguards {
		for name, out := range map[string]string{"results": results, "plan": plan} {
			if !strings.Contains(out, `"control-id": "`+control(s.Citation)+`"`) {
				t.Errorf("%s is not in the %s", s.Citation, name)
			}
		}
	}
}

func TestControl(t *testing.T) {
	for citation, want := range map[string]string{
		"164.312(a)(2)(iv)": "hipaa-164.312-a-2-iv", "164.308(b)(1)": "hipaa-164.308-b-1", "": "hipaa", "<x> y": "hipaa-x-y",
	} {
		if got := control(citation); got != want {
			t.Errorf("control(%q) = %q, want %q", citation, got, want)
		}
	}
}
