package governance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// MaxList is how many items List returns at most.
const MaxList = 500

// Get reads an item.
func (d *Decisions) Get(ctx context.Context, registerID, id string) (*Item, error) {
	r, err := d.register(registerID)
	if err != nil {
		return nil, err
	}
	n, err := number(r, id)
	if err != nil {
		return nil, err
	}
	items, err := d.items(ctx, "i.register = ? AND i.number = ?", registerID, n)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	if len(items) == 0 {
		return nil, ErrNotFound
	}
	return items[0], nil
}

// items reads items with their newest bodies.
func (d *Decisions) items(ctx context.Context, where string, args ...any) ([]*Item, error) {
	var rows []struct {
		itemRow `bun:",extend"`
		Body    string
	}
	err := d.db.NewRaw(`SELECT i.register, i.number, i.estate, i.version, i.state, i.in_force, i.closed, i.item_key, i.title, i.created,
			i.at, v.body
		FROM item i JOIN item_version v ON v.register = i.register AND v.number = i.number AND v.version = i.version
		WHERE `+where, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	var all []*Item
	for _, row := range rows {
		r, err := d.register(row.Register)
		if err != nil {
			continue // a register that the catalog has no more
		}
		body, err := register.ReadBody([]byte(row.Body))
		if err != nil {
			return nil, err
		}
		all = append(all, row.item(fmt.Sprintf("%s-%d", r.Prefix, row.Number), body))
	}
	return all, nil
}

// Wanted says which items List looks for; what is empty is any.
type Wanted struct {
	Register string
	Estate   string // what holds for it, what holds for all estates included
	State    string
	Open     bool   // only what is not over
	Text     string // in the title
	Key      string // the value of the register's key
	Before   int64  // a number: only older ones
	Limit    int    // 0 is 100, MaxList at most
}

// List returns items of a register, the newest first.
func (d *Decisions) List(ctx context.Context, w Wanted) ([]*Item, error) {
	if _, err := d.register(w.Register); err != nil {
		return nil, err
	}
	where, args := []string{"i.register = ?"}, []any{w.Register}
	also := func(on bool, text string, values ...any) {
		if on {
			where, args = append(where, text), append(args, values...)
		}
	}
	also(w.Estate != "", "i.estate IN (?, '')", w.Estate)
	also(w.State != "", "i.state = ?", w.State)
	also(w.Open, "i.closed = 0")
	also(w.Key != "", "i.item_key = ?", strings.ToLower(w.Key))
	also(w.Before > 0, "i.number < ?", w.Before)
	plain := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)
	also(w.Text != "", `lower(i.title) LIKE ? ESCAPE '\'`, "%"+plain.Replace(strings.ToLower(w.Text))+"%")
	limit := w.Limit
	if limit <= 0 {
		limit = 100
	}
	items, err := d.items(ctx, strings.Join(where, " AND ")+" ORDER BY i.number DESC LIMIT ?", append(args, min(limit, MaxList))...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", w.Register, err)
	}
	return items, nil
}

// Count tells how many items of a register are open, by state.
func (d *Decisions) Count(ctx context.Context, estate string) (map[string]map[string]int, error) {
	var rows []struct {
		Register, State string
		N               int
	}
	err := d.db.NewRaw("SELECT register, state, count(*) AS n FROM item WHERE ? = '' OR estate IN (?, '') GROUP BY register, state",
		estate, estate).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count the decisions: %w", err)
	}
	counts := map[string]map[string]int{}
	for _, row := range rows {
		if counts[row.Register] == nil {
			counts[row.Register] = map[string]int{}
		}
		counts[row.Register][row.State] = row.N
	}
	return counts, nil
}

// History is every version of an item, the newest first.
func (d *Decisions) History(ctx context.Context, registerID, id string) ([]Version, error) {
	return d.versions(ctx, registerID, id, "ORDER BY version DESC")
}

// Version reads one version of an item.
func (d *Decisions) Version(ctx context.Context, registerID, id string, version int64) (Version, error) {
	all, err := d.versions(ctx, registerID, id, "AND version = ?", version)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Version{}, err
	}
	return all[0], nil
}

func (d *Decisions) versions(ctx context.Context, registerID, id, rest string, args ...any) ([]Version, error) {
	r, err := d.register(registerID)
	if err != nil {
		return nil, err
	}
	n, err := number(r, id)
	if err != nil {
		return nil, err
	}
	var rows []versionRow
	args = append([]any{registerID, n}, args...)
	err = d.db.NewRaw("SELECT * FROM item_version WHERE register = ? AND number = ? "+rest, args...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, ErrNotFound
	}
	var all []Version
	for _, row := range rows {
		v, err := row.version()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// byKey returns the number of the open item of an estate that has a key, 0 if there is none.
func (d *Decisions) byKey(ctx context.Context, r *register.Register, estate, key string) (n int64, err error) {
	err = d.db.NewRaw("SELECT number FROM item WHERE register = ? AND estate = ? AND item_key = ?", r.ID, estate, key).Scan(ctx, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// InForce returns what was in force in a register at a time, for an estate ("": what holds for all), in the order of their numbers.
func (d *Decisions) InForce(ctx context.Context, registerID, estate string, at time.Time) ([]Holding, error) {
	r, err := d.register(registerID)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		itemRow   `bun:",extend"`
		Body      string
		ActorName string
		Since     int64
	}
	err = d.db.NewRaw(`SELECT i.register, i.number, i.estate, h.version, h.state, h.in_force, i.title, i.item_key, i.created, h.at,
			f.body, f.actor_name, f.at AS since
		FROM item i
		JOIN item_version h ON h.register = i.register AND h.number = i.number
			AND h.version = (SELECT max(x.version) FROM item_version x WHERE x.register = i.register AND x.number = i.number AND x.at <= ?)
		JOIN item_version f ON f.register = i.register AND f.number = i.number AND f.version = h.in_force
		WHERE i.register = ? AND i.estate IN (?) ORDER BY i.number`, state.Millis(at), registerID, bun.In([]string{estate, ""})).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read what is in force: %w", err)
	}
	var all []Holding
	for _, row := range rows {
		body, err := register.ReadBody([]byte(row.Body))
		if err != nil {
			return nil, err
		}
		i := row.item(fmt.Sprintf("%s-%d", r.Prefix, row.Number), body)
		all = append(all, Holding{Item: *i, Approved: state.Time(row.Since), By: row.ActorName, Holds: body})
	}
	return all, nil
}
