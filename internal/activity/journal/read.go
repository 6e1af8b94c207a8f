package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ward.dev/ward/internal/activity"
	"ward.dev/ward/internal/value"
)

// maxLine is how long a line may be, in bytes: an entry is kept in a few hundred.
const maxLine = 64 << 10

// Read reads what was told since a time. Lines that cannot be read become doubts of the record, but for the last of a file if it is
// cut off: it was never taken. It is an error if the folder cannot be read or is no journal.
func Read(dir string, since time.Time) (*activity.Record, error) {
	all, err := files(dir)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read the journal: there are no files of one in %s; ward activity serve writes them", dir)
	}
	record := &activity.Record{}
	from := since.UTC().Format(time.DateOnly)
	for _, f := range all {
		if f.day < from {
			continue
		}
		broken, err := readFile(filepath.Join(dir, f.name), since, record)
		if err != nil {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if broken > 0 {
			record.Doubts = append(record.Doubts, value.Reason{Why: fmt.Sprintf("%d lines of %s cannot be read", broken, f.name),
				Grant: "the file as it was written"})
		}
	}
	return record, nil
}

func readFile(path string, since time.Time, record *activity.Record) (broken int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for r := bufio.NewReaderSize(f, maxLine); ; {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			broken++
			if err := skip(r); err != nil {
				return broken, err
			}
		case errors.Is(err, io.EOF):
			return broken, nil // a line without its end was not taken
		case err != nil:
			return broken, err
		case !add(bytes.TrimSuffix(line, []byte("\n")), since, record):
			broken++
		}
	}
}

// skip reads to the end of a line.
func skip(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		switch {
		case err == nil || errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// add tells whether a line is an entry.
func add(line []byte, since time.Time, record *activity.Record) bool {
	var e activity.Entry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.More() || e.Received.IsZero() || e.Refused == 0 && (e.Rule == "" || e.Count < 1 || e.Time.IsZero()) {
		return false
	}
	if !e.Received.Before(since) {
		record.Add(e)
	}
	return true
}
