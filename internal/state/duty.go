package state

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Alone does something unless another holder is at it: of several servers that share a state one does it at a time. The other's hold ends
// when it is done or, if it died, after span; act gets a context that ends before that. Alone returns whether act was called.
func (d *DB) Alone(ctx context.Context, name, holder string, span time.Duration, act func(context.Context) error) (bool, error) {
	mine := false
	now := time.Now()
	err := d.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewRaw(`INSERT INTO duty (name, holder, until) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE duty.until <= ?`,
			name, holder, Millis(now.Add(span)), Millis(now)).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		mine = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look who is to %s: %w", name, err)
	}
	if !mine {
		return false, nil
	}
	working, stop := context.WithDeadline(ctx, now.Add(span*9/10)) // so that clocks may differ a little
	defer stop()
	fault := act(working)
	err = d.Do(context.WithoutCancel(ctx), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM duty WHERE name = ? AND holder = ?", name, holder).Exec(ctx)
		return err
	})
	if fault == nil && err != nil {
		fault = fmt.Errorf("say that it is done to %s: %w", name, err)
	}
	return true, fault
}
