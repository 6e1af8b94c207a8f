// Package sheet keeps what is drawn up from an assessment when it is made, beside its findings: maps and sums that no page could make from
// them in time. A sheet holds from the run that it was kept with until before the next.
//
// It must not know what sheets say.
package sheet

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// ErrNone is the error of a run without a sheet.
var ErrNone = errors.New("nothing of this sort was drawn up of this assessment")

// Table is a table of sheets of one sort: of an estate and a run, a digest and a body of JSON in gzip.
type Table string

type row struct {
	bun.BaseModel `bun:"table:sheet"` // the table is named where rows are written

	Estate string
	Run    int64
	Digest string
	Body   []byte
}

// maxSheet bounds a sheet that is read back, in bytes.
const maxSheet = 64 << 20

// Keep keeps the sheet of a run in the transaction that publishes it. One that is the same as before costs nothing.
func (t Table) Keep(ctx context.Context, tx bun.Tx, estate string, run int64, says any) error {
	text, err := json.Marshal(says)
	if err != nil {
		return err
	}
	digest := record.Digest(text)
	var last []string
	if err := tx.NewRaw("SELECT digest FROM ? WHERE estate = ? ORDER BY run DESC LIMIT 1", t.name(), estate).Scan(ctx, &last); err != nil {
		return fmt.Errorf("read %s: %w", t, err)
	}
	if len(last) > 0 && last[0] == digest {
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
	kept := row{Estate: estate, Run: run, Digest: digest, Body: out.Bytes()}
	if _, err := tx.NewInsert().Model(&kept).ModelTableExpr("?", t.name()).Exec(ctx); err != nil {
		return fmt.Errorf("keep %s: %w", t, err)
	}
	return nil
}

// Of reads the sheet of a run; ErrNone if none was kept by then.
func (t Table) Of(ctx context.Context, db *state.DB, estate string, run int64, says any) error {
	var kept []row
	err := db.NewRaw("SELECT body FROM ? WHERE estate = ? AND run <= ? ORDER BY run DESC LIMIT 1", t.name(), estate, run).Scan(ctx, &kept)
	if err == nil && len(kept) == 0 {
		return ErrNone
	}
	var zip *gzip.Reader
	if err == nil {
		zip, err = gzip.NewReader(bytes.NewReader(kept[0].Body))
	}
	if err == nil {
		err = json.NewDecoder(io.LimitReader(zip, maxSheet)).Decode(says)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", t, err)
	}
	return nil
}

func (t Table) name() bun.Ident { return bun.Ident(t) }
