package history

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A packed image is what cannot be made of anything else: of each resource what it is, of each finding its status and since when. Names and
// ids, which are digests and do not compress, follow from it. It has sections, each compressed by itself and of one sort of thing, so that
// they compress well and are unpacked side by side.
const (
	packedShapes   = iota // the checks, and which of them a resource has
	packedSubjects        // numbers of resources, one column after the other
	packedTexts           // their addresses, and ids that do not follow from these
	packedNames           // names that do not follow from ids
	packedMarks           // a byte for each finding
	packedSince           // since which run each has its status, the low bytes first
	packedRest            // what only a few findings have
	packedSections
)

const packedVersion = 1

// sinceBytes are those of a run.
const sinceBytes = 4

// packer packs an image.
type packer struct {
	*image
	sections [packedSections]writer
	shapes   map[string]uint32
	since    [sinceBytes][]byte
	of       []uint32 // the findings of a resource by check
}

// pack packs an image.
func (m *image) pack() ([]byte, error) {
	p := &packer{image: m, shapes: map[string]uint32{}}
	p.sections[packedShapes].count(len(m.checks))
	for i := range m.checks {
		p.sections[packedShapes].number(m.checks[i].word)
	}
	columns := make([]writer, 8)
	shapes := make([]writer, 0, 64)
	for i := range m.subjects {
		s := &m.subjects[i]
		for n, word := range [...]uint32{s.target, s.kind, s.provider, s.account, s.region, s.phi, s.file} {
			columns[n].number(word)
		}
		columns[7].int(int64(s.line))
		shape, isNew := p.subject(s)
		if isNew {
			shapes = append(shapes, writer{})
			list := &shapes[len(shapes)-1]
			list.count(len(p.of))
			for _, at := range p.of {
				list.number(uint32(m.findings[at].check))
			}
		}
		p.sections[packedSubjects].number(shape)
		p.sections[packedSubjects].uint(uint64(s.since))
		for _, at := range p.of {
			p.finding(at)
		}
	}
	p.sections[packedShapes].count(len(shapes))
	for _, list := range shapes {
		p.sections[packedShapes].b = append(p.sections[packedShapes].b, list.b...)
	}
	for _, c := range columns {
		p.sections[packedSubjects].b = append(p.sections[packedSubjects].b, c.b...)
	}
	for _, bytes := range p.since {
		p.sections[packedSince].b = append(p.sections[packedSince].b, bytes...)
	}
	return p.compress()
}

func (p *packer) compress() ([]byte, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	defer zip.Close()
	var w writer
	w.byte(packedVersion)
	w.count(len(p.subjects))
	w.count(len(p.findings))
	for _, section := range p.sections {
		w.text(string(zip.EncodeAll(section.b, nil)))
	}
	return w.b, nil
}

// subject packs the texts and the name of a resource, and returns which checks it has.
func (p *packer) subject(s *seen) (shape uint32, isNew bool) {
	texts := &p.sections[packedTexts]
	texts.text(s.address)
	if s.id == within(p.words[s.target])+s.address {
		texts.byte(0)
	} else {
		texts.byte(1)
		texts.text(s.id)
	}
	if names := &p.sections[packedNames]; s.name == (name{}) {
		names.byte(0)
	} else {
		names.byte(1)
		names.b = append(names.b, s.name[:]...)
	}
	p.of = append(p.of[:0], p.image.of[s.first:s.first+s.findings]...)
	slices.SortStableFunc(p.of, func(a, b uint32) int { return cmp.Compare(p.findings[a].check, p.findings[b].check) })
	var key writer
	for _, at := range p.of {
		key.number(uint32(p.findings[at].check))
	}
	shape, ok := p.shapes[string(key.b)]
	if !ok {
		shape = uint32(len(p.shapes))
		p.shapes[string(key.b)] = shape
	}
	return shape, !ok
}

// finding packs one.
func (p *packer) finding(at uint32) {
	f := &p.findings[at]
	mark, rest := f.status, &p.sections[packedRest]
	for i := range p.since {
		p.since[i] = append(p.since[i], byte(f.since>>(8*i)))
	}
	if f.opened != 0 {
		mark |= markOpen
	}
	if f.opened != 0 && f.opened != f.since {
		mark |= markOpened
		rest.number(f.opened)
	}
	if j, ok := p.judged[at]; ok {
		mark |= markExcepted
		rest.byte(j.code)
		rest.number(j.exception)
	}
	long, isLong := p.long[at]
	id, isOdd := p.odd[at]
	switch {
	case isLong:
		mark |= markLong
		rest.byte(1)
		rest.text(long)
	case isOdd:
		mark |= markLong
		rest.byte(0)
		rest.fixed(id)
	}
	p.sections[packedMarks].byte(mark)
}

// unpacker makes a builder of a packed image.
type unpacker struct {
	*builder
	sections [packedSections]reader
	subjects int
	findings int
	shapes   [][]uint16
}

// unpack reads a packed image into an empty builder.
func (b *builder) unpack(pack []byte) error {
	r := reader{b: pack}
	if r.byte() != packedVersion {
		return errDamaged
	}
	u := &unpacker{builder: b, subjects: int(r.uint()), findings: int(r.uint())}
	var zipped [packedSections][]byte
	for i := range zipped {
		zipped[i] = r.bytes()
	}
	if r.done() != nil || u.subjects < 0 || u.findings < 0 {
		return errDamaged
	}
	var all sync.WaitGroup
	var faults [packedSections]error
	for i := range zipped {
		all.Go(func() { u.sections[i].b, faults[i] = unzip.DecodeAll(zipped[i], nil) })
	}
	all.Wait()
	for _, err := range faults {
		if err != nil {
			return errDamaged
		}
	}
	// What is allocated is bounded by what is there.
	if u.findings != len(u.sections[packedMarks].b) || u.findings*sinceBytes != len(u.sections[packedSince].b) || u.subjects > len(u.sections[packedNames].b) {
		return errDamaged
	}
	return u.all()
}

