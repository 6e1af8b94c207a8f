// Package ledger keeps records so that nobody can change, remove or insert one without it showing: an append-only transparency log
// on disk (C2SP tlog-tiles, kept by Tessera's POSIX driver) whose size and root are signed again and again.
//
// A record is durable once Append has returned: it is on disk, in the tree, and under a signed checkpoint. An error means that it may
// not be, and that whoever wanted it recorded must not go on. Records are small; what is large is kept elsewhere and named by digest.
//
// The package must not know what records mean. What checks an export is package ledger/verify, which shares no code with this one.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"ward.dev/ward/ledger/verify"
)

// MaxRecord bounds a record, in bytes: what tlog-tiles can hold.
const MaxRecord = 1<<16 - 1

// ErrBusy is what Open returns while another program has the ledger open.
var ErrBusy = errors.New("another program has it open: stop that one, or give this one another folder")

// Options say how records are kept.
type Options struct {
	// Name is the ledger's, as its checkpoints begin: "ward.example.com/clinic". It is wanted when the ledger is made, and must be
	// the same ever after; "" takes that of the key.
	Name string
	// Interval is how often checkpoints are signed; 0 is 200 ms. Append waits about as long. Tessera takes no less than 100 ms.
	Interval time.Duration
	// Patience is how long Append waits for a record to become durable before it gives up; 0 is 30 s.
	Patience time.Duration
}

func (o *Options) defaults() {
	if o.Interval <= 0 {
		o.Interval = 200 * time.Millisecond
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
}

// Ledger is open for appending. Its methods may be called from several goroutines at once.
type Ledger struct {
	*Reader
	options  Options
	memory   Memory       // keeps the newest checkpoint that was acknowledged
	release  func() error // lets others open the ledger
	mends    bool
	appender *tessera.Appender
	state    tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	shutdown func(context.Context) error
	stop     context.CancelFunc

	mu     sync.Mutex
	broken error // why nothing is taken any more

	keeping sync.Mutex
	kept    int64 // the size of the newest checkpoint that is remembered
}

// Memory keeps the newest acknowledged checkpoint apart from the log, so that a log which was put back to an earlier state is noticed.
type Memory interface {
	// Read returns what was kept, nil if nothing was.
	Read(ctx context.Context) ([]byte, error)
	// Write keeps a checkpoint. When it returns, the log that the checkpoint is of and the checkpoint itself are durable.
	Write(ctx context.Context, checkpoint []byte) error
	// Wind is called now and then while an append waits.
	Wind()
}

// Place is where a log is kept, if not in a folder: package objects has another.
type Place struct {
	Name   string // as messages call it
	Log    tessera.Driver
	Memory Memory
	Close  func() error // lets go of it
	// Files reads the log beside the driver, to see before anything is written whether the keys are those of the log. It may be nil.
	Files Files
	// Mends tells that the driver finds back by itself after a fault, so that records are taken again without the ledger being opened anew.
	// What became of a record that was refused is then seen later: it may still appear.
	Mends bool
}

// OpenAt opens a ledger whose log is at a place. Its keys are in a folder, as those of Open are.
func OpenAt(ctx context.Context, p Place, keyDir string, o Options) (*Ledger, error) {
	o.defaults()
	there, err := p.checkpoint(ctx)
	if err == nil && there != nil {
		err = hasKey(keyDir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", p.Name, err)
	}
	signer, public, err := keys(keyDir, o.Name)
	if err == nil && there != nil {
		err = signed(there, public)
	}
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", p.Name, err)
	}
	l, err := start(ctx, p, signer, public, o)
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", p.Name, err)
	}
	return l, nil
}

// checkpoint is that of the log as it is, nil if there is none.
func (p *Place) checkpoint(ctx context.Context) ([]byte, error) {
	if p.Files == nil {
		return nil, nil
	}
	text, err := p.Files.ReadCheckpoint(ctx)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// Open opens the ledger in a folder, and makes it if there is none. What was acknowledged earlier is checked to be there.
func Open(ctx context.Context, dir string, o Options) (*Ledger, error) {
	o.defaults()
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	lock, err := hold(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", dir, err)
	}
	l, err := open(ctx, dir, lock, o)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return l, nil
}

func open(ctx context.Context, dir string, lock io.Closer, o Options) (*Ledger, error) {
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(dir, logDir)})
	if err != nil {
		return nil, fmt.Errorf("open the ledger in %s: %w", dir, err)
	}
	return OpenAt(ctx, Place{Name: dir, Log: driver, Memory: folder{dir, filepath.Join(dir, logDir)}, Close: lock.Close}, dir, o)
}

