package state

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer is the error of a state that a newer version of Ward wrote.
var ErrNewer = errors.New("the state was written by a newer version of ward; run that version, or restore a backup")

func (d *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	if !d.Postgres() {
		return goose.NewProvider(goose.DialectSQLite3, d.DB.DB, files, options...)
	}
	one, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // servers that start at once migrate one after the other
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, d.DB.DB, files, append(options, goose.WithSessionLocker(one))...)
}

// migrate brings the tables to their newest form. Migrations only go forward; the way back is the copy that is made before.
func (d *DB) migrate(ctx context.Context, p Place) error {
	provider, err := d.provider()
	if err != nil {
		return fmt.Errorf("migrate the state: %w", err)
	}
	from, to, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate the state: %w", err)
	}
	if from > to {
		return ErrNewer
	}
	pending, err := provider.HasPending(ctx)
	if err != nil || !pending {
		return err
	}
	if from > 0 {
		if err := d.before(ctx, p, from, to); err != nil {
			return fmt.Errorf("keep a copy of the state before it is migrated: %w", err)
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the state: %w", err)
	}
	return nil
}

func (d *DB) before(ctx context.Context, p Place, from, to int64) error {
	if p.Before != nil {
		if err := p.Before(ctx, from, to); err != nil {
			return err
		}
	}
	if d.Postgres() {
		return nil
	}
	dir := filepath.Join(d.dir, "before-migration")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return d.Copy(ctx, filepath.Join(dir, fmt.Sprintf("state-%d-%s.db", from, time.Now().UTC().Format("20060102T150405.000Z"))))
}

// Copy writes a whole and consistent copy of a SQLite state to a new file, while others go on working with it.
func (d *DB) Copy(ctx context.Context, file string) error {
	if d.Postgres() {
		return errors.New("a copy of a state in PostgreSQL is made with pg_dump")
	}
	if _, err := d.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return err
	}
	return os.Chmod(file, 0o600)
}
