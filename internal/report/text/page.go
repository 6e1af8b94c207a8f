package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// style is a terminal's way to set text apart.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	yellow style = "33"
	green  style = "32"
	blue   style = "34"
)

func severityStyle(s assessment.Severity) style {
	switch s {
	case assessment.Medium:
		return yellow
	case assessment.Low:
		return blue
	}
	return red
}

func outcomeStyle(o assessment.Outcome) style {
	switch o {
	case assessment.Met:
		return green
	case assessment.NotMet:
		return red
	case assessment.OutcomeUnknown, assessment.Manual:
		return yellow
	}
	return dim
}

// body is the column where text stands beside a label.
const body = 12

// page is text of a given width. Everything put on it MUST be clean already.
type page struct {
	strings.Builder
	a     *assessment.Assessment
	o     report.Options
	width int
	empty bool // the last line is
}

func (p *page) paint(s style, text string) string {
	if !p.o.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line writes one line; blank writes an empty one, never two in a row.
func (p *page) line(indent int, text string) {
	p.WriteString(strings.Repeat(" ", indent))
	p.WriteString(text)
	p.WriteByte('\n')
	p.empty = false
}

func (p *page) blank() {
	if !p.empty {
		p.WriteByte('\n')
	}
	p.empty = true
}

// heading opens a part of the report.
func (p *page) heading(name, about string) {
	p.blank()
	p.blank()
	name = strings.ToUpper(name)
	rule := strings.Repeat("─", max(2, p.width-len(name)-utf8.RuneCountInString(about)-6))
	p.line(1, p.paint(bold, name)+"  "+p.paint(dim, rule)+"  "+about)
}

// para writes text wrapped to the width.
func (p *page) para(indent int, s style, text string) {
	for _, l := range wrap(text, p.width-indent-1) {
		p.line(indent, p.paint(s, l))
	}
}

// cut writes text on one line and cuts it if it does not fit; verbose pages wrap it instead.
func (p *page) cut(indent int, s style, text string) {
	if p.o.Verbose {
		p.para(indent, s, text)
		return
	}
	p.line(indent, p.paint(s, report.Short(text, p.width-indent-1)))
}

// labelled writes text beside a label.
func (p *page) labelled(label, text string) {
	if utf8.RuneCountInString(label) > 15 {
		p.para(2, dim, label)
		label = ""
	}
	for _, l := range wrap(text, p.width-19) {
		p.line(2, p.paint(dim, pad(label, 16))+l)
		label = ""
	}
}

// gauge writes a share as a bar with its number beside it.
func (p *page) gauge(label string, share float64, text string) {
	cells := max(0, min(24, p.width-29-utf8.RuneCountInString(text)))
	full := max(0, min(cells, int(share*float64(cells))))
	bar := p.paint(bold, strings.Repeat("━", full)) + p.paint(dim, strings.Repeat("·", cells-full))
	p.line(2, p.paint(dim, pad(label, 16))+bar+fmt.Sprintf(" %5s  ", report.Percent(share))+text)
}

// beside writes a label, a text beside it and a mark at the right edge.
func (p *page) beside(ls style, label string, ts style, text, mark string) {
	label = report.Short(label, body-3)
	room := p.width - body - 1
	if mark != "" {
		room -= utf8.RuneCountInString(mark) + 2
	}
	for i, l := range wrap(text, max(room, 20)) {
		if i > 0 {
			p.line(body, p.paint(ts, l))
			continue
		}
		gap := strings.Repeat(" ", max(2, p.width-1-body-utf8.RuneCountInString(l)-utf8.RuneCountInString(mark)))
		if mark == "" {
			gap = ""
		}
		p.line(2, p.paint(ls, label)+strings.Repeat(" ", body-2-utf8.RuneCountInString(label))+p.paint(ts, l)+gap+mark)
	}
}

// across writes what is on the left and where it is on the right, on one line if both fit.
func (p *page) across(indent int, what, where, mark string) {
	if mark != "" {
		where = strings.TrimSpace(mark + "  " + where)
	}
	room := p.width - 1 - indent
	gap := room - utf8.RuneCountInString(what) - utf8.RuneCountInString(where)
	if where == "" || gap >= 2 {
		if where == "" {
			gap = 0
		}
		for i, l := range wrap(what, room) {
			if i == 0 {
				l += strings.Repeat(" ", max(gap, 0)) + where
			}
			p.line(indent, l)
		}
		return
	}
	p.para(indent, plain, what)
	for _, l := range wrap(where, room) {
		p.line(max(indent, p.width-1-utf8.RuneCountInString(l)), l)
	}
}

// aside writes a dim label and text beside it, below the places of a check. Indentation of the text stays.
func (p *page) aside(label, text string) {
	const column = 7
	inner := text[:len(text)-len(strings.TrimLeft(text, " "))]
	for _, l := range wrap(strings.TrimSpace(text), max(20, p.width-1-body-column-len(inner))) {
		if len(label) >= column {
			p.line(body, p.paint(dim, label))
			label = ""
		}
		p.line(body, p.paint(dim, pad(label, column))+inner+l)
		label = ""
	}
}

// more says how many entries of a list are left out.
func (p *page) more(indent, n int) {
	if n > 0 {
		p.line(indent, p.paint(dim, fmt.Sprintf("and %d more (use -o json or --verbose)", n)))
	}
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// wrap breaks text into lines of at most n characters, at spaces where there are any.
func wrap(text string, n int) []string {
	n = max(n, 1)
	var lines []string
	rest := []rune(strings.TrimSpace(text))
	for len(rest) > n {
		at := n
		for at > 0 && rest[at] != ' ' {
			at--
		}
		if at == 0 {
			lines, rest = append(lines, string(rest[:n])), rest[n:]
			continue
		}
		lines = append(lines, strings.TrimRight(string(rest[:at]), " "))
		rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
	}
	return append(lines, string(rest))
}
