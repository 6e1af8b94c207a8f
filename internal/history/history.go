// Package history keeps assessments over time and answers questions about any of them: what stands, what changed, since when.
//
// Everything that an assessment says is kept as spans: a row holds from the run that said it first until before the run that says
// something else. What stays as it is costs no row, however often it is assessed. A run is written in small transactions under a number
// that nobody reads, and is published in one more: a run that was cut off was never there.
//
// The package must not know how an assessment comes about, nor how it is shown. Not knowing is never better here either: what failed and
// is unknown now has not improved. See docs/design/history.md.
package history

import (
	"errors"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/state"
)

// SixYears is how long documentation has to be kept (45 CFR 164.316(b)(2)(i)), with a day more for leap years.
const SixYears = (6*365 + 2) * 24 * time.Hour

var (
	// ErrNone is the error of a run, finding or resource that is not there.
	ErrNone = errors.New("there is none such in the history")
	// ErrKept is the error of history that must not be deleted yet.
	ErrKept = errors.New("the history has to be kept")
	// ErrAbandoned is the error of a run that another writer of the same estate has taken away.
	ErrAbandoned = errors.New("the run was given up, because another of the same estate began")
)

// Options of a history. The zero Options are right.
type Options struct {
	// Retention is how long runs are kept at least, 0 for SixYears. It cannot be less than a day.
	Retention time.Duration
	// Memory is about how many bytes of what was read last are kept at hand, 0 for 128 MiB. That of the newest run is always kept.
	Memory int64
	// Ruled tells who answers for resources by rules; nil if there are none.
	Ruled Ruled
	// Now is the clock, nil for that of the machine. Only Prune looks at it.
	Now func() time.Time
}

// History keeps the assessments of all estates. It may be used by many goroutines.
type History struct {
	db        *state.DB
	retention time.Duration
	now       func() time.Time
	ruled     Ruled
	images    *images
}

// New returns the history in a state.
func New(db *state.DB, o Options) *History {
	h := &History{db: db, retention: o.Retention, now: o.Now, ruled: o.Ruled, images: newImages(o.Memory)}
	if h.retention < 24*time.Hour {
		h.retention = SixYears
	}
	if h.now == nil {
		h.now = time.Now
	}
	return h
}

// RunMeta is what is told of a run besides its assessment.
type RunMeta struct {
	Started time.Time `json:"started"` // when reading began
	Ended   time.Time `json:"ended"`   // when judging ended
	Cause   string    `json:"cause"`   // "schedule", "demand": a word of the program
	// Digests name what is kept elsewhere about the run: "bundle": "sha256:...".
	Digests map[string]string `json:"digests,omitempty"`
}

// Run is one assessment of an estate, without its findings.
type Run struct {
	Estate string `json:"estate"` // its id
	Number int64  `json:"number"` // 1, 2, ...
	RunMeta
	AssessedAt time.Time            `json:"assessed_at"`
	Tool       assessment.Tool      `json:"tool"`
	Framework  assessment.Framework `json:"framework"`
	Targets    []assessment.Target  `json:"targets"`
	Coverage   assessment.Coverage  `json:"coverage"`
	Summary    assessment.Summary   `json:"summary"`
	Resources  int                  `json:"resources"` // that were judged
	Gaps       int                  `json:"gaps"`
	Notices    int                  `json:"notices"`
	Stored     Stored               `json:"stored"`
	token      string               // tells writers of the same number apart
}

// Stored is what a run cost.
type Stored struct {
	Added  int `json:"added"`  // rows that say something new
	Closed int `json:"closed"` // rows that hold no longer
	Bytes  int `json:"bytes"`  // in the rows that were added
}

// Duration is how long reading and judging took.
func (r Run) Duration() time.Duration { return r.Ended.Sub(r.Started) }
