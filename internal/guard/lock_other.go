//go:build !unix

package guard

import "os"

// lock does nothing where files cannot be locked: one program at a time is then up to whoever starts them.
func lock(*os.File, bool) error { return nil }

func unlock(*os.File) {}
