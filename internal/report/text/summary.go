package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// safeguards writes the table of all safeguards.
func (p *page) safeguards() {
	if len(p.a.Safeguards) == 0 {
		return
	}
	p.heading("Safeguards", fmt.Sprintf("%d of %d met", p.a.Summary.Safeguards[assessment.Met], scored(p.a)))
	p.blank()
	const rest = 2 + 21 + 3 + 10 + 8 + 5 + 5 + 1 // all columns but the name
	name := p.width - rest
	row := func(citation, title, specification string, status, coverage, fails, unknown string) string {
		return pad(report.Short(citation, 20), 21) + pad(report.Short(title, name-1), name) + pad(specification, 3) + status +
			fmt.Sprintf("%8s%5s%5s", coverage, fails, unknown)
	}
	p.line(2, p.paint(dim, row("citation", "name", "", pad("status", 10), "coverage", "fail", "unk.")))
	for _, s := range p.a.Safeguards {
		status := p.paint(outcomeStyle(s.Status), pad(outcome(s.Status), 10))
		p.line(2, row(report.Clean(s.Citation), report.Clean(s.Name), report.Specification(s), status, report.Coverage(s),
			number(s, assessment.Fail), number(s, assessment.Unknown)))
		if p.o.Verbose {
			for _, r := range s.Reasons {
				p.para(4, dim, report.Clean(r))
			}
		}
	}
	p.blank()
	p.para(2, dim, "S standard, R required, A addressable: to be met, or answered by a documented equivalent measure. "+
		"manual: waits for a person's attestation. A coverage of - means that no check asks anything.")
}

// outcome is a safeguard's status in at most nine characters.
func outcome(o assessment.Outcome) string {
	if o == assessment.OutcomeNotNeeded {
		return "n/a"
	}
	return report.Short(report.Clean(string(o)), 9)
}

func number(s assessment.Safeguard, status assessment.Status) string {
	if n := s.Findings[status]; n > 0 {
		return fmt.Sprint(n)
	}
	return "-"
}

// bottom writes the last three lines: findings, safeguards, and what it comes to.
func (p *page) bottom() {
	f, s := p.a.Summary.Findings, p.a.Summary.Safeguards
	p.blank()
	p.line(1, p.paint(dim, strings.Repeat("─", p.width-2)))
	p.tally("findings", []string{
		count(f[assessment.Fail], "fail", red, p), count(f[assessment.Unknown], "unknown", yellow, p),
		count(f[assessment.Excepted], "excepted", plain, p), count(f[assessment.Pass], "pass", green, p),
		count(f[assessment.NotApplicable], "n/a", plain, p)}, "coverage "+report.Percent(p.a.Coverage.Ratio))
	p.tally("safeguards", []string{
		count(s[assessment.NotMet], "not met", red, p), count(s[assessment.OutcomeUnknown], "unknown", yellow, p),
		count(s[assessment.Manual], "manual", yellow, p), count(s[assessment.Inherited], "inherited", plain, p),
		count(s[assessment.Met], "met", green, p)}, "score "+report.Percent(p.a.Summary.Score))
	style, verdict := p.verdict()
	p.line(1, p.paint(dim, pad("result", 11))+p.paint(style, report.Short(verdict, p.width-13)))
}

// tally is counts on the left and a share on the right, or below where there is no room. Counts are painted, so their
// width is that without.
func (p *page) tally(label string, counts []string, share string) {
	text := strings.Join(counts, "  ")
	width := utf8.RuneCountInString(text)
	for _, s := range []style{red, yellow, green} {
		width -= strings.Count(text, "\x1b["+string(s)+"m") * len("\x1b["+string(s)+"m\x1b[0m")
	}
	text = p.paint(dim, pad(label, 11)) + text
	if gap := p.width - 13 - width - len(share); gap >= 2 {
		p.line(1, text+strings.Repeat(" ", gap)+share)
		return
	}
	p.line(1, text)
	p.line(12, share)
}

func count(n int, what string, s style, p *page) string {
	text := fmt.Sprintf("%d %s", n, what)
	if n == 0 {
		return text
	}
	return p.paint(s, text)
}

// verdict says in one line what the assessment comes to, in the order of the exit codes.
func (p *page) verdict() (style, string) {
	a := p.a
	failing, unknown := a.Summary.Findings[assessment.Fail], a.Summary.Findings[assessment.Unknown]
	switch {
	case failing > 0:
		text := report.Count(failing, "failing finding")
		if a.Summary.FailingPHI > 0 {
			text += fmt.Sprintf(", %d on PHI", a.Summary.FailingPHI)
		}
		if report.Baselined(a) {
			text += fmt.Sprintf(", %d not in the baseline", a.Summary.New)
		}
		return red, text
	case a.Summary.Safeguards[assessment.NotMet] > 0:
		return red, report.Count(a.Summary.Safeguards[assessment.NotMet], "safeguard") + " not met"
	case unknown > 0:
		return yellow, fmt.Sprintf("nothing fails, but %s without an answer", report.Count(unknown, "question"))
	case a.Summary.Safeguards[assessment.OutcomeUnknown] > 0 || len(a.Gaps) > 0:
		return yellow, "nothing fails, but not everything is known"
	case a.Coverage.Evaluated == 0:
		return yellow, "nothing was asked: no resource that a check knows was found"
	case a.Summary.Safeguards[assessment.Manual] > 0:
		return yellow, fmt.Sprintf("no check fails; %s for a person", waiting(a.Summary.Safeguards[assessment.Manual]))
	}
	return green, "met"
}

func waiting(n int) string {
	if n == 1 {
		return "1 safeguard waits"
	}
	return fmt.Sprintf("%d safeguards wait", n)
}
