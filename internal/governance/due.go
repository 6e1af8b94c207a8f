package governance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/register"
)

// Due is something that waits for a person.
type Due struct {
	Item  *Item
	Title string // of the register
	Says  string // "The exception ends"
	// Date is the day, zero where an item waits without one.
	Date  time.Time
	Late  bool
	Waits string // for what it waits, "" if it is a date: "for a second person"
}

// Due returns what is due for an estate ("" for all) within a time, and what waits for somebody: what is late first, then by date.
func (d *Decisions) Due(ctx context.Context, estate string, within time.Duration) ([]Due, error) {
	var all []Due
	for _, r := range d.Registers {
		for before := int64(0); ; {
			items, err := d.List(ctx, Wanted{Register: r.ID, Estate: estate, Open: true, Before: before, Limit: MaxList})
			if err != nil {
				return nil, err
			}
			for _, i := range items {
				due, err := d.dueOf(ctx, r, i, within)
				if err != nil {
					return nil, err
				}
				all = append(all, due...)
			}
			if len(items) < MaxList {
				break
			}
			before = items[len(items)-1].Number
		}
	}
	slices.SortStableFunc(all, func(a, b Due) int {
		if a.Date.IsZero() != b.Date.IsZero() {
			if a.Date.IsZero() {
				return 1
			}
			return -1
		}
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		return strings.Compare(a.Item.Subject(), b.Item.Subject())
	})
	return all, nil
}

func (d *Decisions) dueOf(ctx context.Context, r *register.Register, i *Item, within time.Duration) ([]Due, error) {
	var all []Due
	remind := func(state string, b register.Body) {
		for _, m := range r.DueBy(b, state, d.today(), int(within/(24*time.Hour))) {
			all = append(all, Due{Item: i, Title: r.Noun(), Says: m.Says, Date: m.Date, Late: m.Late})
		}
	}
	state := r.State(i.State)
	if i.InForce > 0 && !state.InForce { // a change of it waits
		held, err := d.Version(ctx, i.Register, i.ID, i.InForce)
		if err != nil {
			return nil, err
		}
		remind(held.State, held.Body)
	}
	remind(i.State, i.Body)
	if state.Waits != "" {
		all = append(all, Due{Item: i, Title: r.Noun(), Says: fmt.Sprintf("%s, waits %s", state.Title, state.Waits), Waits: state.Waits})
	}
	return all, nil
}
