package snapshot

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Writer writes a snapshot as it grows. It is a source.Sink.
type Writer struct {
	mu     sync.Mutex
	file   *os.File
	out    *bufio.Writer
	digest hash.Hash
	lines  int
}

// Create begins a snapshot in a file that MUST NOT exist yet. Only its owner can read the file.
func Create(path string, head Head) (*Writer, error) {
	return begin(path, head, nil)
}

// begin writes a head and the lines that an earlier run left.
func begin(path string, head Head, kept func(emit func(line) error) error) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin snapshot: %w", err)
	}
	w := &Writer{file: file, out: bufio.NewWriterSize(file, 1<<16), digest: sha256.New()}
	head.Version = Version
	err = w.write(line{Head: &head})
	if err == nil && kept != nil {
		err = kept(w.write)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

func (w *Writer) write(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.digest.Write(append(text, '\n'))
	w.lines++
	if _, err := w.out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// Begin implements source.Sink.
func (w *Writer) Begin(l source.Live) error { return w.write(line{Target: &l}) }

// Block implements source.Sink.
func (w *Writer) Block(p source.Part, b resource.Block) error {
	e := encoder{}
	e.number(b.Origin)
	if err := e.write(b.Body, 0); err != nil {
		return fmt.Errorf("write %s: %w", b.Address, err)
	}
	return w.write(line{Block: &block{Part: p, Dialect: string(b.Dialect), Type: b.Type, Address: b.Address, Account: b.Account,
		Region: b.Region, Global: b.Global, Owner: b.Owner, Calls: e.calls, Origin: e.number(b.Origin), Body: e.out.Bytes()}})
}

// Partial implements source.Sink.
func (w *Writer) Partial(p source.Part, why value.Reason) error {
	return w.write(line{Partial: &partial{Part: p, Why: why.Why, Grant: why.Grant}})
}

// Gap implements source.Sink.
func (w *Writer) Gap(g resource.Gap) error { return w.write(line{Gap: &g}) }

// Done implements source.Sink. What is done is on the disk when it returns.
func (w *Writer) Done(p source.Part, whole bool) error {
	if err := w.write(line{Done: &done{Part: p, Whole: whole}}); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// Seal ends the snapshot: nothing can be added or changed without its being seen.
func (w *Writer) Seal() error {
	if err := w.write(line{Seal: &seal{Lines: w.lines, Digest: hex.EncodeToString(w.digest.Sum(nil))}}); err != nil {
		return errors.Join(err, w.file.Close())
	}
	return w.Close()
}

// Close leaves the snapshot as it is: without a seal it can be gone on with.
func (w *Writer) Close() error {
	err := errors.Join(w.out.Flush(), w.file.Sync(), w.file.Close())
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Resume goes on with a snapshot that was cut off, or of which some calls were not answered: parts that were read whole are
// kept, the others forgotten so that they are read again. Have tells which are kept. The file is only replaced when what is
// kept of it is written anew beside it.
func Resume(path string) (w *Writer, have func(source.Part) bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("go on with snapshot: %w", err)
	}
	defer file.Close()
	whole := map[source.Part]bool{}
	var head Head
	err = scan(file, func(l line) error {
		switch {
		case l.Head != nil:
			head = *l.Head
		case l.Done != nil && l.Done.Whole:
			whole[l.Done.Part] = true
		}
		return nil
	})
	if err != nil && !errors.Is(err, errCut) {
		return nil, nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("go on with snapshot: %w", err)
	}
	next := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".next")
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("go on with snapshot: %w", err)
	}
	w, err = begin(next, head, func(emit func(line) error) error {
		err := scan(file, func(l line) error {
			if l.Target != nil || l.Block != nil && whole[l.Block.Part] || l.Done != nil && whole[l.Done.Part] {
				return emit(l)
			}
			return nil
		})
		if errors.Is(err, errCut) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if err := os.Rename(next, path); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("go on with snapshot: %w", err), w.Close())
	}
	return w, func(p source.Part) bool { return whole[p] }, nil
}
