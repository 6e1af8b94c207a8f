package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

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
	raw     json.RawMessage        // the piece that is being read, which is JSON
	rest    []byte                 // what is left of it
	words   map[string]value.Value // seen before: names of members and short texts, which every object repeats
	items   []value.Value          // of the lists that are being read, the outermost first
	members []value.Member         // of the objects that are being read
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
	r := &reader{decoder: d, budget: b}
	r.seen(origin)
	return r
}

// seen begins what is seen at a new place, or at a new time.
func (d *reader) seen(origin *value.Origin) {
	d.stamp, d.words = value.Seen(origin), map[string]value.Value{}
}

// next reads one value whole. The decoder proves that it is JSON; reading that by itself is several times faster than to ask for
// each token.
func (d *reader) next() (value.Value, error) {
	d.budget.left = maxObject
	if err := d.decoder.Decode(&d.raw); err != nil {
		return value.Value{}, err
	}
	d.rest = d.raw
	return d.value(0)
}

// end makes sure that nothing follows.
func (d *reader) end() error {
	if _, err := d.decoder.Token(); !errors.Is(err, io.EOF) {
		return errCut
	}
	return nil
}

// value reads what comes next, which is JSON.
func (d *reader) value(depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, errDeep
	}
	switch d.peek() {
	case '[':
		return d.array(depth)
	case '{':
		return d.object(depth)
	case '"':
		return d.word(d.text())
	case 't', 'f':
		return d.stamp.On(value.Bool(d.scalar()[0] == 't')), nil
	case 'n':
		d.scalar()
		return d.stamp.On(value.None()), nil
	}
	return d.number(string(d.scalar()))
}

// peek passes over space and commas, which only stand between values, and returns the first byte of the next one.
func (d *reader) peek() byte {
	for {
		switch d.rest[0] {
		case ' ', '\t', '\r', '\n', ',', ':':
			d.rest = d.rest[1:]
		default:
			return d.rest[0]
		}
	}
}

// scalar passes over a number or a word and returns it.
func (d *reader) scalar() []byte {
	end := bytes.IndexAny(d.rest, " \t\r\n,]}")
	if end < 0 {
		end = len(d.rest)
	}
	found := d.rest[:end]
	d.rest = d.rest[end:]
	return found
}

// text passes over a text and returns it, with its quotes.
func (d *reader) text() []byte {
	end := 1
	for d.rest[end] != '"' {
		if d.rest[end] == '\\' {
			end++
		}
		end++
	}
	found := d.rest[:end+1]
	d.rest = d.rest[end+1:]
	return found
}

func (d *reader) number(text string) (value.Value, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return d.stamp.On(value.Int(n)), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return value.Value{}, errCut
	}
	return d.stamp.On(value.Float(f)), nil
}

// array reads a list. What it holds is gathered aside, so that the list takes no more room than it needs.
func (d *reader) array(depth int) (value.Value, error) {
	start := len(d.items)
	d.rest = d.rest[1:]
	for d.peek() != ']' {
		item, err := d.value(depth + 1)
		if err != nil {
			return value.Value{}, err
		}
		d.items = append(d.items, item)
	}
	d.rest = d.rest[1:]
	list := append([]value.Value{}, d.items[start:]...)
	d.items = d.items[:start]
	return d.stamp.On(value.List(list...)), nil
}

// object reads an object, as array does a list.
func (d *reader) object(depth int) (value.Value, error) {
	start := len(d.members)
	d.rest = d.rest[1:]
	for d.peek() != '}' {
		word, err := d.word(d.text())
		if err != nil {
			return value.Value{}, err
		}
		name, _ := word.AsString()
		d.peek()
		if unwanted[name] {
			d.pass()
			continue
		}
		member, err := d.value(depth + 1)
		if err != nil {
			return value.Value{}, err
		}
		d.members = append(d.members, value.Member{Name: name, Value: member})
	}
	d.rest = d.rest[1:]
	members := append([]value.Member{}, d.members[start:]...)
	d.members = d.members[:start]
	return d.stamp.On(value.Packed(members)), nil
}

// pass passes over the next value.
func (d *reader) pass() {
	for depth := 0; ; {
		switch d.peek() {
		case '{', '[':
			depth++
			d.rest = d.rest[1:]
		case '}', ']':
			depth--
			d.rest = d.rest[1:]
		case '"':
			d.text()
		default:
			d.scalar()
		}
		if depth == 0 {
			return
		}
	}
}

// word reads a text that stands in quotes, as the same value each time if it is short.
func (d *reader) word(quoted []byte) (value.Value, error) {
	const short, many = 40, 10_000
	if known, ok := d.words[string(quoted)]; ok {
		return known, nil
	}
	text := string(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 || !utf8.Valid(quoted) {
		if err := json.Unmarshal(quoted, &text); err != nil {
			return value.Value{}, errCut
		}
	}
	word := d.stamp.On(value.String(text))
	if len(quoted) <= short && len(d.words) < many {
		d.words[string(quoted)] = word
	}
	return word, nil
}

// unwanted are members that say nothing of what an object is: who wrote which field when, and what kubectl was given once, in
// which even a Secret may stand in plain.
var unwanted = map[string]bool{"managedFields": true, "kubectl.kubernetes.io/last-applied-configuration": true}

// eachMember calls take for each member of an object that has been begun, up to its end.
func (d *reader) eachMember(take func(name string) error) error {
	for d.decoder.More() {
		token, err := d.decoder.Token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok {
			return errCut
		}
		if err := take(name); err != nil {
			return err
		}
	}
	_, err := d.decoder.Token()
	return err
}
