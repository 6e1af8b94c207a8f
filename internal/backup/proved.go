package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"ward.dev/ward/ledger/verify"
)

// unfinished is what the names of files begin with that are being written, and stale how old one is that a killed server has left.
const (
	unfinished = ".new-ward-"
	stale      = 24 * time.Hour
)

// proved is a backup that was read back from its file and found whole. It has no name yet.
type proved struct {
	manifest Manifest
	file     string // a temporary name in the folder
	size     int64
	digest   string // of the file
}

// Check tells whether the seal can be used for a backup that is read back, which takes recipients of one sort.
func (s Seal) Check() error {
	s, _, err := s.witnessed()
	if err != nil {
		return err
	}
	w, err := s.writer(io.Discard)
	if err != nil {
		return err
	}
	return w.Close()
}

// witnessed adds a recipient to a seal whose key is made for this one time, kept in memory and forgotten, so that what was written can be
// read back by who wrote it, and by nobody but the recipients afterwards.
func (s Seal) witnessed() (Seal, Key, error) {
	switch {
	case s.Passphrase != "":
		return s, Key{Passphrase: s.Passphrase}, nil
	case len(s.Recipients) == 0:
		return s, Key{}, nil
	}
	own, key := "", ""
	if strings.HasPrefix(s.Recipients[0], "age1pq1") { // those are not mixed with the older sort
		i, err := age.GenerateHybridIdentity()
		if err != nil {
			return s, Key{}, fmt.Errorf("make a key to read the backup back: %w", err)
		}
		own, key = i.Recipient().String(), i.String()
	} else {
		i, err := age.GenerateX25519Identity()
		if err != nil {
			return s, Key{}, fmt.Errorf("make a key to read the backup back: %w", err)
		}
		own, key = i.Recipient().String(), i.String()
	}
	s.Recipients = append(slices.Clone(s.Recipients), own)
	return s, Key{Identities: key}, nil
}

// writeProved writes a backup into a folder, and reads all of it back. On an error nothing is left of it.
func writeProved(ctx context.Context, folder string, s Source, seal Seal) (p proved, err error) {
	clearUnfinished(folder, s.Now().Add(-stale))
	seal, key, err := seal.witnessed()
	if err != nil {
		return p, err
	}
	f, err := os.CreateTemp(folder, unfinished+"*") // for its owner alone
	if err != nil {
		return p, err
	}
	p.file = f.Name()
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(p.file))
		}
	}()
	if _, err := Write(ctx, f, s, seal); err != nil {
		return p, err
	}
	if err := f.Sync(); err != nil {
		return p, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return p, err
	}
	read := &digested{Reader: until{ctx, f}, digest: verify.NewDigest()}
	if p.manifest, err = Verify(read, key); err != nil {
		return p, err
	}
	if _, err := io.Copy(io.Discard, read); err != nil { // what decompressing has left, so that the digest is of the whole file
		return p, err
	}
	p.size, p.digest = read.size, verify.Sum(read.digest)
	return p, nil
}

// name gives the backup its name, which nothing has yet, so that it is there after a power cut.
func (p *proved) name(name string) error {
	to := filepath.Join(filepath.Dir(p.file), name)
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already", to), os.Remove(p.file))
	}
	if err := os.Rename(p.file, to); err != nil {
		return errors.Join(err, os.Remove(p.file))
	}
	p.file = to
	d, err := os.Open(filepath.Dir(to))
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	return err
}

// until reads as long as a context is not over.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// clearUnfinished removes what killed servers have left in a folder. What cannot be removed stays, which does no harm.
func clearUnfinished(folder string, before time.Time) {
	names, _ := filepath.Glob(filepath.Join(folder, unfinished+"*"))
	for _, name := range names {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			_ = os.Remove(name)
		}
	}
}
