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
	fmt.Fprintf(&b, "; %s asked, %d unknown\n", report.Count(w.Judged, "question"), len(w.Unknown))
	for _, source := range w.Prices {
		fmt.Fprintf(&b, "prices: %s\n", source)
	}
	for i, u := range w.Unknown {
		if i == maxUnknown {
			fmt.Fprintf(&b, "and %d more unknown; -o json has all\n", len(w.Unknown)-i)
			break
		}
		fmt.Fprintf(&b, "unknown: %s: %s", report.Clean(u.Address), report.Clean(u.Reason))
		if u.Grant != "" {
			fmt.Fprintf(&b, " (grant %s)", report.Clean(u.Grant))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}

const maxUnknown = 10
