package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/state"
)

// remind tells again what was told and is still so, on the routes that ask for it.
func (o *Outbox) remind(ctx context.Context) error {
	routes, err := readRoutes(ctx, o.db)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if r.Remind == 0 || r.Off {
			continue
		}
		before := state.Millis(o.now().Add(-time.Duration(r.Remind) * time.Hour))
		for _, channel := range r.Channels {
			err := o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return o.remindOne(ctx, tx, r, channel, before) })
			if err != nil {
				return fmt.Errorf("remind: %w", err)
			}
		}
	}
	return nil
}

func (o *Outbox) remindOne(ctx context.Context, tx bun.Tx, r Route, channel string, before int64) error {
	var threads []threadRow
	err := tx.NewSelect().Model(&threads).Where("channel = ? AND route = ? AND told <= ?", channel, r.ID, before).
		Order("told").Limit(bulk).Scan(ctx)
	if err != nil || len(threads) == 0 {
		return err
	}
	var row channelRow
	if err := tx.NewSelect().Model(&row).Where("id = ?", channel).Scan(ctx); err != nil {
		return err
	}
	c, err := row.channel()
	if err != nil || c.Off {
		return err
	}
	room, err := o.room(ctx, tx, c)
	if err != nil || room <= 0 {
		return err
	}
	var groups []delivery.Group
	for _, t := range threads {
		var g delivery.Group
		if err := json.Unmarshal([]byte(t.Body), &g); err != nil {
			return err
		}
		err := tx.NewRaw("SELECT coalesce(sum(count), 0) FROM notify_open WHERE channel = ? AND grp = ?", channel, t.Grp).Scan(ctx, &g.Count)
		if err != nil {
			return err
		}
		if g.Count > 0 {
			g.Sentence, g.PHI = sentence(Kind(g.Kind), g.Count, false), min(g.PHI, g.Count)
			groups = append(groups, g)
		}
	}
	_, err = tx.NewRaw("UPDATE notify_thread SET told = ? WHERE channel = ? AND route = ? AND told <= ?",
		state.Millis(o.now()), channel, r.ID, before).Exec(ctx)
	if err != nil {
		return err
	}
	return o.put(ctx, tx, c, o.compose(c, delivery.Reminder, groups, room))
}
