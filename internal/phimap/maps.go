package phimap

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ward.dev/ward/internal/state"
)

// maxMaps is how many maps are kept at hand: those of a few estates.
const maxMaps = 8

// Maps reads maps, and keeps those that were asked for last: they are large, seldom change, and are looked at by many. It may be used by many
// goroutines.
type Maps struct {
	db    *state.DB
	mutex sync.Mutex
	list  []kept // the one asked for last is the last
}

type kept struct {
	digest string
	of     *Map
}

// NewMaps returns the maps in a state.
func NewMaps(db *state.DB) *Maps { return &Maps{db: db} }

// Of is the function Of. What it returns MUST NOT be changed.
func (m *Maps) Of(ctx context.Context, estate string, run int64) (*Map, error) {
	var digests []string
	if err := m.db.NewRaw("SELECT digest FROM phi_map WHERE estate = ? AND run <= ? ORDER BY run DESC LIMIT 1", estate, run).Scan(ctx, &digests); err != nil {
		return nil, fmt.Errorf("read the map of PHI: %w", err)
	}
	if len(digests) == 0 {
		return nil, ErrNone
	}
	if have := m.at(digests[0]); have != nil {
		return have, nil
	}
	read, err := Of(ctx, m.db, estate, run)
	if err != nil {
		return nil, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.list = append(m.list[max(0, len(m.list)-maxMaps+1):], kept{digests[0], read})
	return read, nil
}

func (m *Maps) at(digest string) *Map {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	i := slices.IndexFunc(m.list, func(k kept) bool { return k.digest == digest })
	if i < 0 {
		return nil
	}
	one := m.list[i]
	m.list = append(slices.Delete(m.list, i, i+1), one)
	return one.of
}
