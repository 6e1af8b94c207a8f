package governance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/state"
)

// file is what Export writes: the decisions of ward.yaml.
type file struct {
	Exceptions   []fileException   `yaml:"exceptions,omitempty"`
	Attestations []fileAttestation `yaml:"attestations,omitempty"`
	Alternatives []fileAlternative `yaml:"alternatives,omitempty"`
}

type fileException struct {
	ID        string        `yaml:"id"`
	Checks    []string      `yaml:"checks"`
	Resources fileResources `yaml:"resources"`
	Owner     string        `yaml:"owner"`
	Reason    string        `yaml:"reason"`
	Measure   string        `yaml:"measure,omitempty"`
	Approver  string        `yaml:"approver"`
	Approved  string        `yaml:"approved"`
	Expires   string        `yaml:"expires"`
}

type fileResources struct {
	Address string              `yaml:"address,omitempty"`
	Target  string              `yaml:"target,omitempty"`
	Tags    map[string][]string `yaml:"tags,omitempty"`
}

type fileAttestation struct {
	ID       string `yaml:"id"`
	Answer   string `yaml:"answer"`
	Owner    string `yaml:"owner"`
	Document string `yaml:"document,omitempty"`
	Reviewed string `yaml:"reviewed"`
	Expires  string `yaml:"expires,omitempty"`
	Note     string `yaml:"note,omitempty"`
}

type fileAlternative struct {
	Citation string `yaml:"citation"`
	Measure  string `yaml:"measure"`
	Reason   string `yaml:"reason"`
	Document string `yaml:"document"`
	Owner    string `yaml:"owner"`
	Approver string `yaml:"approver"`
	Reviewed string `yaml:"reviewed"`
	Expires  string `yaml:"expires,omitempty"`
}

// Export writes what was in force for an estate at a time as a file that ward.yaml can include, or be. config.Load accepts it, and Import finds
// nothing to do in it.
func (d *Decisions) Export(ctx context.Context, estate string, at time.Time, w io.Writer) error {
	c, _, err := d.Config(ctx, estate, nil, at)
	if err != nil {
		return err
	}
	var f file
	for _, e := range c.Exceptions {
		made := fileException{ID: e.ID, Owner: e.Owner, Reason: e.Reason, Measure: e.Measure, Approver: e.Approver,
			Approved: e.Approved.String(), Expires: e.Expires.String(), Resources: fileResources{Address: string(e.Resources.Address),
				Target: string(e.Resources.Target)}}
		for _, pattern := range e.Checks {
			made.Checks = append(made.Checks, string(pattern))
		}
		for key, values := range e.Resources.Tags {
			if made.Resources.Tags == nil {
				made.Resources.Tags = map[string][]string{}
			}
			made.Resources.Tags[key] = values
		}
		f.Exceptions = append(f.Exceptions, made)
	}
	for _, a := range c.Attestations {
		f.Attestations = append(f.Attestations, fileAttestation{ID: a.ID, Answer: a.Answer, Owner: a.Owner, Document: a.Document,
			Reviewed: a.Reviewed.String(), Expires: a.Expires.String(), Note: a.Note})
	}
	for _, a := range c.Alternatives {
		f.Alternatives = append(f.Alternatives, fileAlternative{Citation: a.Citation, Measure: a.Measure, Reason: a.Reason, Document: a.Document,
			Owner: a.Owner, Approver: a.Approver, Reviewed: a.Reviewed.String(), Expires: a.Expires.String()})
	}
	if _, err := fmt.Fprintf(w, "# Decisions in force on %s, written by ward. Registers: %s, %s, %s.\n", at.UTC().Format(time.DateOnly),
		Exception, Attestation, Alternative); err != nil {
		return err
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return fmt.Errorf("write the decisions: %w", err)
	}
	return encoder.Close()
}

// MaxImport is how many decisions Import takes at once.
const MaxImport = 2000

// Imported is what Import did, by the ids of items.
type Imported struct {
	Created   []string
	Changed   []string
	Unchanged []string
	// Faults are decisions that could not be taken, with the reason.
	Faults []ImportFault
}

// ImportFault is a decision of a file that an item could not be made of.
type ImportFault struct {
	What string // "exception EX-2026-07"
	Text string
}

// Import brings the decisions of a file that config.Load or config.Parse read into the registers of an estate, as drafts: what the file says of
// approvals is not taken over, so that a second person looks at them here. What is in force as the file has it is left alone. Either all
// of its drafts are written or none.
func (d *Decisions) Import(ctx context.Context, estate string, c *config.Config) (*Imported, error) {
	if len(c.Exceptions)+len(c.Attestations)+len(c.Alternatives) > MaxImport {
		return nil, register.Faults{{Field: "file", Text: fmt.Sprintf("These are more than %d decisions.", MaxImport)}}
	}
	if !access.From(ctx).May(access.Propose) {
		return nil, &register.Refusal{Text: "The permission \"propose\" is needed."}
	}
	if err := d.estate(ctx, estate); err != nil {
		return nil, err
	}
	im := &importer{Decisions: d, estate: estate, result: &Imported{}}
	for _, e := range c.Exceptions {
		e.Place = config.Place{}
		if err := im.exception(ctx, e); err != nil {
			return nil, err
		}
	}
	for _, a := range c.Attestations {
		if err := im.keyed(ctx, Attestation, "attestation "+a.ID, a.ID, attestationBody(a)); err != nil {
			return nil, err
		}
	}
	for _, a := range c.Alternatives {
		if err := im.keyed(ctx, Alternative, "alternative "+a.Citation, a.Citation, alternativeBody(a)); err != nil {
			return nil, err
		}
	}
	if len(im.result.Faults) > 0 || len(im.steps) == 0 {
		im.result.Created, im.result.Changed = nil, nil
		return im.result, nil
	}
	return im.result, im.finish(ctx)
}

