package chart

import (
	"html/template"
	"time"
)

// Day is a day of a calendar.
type Day struct {
	Class string // "" for a day without anything
	Text  string // what was that day
	Path  string
}

// Calendar draws the weeks from a day until another as columns, Monday at the top.
func Calendar(id, title string, from, to time.Time, what func(time.Time) Day) template.HTML {
	const cell, gap, head, side = 13.0, 3.0, 16.0, 26.0
	from, to = from.UTC().Truncate(24*time.Hour), to.UTC().Truncate(24*time.Hour)
	monday := from.AddDate(0, 0, -(int(from.Weekday())+6)%7)
	weeks := int(to.Sub(monday).Hours()/24)/7 + 1
	width, height := side+float64(weeks)*(cell+gap), head+7*(cell+gap)
	var d drawing
	d.f(`<div class="scroll" tabindex="0" role="region" aria-label="%s"><svg class="chart fixed" width="%s" height="%s" viewBox="0 0 %s %s" role="group" aria-labelledby="%s-title"><title id="%s-title">%s</title>`,
		text(title), at(width), at(height), at(width), at(height), id, id, text(title))
	for i, name := range []string{"Mon", "", "Wed", "", "Fri", "", ""} {
		d.f(`<text x="0" y="%s">%s</text>`, at(head+float64(i)*(cell+gap)+10), name)
	}
	month := time.Month(0)
	for t := monday; !t.After(to); t = t.AddDate(0, 0, 1) {
		days := int(t.Sub(monday).Hours() / 24)
		x, y := side+float64(days/7)*(cell+gap), head+float64(days%7)*(cell+gap)
		if days%7 == 0 && t.Month() != month {
			month = t.Month()
			d.f(`<text x="%s" y="10">%s</text>`, at(x), t.Format("Jan"))
		}
		if t.Before(from) {
			continue
		}
		c := what(t)
		class := "grid"
		if c.Class != "" {
			class = "f-" + c.Class
		}
		if c.Path != "" {
			d.f(`<a href="%s" aria-label="%s: %s">`, text(c.Path), day(t), text(c.Text))
		}
		d.f(`<rect class="%s" x="%s" y="%s" width="%s" height="%s" rx="2"><title>%s: %s</title></rect>`, class, at(x), at(y), at(cell), at(cell), day(t), text(c.Text))
		if c.Path != "" {
			d.f(`</a>`)
		}
	}
	d.f(`</svg></div>`)
	return template.HTML(d.String())
}
