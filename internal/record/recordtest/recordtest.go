// Package recordtest gives tests a keeper of records whose ledger is a list, so that what it holds can be read and what it refuses be set.
package recordtest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Log is a ledger that is a list. The zero Log is empty.
type Log struct {
	mutex   sync.Mutex
	records [][]byte
	fault   error
}

// Fail has the ledger refuse everything with an error; nil ends that.
func (l *Log) Fail(err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.fault = err
}

// Append implements record.Log.
func (l *Log) Append(_ context.Context, b []byte) (int64, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.fault != nil {
		return 0, l.fault
	}
	l.records = append(l.records, append([]byte{}, b...))
	return int64(len(l.records)) - 1, nil
}

// Read implements record.Log.
func (l *Log) Read(_ context.Context, from, to int64, visit func(int64, []byte) error) error {
	l.mutex.Lock()
	records := l.records[from:to]
	l.mutex.Unlock()
	for i, b := range records {
		if err := visit(from+int64(i), b); err != nil {
			return err
		}
	}
	return nil
}

// Size implements record.Log.
func (l *Log) Size(context.Context) (int64, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return int64(len(l.records)), nil
}

// Check implements record.Log.
func (l *Log) Check() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.fault
}

// Entries are all entries, the oldest first.
func (l *Log) Entries(tb testing.TB) []record.Entry {
	tb.Helper()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var all []record.Entry
	for _, b := range l.records {
		var e record.Entry
		if err := json.Unmarshal(b, &e); err != nil {
			tb.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// Open opens a keeper on a state, with a new ledger and the clock of the test; nil is the real clock.
func Open(tb testing.TB, db *state.DB, now func() time.Time) (*record.Keeper, *Log) {
	tb.Helper()
	if now == nil {
		now = time.Now
	}
	log := &Log{}
	k, err := record.Open(context.Background(), db, log, now)
	if err != nil {
		tb.Fatal(err)
	}
	return k, log
}

// As returns a context in which somebody with these roles acts, whose id and name are name.
func As(name string, roles ...access.Role) context.Context {
	return access.With(context.Background(), access.Actor{ID: name, Name: name, Via: "session", Session: "s-" + name, Roles: roles, Address: "127.0.0.1"})
}
