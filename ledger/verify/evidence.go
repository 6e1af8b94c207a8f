package verify

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
)

// ManifestFormat is the first member of every manifest.
const ManifestFormat = "ward-evidence/1"

// Manifest says what a bundle of evidence holds. A record of the ledger carries the digest of its text.
type Manifest struct {
	Format string    `json:"format"`
	Estate string    `json:"estate"`
	Run    string    `json:"run"`
	At     time.Time `json:"at"`
	Parts  []Part    `json:"parts"`
}

// Part is something that a bundle holds.
type Part struct {
	Name   string  `json:"name"`
	Digest string  `json:"digest"`
	Size   int64   `json:"size"` // bytes
	Chunks []Chunk `json:"chunks,omitempty"`
}

// Chunk is a piece of a part, as the server keeps it. An export holds parts whole, so that nothing here depends on chunks.
type Chunk struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// Names in an exported archive. The manifest comes before parts, the ledger after them.
const (
	ReadmeName   = "README.txt"
	ManifestName = "manifest.json"
	PartsFolder  = "parts/"
	LedgerName   = "ledger.jsonl"
)

const maxManifest = 64 << 20 // bytes

// Digest is how manifests and records name bytes.
func Digest(b []byte) string {
	h := NewDigest()
	h.Write(b)
	return Sum(h)
}

// NewDigest begins a digest, Sum ends it.
func NewDigest() hash.Hash { return sha256.New() }

// Sum is the digest of what was written.
func Sum(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// Proof says what an archive of evidence was proved to be.
type Proof struct {
	Manifest Manifest
	Digest   string // of the manifest
	Ledger   Result
	Position int64  // of the record that carries the digest
	Record   []byte // that record
}

// Evidence checks an archive (tar) that was exported: each part is what the manifest says, a record of the ledger carries the manifest's
// digest, and the ledger is proved as Bundle does it, with the same key and kept checkpoint.
func Evidence(archive io.Reader, key string, kept []byte) (Proof, error) {
	proof, files := Proof{Position: -1}, tar.NewReader(archive)
	missing := map[string]Part{}
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Proof{}, fmt.Errorf("read the archive: %w", err)
		}
		name, isPart := strings.CutPrefix(head.Name, PartsFolder)
		switch {
		case head.Name == ReadmeName: // proves nothing
		case head.Name == ManifestName && proof.Digest == "":
			proof.Manifest, proof.Digest, missing, err = manifest(files)
		case isPart:
			err = part(files, missing, name)
		case head.Name == LedgerName && proof.Digest != "" && proof.Position < 0:
			err = proof.inLedger(files, key, kept)
		default:
			err = errors.New("it does not belong there")
		}
		if err != nil {
			return Proof{}, fmt.Errorf("%s: %w", head.Name, err)
		}
	}
	switch {
	case proof.Digest == "":
		return Proof{}, errors.New("the archive has no " + ManifestName)
	case proof.Position < 0:
		return Proof{}, errors.New("the archive has no " + LedgerName)
	case len(missing) > 0:
		return Proof{}, fmt.Errorf("%d parts are missing that %s names", len(missing), ManifestName)
	}
	return proof, nil
}

func manifest(r io.Reader) (Manifest, string, map[string]Part, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil {
		return Manifest{}, "", nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, "", nil, err
	}
	if m.Format != ManifestFormat {
		return Manifest{}, "", nil, fmt.Errorf("it is of format %q; this program reads %q", m.Format, ManifestFormat)
	}
	parts := map[string]Part{}
	for _, p := range m.Parts {
		parts[p.Name] = p
	}
	if len(parts) != len(m.Parts) {
		return Manifest{}, "", nil, errors.New("two parts have one name")
	}
	return m, Digest(text), parts, nil
}

func part(r io.Reader, missing map[string]Part, name string) error {
	p, ok := missing[name]
	if !ok {
		return errors.New(ManifestName + " does not name it, or it is there twice")
	}
	whole := NewDigest()
	if _, err := io.Copy(whole, r); err != nil {
		return err
	}
	if Sum(whole) != p.Digest {
		return errors.New("it is not what was kept: its digest is another")
	}
	delete(missing, name)
	return nil
}

// inLedger proves the ledger and that one of the records which are shown carries the manifest's digest.
func (p *Proof) inLedger(r io.Reader, key string, kept []byte) (err error) {
	p.Ledger, err = Bundle(r, key, kept, func(r Record) error {
		var entry struct {
			Digests map[string]string `json:"digests"`
		}
		if err := json.Unmarshal(r.Data, &entry); err != nil {
			return nil // not of an assessment
		}
		if p.Position < 0 && entry.Digests["evidence"] == p.Digest {
			p.Position, p.Record = r.Index, bytes.Clone(r.Data)
		}
		return nil
	})
	if err == nil && p.Position < 0 {
		err = fmt.Errorf("no record that is shown carries the digest of %s, %s", ManifestName, p.Digest)
	}
	return err
}
