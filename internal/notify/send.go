package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

const (
	tick        = 5 * time.Second
	chores      = time.Minute     // between looking for what to remind of
	lease       = 2 * time.Minute // longer than any one attempt
	attemptTime = time.Minute
	maxAttempts = 12 // in about five hours
	maxPersonal = 60 // in about two days: nobody else hears of it
	firstWait   = 30 * time.Second
	longestWait = time.Hour
	keepSent    = 90 * 24 * time.Hour
)

func isNone(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Run sends what is queued until the context ends. What it was sending then is finished or sent later.
func (o *Outbox) Run(ctx context.Context) error {
	var last time.Time
	for {
		if err := o.Pass(ctx); err != nil && ctx.Err() == nil {
			o.log.ErrorContext(ctx, "notifications cannot be sent", "error", err)
		}
		if now := time.Now(); now.Sub(last) >= chores {
			last = now
			if err := errors.Join(o.remind(ctx), o.prune(ctx)); err != nil && ctx.Err() == nil {
				o.log.ErrorContext(ctx, "reminders cannot be made", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-o.wake:
		case <-time.After(tick):
		}
	}
}

// Pass makes messages of what has waited long enough, sends what is due and records what was sent, once.
func (o *Outbox) Pass(ctx context.Context) error {
	if err := o.fold(ctx); err != nil {
		return err
	}
	if err := o.send(ctx); err != nil {
		return err
	}
	return o.recordEnded(ctx)
}

// send tries each message that is due, one channel beside the other. While the ledger cannot be written only what is urgent goes, which
// is that it cannot: it is recorded afterwards.
func (o *Outbox) send(ctx context.Context) error {
	urgent := 0
	if o.keeper.Ready() != nil {
		urgent = 1
	}
	var due []struct{ ID, Channel string }
	now := state.Millis(o.now())
	err := o.db.NewRaw(`SELECT id, channel FROM notify_message WHERE status = ? AND next <= ? AND lease <= ? AND urgent >= ?
		ORDER BY id LIMIT 500`, waiting, now, now, urgent).Scan(ctx, &due)
	if err != nil {
		return fmt.Errorf("read what is to be sent: %w", err)
	}
	by := map[string][]string{}
	for _, d := range due {
		by[d.Channel] = append(by[d.Channel], d.ID)
	}
	var all sync.WaitGroup
	var mutex sync.Mutex
	room := make(chan struct{}, 8)
	for _, ids := range by {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			for _, id := range ids {
				ok, fault := o.sendOne(ctx, id)
				if fault != nil {
					mutex.Lock()
					err = errors.Join(err, fault)
					mutex.Unlock()
				}
				if !ok {
					return // what comes later waits, too
				}
			}
		})
	}
	all.Wait()
	return err
}

// sendOne tries a message, unless another server does. It tells whether the channel took it.
func (o *Outbox) sendOne(ctx context.Context, id string) (bool, error) {
	row, err := o.claim(ctx, id)
	if err != nil || row.ID == "" {
		return err == nil, err
	}
	var m delivery.Message
	if err := json.Unmarshal([]byte(row.Body), &m); err != nil {
		return false, fmt.Errorf("read the message %s: %w", id, err)
	}
	var to channelRow
	if err := o.db.NewSelect().Model(&to).Where("id = ?", row.Channel).Scan(ctx); err != nil && !isNone(err) {
		return false, err
	}
	remote, err := o.deliver(ctx, to, &m, row.Attempts > 1)
	if ctx.Err() != nil && err != nil {
		return false, nil // the server stops; the message is tried again
	}
	return err == nil, o.ended(context.WithoutCancel(ctx), row, m, remote, err)
}

// claim takes a message for as long as a lease lasts, and counts the attempt before it is made.
func (o *Outbox) claim(ctx context.Context, id string) (row messageRow, err error) {
	err = o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		row = messageRow{}
		now := state.Millis(o.now())
		err := tx.NewSelect().Model(&row).Where("id = ? AND status = ? AND next <= ? AND lease <= ?", id, waiting, now, now).Scan(ctx)
		if isNone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		row.Attempts, row.Holder, row.Lease = row.Attempts+1, o.holder, state.Millis(o.now().Add(lease))
		_, err = tx.NewUpdate().Model(&row).Column("attempts", "holder", "lease").WherePK().Exec(ctx)
		return err
	})
	return row, err
}

