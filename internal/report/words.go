package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"ward.dev/ward/internal/assessment"
)

// Clean returns s on one line with everything a reader cannot see made visible: control characters, characters that
// change the direction of text, what is no character and bytes that are not UTF-8 become escapes such as \n, \x1b and
// \u202e. What comes from code that is assessed MUST pass through it before a person sees it.
func Clean(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r):
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// CleanText is Clean for text of several lines: line ends stay, tabs become spaces.
func CleanText(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = Clean(strings.ReplaceAll(l, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

func hidden(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point)
}

// Short returns s cut to n characters, the last of them an ellipsis if anything was cut.
func Short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// Percent returns a share between 0 and 1 in percent. It rounds down, so that only the whole is 100%, and says <1%
// for a little.
func Percent(share float64) string {
	switch {
	case share >= 1:
		return "100%"
	case share >= 0.01:
		// The small addend is for shares that a float64 holds a hair too low: 0.29 * 100 is 28.999999999999996.
		return strconv.Itoa(min(99, int(share*100+1e-9))) + "%"
	case share > 0:
		return "<1%"
	}
	return "0%"
}

// Count returns n with its noun, which takes an s for all but one: "1 finding", "2 findings".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// Place returns where something was read: "main.tf:12", "main.tf", the call of an API with the time of its reply, or "".
func Place(l assessment.Location) string {
	if c := l.Call; c != nil {
		call := c.API
		if c.Region != "" {
			call += " in " + c.Region
		}
		return Clean(call + ", " + c.At.UTC().Format("2006-01-02 15:04:05Z"))
	}
	if l.File == "" || l.Line <= 0 {
		return Clean(l.File)
	}
	return Clean(l.File) + ":" + strconv.Itoa(l.Line)
}

// Asked returns how many of a safeguard's findings wanted an answer.
func Asked(s assessment.Safeguard) int {
	n := 0
	for status, count := range s.Findings {
		if status != assessment.NotApplicable {
			n += count
		}
	}
	return n
}

// Coverage returns a safeguard's coverage in percent, "-" where no check asks anything.
func Coverage(s assessment.Safeguard) string {
	if Asked(s) == 0 {
		return "-"
	}
	return Percent(s.Coverage)
}

// Specification returns the letter that stands for what a safeguard is: S for a standard, R for required and A for
// addressable.
func Specification(s assessment.Safeguard) string {
	switch s.Specification {
	case "required":
		return "R"
	case "addressable":
		return "A"
	}
	return "S"
}

// Telling returns at most n rows of evidence: what the code says before what it leaves out, and defaults last, each in the
// order in which it was read.
func Telling(rows []*assessment.Evidence, n int) []*assessment.Evidence {
	if len(rows) <= n {
		return rows
	}
	weight := func(e *assessment.Evidence) int {
		_, isList := e.Value.([]any)
		switch {
		case e.State == "known" && e.Location.Line > 0 && !isList:
			return 0
		case e.State == "known":
			return 1
		case e.State == "default":
			return 3
		}
		return 2
	}
	ordered := slices.Clone(rows)
	slices.SortStableFunc(ordered, func(a, b *assessment.Evidence) int { return weight(a) - weight(b) })
	return ordered[:n]
}

// Evidence returns one piece of evidence on one line: `publicly_accessible = true`.
func Evidence(e *assessment.Evidence) string {
	return Clean(e.Attribute) + " " + Observed(e)
}

// Observed returns what was read of an attribute: `= true`, `is absent`. It never shows a secret.
func Observed(e *assessment.Evidence) string {
	switch e.State {
	case "known":
		return "= " + jsonText(e.Value)
	case "default":
		return "= " + jsonText(e.Value) + " (the provider's default)"
	case "absent":
		return "is absent"
	case "secret":
		return "is set and secret"
	}
	return "is unknown"
}

func jsonText(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "(cannot be shown)"
	}
	return Clean(strings.TrimSpace(b.String()))
}

// Unknown returns one unknown on one line: what is not known, why, and what would tell.
func Unknown(u assessment.UnknownValue) string {
	s := Clean(u.Reason)
	if s == "" {
		s = "no reason was given"
	}
	if u.Attribute != "" {
		s = Clean(u.Attribute) + ": " + s
	}
	if u.Grant != "" {
		s += " (give " + Clean(u.Grant) + ")"
	}
	return s
}

// Fix returns the guidance that suits where the finding was made, and which kind of guidance it is: "terraform",
// "cloudformation", "kubernetes", "dockerfile", "cli" or "console"; "" if the check gives none.
func Fix(a *assessment.Assessment, c assessment.Check, f *assessment.Finding) (way, text string) {
	order := []string{"cli", "console", "terraform", "cloudformation", "kubernetes", "dockerfile"}
	switch {
	case strings.HasSuffix(f.Location.File, ".tf"), strings.HasSuffix(f.Location.File, ".tf.json"), only(a, "terraform"):
		order = []string{"terraform", "cli", "console", "cloudformation", "kubernetes", "dockerfile"}
	case f.Location.File != "":
		order = []string{"cloudformation", "kubernetes", "dockerfile", "terraform", "cli", "console"}
	}
	for _, way := range order {
		if text := strings.TrimSpace(c.Fix[way]); text != "" {
			return way, CleanText(text)
		}
	}
	return "", ""
}

// only tells whether every target is of a kind that begins with prefix.
func only(a *assessment.Assessment, prefix string) bool {
	for _, t := range a.Targets {
		if !strings.HasPrefix(t.Kind, prefix) {
			return false
		}
	}
	return len(a.Targets) > 0
}
