// Package html writes an assessment as one page that stands alone: no file beside it, nothing fetched, no script. It is
// made to be read on a screen, light or dark, wide or narrow, and to be printed and signed.
//
// A content security policy in the page forbids everything but its own style sheet, so that nothing that comes from
// assessed code could run or load even if it were not escaped. The package must not know how an assessment comes about.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes HTML.
type Writer struct{}

// Name is "html".
func (Writer) Name() string { return "html" }

//go:embed page.html
var pageText string

//go:embed page.css
var styles string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"clean":         report.Clean,
	"text":          report.CleanText,
	"count":         report.Count,
	"place":         report.Place,
	"evidence":      func(e *assessment.Evidence) string { return report.Short(report.Evidence(e), longest) },
	"missing":       report.Unknown,
	"specification": report.Specification,
	"coverage":      report.Coverage,
	"class":         class,
	"word":          word,
	"address":       address,
	"join":          func(list []string) string { return report.Clean(strings.Join(list, ", ")) },
	"found":         func(s assessment.Summary, status assessment.Status) int { return s.Findings[status] },
	"safeguards":    func(s assessment.Summary, outcome assessment.Outcome) int { return s.Safeguards[outcome] },
	"failing":       func(s assessment.Safeguard) int { return s.Findings[assessment.Fail] },
	"unanswered":    func(s assessment.Safeguard) int { return s.Findings[assessment.Unknown] },
}).Parse(pageText))

const (
	longest    = 400 // characters of one piece of evidence
	mostPlaces = 100 // places of one check
)

// Write implements report.Writer.
func (Writer) Write(w io.Writer, a *assessment.Assessment, o report.Options) error {
	var b bytes.Buffer
	if err := page.Execute(&b, view(a, o)); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// policy is the page's content security policy: its own style sheet, by its digest, and nothing else.
func policy() string {
	sum := sha256.Sum256([]byte(styles))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
}

func address(f *assessment.Finding) string {
	for _, s := range []string{f.Resource.Address, f.Resource.ID} {
		if s != "" {
			return report.Clean(s)
		}
	}
	return "(no address)"
}

// class is the style of a status, an outcome, a severity or the state of an attestation. Colour only repeats what the
// word beside it says.
func class(word any) string {
	switch fmt.Sprint(word) {
	case "met", "pass", "in date":
		return "good"
	case "not met", "fail", "critical", "high", "denied":
		return "bad"
	case "unknown", "manual", "medium", "expired", "missing":
		return "open"
	}
	return "calm"
}

// word is a status as a person reads it.
func word(w any) string {
	if s := report.Clean(fmt.Sprint(w)); s != "" {
		return s
	}
	return "unknown"
}
