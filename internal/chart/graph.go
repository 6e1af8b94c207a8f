package chart

import (
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"
)

// Node is a box of a graph, which stands in the cell of its row and column.
type Node struct {
	ID          string
	Name, Note  string
	Row, Column string
	Class       string // "phi", "bad", "open" or ""
	Mark        string // what is wrong with it, in a word or two
	Path        string // of its page
}

// Arrow leads from one node to another.
type Arrow struct {
	From, To string
	Class    string // "good", "bad", "open" or ""
	Note     string
}

// Graph is boxes in a grid of rows and columns, with arrows between them.
type Graph struct {
	ID, Title string
	Columns   []string // in their order, with those that have no node; others come after
	Nodes     []Node
	Arrows    []Arrow
}

// The size of boxes and the room between them, in units of the drawing.
const (
	boxWidth, boxHeight, boxGap = 160.0, 40.0, 10.0
	columnGap, rowGap, margin   = 46.0, 18.0, 10.0
	headRoom, rowHead           = 22.0, 20.0
	longestName                 = 22
	arcRoom                     = 26.0 // for arrows within the last column
	tallestStack                = 4    // boxes one above the other in a cell, before another stack begins beside them
	mostStacks                  = 5    // of all columns together, so that they fit on a screen
)

type spot struct{ x, y float64 }

// layout is where everything stands.
type layout struct {
	rows, columns []string
	lefts         []float64 // of the columns
	tops, heights []float64
	spots         map[string]spot
	width, height float64
}

func (g Graph) layout() layout {
	l := layout{spots: map[string]spot{}}
	used := map[string]bool{}
	cells := map[[2]string][]string{}
	for _, n := range g.Nodes {
		used[n.Column] = true
		if !slices.Contains(l.rows, n.Row) {
			l.rows = append(l.rows, n.Row)
		}
		cell := [2]string{n.Row, n.Column}
		cells[cell] = append(cells[cell], n.ID)
	}
	for _, c := range g.Columns {
		if used[c] {
			l.columns = append(l.columns, c)
		}
	}
	for _, n := range g.Nodes {
		if !slices.Contains(l.columns, n.Column) {
			l.columns = append(l.columns, n.Column)
		}
	}
	stacks := l.stacks(cells)
	x := margin + 10
	for c := range l.columns {
		l.lefts = append(l.lefts, x)
		x += float64(stacks[c])*(boxWidth+boxGap) - boxGap + columnGap
	}
	y := margin + headRoom
	for _, row := range l.rows {
		tallest := 1
		for c, column := range l.columns {
			ids := cells[[2]string{row, column}]
			tall := (len(ids) + stacks[c] - 1) / stacks[c]
			if len(ids) <= tallestStack {
				tall = len(ids)
			}
			tallest = max(tallest, tall)
			for i, id := range ids {
				l.spots[id] = spot{l.lefts[c] + float64(i/tall)*(boxWidth+boxGap), y + rowHead + float64(i%tall)*(boxHeight+boxGap)}
			}
		}
		height := rowHead + float64(tallest)*(boxHeight+boxGap) + 2
		l.tops, l.heights = append(l.tops, y), append(l.heights, height)
		y += height + rowGap
	}
	l.width = x - columnGap + 10 + margin + arcRoom
	l.height = y - rowGap + margin
	return l
}

// stacks says in how many stacks beside each other the boxes of each column stand: one, and another where the most stand above each other, as long as
// there is room.
func (l *layout) stacks(cells map[[2]string][]string) []int {
	most, stacks := make([]int, len(l.columns)), make([]int, len(l.columns))
	for c, column := range l.columns {
		stacks[c] = 1
		for _, row := range l.rows {
			most[c] = max(most[c], len(cells[[2]string{row, column}]))
		}
	}
	for range mostStacks - len(l.columns) {
		fullest := 0
		for c := range stacks {
			if most[c]*stacks[fullest] > most[fullest]*stacks[c] {
				fullest = c
			}
		}
		if most[fullest] > tallestStack*stacks[fullest] {
			stacks[fullest]++
		}
	}
	return stacks
}

