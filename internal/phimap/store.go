package phimap

import (
	"context"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/sheet"
	"ward.dev/ward/internal/state"
)

// ErrNone is the error of a run without a map.
var ErrNone = sheet.ErrNone

// table is where maps are kept.
const table sheet.Table = "phi_map"

// Keep keeps the map of a run in the transaction that publishes it. One that is the same as before costs nothing.
func Keep(ctx context.Context, tx bun.Tx, estate string, run int64, m *Map) error {
	return table.Keep(ctx, tx, estate, run, m)
}

// Of returns the map of a run; ErrNone if none was kept by then.
func Of(ctx context.Context, db *state.DB, estate string, run int64) (*Map, error) {
	m := &Map{}
	if err := table.Of(ctx, db, estate, run, m); err != nil {
		return nil, err
	}
	return m, nil
}
