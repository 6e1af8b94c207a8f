package history

import (
	"errors"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
)

// Bits of what a filter looks at. A finding that a filter refuses for one of them alone is counted in the facet of that one.
const (
	byStatus uint16 = 1 << iota
	bySeverity
	byPHI
	bySafeguard
	byCheck
	byAccount
	byTarget
	byKind
	byRegion
	byOwner
	byAge
	byPlace // text and addresses, which have no facet
)

// choice is a filter made ready for an image: for each thing that a finding may have, the bits for which the filter refuses it.
type choice struct {
	*image
	filter   Filter
	owners   *owners
	subjects []uint16
	checks   []uint16
	statuses [codes]uint16
	owner    []uint16 // by the number of the owner
	age      []uint16 // by the run since which a finding is open
}

// ErrFilter is the error of a filter that asks for too much.
var ErrFilter = errors.New("the filter has more than 500 values of one sort, or a text of more than 500 bytes; choose less")

// maxValues bounds a member of a filter, maxText the text that is looked for, in bytes.
const maxValues, maxText = 500, 500

func (f *Filter) check() error {
	for _, n := range []int{len(f.Statuses), len(f.Severities), len(f.PHI), len(f.Safeguards), len(f.Checks), len(f.Accounts), len(f.Targets),
		len(f.Kinds), len(f.Regions), len(f.Owners), len(f.Addresses)} {
		if n > maxValues {
			return ErrFilter
		}
	}
	if len(f.Text) > maxText {
		return ErrFilter
	}
	return nil
}

// choose makes a filter ready.
func (m *image) choose(f Filter) *choice {
	c := &choice{image: m, filter: f, owners: m.owned(), subjects: make([]uint16, len(m.subjects)), checks: make([]uint16, len(m.checks))}
	for code, status := range statusOf {
		c.statuses[code] = refuse(f.Statuses, status, byStatus)
	}
	c.refuseChecks()
	c.refuseSubjects()
	c.owner = make([]uint16, len(c.owners.names))
	for i, name := range c.owners.names {
		c.owner[i] = refuse(f.Owners, name, byOwner)
	}
	c.age = make([]uint16, m.run.Number+1)
	for run := range c.age {
		if (f.AtLeast > 0 || f.LessThan > 0) && !f.ofAge(m.age(int64(run))) {
			c.age[run] = byAge
		}
	}
	return c
}

// refuse returns the bit unless the value is among those that are wanted, or none is.
func refuse[T comparable](wanted []T, value T, bit uint16) uint16 {
	if len(wanted) == 0 || slices.Contains(wanted, value) {
		return 0
	}
	return bit
}

func (c *choice) refuseChecks() {
	for i := range c.image.checks {
		q := &c.image.checks[i].question
		bits := refuse(c.filter.Checks, q.Check, byCheck) | refuse(c.filter.Severities, q.Severity, bySeverity)
		if len(c.filter.Safeguards) > 0 && !slices.ContainsFunc(q.Citations, func(s string) bool { return slices.Contains(c.filter.Safeguards, s) }) {
			bits |= bySafeguard
		}
		c.checks[i] = bits
	}
}

func (c *choice) refuseSubjects() {
	f := &c.filter
	words := make([]uint16, len(c.words)) // bits of each word, as what it may be; one word may be several things
	if len(f.PHI)+len(f.Accounts)+len(f.Targets)+len(f.Kinds)+len(f.Regions) > 0 {
		for n, word := range c.words {
			words[n] = refuse(f.PHI, word, byPHI) | refuse(f.Accounts, word, byAccount) | refuse(f.Targets, word, byTarget) |
				refuse(f.Kinds, word, byKind) | refuse(f.Regions, word, byRegion)
		}
	}
	addresses := map[string]bool{}
	for _, address := range f.Addresses {
		addresses[address] = true
	}
	for i := range c.image.subjects {
		s := &c.image.subjects[i]
		c.subjects[i] = words[s.phi]&byPHI | words[s.account]&byAccount | words[s.target]&byTarget | words[s.kind]&byKind | words[s.region]&byRegion
		if len(addresses) > 0 && !addresses[s.address] {
			c.subjects[i] |= byPlace
		}
	}
	if text := strings.ToLower(strings.TrimSpace(f.Text)); text != "" {
		found := c.withText(text)
		for i := range c.subjects {
			if !found[i] {
				c.subjects[i] |= byPlace
			}
		}
	}
}

// withText tells which resources have a text in their address.
func (m *image) withText(text string) []bool {
	found := make([]bool, len(m.subjects))
	if strings.ContainsRune(text, '\n') {
		return found
	}
	lower, starts := m.addresses()
	for from := 0; from < len(lower); {
		at := strings.Index(lower[from:], text)
		if at < 0 {
			break
		}
		i, ok := slices.BinarySearch(starts, uint32(from+at))
		if !ok {
			i--
		}
		found[i] = true
		if i+1 == len(starts) {
			break
		}
		from = int(starts[i+1])
	}
	return found
}

// age is how long what is open since a run has been open, less than nothing for what is not open.
func (m *image) age(run int64) time.Duration {
	if run == 0 {
		return -1
	}
	return max(m.run.AssessedAt.Sub(time.UnixMilli(m.at[run])), 0)
}

func (f *Filter) ofAge(age time.Duration) bool {
	return age >= 0 && age >= f.AtLeast && (f.LessThan == 0 || age < f.LessThan)
}

// refused returns the bits for which the filter refuses a finding, 0 if it chooses it.
func (c *choice) refused(at uint32) uint16 {
	f := &c.findings[at]
	return c.statuses[f.status] | c.subjects[f.subject] | c.checks[f.check] | c.age[f.opened] | c.owner[c.owners.number(at)]
}

// count adds a finding.
func (n *Counts) count(status, severity byte, phi bool) {
	switch status {
	case codeFail:
		n.Fail++
		if phi {
			n.FailPHI++
		}
		switch severities[severity] {
		case assessment.Critical:
			n.Critical++
		case assessment.High:
			n.High++
		case assessment.Medium:
			n.Medium++
		case assessment.Low:
			n.Low++
		}
	case codeUnknown:
		n.Unknown++
		if phi {
			n.UnknownPHI++
		}
	case codeExcepted:
		n.Excepted++
	case codePass:
		n.Pass++
	default:
		n.NotApplicable++
	}
}

// add adds what was counted elsewhere.
func (n *Counts) add(o *Counts) {
	n.Fail, n.Unknown, n.Excepted, n.Pass, n.NotApplicable = n.Fail+o.Fail, n.Unknown+o.Unknown, n.Excepted+o.Excepted, n.Pass+o.Pass, n.NotApplicable+o.NotApplicable
	n.FailPHI, n.UnknownPHI = n.FailPHI+o.FailPHI, n.UnknownPHI+o.UnknownPHI
	n.Critical, n.High, n.Medium, n.Low = n.Critical+o.Critical, n.High+o.High, n.Medium+o.Medium, n.Low+o.Low
}

// phi tells whether a resource has PHI.
func (m *image) phi(s *seen) bool { return m.words[s.phi] == phis[0] }
