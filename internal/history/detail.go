package history

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"ward.dev/ward/internal/assessment"
)

// A detail is what the answers of a resource come from: evidence, what was unknown, and what is shown of the resource itself. Checks share
// rows of evidence, so each row is kept once, and answers name rows by their place. When calls of APIs were made differs with each run by
// nature; it stands apart, and the digest leaves it out.

// detailer encodes details. It serves one goroutine.
type detailer struct {
	words    *dictionary
	zip      *zstd.Encoder
	rows     map[*assessment.Evidence]uint32
	list     []*assessment.Evidence
	unknown  map[assessment.UnknownValue]uint32
	unknowns []assessment.UnknownValue
	calls    map[assessment.Call]uint32
	places   []assessment.Call // without their times
	times    []time.Time       // of each use of a call
	body     writer
	all      writer
	numbers  []uint32
}

func newDetailer(w *words) (*detailer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	return &detailer{words: &dictionary{w, map[string]uint32{}}, zip: zip, rows: map[*assessment.Evidence]uint32{},
		unknown: map[assessment.UnknownValue]uint32{}, calls: map[assessment.Call]uint32{}}, nil
}

// digestSize is that of digests in rows.
const digestSize = 16

// encode returns the detail of a resource, not yet compressed, and its digest. findings are in the order of the answers. What it returns
// holds until the next call.
func (d *detailer) encode(s *assessment.Subject, findings []*assessment.Finding) (body []byte, digest [digestSize]byte, err error) {
	clear(d.rows)
	clear(d.unknown)
	clear(d.calls)
	d.list, d.unknowns, d.places, d.times = d.list[:0], d.unknowns[:0], d.places[:0], d.times[:0]
	d.body.b, d.all.b = d.body.b[:0], d.all.b[:0]
	w := &d.body
	w.text(s.PHIReason)
	w.text(s.Conditional)
	d.call(s.Location.Call)
	w.count(len(findings))
	for _, f := range findings {
		d.numbers = d.numbers[:0]
		for _, e := range f.Evidence {
			if e != nil {
				d.numbers = append(d.numbers, d.row(e))
			}
		}
		w.numbers(d.numbers)
		d.numbers = d.numbers[:0]
		for _, u := range f.Unknown {
			d.numbers = append(d.numbers, place(d.unknown, &d.unknowns, u))
		}
		w.numbers(d.numbers)
	}
	if err := d.tables(); err != nil {
		return nil, digest, err
	}
	sum := sha256.Sum256(w.b)
	copy(digest[:], sum[:])
	d.all.byte(packVersion)
	d.all.count(len(w.b))
	d.all.b = append(d.all.b, w.b...)
	for _, at := range d.times {
		d.all.time(at)
	}
	return d.all.b, digest, nil
}

// tables writes what the findings name by its place.
func (d *detailer) tables() error {
	w := &d.body
	w.count(len(d.list))
	for _, e := range d.list {
		w.text(e.Attribute)
		w.number(d.words.number(e.State))
		w.number(d.words.number(e.Location.File))
		w.int(int64(e.Location.Line))
		d.call(e.Location.Call)
		var v any
		if e.State == "known" || e.State == "default" { // what else has a value is a secret
			v = e.Value
		}
		if err := w.value(v, 0); err != nil {
			return fmt.Errorf("%s: %w", e.Attribute, err)
		}
	}
	w.count(len(d.unknowns))
	for _, u := range d.unknowns {
		w.text(u.Attribute)
		w.text(u.Reason)
		w.text(u.Grant)
	}
	w.count(len(d.places))
	for _, c := range d.places {
		for _, word := range [...]string{c.API, c.Account, c.Region, c.Caller} {
			w.number(d.words.number(word))
		}
	}
	return nil
}

func (d *detailer) row(e *assessment.Evidence) uint32 { return place(d.rows, &d.list, e) }

// call writes the place of a call and 1, or 0 where there is none.
func (d *detailer) call(c *assessment.Call) {
	if c == nil {
		d.body.number(0)
		return
	}
	d.times = append(d.times, c.At)
	timeless := *c
	timeless.At = time.Time{}
	d.body.number(place(d.calls, &d.places, timeless) + 1)
}

// place returns that of a thing in a list, where it is put if it is new.
func place[T comparable](places map[T]uint32, list *[]T, thing T) uint32 {
	at, ok := places[thing]
	if !ok {
		at = uint32(len(*list))
		places[thing] = at
		*list = append(*list, thing)
	}
	return at
}

