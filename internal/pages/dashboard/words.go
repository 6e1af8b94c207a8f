package dashboard

import (
	"fmt"
	"html/template"
	"path"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
)

// funcs are what the templates of the dashboard call. What comes from assessed code passes through clean.
var funcs = template.FuncMap{
	"clean":    report.Clean,
	"text":     report.CleanText,
	"percent":  report.Percent,
	"place":    report.Place,
	"observed": func(e *assessment.Evidence) string { return report.Short(report.Observed(e), longest) },
	"age":      age,
	"span":     span,
	"spec":     func(s assessment.Safeguard) string { return s.Specification },
	"coverage": report.Coverage,
	"found":    func(s assessment.Safeguard, status string) int { return s.Findings[assessment.Status(status)] },
	"bar":      statusBar,
	"join":     func(list []string) string { return report.Clean(strings.Join(list, ", ")) },
	"tally":    func(s assessment.Summary, status string) int { return s.Findings[assessment.Status(status)] },
	"kind":     kindWord,
	"word":     word,
	"wayword":  wayWord,
	"within":   within,
	"folder":   folder,
}

const longest = 400 // characters of one piece of evidence

// age is how long ago something was, in words.
func age(from, now time.Time) string {
	if from.IsZero() {
		return ""
	}
	return span(now.Sub(from))
}

// span is a duration in one unit that people think in.
func span(d time.Duration) string {
	unit := func(n int, noun string) string { return report.Count(n, noun) }
	switch hours := int(d.Hours()); {
	case d < time.Minute:
		return unit(max(0, int(d.Seconds())), "second")
	case hours < 1:
		return unit(int(d.Minutes()), "minute")
	case hours < 48:
		return unit(hours, "hour")
	case hours < 24*60:
		return unit(hours/24, "day")
	}
	return unit(int(d.Hours())/(24*30), "month")
}

// word is a value that may be missing, as a person reads it.
func word(v any) string {
	if s := report.Clean(fmt.Sprint(v)); s != "" {
		return s
	}
	return "not told"
}

// kindWord is the last part of a kind that says what it is: "aws.s3.bucket" is "s3 bucket".
func kindWord(kind string) string {
	_, rest, ok := strings.Cut(kind, ".")
	if !ok {
		rest = kind
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(rest)
}

// folder is what a target or an account is called in few words: of a folder of code, its name.
func folder(name string) string {
	if path.IsAbs(name) {
		return path.Base(name)
	}
	return name
}

// within is the path of a file within the target that it was read from, which begins with the target's name in few words.
func within(target, file string) string {
	if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(target, "/")+"/"); ok && path.IsAbs(target) {
		return path.Join(path.Base(target), rest)
	}
	return file
}

// outcomeClass is how an outcome is drawn. Only what is met is good.
func outcomeClass(o assessment.Outcome) string {
	switch o {
	case assessment.Met:
		return chart.Good
	case assessment.NotMet:
		return chart.Bad
	case assessment.OutcomeUnknown:
		return chart.Open
	case assessment.Manual:
		return chart.Manual
	case assessment.Inherited:
		return chart.Inherited
	}
	return chart.Calm
}

// statusBar draws findings by status, without a legend of its own: the numbers stand beside it.
func statusBar(c history.Counts) template.HTML {
	return chart.Line(fmt.Sprintf("%d fail, %d unknown, %d excepted, %d pass", c.Fail, c.Unknown, c.Excepted, c.Pass), []chart.Part{
		{Name: "fail", Class: chart.Bad, Count: c.Fail}, {Name: "unknown", Class: chart.Open, Count: c.Unknown},
		{Name: "excepted", Class: chart.Calm, Count: c.Excepted}, {Name: "pass", Class: chart.Good, Count: c.Pass},
	})
}
