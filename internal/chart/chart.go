// Package chart draws numbers as SVG that stands in a page: lines and stacked areas over time, bars, calendars, graphs. Colours are
// classes of the style sheet and places are attributes, because the pages' content security policy allows no style in them. Each chart has a
// title for screen readers, the values on hover, and what many values come to as a table.
//
// It must not know what the numbers mean.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// The classes of parts. They repeat what the part's name says: Open, which is drawn hatched, is what is not known.
const (
	Good      = "good"
	Bad       = "bad"
	Open      = "open"
	Manual    = "manual"
	Inherited = "inherited"
	Calm      = "calm"
	Accent    = "accent"
)

// drawing collects SVG.
type drawing struct{ strings.Builder }

func (d *drawing) f(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// text escapes what comes from elsewhere.
func text(s string) string { return html.EscapeString(s) }

// at is a place in a drawing.
func at(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// value writes a number as people read it.
func value(v float64) string {
	if v == math.Trunc(v) {
		return thousands(int(v))
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func day(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// Part is a piece of a bar.
type Part struct {
	Name  string
	Class string
	Count int
	Path  string // of what it counts, "" for none
}

const barWidth = 600

// Bar draws parts of a whole one after the other, with their names and numbers below.
func Bar(title string, parts []Part) template.HTML {
	total := 0
	var names []string
	for _, p := range parts {
		total += p.Count
		names = append(names, thousands(p.Count)+" "+p.Name)
	}
	if total == 0 {
		return ""
	}
	var d drawing
	d.f(`<figure>`)
	row(&d, "chart bar", title+": "+strings.Join(names, ", "), total, parts)
	legend(&d, parts)
	d.f(`</figure>`)
	return template.HTML(d.String())
}

// Line draws parts of a whole in a row of a table, whose other cells hold the numbers.
func Line(title string, parts []Part) template.HTML {
	total := 0
	for _, p := range parts {
		total += p.Count
	}
	if total == 0 {
		return ""
	}
	var d drawing
	row(&d, "chart line-bar", title, total, parts)
	return template.HTML(d.String())
}

func row(d *drawing, class, title string, total int, parts []Part) {
	d.f(`<svg class="%s" viewBox="0 0 %d 16" preserveAspectRatio="none" role="img" aria-label="%s">`, class, barWidth, text(title))
	x := 0.0
	for _, p := range parts {
		if p.Count == 0 {
			continue
		}
		width := barWidth * float64(p.Count) / float64(total)
		y, height := 0, 16
		if p.Class == Open { // what is not known has a shape of its own
			y, height = 5, 6
		}
		d.f(`<rect class="f-%s edge" x="%s" y="%d" width="%s" height="%d"><title>%s: %s</title></rect>`, p.Class, at(x), y, at(width), height, text(p.Name), thousands(p.Count))
		x += width
	}
	d.f(`</svg>`)
}

func legend(d *drawing, parts []Part) {
	d.f(`<ul class="legend">`)
	for _, p := range parts {
		if p.Count == 0 {
			continue
		}
		d.f(`<li><span class="key f-%s"></span>`, p.Class)
		if p.Path != "" {
			d.f(`<a href="%s"><b>%s</b> %s</a></li>`, text(p.Path), thousands(p.Count), text(p.Name))
		} else {
			d.f(`<b>%s</b> %s</li>`, thousands(p.Count), text(p.Name))
		}
	}
	d.f(`</ul>`)
}

// Spark draws values as a small line in a row of text.
func Spark(title, class string, values []float64) template.HTML {
	if len(values) < 2 {
		return ""
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	var d drawing
	d.f(`<svg class="chart spark" viewBox="0 0 100 24" role="img" aria-label="%s"><polyline class="line s-%s" points="`, text(title), class)
	for i, v := range values {
		y := 12.0
		if high > low {
			y = 22 - 20*(v-low)/(high-low)
		}
		d.f("%s,%s ", at(100*float64(i)/float64(len(values)-1)), at(y))
	}
	d.f(`"/></svg>`)
	return template.HTML(d.String())
}
