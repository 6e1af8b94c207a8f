package backup

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// reader reads a database as it was at one moment.
type reader struct {
	tx       bun.Tx
	postgres bool
}

// snapshot calls read with a reader. Others go on writing meanwhile.
func snapshot(ctx context.Context, db *state.DB, read func(reader) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if db.Postgres() {
		options.Isolation = sql.LevelRepeatableRead
	}
	return db.RunInTx(ctx, options, func(_ context.Context, tx bun.Tx) error { return read(reader{tx, db.Postgres()}) })
}

// tables are the names of all tables, those that others refer to before them.
func (r reader) tables(ctx context.Context) ([]string, error) {
	all := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
	references := `SELECT m.name AS child, f."table" AS parent FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`
	if r.postgres {
		all = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
		references = `SELECT c.relname AS child, p.relname AS parent FROM pg_constraint f JOIN pg_class c ON f.conrelid = c.oid
			JOIN pg_class p ON f.confrelid = p.oid
			WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace`
	}
	var names []string
	if err := r.tx.NewRaw(all).Scan(ctx, &names); err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "goose_") })
	var pairs []struct{ Child, Parent string }
	if err := r.tx.NewRaw(references).Scan(ctx, &pairs); err != nil {
		return nil, fmt.Errorf("list the references of tables: %w", err)
	}
	parents := map[string][]string{}
	for _, p := range pairs {
		parents[p.Child] = append(parents[p.Child], p.Parent)
	}
	var order []string
	begun := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if begun[name] {
			return
		}
		begun[name] = true
		for _, parent := range parents[name] {
			visit(parent)
		}
		order = append(order, name)
	}
	for _, name := range names {
		visit(name)
	}
	return order, nil
}

// columnsLine is the first line of a table; each line after it is a row.
type columnsLine struct {
	Columns []string `json:"columns"`
}

// blob is how bytes stand in a row, which JSON has no word for.
type blob struct {
	Bytes []byte `json:"bytes"`
}

// dump writes a table as JSON lines and tells how many rows it has.
func (r reader) dump(ctx context.Context, table string, w io.Writer) (n int64, err error) {
	rows, err := r.tx.QueryContext(ctx, "SELECT * FROM ?", bun.Ident(table))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(columnsLine{columns}); err != nil {
		return 0, err
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for i, v := range row {
			switch v := v.(type) {
			case nil, int64, float64, string, bool:
			case []byte:
				row[i] = blob{v}
			default:
				return n, fmt.Errorf("column %s has a value of type %T, which a backup has no word for", columns[i], v)
			}
		}
		if err := lines.Encode(row); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// load fills a table with what dump wrote.
func load(ctx context.Context, tx bun.Tx, table string, r io.Reader) (n int64, err error) {
	lines := json.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	lines.UseNumber()
	var head columnsLine
	if err := lines.Decode(&head); err != nil {
		return 0, err
	}
	if len(head.Columns) == 0 || len(head.Columns) > 500 {
		return 0, fmt.Errorf("it has %d columns", len(head.Columns))
	}
	columns := make([]bun.Ident, len(head.Columns))
	for i, name := range head.Columns {
		columns[i] = bun.Ident(name)
	}
	if _, err := tx.NewRaw("DELETE FROM ?", bun.Ident(table)).Exec(ctx); err != nil { // what migrations put there
		return 0, err
	}
	const at = 200
	var batch [][]any
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := tx.NewRaw("INSERT INTO ? (?) VALUES ?", bun.Ident(table), bun.In(columns), bun.In(batch)).Exec(ctx)
		n += int64(len(batch))
		batch = batch[:0]
		return err
	}
	for {
		var raw []json.RawMessage
		err := lines.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return n, flush()
		}
		if err != nil {
			return n, fmt.Errorf("row %d: %w", n+int64(len(batch)), err)
		}
		row, err := values(raw, len(columns))
		if err != nil {
			return n, fmt.Errorf("row %d: %w", n+int64(len(batch)), err)
		}
		if batch = append(batch, row); len(batch) == at {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
}

// values reads a row.
func values(raw []json.RawMessage, columns int) ([]any, error) {
	if len(raw) != columns {
		return nil, fmt.Errorf("it has %d values for %d columns", len(raw), columns)
	}
	row := make([]any, columns)
	for i, text := range raw {
		var err error
		switch text[0] {
		case 'n':
		case '"':
			var s string
			err = json.Unmarshal(text, &s)
			row[i] = s
		case '{':
			var b blob
			err = json.Unmarshal(text, &b)
			row[i] = b.Bytes
		case 't', 'f':
			row[i] = text[0] == 't'
		default:
			number := json.Number(text)
			if whole, wrong := number.Int64(); wrong == nil {
				row[i] = whole
			} else {
				row[i], err = number.Float64()
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}
