package chart

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 4, 0, 0, 0, time.UTC)

// sound fails the test unless markup is well-formed, with no style and nothing that runs, and holds all of some texts.
func sound(t *testing.T, markup string, want ...string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(markup))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in %.300s", err, markup)
		}
	}
	for _, bad := range []string{" style=", "<script", " on", "NaN", "Inf"} {
		if strings.Contains(strings.ReplaceAll(markup, " on the way", ""), bad) && bad != " on" || strings.Contains(markup, ` onclick`) {
			t.Errorf("it has %q", bad)
		}
	}
	for _, w := range want {
		if !strings.Contains(markup, w) {
			t.Errorf("%q is missing in %.600s", w, markup)
		}
	}
}

// TestTrend proves that a trend tells its values on hover, in words and as a table, that what is not known is hatched, and that names cannot
// become markup.
func TestTrend(t *testing.T) {
	trend := Trend{ID: "t", Title: "Safeguards <1>", Unit: "safeguards", Stacked: true, Events: []Event{{1, "a & b"}},
		Times:  []time.Time{start, start.AddDate(0, 0, 1), start.AddDate(0, 0, 30)},
		Series: []Series{{"met", Good, []float64{1, 2, 3}}, {"unknown", Open, []float64{5, 0, 0}}, {"not met<b>", Bad, []float64{3000, 2, 1}}}}
	sound(t, string(trend.HTML()), "Safeguards &lt;1&gt;", "not met&lt;b&gt;: 3,000", "a &amp; b", `fill="url(#t-hatch)"`, "met from 1 to 3", "<caption>", "2026-01-31 04:00")
	trend.Stacked = false
	sound(t, string(trend.HTML()), `class="line s-bad"`)
	trend.Times = trend.Times[:1]
	if got := trend.HTML(); got != "" {
		t.Errorf("one time gives %s", got)
	}
	flat := Trend{ID: "f", Title: "Nothing", Unit: "x", Times: []time.Time{start, start}, Series: []Series{{"none", Good, []float64{0, 0}}}, Stacked: true}
	sound(t, string(flat.HTML()))
}

// TestTick proves that distances between lines of an axis are round and wide enough.
func TestTick(t *testing.T) {
	for least, want := range map[float64]float64{0: 1, 1: 1, 1.2: 2, 3: 5, 7: 10, 24: 50, 101: 200, 499: 500} {
		if got := tick(least); math.Abs(got-want) > 1e-9 {
			t.Errorf("tick(%v) = %v, not %v", least, got, want)
		}
	}
}

// TestBar proves that a bar shows each part, that what is unknown has a shape of its own, and that nothing is drawn of nothing.
func TestBar(t *testing.T) {
	parts := []Part{{Name: "met", Class: Good, Count: 3, Path: "/x?a=1&b=2"}, {Name: "unknown", Class: Open, Count: 1}, {Name: "none", Class: Bad}}
	sound(t, string(Bar("All <of> it", parts)), "All &lt;of&gt; it: 3 met, 1 unknown", `href="/x?a=1&amp;b=2"`, `height="6"`)
	if Bar("x", nil) != "" || Line("x", []Part{{Count: 0}}) != "" {
		t.Error("nothing is drawn")
	}
	sound(t, string(Spark("up", Good, []float64{1, 1, 2})), `points="0,22 50,22 100,2 "`)
	sound(t, string(Spark("flat", Good, []float64{2, 2})), "0,12")
}

// TestGraph proves that every node is drawn once in its cell with a link and its mark, that arrows to what is not drawn are left out, and
// that a long name is cut.
func TestGraph(t *testing.T) {
	g := Graph{ID: "g", Title: "Flows", Columns: []string{"public", "private"}, Nodes: []Node{
		{ID: "a", Name: "one<1>", Row: "account & co", Column: "private", Class: "bad", Mark: "not encrypted", Path: "/r?a=b&c=d"},
		{ID: "b", Name: strings.Repeat("long", 20), Row: "account & co", Column: "elsewhere"},
		{ID: "c", Name: "c", Row: "other", Column: "private"},
	}, Arrows: []Arrow{{From: "a", To: "b", Note: "by <x>"}, {From: "b", To: "a", Class: "bad"}, {From: "a", To: "c"}, {From: "a", To: "gone"}, {From: "a", To: "a"}}}
	markup := string(g.HTML())
	sound(t, markup, "one&lt;1&gt;", "account &amp; co", `class="bad-text"`, "not encrypted", "by &lt;x&gt;", "…", `href="/r?a=b&amp;c=d"`)
	if n := strings.Count(markup, `<g class="node`); n != 3 {
		t.Errorf("%d nodes are drawn", n)
	}
	if n := strings.Count(markup, `class="flow`); n != 3 {
		t.Errorf("%d arrows are drawn", n)
	}
	if strings.Contains(markup, ">public<") {
		t.Error("a column without nodes is drawn")
	}
}

// TestCalendar proves that each day is drawn once, and that days lead to what was on them.
func TestCalendar(t *testing.T) {
	markup := string(Calendar("c", "Days", start, start.AddDate(0, 0, 40), func(at time.Time) Day {
		if at.Day() == 5 {
			return Day{Class: Accent, Text: "a run", Path: fmt.Sprint("/?date=", at.Format(time.DateOnly))}
		}
		return Day{Text: "no run"}
	}))
	sound(t, markup, `href="/?date=2026-02-05"`, "5 Jan 2026: a run", ">Feb<")
	if n := strings.Count(markup, "<rect"); n != 41 {
		t.Errorf("%d days are drawn", n)
	}
}
