// Package report holds what all report formats share: the interface that each implements, the order in which findings
// are told, and the words for counts, shares, places and evidence.
//
// A report is written from the plain data of package assessment and nothing else, so that a saved assessment can be
// turned into any format. The package must not know any format, nor how an assessment comes about.
package report

import (
	"io"

	"ward.dev/ward/internal/assessment"
)

// Writer writes an assessment in one format.
//
// Write MUST be deterministic: the same assessment and options give the same bytes. It MUST NOT change the assessment,
// MUST NOT write the value of a secret, and MUST return the error of w. What is unknown MUST never look like a pass.
type Writer interface {
	// Name is the format's name on the command line: "text", "sarif".
	Name() string
	Write(w io.Writer, a *assessment.Assessment, o Options) error
}

// Options say how a report is written. The zero Options are right for a file. A format ignores what it has no use for.
type Options struct {
	// Width is the number of columns to write for; 0 means 80. Less than 64 counts as 64.
	Width int
	// Color allows terminal colours.
	Color bool
	// Verbose shows passes and not applicable findings too, and cuts no list.
	Verbose bool
	// Limit is how many places of one check are listed; 0 leaves it to the format. Formats that other programs read
	// list everything whatever it is.
	Limit int
}

// Columns returns the width to write for.
func (o Options) Columns() int {
	if o.Width == 0 {
		return 80
	}
	return max(o.Width, 64)
}

// Places returns how many of n places to list where the format itself would list most.
func (o Options) Places(n, most int) int {
	if o.Verbose {
		return n
	}
	if o.Limit > 0 {
		most = o.Limit
	}
	return min(n, most)
}
