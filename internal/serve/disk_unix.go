//go:build linux || darwin

package serve

import "golang.org/x/sys/unix"

// free is how many bytes can still be written below a folder; an error means that it is not known.
func free(dir string) (uint64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, err
	}
	return disk.Bavail * uint64(disk.Bsize), nil
}
