package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// Wait is the error of one who tried too often in vain.
type Wait struct{ For time.Duration }

// Error implements error.
func (w *Wait) Error() string {
	return fmt.Sprintf("There were too many attempts. Wait %s and try again.", w.For.Round(time.Second))
}

// Lockout is what follows from attempts in vain: the first are free, then each doubles the wait, up to the longest. An address may try more
// often, because many people may share it.
type Lockout struct {
	Account int           // attempts that are free for an account
	Address int           // and for an address
	First   time.Duration // the first wait
	Longest time.Duration
}

// DefaultLockout lets an account wait after five attempts, and an address after thirty.
var DefaultLockout = Lockout{Account: 5, Address: 30, First: 30 * time.Second, Longest: 15 * time.Minute}

// forgotten is after which time attempts no longer count.
const forgotten = 24 * time.Hour

// accountKey and addressKey name what attempts are counted for. Names are counted whether there is such an account or not.
func accountKey(what, name string) string { return what + "/" + digest(normal(name)) }

func addressKey(what, address string) string { return "address/" + what + "/" + network(address) }

// network is what one subscriber has: an address of IPv4, or 64 bits of one of IPv6.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if prefix, err := a.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return a.String()
}

func ofAddress(key string) bool { return strings.HasPrefix(key, "address/") }

func (l Lockout) free(key string) int64 {
	if ofAddress(key) {
		return int64(l.Address)
	}
	return int64(l.Account)
}

type attempts struct {
	bun.BaseModel `bun:"table:throttle"`

	ID                 string
	Tries, Last, Until int64
}

// charge counts an attempt before it is made, so that attempts side by side count too, and returns a *Wait if it must not be made. An
// attempt that succeeds takes its charge back.
func (p *People) charge(ctx context.Context, keys ...string) error {
	now := p.o.Now()
	var wait time.Duration
	var closed []string
	err := p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		wait, closed = 0, nil
		counted := make([]attempts, len(keys))
		for i, key := range keys {
			t := attempts{ID: key}
			err := tx.NewRaw("SELECT * FROM throttle WHERE id = ?", key).Scan(ctx, &t)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if now.Sub(state.Time(t.Last)) > forgotten {
				t.Tries, t.Until = 0, 0
			}
			if left := state.Time(t.Until).Sub(now); left <= p.o.Lockout.Longest { // else the clock was set back
				wait = max(wait, left)
			}
			counted[i] = t
		}
		if wait > 0 {
			return nil
		}
		for _, t := range counted {
			t.Tries++
			t.Last = state.Millis(now)
			if over := t.Tries - p.o.Lockout.free(t.ID); over >= 0 {
				t.Until = state.Millis(now.Add(min(p.o.Lockout.First<<min(over, 10), p.o.Lockout.Longest)))
				closed = append(closed, t.ID)
			}
			_, err := tx.NewRaw("INSERT INTO throttle (id, tries, last, until) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "+
				"SET tries = excluded.tries, last = excluded.last, until = excluded.until", t.ID, t.Tries, t.Last, t.Until).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count attempts to sign in: %w", err)
	}
	if wait > 0 {
		return &Wait{wait}
	}
	if closed != nil {
		// This goes to the log of the server once for each wait, and not to the ledger: else whoever tries could fill it.
		p.o.Log.WarnContext(ctx, "attempts to sign in have to wait, unless this one succeeds", "of", closed)
	}
	return nil
}

// refund takes charges back before the rest is done.
func (p *People) refund(ctx context.Context, keys ...string) error {
	return p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return p.clearCharges(ctx, tx, keys) })
}

// clearCharges forgets the attempts of an account, and one attempt of an address, after one that succeeded.
func (p *People) clearCharges(ctx context.Context, tx bun.Tx, keys []string) error {
	for _, key := range keys {
		q := tx.NewRaw("DELETE FROM throttle WHERE id = ?", key)
		if ofAddress(key) {
			q = tx.NewRaw("UPDATE throttle SET until = CASE WHEN tries > ? THEN until ELSE 0 END, tries = tries - 1 WHERE id = ? AND tries > 0",
				p.o.Lockout.Address, key)
		}
		if _, err := q.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
