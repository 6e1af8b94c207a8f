package snapshot

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Snapshot is what a file held.
type Snapshot struct {
	Head     Head
	Readings []source.Reading
	// Sealed tells that the file was ended and holds just what was written.
	Sealed bool
}

// errCut means that the file ends in the middle of a line.
var errCut = errors.New("the snapshot was cut off in the middle of a line")

// maxLine bounds one line: a resource with all that was asked about it.
const maxLine = 64 << 20

// scan reads lines and proves the seal, if there is one.
func scan(r io.Reader, take func(line) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	digest := sha256.New()
	for n := 1; ; n++ {
		text, err := readLine(in)
		if err == io.EOF && len(text) == 0 {
			return nil
		}
		if err == io.EOF {
			return errCut
		}
		if err != nil {
			return fmt.Errorf("read snapshot, line %d: %w", n, err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return fmt.Errorf("read snapshot, line %d: %w", n, err)
		}
		if n == 1 && (l.Head == nil || l.Head.Version != Version) {
			return fmt.Errorf("read snapshot: not a snapshot of version %d", Version)
		}
		if l.Seal != nil {
			if l.Seal.Lines != n-1 || l.Seal.Digest != hex.EncodeToString(digest.Sum(nil)) {
				return fmt.Errorf("read snapshot: the seal does not fit: the file was changed after it was written")
			}
			if rest, _ := in.Peek(1); len(rest) > 0 {
				return fmt.Errorf("read snapshot: something was added after the seal")
			}
		}
		digest.Write(text)
		if err := take(l); err != nil {
			return fmt.Errorf("read snapshot, line %d: %w", n, err)
		}
	}
}

func readLine(in *bufio.Reader) ([]byte, error) {
	var all []byte
	for {
		text, err := in.ReadSlice('\n')
		all = append(all, text...)
		if len(all) > maxLine {
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		}
		if err != bufio.ErrBufferFull {
			return all, err
		}
	}
}

// Is tells whether a file's first bytes are those of a snapshot.
func Is(start []byte) bool { return bytes.HasPrefix(start, []byte(`{"snapshot":`)) }

// Read reads a snapshot. Parts that are not done are marked as incomplete. An error means that nothing of it can be
// trusted: it is no snapshot, or it was changed.
func Read(r io.Reader) (*Snapshot, error) {
	s := &Snapshot{}
	var all source.Gathered
	seen := map[source.Part]bool{} // whether it is done
	targets, calls := map[string]bool{}, origins{}
	err := scan(r, func(l line) error {
		for _, p := range l.parts() {
			if !targets[p.Target] {
				return fmt.Errorf("target %q was not begun", p.Target)
			}
			seen[p] = seen[p] || l.Done != nil
		}
		switch {
		case l.Head != nil:
			s.Head = *l.Head
		case l.Target != nil:
			targets[l.Target.Name] = true
			return all.Begin(*l.Target)
		case l.Block != nil:
			b, err := l.Block.block(calls)
			if err != nil {
				return fmt.Errorf("block %s: %w", l.Block.Address, err)
			}
			return all.Block(l.Block.Part, b)
		case l.Partial != nil:
			return all.Partial(l.Partial.Part, value.Reason{Why: l.Partial.Why, Grant: l.Partial.Grant})
		case l.Gap != nil:
			return all.Gap(*l.Gap)
		case l.Seal != nil:
			s.Sealed = true
		}
		return nil
	})
	if err != nil && !errors.Is(err, errCut) {
		return nil, err
	}
	if s.Head.Version == 0 {
		return nil, fmt.Errorf("read snapshot: it was cut off before it began")
	}
	if !s.Sealed {
		cutOff(&all, seen)
	}
	s.Readings = all.Readings()
	return s, nil
}

// cutOff marks what a run did not come to: all kinds, since it is not known which regions were still to come.
func cutOff(all *source.Gathered, seen map[source.Part]bool) {
	why := value.Reason{Why: "the collection was cut off before its end", Grant: "run ward snapshot again with --resume"}
	for _, live := range all.Begun() {
		where := "some regions"
		if live.Dialect == resource.Cluster {
			where = "some namespaces"
		}
		for _, k := range live.Kinds {
			all.Partial(source.Part{Target: live.Name, Region: where, Kind: k}, why)
		}
	}
}

func (l line) parts() []source.Part {
	switch {
	case l.Block != nil:
		return []source.Part{l.Block.Part}
	case l.Partial != nil:
		return []source.Part{l.Partial.Part}
	case l.Done != nil:
		return []source.Part{l.Done.Part}
	}
	return nil
}

func (b *block) block(known origins) (resource.Block, error) {
	d := newDecoder(b.Calls, known)
	if b.Origin < 0 || b.Origin > len(b.Calls) {
		return resource.Block{}, fmt.Errorf("there is no call %d", b.Origin)
	}
	body, err := d.read(b.Body, 0)
	made := resource.Block{Dialect: resource.Dialect(b.Dialect), Type: b.Type, Address: b.Address, Target: b.Part.Target, Body: body,
		Origin: &value.Origin{}, Account: b.Account, Region: b.Region, Global: b.Global, Owner: b.Owner}
	if b.Origin > 0 {
		made.Origin = d.origins[b.Origin-1]
	}
	return made, err
}
