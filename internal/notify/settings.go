package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Mistake is what is wrong with what somebody entered.
type Mistake struct {
	Field string // as JSON has it
	Text  string // a sentence for them
}

// Error implements error.
func (m *Mistake) Error() string { return m.Text }

// ErrGone is the error of a channel, route or message that is not there.
var ErrGone = errors.New("it is not there any more")

// configured is the entry of a change of the settings.
func configured(verb, subject string) record.Entry {
	return record.Entry{Kind: record.Configuration, Verb: verb, Subject: subject}
}

// Channels are all channels, by name, without their secrets.
func (o *Outbox) Channels(ctx context.Context) ([]delivery.Channel, error) {
	return readChannels(ctx, o.db)
}

// Channel is one channel and how its secret is kept: "file:NAME", "env:NAME", "sealed" or "".
func (o *Outbox) Channel(ctx context.Context, id string) (delivery.Channel, string, error) {
	row, err := o.channelRow(ctx, id)
	if err != nil {
		return delivery.Channel{}, "", err
	}
	c, err := row.channel()
	kept := row.Secret
	if len(row.Sealed) > 0 {
		kept = "sealed"
	}
	return c, kept, err
}

func (o *Outbox) channelRow(ctx context.Context, id string) (row channelRow, err error) {
	err = o.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx)
	if isNone(err) {
		err = ErrGone
	}
	return row, err
}

// SaveChannel makes a channel, if it has no id, or changes it. secret is "file:NAME" or "env:NAME", or the secret itself, which is kept
// sealed and never shown; "" leaves it as it was, which is refused if the channel now leads elsewhere.
func (o *Outbox) SaveChannel(ctx context.Context, c delivery.Channel, secret string) (delivery.Channel, error) {
	row := channelRow{ID: c.ID}
	verb := "change"
	if c.ID == "" {
		row.ID, verb = state.NewID(), "create"
	} else {
		var err error
		if row, err = o.channelRow(ctx, c.ID); err != nil {
			return c, err
		}
		before, err := row.channel()
		if err != nil {
			return c, err
		}
		if secret == "" && (row.Secret != "" || len(row.Sealed) > 0) && elsewhere(before, c) {
			return c, &Mistake{"secret", "The channel now leads elsewhere, so write its " + c.Kind.SecretName() +
				" again: what is kept is sent only to where it was meant for."}
		}
	}
	c.ID, c.Name = row.ID, strings.TrimSpace(c.Name)
	row.Name, row.Changed = c.Name, state.Millis(o.now())
	if err := o.keepSecret(&row, c, secret); err != nil {
		return c, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	row.Settings = string(settings)
	e := configured(verb, "channel/"+c.ID)
	e.Facts, e.Digests = map[string]string{"kind": string(c.Kind)}, map[string]string{"settings": record.Digest(settings)}
	_, err = o.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		if verb == "create" {
			return o.createChannel(ctx, tx, row)
		}
		_, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx)
		return err
	})
	if state.Exists(err) {
		err = &Mistake{"name", "There is a channel of this name already."}
	}
	return c, err
}

func (o *Outbox) createChannel(ctx context.Context, tx bun.Tx, row channelRow) error {
	var there int
	if err := tx.NewRaw("SELECT count(*) FROM notify_channel").Scan(ctx, &there); err != nil {
		return err
	}
	if there >= maxChannels {
		return &Mistake{"name", fmt.Sprintf("There are %d channels already, which is the most.", maxChannels)}
	}
	_, err := tx.NewInsert().Model(&row).Exec(ctx)
	return err
}

// elsewhere tells whether a channel leads to another place or person than before.
func elsewhere(a, b delivery.Channel) bool {
	return a.Kind != b.Kind || a.Host != b.Host || a.Port != b.Port || a.Security != b.Security || a.User != b.User || a.URL != b.URL
}

// keepSecret checks a channel with its secret and puts the secret into its row.
func (o *Outbox) keepSecret(row *channelRow, c delivery.Channel, secret string) error {
	if err := c.Check(o.post.Plain()); err != nil {
		return mistake("secret", err)
	}
	if len(secret) > maxSecret {
		return &Mistake{"secret", fmt.Sprintf("A secret has at most %d characters.", maxSecret)}
	}
	reference, err := isReference(secret)
	switch {
	case err != nil:
		return mistake("secret", err)
	case reference:
		row.Secret, row.Sealed = secret, nil
	case secret != "":
		row.Secret, row.Sealed = "", o.vault.seal(row.ID, secret)
	}
	if secret, err = o.vault.open(*row); err != nil {
		return mistake("secret", err)
	}
	if err := c.CheckSecret(secret, o.post.Plain()); err != nil {
		return mistake("secret", err)
	}
	return nil
}

