//go:build unix

package guard

import (
	"os"
	"syscall"
)

// lock keeps other programs from locking a file until it is unlocked or closed. It waits for them if that is wanted.
func lock(file *os.File, wait bool) error {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	return syscall.Flock(int(file.Fd()), how)
}

func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
