package notify

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/state"
)

// Message is one that was sent, waits, or was given up.
type Message struct {
	ID       string        `json:"id"`
	Channel  string        `json:"channel"` // its id
	Name     string        `json:"name"`    // of the channel when the message was made
	Kind     delivery.Kind `json:"kind"`
	Sort     delivery.Sort `json:"sort"`
	Title    string        `json:"title"`
	Count    int           `json:"count" doc:"of events"`
	Status   string        `json:"status" enum:"waiting,sent,failed"`
	Fault    string        `json:"fault,omitempty" doc:"why the last attempt did not succeed"`
	Attempts int           `json:"attempts"`
	Made     time.Time     `json:"made"`
	Next     time.Time     `json:"next,omitzero" doc:"when it is tried again"`
	Ended    time.Time     `json:"ended,omitzero" doc:"when it was sent or given up"`
	Digest   string        `json:"digest"`
}

// Wanted says which messages Messages returns.
type Wanted struct {
	Channel, Status string // "" is any
	After           string // the id of the last of the page before
	Limit           int64  // 0 is 100
}

// Messages are those of the last 90 days, the newest first.
func (o *Outbox) Messages(ctx context.Context, w Wanted) ([]Message, error) {
	var rows []messageRow
	q := o.db.NewSelect().Model(&rows).Order("id DESC").Limit(100)
	if w.Limit > 0 {
		q = q.Limit(min(w.Limit, 500))
	}
	if w.After != "" {
		q = q.Where("id < ?", w.After)
	}
	if w.Channel != "" {
		q = q.Where("channel = ?", w.Channel)
	}
	if w.Status != "" {
		q = q.Where("status = ?", w.Status)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, err
	}
	all := make([]Message, len(rows))
	for i, r := range rows {
		var m delivery.Message
		if err := json.Unmarshal([]byte(r.Body), &m); err != nil {
			return nil, err
		}
		all[i] = Message{ID: r.ID, Channel: r.Channel, Name: r.Name, Kind: r.Kind, Sort: m.Sort, Title: m.Title, Count: m.Count, Status: r.Status,
			Fault: r.Fault, Attempts: int(r.Attempts), Made: state.Time(r.Made), Ended: state.Time(r.Ended), Digest: r.Digest}
		if r.Status == waiting {
			all[i].Next = state.Time(r.Next)
		}
	}
	return all, nil
}

// Health is how notifications do.
type Health struct {
	Events  int       // that wait to be folded
	Waiting int       // messages that wait to be sent
	Late    int       // of them, those that an attempt has failed for
	Failed  int       // messages that were given up in the last day
	Oldest  time.Time // when the oldest message that waits was made
}

// Health counts what waits and what failed.
func (o *Outbox) Health(ctx context.Context) (h Health, err error) {
	var oldest int64
	err = o.db.NewRaw(`SELECT count(*), coalesce(sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0), coalesce(min(made), 0)
		FROM notify_message WHERE status = ?`, waiting).Scan(ctx, &h.Waiting, &h.Late, &oldest)
	if err != nil {
		return h, err
	}
	h.Oldest = state.Time(oldest)
	day := state.Millis(o.now().Add(-24 * time.Hour))
	if err := o.db.NewRaw("SELECT count(*) FROM notify_message WHERE status = ? AND ended > ?", failed, day).Scan(ctx, &h.Failed); err != nil {
		return h, err
	}
	return h, o.db.NewRaw("SELECT coalesce(sum(count), 0) FROM notify_item").Scan(ctx, &h.Events)
}

// Test sends a message that says nothing to a channel. What came of it is in Messages.
func (o *Outbox) Test(ctx context.Context, channel string) error {
	row, err := o.channelRow(ctx, channel)
	if err != nil {
		return err
	}
	c, err := row.channel()
	if err != nil {
		return err
	}
	m := delivery.Message{ID: state.NewID(), Sort: delivery.Test, Title: "Test of notifications", Link: o.base + "/settings/notifications"}
	_, err = o.keeper.Act(ctx, configured("test", "channel/"+channel), func(ctx context.Context, tx bun.Tx) error {
		room, err := o.room(ctx, tx, c)
		if err != nil {
			return err
		}
		if room <= 0 {
			return &Mistake{"id", "The channel took as many messages as it may in this hour. Try again later."}
		}
		return o.put(ctx, tx, c, []delivery.Message{m})
	})
	o.Wake()
	return err
}

// Retry sends a message that was given up once more.
func (o *Outbox) Retry(ctx context.Context, id string) error {
	there, err := o.db.NewSelect().Model((*messageRow)(nil)).Where("id = ? AND status = ?", id, failed).Exists(ctx)
	if err != nil {
		return err
	}
	if !there {
		return ErrGone
	}
	_, err = o.keeper.Act(ctx, configured("retry", "message/"+id), func(ctx context.Context, tx bun.Tx) error {
		// It counts as a second attempt, because one before may have reached the other side.
		_, err := tx.NewRaw(`UPDATE notify_message SET status = ?, attempts = 1, next = ?, lease = 0, ended = 0, recorded = 0
			WHERE id = ? AND status = ?`, waiting, state.Millis(o.now()), id, failed).Exec(ctx)
		return err
	})
	o.Wake()
	return err
}
