package jsonreport

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/reporttest"
)

func TestWriter(t *testing.T) {
	reporttest.Conform(t, reporttest.Format{Writer: Writer{}, Valid: roundTrip,
		Read: func(b []byte) string { return strings.ReplaceAll(string(b), `\"`, `"`) }})
}

// roundTrip proves that what was written reads back and is then written as the same bytes.
func roundTrip(t *testing.T, b []byte) {
	t.Helper()
	if !json.Valid(b) {
		t.Fatal("not JSON")
	}
	if !bytes.HasPrefix(b, []byte("{\n\"version\": \"1\"")) {
		return
	}
	a, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if again := reporttest.Write(t, Writer{}, a, report.Options{}); !bytes.Equal(b, again) {
		t.Errorf("reading and writing changed the file:\n%s", cmp.Diff(string(b), string(again)))
	}
}

// TestSchema proves that the output fits docs/format/assessment.schema.json.
func TestSchema(t *testing.T) {
	s, err := jsonschema.NewCompiler().Compile("../../../docs/format/assessment.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]*assessment.Assessment{
		"clinic": reporttest.Clinic(), "hostile": reporttest.Hostile(), "nothing asked": {Version: assessment.Version},
	} {
		t.Run(name, func(t *testing.T) { reporttest.Validate(t, s, reporttest.Write(t, Writer{}, a, report.Options{})) })
	}
}

// TestSchemaRefuses proves that the schema is not one that takes anything.
func TestSchemaRefuses(t *testing.T) {
	s, err := jsonschema.NewCompiler().Compile("../../../docs/format/assessment.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(reporttest.Write(t, Writer{}, reporttest.Clinic(), report.Options{}))
	for _, change := range [][2]string{
		{`"version": "1"`, `"version": "2"`}, {`"status":"fail"`, `"status":"failed"`}, {`"gaps": [`, `"holes": [`},
		{`"phi":"yes"`, `"phi":true`}, {`"state":"known"`, `"state":"seen"`}, {`"status":"met"`, `"status":"done"`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s is not in the sample", change[0])
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s is taken", change[1])
		}
	}
}

func TestReadKeepsNumbers(t *testing.T) {
	a, err := Read(strings.NewReader(`{"version":"1","findings":[{"evidence":[{"attribute":"n","value":9007199254740993,"state":"known"}]}],"later":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Observed(a.Findings[0].Evidence[0]); got != "= 9007199254740993" {
		t.Errorf("got %s", got)
	}
}

func TestReadRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "empty",
		"{":                            "cut off",
		"\n\nnonsense":                 "line 3: not an assessment in JSON",
		"[]":                           `no "version"`,
		"{}":                           `no "version"`,
		`{"version":"2"}`:              "version 2 is newer than this ward",
		`{"version":2,"findings":"x"}`: "version 2 is newer than this ward",
		`{"version":"2.1","gaps":1}`:   "version 2.1 is newer",
		`{"version":"0"}`:              `version "0" is not one`,
		`{"version":"x"}`:              `version "x" is not one`,
		`{"version":"1","findings":7}`: "line 1: findings is a JSON number",
		`{"version":"1"} {}`:           "something follows",
		`{"version":"1","gaps":[{"tar`: "cut off",
		`{"version":"1","assessed_at":"yesterday"}`: "not an assessment",
	} {
		_, err := Read(strings.NewReader(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q): got %v, want %q", in, err, want)
		}
	}
	if _, err := read(strings.NewReader(strings.Repeat(" ", 11)),
		10); err == nil || !strings.Contains(err.Error(), "larger than 10 bytes") {
		t.Errorf("an oversized file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"version":"1","findings":[{"evidence":[{"value":1e400}]}]}`))
	f.Add([]byte(`{"version":"1"`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		out := reporttest.Write(t, Writer{}, a, report.Options{})
		if _, err := Read(bytes.NewReader(out)); err != nil {
			t.Errorf("what was written cannot be read: %v\n%s", err, out)
		}
	})
}
