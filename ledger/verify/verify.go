// Package verify checks, with nothing but a file that was exported from a ledger and what an auditor kept, that records are in the
// ledger as they were written and that nothing was taken out of it, put in between or changed.
//
// It is small so that it can be read in one sitting, and it shares no code with what writes a ledger. It must not use the network.
//
// # What is checked, and how
//
// A ledger is a list of records. Its root is the Merkle tree hash of RFC 6962 over all of them, so that two lists with one root are
// the same. A checkpoint is a text that says how many records there are and what their root is, signed with the ledger's key
// (C2SP tlog-checkpoint, signed-note). An export (see Bundle) holds a checkpoint, the hash of every record up to it, and records.
// So whoever has it can compute the root of every earlier size, too, and compare it with a checkpoint that was kept since then.
package verify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Format is the first line's member of every export.
const Format = "ward-ledger-export/1"

// Bounds of what is read.
const (
	maxLine    = 1 << 20 // bytes of a line
	maxRecords = 1 << 28
	HashesEach = 1024 // how many hashes stand in a line
)

// Head is the first line of an export, JSON like all others. After it come lines with the hashes of all records, HashesEach at a
// time, then one line for each record that is shown.
type Head struct {
	Format string `json:"format"`
	// Checkpoint is the signed text.
	Checkpoint string `json:"checkpoint"`
	// From and To are the records that are shown, all from the one and before the other.
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Hashes is a line of hashes (RFC 6962 leaf hashes).
type Hashes struct {
	Hashes [][]byte `json:"hashes"`
}

// Record is a line that shows a record.
type Record struct {
	Index int64  `json:"index"`
	Data  []byte `json:"data"`
}

// Result says what was proved.
type Result struct {
	Size     int64     // of the ledger when it was exported
	Root     tlog.Hash // of all of it
	Kept     int64     // its size when the auditor's checkpoint was made, 0 if none was given
	From, To int64     // the records that were shown
	// Checkpoint is the signed text of Size and Root: what an auditor keeps for the next time.
	Checkpoint string
}

// Bundle checks an export with the ledger's public key (NAME+HASH+KEY, as the file key.pub of a ledger has it) and, if kept is not empty,
// with a checkpoint that was kept earlier. It calls show with every record that is shown, in order, before all of them are proved: what
// it was told holds only if there is no error.
func Bundle(export io.Reader, key string, kept []byte, show func(Record) error) (Result, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Result{}, fmt.Errorf("the public key: %w", err)
	}
	lines := bufio.NewScanner(export)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var head Head
	if err := next(lines, &head); err != nil {
		return Result{}, fmt.Errorf("read the export's first line: %w", err)
	}
	if head.Format != Format {
		return Result{}, fmt.Errorf("the export is of format %q; this program reads %q", head.Format, Format)
	}
	now, err := Checkpoint([]byte(head.Checkpoint), verifier)
	if err != nil {
		return Result{}, fmt.Errorf("the export's checkpoint: %w", err)
	}
	old := tlog.Tree{}
	if len(kept) > 0 {
		if old, err = Checkpoint(kept, verifier); err != nil {
			return Result{}, fmt.Errorf("the checkpoint that was kept: %w", err)
		}
		if old.N > now.N {
			return Result{}, fmt.Errorf("the ledger had %d records when the checkpoint was kept, and has %d in the export: records are missing, "+
				"or the export is the older of the two", old.N, now.N)
		}
	}
	if head.From < 0 || head.From > head.To || head.To > now.N {
		return Result{}, fmt.Errorf("the export says that it shows the records %d to %d of %d", head.From, head.To, now.N)
	}
	shown, err := hashes(lines, head, now, old)
	if err != nil {
		return Result{}, err
	}
	if err := records(lines, head, shown, show); err != nil {
		return Result{}, err
	}
	return Result{Size: now.N, Root: now.Hash, Kept: old.N, From: head.From, To: head.To, Checkpoint: head.Checkpoint}, nil
}

// hashes reads the hashes of all records, checks that they give the roots of both checkpoints, and returns those of the records that
// are shown.
func hashes(lines *bufio.Scanner, head Head, now, old tlog.Tree) ([]tlog.Hash, error) {
	var tree Tree
	var shown []tlog.Hash
	for tree.Size() < now.N {
		var line Hashes
		if err := next(lines, &line); err != nil {
			return nil, fmt.Errorf("read the hashes after record %d of %d: %w", tree.Size(), now.N, err)
		}
		if len(line.Hashes) == 0 || tree.Size()+int64(len(line.Hashes)) > now.N {
			return nil, fmt.Errorf("the export has not as many hashes as its checkpoint says: %d", now.N)
		}
		for _, each := range line.Hashes {
			if len(each) != tlog.HashSize {
				return nil, fmt.Errorf("the hash of record %d is no SHA-256", tree.Size())
			}
			h := tlog.Hash(each)
			if at := tree.Size(); at >= head.From && at < head.To {
				shown = append(shown, h)
			}
			if tree.Add(h); tree.Size() == old.N && tree.Root() != old.Hash {
				return nil, fmt.Errorf("the first %d records are not those of the checkpoint that was kept: the ledger was changed", old.N)
			}
		}
	}
	if tree.Root() != now.Hash {
		return nil, errors.New("the hashes do not give the root that the export's checkpoint signs")
	}
	return shown, nil
}

// records reads the records that are shown and compares them with their hashes.
func records(lines *bufio.Scanner, head Head, hashes []tlog.Hash, show func(Record) error) error {
	for at := head.From; at < head.To; at++ {
		var r Record
		if err := next(lines, &r); err != nil {
			return fmt.Errorf("read record %d: %w", at, err)
		}
		if r.Index != at {
			return fmt.Errorf("record %d stands where record %d is wanted: one is missing, or they are out of order", r.Index, at)
		}
		if tlog.RecordHash(r.Data) != hashes[at-head.From] {
			return fmt.Errorf("record %d is not what was written to the ledger", at)
		}
		if show != nil {
			if err := show(r); err != nil {
				return fmt.Errorf("record %d: %w", at, err)
			}
		}
	}
	if lines.Scan() {
		return errors.New("the export goes on after its last record")
	}
	return lines.Err()
}

func next(lines *bufio.Scanner, into any) error {
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			return err
		}
		return io.ErrUnexpectedEOF
	}
	decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value stands in a line")
	}
	return nil
}

// Checkpoint reads a checkpoint if it is signed with the key, and for the ledger that the key is of.
func Checkpoint(text []byte, key note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	return parse(opened.Text, key.Name())
}
