package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
)

// void is the verb of an entry that takes another back.
const void = "void"

// takeBack records that what an entry tells of was not done.
func (k *Keeper) takeBack(ctx context.Context, e Entry, body []byte, position int64) error {
	by := access.Program
	back := Entry{Kind: Server, Verb: void, Subject: "record/" + e.ID, Facts: map[string]string{"position": fmt.Sprint(position)}}
	own, err := k.complete(access.With(ctx, by), &back)
	if err != nil {
		return err
	}
	at, err := k.log.Append(ctx, own)
	if err != nil {
		return err
	}
	undone := row(e, body, position)
	undone.Void = at
	return k.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		return errors.Join(insert(ctx, tx, undone), insert(ctx, tx, row(back, own, at)))
	})
}

// inFlight is how long another server may take to carry out what it has recorded. What takes longer and is taken back meanwhile is not
// done: its row is there already, so that its transaction fails.
const inFlight = 15 * time.Minute

// Settle brings the rows in line with the ledger after a program was cut off between the two.
func (k *Keeper) Settle(ctx context.Context) error {
	k.settling.Lock()
	defer k.settling.Unlock()
	// The rows are read before the size of the ledger, which others may append to: a row is younger than its entry.
	var known, beyond int64
	if err := k.db.NewRaw("SELECT count(*), coalesce(max(position), -1) FROM record WHERE position >= ?", k.settled).Scan(ctx, &known, &beyond); err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	size, err := k.log.Size(ctx)
	if err != nil {
		return fmt.Errorf("read the ledger: %w", err)
	}
	if max(beyond, k.settled-1) >= size {
		return fmt.Errorf("the ledger holds %d records, but the state knows of record %d: the ledger was taken back to an earlier time; "+
			"put back state and ledger from one backup", size, max(beyond, k.settled-1))
	}
	if known == size-k.settled {
		k.settled = size
		return nil
	}
	lost, next, err := k.unknown(ctx, size)
	if err != nil {
		return err
	}
	for _, l := range lost {
		if err := k.settleOne(ctx, l); err != nil {
			return fmt.Errorf("settle record %d: %w", l.Position, err)
		}
	}
	k.settled = next
	return nil
}

// unknown are the entries of the ledger that have no row and are to get one, those that take others back first, and the position before
// which all entries have rows once these do.
func (k *Keeper) unknown(ctx context.Context, size int64) (all []Row, next int64, err error) {
	var have []int64
	if err := k.db.NewRaw("SELECT position FROM record WHERE position >= ? ORDER BY position", k.settled).Scan(ctx, &have); err != nil {
		return nil, 0, fmt.Errorf("read the records: %w", err)
	}
	var first, others []Row
	from, next := k.settled, size
	for _, position := range append(have, size) {
		if position = min(position, size); position > from {
			err := k.log.Read(ctx, from, position, func(at int64, body []byte) error {
				var e Entry
				if err := json.Unmarshal(body, &e); err != nil {
					return fmt.Errorf("record %d of the ledger: %w", at, err)
				}
				switch {
				case k.shared && k.now().Sub(e.At) < inFlight:
					next = min(next, at)
				case e.Verb == void:
					first = append(first, row(e, body, at))
				default:
					others = append(others, row(e, body, at))
				}
				return nil
			})
			if err != nil {
				return nil, 0, fmt.Errorf("read the ledger: %w", err)
			}
		}
		from = position + 1
	}
	return append(first, others...), next, nil
}

func (k *Keeper) settleOne(ctx context.Context, l Row) error {
	var e Entry
	if err := json.Unmarshal([]byte(l.Body), &e); err != nil {
		return err
	}
	if e.Verb != void {
		var there int
		if err := k.db.NewRaw("SELECT count(*) FROM record WHERE id = ?", e.ID).Scan(ctx, &there); err != nil || there > 0 {
			return err // it was given its row together with the entry that took it back
		}
		return k.takeBack(ctx, e, []byte(l.Body), l.Position)
	}
	return k.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		id := strings.TrimPrefix(e.Subject, "record/")
		if err := insert(ctx, tx, l); err != nil {
			return err
		}
		var there int
		if err := tx.NewRaw("SELECT count(*) FROM record WHERE id = ?", id).Scan(ctx, &there); err != nil || there > 0 {
			return err
		}
		var position int64
		if _, err := fmt.Sscan(e.Facts["position"], &position); err != nil {
			return fmt.Errorf("which record it takes back: %w", err)
		}
		return k.log.Read(ctx, position, position+1, func(at int64, body []byte) error {
			var undone Entry
			if err := json.Unmarshal(body, &undone); err != nil {
				return err
			}
			r := row(undone, body, at)
			r.Void = l.Position
			return insert(ctx, tx, r)
		})
	})
}
