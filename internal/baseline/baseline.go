// Package baseline keeps a list of the findings that failed on some day, so that a build fails only on what is new.
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
}

// Entry is a finding that failed. ID decides; the rest is for people.
type Entry struct {
	ID      string `json:"id"`
	Check   string `json:"check"`
	Address string `json:"address"`
}

// Of returns the baseline of an assessment: what fails in it.
func Of(a *assessment.Assessment) *Baseline {
	b := &Baseline{Version: Version, Date: a.AssessedAt.UTC().Format("2006-01-02"), Framework: a.Framework.ID, Findings: []Entry{}}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Status == assessment.Fail {
			b.Findings = append(b.Findings, Entry{f.ID, f.Check, f.Resource.Address})
		}
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
	out.WriteString(",\"findings\":[")
	for i, e := range b.Findings {
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write baseline: %w", err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
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
	}
	return b, nil
}

// Apply marks the failing findings that the baseline does not hold as new, counts them, and tells of the entries that are
// over: what they name passes, does not apply or is gone. file names the baseline in those notices.
func (b *Baseline) Apply(a *assessment.Assessment, file string) {
	have := make(map[string]bool, len(b.Findings))
	for _, e := range b.Findings {
		have[e.ID] = true
	}
	status := make(map[string]assessment.Status, len(have))
	a.Summary.New = 0
	for i := range a.Findings {
		f := &a.Findings[i]
		if have[f.ID] {
			status[f.ID] = f.Status
		}
		if f.New = f.Status == assessment.Fail && !have[f.ID]; f.New {
			a.Summary.New++
		}
	}
	for _, e := range b.Findings {
		var text string
		switch now, ok := status[e.ID]; {
		case !ok:
			text = fmt.Sprintf("%s for %s is not among the findings any more; it may be taken out of the baseline", e.Check, e.Address)
		case now != assessment.Pass && now != assessment.NotApplicable:
			continue // what is unknown or excepted is not over
		default:
			text = fmt.Sprintf("%s for %s is now %s; it may be taken out of the baseline", e.Check, e.Address, now)
		}
		a.Notices = append(a.Notices, assessment.Notice{Kind: "baseline unused", ID: e.ID, Text: text,
			Location: assessment.Location{File: file}})
	}
}
