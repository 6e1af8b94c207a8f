package verify

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree computes the Merkle tree hash of RFC 6962, section 2.1, over hashes that are added one by one. The zero value is empty.
type Tree struct {
	size int64
	// whole are the roots of the complete subtrees, the largest first: one for each bit of size that is set.
	whole []tlog.Hash
}

// Size is how many hashes were added.
func (t *Tree) Size() int64 { return t.size }

// Add adds the hash of a record.
func (t *Tree) Add(h tlog.Hash) {
	for range bits.TrailingZeros64(^uint64(t.size)) { // as in binary counting: each carry joins two subtrees of one size
		last := len(t.whole) - 1
		h = tlog.NodeHash(t.whole[last], h)
		t.whole = t.whole[:last]
	}
	t.whole = append(t.whole, h)
	t.size++
}

// Root is the hash of all that was added.
func (t *Tree) Root() tlog.Hash {
	if t.size == 0 {
		return emptyRoot
	}
	root := t.whole[len(t.whole)-1]
	for i := len(t.whole) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.whole[i], root)
	}
	return root
}

// emptyRoot is the SHA-256 of nothing.
var emptyRoot = func() tlog.Hash { h, _ := tlog.TreeHash(0, nil); return h }()

// parse reads the text of a checkpoint: the ledger's name, how many records there are, and their root in base64.
func parse(text, name string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return tlog.Tree{}, errors.New("a name, a size and a root are wanted, each in a line")
	}
	if lines[0] != name {
		return tlog.Tree{}, fmt.Errorf("it is of the ledger %q, and the key of %q", lines[0], name)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxRecords || lines[1] != strconv.FormatInt(size, 10) {
		return tlog.Tree{}, fmt.Errorf("%q is no number of records that this program reads", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%q is no root", lines[2])
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}
