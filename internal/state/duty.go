package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// A turn is how long whoever is at a duty is waited for without a sign of life, and how often there is one.
const (
	turn = 2 * time.Minute
	beat = turn / 8
)

// Alone does something unless another one is at it: of several servers that share a state one does it at a time. If this one is taken for dead,
// because it gives no sign of life for two minutes, the context of act ends. Alone returns whether act was called.
func (d *DB) Alone(ctx context.Context, duty string, act func(context.Context) error) (did bool, err error) {
	holder := NewID()
	ours, err := d.take(ctx, duty, holder)
	if err != nil {
		return false, fmt.Errorf("look whose turn it is to %s: %w", duty, err)
	}
	if !ours {
		return false, nil
	}
	working, stop := context.WithCancelCause(ctx)
	var beating sync.WaitGroup
	beating.Go(func() { d.hold(working, stop, duty, holder) })
	err = act(working)
	if cause := context.Cause(working); err != nil && cause != nil {
		err = errors.Join(err, cause)
	}
	stop(nil)
	beating.Wait()
	_, fault := d.changes(context.WithoutCancel(ctx), "DELETE FROM duty WHERE name = ? AND holder = ?", duty, holder)
	return true, errors.Join(err, fault)
}

func (d *DB) take(ctx context.Context, duty, holder string) (bool, error) {
	now := time.Now()
	return d.changes(ctx, `INSERT INTO duty (name, holder, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE duty.until <= ?`,
		duty, holder, Millis(now.Add(turn)), Millis(now))
}

// hold keeps the turn until the context ends, and ends the work if another one has taken it.
func (d *DB) hold(ctx context.Context, stop context.CancelCauseFunc, duty, holder string) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		ours, err := d.changes(ctx, "UPDATE duty SET until = ? WHERE name = ? AND holder = ?", Millis(time.Now().Add(turn)), duty, holder)
		if err == nil && !ours {
			stop(fmt.Errorf("another server has taken the turn to %s", duty))
		}
	}
}

// changes runs a statement and tells whether it changed anything.
func (d *DB) changes(ctx context.Context, statement string, args ...any) (changed bool, err error) {
	err = d.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewRaw(statement, args...).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		changed = n > 0
		return err
	})
	return changed, err
}
