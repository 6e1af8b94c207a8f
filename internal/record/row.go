package record

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/state"
)

// Row is an entry as the state keeps it, to be found by what it is about.
type Row struct {
	bun.BaseModel `bun:"table:record"`

	ID       string
	Position int64 // in the ledger
	At       int64 // state.Millis
	Kind     Kind
	Verb     string
	Actor    string // the id of the account
	Estate   string
	Subject  string
	Body     string // the entry, byte for byte as the ledger keeps it
	Void     int64  // the position of the entry that takes it back, -1 if it was carried out
}

// Entry is what the row tells.
func (r Row) Entry() (e Entry, err error) { return e, json.Unmarshal([]byte(r.Body), &e) }

func row(e Entry, body []byte, position int64) Row {
	return Row{ID: e.ID, Position: position, At: state.Millis(e.At), Kind: e.Kind, Verb: e.Verb, Actor: e.Actor.ID, Estate: e.Estate,
		Subject: e.Subject, Body: string(body), Void: -1}
}

func insert(ctx context.Context, tx bun.Tx, r Row) error {
	_, err := tx.NewInsert().Model(&r).Exec(ctx)
	return err
}

// Wanted says which rows Find looks for; what is empty is any.
type Wanted struct {
	Kinds    []Kind
	Actor    string
	Estate   string
	Subject  string
	From, To int64 // state.Millis, from and before
	Before   int64 // a position: only older ones; 0 for the newest
	Limit    int64 // 0 is 100
}

// Find returns rows, the newest first.
func (k *Keeper) Find(ctx context.Context, w Wanted) ([]Row, error) {
	var rows []Row
	q := k.db.NewSelect().Model(&rows).Order("position DESC").Limit(100)
	if w.Limit > 0 {
		q = q.Limit(w.Limit)
	}
	if len(w.Kinds) > 0 {
		q = q.Where("kind IN (?)", bun.In(w.Kinds))
	}
	for column, text := range map[string]string{"actor": w.Actor, "estate": w.Estate, "subject": w.Subject} {
		if text != "" {
			q = q.Where("? = ?", bun.Ident(column), text)
		}
	}
	for condition, n := range map[string]int64{"at >= ?": w.From, "at < ?": w.To, "position < ?": w.Before} {
		if n > 0 {
			q = q.Where(condition, n)
		}
	}
	return rows, q.Scan(ctx)
}
