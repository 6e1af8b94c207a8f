package notify

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Settings are those of the server's settings file.
type Settings struct {
	// AllowAddresses are networks that channels may reach although they are not public: a mail server or a chat of your own.
	AllowAddresses []string `yaml:"allow_addresses"`
	// SecretsDir is the folder that "file:NAME" secrets of channels are in.
	SecretsDir string `yaml:"secrets_dir"`
}

// Options are what an Outbox works with.
type Options struct {
	DB       *state.DB
	Keeper   *record.Keeper
	Log      *slog.Logger
	Key      []byte // that seals the secrets of channels, of KeySize; servers that share a database MUST share it
	Base     string // where people reach the dashboard: "https://ward.example.org"
	Settings Settings
	Now      func() time.Time // nil is time.Now
	TLS      *tls.Config      // of connections to channels; nil knows the authorities of the machine
	Plain    bool             // allows http to this machine, for tests
}

// Outbox holds what is to be told until it is told. It may be used by many goroutines, and several servers may share its state.
type Outbox struct {
	db     *state.DB
	keeper *record.Keeper
	log    *slog.Logger
	base   string
	now    func() time.Time
	vault  *vault
	post   *delivery.Post
	holder string // of leases: this server
	wake   chan struct{}
}

// Open makes the outbox of a state. Run sends what is in it.
func Open(o Options) (*Outbox, error) {
	guard, err := delivery.NewGuard(o.Settings.AllowAddresses, o.Plain)
	if err != nil {
		return nil, fmt.Errorf("open the notifications: %w", err)
	}
	vault, err := newVault(o.Key, o.Settings.SecretsDir)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{
		db: o.DB, keeper: o.Keeper, log: o.Log, base: strings.TrimSuffix(o.Base, "/"), now: o.Now, vault: vault,
		post: delivery.NewPost(guard, o.TLS, o.Now), holder: state.NewID(), wake: make(chan struct{}, 1),
	}, nil
}

// Queue has events told, if the transaction that they belong to is written. It costs nothing if no route takes them.
func (o *Outbox) Queue(ctx context.Context, tx bun.Tx, events ...Event) error {
	return o.queue(ctx, tx, "", events)
}

// Tell queues events that belong to no transaction.
func (o *Outbox) Tell(ctx context.Context, events ...Event) error {
	err := o.db.Do(ctx, func(ctx context.Context, tx bun.Tx) error { return o.Queue(ctx, tx, events...) })
	o.Wake()
	return err
}

// Wake has Run look at once for what is to be sent.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake
	}
}

// queue leads events to all channels but one.
func (o *Outbox) queue(ctx context.Context, tx bun.Tx, but string, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	routes, err := readRoutes(ctx, tx)
	if err != nil {
		return err
	}
	channels, err := readChannels(ctx, tx)
	if err != nil {
		return err
	}
	channels = slices.DeleteFunc(channels, func(c delivery.Channel) bool { return c.Off || c.ID == but })
	packs := map[pack][]Event{}
	var order []pack
	now := o.now()
	for _, e := range events {
		if err := e.tidy(now); err != nil {
			return err
		}
		lead(routes, &e, func(route, channel string) {
			i := slices.IndexFunc(channels, func(c delivery.Channel) bool { return c.ID == channel })
			if i < 0 {
				return
			}
			to := pack{channel, route}
			if packs[to] == nil {
				order = append(order, to)
			}
			one := e
			if !channels[i].NamesResources() {
				one.Resource = "" // it never comes near a message
			}
			packs[to] = append(packs[to], one)
		})
	}
	for _, to := range order {
		if err := keep(ctx, tx, to, packs[to], state.Millis(now)); err != nil {
			return fmt.Errorf("queue notifications: %w", err)
		}
	}
	return nil
}

// pack are the events of one act that go to a channel on a route.
type pack struct{ channel, route string }

// perRow is how many events are kept in one row.
const perRow = 200

func keep(ctx context.Context, tx bun.Tx, to pack, events []Event, at int64) error {
	var rows []itemRow
	for some := range slices.Chunk(events, perRow) {
		b, err := json.Marshal(some)
		if err != nil {
			return err
		}
		rows = append(rows, itemRow{ID: state.NewID(), Channel: to.channel, Route: to.route, At: at, Count: int64(len(some)), Events: string(b)})
	}
	return insertAll(ctx, tx, rows)
}
