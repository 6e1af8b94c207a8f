package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// ErrOccupied is the error of preparing a database that holds something.
var ErrOccupied = errors.New("there is a state already")

// Versions are the migrations that a state has gone through, in order.
func (d *DB) Versions(ctx context.Context) ([]int64, error) {
	var all []int64
	err := d.NewRaw("SELECT DISTINCT version_id FROM goose_db_version WHERE version_id > 0 ORDER BY version_id").Scan(ctx, &all)
	if err != nil {
		return nil, fmt.Errorf("read the versions of the state: %w", err)
	}
	return all, nil
}

// Prepare makes the tables of a state as they were after some migrations, in a place that holds none (ErrOccupied), so that what a backup
// holds can be put there. Open brings it to the newest form afterwards. Migrations that this version of Ward does not know are ErrNewer.
func Prepare(ctx context.Context, p Place, versions []int64) (*DB, error) {
	db, err := connect(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := db.prepare(ctx, versions); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (d *DB) prepare(ctx context.Context, versions []int64) error {
	tables := "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
	if d.Postgres() {
		tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	var there int
	if err := d.NewRaw(tables).Scan(ctx, &there); err != nil {
		return fmt.Errorf("prepare the state: %w", err)
	}
	if there > 0 {
		return fmt.Errorf("prepare the state: %w", ErrOccupied)
	}
	provider, err := d.provider()
	if err != nil {
		return fmt.Errorf("prepare the state: %w", err)
	}
	var known []int64
	for _, s := range provider.ListSources() {
		known = append(known, s.Version)
	}
	for _, version := range versions {
		if !slices.Contains(known, version) {
			return ErrNewer
		}
		if _, err := provider.ApplyVersion(ctx, version, true); err != nil {
			return fmt.Errorf("prepare the state: %w", err)
		}
	}
	return nil
}

// Attach opens a state in the form that it has, such as to back it up before a newer version changes it. There must be one.
func Attach(ctx context.Context, p Place) (*DB, error) {
	if p.URL == "" {
		if _, err := os.Stat(filepath.Join(p.Dir, File)); err != nil {
			return nil, fmt.Errorf("open the state: %w", err)
		}
	}
	db, err := connect(ctx, p)
	if err != nil {
		return nil, err
	}
	if _, err := db.Versions(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("there is no state of ward: %w", err), db.Close())
	}
	return db, nil
}
