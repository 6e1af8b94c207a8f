package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// Names of scopes in rows.
const (
	scopeFinding = "finding"
	scopeAddress = "address"
	scopeCheck   = "check"
)

// maxOwner and maxScope bound what an assignment names, in bytes.
const maxOwner, maxScope = 256, 4096

// Assign says who is to deal with findings from now on, in the caller's transaction; an empty owner takes the assignment back.
func (h *History) Assign(ctx context.Context, tx bun.Tx, estate string, what Scope, owner string, at time.Time) error {
	scope, name, err := what.row()
	if err != nil {
		return err
	}
	if len(owner) > maxOwner || strings.ContainsAny(owner, "\x00\n") {
		return errors.New("assign findings: that is no owner")
	}
	number, err := h.makeEstate(ctx, tx, estate)
	if err != nil {
		return fmt.Errorf("assign findings: %w", err)
	}
	if _, err := tx.NewRaw("DELETE FROM history_assignment WHERE estate = ? AND scope = ? AND name = ?", number, scope, []byte(name)).Exec(ctx); err != nil {
		return fmt.Errorf("assign findings: %w", err)
	}
	if owner != "" {
		if _, err := tx.NewRaw("INSERT INTO history_assignment (estate, scope, name, owner, at) VALUES (?, ?, ?, ?, ?)", number, scope, []byte(name), owner,
			state.Millis(at)).Exec(ctx); err != nil {
			return fmt.Errorf("assign findings: %w", err)
		}
	}
	_, err = tx.NewRaw("UPDATE history_estate SET assigned = assigned + 1 WHERE number = ?", number).Exec(ctx)
	return err
}

// row returns how rows keep the scope.
func (s Scope) row() (scope, name string, err error) {
	n := 0
	for _, one := range [...][2]string{{scopeFinding, s.Finding}, {scopeAddress, s.Address}, {scopeCheck, s.Check}} {
		if one[1] != "" {
			scope, name = one[0], one[1]
			n++
		}
	}
	if n != 1 || len(name) > maxScope {
		return "", "", errors.New("assign findings: name one finding, one resource or one check")
	}
	return scope, name, nil
}

// Assignments lists all assignments of an estate.
func (h *History) Assignments(ctx context.Context, estate string) ([]Assignment, error) {
	number, err := h.estateNumber(ctx, h.db, estate)
	if err != nil || number == 0 {
		return nil, err
	}
	return readAssignments(ctx, h.db, number)
}

func readAssignments(ctx context.Context, db bun.IDB, estate int64) ([]Assignment, error) {
	var rows []struct {
		Scope, Owner string
		Name         []byte
		At           int64
	}
	if err := db.NewRaw("SELECT scope, name, owner, at FROM history_assignment WHERE estate = ? ORDER BY scope, name", estate).
		Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the assignments: %w", err)
	}
	list := make([]Assignment, 0, len(rows))
	for _, row := range rows {
		a := Assignment{Owner: row.Owner, At: state.Time(row.At)}
		switch row.Scope {
		case scopeFinding:
			a.Finding = string(row.Name)
		case scopeAddress:
			a.Address = string(row.Name)
		case scopeCheck:
			a.Check = string(row.Name)
		}
		list = append(list, a)
	}
	return list, nil
}

// owners says who owns each finding of an image.
type owners struct {
	version int64
	names   []string // "" first
	numbers []uint16 // of the findings; nil if nobody owns any
}

// of returns the owner of a finding, "" for none.
func (o *owners) of(at uint32) string { return o.names[o.number(at)] }

func (o *owners) number(at uint32) uint16 {
	if o.numbers == nil {
		return 0
	}
	return o.numbers[at]
}

// maxOwners bounds how many different owners an estate can have.
const maxOwners = 1<<16 - 1

// own brings the owners up to date.
func (m *image) own(ctx context.Context, db *state.DB, ruled func() (map[string]string, error)) error {
	m.ownership.Lock()
	defer m.ownership.Unlock()
	var version int64
	if err := db.NewRaw("SELECT assigned FROM history_estate WHERE number = ?", m.estate).Scan(ctx, &version); err != nil {
		return fmt.Errorf("read the assignments: %w", err)
	}
	if m.owners != nil && m.owners.version == version {
		return nil
	}
	list, err := readAssignments(ctx, db, m.estate)
	if err != nil {
		return err
	}
	byRule, err := ruled()
	if err != nil {
		return err
	}
	o := &owners{version: version, names: []string{""}}
	if len(list)+len(byRule) > 0 {
		m.assign(o, list, byRule)
	}
	m.owners = o
	return nil
}

// owned returns the owners that hold now.
func (m *image) owned() *owners {
	m.ownership.Lock()
	defer m.ownership.Unlock()
	return m.owners
}

// assign gives each finding its owner: first by rule, then by check, then by resource, then by finding.
func (m *image) assign(o *owners, list []Assignment, ruled map[string]string) {
	o.numbers = make([]uint16, len(m.findings))
	number := func(owner string) uint16 {
		at := slices.Index(o.names, owner)
		if at < 0 {
			if len(o.names) == maxOwners {
				return 0
			}
			at = len(o.names)
			o.names = append(o.names, owner)
		}
		return uint16(at)
	}
	m.rules(o, ruled, number)
	checks, addresses, ids, long := map[string]uint16{}, map[string]uint16{}, map[uint64]uint16{}, map[string]uint16{}
	for _, one := range list {
		var a answer
		switch n := number(one.Owner); {
		case one.Check != "":
			checks[one.Check] = n
		case one.Address != "":
			addresses[one.Address] = n
		default:
			if a.setID(one.Finding); a.long != "" {
				long[a.long] = n
			} else {
				ids[a.id] = n
			}
		}
	}
	byCheck := make([]uint16, len(m.checks))
	for i := range m.checks {
		byCheck[i] = checks[m.checks[i].question.Check]
	}
	var known []uint64
	if len(ids) > 0 {
		known = m.allIDs()
	}
	for i := range m.subjects {
		s := &m.subjects[i]
		whole, all := addresses[s.address]
		for _, at := range m.of[s.first : s.first+s.findings] {
			f := &m.findings[at]
			if n := byCheck[f.check]; n != 0 {
				o.numbers[at] = n
			}
			if all {
				o.numbers[at] = whole
			}
			if len(ids) > 0 {
				if n, ok := ids[known[at]]; ok {
					o.numbers[at] = n
				}
			}
		}
	}
	for at, id := range m.long {
		if n, ok := long[id]; ok {
			o.numbers[at] = n
		}
	}
}
