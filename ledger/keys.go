package ledger

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"ward.dev/ward/ledger/verify"
)

// Files in the folder of a ledger.
const (
	logDir = "log"
	newest = "newest" // the last checkpoint that was acknowledged
	// PrivateKey is of mode 0600: who has it can sign other checkpoints. PublicKey is to be given to auditors.
	PrivateKey = "key"
	PublicKey  = "key.pub"
)

// keys reads the ledger's keys, and makes them if the folder holds no ledger.
func keys(dir, name string) (note.Signer, string, error) {
	private, err := os.ReadFile(filepath.Join(dir, PrivateKey))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, logDir)); err == nil {
			return nil, "", fmt.Errorf("there are records, and the key %s that signs them is gone: put it back from a backup", PrivateKey)
		}
		private, err = generate(dir, name)
	}
	if err != nil {
		return nil, "", err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(private)))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", PrivateKey, err)
	}
	if name != "" && signer.Name() != name {
		return nil, "", fmt.Errorf("it is called %q, not %q", signer.Name(), name)
	}
	public, err := publicOf(strings.TrimSpace(string(private)))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", PrivateKey, err)
	}
	known, err := os.ReadFile(filepath.Join(dir, PublicKey))
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = write(filepath.Join(dir, PublicKey), []byte(public+"\n"), 0o644)
	case err == nil && strings.TrimSpace(string(known)) != public:
		err = fmt.Errorf("%s is not the public key of %s: one of them was changed; put both back from a backup", PublicKey, PrivateKey)
	}
	return signer, public, err
}

// hasKey tells whether there is the key that a log with records needs.
func hasKey(dir string) error {
	_, err := os.Stat(filepath.Join(dir, PrivateKey))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("it has records, and the key that signs them is not in %s: copy the files %s and %s of another server there", dir, PrivateKey, PublicKey)
	}
	return err
}

// signed checks that a checkpoint is signed with the key of a public one.
func signed(checkpoint []byte, public string) error {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return err
	}
	if _, err := verify.Checkpoint(checkpoint, verifier); err != nil {
		return fmt.Errorf("it is signed with another key than the one that is here: %w", err)
	}
	return nil
}

// publicOf is the public key of a private one: "PRIVATE+KEY+NAME+HASH+base64(0x01 and the seed)" (signed-note, Ed25519).
func publicOf(private string) (string, error) {
	parts := strings.SplitN(private, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("it is no key of a signed note")
	}
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("it is no key of Ed25519")
	}
	return note.NewEd25519VerifierKey(parts[2], ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
}

func generate(dir, name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("a new ledger wants a name")
	}
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	if err := write(filepath.Join(dir, PublicKey), []byte(public+"\n"), 0o644); err != nil {
		return nil, err
	}
	return []byte(private), write(filepath.Join(dir, PrivateKey), []byte(private+"\n"), 0o600)
}

// write puts a file in place as a whole or not at all, and on disk.
func write(name string, content []byte, mode os.FileMode) error {
	temporary := name + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// syncDir makes durable which files a folder holds.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// folder is the Memory of a ledger, in a folder.
type folder struct {
	dir string
	log string // the folder of the log, "" if it is in none
}

// Remember is a Memory in a folder, of a log that is elsewhere.
func Remember(dir string) Memory { return folder{dir: dir} }

// Read implements Memory.
func (f folder) Read(context.Context) ([]byte, error) {
	kept, err := os.ReadFile(filepath.Join(f.dir, newest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return kept, err
}

// Write implements Memory. It first makes durable that the log's checkpoint is in its place: it can be read a moment before Tessera has
// done so.
func (f folder) Write(_ context.Context, checkpoint []byte) error {
	if f.log != "" {
		if err := syncDir(f.log); err != nil {
			return err
		}
	}
	return write(filepath.Join(f.dir, newest), checkpoint, 0o600)
}

// Wind implements Memory. It mends the time of the checkpoint's file after the clock was set back: Tessera signs no new one before the old
// one has come of age, and of a file from the future that may be never. What is signed says no time, so that nothing else depends on the
// clock.
func (f folder) Wind() {
	if f.log == "" {
		return
	}
	name := filepath.Join(f.log, "checkpoint")
	if info, err := os.Stat(name); err == nil && info.ModTime().After(time.Now()) {
		_ = os.Chtimes(name, time.Time{}, time.Now().Add(-time.Minute)) // tried again as long as somebody waits
	}
}

// compare checks that the log goes on from the newest checkpoint that was acknowledged.
func (l *Ledger) compare(ctx context.Context) error {
	kept, err := l.memory.Read(ctx)
	if err != nil || len(kept) == 0 {
		return err
	}
	old, err := verify.Checkpoint(kept, l.verifier)
	if err != nil {
		return fmt.Errorf("%s: %w", newest, err)
	}
	text, err := l.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("%d records were acknowledged, and there is no checkpoint: %w", old.N, err)
	}
	now, err := verify.Checkpoint(text, l.verifier)
	if err != nil {
		return fmt.Errorf("the log's checkpoint: %w", err)
	}
	if now.N < old.N {
		return fmt.Errorf("%d records were acknowledged, and the log holds %d: it was put back to an earlier state", old.N, now.N)
	}
	if now.N == old.N && bytes.Equal(now.Hash[:], old.Hash[:]) {
		l.kept = old.N
		return nil
	}
	root, err := tlog.TreeHash(old.N, tlog.TileHashReader(now, &tiles{ctx: ctx, log: l.Reader}))
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if root != old.Hash {
		return fmt.Errorf("the first %d records are not those that were acknowledged: the log was changed", old.N)
	}
	l.kept = old.N
	return nil
}
