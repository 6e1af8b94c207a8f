package history

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"sync"

	"ward.dev/ward/internal/assessment"
)

// identities makes names and ids of what they are digests of, so that they need not be kept where many are. It serves one goroutine.
type identities struct {
	words texts
	key   []byte
}

// finding returns the id that assessments give the finding of a check for a resource.
func (i *identities) finding(s *seen, check uint32) uint64 {
	target, address := i.words[s.target], s.address
	if n := len(target); n > 0 && len(s.id) > n && s.id[n] == '#' && s.id[:n] == target {
		address = s.id[n+1:]
	}
	i.key = assessment.AppendIdentity(i.key[:0], i.words[check], target, address)
	sum := sha256.Sum256(i.key)
	return binary.BigEndian.Uint64(sum[:8])
}

// first returns the name in rows of the first resource of an id.
func (i *identities) first(id string) (n name) {
	i.key = append(append(i.key[:0], "0\x00"...), id...)
	sum := sha256.Sum256(i.key)
	copy(n[:], sum[:])
	return n
}

// own returns the name of a resource if it does not follow from the id, as that of one of several with an id; else the zero name.
func (i *identities) own(key name, id string) name {
	if key == i.first(id) {
		return name{}
	}
	return key
}

// nameOf returns the name of a resource in rows.
func (s *seen) nameOf() name {
	if s.name != (name{}) {
		return s.name
	}
	var i identities
	return i.first(s.id)
}

// resourceKey tells resources apart over runs, as their names in rows do.
type resourceKey struct {
	id  string
	own name
}

func (s *seen) key() resourceKey { return resourceKey{s.id, s.name} }

// id returns the id of a finding.
func (m *image) id(at uint32) string {
	if id, ok := m.long[at]; ok {
		return id
	}
	if all := m.ids.Load(); all != nil {
		return formatID((*all)[at])
	}
	if id, ok := m.odd[at]; ok {
		return formatID(id)
	}
	f := &m.findings[at]
	i := identities{words: m.words}
	return formatID(i.finding(&m.subjects[f.subject], m.checks[f.check].word))
}

// allIDs returns the ids of all findings as numbers, 0 for those that are no number.
func (m *image) allIDs() []uint64 {
	m.identifying.Lock()
	defer m.identifying.Unlock()
	if all := m.ids.Load(); all != nil {
		return *all
	}
	all := make([]uint64, len(m.findings))
	m.halves(len(m.subjects), func(from, to int) {
		one := identities{words: m.words}
		for i := range m.subjects[from:to] {
			s := &m.subjects[from+i]
			for _, at := range m.of[s.first : s.first+s.findings] {
				all[at] = one.finding(s, m.checks[m.findings[at].check].word)
			}
		}
	})
	for at, id := range m.odd {
		all[at] = id
	}
	for at := range m.long {
		all[at] = 0
	}
	m.ids.Store(&all)
	return all
}

// halves shares work on a list among the processors.
func (m *image) halves(n int, do func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), 8)
	var all sync.WaitGroup
	for part := range parts {
		all.Go(func() { do(n*part/parts, n*(part+1)/parts) })
	}
	all.Wait()
}

// found finds a finding in an image as find does. Most findings of an old run are in one that was read before, too, whose ids are known: then
// those of the old one need not be made.
func (h *History) found(m *image, id string) (uint32, bool) {
	if m.ids.Load() != nil {
		return m.find(id)
	}
	for _, other := range h.images.ready(m.estate) {
		if other.ids.Load() == nil {
			continue
		}
		at, ok := other.find(id)
		if !ok {
			continue
		}
		is := &other.subjects[other.findings[at].subject]
		if other.words[is.target] == "" { // then ids of others may be the same
			break
		}
		best, there := uint32(0), false
		for i := range m.subjects {
			s := &m.subjects[i]
			if s.id != is.id {
				continue
			}
			for _, at := range m.of[s.first : s.first+s.findings] {
				if m.id(at) == id && (!there || at < best) {
					best, there = at, true
				}
			}
		}
		if there {
			return best, true
		}
	}
	return m.find(id)
}
