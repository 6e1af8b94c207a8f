// Package state keeps what Ward must remember: in SQLite, in the data directory of one machine, or in PostgreSQL, which several machines
// share. Both run the same statements and the same migrations.
//
// It must not know what the tables mean: each belongs to one package above, which alone reads and writes it.
//
// Conventions of the tables: times are milliseconds since 1970 in UTC (Millis, Time), identifiers are text (NewID), a truth is 0 or 1,
// bytes are BYTEA and what only programs read is JSON in TEXT, so that one set of migrations serves both databases.
package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// File is what the database of SQLite is called in the data directory.
const File = "state.db"

// Place is where the state is kept.
type Place struct {
	// Dir is the data directory. It is made if it is missing.
	Dir string
	// URL is that of a PostgreSQL database ("postgres://..."), "" for SQLite in Dir.
	URL string
	// Before is called before migrations change a database that holds something; an error leaves it as it is. It may be nil. For
	// SQLite a copy is made in any case.
	Before func(ctx context.Context, from, to int64) error
}

// DB is an open database. It may be used by many goroutines.
type DB struct {
	*bun.DB
	dir   string
	write *sync.Mutex // SQLite has one writer; waiting here is fair, in the database it is not
}

// Open opens the state, makes it if it is not there, and brings it to the newest form. A state that a newer Ward wrote is refused with
// ErrNewer.
func Open(ctx context.Context, p Place) (*DB, error) {
	db, err := connect(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, p); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func connect(ctx context.Context, p Place) (*DB, error) {
	if p.URL != "" {
		if !strings.HasPrefix(p.URL, "postgres://") && !strings.HasPrefix(p.URL, "postgresql://") {
			return nil, errors.New("open the database: its URL begins with neither postgres:// nor postgresql://")
		}
		pool, err := sql.Open("pgx", p.URL)
		if err != nil {
			return nil, fmt.Errorf("open the database: %w", withoutURL(err, p.URL))
		}
		pool.SetMaxOpenConns(20)
		pool.SetConnMaxIdleTime(time.Minute)
		if err := pool.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open the database: %w", withoutURL(err, p.URL)), pool.Close())
		}
		return &DB{DB: bun.NewDB(pool, pgdialect.New())}, nil
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	file := filepath.Join(p.Dir, File)
	pool, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"+
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-16384)&_pragma=temp_store(MEMORY)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	pool.SetMaxOpenConns(16)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", file, err), pool.Close())
	}
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open the state: %w", err), pool.Close())
	}
	return &DB{DB: bun.NewDB(pool, sqlitedialect.New()), dir: p.Dir, write: &sync.Mutex{}}, nil
}

// withoutURL keeps the password in a URL out of an error.
func withoutURL(err error, url string) error {
	if strings.Contains(err.Error(), url) {
		return errors.New(strings.ReplaceAll(err.Error(), url, "the given URL"))
	}
	return err
}

// Postgres tells whether the state is in PostgreSQL.
func (d *DB) Postgres() bool { return d.write == nil }

// attempts is how often Do tries.
const attempts = 10

// Do runs act in one transaction, which is written whole or, if act errs, not at all. It is run again if others were in its way, so act
// MUST have no effect but on the transaction. In SQLite one Do runs at a time: act MUST NOT wait for anything else.
func (d *DB) Do(ctx context.Context, act func(ctx context.Context, tx bun.Tx) error) error {
	if d.write != nil {
		d.write.Lock()
		defer d.write.Unlock()
	}
	options := &sql.TxOptions{}
	if d.Postgres() {
		options.Isolation = sql.LevelSerializable
	}
	for attempt := 1; ; attempt++ {
		err := d.RunInTx(ctx, options, act)
		if !again(err) || attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(rand.Int64N(int64(attempt) * int64(20*time.Millisecond)))):
		}
	}
}

// again tells whether a transaction failed because of others that ran beside it.
func again(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization_failure, deadlock_detected
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Full tells whether an error means that the disk of the database has no room.
func Full(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "53100" // disk_full
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) { // the second where its index of the log cannot grow
		return lite.Code()&0xff == sqlite3.SQLITE_FULL || lite.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
	}
	return errors.Is(err, syscall.ENOSPC)
}

// Exists tells whether an error means that a row of this key is there already.
func Exists(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" // unique_violation
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// NewID returns a new identifier: a UUID of version 7 (RFC 9562), so that newer ones sort after older ones.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Millis is how tables keep a time; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the time of Millis, in UTC.
func Time(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
