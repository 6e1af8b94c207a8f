// Package governance keeps what people decide: the items of the registers, every version that they ever had, and who moved them when. Each act is
// a record of the ledger first. What is in force is handed to assessments as if it stood in ward.yaml.
//
// It must not know pages. What a register is like is data (package register): only attestations, exceptions, alternatives, risks,
// responsibilities and the like, which other parts of Ward use, are known here by name.
package governance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// Options say what decisions are about.
type Options struct {
	// Files holds the bytes of evidence files; nil: none are kept. Several servers on one database share it.
	Files evidence.Store
	// Years is how long files of decisions are kept; 0 is evidence.Years.
	Years int
	// Scan looks at a file before it is kept: nil keeps it, ErrMalicious and any other error do not. A nil Scan keeps all.
	Scan func(ctx context.Context, file io.Reader) error
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Frameworks are those whose safeguards and statements may be named.
	Frameworks []*framework.Framework
	// Checks are the ids of all checks; none: the names of checks are not looked at.
	Checks []string
	// Estates returns the names of the estates by their ids. Nil: ids of estates are not looked at.
	Estates func(ctx context.Context) (map[string]string, error)
}

// Decisions are all items of all registers. They may be used by many goroutines.
type Decisions struct {
	Registers register.Registers

	db     *state.DB
	keeper *record.Keeper
	o      Options
}

// ErrNotFound is the error of a register or an item that is not there.
var ErrNotFound = errors.New("there is no such decision")

// Open opens the decisions that a state keeps.
func Open(_ context.Context, db *state.DB, keeper *record.Keeper, all register.Registers, o Options) (*Decisions, error) {
	for _, id := range []string{Attestation, Exception, Alternative, Risk, Responsibility} {
		if all.Get(id) == nil {
			return nil, fmt.Errorf("open the decisions: the register %s is missing from the catalog", id)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Years == 0 {
		o.Years = evidence.Years
	}
	return &Decisions{Registers: all, db: db, keeper: keeper, o: o}, nil
}

// Item is a decision as it stands.
type Item struct {
	Register string
	Number   int64
	ID       string // as people call it: "EX-12"
	Estate   string // its id, "" for all estates
	Version  int64  // the newest, from 1
	State    string
	InForce  int64 // the version that holds, 0 if none does
	Closed   bool
	Title    string
	Body     register.Body // of the newest version
	Created  time.Time
	At       time.Time // of the newest version
	key      string
}

// Holding is the body that is in force, nil if none is. It is set where it is said so.
type Holding struct {
	Item
	Approved time.Time     // when the version came into force
	By       string        // the name of who put it into force
	Holds    register.Body // of the version in force
}

// Version is what an item was from one act to the next.
type Version struct {
	Version   int64
	Verb      string
	State     string
	InForce   int64 // the version that held after it
	Body      register.Body
	Digest    string // of the body, as the record has it
	Reason    string
	Actor     string // the id of the account
	ActorName string
	At        time.Time
}

// Subject is how records name the item.
func (i *Item) Subject() string { return i.Register + "/" + i.ID }

// Conflict is the error of a change to an item that somebody else changed meanwhile.
type Conflict struct {
	Now     *Item
	Changed []*register.Field // in which what is there differs from what was expected
	By      string
}

// Error implements error.
func (c *Conflict) Error() string {
	var labels []string
	for _, f := range c.Changed {
		labels = append(labels, f.Label)
	}
	text := fmt.Sprintf("%s was changed by %s meanwhile: it is %s now, version %d.", c.Now.ID, c.By, c.Now.State, c.Now.Version)
	if len(labels) > 0 {
		text += " What differs: " + strings.Join(labels, ", ") + "."
	}
	return text + " Look at it and do it again."
}

// register finds a register.
func (d *Decisions) register(id string) (*register.Register, error) {
	if r := d.Registers.Get(id); r != nil {
		return r, nil
	}
	return nil, ErrNotFound
}

// number reads an id such as EX-12.
func number(r *register.Register, id string) (int64, error) {
	text, ok := strings.CutPrefix(id, r.Prefix+"-")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0, ErrNotFound
	}
	return n, nil
}

func (d *Decisions) today() time.Time { return d.o.Now().UTC().Truncate(24 * time.Hour) }

// known tells what fields may name.
func (d *Decisions) known(ctx context.Context) register.Known {
	k := register.Known{Item: func(of, id string) bool { _, err := d.Get(ctx, of, id); return err == nil }}
	if len(d.o.Frameworks) > 0 {
		k.Citation = func(c string) bool { return d.safeguard(c) != nil }
		k.Statement = func(id string) bool { return d.statement(id) != nil }
	}
	if len(d.o.Checks) > 0 {
		k.Check = func(pattern string) bool {
			for _, id := range d.o.Checks {
				if config.Pattern(pattern).Match(id) {
					return true
				}
			}
			return false
		}
	}
	return k
}

func (d *Decisions) safeguard(citation string) *framework.Safeguard {
	for _, f := range d.o.Frameworks {
		if s := f.Safeguard(citation); s != nil {
			return s
		}
	}
	return nil
}

// statement finds what the framework asks a person to say.
func (d *Decisions) statement(id string) *framework.Attestation {
	for _, f := range d.o.Frameworks {
		for _, s := range f.Safeguards {
			for i := range s.Attestations {
				if s.Attestations[i].ID == id {
					return &s.Attestations[i]
				}
			}
		}
	}
	return nil
}

// estate tells whether there is an estate of this id; "" is all of them.
func (d *Decisions) estate(ctx context.Context, id string) error {
	if id == "" || d.o.Estates == nil {
		return nil
	}
	all, err := d.o.Estates(ctx)
	if err != nil {
		return err
	}
	if _, ok := all[id]; !ok {
		return register.Faults{{Field: ActEstate, Text: "There is no such estate."}}
	}
	return nil
}

// fill has a register look at a body, and adds what follows from the framework.
func (d *Decisions) fill(ctx context.Context, r *register.Register, b register.Body) (register.Body, error) {
	if r.ID == Attestation {
		b = b.Clone()
		delete(b, "review_due")
		if said := d.statement(b["statement"].Text); said != nil {
			if day, err := time.Parse(time.DateOnly, b["reviewed"].Text); err == nil {
				b["review_due"] = register.Of(config.NewDate(day).AddMonths(said.ReviewMonths).String())
			}
		}
	}
	filled, faults := r.Fill(b, d.known(ctx), d.today())
	if len(faults) > 0 {
		return filled, faults
	}
	return filled, d.kept(ctx, filled)
}
