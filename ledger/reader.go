package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"

	"ward.dev/ward/ledger/verify"
)

// Files are what a log consists of, wherever it is kept (C2SP tlog-tiles). What is not there is fs.ErrNotExist.
type Files interface {
	ReadCheckpoint(ctx context.Context) ([]byte, error)
	ReadTile(ctx context.Context, level, index uint64, partial uint8) ([]byte, error)
	ReadEntryBundle(ctx context.Context, index uint64, partial uint8) ([]byte, error)
}

// Reader reads a ledger, also while another program appends to it. It needs no private key and no right to write.
type Reader struct {
	place    string // as messages call it
	verifier note.Verifier
	key      string // the public key
	files    Files
}

// OpenReader opens the ledger in a folder for reading. It is os.ErrNotExist if there is none.
func OpenReader(dir string) (*Reader, error) {
	public, err := os.ReadFile(filepath.Join(dir, PublicKey))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger in %s: %w", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read the ledger in %s: %w", dir, err)
	}
	return ReadFrom(dir, public, client.FileFetcher{Root: filepath.Join(dir, logDir)})
}

// ReadFrom opens a ledger for reading whose files are elsewhere: package objects has them in a bucket. The key is the public one.
func ReadFrom(place string, key []byte, f Files) (*Reader, error) {
	r, err := newReader(place, strings.TrimSpace(string(key)), f)
	if err != nil {
		return nil, fmt.Errorf("read the ledger in %s: %s: %w", place, PublicKey, err)
	}
	return r, nil
}

func newReader(place, key string, f Files) (*Reader, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	return &Reader{place: place, verifier: verifier, key: key, files: f}, nil
}

// Key is the public key that checkpoints are checked with: NAME+HASH+KEY (signed-note).
func (l *Reader) Key() string { return l.key }

// Checkpoint returns the newest signed checkpoint: what an auditor keeps. It is os.ErrNotExist as long as there are no records.
func (l *Reader) Checkpoint(ctx context.Context) ([]byte, error) {
	text, err := l.files.ReadCheckpoint(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, os.ErrNotExist
	}
	return text, err
}

// Size is how many records are under the newest checkpoint.
func (l *Reader) Size(ctx context.Context) (int64, error) {
	text, err := l.Checkpoint(ctx)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	tree, err := verify.Checkpoint(text, l.verifier)
	return tree.N, err
}

// Verify checks every record of the ledger and, if kept is not empty, that it goes on from a checkpoint that was kept earlier. It is
// what package verify does with an export of all, without the file between.
func (l *Reader) Verify(ctx context.Context, kept []byte) (verify.Result, error) {
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := l.Export(ctx, to, 0, -1)
		_ = to.CloseWithError(err)
		done <- err
	}()
	result, err := verify.Bundle(from, l.key, kept, nil)
	_ = from.CloseWithError(errStopped)
	if exported := <-done; exported != nil && !errors.Is(exported, errStopped) {
		return verify.Result{}, exported
	}
	return result, err
}

// errStopped tells an export that what reads it has seen enough.
var errStopped = errors.New("verification has ended")
