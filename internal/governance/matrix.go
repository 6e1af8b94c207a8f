package governance

import (
	"context"
	"time"

	"ward.dev/ward/internal/framework"
)

// Shared is a row of the shared-responsibility matrix: who answers for one safeguard.
type Shared struct {
	Citation      string
	Name          string
	Specification string // "standard", "required", "addressable"
	Side          string // "customer", "provider", "shared", as the framework says
	// From is the provider that answers for it or a part of it, Under the attestation of the agreement and Why the reason; "" without one.
	From, Under, Why string
	// Confirmed tells that the attestation of the agreement is in force with the answer yes.
	Confirmed bool
	// Item is the responsibility in force, nil if nobody was assigned.
	Item *Holding
}

// Open tells that our side has nobody who answers for it.
func (s Shared) Open() bool { return s.Side != "provider" && s.Item == nil }

// Matrix returns who answered for each safeguard of a framework at a time, in its order.
func (d *Decisions) Matrix(ctx context.Context, f *framework.Framework, estate string, at time.Time) ([]Shared, error) {
	assigned, err := d.InForce(ctx, Responsibility, estate, at)
	if err != nil {
		return nil, err
	}
	by := map[string]*Holding{}
	for i := range assigned {
		h := &assigned[i]
		citation := h.Holds["citation"].Text
		if by[citation] == nil || h.Estate != "" { // that for the estate goes before that for all
			by[citation] = h
		}
	}
	attested, _, err := d.Config(ctx, estate, nil, at)
	if err != nil {
		return nil, err
	}
	confirmed := map[string]bool{}
	for _, a := range attested.Attestations {
		confirmed[a.ID] = a.Answer == "yes" && (a.Expires.IsZero() || a.Expires.String() >= at.UTC().Format(time.DateOnly))
	}
	var rows []Shared
	for _, s := range f.Safeguards {
		row := Shared{Citation: s.Citation, Name: s.Name, Specification: s.Specification, Side: s.Responsible, Item: by[s.Citation]}
		if in := s.Inherited; in != nil {
			row.From, row.Under, row.Why, row.Confirmed = in.From, in.Under, in.Reason, confirmed[in.Under]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
