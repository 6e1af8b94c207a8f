package governance

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// itemRow is an Item in the state.
type itemRow struct {
	bun.BaseModel `bun:"table:item"`

	Register string
	Number   int64
	Estate   string
	Version  int64
	State    string
	InForce  int64
	Closed   int64
	ItemKey  string
	Title    string
	Created  int64
	At       int64
}

// versionRow is a Version in the state.
type versionRow struct {
	bun.BaseModel `bun:"table:item_version"`

	Register  string
	Number    int64
	Version   int64
	Verb      string
	State     string
	InForce   int64
	Body      string
	Digest    string
	Reason    string
	Actor     string
	ActorName string
	At        int64
}

func (r itemRow) item(id string, body register.Body) *Item {
	return &Item{Register: r.Register, Number: r.Number, ID: id, Estate: r.Estate, Version: r.Version, State: r.State, InForce: r.InForce,
		Closed: r.Closed == 1, Title: r.Title, Body: body, Created: state.Time(r.Created), At: state.Time(r.At), key: r.ItemKey}
}

func rowOf(i *Item) itemRow {
	row := itemRow{Register: i.Register, Number: i.Number, Estate: i.Estate, Version: i.Version, State: i.State, InForce: i.InForce,
		ItemKey: i.key, Title: i.Title, Created: state.Millis(i.Created), At: state.Millis(i.At)}
	if i.Closed {
		row.Closed = 1
	}
	return row
}

func (r versionRow) version() (Version, error) {
	body, err := register.ReadBody([]byte(r.Body))
	return Version{Version: r.Version, Verb: r.Verb, State: r.State, InForce: r.InForce, Body: body, Digest: r.Digest, Reason: r.Reason,
		Actor: r.Actor, ActorName: r.ActorName, At: state.Time(r.At)}, err
}

// errStale is the error of a write over a version that is not the newest any more.
var errStale = errors.New("the item was changed meanwhile")

// put writes one step. Nobody else's is overwritten: the version that it follows must still be the newest.
func (s *step) put(ctx context.Context, tx bun.Tx) error {
	row := rowOf(s.item)
	if s.item.Version == 1 {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("write %s: %w", s.item.Subject(), err)
		}
	} else {
		done, err := tx.NewRaw(`UPDATE item SET version = ?, state = ?, in_force = ?, closed = ?, item_key = ?, title = ?, at = ?
			WHERE register = ? AND number = ? AND version = ?`,
			row.Version, row.State, row.InForce, row.Closed, row.ItemKey, row.Title, row.At, row.Register, row.Number, row.Version-1).Exec(ctx)
		if err != nil {
			return fmt.Errorf("write %s: %w", s.item.Subject(), err)
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errors.Join(errStale, err)
		}
	}
	if _, err := tx.NewInsert().Model(&s.version).Exec(ctx); err != nil {
		return err
	}
	return s.name(ctx, tx)
}

// take gives the next numbers of a register away. A number that is not used in the end is not given again.
func (d *Decisions) take(ctx context.Context, r *register.Register, n int) (first int64, err error) {
	err = d.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("INSERT INTO item_number (register, last) VALUES (?, 0) ON CONFLICT DO NOTHING", r.ID).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewRaw("UPDATE item_number SET last = last + ? WHERE register = ?", n, r.ID).Exec(ctx); err != nil {
			return err
		}
		return tx.NewRaw("SELECT last FROM item_number WHERE register = ?", r.ID).Scan(ctx, &first)
	})
	return first - int64(n) + 1, err
}
