// Package journal keeps the entries of container activity in a folder: JSON lines in files that are only added to, a new one each
// day and where one has grown large. What Append has taken is on the disk.
//
// Several programs may write into one folder, each into files of its own. A line that was cut off by a crash was not taken, and is
// left out by Read; any other line that cannot be read is told. The package must not know where entries come from.
package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ward.dev/ward/internal/activity"
)

// Options of a journal.
type Options struct {
	Dir string // made if it is not there
	// MaxFile is how large a file may grow, in bytes; 0 is 16 MiB.
	MaxFile int64
	// Keep is how long files are kept after they were begun; 0 is forever.
	Keep time.Duration
	// Now tells the time; nil for the machine's clock.
	Now func() time.Time
}

// Journal is open for adding. Its methods may be called from several goroutines at once.
type Journal struct {
	options Options
	queue   chan *pending
	done    chan struct{} // closed when the writer has ended
	closing sync.Once
	end     chan struct{} // closed to end it

	// Of the writer alone.
	file *os.File
	size int64
	day  string
}

// pending is an entry that waits to be on the disk.
type pending struct {
	line []byte
	err  chan error
}

// ErrClosed is what Append returns once the journal is closed.
var ErrClosed = errors.New("the journal is closed")

// maxBatch is how many entries are made durable at once.
const maxBatch = 256

// Open opens the journal in a folder for adding.
func Open(o Options) (*Journal, error) {
	o.MaxFile = cmp.Or(o.MaxFile, 16<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{options: o, queue: make(chan *pending, maxBatch), done: make(chan struct{}), end: make(chan struct{})}
	if err := j.rotate(); err != nil { // whoever cannot write learns it at once
		return nil, err
	}
	go j.write()
	return j, nil
}

// Append adds an entry and returns when it is on the disk. If ctx ends before, the entry may be there or not.
func (j *Journal) Append(ctx context.Context, e activity.Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write an entry: %w", err)
	}
	p := &pending{line: append(line, '\n'), err: make(chan error, 1)}
	select {
	case j.queue <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-j.end:
		return ErrClosed
	}
	select {
	case err := <-p.err:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-j.done:
		select {
		case err := <-p.err:
			return err
		default:
			return ErrClosed
		}
	}
}

// Close writes what was handed over, and ends.
func (j *Journal) Close() error {
	j.closing.Do(func() { close(j.end) })
	<-j.done
	return j.file.Close()
}

// write takes entries, as many at once as there are, and makes them durable together.
func (j *Journal) write() {
	defer close(j.done)
	for {
		select {
		case p := <-j.queue:
			j.batch(p)
		case <-j.end:
			for {
				select {
				case p := <-j.queue:
					j.batch(p)
				default:
					return
				}
			}
		}
	}
}

func (j *Journal) batch(first *pending) {
	all := []*pending{first}
	for more := true; more && len(all) < maxBatch; {
		select {
		case p := <-j.queue:
			all = append(all, p)
		default:
			more = false
		}
	}
	err := j.commit(all)
	for _, p := range all {
		p.err <- err
	}
}

// commit writes lines. After a fault the file may end within a line, so a new one is begun: what is torn stays the last of its file.
func (j *Journal) commit(all []*pending) error {
	var err error
	if j.file == nil || j.size >= j.options.MaxFile || j.day != j.today() {
		if err = j.rotate(); err != nil {
			return err
		}
	}
	var lines []byte
	for _, p := range all {
		lines = append(lines, p.line...)
	}
	n, err := j.file.Write(lines)
	j.size += int64(n)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.size = j.options.MaxFile
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func (j *Journal) today() string { return j.options.Now().UTC().Format(time.DateOnly) }

// rotate begins a new file and takes away those that are kept no longer.
func (j *Journal) rotate() error {
	pattern := prefix + j.today() + "-*" + suffix
	file, err := os.CreateTemp(j.options.Dir, pattern)
	if err != nil {
		return fmt.Errorf("begin a file of the journal: %w", err)
	}
	if err := syncFolder(j.options.Dir); err != nil {
		file.Close()
		return fmt.Errorf("begin a file of the journal: %w", err)
	}
	if j.file != nil {
		j.file.Close() // all of it was synced
	}
	j.file, j.size, j.day = file, 0, j.today()
	return j.prune()
}

// prune takes away files of days that are past keeping, but never the one in use.
func (j *Journal) prune() error {
	if j.options.Keep <= 0 {
		return nil
	}
	all, err := files(j.options.Dir)
	if err != nil {
		return err
	}
	limit := j.options.Now().Add(-j.options.Keep).UTC().Format(time.DateOnly)
	for _, f := range all {
		if f.day < limit {
			if err := os.Remove(filepath.Join(j.options.Dir, f.name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("take an old file of the journal away: %w", err)
			}
		}
	}
	return nil
}

const (
	prefix = "activity-"
	suffix = ".jsonl"
)

type dayFile struct{ name, day string }

// files lists those of a journal from the oldest day on.
func files(dir string) ([]dayFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	var all []dayFile
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok || !strings.HasSuffix(rest, suffix) || len(rest) < len(time.DateOnly) || !e.Type().IsRegular() {
			continue
		}
		day := rest[:len(time.DateOnly)]
		if _, err := time.Parse(time.DateOnly, day); err == nil {
			all = append(all, dayFile{e.Name(), day})
		}
	}
	slices.SortFunc(all, func(a, b dayFile) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.name, b.name)) })
	return all, nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
