package account

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the list that is looked into is one of SHA-1; nothing is protected by it
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Breached is a list of passwords that became known: a file of their SHA-1 in hexadecimal, one in each line, in order, with or without ":" and a
// count behind it, as Have I Been Pwned publishes it. It is looked into where it lies, however long it is.
type Breached struct {
	file *os.File
	size int64
}

// longestLine of such a file, in bytes.
const longestLine = 128

// OpenBreached opens a list. Lines here and there and the last of all are read, so that a file of something else is refused at once.
func OpenBreached(path string) (*Breached, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the list of breached passwords: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	b := &Breached{file, info.Size()}
	err = b.ordered()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the list of breached passwords %s: %w", path, err), file.Close())
	}
	return b, nil
}

// samples is how many lines from all over a list are looked at when it is opened.
const samples = 64

// ordered tells what is wrong with lines from all over the list.
func (b *Breached) ordered() error {
	before, at := "", int64(0)
	for n := int64(0); ; n++ {
		digest, end, err := b.line(at)
		if errors.Is(err, io.EOF) && before != "" {
			return nil
		}
		if err != nil {
			return err
		}
		if digest < before {
			return errors.New("its lines are not in order")
		}
		// Steps through the list, and then line by line to its end.
		if before, at = digest, max(end, b.size/samples*n); at > b.size-2*longestLine {
			at = max(end, min(at, b.size-2*longestLine))
		}
	}
}

// Close closes the file.
func (b *Breached) Close() error { return b.file.Close() }

// Has tells whether a password is in the list.
func (b *Breached) Has(password string) (bool, error) {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see above
	wanted := strings.ToUpper(hex.EncodeToString(sum[:]))
	// The lines that begin at low or later, and before high, may be it.
	low, high := int64(0), b.size
	for low < high {
		middle := low + (high-low)/2
		digest, end, err := b.line(middle)
		if errors.Is(err, io.EOF) { // none begins behind the middle
			high = middle
			continue
		}
		if err != nil {
			return false, fmt.Errorf("look into the list of breached passwords: %w", err)
		}
		switch {
		case digest == wanted:
			return true, nil
		case digest < wanted:
			low = max(end, middle+1)
		default:
			high = middle
		}
	}
	return false, nil
}

// line reads the digest of the first line that begins at a place or behind it, and where the line ends.
func (b *Breached) line(at int64) (digest string, end int64, err error) {
	from := max(0, at-1) // a line begins at the place if one ends just before it
	buffer := make([]byte, 2*longestLine)
	n, err := b.file.ReadAt(buffer, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	text, begin := buffer[:n], from
	if at > 0 {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			if from+int64(n) >= b.size {
				return "", 0, io.EOF
			}
			return "", 0, errors.New("it has a line that is none of such a list")
		}
		text, begin = text[i+1:], from+int64(i)+1
	}
	if len(text) == 0 {
		return "", 0, io.EOF
	}
	line, _, whole := bytes.Cut(text, []byte("\n"))
	if !whole && begin+int64(len(line)) < b.size {
		return "", 0, errors.New("it has a line that is none of such a list")
	}
	digest, _, _ = strings.Cut(strings.TrimSpace(string(line)), ":")
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha1.Size {
		return "", 0, errors.New("it has a line that is not a SHA-1 in hexadecimal, with or without \":\" and a count")
	}
	return strings.ToUpper(digest), begin + int64(len(line)) + 1, nil
}
