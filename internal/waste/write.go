package waste

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"ward.dev/ward/internal/report"
)

// WriteJSON writes the waste as JSON.
func (w *Waste) WriteJSON(out io.Writer) error { return report.WriteJSON(out, w) }

// WriteText writes the waste for a terminal, the dearest first.
func (w *Waste) WriteText(out io.Writer) error {
	var b strings.Builder
	for _, i := range w.Items {
		cost := "       ?"
		if i.Monthly != nil {
			cost = fmt.Sprintf("%8.2f", *i.Monthly)
		}
		fmt.Fprintf(&b, "%s %-3s  %s\n              not so: %s (%s)\n", cost, i.Currency, report.Clean(i.Resource.Address), i.Title, i.Check)
		if i.Why != "" {
			fmt.Fprintf(&b, "              %s\n", report.Clean(i.Why))
		}
	}
	if len(w.Items) > 0 {
		b.WriteByte('\n')
	}
	var sums []string
	for _, currency := range slices.Sorted(maps.Keys(w.Monthly)) {
		sums = append(sums, fmt.Sprintf("%.2f %s a month", w.Monthly[currency], currency))
	}
	fmt.Fprintf(&b, "%s not used", report.Count(len(w.Items), "resource"))
	if len(sums) > 0 {
		fmt.Fprintf(&b, ", %s", strings.Join(sums, ", "))
	}
	fmt.Fprintf(&b, "; %s asked, %d unknown, %s not read\n", report.Count(w.Judged, "question"), len(w.Unknown),
		report.Count(len(w.Gaps), "part"))
	for _, source := range w.Prices {
		fmt.Fprintf(&b, "prices: %s\n", source)
	}
	unknown := make([]string, 0, len(w.Unknown)+len(w.Gaps))
	for _, u := range w.Unknown {
		unknown = append(unknown, "unknown: "+because(u.Address, u.Reason, u.Grant))
	}
	for _, g := range w.Gaps {
		unknown = append(unknown, "not read: "+because(g.What, g.Reason, g.Grant))
	}
	for i, line := range unknown {
		if i == maxUnknown {
			fmt.Fprintf(&b, "and %d more; -o json has all\n", len(unknown)-i)
			break
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

const maxUnknown = 10

// because says what is not known, why, and what would close it.
func because(what, why, grant string) string {
	if grant != "" {
		why += " (grant " + grant + ")"
	}
	return report.Clean(what) + ": " + report.Clean(why)
}