// HTML draws the graph. It can be wider than the page, and is then scrolled.
func (g Graph) HTML() template.HTML {
	if len(g.Nodes) == 0 {
		return ""
	}
	l := g.layout()
	var d drawing
	d.f(`<div class="map-frame" tabindex="0" role="region" aria-label="%s"><svg class="chart map fixed" width="%s" height="%s" viewBox="0 0 %s %s" role="group" aria-labelledby="%s-title"><title id="%s-title">%s</title>`,
		text(g.Title), at(l.width), at(l.height), at(l.width), at(l.height), g.ID, g.ID, text(g.Title))
	d.f(`<defs><marker id="%s-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>`, g.ID)
	for c, column := range l.columns {
		d.f(`<text class="strong" x="%s" y="%s">%s</text>`, at(l.lefts[c]), at(margin+10), text(column))
	}
	for i, row := range l.rows {
		d.f(`<rect class="account" x="%s" y="%s" width="%s" height="%s" rx="6"/><text x="%s" y="%s">%s</text>`,
			at(margin), at(l.tops[i]), at(l.width-2*margin-arcRoom), at(l.heights[i]), at(margin+10), at(l.tops[i]+14), text(row))
	}
	for _, a := range g.Arrows {
		g.arrow(&d, l, a)
	}
	for _, n := range g.Nodes {
		box(&d, l.spots[n.ID], n)
	}
	d.f(`</svg></div>`)
	return template.HTML(d.String())
}

func (g Graph) arrow(d *drawing, l layout, a Arrow) {
	from, ok1 := l.spots[a.From]
	to, ok2 := l.spots[a.To]
	if !ok1 || !ok2 || a.From == a.To {
		return
	}
	class := "flow"
	if a.Class != "" {
		class += " " + a.Class
	}
	y1, y2 := from.y+boxHeight/2, to.y+boxHeight/2
	x1, x2, bend := from.x+boxWidth, to.x, columnGap*0.7
	switch {
	case to.x < from.x:
		x1, x2, bend = from.x, to.x+boxWidth, -bend
	case to.x == from.x: // out of the right side and back into it
		x2 = to.x + boxWidth
		d.f(`<path class="%s" d="M%s %sC%s %s %s %s %s %s" marker-end="url(#%s-head)"><title>%s</title></path>`,
			class, at(x1), at(y1), at(x1+bend), at(y1), at(x2+bend), at(y2), at(x2), at(y2), g.ID, text(a.Note))
		return
	}
	d.f(`<path class="%s" d="M%s %sC%s %s %s %s %s %s" marker-end="url(#%s-head)"><title>%s</title></path>`,
		class, at(x1), at(y1), at(x1+bend), at(y1), at(x2-bend), at(y2), at(x2), at(y2), g.ID, text(a.Note))
}

func box(d *drawing, s spot, n Node) {
	if n.Path != "" {
		d.f(`<a href="%s">`, text(n.Path))
	}
	d.f(`<g class="node %s"><title>%s</title><rect x="%s" y="%s" width="%s" height="%s" rx="4"/><text class="name" x="%s" y="%s">%s</text>`,
		n.Class, text(strings.Join(nonEmpty(n.Name, n.Note, n.Mark), "\n")), at(s.x), at(s.y), at(boxWidth), at(boxHeight), at(s.x+8), at(s.y+16), text(short(n.Name, longestName)))
	class, note := "", n.Note
	if n.Mark != "" {
		class, note = n.Class+"-text", n.Mark
	}
	d.f(`<text class="%s" x="%s" y="%s">%s</text></g>`, class, at(s.x+8), at(s.y+32), text(short(note, longestName+2)))
	if n.Path != "" {
		d.f(`</a>`)
	}
}

func nonEmpty(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// short cuts the beginning of a name, whose end says more.
func short(s string, most int) string {
	n := utf8.RuneCountInString(s)
	if n <= most {
		return s
	}
	return "…" + string([]rune(s)[n-most+1:])
}
