// Package markdown writes an assessment as a comment for a pull request: short, always under GitHub's limit, with the
// headline and what fails in sight and the rest folded away.
//
// What comes from assessed code stands in code spans or is escaped, so that it cannot draw, link or call anyone. The
// package must not know how an assessment comes about.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes Markdown.
type Writer struct{}

// Name is "markdown".
func (Writer) Name() string { return "markdown" }

// MaxSize is the most bytes that are ever written. GitHub refuses comments over 65,536 characters.
const MaxSize = 60_000

// How much of the room each part may use, and how long the lists are unless the options say otherwise. The parts together
// stay under MaxSize.
const (
	failingRoom   = 24_000
	unknownRoom   = 8_000
	gapRoom       = 5_000
	noticeRoom    = 5_000
	safeguardRoom = 16_000

	mostRows   = 30
	mostPlaces = 20
	longest    = 160 // characters of one cell
)

// Write implements report.Writer. With a baseline the table shows what is new; the options' limit is its length.
func (Writer) Write(w io.Writer, a *assessment.Assessment, o report.Options) error {
	d := &document{a: a, o: o}
	d.headline()
	d.failing()
	d.unknown()
	d.gaps()
	d.notices()
	d.safeguards()
	_, err := io.WriteString(w, d.String())
	return err
}

type document struct {
	strings.Builder
	a *assessment.Assessment
	o report.Options
}

func (d *document) headline() {
	a := d.a
	title := "HIPAA assessment"
	if a.Framework.Title != "" {
		title = text(a.Framework.Title)
	}
	if a.Estate != "" {
		title += ": " + text(a.Estate)
	}
	fmt.Fprintf(d, "## %s\n\n", title)
	f := a.Summary.Findings
	failing := fmt.Sprintf("**%d failing**", f[assessment.Fail])
	if a.Summary.FailingPHI > 0 {
		failing += fmt.Sprintf(" (%d on PHI)", a.Summary.FailingPHI)
	}
	if report.Baselined(a) {
		failing += fmt.Sprintf(", **%d new**", a.Summary.New)
	}
	fmt.Fprintf(d, "%s · **%d unknown** · %d excepted · %d pass\n\n", failing,
		f[assessment.Unknown], f[assessment.Excepted], f[assessment.Pass])
	fmt.Fprintf(d, "Coverage **%s** (%d of %s answered) · score **%s** (%s met)\n\n", report.Percent(a.Coverage.Ratio),
		a.Coverage.Evaluated, report.Count(a.Coverage.Evaluated+a.Coverage.Unknown, "question"),
		report.Percent(a.Summary.Score),
		report.Count(a.Summary.Safeguards[assessment.Met], "safeguard"))
}

// failing writes a table of the failing findings, only the new ones if there is a baseline, and their details folded.
func (d *document) failing() {
	groups, baselined := report.Groups(d.a, assessment.Fail), report.Baselined(d.a)
	heading, none := "Failing, worst first", "Nothing fails."
	if baselined {
		heading, none = "New failing findings, worst first", "No failing finding is new."
	}
	var rows, details []string
	for _, g := range groups {
		for _, f := range g.Findings {
			if baselined && !f.New {
				continue
			}
			rows = append(rows, fmt.Sprintf("| %s | %s | %s<br>%s | %s | %s |\n", text(string(f.Severity)),
				phi(f), text(f.Title),
				code(f.Check), code(address(f)), code(report.Place(f.Location))))
		}
		details = append(details, d.group(g))
	}
	fmt.Fprintf(d, "### %s\n\n", heading)
	if len(rows) == 0 {
		fmt.Fprintf(d, "%s\n\n", none)
	} else {
		table := "| severity | PHI | what fails | where | file |\n| --- | --- | --- | --- | --- |\n"
		d.list(table, rows, d.o.Places(len(rows), mostRows), failingRoom/2)
	}
	if len(details) > 0 {
		d.folded("All failing findings with evidence and fix", details, len(details), failingRoom/2)
	}
}

func phi(f *assessment.Finding) string {
	if f.PHI == "yes" {
		return "PHI"
	}
	return ""
}

func address(f *assessment.Finding) string {
	for _, s := range []string{f.Resource.Address, f.Resource.ID} {
		if s != "" {
			return s
		}
	}
	return "(no address)"
}