// start begins to append with a driver of Tessera.
func start(ctx context.Context, p Place, signer note.Signer, public string, o Options) (*Ledger, error) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // it ends when it is closed
	appender, shutdown, state, err := tessera.NewAppender(running, p.Log, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(o.Interval).WithBatching(256, o.Interval/4))
	if err != nil {
		stop()
		return nil, err
	}
	reader, err := newReader(p.Name, public, state)
	if err != nil {
		stop()
		return nil, err
	}
	l := &Ledger{Reader: reader, options: o, memory: p.Memory, release: p.Close, mends: p.Mends, appender: appender, state: state,
		shutdown: shutdown, stop: stop, awaiter: tessera.NewPublicationAwaiter(running, state.ReadCheckpoint, o.Interval/4)}
	if err := errors.Join(l.catchUp(ctx), l.compare(ctx)); err != nil {
		stop()
		return nil, err
	}
	return l, nil
}

// catchUp waits until what an earlier run put in the tree, and did not come to sign, is under a checkpoint. Without that, records that
// nobody was told of would come to light some time after the ledger was opened.
func (l *Ledger) catchUp(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, l.options.Patience)
	defer stop()
	for {
		integrated, err := l.state.IntegratedSize(ctx)
		if err != nil {
			return fmt.Errorf("read the size of the log: %w", err)
		}
		size, err := l.Size(ctx)
		if err != nil || size >= int64(integrated) {
			return err
		}
		l.memory.Wind()
		select {
		case <-ctx.Done():
			return fmt.Errorf("the log holds %d records, and %d of them are under a checkpoint: no newer one can be written", integrated, size)
		case <-time.After(l.options.Interval / 4):
		}
	}
}

// Append adds a record and returns its index once it is durable. It may take as long as Options.Patience, and does not end earlier
// with ctx, since a record that was handed over cannot be called back. After an error it is not known what became of the record: nothing
// more is taken until the ledger is opened anew, unless its place mends.
func (l *Ledger) Append(ctx context.Context, record []byte) (int64, error) {
	switch {
	case len(record) == 0:
		return 0, errors.New("append to the ledger: the record is empty")
	case len(record) > MaxRecord:
		return 0, fmt.Errorf("append to the ledger: the record has %d bytes, more than %d", len(record), MaxRecord)
	case ctx.Err() != nil:
		return 0, fmt.Errorf("append to the ledger: %w", context.Cause(ctx))
	}
	if err := l.fault(); err != nil && !l.mends {
		return 0, err
	}
	index, checkpoint, err := l.published(context.WithoutCancel(ctx), record)
	if err == nil {
		err = l.remember(ctx, checkpoint, index)
	}
	if err != nil {
		err = fmt.Errorf("append to the ledger in %s: %w", l.place, err)
		l.breaks(err)
		return 0, err
	}
	if l.mends {
		l.mended()
	}
	return index, nil
}

// published adds a record and waits for a checkpoint that it is under.
func (l *Ledger) published(ctx context.Context, record []byte) (int64, []byte, error) {
	ctx, stop := context.WithTimeout(ctx, l.options.Patience)
	defer stop()
	type answer struct {
		index      int64
		checkpoint []byte
		err        error
	}
	answers := make(chan answer, 1)
	go func() { // which a disk that hangs may hold for ever
		index, checkpoint, err := l.awaiter.Await(ctx, l.appender.Add(ctx, tessera.NewEntry(record)))
		answers <- answer{int64(index.Index), checkpoint, err}
	}()
	tick := time.NewTicker(2 * l.options.Interval)
	defer tick.Stop()
	for {
		select {
		case a := <-answers:
			if errors.Is(a.err, context.DeadlineExceeded) {
				break
			}
			return a.index, a.checkpoint, a.err
		case <-tick.C:
			l.memory.Wind()
			continue
		case <-ctx.Done():
		}
		return 0, nil, fmt.Errorf("no checkpoint was written for %s: is the disk full or gone?", l.options.Patience)
	}
}

// remember keeps the checkpoint that a record is under.
func (l *Ledger) remember(ctx context.Context, checkpoint []byte, index int64) error {
	tree, err := verify.Checkpoint(checkpoint, l.verifier)
	if err != nil {
		return err
	}
	if index >= tree.N {
		return fmt.Errorf("record %d is not among the %d of the checkpoint", index, tree.N)
	}
	l.keeping.Lock()
	defer l.keeping.Unlock()
	if tree.N <= l.kept {
		return nil
	}
	if err := l.memory.Write(context.WithoutCancel(ctx), checkpoint); err != nil {
		return err
	}
	l.kept = tree.N
	return nil
}

func (l *Ledger) fault() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *Ledger) breaks(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.broken != nil:
	case l.mends:
		l.broken = fmt.Errorf("the last record could not be written: %w", err)
	default:
		l.broken = fmt.Errorf("the ledger takes no records until it is opened anew, since one could not be written: %w", err)
	}
}

func (l *Ledger) mended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = nil
}

// Check tells whether the ledger takes records.
func (l *Ledger) Check() error { return l.fault() }

// Close waits until all that was taken is durable and lets go of the folder.
func (l *Ledger) Close(ctx context.Context) error {
	err := l.shutdown(ctx)
	l.stop()
	return errors.Join(err, l.release())
}

// makeDir makes a folder that is still there after a power cut.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}
