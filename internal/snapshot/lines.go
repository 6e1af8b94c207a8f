package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// LinesFormat is the first line's member of what WriteLines writes.
const LinesFormat = "ward-readings/1"

// readingLine is one line: exactly one of its members is set.
type readingLine struct {
	Format string        `json:"format,omitempty"`
	Target *targetLine   `json:"target,omitempty"`
	Block  *blockLine    `json:"block,omitempty"`
	Gap    *resource.Gap `json:"gap,omitempty"`
}

type targetLine struct {
	Name    string                    `json:"name"`
	Kind    string                    `json:"kind"`
	Dialect string                    `json:"dialect,omitempty"`
	Kinds   []string                  `json:"kinds,omitempty"`
	Partial map[string][]value.Reason `json:"partial,omitempty"`
	Left    string                    `json:"left,omitempty"`
	Unasked map[string]value.Reason   `json:"unasked,omitempty"`
}

type blockLine struct {
	Target  string `json:"target"`
	Dialect string `json:"dialect"`
	Type    string `json:"type"`
	Address string `json:"address"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Global  bool   `json:"global,omitempty"`
	Owner   string `json:"owner,omitempty"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	// Calls are those that the body was read from, as WriteTimes has them; nodes of the body name them by number.
	Calls  []callLine      `json:"calls,omitempty"`
	Origin int             `json:"origin,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// Digest is in place of the body of what was read from code, which may hold secrets and is kept in its repository.
	Digest string `json:"body_sha256,omitempty"`
}

type callLine struct {
	API     string     `json:"api"`
	Account string     `json:"account,omitempty"`
	Region  string     `json:"region,omitempty"`
	Caller  string     `json:"caller,omitempty"`
	At      *time.Time `json:"at,omitempty"`
}

func lineOf(c value.Call) callLine {
	return callLine{API: c.API, Account: c.Account, Region: c.Region, Caller: c.Caller}
}

// WriteLines writes what was read as JSON lines that depend on nothing but what was found, so that two runs which found the same give the
// same bytes: blocks are sorted, and the times of calls are left out (WriteTimes has them). Of code only digests are written.
func WriteLines(w io.Writer, readings []source.Reading) error {
	out := bufio.NewWriterSize(w, 1<<16)
	lines := json.NewEncoder(out)
	if err := lines.Encode(readingLine{Format: LinesFormat}); err != nil {
		return err
	}
	for _, r := range readings {
		err := lines.Encode(readingLine{Target: &targetLine{Name: r.Name, Kind: r.Kind, Dialect: string(r.Dialect), Kinds: r.Kinds, Partial: r.Partial,
			Left: r.Left, Unasked: r.Unasked}})
		if err != nil {
			return err
		}
		for _, b := range sorted(r.Blocks) {
			line, err := blockOf(b)
			if err != nil {
				return fmt.Errorf("write %s: %w", b.Address, err)
			}
			if err := lines.Encode(readingLine{Block: line}); err != nil {
				return err
			}
		}
		for _, gap := range r.Gaps {
			if err := lines.Encode(readingLine{Gap: &gap}); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func sorted(blocks []resource.Block) []resource.Block {
	return slices.SortedStableFunc(slices.Values(blocks), func(a, b resource.Block) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Address, b.Address))
	})
}

func blockOf(b resource.Block) (*blockLine, error) {
	e := encoder{}
	l := &blockLine{Target: b.Target, Dialect: string(b.Dialect), Type: b.Type, Address: b.Address, Account: b.Account, Region: b.Region,
		Global: b.Global, Owner: b.Owner, Origin: e.number(b.Origin)}
	if err := e.write(b.Body, 0); err != nil {
		return nil, err
	}
	if len(e.calls) == 0 {
		sum := sha256.Sum256(e.out.Bytes())
		l.Digest = hex.EncodeToString(sum[:])
		if b.Origin != nil {
			l.File, l.Line = b.Origin.File, b.Origin.Line
		}
		return l, nil
	}
	l.Body = bytes.Clone(e.out.Bytes())
	for _, c := range e.calls {
		l.Calls = append(l.Calls, lineOf(c))
	}
	return l, nil
}

// WriteTimes writes when each call was answered that blocks were read from, as JSON lines, the earliest first.
func WriteTimes(w io.Writer, readings []source.Reading) error {
	calls := map[value.Call]bool{}
	for _, r := range readings {
		for _, b := range r.Blocks {
			e := encoder{}
			e.number(b.Origin)
			if err := e.write(b.Body, 0); err != nil {
				return fmt.Errorf("write %s: %w", b.Address, err)
			}
			for _, c := range e.calls {
				calls[c] = true
			}
		}
	}
	out := bufio.NewWriterSize(w, 1<<16)
	lines := json.NewEncoder(out)
	for _, c := range slices.SortedFunc(maps.Keys(calls), func(a, b value.Call) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.API, b.API), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	}) {
		line, at := lineOf(c), c.At.UTC()
		line.At = &at
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
