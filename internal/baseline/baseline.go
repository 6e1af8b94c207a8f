// Package baseline keeps a list of what failed or was unknown on some day, so that a build fails only on what is new.
//
// It must not know how findings come about, nor change what they say: a finding of the baseline still fails, it is only
// not new.
package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// Version of the file.
const Version = "1"

// maxSize bounds a baseline file, in bytes.
const maxSize = 256 << 20

// Baseline is a list of findings.
type Baseline struct {
	Version string `json:"version"`
	// Date is the day of the assessment that it was made from, YYYY-MM-DD.
	Date      string `json:"date"`
	Framework string `json:"framework,omitempty"`
	// Findings in order of check, target and address.
	Findings []Entry `json:"findings"`
	// Gaps are what could not be read.
	Gaps []Gap `json:"gaps"`
}

// Entry is a finding that failed or was unknown. ID decides; the rest is for people.
type Entry struct {
	ID      string            `json:"id"`
	Check   string            `json:"check"`
	Address string            `json:"address"`
	Status  assessment.Status `json:"status"` // "fail" or "unknown"
}

// Gap is something that could not be read.
type Gap struct {
	Target string `json:"target"`
	What   string `json:"what"`
}

// Of returns the baseline of an assessment: what fails and what is unknown in it.
func Of(a *assessment.Assessment) *Baseline {
	b := &Baseline{Version: Version, Date: a.AssessedAt.UTC().Format("2006-01-02"), Framework: a.Framework.ID, Findings: []Entry{}, Gaps: []Gap{}}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Status == assessment.Fail || f.Status == assessment.Unknown {
			b.Findings = append(b.Findings, Entry{f.ID, f.Check, f.Resource.Address, f.Status})
		}
	}
	for _, g := range a.Gaps {
		b.Gaps = append(b.Gaps, Gap{g.Target, g.What})
	}
	slices.SortFunc(b.Findings, func(x, y Entry) int {
		if c := strings.Compare(x.Check, y.Check); c != 0 {
			return c
		}
		if c := strings.Compare(x.Address, y.Address); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return b
}

// Write writes one finding to a line, so that a change is easy to review.
func (b *Baseline) Write(w io.Writer) error {
	var out bytes.Buffer
	head, err := json.Marshal(struct {
		Version   string `json:"version"`
		Date      string `json:"date"`
		Framework string `json:"framework,omitempty"`
	}{b.Version, b.Date, b.Framework})
	if err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	out.Write(head[:len(head)-1])
	if err := writeLines(&out, "findings", b.Findings); err != nil {
		return err
	}
	if err := writeLines(&out, "gaps", b.Gaps); err != nil {
		return err
	}
	out.WriteString("}\n")
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

func writeLines[T any](out *bytes.Buffer, name string, items []T) error {
	fmt.Fprintf(out, ",%q:[", name)
	for i, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return fmt.Errorf("write baseline: %w", err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]")
	return nil
}

// Read reads what Write wrote. Unknown keys, another version and entries without an id are errors.
func Read(r io.Reader) (*Baseline, error) {
	limited := &io.LimitedReader{R: r, N: maxSize + 1}
	decoder := json.NewDecoder(limited)
	decoder.DisallowUnknownFields()
	b := &Baseline{}
	if err := decoder.Decode(b); err != nil {
		if limited.N <= 0 {
			err = fmt.Errorf("larger than %d bytes", maxSize)
		}
		return nil, fmt.Errorf("read baseline: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read baseline: something stands after its end")
	}
	if b.Version != Version {
		return nil, fmt.Errorf("read baseline: version is %q, this program reads %q", b.Version, Version)
	}
	for i, e := range b.Findings {
		if e.ID == "" {
			return nil, fmt.Errorf("read baseline: finding %d has no id", i+1)
		}
		if e.Status != assessment.Fail && e.Status != assessment.Unknown {
			return nil, fmt.Errorf("read baseline: finding %d: status is fail or unknown, not %q", i+1, e.Status)
		}
	}
	return b, nil
}

// Apply marks what fails or is unknown and is not in the baseline as new, counts the new failing findings, and tells of the
// entries that are over: what they name passes, does not apply or is gone. What was unknown and fails now is new; what
// failed and is unknown now is not. file names the baseline in the notices.
func (b *Baseline) Apply(a *assessment.Assessment, file string) {
	held := make(map[string]assessment.Status, len(b.Findings))
	for _, e := range b.Findings {
		held[e.ID] = e.Status
	}
	now := make(map[string]assessment.Status, len(held))
	a.Summary.New = 0
	for i := range a.Findings {
		f := &a.Findings[i]
		was, ok := held[f.ID]
		if ok {
			now[f.ID] = f.Status
		}
		switch f.Status {
		case assessment.Fail:
			f.New = was != assessment.Fail
		case assessment.Unknown:
			f.New = !ok
		}
		if f.New && f.Status == assessment.Fail {
			a.Summary.New++
		}
	}
	known := map[Gap]bool{}
	for _, g := range b.Gaps {
		known[g] = true
	}
	for i := range a.Gaps {
		a.Gaps[i].New = !known[Gap{a.Gaps[i].Target, a.Gaps[i].What}]
	}
	b.tellOver(a, now, file)
}

// tellOver adds a notice for each entry that names nothing that fails or is unknown any more.
func (b *Baseline) tellOver(a *assessment.Assessment, now map[string]assessment.Status, file string) {
	for _, e := range b.Findings {
		text := fmt.Sprintf("%s for %s is not among the findings any more; it may be taken out of the baseline", e.Check, e.Address)
		switch status, ok := now[e.ID]; {
		case ok && status != assessment.Pass && status != assessment.NotApplicable:
			continue // what is unknown or excepted is not over
		case ok:
			text = fmt.Sprintf("%s for %s is now %s; it may be taken out of the baseline", e.Check, e.Address, status)
		}
		a.Notices = append(a.Notices, assessment.Notice{Kind: "baseline unused", ID: e.ID, Text: text,
			Location: assessment.Location{File: file}})
	}
}
