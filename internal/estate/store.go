package estate

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Store keeps estates and jobs.
type Store struct {
	db     *state.DB
	keeper *record.Keeper
	now    func() time.Time
	roots  []string
}

// Open returns a store. Folders of sources must lie below one of the roots, unless there are none.
func Open(db *state.DB, keeper *record.Keeper, now func() time.Time, roots []string) *Store {
	return &Store{db, keeper, now, roots}
}

// Inside tells whether a folder lies below the roots now: what it is may have changed since it was declared, such as into a link that leads
// out.
func (s *Store) Inside(folder string) bool { return confined(folder, s.roots) }

// The errors of changes.
var (
	ErrNotFound = errors.New("there is no such estate")
	ErrChanged  = errors.New("somebody else has changed it in the meantime")
	ErrExists   = errors.New("there is an estate of that name")
)

type row struct {
	bun.BaseModel `bun:"table:estate"`

	ID      string `bun:",pk"`
	Name    string
	Body    string
	Version int64
	Next    int64
	Removed int64
	Told    int64 `bun:",skipupdate"`
}

func (r row) estate() (e Estate, err error) {
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil {
		return e, fmt.Errorf("read estate %s: %w", r.ID, err)
	}
	e.ID, e.Name, e.Version, e.Next = r.ID, r.Name, r.Version, state.Time(r.Next)
	return e, nil
}

// List returns the estates by name.
func (s *Store) List(ctx context.Context) ([]Estate, error) {
	var rows []row
	if err := s.db.NewSelect().Model(&rows).Where("removed = 0").Order("name").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the estates: %w", err)
	}
	all := make([]Estate, 0, len(rows))
	for _, r := range rows {
		e, err := r.estate()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Get returns an estate; ErrNotFound if there is none or it was removed.
func (s *Store) Get(ctx context.Context, id string) (Estate, error) {
	var r row
	err := s.db.NewSelect().Model(&r).Where("id = ? AND removed = 0", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Estate{}, ErrNotFound
	}
	if err != nil {
		return Estate{}, fmt.Errorf("read estate %s: %w", id, err)
	}
	return r.estate()
}

// Create declares an estate; its first assessment is due at once if it has a schedule. Mistakes are joined Faults.
func (s *Store) Create(ctx context.Context, e Estate) (Estate, error) {
	if err := e.check(s.roots); err != nil {
		return e, err
	}
	e.ID, e.Version = idOf(e.Name), 1
	var there []string
	if err := s.db.NewRaw("SELECT id FROM estate WHERE name = ? OR id = ?", e.Name, e.ID).Scan(ctx, &there); err != nil {
		return e, err
	}
	if len(there) > 0 {
		return e, ErrExists
	}
	if e.Hours > 0 {
		e.Next = s.now()
	}
	r, err := s.row(e)
	if err != nil {
		return e, err
	}
	_, err = s.keeper.Act(ctx, s.entry("create", r), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&r).Exec(ctx)
		if state.Exists(err) {
			return ErrExists
		}
		return err
	})
	return e, err
}

// Change replaces what an estate consists of; e.Version is the version that is changed.
func (s *Store) Change(ctx context.Context, e Estate) (Estate, error) {
	if err := e.check(s.roots); err != nil {
		return e, err
	}
	old, err := s.Get(ctx, e.ID)
	if err != nil {
		return e, err
	}
	if old.Version != e.Version {
		return e, ErrChanged
	}
	e.Version++
	e.Next = old.Next
	switch {
	case e.Hours == 0:
		e.Next = time.Time{}
	case e.Hours != old.Hours:
		e.Next = s.now()
	}
	r, err := s.row(e)
	if err != nil {
		return e, err
	}
	_, err = s.keeper.Act(ctx, s.entry("change", r), func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewUpdate().Model(&r).Where("id = ? AND version = ? AND removed = 0", e.ID, old.Version).Exec(ctx)
		if state.Exists(err) {
			return ErrExists
		}
		return oneRow(done, err, ErrChanged)
	})
	return e, err
}

// Remove ends the assessments of an estate. What was found stays.
func (s *Store) Remove(ctx context.Context, id string, version int64) error {
	e, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	r, err := s.row(e)
	if err != nil {
		return err
	}
	_, err = s.keeper.Act(ctx, s.entry("remove", r), func(ctx context.Context, tx bun.Tx) error {
		done, err := tx.NewRaw("UPDATE estate SET removed = ?, next = 0 WHERE id = ? AND version = ? AND removed = 0",
			state.Millis(s.now()), id, version).Exec(ctx)
		return oneRow(done, err, ErrChanged)
	})
	return err
}

// oneRow turns a change that met no row into an error.
func oneRow(done sql.Result, err, none error) error {
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, none)
	}
	return nil
}

func (s *Store) row(e Estate) (row, error) {
	body, err := json.Marshal(e)
	return row{ID: e.ID, Name: e.Name, Body: string(body), Version: e.Version, Next: state.Millis(e.Next)}, err
}

func (s *Store) entry(verb string, r row) record.Entry {
	return record.Entry{Kind: record.Configuration, Verb: verb, Estate: r.ID, Subject: "estate/" + r.ID,
		Digests: map[string]string{"body": record.Digest([]byte(r.Body))}}
}

// Told is the number of the run up to which people were told of what changed, 0 for none.
func (s *Store) Told(ctx context.Context, id string) (run int64, err error) {
	err = s.db.NewRaw("SELECT told FROM estate WHERE id = ?", id).Scan(ctx, &run)
	return run, err
}

// Tell moves it on, in the transaction that tells them.
func (s *Store) Tell(ctx context.Context, tx bun.Tx, id string, from, to int64) error {
	done, err := tx.NewRaw("UPDATE estate SET told = ? WHERE id = ? AND told = ?", to, id, from).Exec(ctx)
	return oneRow(done, err, ErrChanged)
}