// group is what is said of one check in the folded part.
func (d *document) group(g report.Group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s: %s** (%s)\n%s\n\n", text(string(g.Check.Severity)), text(g.Check.Title),
		report.Count(len(g.Findings), "place"), code(g.Check.ID))
	if g.Check.Why != "" {
		fmt.Fprintf(&b, "%s\n\n", text(report.Short(g.Check.Why, 3*longest)))
	}
	n := d.o.Places(len(g.Findings), mostPlaces)
	used := 0
	for i, f := range g.Findings[:n] {
		item := fmt.Sprintf("- %s %s", code(address(f)), code(report.Place(f.Location)))
		for _, e := range report.Telling(f.Evidence, 3) {
			item += fmt.Sprintf("; %s", code(report.Evidence(e)))
		}
		if used += len(item); used > failingRoom/6 {
			n = i
			break
		}
		b.WriteString(item + "\n")
	}
	if n < len(g.Findings) {
		fmt.Fprintf(&b, "- and %d more\n", len(g.Findings)-n)
	}
	if way, fix := report.Fix(d.a, g.Check, g.Findings[0]); fix != "" {
		short := report.Short(strings.Join(strings.Fields(fix), " "), 3*longest)
		fmt.Fprintf(&b, "\nFix (%s): %s\n", way, text(short))
	}
	b.WriteString("\n")
	return b.String()
}

func (d *document) unknown() {
	grants := report.Grants(d.a)
	if len(grants) == 0 {
		return
	}
	var rows []string
	for _, g := range grants {
		give := "nothing is known to help"
		if g.Grant != "" {
			give = code(g.Grant)
		}
		reason := text(report.Short(report.Clean(g.Reasons[0]), longest))
		if n := len(g.Reasons); n > 1 {
			reason += fmt.Sprintf(" and %d more", n-1)
		}
		rows = append(rows, fmt.Sprintf("| %d | %s | %s |\n", len(g.Findings), give, reason))
	}
	d.folded(fmt.Sprintf("Unknown: %s, which is not a pass", report.Count(d.a.Summary.Findings[assessment.Unknown], "finding")),
		append([]string{"| findings | what would close them | why they are unknown |\n| --- | --- | --- |\n"}, rows...),
		d.o.Places(len(rows), mostRows)+1, unknownRoom)
}

func (d *document) gaps() {
	var rows []string
	for _, g := range d.a.Gaps {
		row := fmt.Sprintf("- %s of %s: %s", code(g.What), code(g.Target), text(report.Short(report.Clean(g.Reason), longest)))
		if g.Grant != "" {
			row += "; give " + code(g.Grant)
		}
		rows = append(rows, row+"\n")
	}
	if len(rows) > 0 {
		d.folded("Not read: "+report.Count(len(rows), "gap"), rows, d.o.Places(len(rows), mostRows), gapRoom)
	}
}

func (d *document) notices() {
	var rows []string
	for _, n := range d.a.Notices {
		what := text(report.Short(report.Clean(n.Text), longest))
		rows = append(rows, fmt.Sprintf("- %s: %s %s %s\n", text(n.Kind), code(n.ID), what, code(report.Place(n.Location))))
	}
	if len(rows) > 0 {
		d.folded(report.Count(len(rows), "notice")+" on exceptions, attestations and the baseline", rows,
			d.o.Places(len(rows), mostRows), noticeRoom)
	}
}

func (d *document) safeguards() {
	rows := []string{"| citation | name | | status | coverage | fail | unknown |\n" +
		"| --- | --- | --- | --- | ---: | ---: | ---: |\n"}
	for _, s := range d.a.Safeguards {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %d | %d |\n",
			text(s.Citation), text(s.Name), report.Specification(s), text(string(s.Status)), report.Coverage(s),
			s.Findings[assessment.Fail], s.Findings[assessment.Unknown]))
	}
	if len(rows) > 1 {
		summary := fmt.Sprintf("Safeguards: %d of %d met", d.a.Summary.Safeguards[assessment.Met], len(d.a.Safeguards))
		d.folded(summary, rows, len(rows), safeguardRoom)
		d.WriteString("<sub>S standard, R required, A addressable: to be met, or answered by a documented equivalent measure. " +
			"manual: waits for a person's attestation. A coverage of - means that no check asks anything.</sub>\n")
	}
}

// folded writes a part that a reader opens. summary MUST be safe already.
func (d *document) folded(summary string, parts []string, most, room int) {
	fmt.Fprintf(d, "<details>\n<summary>%s</summary>\n\n", summary)
	d.list("", parts, most, room)
	d.WriteString("</details>\n\n")
}

// list writes at most so many parts, and no more than there is room for, in bytes, and says how many it left out.
func (d *document) list(before string, parts []string, most, room int) {
	d.WriteString(before)
	n, used := 0, 0
	for n < min(most, len(parts)) && used+len(parts[n]) <= room {
		d.WriteString(parts[n])
		used += len(parts[n])
		n++
	}
	if n < len(parts) {
		fmt.Fprintf(d, "\nand %d more: see the full report.\n", len(parts)-n)
	}
	d.WriteString("\n")
}
