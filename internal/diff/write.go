package diff

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// section is one list of changes with its heading.
type section struct {
	title, about string
	changes      []Change
}

func (d *Diff) sections() []section {
	return []section{
		{"New", "not judged before", d.New},
		{"Worse", "stood better before", d.Worse},
		{"Lost from sight", "failed before, unknown now: not a fix", d.Lost},
		{"Fixed", "failed before, pass now", d.Fixed},
		{"Better", "improved otherwise", d.Better},
		{"Gone", "not judged any more: not a fix", d.Gone},
	}
}

// WriteJSON writes the diff as JSON, version 1.
func (d *Diff) WriteJSON(w io.Writer) error { return report.WriteJSON(w, d) }

// columns is how wide the text is.
const columns = 80

// WriteText writes the diff for a terminal of 80 columns, without colour.
func (d *Diff) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	line := func(indent int, text string) {
		for i, l := range wrap(report.Clean(text), columns-indent) {
			fmt.Fprintf(out, "%s%s\n", strings.Repeat(" ", indent+min(i, 1)*2), l)
		}
	}
	line(0, d.headline())
	for _, n := range d.Notices {
		line(0, "Note: "+n)
	}
	for _, s := range d.sections() {
		if len(s.changes) == 0 {
			continue
		}
		fmt.Fprintln(out)
		line(0, fmt.Sprintf("%s (%d): %s", s.title, len(s.changes), s.about))
		for _, c := range s.changes {
			line(2, fmt.Sprintf("%s %s [%s] %s", moved(string(c.Before), string(c.After)), c.Check, weight(c), c.Title))
			line(6, strings.TrimSpace(c.Resource.Address+" "+report.Place(c.Location)))
			if c.Why != "" {
				line(6, c.Why)
			}
		}
	}
	if len(d.Safeguards) > 0 {
		fmt.Fprintln(out)
		line(0, fmt.Sprintf("Safeguards (%d)", len(d.Safeguards)))
		for _, s := range d.Safeguards {
			line(2, fmt.Sprintf("%s %s: %s", s.Citation, s.Name, moved(string(s.Before), string(s.After))))
			if s.Worse && len(s.Reasons) > 0 {
				line(6, s.Reasons[0])
			}
		}
	}
	return out.Flush()
}

// maxRows bounds each table in a pull request's comment, which a forge cuts or refuses if it is too long.
const maxRows = 100

// WriteMarkdown writes the diff for a pull request.
func (d *Diff) WriteMarkdown(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "**%s**\n", escape(d.headline()))
	for _, n := range d.Notices {
		fmt.Fprintf(out, "\n> %s\n", escape(n))
	}
	for _, s := range d.sections() {
		if len(s.changes) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n### %s (%d)\n\n%s.\n\n| finding | resource | where | change |\n| --- | --- | --- | --- |\n", s.title, len(s.changes), s.about)
		for _, c := range s.changes[:min(maxRows, len(s.changes))] {
			change := moved(string(c.Before), string(c.After))
			if c.Why != "" {
				change += "; " + c.Why
			}
			fmt.Fprintf(out, "| %s %s (%s) | %s | %s | %s |\n", code(c.Check), escape(c.Title), escape(weight(c)), code(c.Resource.Address),
				code(report.Place(c.Location)), escape(change))
		}
		if more := len(s.changes) - maxRows; more > 0 {
			fmt.Fprintf(out, "\n... and %d more.\n", more)
		}
	}
	if len(d.Safeguards) > 0 {
		fmt.Fprintf(out, "\n### Safeguards (%d)\n\n| safeguard | change | reason |\n| --- | --- | --- |\n", len(d.Safeguards))
		for _, s := range d.Safeguards {
			why := ""
			if len(s.Reasons) > 0 {
				why = s.Reasons[0]
			}
			fmt.Fprintf(out, "| %s %s | %s | %s |\n", code(s.Citation), escape(s.Name), escape(moved(string(s.Before), string(s.After))), escape(why))
		}
	}
	return out.Flush()
}

func (d *Diff) headline() string {
	var parts []string
	for _, s := range d.sections() {
		if len(s.changes) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", len(s.changes), strings.ToLower(s.title)))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no finding changed"}
	}
	worse, better := 0, 0
	for _, s := range d.Safeguards {
		if s.Worse {
			worse++
			continue
		}
		better++
	}
	text := strings.Join(parts, ", ")
	if worse > 0 {
		text += "; " + report.Count(worse, "safeguard") + " worse"
	}
	if better > 0 {
		text += "; " + report.Count(better, "safeguard") + " changed otherwise"
	}
	return text + fmt.Sprintf("; failing %d, was %d; coverage %s, was %s", d.After.Summary.Findings[assessment.Fail],
		d.Before.Summary.Findings[assessment.Fail], report.Percent(d.After.Coverage.Ratio), report.Percent(d.Before.Coverage.Ratio))
}

func moved(before, after string) string {
	switch {
	case before == "":
		return after
	case after == "":
		return "was " + before
	case before == after:
		return after + " as before"
	}
	return before + " -> " + after
}

func weight(c Change) string {
	if c.PHI == "yes" {
		return string(c.Severity) + ", PHI"
	}
	return string(c.Severity)
}

// wrap breaks text into lines of at most n characters, at spaces where there are any; the lines after the first leave
// room for two more.
func wrap(text string, n int) []string {
	var lines []string
	room := n
	for utf8.RuneCountInString(text) > room {
		runes := []rune(text)
		at := strings.LastIndexByte(string(runes[:room+1]), ' ')
		head := string(runes[:room])
		if at > 0 {
			head = text[:at]
		}
		lines, text = append(lines, head), strings.TrimLeft(text[len(head):], " ")
		room = n - 2
	}
	return append(lines, text)
}

// maxCell bounds one cell of a table, in characters.
const maxCell = 300

// markup takes the meaning from the signs of Markdown. The word joiner keeps names from being called and numbers from
// being linked.
var markup = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u2060", "#", "#\u2060", "://", "&#58;//", "www.", "www&#46;")

func escape(s string) string { return markup.Replace(report.Short(report.Clean(s), maxCell)) }

func code(s string) string {
	s = report.Short(report.Clean(s), maxCell)
	if s == "" || strings.ContainsAny(s, "`|") {
		return escape(s)
	}
	return "`" + s + "`"
}