type importer struct {
	*Decisions
	estate string
	steps  []*step
	fresh  map[string][]*step // by register: they have no numbers so far
	result *Imported
}

// exception finds the item that a file's exception is, by the id that it was exported or imported with.
func (im *importer) exception(ctx context.Context, e config.Exception) error {
	var found *Item
	if i, err := im.Get(ctx, Exception, e.ID); err == nil && im.about(i) && i.Body["imported"].Empty() {
		found = i
	}
	for before := int64(0); found == nil; {
		items, err := im.List(ctx, Wanted{Register: Exception, Open: true, Before: before, Limit: MaxList})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(items, func(i *Item) bool { return im.about(i) && i.Body["imported"].Text == e.ID })
		if at >= 0 {
			found = items[at]
		}
		if len(items) < MaxList {
			break
		}
		before = items[len(items)-1].Number
	}
	body := exceptionBody(e)
	switch {
	case found == nil:
		body["imported"] = register.Of(e.ID)
	case found.Estate != im.estate && !im.same(found, body):
		im.result.Faults = append(im.result.Faults, ImportFault{"exception " + e.ID,
			found.ID + " holds for all estates and says something else. Change it there, or import the file for all estates."})
		return nil
	}
	return im.take(ctx, Exception, "exception "+e.ID, found, body)
}

// about tells whether an item is one that the file may speak of: the estate's own, or one for all estates.
func (im *importer) about(i *Item) bool { return i.Estate == im.estate || i.Estate == "" }

func (im *importer) keyed(ctx context.Context, registerID, what, key string, b register.Body) error {
	r := im.Registers.Get(registerID)
	for _, estate := range []string{im.estate, ""} {
		n, err := im.byKey(ctx, r, estate, strings.ToLower(key))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		found, err := im.Get(ctx, registerID, fmt.Sprintf("%s-%d", r.Prefix, n))
		if err != nil {
			return err
		}
		if estate == im.estate || im.same(found, b) {
			return im.take(ctx, registerID, what, found, b)
		}
	}
	return im.take(ctx, registerID, what, nil, b)
}

// take makes the step that brings one decision in.
func (im *importer) take(ctx context.Context, registerID, what string, found *Item, b register.Body) error {
	r := im.Registers.Get(registerID)
	s, err := im.one(ctx, r, found, b)
	var faults register.Faults
	var refusal *register.Refusal
	switch {
	case errors.As(err, &faults), errors.As(err, &refusal):
		im.result.Faults = append(im.result.Faults, ImportFault{what, err.Error()})
		return nil
	case err != nil:
		return err
	case s == nil:
		im.result.Unchanged = append(im.result.Unchanged, found.ID)
	case found == nil:
		if im.fresh == nil {
			im.fresh = map[string][]*step{}
		}
		im.fresh[r.ID] = append(im.fresh[r.ID], s)
		im.steps = append(im.steps, s)
	default:
		im.result.Changed = append(im.result.Changed, found.ID)
		im.steps = append(im.steps, s)
	}
	return nil
}

// one makes the step of one decision, nil if there is nothing to do.
func (im *importer) one(ctx context.Context, r *register.Register, found *Item, b register.Body) (*step, error) {
	if found == nil {
		return im.create(ctx, r, im.estate, b)
	}
	if im.same(found, b) {
		return nil, nil
	}
	return im.change(ctx, r, found, im.over(found, b), "")
}

// over is what an item says once a file was written over it: what a file cannot say stays as it is.
func (im *importer) over(i *Item, b register.Body) register.Body {
	after := i.Body.Clone()
	for _, f := range im.Registers.Get(i.Register).Fields {
		if f.ID == "title" || f.ID == "files" || !f.Asked() {
			continue
		}
		delete(after, f.ID)
		if v, ok := b[f.ID]; ok {
			after[f.ID] = v
		}
	}
	return after
}

// same tells whether an item says what a file does.
func (im *importer) same(i *Item, b register.Body) bool {
	return len(im.Registers.Get(i.Register).Changed(i.Body, im.over(i, b))) == 0
}

// finish numbers what is new and writes everything in one act.
func (im *importer) finish(ctx context.Context) error {
	for _, r := range im.Registers {
		fresh := im.fresh[r.ID]
		if len(fresh) == 0 {
			continue
		}
		first, err := im.Decisions.take(ctx, r, len(fresh))
		if err != nil {
			return err
		}
		for i, s := range fresh {
			s.number(r, first+int64(i))
			im.result.Created = append(im.result.Created, s.item.ID)
		}
	}
	return im.writeAll(ctx, "import", im.estate, im.steps)
}

// writeAll records many steps as one act, whose entry has a digest of all bodies by their items.
func (d *Decisions) writeAll(ctx context.Context, verb, estate string, steps []*step) error {
	var list strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&list, "%s %d %s\n", s.item.Subject(), s.item.Version, s.version.Digest)
	}
	e := record.Entry{Kind: record.Decision, Verb: verb, Estate: estate, Subject: "decisions",
		Facts:   map[string]string{"items": strconv.Itoa(len(steps)), "first": steps[0].item.Subject()},
		Digests: map[string]string{"items": record.Digest([]byte(list.String()))}}
	err := d.write(ctx, e, steps...)
	if errors.Is(err, errStale) || state.Exists(err) {
		return &register.Refusal{Text: "Somebody changed one of these decisions meanwhile. Nothing was written; do it again."}
	}
	return err
}
