//go:build !unix

package ledger

import (
	"errors"
	"io"
)

// hold refuses: Tessera's driver for folders wants the locks of Unix.
func hold(string) (io.Closer, error) { return nil, errors.New("ledgers are kept on Unix only") }
