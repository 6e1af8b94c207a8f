package history

import (
	"context"

	"ward.dev/ward/internal/assessment"
)

// Ruled tells who answers for resources, by their ids, as rules said it of a run. What somebody assigned goes before it.
type Ruled func(ctx context.Context, estate string, run int64) (map[string]string, error)

// Own tells each finding of an assessment that was put together again who answers for it now.
func (h *History) Own(ctx context.Context, estate string, run int64, a *assessment.Assessment) error {
	m, err := h.image(ctx, estate, run)
	if err != nil {
		return err
	}
	o := m.owned()
	if o.numbers == nil {
		return nil
	}
	of := map[string]string{}
	for at := range m.findings {
		if owner := o.of(uint32(at)); owner != "" {
			of[m.id(uint32(at))] = owner
		}
	}
	copies := map[*assessment.Subject]map[string]*assessment.Subject{} // findings of a resource share what is said of it
	for i := range a.Findings {
		f := &a.Findings[i]
		owner := of[f.ID]
		if owner == f.Owner {
			continue
		}
		if copies[f.Subject] == nil {
			copies[f.Subject] = map[string]*assessment.Subject{}
		}
		one := copies[f.Subject][owner]
		if one == nil {
			other := *f.Subject
			other.Owner = owner
			one = &other
			copies[f.Subject][owner] = one
		}
		f.Subject = one
	}
	return nil
}

// rules gives each finding the owner that rules give its resource.
func (m *image) rules(o *owners, ruled map[string]string, number func(owner string) uint16) {
	numbers := map[string]uint16{}
	for i := range m.subjects {
		s := &m.subjects[i]
		owner := ruled[s.id]
		if owner == "" {
			continue
		}
		n, ok := numbers[owner]
		if !ok {
			n = number(owner)
			numbers[owner] = n
		}
		for _, at := range m.of[s.first : s.first+s.findings] {
			o.numbers[at] = n
		}
	}
}
