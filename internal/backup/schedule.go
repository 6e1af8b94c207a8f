package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// clockSlack is how far the clock may have been set back before a backup counts as one of the future.
const clockSlack = 2 * time.Minute

// retry is how long nothing is tried after a failure.
const retry = 30 * time.Minute

// Schedule has a server make backups by itself. Of several servers on one state one makes them at a time.
type Schedule struct {
	// Source is what is backed up. Its Keeper records what is made and what is removed.
	Source Source
	Seal   Seal
	// Folder is where they go. It has to be there: one that is not may be a disk that is not mounted.
	Folder string
	// Every is how old the newest one may be, Keep how many there are at most.
	Every time.Duration
	Keep  int64

	next atomic.Int64 // state.Millis; not tried again before
}

// Made is a backup that was made by a schedule and read back.
type Made struct {
	bun.BaseModel `bun:"table:backup_file"`

	Name    string
	At      int64 // state.Millis, of the state that is in it
	Size    int64
	Digest  string
	Dropped int64
}

// Last returns the newest backup whose file is still there, nil if there is none.
func (s *Schedule) Last(ctx context.Context) (*Made, error) {
	var all []Made
	if err := s.Source.DB.NewSelect().Model(&all).Where("dropped = 0").Order("at DESC").Scan(ctx); err != nil {
		return nil, err
	}
	for _, m := range all {
		if info, err := os.Lstat(filepath.Join(s.Folder, m.Name)); err == nil && info.Size() == m.Size {
			return &m, nil
		}
	}
	return nil, nil
}

// Run makes a backup if one is due, and then removes those that need be kept no longer. It returns what it made, nil if none is due or another
// server is at it. After an error the next one is tried in half an hour.
func (s *Schedule) Run(ctx context.Context) (made *Made, err error) {
	if due, err := s.due(ctx); err != nil || !due || state.Millis(s.Source.Now()) < s.next.Load() {
		return nil, err
	}
	_, err = s.Source.DB.Alone(ctx, "back up", func(ctx context.Context) error {
		due, err := s.due(ctx)
		if err != nil || !due { // another server was faster
			return err
		}
		if made, err = s.make(ctx); err != nil {
			return fmt.Errorf("back up into %s: %w", s.Folder, err)
		}
		if err := s.drop(ctx); err != nil {
			return fmt.Errorf("remove old backups from %s: %w", s.Folder, err)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.next.Store(state.Millis(s.Source.Now().Add(retry)))
	}
	return made, err
}

// due tells whether the newest backup is too old. One of the future, which a clock that was set back leaves, is.
func (s *Schedule) due(ctx context.Context) (bool, error) {
	last, err := s.Last(ctx)
	if err != nil || last == nil {
		return err == nil, err
	}
	age := s.Source.Now().Sub(state.Time(last.At))
	return age >= s.Every || age < -clockSlack, nil
}

// make makes a backup, names it and records it. One that cannot be recorded is removed again.
func (s *Schedule) make(ctx context.Context) (*Made, error) {
	source := s.Source
	source.Keeper = nil // it is recorded when it is known to be good
	p, err := writeProved(ctx, s.Folder, source, s.Seal)
	if err != nil {
		return nil, err
	}
	m := &Made{Name: "ward-" + p.manifest.At.Format("20060102T150405Z") + s.ending(), At: state.Millis(p.manifest.At), Size: p.size, Digest: p.digest}
	if err := p.name(m.Name); err != nil {
		return nil, err
	}
	e := record.Entry{Kind: record.Server, Verb: "back up", Subject: "backup/" + m.Name, Digests: map[string]string{"backup": m.Digest},
		Facts: map[string]string{"sealed": s.Seal.String(), "size": strconv.FormatInt(m.Size, 10)}}
	_, err = s.Source.Keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(m).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, os.Remove(p.file))
	}
	return m, nil
}

func (s *Schedule) ending() string {
	if s.Seal.String() == "no" {
		return ".backup"
	}
	return ".age"
}

// drop removes the oldest backups until there are no more than are kept: that it is done is recorded first, so that a file of which the state
// does not know that it goes is never gone. A server that is killed in between goes on from there the next time.
func (s *Schedule) drop(ctx context.Context) error {
	var old []Made
	err := s.Source.DB.NewSelect().Model(&old).Where("dropped = 0").Order("at DESC").Offset(s.Keep).Limit(1000).Scan(ctx)
	for _, m := range old {
		if err == nil {
			e := record.Entry{Kind: record.Server, Verb: "remove backup", Subject: "backup/" + m.Name, Digests: map[string]string{"backup": m.Digest}}
			_, err = s.Source.Keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
				_, err := tx.NewRaw("UPDATE backup_file SET dropped = 1 WHERE name = ?", m.Name).Exec(ctx)
				return err
			})
		}
	}
	if err != nil {
		return err
	}
	var gone []Made
	if err := s.Source.DB.NewSelect().Model(&gone).Where("dropped = 1").Scan(ctx); err != nil {
		return err
	}
	for _, m := range gone {
		if err := os.Remove(filepath.Join(s.Folder, filepath.Base(m.Name))); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if _, err := s.Source.DB.NewRaw("DELETE FROM backup_file WHERE name = ?", m.Name).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
