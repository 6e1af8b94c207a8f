package signature

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proof shows that an entry is in a log: RFC 6962, section 2.1.1, up to a checkpoint that the log signed,
// https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md.
type proof struct {
	Index      int64String `json:"logIndex"` // in the tree of the checkpoint
	Size       int64String `json:"treeSize"`
	Hashes     [][]byte    `json:"hashes"`
	Checkpoint struct {
		Envelope string `json:"envelope"`
	} `json:"checkpoint"`
}

// maxPath is the longest path in a tree of 2^63 entries.
const maxPath = 63

var errProof = errors.New("the proof that its entry is in the transparency log does not hold")

// verify tells with an error that the log with this key did not show that an entry is in it.
func (p *proof) verify(key crypto.PublicKey, body []byte) error {
	size, root, ok := checkpoint(key, p.Checkpoint.Envelope)
	if !ok || size != int64(p.Size) || len(p.Hashes) > maxPath || p.Index < 0 || int64(p.Index) >= size {
		return errProof
	}
	path := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		if copy(path[i][:], h) != len(path[i]) || len(h) != len(path[i]) {
			return errProof
		}
	}
	if tlog.CheckRecord(path, size, root, int64(p.Index), tlog.RecordHash(body)) != nil {
		return errProof
	}
	return nil
}

// checkpoint reads size and root of a tree from a text that a key has signed; more signatures, of witnesses, may follow.
func checkpoint(key crypto.PublicKey, envelope string) (size int64, root tlog.Hash, ok bool) {
	text, signatures, found := strings.Cut(envelope, "\n\n")
	lines := strings.Split(text, "\n")
	if !found || len(lines) < 3 || lines[0] == "" {
		return 0, root, false
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	sum, fault := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || fault != nil || len(sum) != len(root) {
		return 0, root, false
	}
	copy(root[:], sum)
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return 0, root, false
	}
	id := sha256.Sum256(der)
	for _, line := range strings.Split(signatures, "\n") {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "—" || words[1] != lines[0] && !strings.HasPrefix(lines[0], words[1]+" ") {
			continue
		}
		sig, err := base64.StdEncoding.DecodeString(words[2])
		if err == nil && len(sig) > 4 && bytes.Equal(sig[:4], id[:4]) && signed(key, []byte(text+"\n"), sig[4:]) {
			return size, root, true
		}
	}
	return 0, root, false
}
