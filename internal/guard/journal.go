package guard

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// The types of records.
const (
	RecordSeen    = "seen"    // a verdict stands, and its rule waits
	RecordGone    = "gone"    // it stands no longer
	RecordIntent  = "intent"  // an act is about to be done
	RecordOutcome = "outcome" // what came of it
	RecordUndo    = "undo"    // an act is about to be undone
	RecordUndone  = "undone"  // what came of that
	RecordTorn    = "torn"    // the last line of an earlier run was not whole, and was taken out
)

// The results of acts.
const (
	ResultDone    = "done"
	ResultFailed  = "failed"
	ResultNothing = "not done" // and nothing was changed
	ResultUnknown = "unknown"
)

// Record is one line of a journal.
type Record struct {
	Seq  int       `json:"seq"`
	ID   string    `json:"id"` // intent and outcome of an act share it
	At   time.Time `json:"at"`
	Type string    `json:"type"`
	// Key tells verdicts apart: rule, check and object.
	Key        string   `json:"key,omitempty"`
	Policy     string   `json:"policy,omitempty"`
	Approval   string   `json:"approval,omitempty"`
	ApprovedBy string   `json:"approved_by,omitempty"`
	Rule       string   `json:"rule,omitempty"`
	Check      string   `json:"check,omitempty"`
	Title      string   `json:"title,omitempty"`
	Finding    string   `json:"finding,omitempty"`
	Why        []string `json:"why,omitempty"`
	Object     *Object  `json:"object,omitempty"`
	Act        string   `json:"act,omitempty"`
	// Before and After are the object without secrets and status. Whole tells that nothing was left out of Before for being secret.
	Before   any       `json:"before,omitempty"`
	Whole    bool      `json:"whole,omitempty"`
	Replicas *int64    `json:"replicas,omitempty"` // before
	Made     *Object   `json:"made,omitempty"`     // what the act created
	After    any       `json:"after,omitempty"`
	Result   string    `json:"result,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Event    string    `json:"event,omitempty"` // why no Event tells of it
	By       string    `json:"by,omitempty"`    // who undid it
	Of       string    `json:"of,omitempty"`    // the act that is undone
	Until    time.Time `json:"until,omitzero"`  // before which it is not repeated
	Previous string    `json:"previous"`        // digest of the line before, "" of the first
}

// Journal is a file to which records are added, each with the digest of the one before. It holds what guards and people did. Several
// programs may add to one at a time: a person undoes what a guard that runs has done.
type Journal struct {
	mu      sync.Mutex
	file    *os.File
	runs    *os.File // locked by the one guard that runs
	records []Record // without what is large
	read    chain
	broken  error
}

// The names of the files in a journal's folder.
const (
	journalFile = "journal.jsonl"
	runFile     = "guard.lock"
)

// maxLine bounds one record.
const maxLine = 4 << 20

// OpenJournal opens the journal of a folder, or begins one. It is an error if it does not verify. With run, nobody else can open it so:
// one guard runs by one journal.
func OpenJournal(dir string, run bool) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{file: file}
	if run {
		if j.runs, err = os.OpenFile(filepath.Join(dir, runFile), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
			err = lock(j.runs, false)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the journal %s: does another guard run by it? %w", dir, err), j.Close())
		}
	}
	if err := j.Refresh(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// Refresh reads what others have added.
func (j *Journal) Refresh() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.locked(func() error { return nil })
}

// locked does something while nobody else writes, once all that others have added was read.
func (j *Journal) locked(do func() error) error {
	if j.broken != nil {
		return j.broken
	}
	if err := lock(j.file, true); err != nil {
		return fmt.Errorf("lock the journal: %w", err)
	}
	defer unlock(j.file)
	err := j.catchUp()
	if err == nil {
		err = do()
	}
	if err != nil {
		j.broken = err
	}
	return err
}

// catchUp reads what was added, and takes out a last line that was not written to its end: no act follows such a one.
func (j *Journal) catchUp() error {
	if _, err := j.file.Seek(j.read.size, io.SeekStart); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	torn, err := j.read.follow(j.file, j.add)
	if err != nil || len(torn) == 0 {
		return err
	}
	if err := j.file.Truncate(j.read.size); err != nil {
		return fmt.Errorf("mend the journal: %w", err)
	}
	sum := sha256.Sum256(torn)
	return j.write(Record{Type: RecordTorn, At: time.Now(),
		Detail: fmt.Sprintf("%d bytes without an end, sha256:%s", len(torn), hex.EncodeToString(sum[:]))})
}

// Close closes the files.
func (j *Journal) Close() error {
	err := j.file.Close()
	if j.runs != nil {
		err = errors.Join(err, j.runs.Close())
	}
	return err
}

// chain is how far a journal was read.
type chain struct {
	head  string // the digest of the last line
	size  int64
	lines int
}

// ErrBroken means that a journal is not as it was written.
var ErrBroken = errors.New("the journal is not as it was written")

// follow verifies a journal line by line from where the chain ends. torn is a last line without an end.
func (c *chain) follow(from io.Reader, take func(Record)) (torn []byte, err error) {
	lines := bufio.NewReaderSize(io.LimitReader(from, 1<<32), 1<<16)
	for {
		line, err := readLine(lines)
		switch {
		case errors.Is(err, io.EOF):
			return line, nil
		case err != nil:
			return nil, fmt.Errorf("read the journal: line %d: %w", c.lines+1, err)
		}
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%w: line %d is no record", ErrBroken, c.lines+1)
		}
		if r.Previous != c.head || r.Seq != c.lines+1 {
			return nil, fmt.Errorf("%w: line %d does not follow the line before", ErrBroken, c.lines+1)
		}
		c.add(line)
		take(r)
	}
}

func (c *chain) add(line []byte) {
	sum := sha256.Sum256(line)
	c.head, c.lines, c.size = "sha256:"+hex.EncodeToString(sum[:]), c.lines+1, c.size+int64(len(line))+1
}

// readLine reads to the end of a line, which it leaves out. Without an end it returns io.EOF.
func readLine(from *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		some, err := from.ReadSlice('\n')
		all = append(all, some...)
		if len(all) > maxLine {
			return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrBroken, maxLine)
		}
		if err == nil {
			return bytes.TrimSuffix(all, []byte("\n")), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return all, err
		}
	}
}

// Verify reads a journal and returns its records, and the digest of the last line: whoever knows an earlier one can tell that nothing
// before it was changed.
func Verify(dir string) (records []Record, head string, err error) {
	file, err := os.Open(filepath.Join(dir, journalFile))
	if err != nil {
		return nil, "", fmt.Errorf("read the journal: %w", err)
	}
	defer file.Close()
	var c chain
	torn, err := c.follow(file, func(r Record) { records = append(records, r) })
	if err == nil && len(torn) > 0 {
		err = fmt.Errorf("%w: line %d has no end; the next run of the guard takes it out", ErrBroken, c.lines+1)
	}
	return records, c.head, err
}

// append writes a record and returns its id. It is on the disk when append returns. After an error nothing more can be written.
func (j *Journal) append(r Record) (id string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	err = j.locked(func() error {
		if r.ID == "" {
			r.ID = strconv.Itoa(j.read.lines + 1)
		}
		return j.write(r)
	})
	return r.ID, err
}

func (j *Journal) write(r Record) error {
	r.Seq, r.Previous, r.At = j.read.lines+1, j.read.head, r.At.UTC()
	if r.ID == "" {
		r.ID = strconv.Itoa(r.Seq)
	}
	line, err := json.Marshal(r)
	if err == nil && len(line) >= maxLine {
		r.Before, r.After, r.Whole = nil, nil, false
		line, err = json.Marshal(r)
	}
	if err == nil {
		_, err = j.file.WriteAt(append(line, '\n'), j.read.size)
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	j.read.add(line)
	j.add(r)
	return nil
}

func (j *Journal) add(r Record) {
	r.Before, r.After = nil, nil
	j.records = append(j.records, r)
}

// seen tells since when a verdict stands.
func (j *Journal) seen(key string) (since time.Time, is bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.records {
		if r.Key == key {
			switch r.Type {
			case RecordSeen:
				since, is = r.At, true
			case RecordGone:
				is = false
			}
		}
	}
	return since, is
}

// pending are the verdicts that stand.
func (j *Journal) pending() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	standing := map[string]bool{}
	for _, r := range j.records {
		switch r.Type {
		case RecordSeen:
			standing[r.Key] = true
		case RecordGone:
			delete(standing, r.Key)
		}
	}
	keys := make([]string, 0, len(standing))
	for key := range standing {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// held tells until when an act on an object is not repeated since somebody undid it.
func (j *Journal) held(uid, rule string, now time.Time) (until time.Time, id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.records {
		if r.Type == RecordUndone && r.Object != nil && r.Object.UID == uid && r.Rule == rule && r.Until.After(now) {
			until, id = r.Until, r.Of
		}
	}
	return until, id
}

// acts counts what was done, or may have been, within a time.
func (j *Journal) acts(from, to time.Time) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, r := range j.records {
		if r.Type == RecordOutcome && (r.Result == ResultDone || r.Result == ResultUnknown) && r.At.After(from) && !r.At.After(to) {
			n++
		}
	}
	return n
}

// open are the intents, of acts and of undoing them, whose outcome was never written.
func (j *Journal) open() []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	ended := map[string]bool{}
	for _, r := range j.records {
		if r.Type == RecordOutcome || r.Type == RecordUndone {
			ended[r.Type+r.ID] = true
		}
	}
	var all []Record
	for _, r := range j.records {
		if r.Type == RecordIntent && !ended[RecordOutcome+r.ID] || r.Type == RecordUndo && !ended[RecordUndone+r.ID] {
			all = append(all, r)
		}
	}
	return all
}

// Find returns the intent of an act as it was written, whole.
func Find(dir, id string) (intent Record, outcome *Record, err error) {
	records, _, err := Verify(dir)
	if err != nil {
		return Record{}, nil, err
	}
	found := false
	for _, r := range records {
		switch {
		case r.Type == RecordIntent && r.ID == id:
			intent, found = r, true
		case r.Type == RecordOutcome && r.ID == id:
			outcome = &r
		}
	}
	if !found {
		return intent, nil, fmt.Errorf("the journal has no act %s; ward guard journal %s lists them", id, dir)
	}
	return intent, outcome, nil
}
