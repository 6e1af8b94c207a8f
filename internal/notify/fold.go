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

// Limits of what one message is made of; what is beyond them makes another.
const (
	maxFold     = 50_000 // events
	maxFoldRows = 5_000
)

// fold makes messages of the events whose time to wait is over.
func (o *Outbox) fold(ctx context.Context) error {
	var batches []struct {
		Channel, Route string
		First          int64
	}
	err := o.db.NewRaw("SELECT channel, route, min(at) AS first FROM notify_item GROUP BY channel, route ORDER BY first").Scan(ctx, &batches)
	if err != nil || len(batches) == 0 {
		return err
	}
	routes, err := readRoutes(ctx, o.db)
	if err != nil {
		return err
	}
	for _, b := range batches {
		route := find(routes, b.Route)
		if o.now().Before(route.due(state.Time(b.First))) {
			continue
		}
		if err := o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return o.foldOne(ctx, tx, b.Channel, route) }); err != nil {
			return fmt.Errorf("fold notifications: %w", err)
		}
	}
	return nil
}

// find returns a route, or one that sends at once what a route that is gone has left.
func find(routes []Route, id string) Route {
	for _, r := range routes {
		if r.ID == id {
			return r
		}
	}
	return Route{ID: id}
}

// foldOne makes messages of all that waits for a channel on a route.
func (o *Outbox) foldOne(ctx context.Context, tx bun.Tx, channel string, route Route) error {
	var row channelRow
	err := tx.NewSelect().Model(&row).Where("id = ?", channel).Scan(ctx)
	if isNone(err) {
		_, err = tx.NewRaw("DELETE FROM notify_item WHERE channel = ?", channel).Exec(ctx)
	}
	if err != nil || row.ID == "" {
		return err
	}
	c, err := row.channel()
	if err != nil {
		return err
	}
	room, err := o.room(ctx, tx, c)
	if err != nil || room <= 0 {
		return err // what waits goes together once there is room
	}
	var items []itemRow
	err = tx.NewSelect().Model(&items).Where("channel = ? AND route = ?", channel, route.ID).Order("id").Limit(maxFoldRows).Scan(ctx)
	if err != nil || len(items) == 0 {
		return err
	}
	bundles, last, err := gather(items)
	if err != nil {
		return err
	}
	if err := o.settle(ctx, tx, c, route, bundles); err != nil {
		return err
	}
	_, err = tx.NewRaw("DELETE FROM notify_item WHERE channel = ? AND route = ? AND id <= ?", channel, route.ID, last).Exec(ctx)
	if err != nil {
		return err
	}
	sort := delivery.News
	if route.Digest != "" {
		sort = delivery.Digest
	}
	return o.put(ctx, tx, c, o.compose(c, sort, groupsOf(c, bundles, o.base), room))
}

// room is how many messages a channel takes before the hour is over.
func (o *Outbox) room(ctx context.Context, tx bun.Tx, c delivery.Channel) (int, error) {
	var made int
	since := state.Millis(o.now().Add(-time.Hour))
	err := tx.NewRaw("SELECT count(*) FROM notify_message WHERE channel = ? AND made > ? AND personal = 0", c.ID, since).Scan(ctx, &made)
	return c.Limit() - made, err
}

// bundle is what happened to many things in the same way, event by event.
type bundle struct {
	key    string
	order  []string // the keys of things, as they came
	last   map[string]Event
	just   []Event // events without a key
	news   []Event
	mended []Event
	left   int // how many things are so afterwards
}

// gather groups events by what they have in common. It returns the id of the last row that it took.
func gather(items []itemRow) (all []*bundle, last string, err error) {
	at := map[string]*bundle{}
	room := maxFold
	for _, item := range items {
		var events []Event
		if err := json.Unmarshal([]byte(item.Events), &events); err != nil {
			return nil, "", fmt.Errorf("read the events %s: %w", item.ID, err)
		}
		if room -= len(events); room < 0 {
			break
		}
		last = item.ID
		for _, e := range events {
			key := e.group()
			b := at[key]
			if b == nil {
				b = &bundle{key: key, last: map[string]Event{}}
				at[key] = b
				all = append(all, b)
			}
			b.add(e)
		}
	}
	return all, last, nil
}

// add takes one more event. Of a thing only how it ended counts: what broke and was mended in the meantime is not told.
func (b *bundle) add(e Event) {
	if e.Key == "" {
		b.just = append(b.just, e)
		return
	}
	if _, known := b.last[e.Key]; !known {
		b.order = append(b.order, e.Key)
	}
	b.last[e.Key] = e
}

// settle finds out what of each bundle is new to the channel, and keeps what it will have been told.
func (o *Outbox) settle(ctx context.Context, tx bun.Tx, c delivery.Channel, route Route, bundles []*bundle) error {
	for _, b := range bundles {
		b.news = b.just
		var things []string
		if err := tx.NewRaw("SELECT thing FROM notify_open WHERE channel = ? AND grp = ?", c.ID, b.key).Scan(ctx, &things); err != nil {
			return err
		}
		open := make(map[string]bool, len(things))
		for _, thing := range things {
			open[thing] = true
		}
		var add []openRow
		var drop []string
		for _, key := range b.order {
			switch e := b.last[key]; {
			case e.Mended && open[key]:
				b.mended = append(b.mended, e)
				drop = append(drop, key)
			case !e.Mended && !open[key]:
				b.news = append(b.news, e)
				add = append(add, openRow{Channel: c.ID, Grp: b.key, Thing: key, Count: int64(e.Count)})
			}
		}
		b.left = len(things) + len(add) - len(drop)
		if err := insertAll(ctx, tx, add); err != nil {
			return err
		}
		for rest := drop; len(rest) > 0; rest = rest[min(len(rest), bulk):] {
			some := rest[:min(len(rest), bulk)]
			_, err := tx.NewRaw("DELETE FROM notify_open WHERE channel = ? AND grp = ? AND thing IN (?)", c.ID, b.key, bun.In(some)).Exec(ctx)
			if err != nil {
				return err
			}
		}
		if err := o.thread(ctx, tx, c, route, b, len(add) > 0); err != nil {
			return err
		}
	}
	return nil
}

// thread keeps what is needed to remind of a bundle and to find its issue, until it is mended.
func (o *Outbox) thread(ctx context.Context, tx bun.Tx, c delivery.Channel, route Route, b *bundle, more bool) error {
	if b.left == 0 {
		if c.Mended && c.Kind.PerGroup() && len(b.mended) > 0 {
			return nil // until the issue is closed
		}
		_, err := tx.NewRaw("DELETE FROM notify_thread WHERE channel = ? AND grp = ?", c.ID, b.key).Exec(ctx)
		return err
	}
	if !more {
		return nil
	}
	group := groupOf(b.key, b.news, false, o.base)
	group.Resources = nil
	body, err := json.Marshal(group)
	if err != nil {
		return err
	}
	row := threadRow{Channel: c.ID, Grp: b.key, Route: route.ID, Told: state.Millis(o.now()), Body: string(body)}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (channel, grp) DO UPDATE").
		Set("route = EXCLUDED.route").Set("told = EXCLUDED.told").Set("body = EXCLUDED.body").Exec(ctx)
	return err
}