func (u *unpacker) all() error {
	if err := u.readShapes(); err != nil {
		return err
	}
	u.builder.subjects = make([]seen, u.subjects)
	if err := u.readSubjects(); err != nil {
		return err
	}
	var texts, findings error
	var both sync.WaitGroup
	both.Go(func() { texts = u.readTexts() })
	both.Go(func() { findings = u.readFindings() })
	both.Wait()
	return cmp.Or(texts, findings)
}

func (u *unpacker) readShapes() error {
	r := &u.sections[packedShapes]
	for range r.count() {
		word := r.number()
		if int(word) >= len(u.words) {
			return errDamaged
		}
		if _, err := u.code(word); err != nil {
			return err
		}
	}
	u.shapes = make([][]uint16, r.count())
	for i := range u.shapes {
		u.shapes[i] = make([]uint16, r.count())
		for n := range u.shapes[i] {
			code := r.number()
			if int(code) >= len(u.checks) {
				return errDamaged
			}
			u.shapes[i][n] = uint16(code)
		}
	}
	return r.done()
}

func (u *unpacker) readSubjects() error {
	r := &u.sections[packedSubjects]
	first, list := 0, u.builder.subjects
	u.of = make([]uint32, len(list)) // for now: their shapes
	for i := range list {
		shape := r.number()
		if int(shape) >= len(u.shapes) {
			return errDamaged
		}
		u.of[i] = shape
		s := &list[i]
		s.since = int64(r.uint())
		s.first, s.findings = uint32(first), uint32(len(u.shapes[shape]))
		if first += len(u.shapes[shape]); first > u.findings {
			return errDamaged
		}
	}
	for _, column := range [...]func(s *seen) *uint32{
		func(s *seen) *uint32 { return &s.target }, func(s *seen) *uint32 { return &s.kind }, func(s *seen) *uint32 { return &s.provider },
		func(s *seen) *uint32 { return &s.account }, func(s *seen) *uint32 { return &s.region }, func(s *seen) *uint32 { return &s.phi },
		func(s *seen) *uint32 { return &s.file }} {
		for i := range list {
			word := r.number()
			if int(word) >= len(u.words) {
				return errDamaged
			}
			*column(&list[i]) = word
		}
	}
	for i := range list {
		list[i].line = int32(r.int())
	}
	if first != u.findings {
		return errDamaged
	}
	return r.done()
}

// readTexts gives resources their addresses, ids and names. An address is the end of its id, so that both are one text.
func (u *unpacker) readTexts() error {
	r, list := &u.sections[packedTexts], u.builder.subjects
	n := len(r.b)
	for i := range list {
		n += len(u.words[list[i].target]) + 1
	}
	// All ids are one text, which does not move while it grows no larger than this.
	var all strings.Builder
	all.Grow(n)
	for i := range list {
		s := &list[i]
		address := r.bytes()
		if r.byte() != 0 {
			s.address, s.id = string(address), r.text()
			continue
		}
		from := all.Len()
		if target := u.words[s.target]; target != "" {
			all.WriteString(target)
			all.WriteByte('#')
		}
		at := all.Len()
		all.Write(address)
		text := all.String()
		s.id, s.address = text[from:], text[at:]
	}
	if r.done() != nil {
		return errDamaged
	}
	r = &u.sections[packedNames]
	for i := range list {
		s := &list[i]
		if r.byte() == 0 {
			continue
		}
		if len(r.b) < nameSize {
			return errDamaged
		}
		copy(s.name[:], r.b)
		r.b = r.b[nameSize:]
	}
	return r.done()
}

func (u *unpacker) readFindings() error {
	marks, since, rest := u.sections[packedMarks].b, u.sections[packedSince].b, &u.sections[packedRest]
	n := len(marks)
	one, two, three, four := since[:n], since[n:2*n], since[2*n:3*n], since[3*n:]
	u.answers = spareAnswers(n)
	at := 0
	for _, shape := range u.of {
		for _, check := range u.shapes[shape] {
			f, mark := &u.answers[at], marks[at]
			*f = found{check: check, status: mark & markStatus}
			f.since = uint32(one[at]) | uint32(two[at])<<8 | uint32(three[at])<<16 | uint32(four[at])<<24
			if f.status >= codes {
				return errDamaged
			}
			if mark&markOpen != 0 {
				f.opened = f.since
			}
			if mark&(markOpened|markExcepted|markLong) != 0 {
				u.special(f, uint32(at), mark, rest)
			}
			at++
		}
	}
	u.of = nil
	return rest.done()
}

// special reads what only a few findings have.
func (u *unpacker) special(f *found, at uint32, mark byte, r *reader) {
	if mark&markOpened != 0 {
		f.opened = r.number()
	}
	if f.special = mark&(markExcepted|markLong) != 0; mark&markExcepted != 0 {
		j := judged{code: r.byte(), exception: r.number()}
		if j.code > codes || int(j.exception) >= len(u.words) {
			r.fail()
		}
		u.judged[at] = j
	}
	if mark&markLong == 0 {
		return
	}
	if r.byte() == 1 {
		u.long[at] = r.text()
	} else {
		u.odd[at] = r.fixed()
	}
}