// compress returns a row of what encode returned.
func (d *detailer) compress(body []byte) []byte { return d.zip.EncodeAll(body, nil) }

// maxDetail bounds a detail when it is decoded, in bytes.
const maxDetail = 64 << 20

// unzip decompresses rows. It may be used by many goroutines.
var unzip = func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxDetail))
	if err != nil {
		panic(err) // the options are wrong
	}
	return d
}()

// detail is what a row of details says.
type detail struct {
	phiReason, conditional string
	call                   *assessment.Call // of the resource itself
	evidence               [][]*assessment.Evidence
	unknown                [][]assessment.UnknownValue
}

// decodeDetail reads a row. called takes the place of the times of calls unless it is zero.
func decodeDetail(b []byte, words texts, called time.Time) (*detail, error) {
	b, err := unzip.DecodeAll(b, nil)
	if err != nil {
		return nil, errDamaged
	}
	whole := reader{b: b}
	if whole.byte() != packVersion {
		return nil, errDamaged
	}
	r := &reader{b: whole.bytes()}
	d := &detail{phiReason: r.text(), conditional: r.text()}
	own := r.number()
	n := r.count()
	uses := make([][2][]uint32, n)
	for i := range uses {
		uses[i] = [2][]uint32{r.numbers(), r.numbers()}
	}
	rows, callOf := decodeRows(r, words)
	unknowns := make([]assessment.UnknownValue, r.count())
	for i := range unknowns {
		unknowns[i] = assessment.UnknownValue{Attribute: r.text(), Reason: r.text(), Grant: r.text()}
	}
	calls := decodeCalls(r, words)
	at := timer(&whole, calls, called)
	d.call = at(own)
	for i := range rows {
		rows[i].Location.Call = at(callOf[i])
	}
	if r.done() != nil || whole.done() != nil {
		return nil, errDamaged
	}
	return d, d.share(uses, rows, unknowns)
}

func decodeRows(r *reader, words texts) (rows []assessment.Evidence, callOf []uint32) {
	rows = make([]assessment.Evidence, r.count())
	callOf = make([]uint32, len(rows))
	for i := range rows {
		e := &rows[i]
		e.Attribute = r.text()
		e.State = words.word(r)
		e.Location.File = words.word(r)
		e.Location.Line = int(r.int())
		callOf[i] = r.number()
		e.Value = r.value(0)
	}
	return rows, callOf
}

func decodeCalls(r *reader, words texts) []assessment.Call {
	calls := make([]assessment.Call, r.count())
	for i := range calls {
		c := &calls[i]
		for _, to := range [...]*string{&c.API, &c.Account, &c.Region, &c.Caller} {
			*to = words.word(r)
		}
	}
	return calls
}

// timer returns what makes the call of a number with its time, which is the next that times holds, or called if that is given.
func timer(times *reader, calls []assessment.Call, called time.Time) func(uint32) *assessment.Call {
	made := map[assessment.Call]*assessment.Call{}
	return func(n uint32) *assessment.Call {
		if n == 0 {
			return nil
		}
		if int(n) > len(calls) {
			times.fail()
			return nil
		}
		c := calls[n-1]
		if c.At = times.time(); !called.IsZero() {
			c.At = called
		}
		if made[c] == nil {
			made[c] = &c
		}
		return made[c]
	}
}

// share gives each answer its rows.
func (d *detail) share(uses [][2][]uint32, rows []assessment.Evidence, unknowns []assessment.UnknownValue) error {
	d.evidence = make([][]*assessment.Evidence, len(uses))
	d.unknown = make([][]assessment.UnknownValue, len(uses))
	for i, use := range uses {
		d.evidence[i] = make([]*assessment.Evidence, 0, len(use[0]))
		for _, n := range use[0] {
			if int(n) >= len(rows) {
				return errDamaged
			}
			d.evidence[i] = append(d.evidence[i], &rows[n])
		}
		d.unknown[i] = make([]assessment.UnknownValue, 0, len(use[1]))
		for _, n := range use[1] {
			if int(n) >= len(unknowns) {
				return errDamaged
			}
			d.unknown[i] = append(d.unknown[i], unknowns[n])
		}
	}
	return nil
}

// newest returns the time of the newest call that findings tell of.
func newestCall(findings []*assessment.Finding) time.Time {
	var newest time.Time
	see := func(c *assessment.Call) {
		if c != nil && c.At.After(newest) {
			newest = c.At
		}
	}
	for _, f := range findings {
		see(f.Location.Call)
		for _, e := range f.Evidence {
			if e != nil {
				see(e.Location.Call)
			}
		}
	}
	return newest
}
