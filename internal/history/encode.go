package history

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// writer encodes rows: numbers as varints, texts with their length before them.
type writer struct{ b []byte }

func (w *writer) byte(b byte)     { w.b = append(w.b, b) }
func (w *writer) uint(n uint64)   { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) int(n int64)     { w.b = binary.AppendVarint(w.b, n) }
func (w *writer) text(s string)   { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *writer) fixed(n uint64)  { w.b = binary.BigEndian.AppendUint64(w.b, n) }
func (w *writer) float(f float64) { w.fixed(math.Float64bits(f)) }
func (w *writer) count(n int)     { w.uint(uint64(n)) }
func (w *writer) number(n uint32) { w.uint(uint64(n)) }

// time writes a time to the nanosecond, the zero time too.
func (w *writer) time(t time.Time) {
	w.int(t.Unix())
	w.count(t.Nanosecond())
}

func (w *writer) numbers(n []uint32) {
	w.count(len(n))
	for _, one := range n {
		w.number(one)
	}
}

// What a value of evidence is.
const (
	isNull byte = iota
	isFalse
	isTrue
	isInt
	isSmall // an int, which evidence that was made by hand may have
	isFloat
	isText
	isList
	isObject
	isNumber // as it was written
	isJSON   // of a type that evidence does not have by itself
)

// value encodes what JSON can hold so that it comes back with the same types.
func (w *writer) value(v any, depth int) error {
	if depth == maxDepth {
		return errors.New("a value of evidence is nested too deep")
	}
	switch v := v.(type) {
	case nil:
		w.byte(isNull)
	case bool:
		if v {
			w.byte(isTrue)
		} else {
			w.byte(isFalse)
		}
	case int64:
		w.byte(isInt)
		w.int(v)
	case int:
		w.byte(isSmall)
		w.int(int64(v))
	case float64:
		w.byte(isFloat)
		w.float(v)
	case string:
		w.byte(isText)
		w.text(v)
	case []any:
		w.byte(isList)
		w.count(len(v))
		for _, item := range v {
			if err := w.value(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		w.byte(isObject)
		w.count(len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			w.text(key)
			if err := w.value(v[key], depth+1); err != nil {
				return err
			}
		}
	case json.Number:
		w.byte(isNumber)
		w.text(string(v))
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("a value of evidence: %w", err)
		}
		w.byte(isJSON)
		w.text(string(b))
	}
	return nil
}

var errDamaged = errors.New("a row of the history is damaged; restore a backup, or assess again")

// maxDepth bounds how deep a value may be nested.
const maxDepth = 64

// reader decodes rows. After the first fault it returns zeros and keeps err.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.b, r.err = nil, errDamaged
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	b := r.b[0]
	r.b = r.b[1:]
	return b
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) number() uint32 {
	n := r.uint()
	if n > math.MaxUint32 {
		r.fail()
		return 0
	}
	return uint32(n)
}

// count reads the length of a list, each item of which takes at least one byte.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bytes() []byte {
	n := r.count()
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes()) }

func (r *reader) fixed() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return n
}

func (r *reader) time() time.Time {
	seconds, nanos := r.int(), r.uint()
	if nanos > 999_999_999 {
		r.fail()
		return time.Time{}
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}

func (r *reader) numbers() []uint32 {
	list := make([]uint32, r.count())
	for i := range list {
		list[i] = r.number()
	}
	return list
}

func (r *reader) value(depth int) any {
	if depth == maxDepth {
		r.fail()
		return nil
	}
	switch r.byte() {
	case isNull:
	case isFalse:
		return false
	case isTrue:
		return true
	case isInt:
		return r.int()
	case isSmall:
		return int(r.int())
	case isFloat:
		return math.Float64frombits(r.fixed())
	case isText:
		return r.text()
	case isList:
		list := make([]any, r.count())
		for i := range list {
			list[i] = r.value(depth + 1)
		}
		return list
	case isObject:
		n := r.count()
		object := make(map[string]any, n)
		for range n {
			key := r.text()
			object[key] = r.value(depth + 1)
		}
		return object
	case isNumber:
		return json.Number(r.text())
	case isJSON:
		var v any
		if json.Unmarshal(r.bytes(), &v) != nil {
			r.fail()
		}
		return v
	default:
		r.fail()
	}
	return nil
}

// done returns the error, if there was one or something is left.
func (r *reader) done() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail()
	}
	return r.err
}
