// Package record writes down what people and the program do, before it is done: each act is an entry of the ledger first and a change of
// the state after, so that nothing happens that the ledger does not tell (45 CFR 164.312(b)). A ledger that cannot be written stops every act.
//
// It must not know what acts mean. Entries are kept for years and cannot be changed: they MUST NOT hold PHI, secrets or text that people
// typed freely. Such text stays in the state, and the entry holds its digest.
package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/state"
)

// Kind is a sort of act.
type Kind string

// The kinds of entries.
const (
	SignIn        Kind = "sign-in"       // signed in, refused, signed out, ended by idle time
	Account       Kind = "account"       // accounts, roles, tokens, elevation, break-glass
	Decision      Kind = "decision"      // attestations, exceptions and all that people decide
	Assessment    Kind = "assessment"    // an assessment with the digest of its evidence
	Configuration Kind = "configuration" // estates, sources, schedules, notifications, settings
	Evidence      Kind = "evidence"      // evidence taken away, checked, put back
	Notification  Kind = "notification"  // what was sent to whom
	Server        Kind = "server"        // start, stop, backup, migration; and entries that take others back
)

// Entry is one act, as the ledger keeps it: JSON, one line.
type Entry struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"` // never before that of an earlier entry of the same server
	Kind    Kind      `json:"kind"`
	Verb    string    `json:"verb"` // "sign in", "approve", "change"
	Actor   Actor     `json:"actor"`
	Estate  string    `json:"estate,omitempty"`  // its id
	Subject string    `json:"subject,omitempty"` // what it was done to: "exception/EX-3", "account/0192..."
	// Facts are words and numbers of the program about the act, never text that people typed.
	Facts map[string]string `json:"facts,omitempty"`
	// Digests name what is kept elsewhere: "sha256:..." of its bytes.
	Digests map[string]string `json:"digests,omitempty"`
}

// Actor is who acted.
type Actor struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Via       string `json:"via"`
	Session   string `json:"session,omitempty"`
	Address   string `json:"address,omitempty"`
	Elevation string `json:"elevation,omitempty"`
}

// Digest is how entries name bytes.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Log is the ledger that entries go to.
type Log interface {
	// Append returns the position of a record once it is durable.
	Append(ctx context.Context, record []byte) (int64, error)
	// Read visits the records from one position to before another.
	Read(ctx context.Context, from, to int64, visit func(position int64, record []byte) error) error
	// Size is how many records there are.
	Size(ctx context.Context) (int64, error)
	// Check tells whether records are taken.
	Check() error
}

// Keeper writes entries. It may be used by many goroutines.
type Keeper struct {
	db  *state.DB
	log Log
	now func() time.Time

	shared bool // other servers append to the log, too

	mutex sync.Mutex
	last  time.Time

	settling sync.Mutex
	settled  int64 // all entries before this position have their rows
}

// ErrUnrecorded is the error of an act that was not done because it could not be recorded.
var ErrUnrecorded = errors.New("nothing was done, because the ledger cannot be written")

// clockSlack is how far the clock may be behind the newest entry before entries tell of it.
const clockSlack = 5 * time.Second

// Open begins to keep records. Entries of acts that were cut off before they took effect are taken back. A ledger that holds less than
// the state knows is refused.
func Open(ctx context.Context, db *state.DB, log Log, now func() time.Time) (*Keeper, error) {
	return open(ctx, &Keeper{db: db, log: log, now: now})
}

// OpenShared is Open for a log that other servers append to as well, which share the state. What they may be carrying out at the moment is
// left alone, so that Settle is to be called now and then.
func OpenShared(ctx context.Context, db *state.DB, log Log, now func() time.Time) (*Keeper, error) {
	return open(ctx, &Keeper{db: db, log: log, now: now, shared: true})
}

func open(ctx context.Context, k *Keeper) (*Keeper, error) {
	var last int64
	if err := k.db.NewRaw("SELECT coalesce(max(at), 0) FROM record").Scan(ctx, &last); err != nil {
		return nil, fmt.Errorf("read the records: %w", err)
	}
	k.last = state.Time(last)
	return k, k.Settle(ctx)
}

// Ready tells whether acts can be recorded.
func (k *Keeper) Ready() error {
	if err := k.log.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	return nil
}

// Act records an entry and then does what it tells of, in one transaction with the row of the record. Who acts is taken from ctx, and the
// id and the time are set here. An error means that nothing was done; if the entry was in the ledger by then, another takes it back.
// What can be checked beforehand is to be checked beforehand, so that this is rare.
func (k *Keeper) Act(ctx context.Context, e Entry, act func(ctx context.Context, tx bun.Tx) error) (Entry, error) {
	body, err := k.complete(ctx, &e)
	if err != nil {
		return e, err
	}
	position, err := k.log.Append(ctx, body)
	if err != nil {
		return e, fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	// The entry is there for good, so that a caller who goes away must not leave its act half done.
	ctx = context.WithoutCancel(ctx)
	err = k.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error {
		if act != nil {
			if err := act(ctx, tx); err != nil {
				return err
			}
		}
		return insert(ctx, tx, row(e, body, position))
	})
	if err != nil {
		if back := k.takeBack(ctx, e, body, position); back != nil {
			return e, errors.Join(err, fmt.Errorf("take back the record of what was not done: %w", back))
		}
		return e, err
	}
	return e, nil
}

// complete sets who, when and which, and writes the entry out.
func (k *Keeper) complete(ctx context.Context, e *Entry) ([]byte, error) {
	by := access.From(ctx)
	if by.ID == "" {
		return nil, fmt.Errorf("record %s of %s: it is not known who acts", e.Verb, e.Subject)
	}
	e.ID = state.NewID()
	e.Actor = Actor{ID: by.ID, Name: by.Name, Via: by.Via, Session: by.Session, Address: by.Address, Elevation: by.Elevation}
	e.At = k.time(e)
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("record %s of %s: %w", e.Verb, e.Subject, err)
	}
	return body, nil
}

// time is that of the clock, unless the clock was set back: then that of the newest entry, and the entry says so.
func (k *Keeper) time(e *Entry) time.Time {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	now := k.now().UTC().Truncate(time.Millisecond)
	if behind := k.last.Sub(now); behind > 0 {
		if behind > clockSlack {
			facts := map[string]string{"clock_behind": behind.String()}
			for name, fact := range e.Facts {
				facts[name] = fact
			}
			e.Facts = facts
		}
		return k.last
	}
	k.last = now
	return now
}
