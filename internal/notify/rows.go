package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
)

type channelRow struct {
	bun.BaseModel `bun:"table:notify_channel"`

	ID       string `bun:",pk"`
	Name     string
	Settings string
	Secret   string
	Sealed   []byte
	Changed  int64
}

func (r channelRow) channel() (c delivery.Channel, err error) {
	if err := json.Unmarshal([]byte(r.Settings), &c); err != nil {
		return c, fmt.Errorf("read the channel %s: %w", r.ID, err)
	}
	c.ID, c.Name = r.ID, r.Name
	return c, nil
}

type routeRow struct {
	bun.BaseModel `bun:"table:notify_route"`

	ID       string `bun:",pk"`
	Place    int64
	Settings string
}

type itemRow struct {
	bun.BaseModel `bun:"table:notify_item"`

	ID      string `bun:",pk"`
	Channel string
	Route   string
	At      int64
	Count   int64
	Events  string // a list of Event
}

type messageRow struct {
	bun.BaseModel `bun:"table:notify_message"`

	ID       string `bun:",pk"`
	Channel  string
	Name     string
	Kind     delivery.Kind
	Made     int64
	Status   string
	Urgent   int64
	Attempts int64
	Next     int64
	Lease    int64
	Holder   string
	Body     string
	Digest   string
	Count    int64
	Fault    string
	Ended    int64
	Recorded int64
	Personal int64
}

// The statuses of a message.
const (
	waiting = "waiting"
	sent    = "sent"
	failed  = "failed"
)

type threadRow struct {
	bun.BaseModel `bun:"table:notify_thread"`

	Channel string `bun:",pk"`
	Grp     string `bun:",pk"`
	Route   string
	Remote  string
	Told    int64
	Body    string
}

type openRow struct {
	bun.BaseModel `bun:"table:notify_open"`

	Channel string `bun:",pk"`
	Grp     string `bun:",pk"`
	Thing   string `bun:",pk"`
	Count   int64
}

// bulk is how many rows one statement writes or names.
const bulk = 500

// insertAll writes rows, however many.
func insertAll[R any](ctx context.Context, db bun.IDB, rows []R, also ...string) error {
	for len(rows) > 0 {
		some := rows[:min(len(rows), bulk)]
		q := db.NewInsert().Model(&some)
		for _, clause := range also {
			q = q.On(clause)
		}
		if _, err := q.Exec(ctx); err != nil {
			return err
		}
		rows = rows[len(some):]
	}
	return nil
}

func readChannels(ctx context.Context, db bun.IDB) ([]delivery.Channel, error) {
	var rows []channelRow
	if err := db.NewSelect().Model(&rows).Order("name").Limit(maxChannels).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the channels: %w", err)
	}
	all := make([]delivery.Channel, len(rows))
	for i, r := range rows {
		var err error
		if all[i], err = r.channel(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readRoutes(ctx context.Context, db bun.IDB) ([]Route, error) {
	var rows []routeRow
	if err := db.NewSelect().Model(&rows).Order("place", "id").Limit(maxRoutes).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the routes of notifications: %w", err)
	}
	all := make([]Route, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal([]byte(r.Settings), &all[i]); err != nil {
			return nil, fmt.Errorf("read the route %s: %w", r.ID, err)
		}
		all[i].ID = r.ID
	}
	return all, nil
}
