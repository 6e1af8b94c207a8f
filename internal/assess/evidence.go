package assess

import (
	"fmt"
	"math"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/value"
)

// Bounds of one value in the evidence. What is cut says so.
const (
	maxText  = 200 // characters
	maxItems = 20
	maxDepth = 4
	maxQuiet = 12 // rows
)

// slab is how many rows of evidence are made at once, few those of one resource.
const slab, few = 1024, 64

func (w *worker) slabSize() int {
	if w.alone {
		return few
	}
	return slab
}

// evidenceOf returns a row for each attribute that was read; at most maxQuiet for an answer that nobody has to act on.
// Those of what runs are shared among resources.
func (w *worker) evidenceOf(reads []rule.Read, status assessment.Status, live bool) []*assessment.Evidence {
	if len(reads) == 0 {
		return noEvidence
	}
	more := 0
	if quiet := status == assessment.Pass || status == assessment.NotApplicable; quiet && len(reads) > maxQuiet {
		more = len(reads) - maxQuiet
		reads = reads[:maxQuiet]
	}
	if cap(w.evidence)-len(w.evidence) < len(reads)+1 {
		w.evidence = make([]*assessment.Evidence, 0, max(w.slabSize(), len(reads)+1))
	}
	start := len(w.evidence)
	for i := range reads {
		if live {
			w.evidence = append(w.evidence, w.sharedRow(&reads[i]))
		} else {
			w.evidence = append(w.evidence, w.row(&reads[i]))
		}
	}
	if more > 0 {
		w.evidence = append(w.evidence, w.place(assessment.Evidence{Attribute: "(more)", State: "known", Value: count(more, "more attribute")}))
	}
	return w.evidence[start:len(w.evidence):len(w.evidence)]
}

// row returns the evidence of one attribute. All checks of a resource that read it share what is shown of its value.
func (w *worker) row(read *rule.Read) *assessment.Evidence {
	for _, row := range w.rows {
		if row.Attribute == read.Attribute {
			return row
		}
	}
	row := w.place(w.evident(read))
	w.rows = append(w.rows, row)
	return row
}

// reading is what decides how a row reads.
type reading struct {
	attribute string
	secret    bool
	value     value.Identity
}

// sharedRow is row for what runs: all of a list was read by one call, so that equal values are shown by the same row.
func (w *worker) sharedRow(read *rule.Read) *assessment.Evidence {
	if w.shared == nil || len(w.shared) > maxKnown {
		w.shared = map[reading]*assessment.Evidence{}
	}
	this := reading{read.Attribute, read.Secret, read.Value.Identity()}
	row := w.shared[this]
	if row == nil {
		row = w.place(w.evident(read))
		w.shared[this] = row
	}
	return row
}

// place puts a row where it stays.
func (w *worker) place(e assessment.Evidence) *assessment.Evidence {
	if len(w.slab) == cap(w.slab) {
		w.slab = make([]assessment.Evidence, 0, w.slabSize())
	}
	w.slab = append(w.slab, e)
	return &w.slab[len(w.slab)-1]
}

func (w *worker) evident(read *rule.Read) assessment.Evidence {
	e := assessment.Evidence{Attribute: read.Attribute, Location: Location(read.Value.Origin())}
	switch {
	case read.Value.IsUnknown():
		e.State = "unknown"
	case read.Value.IsAbsent():
		e.State = "absent"
	case read.Secret:
		e.State = "secret"
	case read.Value.IsDefault():
		e.State, e.Value = "default", w.show(read.Value, 0)
	default:
		e.State, e.Value = "known", w.show(read.Value, 0)
	}
	return e
}

// show returns what JSON can hold of a known value. References are shown by the address that they lead to.
func (w *worker) show(v value.Value, depth int) any {
	switch {
	case v.IsUnknown():
		return "(unknown: " + v.Reasons()[0].Why + ")"
	case v.IsAbsent():
		return nil
	case depth == maxDepth:
		return "…"
	}
	switch d := v.Data().(type) {
	case string:
		if r := w.world.Lookup(d); r != nil {
			return shorten(r.Address)
		}
		if len(d) <= maxText {
			return v.Data()
		}
		return shorten(d)
	case float64:
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return fmt.Sprint(d)
		}
	case []value.Value:
		return w.showList(v, d, depth)
	case map[string]value.Value:
		return w.showObject(v, d, depth)
	}
	return v.Data()
}

// showList returns the items, but only the number of objects: their fields that were read stand in rows of their own.
func (w *worker) showList(v value.Value, items []value.Value, depth int) any {
	if holdsObjects(items) {
		text := count(len(items), "item")
		if v.IsOpen() {
			text += ", and there may be more: " + v.Reasons()[0].Why
		}
		return text
	}
	n := min(len(items), maxItems)
	shown := make([]any, 0, n+1)
	for _, item := range items[:n] {
		shown = append(shown, w.show(item, depth+1))
	}
	if len(items) > n {
		shown = append(shown, "… "+count(len(items)-n, "more item"))
	}
	if v.IsOpen() {
		shown = append(shown, "(there may be more: "+v.Reasons()[0].Why+")")
	}
	return shown
}

func holdsObjects(items []value.Value) bool {
	for _, item := range items {
		if item.IsObject() {
			return true
		}
	}
	return false
}

func (w *worker) showObject(v value.Value, fields map[string]value.Value, depth int) any {
	shown := make(map[string]any, min(len(fields), maxItems)+1)
	for i, key := range v.Keys() {
		if i == maxItems {
			shown["…"] = count(len(fields)-i, "more key")
			break
		}
		shown[shorten(key)] = w.show(fields[key], depth+1)
	}
	if v.IsOpen() {
		shown["(more)"] = "there may be more: " + v.Reasons()[0].Why
	}
	return shown
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxText {
		return s
	}
	runes := []rune(s)
	return fmt.Sprintf("%s… (%d characters)", string(runes[:maxText]), len(runes))
}

func Location(o *value.Origin) assessment.Location {
	if o == nil {
		return assessment.Location{}
	}
	return assessment.Location{File: o.File, Line: o.Line, Call: (*assessment.Call)(o.Call)} // the two have the same members
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
