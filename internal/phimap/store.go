package phimap

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// ErrNone is the error of a run without a map.
var ErrNone = errors.New("there is no map of this assessment")

type row struct {
	bun.BaseModel `bun:"table:phi_map"`

	Estate string `bun:",pk"`
	Run    int64  `bun:",pk"` // the first that it holds for
	Digest string
	Body   []byte // JSON, gzip
}

// maxMap bounds a map that is read back, in bytes.
const maxMap = 64 << 20

// Keep keeps the map of a run in the transaction that publishes it. One that is the same as before costs nothing.
func Keep(ctx context.Context, tx bun.Tx, estate string, run int64, m *Map) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	r := row{Estate: estate, Run: run, Digest: record.Digest(text)}
	var last []string
	if err := tx.NewRaw("SELECT digest FROM phi_map WHERE estate = ? ORDER BY run DESC LIMIT 1", estate).Scan(ctx, &last); err != nil {
		return fmt.Errorf("read the map of PHI: %w", err)
	}
	if len(last) > 0 && last[0] == r.Digest {
		return nil
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(text); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	r.Body = out.Bytes()
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return fmt.Errorf("keep the map of PHI: %w", err)
	}
	return nil
}

// Of returns the map of a run; ErrNone if none was kept by then.
func Of(ctx context.Context, db *state.DB, estate string, run int64) (*Map, error) {
	var r row
	err := db.NewSelect().Model(&r).Where("estate = ? AND run <= ?", estate, run).Order("run DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("read the map of PHI: %w", err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("read the map of PHI: %w", err)
	}
	m := &Map{}
	if err := json.NewDecoder(io.LimitReader(zip, maxMap)).Decode(m); err != nil {
		return nil, fmt.Errorf("read the map of PHI: %w", err)
	}
	return m, nil
}
