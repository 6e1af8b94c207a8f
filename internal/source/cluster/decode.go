package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"ward.dev/ward/internal/value"
)

var (
	errCut      = errors.New("the reply is cut off or not what the API says it is")
	errTooLarge = errors.New("an object is too large")
	errDeep     = errors.New("an object is nested too deep")
)

const (
	// maxObject bounds one object in a reply. etcd keeps none above 1.5 MiB, unless it is told to.
	maxObject = 16 << 20
	maxDepth  = 200
)

// reader reads JSON piece by piece into values, so that no more than one object of a long list is held besides what is kept.
type reader struct {
	decoder *json.Decoder
	budget  *budget
	stamp   value.Stamp
	words   map[string]string // seen before: names of members and short texts, which every object repeats
}

// budget bounds how much is read until it is set anew.
type budget struct {
	in   io.Reader
	left int
}

func (b *budget) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.in.Read(into[:min(len(into), b.left)])
	b.left -= n
	return n, err
}

func newReader(in io.Reader, origin *value.Origin) *reader {
	b := &budget{in, maxObject}
	d := json.NewDecoder(b)
	d.UseNumber()
	return &reader{decoder: d, budget: b, stamp: value.Seen(origin), words: map[string]string{}}
}

// next reads one value whole.
func (d *reader) next() (value.Value, error) {
	d.budget.left = maxObject
	token, err := d.decoder.Token()
	if err != nil {
		return value.Value{}, err
	}
	return d.value(token, 0)
}

// end makes sure that nothing follows.
func (d *reader) end() error {
	if _, err := d.decoder.Token(); !errors.Is(err, io.EOF) {
		return errCut
	}
	return nil
}

func (d *reader) value(token json.Token, depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, errDeep
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return d.array(depth)
		}
		return d.object(depth)
	case string:
		return d.stamp.On(value.String(d.word(t))), nil
	case bool:
		return d.stamp.On(value.Bool(t)), nil
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return d.stamp.On(value.Int(n)), nil
		}
		f, err := t.Float64()
		if err != nil {
			return value.Value{}, errCut
		}
		return d.stamp.On(value.Float(f)), nil
	}
	return d.stamp.On(value.None()), nil
}

func (d *reader) array(depth int) (value.Value, error) {
	items := []value.Value{}
	for d.decoder.More() {
		token, err := d.decoder.Token()
		if err != nil {
			return value.Value{}, err
		}
		item, err := d.value(token, depth+1)
		if err != nil {
			return value.Value{}, err
		}
		items = append(items, item)
	}
	_, err := d.decoder.Token()
	return d.stamp.On(value.List(items...)), err
}

func (d *reader) object(depth int) (value.Value, error) {
	members := map[string]value.Value{}
	err := d.members(func(name string) error {
		if unwanted[name] {
			return d.skip()
		}
		token, err := d.decoder.Token()
		if err != nil {
			return err
		}
		members[name], err = d.value(token, depth+1)
		return err
	})
	return d.stamp.On(value.Object(members)), err
}

// unwanted are members that say nothing of what an object is: who wrote which field when, and what kubectl was given once, in
// which even a Secret may stand in plain.
var unwanted = map[string]bool{"managedFields": true, "kubectl.kubernetes.io/last-applied-configuration": true}

// members calls take for each member of an object that has been begun, up to its end.
func (d *reader) members(take func(name string) error) error {
	for d.decoder.More() {
		token, err := d.decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return errCut
		}
		if err := take(d.word(name)); err != nil {
			return err
		}
	}
	_, err := d.decoder.Token()
	return err
}

// skip passes over one value.
func (d *reader) skip() error {
	for depth := 0; ; {
		token, err := d.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// word returns a text, the same copy each time if it is short.
func (d *reader) word(s string) string {
	const short, many = 40, 10_000
	if len(s) > short {
		return s
	}
	if known, ok := d.words[s]; ok {
		return known
	}
	if len(d.words) < many {
		d.words[strings.Clone(s)] = s
	}
	return s
}
