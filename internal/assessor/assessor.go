// Package assessor makes the assessments that jobs want: it reads the sources of an estate, judges what was read together with what people
// have decided, keeps the evidence, and publishes all of it in one act that the ledger tells of.
//
// It must not know pages, nor how sources are read: package wire lists the drivers.
package assessor

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/grants"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/knowledge"
	"ward.dev/ward/internal/owners"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/yamlfile"
)

// Assessor makes assessments. All fields but those that say so MUST be set.
type Assessor struct {
	DB      *state.DB
	Keeper  *record.Keeper
	Estates *estate.Store
	History *history.History
	Log     *slog.Logger
	Now     func() time.Time
	// Layers are those of the catalog, the built-in one first.
	Layers  []fs.FS
	Version string
	// Work is a folder for copies of repositories.
	Work string
	// Advisories is the folder of the database of vulnerabilities; "" for none: what is known of images then is unknown.
	Advisories string
	// Decide puts what people have decided on the server over a ward.yaml; nil if nobody decides there.
	Decide func(ctx context.Context, estate string, base *config.Config, at time.Time) (*config.Config, []assessment.Notice, error)
	// Keep keeps the evidence of an assessment, before it is published, and names it by digests; nil keeps none.
	Keep func(ctx context.Context, e Evidence) (map[string]string, error)
}

// Evidence is what an assessment was made of and what it came to.
type Evidence struct {
	Estate estate.Estate
	Begun  time.Time
	// Read tells of each source what it was at the time, Readings what stood there.
	Read       []Read
	Readings   []source.Reading
	Config     *config.Config
	Assessment *assessment.Assessment
}

// Read tells of a source when an assessment read it.
type Read struct {
	Source string `json:"source"`
	Commit string `json:"commit,omitempty"` // of a repository
	Fault  string `json:"fault,omitempty"`  // why nothing could be read
}

// Assess does a job. It is an estate.Assess.
func (a *Assessor) Assess(ctx context.Context, e estate.Estate, j estate.Job, tell func(estate.Progress)) error {
	begun := a.Now().UTC().Truncate(time.Second)
	tell(estate.Progress{Step: "reading"})
	r := &reader{Assessor: a, estate: e, now: begun, tell: tell}
	defer r.close(ctx)
	cfg, gaps, err := r.read(ctx)
	if err != nil {
		return err
	}
	var decided []assessment.Notice
	if a.Decide != nil {
		if cfg, decided, err = a.Decide(ctx, e.ID, cfg, begun); err != nil {
			return fmt.Errorf("read what was decided: %w", err)
		}
	}
	k, err := knowledge.Open(a.Layers, cfg.Framework)
	if err != nil {
		return err
	}
	result, inv, err := k.Assess(ctx, knowledge.Question{Readings: r.readings, Config: cfg, Gaps: gaps, Now: begun, Version: a.Version,
		Progress: func(done, total int) { tell(estate.Progress{Step: "judging", Done: done, Total: total}) }})
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	result.Estate = e.Name
	result.Notices = append(result.Notices, decided...)
	tell(estate.Progress{Step: "keeping"})
	return a.publish(ctx, j, Evidence{e, begun, r.told, r.readings, cfg, result}, inv)
}

// publish keeps the evidence and the findings, and then makes both known in one act.
func (a *Assessor) publish(ctx context.Context, j estate.Job, e Evidence, inv *inventory.Inventory) error {
	if err := a.Keeper.Ready(); err != nil { // before the long work for nothing
		return err
	}
	digests := map[string]string{}
	if a.Keep != nil {
		var err error
		if digests, err = a.Keep(ctx, e); err != nil {
			return fmt.Errorf("keep the evidence: %w", err)
		}
	}
	flows, missing := phimap.Draw(inv, e.Config.PHI, e.Assessment), grants.Sum(e.Assessment)
	run, err := a.History.Prepare(ctx, e.Estate.ID, history.RunMeta{Started: e.Begun, Ended: a.Now(), Cause: j.Reason, Digests: digests}, e.Assessment)
	if err != nil {
		return fmt.Errorf("keep the findings: %w", err)
	}
	s := e.Assessment.Summary
	entry := record.Entry{Kind: record.Assessment, Verb: "assess", Estate: e.Estate.ID,
		Subject: Subject(e.Estate.ID, run.Number), Digests: digests,
		Facts: map[string]string{"failing": strconv.Itoa(s.Findings[assessment.Fail]), "unknown": strconv.Itoa(s.Findings[assessment.Unknown]),
			"met": strconv.Itoa(s.Safeguards[assessment.Met]), "catalog": e.Assessment.Tool.CatalogDigest, "ward": a.Version}}
	_, err = a.Keeper.Act(ctx, entry, func(ctx context.Context, tx bun.Tx) error {
		if err := a.History.Publish(ctx, tx, run); err != nil {
			return err
		}
		if err := phimap.Keep(ctx, tx, e.Estate.ID, run.Number, flows); err != nil {
			return err
		}
		if err := owners.Keep(ctx, tx, e.Estate.ID, run.Number, owners.By(e.Assessment)); err != nil {
			return err
		}
		if err := grants.Keep(ctx, tx, e.Estate.ID, run.Number, missing); err != nil {
			return err
		}
		return a.Estates.End(ctx, tx, j, run.Number, nil)
	})
	return err
}

// Subject is what records call an assessment.
func Subject(estate string, run int64) string {
	return "assessment/" + estate + "/" + strconv.FormatInt(run, 10)
}

// settle finds and reads the ward.yaml of an estate. One with faults is left out as a whole, as ward assess does; its faults are gaps.
func settle(e estate.Estate, folders []string) (*config.Config, []resource.Gap) {
	path := e.Config
	if path == "" {
		path = config.In(folders...)
	}
	cfg, err := config.Load(path)
	if err == nil {
		return cfg, nil
	}
	var gaps []resource.Gap
	for _, fault := range yamlfile.Faults(err) {
		gaps = append(gaps, resource.Gap{Target: path, What: path, Reason: fault.Error(), Grant: "mend " + path + ", which is left out until then"})
	}
	return &config.Config{}, gaps
}
