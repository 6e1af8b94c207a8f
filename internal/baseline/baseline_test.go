package baseline

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
)

func finding(id string, status assessment.Status) assessment.Finding {
	return assessment.Finding{ID: id, Question: &assessment.Question{Check: "k.c"}, Status: status,
		Subject: &assessment.Subject{Resource: assessment.Resource{Address: "a." + id}}}
}

func assessed(findings ...assessment.Finding) *assessment.Assessment {
	return &assessment.Assessment{AssessedAt: time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC), Framework: assessment.Framework{ID: "book"}, Findings: findings}
}

func TestWriteRead(t *testing.T) {
	b := Of(assessed(finding("2", assessment.Fail), finding("1", assessment.Fail), finding("3", assessment.Pass), finding("4", assessment.Unknown)))
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"version":"1","date":"2026-06-15","framework":"book","findings":[
{"id":"1","check":"k.c","address":"a.1","status":"fail"},
{"id":"2","check":"k.c","address":"a.2","status":"fail"},
{"id":"4","check":"k.c","address":"a.4","status":"unknown"}
],"gaps":[
]}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	again, err := Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, again); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := Of(assessed()).Write(&out); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(&out); err != nil {
		t.Errorf("a baseline of nothing: %v", err)
	}
}

func TestReadFaults(t *testing.T) {
	for _, text := range []string{"", "[]", `{"version":"2","findings":[]}`, `{"version":"1","findings":[{"id":""}]}`, `{"version":"1","findings":[{"id":"1","status":"pass"}]}`, `{"version":"1","x":1}`, `{"version":"1"} x`} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is no baseline", text)
		}
	}
}

// What fails or is unknown is new if it was neither, or if it was unknown and fails; only what is over is told, since what
// is unknown or excepted may come back.
func TestApply(t *testing.T) {
	b := Of(assessed(finding("same", assessment.Fail), finding("fixed", assessment.Fail), finding("gone", assessment.Fail),
		finding("dark", assessment.Fail), finding("excepted", assessment.Fail), finding("hidden", assessment.Unknown),
		finding("shown", assessment.Unknown)))
	a := assessed(finding("same", assessment.Fail), finding("new", assessment.Fail), finding("unknown", assessment.Unknown),
		finding("fixed", assessment.Pass), finding("dark", assessment.Unknown), finding("excepted", assessment.Excepted),
		finding("hidden", assessment.Unknown), finding("shown", assessment.Fail))
	a.Gaps = []assessment.Gap{{Target: "t", What: "module.x"}}
	b.Apply(a, "baseline.json")
	fresh := []string{}
	for _, f := range a.Findings {
		if f.New {
			fresh = append(fresh, f.ID)
		}
	}
	over := []string{}
	for _, n := range a.Notices {
		over = append(over, n.ID)
		if n.Kind != "baseline unused" || n.Location.File != "baseline.json" {
			t.Errorf("notice %+v", n)
		}
	}
	if diff := cmp.Diff([][]string{{"new", "unknown", "shown"}, {"fixed", "gone"}}, [][]string{fresh, over}); diff != "" || a.Summary.New != 2 || !a.Gaps[0].New {
		t.Errorf("new is %d, want 2\n%s", a.Summary.New, diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"version":"1","date":"2026-06-15","findings":[{"id":"1","check":"c","address":"a","status":"fail"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := Read(strings.NewReader(text)); err == nil {
			b.Apply(assessed(), "b.json")
		}
	})
}
