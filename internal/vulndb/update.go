package vulndb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// temporary is the pattern of the files that exist while a database is made.
const temporary = ".advisories-*"

// errNoArchive says what a source can be.
var errNoArchive = errors.New("it is not a folder, nor the name or address of a .zip, .tar, .tar.gz or .tar.zst")

// Request asks for a new database.
type Request struct {
	Dir string // where it is; made if it is not there
	// Sources are folders, archives (.zip, .tar, .tar.gz, .tar.zst) and HTTPS addresses of archives, all with one OSV record in each
	// JSON file. Of a record in several of them the one modified last counts.
	Sources   []string
	Now       time.Time
	AllowHTTP bool         // take addresses without TLS too
	Client    *http.Client // nil: the default one
	// Progress, if not nil, is told how many records have been read, now and then, from one goroutine.
	Progress func(records int)
}

// Report is what an update did.
type Report struct {
	Path  string
	Facts Facts
	// Unreadable are the first files that are not OSV records; Facts counts all.
	Unreadable []Unreadable
}

// Unreadable is a file that is not an OSV record.
type Unreadable struct {
	Source, File, Reason string
}

// maxUnreadable is how many unreadable files a report names.
const maxUnreadable = 20

// Update makes one new database of all the sources, and puts it in the place of what was there. If it fails, or is stopped at any
// moment in any way, what was there stays. A file that is not a record is left out and reported; a source without a single record,
// or that cannot be read to its end, fails the update.
func Update(ctx context.Context, r Request) (*Report, error) {
	if len(r.Sources) == 0 {
		return nil, errors.New("no source of advisories is given")
	}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return nil, err
	}
	removeOld(r.Dir, r.Now)
	b, err := newBuilder(r.Dir)
	if err != nil {
		return nil, err
	}
	defer b.close()
	report := &Report{Path: filepath.Join(r.Dir, filename)}
	for _, source := range r.Sources {
		if err := readSource(ctx, &r, b, source); err != nil {
			return nil, err
		}
	}
	report.Unreadable = b.unreadable
	facts, err := b.write(ctx, report.Path, r.Now)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", report.Path, err)
	}
	report.Facts = *facts
	return report, nil
}

// removeOld removes what an update left that was stopped, unless it may still be running.
func removeOld(dir string, now time.Time) {
	left, _ := filepath.Glob(filepath.Join(dir, temporary)) // the pattern is well formed
	for _, name := range left {
		if info, err := os.Lstat(name); err == nil && now.Sub(info.ModTime()) > 24*time.Hour {
			os.Remove(name) // what cannot be removed does no harm
		}
	}
}

// readSource reads one source into the builder.
func readSource(ctx context.Context, r *Request, b *builder, source string) error {
	name, kind := source, kindOf(source)
	var file *os.File
	var err error
	if isAddress(source) {
		file, name, err = download(ctx, r, source)
		kind = kindOf(name)
		if file != nil {
			defer os.Remove(file.Name())
		}
	} else if info, wrong := os.Stat(source); wrong != nil {
		err = wrong
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
	} else if info.IsDir() {
		kind = "folder"
	} else if kind == "" || !info.Mode().IsRegular() {
		err = errNoArchive
	} else {
		file, err = os.Open(source)
	}
	from := Source{Name: name}
	if file != nil {
		defer file.Close()
		if err == nil {
			from.Digest, err = fileDigest(ctx, file)
		}
	}
	if err == nil {
		err = b.read(ctx, &from, r.Progress, func(yield func(document) error) error {
			if kind == "folder" {
				return readFolder(ctx, source, yield)
			}
			return readArchive(ctx, kind, file, yield)
		})
	}
	if err != nil {
		return fmt.Errorf("read advisories of %s: %w", name, err)
	}
	b.sources = append(b.sources, from)
	return nil
}

// digested is a record made ready: what one worker hands to the builder.
type digested struct {
	document
	at      int // its place in the source
	record  *record
	parts   []part
	refused error
}

// part is an entry under its key.
type part struct {
	key  string
	data []byte
}

// digest reads a document.
func digest(at int, d document) digested {
	out := digested{document: document{name: d.name}, at: at, refused: d.err}
	if d.err != nil {
		return out
	}
	r, err := parseRecord(d.data)
	if err != nil {
		out.refused = err
		return out
	}
	for key, e := range entries(r) {
		out.parts = append(out.parts, part{key, e.append(nil)})
	}
	r.Affected, r.Details, r.References, r.Severity = nil, "", nil, nil // not needed any more
	out.record = r
	return out
}

// read feeds the documents of a source through workers into the builder.
func (b *builder) read(ctx context.Context, from *Source, progress func(int), each func(func(document) error) error) error {
	type job struct {
		at int
		document
	}
	group, ctx := errgroup.WithContext(ctx)
	jobs, done := make(chan job, 256), make(chan digested, 256)
	group.Go(func() error {
		defer close(jobs)
		at := 0
		return each(func(d document) error {
			at++
			select {
			case jobs <- job{at, d}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	var workers errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() error {
			for j := range jobs {
				select {
				case done <- digest(j.at, j.document):
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(done)
		return workers.Wait()
	})
	group.Go(func() error {
		for d := range done {
			if err := b.take(d, from); err != nil {
				return err
			}
			if progress != nil && len(b.records)%1000 == 0 {
				progress(len(b.records))
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return b.settle(from)
}

// settle refuses a source without a record.
func (b *builder) settle(from *Source) error {
	switch {
	case from.Records > 0:
		return nil
	case from.Unreadable == 0:
		return errors.New("it holds no JSON file, in which an advisory would be; archives within it are to be named themselves")
	}
	first := b.unreadable[max(0, len(b.unreadable)-from.Unreadable)]
	return fmt.Errorf("none of its %d files is an OSV record; %s: %s", from.Unreadable, first.File, first.Reason)
}

// shown makes a name out of an archive fit for a terminal.
func shown(name string) string { return strings.TrimPrefix(clip(name, 300), "./") }
