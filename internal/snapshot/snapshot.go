// Package snapshot keeps what a live source read in a file, so that it can be judged again later: with another catalog,
// by somebody else, byte for byte the same.
//
// A snapshot is JSON lines, written as the source reads: a head, then targets, blocks and what is missing, in any order, a
// line for each part that is done, and at the end a seal with a digest over all lines before it. A file without a seal is
// one that was cut off: what it holds counts, and the parts that are not done are known to be incomplete. Secrets are left
// out before anything gets here.
package snapshot

import (
	"encoding/json"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Version of the format.
const Version = 1

// line is one line of the file: exactly one of its members is set.
type line struct {
	Head    *Head         `json:"snapshot,omitempty"`
	Target  *source.Live  `json:"target,omitempty"`
	Block   *block        `json:"block,omitempty"`
	Partial *partial      `json:"partial,omitempty"`
	Gap     *resource.Gap `json:"gap,omitempty"`
	Done    *done         `json:"done,omitempty"`
	Seal    *seal         `json:"seal,omitempty"`
}

// Head says what the file is and when it was begun. Judging it takes that time for now.
type Head struct {
	Version int       `json:"version"`
	Ward    string    `json:"ward"`
	Begun   time.Time `json:"begun"`
}

type block struct {
	Part    source.Part     `json:"part"`
	Dialect string          `json:"dialect"`
	Type    string          `json:"type"`
	Address string          `json:"address"`
	Account string          `json:"account,omitempty"`
	Region  string          `json:"region,omitempty"`
	Global  bool            `json:"global,omitempty"`
	Owner   string          `json:"owner,omitempty"`
	Calls   []value.Call    `json:"calls"` // that the body was read from; nodes of the body name them by number
	Origin  int             `json:"origin"`
	Body    json.RawMessage `json:"body"`
}

type partial struct {
	Part  source.Part `json:"part"`
	Why   string      `json:"why"`
	Grant string      `json:"grant,omitempty"`
}

type done struct {
	Part  source.Part `json:"part"`
	Whole bool        `json:"whole"`
}

type seal struct {
	Lines  int    `json:"lines"`  // before this one
	Digest string `json:"sha256"` // over them
}
