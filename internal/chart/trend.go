package chart

import (
	"html/template"
	"math"
	"strings"
	"time"
)

// Series is a value for each time.
type Series struct {
	Name   string
	Class  string
	Values []float64
}

// Event is something that happened at one of the times, and may explain what the lines do.
type Event struct {
	Index int
	Text  string
}

// Trend is values over time.
type Trend struct {
	ID      string // unlike those of other charts in the page, of letters
	Title   string
	Unit    string // of the values: "safeguards"
	Times   []time.Time
	Series  []Series
	Events  []Event
	Stacked bool    // each series stands on those before it
	Most    float64 // of the axis, 0 for what the values need
}

// The size of a trend in units of its drawing, and the room around it.
const (
	trendWidth, trendHeight        = 640.0, 200.0
	left, right, above, below      = 44.0, 8.0, 16.0, 22.0
	ticksWanted, datesWanted, most = 4, 5, 31
)

// HTML draws the trend. Without two times there is nothing to draw.
func (t Trend) HTML() template.HTML {
	if len(t.Times) < 2 {
		return ""
	}
	p := t.plot()
	var d drawing
	d.f(`<figure><svg class="chart" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title"><title id="%s-title">%s</title>`,
		at(trendWidth), at(trendHeight), t.ID, t.ID, text(t.summary()))
	if t.Stacked {
		d.f(`<defs><pattern id="%s-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>`, t.ID)
	}
	t.axes(&d, p)
	if t.Stacked {
		t.areas(&d, p)
	} else {
		t.lines(&d, p)
	}
	for i, e := range t.Events {
		x := at(p.x(t.Times[e.Index]))
		d.f(`<g><title>%s: %s</title><line class="event" x1="%s" y1="%s" x2="%s" y2="%s"/><circle class="event-dot" cx="%s" cy="%s" r="4"/><text class="strong" x="%s" y="%s" text-anchor="middle">%d</text></g>`,
			day(t.Times[e.Index]), text(e.Text), x, at(above), x, at(trendHeight-below), x, at(above), x, at(above-6), i+1)
	}
	t.hits(&d, p)
	d.f(`</svg>`)
	t.legend(&d)
	t.table(&d)
	d.f(`</figure>`)
	return template.HTML(d.String())
}

// summary says in words what is drawn.
func (t Trend) summary() string {
	last := len(t.Times) - 1
	parts := make([]string, len(t.Series))
	for i, s := range t.Series {
		parts[i] = s.Name + " from " + value(s.Values[0]) + " to " + value(s.Values[last])
	}
	return t.Title + ", " + t.Unit + ", " + day(t.Times[0]) + " to " + day(t.Times[last]) + ": " + strings.Join(parts, ", ")
}

// plot maps times and values to places.
type plot struct {
	from       time.Time
	span       float64
	high, step float64
}

func (t Trend) plot() plot {
	high := t.Most
	for i := range t.Times {
		sum := 0.0
		for _, s := range t.Series {
			if t.Stacked {
				sum += s.Values[i]
			} else {
				sum = max(sum, s.Values[i])
			}
		}
		high = max(high, sum)
	}
	step := tick(high / ticksWanted)
	return plot{t.Times[0], max(1, t.Times[len(t.Times)-1].Sub(t.Times[0]).Seconds()), max(step, math.Ceil(high/step)*step), step}
}

// tick is a round distance of at least so much: 1, 2 or 5 times a power of ten.
func tick(least float64) float64 {
	power := 1.0
	for {
		for _, n := range []float64{1, 2, 5} {
			if n*power >= least {
				return n * power
			}
		}
		power *= 10
	}
}

func (p plot) x(t time.Time) float64 {
	return left + (trendWidth-left-right)*t.Sub(p.from).Seconds()/p.span
}

func (p plot) y(v float64) float64 {
	return trendHeight - below - (trendHeight-below-above)*v/p.high
}

