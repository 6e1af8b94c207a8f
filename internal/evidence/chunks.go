package evidence

import (
	"bytes"
	"hash/fnv"
)

// Bounds of a chunk, in bytes, and how many lines there are to a boundary on average beyond the smallest.
const (
	smallest = 256 << 10
	largest  = 4 << 20
	oneIn    = 64
)

// chunker cuts what is written into chunks whose ends depend on the lines around them alone, so that a part in which a few lines differ
// from those of yesterday has most chunks in common with it, wherever the lines stand.
type chunker struct {
	take func([]byte) error // which MUST NOT keep its argument
	all  []byte
	line int // where the line that is being written begins
}

// Write implements io.Writer.
func (c *chunker) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		whole := n > 0
		if !whole {
			n = len(rest)
		}
		if room := largest - len(c.all); n > room {
			n, whole = room, false
		}
		c.all = append(c.all, rest[:n]...)
		rest = rest[n:]
		full := len(c.all) == largest
		if whole {
			full = full || len(c.all) >= smallest && boundary(c.all[c.line:])
			c.line = len(c.all)
		}
		if full {
			if err := c.cut(); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

func boundary(line []byte) bool {
	sum := fnv.New64a()
	sum.Write(line)
	return sum.Sum64()%oneIn == 0
}

// cut ends a chunk, if there is anything in it.
func (c *chunker) cut() error {
	if len(c.all) == 0 {
		return nil
	}
	err := c.take(c.all)
	c.all, c.line = c.all[:0], 0
	return err
}
