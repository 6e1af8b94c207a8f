//go:build unix

package ledger

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// hold locks a file until it is closed. The lock ends with the program, however that ends.
func hold(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, err
	}
	return held{f}, nil
}

type held struct{ *os.File }

// Close lets go of the lock by name, since a program that is being started at this moment may hold a copy of the file.
func (h held) Close() error {
	return errors.Join(unix.Flock(int(h.Fd()), unix.LOCK_UN), h.File.Close())
}
