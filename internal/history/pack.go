package history

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"ward.dev/ward/internal/assessment"
)

// Codes of statuses in rows, the worst first.
const (
	codeFail byte = iota
	codeUnknown
	codeExcepted
	codePass
	codeNotApplicable
	codes
)

var statusOf = [codes]assessment.Status{assessment.Fail, assessment.Unknown, assessment.Excepted, assessment.Pass, assessment.NotApplicable}

func codeOf(s assessment.Status) (byte, error) {
	for code, status := range statusOf {
		if s == status {
			return byte(code), nil
		}
	}
	return 0, fmt.Errorf("%q is no status of a finding", s)
}

// open tells whether a finding waits for somebody.
func open(code byte) bool { return code <= codeExcepted }

// subject is a resource with the answers to all checks, as a row keeps it: what lists show and filters look at. Numbers are those of
// words.
type subject struct {
	target, kind, provider, account, region, phi, file uint32
	line                                               int64
	id, address                                        string
	answers                                            []answer
}

// answer is that of one check.
type answer struct {
	id        uint64 // a finding's id in hexadecimal
	long      string // its id if that is something else
	check     uint32
	exception uint32
	status    byte
	judged    byte // a code and 1, or 0
	fresh     bool // Finding.New
	since     int64
	opened    int64 // 0 if it is not open
}

// Marks in the first byte of an answer, above its status.
const (
	markStatus   = 0x07
	markFresh    = 0x08
	markExcepted = 0x10 // judged and exception follow
	markOpened   = 0x20 // opened follows; else it is since
	markLong     = 0x40 // the id is a text
	markOpen     = 0x80
)

const packVersion = 1

// pack writes the row. within is the name of the target with a "#", which most ids begin with.
func (s *subject) pack(w *writer, within string) {
	w.byte(packVersion)
	for _, n := range [...]uint32{s.target, s.kind, s.provider, s.account, s.region, s.phi, s.file} {
		w.number(n)
	}
	w.int(s.line)
	w.text(s.address)
	if s.id == within+s.address {
		w.byte(0)
	} else {
		w.byte(1)
		w.text(s.id)
	}
	w.count(len(s.answers))
	for i := range s.answers {
		s.answers[i].pack(w)
	}
}

func (a *answer) pack(w *writer) {
	mark := a.status
	set := func(on bool, bit byte) {
		if on {
			mark |= bit
		}
	}
	set(a.fresh, markFresh)
	set(a.judged != 0 || a.exception != 0, markExcepted)
	set(a.opened != 0, markOpen)
	set(a.opened != 0 && a.opened != a.since, markOpened)
	set(a.long != "", markLong)
	w.byte(mark)
	w.number(a.check)
	if mark&markLong != 0 {
		w.text(a.long)
	} else {
		w.fixed(a.id)
	}
	w.uint(uint64(a.since))
	if mark&markOpened != 0 {
		w.uint(uint64(a.opened))
	}
	if mark&markExcepted != 0 {
		w.byte(a.judged)
		w.number(a.exception)
	}
}

// unpack reads a row. The answers take the place of those that s had.
func (s *subject) unpack(b []byte, words texts) error {
	r := reader{b: b}
	if r.byte() != packVersion {
		return errDamaged
	}
	for _, n := range [...]*uint32{&s.target, &s.kind, &s.provider, &s.account, &s.region, &s.phi, &s.file} {
		if *n = r.number(); int(*n) >= len(words) {
			return errDamaged
		}
	}
	s.line = r.int()
	s.address = r.text()
	if r.byte() == 0 {
		s.id = within(words[s.target]) + s.address
	} else {
		s.id = r.text()
	}
	n := r.count()
	s.answers = s.answers[:0]
	for range n {
		var a answer
		a.unpack(&r)
		if int(a.check) >= len(words) || int(a.exception) >= len(words) || a.status >= codes || a.judged > codes {
			return errDamaged
		}
		s.answers = append(s.answers, a)
	}
	return r.done()
}

func (a *answer) unpack(r *reader) {
	mark := r.byte()
	a.status, a.fresh = mark&markStatus, mark&markFresh != 0
	a.check = r.number()
	if mark&markLong != 0 {
		a.long = r.text()
	} else {
		a.id = r.fixed()
	}
	a.since = int64(r.uint())
	if mark&markOpen != 0 {
		a.opened = a.since
	}
	if mark&markOpened != 0 {
		a.opened = int64(r.uint())
	}
	if mark&markExcepted != 0 {
		a.judged, a.exception = r.byte(), r.number()
	}
}

// within is what the ids of the resources of a target begin with.
func within(target string) string {
	if target == "" {
		return ""
	}
	return target + "#"
}

// idLength is that of a usual id: 64 bits in hexadecimal.
const idLength = 16

// setID keeps an id as a number if it is one in lower case.
func (a *answer) setID(id string) {
	if len(id) == idLength && strings.ToLower(id) == id {
		if n, err := strconv.ParseUint(id, 16, 64); err == nil {
			a.id, a.long = n, ""
			return
		}
	}
	a.id, a.long = 0, id
}

func (a *answer) findingID() string {
	if a.long != "" {
		return a.long
	}
	return formatID(a.id)
}

func formatID(id uint64) string {
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(id >> (56 - 8*i))
	}
	return hex.EncodeToString(raw[:])
}