func (t Trend) axes(d *drawing, p plot) {
	for v := 0.0; v <= p.high+p.step/2; v += p.step {
		y := at(p.y(v))
		class := "grid"
		if v == 0 {
			class = "axis"
		}
		d.f(`<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/><text x="%s" y="%s" text-anchor="end">%s</text>`,
			class, at(left), y, at(trendWidth-right), y, at(left-6), at(p.y(v)+4), value(v))
	}
	format := "2 Jan"
	if p.span < 2*24*3600 {
		format = "2 Jan 15:04"
	}
	for i := range datesWanted {
		when := p.from.Add(time.Duration(p.span * float64(i) / (datesWanted - 1) * float64(time.Second)))
		anchor := "middle"
		switch i {
		case 0:
			anchor = "start"
		case datesWanted - 1:
			anchor = "end"
		}
		d.f(`<text x="%s" y="%s" text-anchor="%s">%s</text>`, at(p.x(when)), at(trendHeight-6), anchor, when.UTC().Format(format))
	}
}

func (t Trend) areas(d *drawing, p plot) {
	base := make([]float64, len(t.Times))
	for _, s := range t.Series {
		var outline drawing
		for i, when := range t.Times {
			outline.f("%s,%s ", at(p.x(when)), at(p.y(base[i]+s.Values[i])))
		}
		for i := len(t.Times) - 1; i >= 0; i-- {
			outline.f("%s,%s ", at(p.x(t.Times[i])), at(p.y(base[i])))
			base[i] += s.Values[i]
		}
		d.f(`<polygon class="f-%s edge" points="%s"/>`, s.Class, outline.String())
		if s.Class == Open { // what is not known is told by its pattern too
			d.f(`<polygon fill="url(#%s-hatch)" points="%s"/>`, t.ID, outline.String())
		}
	}
}

func (t Trend) lines(d *drawing, p plot) {
	for _, s := range t.Series {
		d.f(`<polyline class="line s-%s" points="`, s.Class)
		for i, when := range t.Times {
			d.f("%s,%s ", at(p.x(when)), at(p.y(s.Values[i])))
		}
		d.f(`"/>`)
	}
}

// hits are what a pointer finds: one strip for each time, with its values.
func (t Trend) hits(d *drawing, p plot) {
	for i, when := range t.Times {
		from, to := left, trendWidth-right
		if i > 0 {
			from = (p.x(t.Times[i-1]) + p.x(when)) / 2
		}
		if i < len(t.Times)-1 {
			to = (p.x(t.Times[i+1]) + p.x(when)) / 2
		}
		d.f(`<rect class="hit" x="%s" y="%s" width="%s" height="%s"><title>%s UTC`, at(from), at(above), at(max(0, to-from)), at(trendHeight-below-above), when.UTC().Format("2 Jan 2006 15:04"))
		for _, s := range t.Series {
			d.f("\n%s: %s", text(s.Name), value(s.Values[i]))
		}
		d.f(`</title></rect>`)
	}
}

func (t Trend) legend(d *drawing) {
	d.f(`<ul class="legend">`)
	for i := len(t.Series) - 1; i >= 0; i-- { // as they stand, from the top
		s := t.Series[i]
		d.f(`<li><span class="key f-%s"></span><b>%s</b> %s</li>`, s.Class, value(s.Values[len(s.Values)-1]), text(s.Name))
	}
	d.f(`</ul>`)
	if len(t.Events) > 0 {
		d.f(`<ol class="fine">`)
		for _, e := range t.Events {
			d.f(`<li>%s: %s</li>`, day(t.Times[e.Index]), text(e.Text))
		}
		d.f(`</ol>`)
	}
}

// table gives the values in text: the newest, thinned evenly if there are many.
func (t Trend) table(d *drawing) {
	d.f(`<details class="quiet"><summary>Values as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="%s"><table><caption>%s, in %s</caption><thead><tr><th scope="col">Assessed (UTC)</th>`, text(t.Title), text(t.Title), text(t.Unit))
	for _, s := range t.Series {
		d.f(`<th scope="col" class="n">%s</th>`, text(s.Name))
	}
	d.f(`</tr></thead><tbody>`)
	stride := (len(t.Times) + most - 1) / most
	for i := len(t.Times) - 1; i >= 0; i -= stride {
		d.f(`<tr><th scope="row">%s</th>`, t.Times[i].UTC().Format("2006-01-02 15:04"))
		for _, s := range t.Series {
			d.f(`<td class="n">%s</td>`, value(s.Values[i]))
		}
		d.f(`</tr>`)
	}
	d.f(`</tbody></table></div></details>`)
}
