package assessor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/wire"
)

// reader reads the sources of an estate, once.
type reader struct {
	*Assessor
	estate estate.Estate
	now    time.Time
	tell   func(estate.Progress)

	readings []source.Reading
	told     []Read
	failed   []error
	remove   []string // copies that are not wanted longer than the assessment
}

// place is a source of code with the folder that it is in.
type place struct {
	source estate.Source
	at     string
	name   string // what reports call it
}

// close removes what was only wanted for the assessment.
func (r *reader) close(ctx context.Context) {
	for _, at := range r.remove {
		if err := os.RemoveAll(at); err != nil {
			r.Log.WarnContext(ctx, "a working copy is left over", "error", err)
		}
	}
}

func (r *reader) fail(s estate.Source, err error) {
	r.failed = append(r.failed, fmt.Errorf("%s: %w", s, err))
	r.told = append(r.told, Read{Source: s.String(), Fault: err.Error()})
	r.readings = append(r.readings, source.Reading{Kind: "unreadable", Name: s.String(),
		Gaps: []resource.Gap{{Target: s.String(), What: s.String(), Reason: err.Error()}}})
}

// read reads all sources. One that cannot be read is a gap as long as another one can be; an error means that nothing could.
func (r *reader) read(ctx context.Context) (*config.Config, []resource.Gap, error) {
	places := r.places(ctx)
	var folders []string
	for _, p := range places {
		folders = append(folders, p.at)
	}
	cfg, gaps := settle(r.estate, folders)
	for _, p := range places {
		r.tell(estate.Progress{Step: "reading", What: p.source.String()})
		found, err := wire.ReadTarget(ctx, p.at, p.name, options(cfg))
		if err != nil {
			r.fail(p.source, err)
		}
		r.readings = append(r.readings, found...)
	}
	for _, s := range r.estate.Sources {
		if s.Type == estate.Folder || s.Type == estate.Repository {
			continue
		}
		found, err := r.live(ctx, s)
		if err != nil {
			r.fail(s, err)
			continue
		}
		r.told = append(r.told, Read{Source: s.String()})
		r.readings = append(r.readings, found...)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if len(r.failed) == len(r.estate.Sources) {
		return nil, nil, errors.Join(r.failed...)
	}
	if r.estate.Images {
		if err := r.images(ctx, cfg); err != nil {
			gaps = append(gaps, resource.Gap{Target: "images", What: "the images that workloads name", Reason: err.Error()})
		}
	}
	return cfg, gaps, nil
}

// places are where code is: folders, and copies of repositories.
func (r *reader) places(ctx context.Context) (all []place) {
	for _, s := range r.estate.Sources {
		switch s.Type {
		case estate.Folder:
			at := filepath.Clean(s.Path)
			if !r.Estates.Inside(at) {
				r.fail(s, errors.New("it does not lie below the folders that the server's settings name"))
				continue
			}
			r.told = append(r.told, Read{Source: s.String()})
			all = append(all, place{s, at, at})
		case estate.Repository:
			r.tell(estate.Progress{Step: "reading", What: s.String()})
			c, err := r.clone(ctx, s)
			if c.at != "" {
				r.remove = append(r.remove, c.at)
			}
			if err != nil {
				r.fail(s, err)
				continue
			}
			r.told = append(r.told, Read{Source: s.String(), Commit: c.commit})
			all = append(all, place{s, filepath.Join(c.at, s.Path), c.name})
		}
	}
	return all
}

// options are those that ward.yaml gives to the readers of code.
func options(c *config.Config) source.Options {
	o := source.Options{Vars: c.Vars, Parameters: c.Parameters, Workspace: c.Workspace}
	for _, file := range c.VarFiles {
		o.VarFiles = append(o.VarFiles, c.Path(file))
	}
	return o
}

// live reads what runs.
func (r *reader) live(ctx context.Context, s estate.Source) ([]source.Reading, error) {
	gathered := &source.Gathered{}
	progress := func(done, total int, what string) {
		r.tell(estate.Progress{Step: "reading", What: s.String() + ": " + what, Done: done, Total: total})
	}
	var stats source.Stats
	var err error
	if s.Type == estate.AWS {
		stats, err = wire.CollectAWS(ctx, wire.AWSOptions{Profile: s.Profile, Role: s.Role, External: s.ExternalID, Organization: s.Organization,
			Regions: s.Regions, Progress: progress}, gathered)
	} else {
		stats, err = wire.CollectKubernetes(ctx, wire.KubernetesOptions{Kubeconfig: s.Kubeconfig, Context: s.Context, Name: s.Name,
			Namespaces: s.Namespaces, Concurrency: 4, Progress: progress}, gathered)
	}
	for _, fault := range stats.Faults {
		r.Log.ErrorContext(ctx, "a fault of ward itself; please report it", "error", fault)
	}
	if err != nil {
		return nil, err
	}
	return gathered.Readings(), nil
}

// maxAdvisoryAge is how old advisories may be: where they are older, that nothing was found is unknown.
const maxAdvisoryAge = 7 * 24 * time.Hour

// images reads the images that workloads name. What of them could not be read is told in what was.
func (r *reader) images(ctx context.Context, c *config.Config) error {
	names := wire.NamedImages(r.readings, nil)
	if len(names) == 0 {
		return nil
	}
	trust, err := wire.Trust(c, nil)
	if err != nil {
		return err
	}
	o := wire.ImageOptions{Advisories: r.Advisories, MaxAge: maxAdvisoryAge, Now: r.now, Trust: trust}
	found, err := wire.ReadImages(ctx, names, o, func(what string) { r.tell(estate.Progress{Step: "reading", What: what}) })
	if len(found) == 0 {
		return err
	}
	r.readings = append(r.readings, found...)
	return nil
}
