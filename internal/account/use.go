package account

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// uses are when sessions and tokens were last used, as far as the state does not know it yet: a request must not wait until others have written
// what is long. Sweep writes them down.
type uses struct {
	mutex            sync.Mutex
	sessions, tokens map[string]int64 // id, state.Millis
}

func (u *uses) session(id string) int64 {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.sessions[id]
}

func (u *uses) note(of *map[string]int64, id string, at int64) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if *of == nil {
		*of = map[string]int64{}
	}
	(*of)[id] = max((*of)[id], at)
}

func (u *uses) take() (sessions, tokens map[string]int64) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	sessions, tokens = u.sessions, u.tokens
	u.sessions, u.tokens = nil, nil
	return sessions, tokens
}

// noteSession notes that a session is in use after it was idle for a time. After a long time the state is told at once, because another server
// on it might end the session.
func (p *People) noteSession(ctx context.Context, id string, at int64, idle time.Duration) error {
	p.used.note(&p.used.sessions, id, at)
	if idle < p.o.Idle/2 {
		return nil
	}
	if err := p.exec(ctx, "UPDATE session SET seen = ? WHERE id = ? AND seen < ?", at, id, at); err != nil {
		return fmt.Errorf("note that a session is in use: %w", err)
	}
	return nil
}

// writeUses writes down what was in use. What could not be written is kept for the next time.
func (p *People) writeUses(ctx context.Context) error {
	sessions, tokens := p.used.take()
	if len(sessions)+len(tokens) == 0 {
		return nil
	}
	err := p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		for table, all := range map[string]map[string]int64{"session": sessions, "token": tokens} {
			for id, at := range all {
				if _, err := tx.NewRaw("UPDATE ? SET seen = ? WHERE id = ? AND seen < ?", bun.Ident(table), at, id, at).Exec(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	for id, at := range sessions {
		p.used.note(&p.used.sessions, id, at)
	}
	for id, at := range tokens {
		p.used.note(&p.used.tokens, id, at)
	}
	return fmt.Errorf("note which sessions are in use: %w", err)
}

// exec runs one statement that changes rows, in its turn.
func (p *People) exec(ctx context.Context, statement string, args ...any) error {
	return p.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw(statement, args...).Exec(ctx)
		return err
	})
}
