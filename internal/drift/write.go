package drift

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"ward.dev/ward/internal/report"
)

// WriteJSON writes the drift as JSON.
func (d *Drift) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(d)
}

// WriteText writes the drift for a terminal.
func (d *Drift) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s the same, %d differing, %d in no code, %d missing, %d unclear\n",
		report.Count(d.Same, "resource"), len(d.Differing), len(d.Undeclared), len(d.Missing), len(d.Unclear))
	if len(d.Differing) > 0 {
		b.WriteString("\nDiffering\n")
	}
	for _, p := range d.Differing {
		fmt.Fprintf(&b, "  %s  %s\n    is %s\n", report.Clean(p.Code), report.Place(p.Location), report.Clean(p.Live))
		for _, one := range p.Differences {
			fmt.Fprintf(&b, "    %s: %s in code, %s in the account\n", one.Attribute, shown(one.Code), shown(one.Live))
		}
	}
	for _, part := range []struct {
		title string
		items []Item
	}{{"In no code", d.Undeclared}, {"Declared and not there", d.Missing}, {"Unclear", d.Unclear}} {
		if len(part.items) > 0 {
			fmt.Fprintf(&b, "\n%s\n", part.title)
		}
		for _, one := range part.items {
			fmt.Fprintf(&b, "  %s  %s", one.Kind, report.Clean(one.Address))
			if one.Location.File != "" {
				fmt.Fprintf(&b, "  %s", report.Place(one.Location))
			} else if one.Region != "" {
				fmt.Fprintf(&b, "  %s", one.Region)
			}
			b.WriteByte('\n')
			if one.Why != "" {
				fmt.Fprintf(&b, "    %s\n", report.Clean(one.Why))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxShown bounds how much of one value a line shows.
const maxShown = 160

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "(a value that cannot be shown)"
	}
	runes := []rune(report.Clean(string(text)))
	if len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return string(runes)
}
