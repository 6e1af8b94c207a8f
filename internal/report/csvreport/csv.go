// Package csvreport writes the findings of an assessment as CSV after RFC 4180, one to a row.
//
// Spreadsheets run cells that begin like a formula. Such cells get an apostrophe before them, which a spreadsheet does
// not show. The package must not know how an assessment comes about.
package csvreport

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/report"
)

// Writer writes CSV.
type Writer struct{}

// Name is "csv".
func (Writer) Name() string { return "csv" }

var header = []string{"id", "status", "judged", "severity", "new", "phi", "phi_reason", "check", "title", "kind", "provider",
	"account", "region", "resource", "address", "file", "line", "citations", "unknown", "evidence", "exception", "conditional", "owner"}

// Write implements report.Writer. Every finding is a row, in the assessment's order, whatever the options are.
func (Writer) Write(w io.Writer, a *assessment.Assessment, _ report.Options) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range a.Findings {
		if err := out.Write(row(&a.Findings[i])); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func row(f *assessment.Finding) []string {
	line := ""
	if f.Location.Line > 0 {
		line = strconv.Itoa(f.Location.Line)
	}
	cells := []string{f.ID, string(f.Status), string(f.Judged), string(f.Severity), strconv.FormatBool(f.New),
		f.PHI, f.PHIReason,
		f.Check, f.Title, f.Kind, f.Resource.Provider, f.Resource.Account, f.Resource.Region, f.Resource.ID, f.Resource.Address,
		f.Location.File, line, strings.Join(f.Citations, " "), joined(f.Unknown, report.Unknown),
		joined(f.Evidence, report.Evidence), f.Exception, f.Conditional, f.Owner}
	for i, c := range cells {
		cells[i] = guard(report.Clean(c))
	}
	return cells
}

func joined[E any](list []E, text func(E) string) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = text(e)
	}
	return strings.Join(parts, "; ")
}

// guard puts an apostrophe before a cell that a spreadsheet would run as a formula. Spreadsheets take the wide forms of
// the signs too, and some of them skip spaces first.
func guard(cell string) string {
	start := strings.TrimLeft(cell, " \u00a0\u3000")
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(start, sign) {
			return "'" + cell
		}
	}
	return cell
}
