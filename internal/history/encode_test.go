package history

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ward.dev/ward/internal/assessment"
)

// TestValue proves that values of evidence come back with their types, and that what is nested too deep is refused before it is written.
func TestValue(t *testing.T) {
	for _, v := range []any{nil, true, false, int64(math.MinInt64), 5, 5.0, math.MaxFloat64, "", "ü\x00\xff", []any{}, []any{nil, []any{"a", int64(1)}},
		map[string]any{"a": map[string]any{}, "": 1.5}, json.Number("9007199254740993")} {
		var w writer
		if err := w.value(v, 0); err != nil {
			t.Fatal(err)
		}
		r := reader{b: w.b}
		got := r.value(0)
		if diff := cmp.Diff(v, got); diff != "" || r.done() != nil {
			t.Errorf("(-want +got):\n%s %v", diff, r.err)
		}
	}
	deep := any("x")
	for range maxDepth {
		deep = []any{deep}
	}
	var w writer
	if w.value(deep, 0) == nil {
		t.Error("a value that could not be read is written")
	}
	if w.value(make(chan int), 0) == nil {
		t.Error("a channel is written")
	}
}

func sampleRow(w *words) []byte {
	s := subject{target: w.number("t"), kind: w.number("k"), phi: w.number("yes"), file: w.number("main.tf"), line: 7, id: "t#a", address: "a",
		answers: []answer{{id: 7, check: w.number("c"), status: codePass, since: 3},
			{long: "x", check: w.number("d"), exception: w.number("EX"), status: codeExcepted, judged: codeFail + 1, fresh: true, since: 9, opened: 2}}}
	var out writer
	s.pack(&out, within("t"))
	return out.b
}

func newWords() *words { return &words{list: []string{""}, numbers: map[string]uint32{"": 0}} }

// FuzzSubject proves that no row makes the reader of resources fail otherwise than by an error, and that what it takes is written the same.
func FuzzSubject(f *testing.F) {
	w := newWords()
	f.Add(sampleRow(w))
	f.Add([]byte{packVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again subject
		if s.unpack(b, w.all()) != nil {
			return
		}
		var out writer
		s.pack(&out, within(w.list[s.target]))
		if err := again.unpack(out.b, w.all()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(subject{}, answer{})); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzDetail proves that no row makes the reader of details fail otherwise than by an error.
func FuzzDetail(f *testing.F) {
	w := newWords()
	d, err := newDetailer(w)
	if err != nil {
		f.Fatal(err)
	}
	about := &assessment.Subject{PHIReason: "it is marked", Location: assessment.Location{Call: &assessment.Call{API: "a:B", At: time.Unix(1, 2)}}}
	body, _, err := d.encode(about, []*assessment.Finding{{Subject: about, Unknown: []assessment.UnknownValue{{Attribute: "x", Reason: "why"}},
		Evidence: []*assessment.Evidence{{Attribute: "y", State: "known", Value: []any{"v", int64(1)}, Location: about.Location}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(body))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeDetail(d.compress(b), w.all(), time.Time{})
		_, _ = decodeDetail(b, w.all(), time.Time{})
	})
}

// TestSecrets proves that the value of a secret is not kept, whatever the evidence says.
func TestSecrets(t *testing.T) {
	w := newWords()
	d, err := newDetailer(w)
	if err != nil {
		t.Fatal(err)
	}
	about := &assessment.Subject{}
	body, _, err := d.encode(about, []*assessment.Finding{{Subject: about, Evidence: []*assessment.Evidence{
		{Attribute: "password", State: "secret", Value: "hunter2"}, {Attribute: "other", State: "unknown", Value: "hunter2"}}}})
	if err != nil || strings.Contains(string(body), "hunter2") {
		t.Errorf("%q, %v", body, err)
	}
}

// TestThin proves that a thinned list has its ends and no run twice.
func TestThin(t *testing.T) {
	for _, n := range []int{0, 1, maxPoints, maxPoints + 1, 3 * maxPoints, 2191} {
		runs := make([]int64, n)
		for i := range runs {
			runs[i] = int64(i + 1)
		}
		kept := thin(runs)
		if len(kept) != min(n, maxPoints) || n > 0 && (kept[0] != 1 || kept[len(kept)-1] != int64(n)) {
			t.Errorf("%d runs: %v", n, kept)
		}
		for i := 1; i < len(kept); i++ {
			if kept[i] <= kept[i-1] {
				t.Errorf("%d runs: %v", n, kept)
			}
		}
	}
}
