// Package owners keeps who answers for which resources by the rules of ward.yaml, as each assessment found it.
//
// It must not know what is assigned on the server, which goes before rules: the history puts both together.
package owners

import (
	"context"
	"errors"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/sheet"
	"ward.dev/ward/internal/state"
)

// Ruled are the ids of resources by who answers for them.
type Ruled map[string][]string

// By gathers what an assessment says.
func By(a *assessment.Assessment) Ruled {
	all := Ruled{}
	seen := map[*assessment.Subject]bool{}
	for i := range a.Findings {
		s := a.Findings[i].Subject
		if s.Owner == "" || seen[s] {
			continue
		}
		seen[s] = true
		all[s.Owner] = append(all[s.Owner], s.Resource.ID)
	}
	return all
}

// table is where it is kept.
const table sheet.Table = "owner_rule"

// Keep keeps what the rules said of a run in the transaction that publishes it.
func Keep(ctx context.Context, tx bun.Tx, estate string, run int64, all Ruled) error {
	return table.Keep(ctx, tx, estate, run, all)
}

// Of returns the owners of resources by their ids, as the rules said of a run; none of one from before there were rules.
func Of(ctx context.Context, db *state.DB, estate string, run int64) (map[string]string, error) {
	all := Ruled{}
	if err := table.Of(ctx, db, estate, run, &all); err != nil && !errors.Is(err, sheet.ErrNone) {
		return nil, err
	}
	of := map[string]string{}
	for owner, ids := range all {
		for _, id := range ids {
			of[id] = owner
		}
	}
	return of, nil
}