// deliver sends a message to a channel.
func (o *Outbox) deliver(ctx context.Context, to channelRow, m *delivery.Message, again bool) (string, error) {
	if to.ID == "" {
		return "", &delivery.Fault{Text: "the channel was removed", Final: true}
	}
	c, err := to.channel()
	if err != nil {
		return "", &delivery.Fault{Text: "the channel cannot be read", Final: true}
	}
	if c.Off {
		return "", &delivery.Fault{Text: "the channel was turned off", Final: true}
	}
	secret, err := o.vault.open(to)
	if err != nil {
		return "", &delivery.Fault{Text: err.Error()}
	}
	m.Again = again
	if m.Thread != "" {
		err := o.db.NewRaw("SELECT remote FROM notify_thread WHERE channel = ? AND grp = ?", c.ID, m.Thread).Scan(ctx, &m.Remote)
		if err != nil && !isNone(err) {
			return "", &delivery.Fault{Text: "the state of the server cannot be read"}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return o.post.Send(ctx, c, secret, *m)
}

// ended keeps how an attempt ended.
func (o *Outbox) ended(ctx context.Context, row messageRow, m delivery.Message, remote string, err error) error {
	now := o.now()
	row.Status, row.Fault, row.Ended, row.Lease = sent, "", state.Millis(now), 0
	var fault *delivery.Fault
	if errors.As(err, &fault) {
		row.Status, row.Fault = failed, fault.Text
		most := int64(maxAttempts)
		if m.Sort == delivery.Personal {
			most = maxPersonal
		}
		if !fault.Final && row.Attempts < most && m.Sort != delivery.Test {
			row.Status, row.Ended = waiting, 0
			row.Next = state.Millis(now.Add(max(wait(row.Attempts), fault.After)))
		}
		o.log.WarnContext(ctx, "a notification was not sent", "channel", row.Channel, "kind", row.Kind, "attempt", row.Attempts,
			"given_up", row.Status == failed, "reason", fault.Text)
	}
	return o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewUpdate().Model(&row).Column("status", "fault", "ended", "lease", "next").WherePK().
			Where("holder = ? AND status = ?", o.holder, waiting).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err // the lease ran out and another server went on
		}
		if row.Status == failed {
			return o.givenUp(ctx, tx, row, m)
		}
		if row.Status == sent && m.Thread != "" {
			return o.follow(ctx, tx, row.Channel, m, remote)
		}
		return nil
	})
}

// follow keeps the issue of a group, or forgets it once it is closed.
func (o *Outbox) follow(ctx context.Context, tx bun.Tx, channel string, m delivery.Message, remote string) error {
	if m.Resolve {
		remote = ""
	}
	_, err := tx.NewRaw("UPDATE notify_thread SET remote = ? WHERE channel = ? AND grp = ?", remote, channel, m.Thread).Exec(ctx)
	if err != nil || !m.Resolve {
		return err
	}
	_, err = tx.NewRaw(`DELETE FROM notify_thread WHERE channel = ? AND grp = ?
		AND NOT EXISTS (SELECT 1 FROM notify_open WHERE notify_open.channel = notify_thread.channel AND notify_open.grp = notify_thread.grp)`,
		channel, m.Thread).Exec(ctx)
	return err
}

// givenUp tells other channels that a message was not sent, unless it was such a message itself.
func (o *Outbox) givenUp(ctx context.Context, tx bun.Tx, row messageRow, m delivery.Message) error {
	if m.Sort == delivery.Test {
		return nil
	}
	for _, g := range m.Groups {
		if g.Kind != string(NotificationLost) {
			return o.queue(ctx, tx, row.Channel, []Event{{Kind: NotificationLost, Link: "/settings/notifications"}})
		}
	}
	return nil
}

// wait is how long after an attempt the next one comes: longer each time, and not all at the same moment.
func wait(attempts int64) time.Duration {
	d := longestWait
	if attempts < 8 {
		d = min(firstWait<<(attempts-1), longestWait)
	}
	return d - time.Duration(rand.Int64N(int64(d)/5))
}

// recordEnded records what was sent and what was given up. A server that dies in between, or a ledger that cannot be written, leaves it
// to a later pass.
func (o *Outbox) recordEnded(ctx context.Context) error {
	var rows []messageRow
	now := state.Millis(o.now())
	err := o.db.NewSelect().Model(&rows).Where("recorded = 0 AND status <> ? AND lease <= ?", waiting, now).Order("id").Limit(bulk).Scan(ctx)
	if err != nil || len(rows) == 0 || o.keeper.Ready() != nil {
		return err
	}
	ctx = access.With(ctx, access.Program)
	for _, row := range rows {
		mine, err := o.claimEnded(ctx, row.ID)
		if err != nil {
			return err
		}
		if !mine {
			continue
		}
		verb := "send"
		if row.Status == failed {
			verb = "give up"
		}
		_, err = o.keeper.Act(ctx, record.Entry{Kind: record.Notification, Verb: verb, Subject: "channel/" + row.Channel,
			Facts: map[string]string{"message": row.ID, "kind": string(row.Kind), "events": fmt.Sprint(row.Count),
				"attempts": fmt.Sprint(row.Attempts)},
			Digests: map[string]string{"message": row.Digest},
		}, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("UPDATE notify_message SET recorded = 1, lease = 0 WHERE id = ?", row.ID).Exec(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("record what was sent: %w", err)
		}
	}
	return nil
}

// claimEnded takes a message that is to be recorded, so that two servers do not both record it.
func (o *Outbox) claimEnded(ctx context.Context, id string) (mine bool, err error) {
	err = o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		now := o.now()
		done, err := tx.NewRaw("UPDATE notify_message SET holder = ?, lease = ? WHERE id = ? AND recorded = 0 AND lease <= ?",
			o.holder, state.Millis(now.Add(lease)), id, state.Millis(now)).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		mine = n == 1
		return err
	})
	return mine, err
}

// prune forgets messages that were sent or given up long ago: their records stay.
func (o *Outbox) prune(ctx context.Context) error {
	return o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM notify_message WHERE recorded = 1 AND status <> ? AND ended < ?",
			waiting, state.Millis(o.now().Add(-keepSent))).Exec(ctx)
		return err
	})
}