// mistake is an error as a sentence about the field that it names, or another.
func mistake(field string, err error) error {
	var wrong *delivery.Wrong
	if errors.As(err, &wrong) {
		field = wrong.Field
	}
	text := err.Error()
	return &Mistake{field, strings.ToUpper(text[:1]) + text[1:] + "."}
}

// RemoveChannel removes a channel with what waits for it, and takes it out of all routes; a route that leads nowhere then is turned off.
func (o *Outbox) RemoveChannel(ctx context.Context, id string) error {
	if _, err := o.channelRow(ctx, id); err != nil {
		return err
	}
	_, err := o.keeper.Act(ctx, configured("remove", "channel/"+id), func(ctx context.Context, tx bun.Tx) error {
		routes, err := readRoutes(ctx, tx)
		if err != nil {
			return err
		}
		for i := range routes {
			r := &routes[i]
			if at := slices.Index(r.Channels, id); at >= 0 {
				r.Channels = slices.Delete(r.Channels, at, at+1)
				r.Off = r.Off || len(r.Channels) == 0
				if err := updateRoute(ctx, tx, *r); err != nil {
					return err
				}
			}
		}
		for _, statement := range []string{
			"DELETE FROM notify_channel WHERE id = ?", "DELETE FROM notify_item WHERE channel = ?", "DELETE FROM notify_open WHERE channel = ?",
			"DELETE FROM notify_thread WHERE channel = ?",
		} {
			if _, err := tx.NewRaw(statement, id).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Routes are all routes in the order that they are tried.
func (o *Outbox) Routes(ctx context.Context) ([]Route, error) { return readRoutes(ctx, o.db) }

// SaveRoute makes a route, if it has no id, behind all others, or changes it.
func (o *Outbox) SaveRoute(ctx context.Context, r Route) (Route, error) {
	channels, err := o.Channels(ctx)
	if err != nil {
		return r, err
	}
	ids := make([]string, len(channels))
	for i, c := range channels {
		ids[i] = c.ID
	}
	r.Name = strings.TrimSpace(r.Name)
	if err := r.check(ids); err != nil {
		return r, mistake("name", err)
	}
	verb := "change"
	if r.ID == "" {
		r.ID, verb = state.NewID(), "create"
	} else if err := o.routeThere(ctx, r.ID); err != nil {
		return r, err
	}
	settings, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	e := configured(verb, "route/"+r.ID)
	e.Digests = map[string]string{"settings": record.Digest(settings)}
	_, err = o.keeper.Act(ctx, e, func(ctx context.Context, tx bun.Tx) error {
		if verb == "change" {
			return updateRoute(ctx, tx, r)
		}
		var last, there int64
		if err := tx.NewRaw("SELECT coalesce(max(place), 0), count(*) FROM notify_route").Scan(ctx, &last, &there); err != nil {
			return err
		}
		if there >= maxRoutes {
			return &Mistake{"name", fmt.Sprintf("There are %d routes already, which is the most.", maxRoutes)}
		}
		_, err := tx.NewInsert().Model(&routeRow{ID: r.ID, Place: last + 1, Settings: string(settings)}).Exec(ctx)
		return err
	})
	return r, err
}

func (o *Outbox) routeThere(ctx context.Context, id string) error {
	there, err := o.db.NewSelect().Model((*routeRow)(nil)).Where("id = ?", id).Exists(ctx)
	if err == nil && !there {
		err = ErrGone
	}
	return err
}

func updateRoute(ctx context.Context, tx bun.Tx, r Route) error {
	settings, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("UPDATE notify_route SET settings = ? WHERE id = ?", string(settings), r.ID).Exec(ctx)
	return err
}

// RemoveRoute removes a route. What waits on it is sent at once.
func (o *Outbox) RemoveRoute(ctx context.Context, id string) error {
	if err := o.routeThere(ctx, id); err != nil {
		return err
	}
	_, err := o.keeper.Act(ctx, configured("remove", "route/"+id), func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM notify_route WHERE id = ?", id).Exec(ctx)
		return err
	})
	return err
}

// MoveRoute has a route tried one place sooner.
func (o *Outbox) MoveRoute(ctx context.Context, id string) error {
	if err := o.routeThere(ctx, id); err != nil {
		return err
	}
	_, err := o.keeper.Act(ctx, configured("move", "route/"+id), func(ctx context.Context, tx bun.Tx) error {
		routes, err := readRoutes(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(routes, func(r Route) bool { return r.ID == id })
		if at > 0 {
			routes[at-1], routes[at] = routes[at], routes[at-1]
		}
		for i, r := range routes {
			if _, err := tx.NewRaw("UPDATE notify_route SET place = ? WHERE id = ?", i+1, r.ID).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
