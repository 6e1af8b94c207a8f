package serve

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"ward.dev/ward/examples"
	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/assessor"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/pages/dashboard"
	"ward.dev/ward/internal/pages/decisions"
	"ward.dev/ward/internal/pages/estates"
	"ward.dev/ward/internal/pages/notices"
	"ward.dev/ward/internal/pages/people"
	"ward.dev/ward/internal/pages/proof"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/internal/wire"
)

// maxOpen is how many pages may be open and kept up to date at a time.
const maxOpen = 5000

// pages puts the pages and operations of all parts together.
func (s *Server) pages(mux *http.ServeMux) error {
	site, err := web.New(mux, s.log)
	if err != nil {
		return err
	}
	s.live, s.maps = site.Live(maxOpen), phimap.NewMaps(s.db)
	a := api.New(mux, s.version)
	a.Log = s.log
	var providers []people.Provider
	if s.providers != nil {
		s.providers.Add(site)
		for _, c := range s.providers.Choices() {
			providers = append(providers, people.Provider(c))
		}
	}
	return errors.Join(
		people.Add(site, a, s.people, s.keeper, providers...),
		dashboard.Add(site, a, s.dashboard()),
		decisions.Add(site, a, s.decisions, decisions.Sources{Framework: s.framework, Estates: s.choices, Assessment: s.assessmentAt}),
		notices.Add(site, a, s.outbox, s.choices),
		proof.Add(site, a, proof.Parts{Archive: s.evidence, Keeper: s.keeper, Ledger: s.ledger.Reader, Now: time.Now}),
		estates.Add(site, a, estates.Deps{Store: s.estates, Example: s.example, Changed: s.live.Tell}),
	)
}

// dashboard is what the dashboard is told by others.
func (s *Server) dashboard() dashboard.Deps {
	return dashboard.Deps{History: s.history, Keeper: s.keeper, Now: time.Now, Estates: s.listed, Jobs: s.jobs, Assess: s.want, Due: s.due,
		SignIns: s.signIns, Map: s.phiMap, Proof: proofOf, Missing: s.missing, Policies: s.policies, People: s.seers, Except: "/decisions/exception/new", Attest: "/decisions/attestation/new",
		Report: wire.Writer, Reassemble: s.reassemble, Formats: wire.Formats(), Example: true}
}

func (s *Server) listed(ctx context.Context) ([]dashboard.Estate, error) {
	all, err := s.estates.List(ctx)
	var list []dashboard.Estate
	for _, e := range all {
		list = append(list, dashboard.Estate{ID: e.ID, Name: e.Name})
	}
	return list, err
}

func (s *Server) choices(ctx context.Context) ([]web.Choice, error) {
	all, err := s.estates.List(ctx)
	var list []web.Choice
	for _, e := range all {
		list = append(list, web.Choice{Value: e.ID, Label: e.Name})
	}
	return list, err
}

// maxJobs is how many jobs of an estate are shown.
const maxJobs = 20

func (s *Server) jobs(ctx context.Context, id string) ([]dashboard.Job, error) {
	all, err := s.estates.Jobs(ctx, id, maxJobs)
	var list []dashboard.Job
	for _, j := range all {
		how, words := j.How(), map[estate.JobState]string{estate.Waiting: "queued"}
		one := dashboard.Job{ID: j.ID, State: string(j.State), Stage: how.Step, Done: how.Done, Total: how.Total, Queued: state.Time(j.Created),
			Started: state.Time(j.Started), Ended: state.Time(j.Ended), By: j.ByName, Fault: j.Fault}
		if word := words[j.State]; word != "" {
			one.State = word
		}
		if how.What != "" {
			one.Stage += " " + how.What
		}
		if j.Reason == "schedule" {
			one.By = "schedule"
		}
		list = append(list, one)
	}
	return list, err
}

func (s *Server) want(ctx context.Context, id string) error {
	_, err := s.estates.Want(ctx, id, "demand")
	switch {
	case errors.Is(err, estate.ErrRunning):
		return nil
	case errors.Is(err, estate.ErrNotFound):
		return web.Faultf(http.StatusNotFound, "There is no such estate. It may have been removed.")
	}
	s.live.Tell(id)
	return err
}

// proofOf is the page of the record of an assessment.
func proofOf(_ context.Context, id string, run int64) (string, error) {
	return "/records?subject=" + url.QueryEscape(assessor.Subject(id, run)), nil
}

// soon is how far ahead the dashboard tells of what is due.
const soon = 30 * 24 * time.Hour

func (s *Server) due(ctx context.Context, id string) ([]dashboard.Due, error) {
	list, err := s.waits(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.decisions.Due(ctx, id, soon)
	for _, d := range all {
		one := dashboard.Due{What: d.Item.Register, Title: d.Title + " " + d.Item.ID + ": " + d.Says, State: "due", By: d.Date,
			Path: "/decisions/" + d.Item.Register + "/" + d.Item.ID}
		switch {
		case d.Late:
			one.State = "overdue"
		case d.Waits != "":
			one.State, one.Title = "proposed", d.Title+" "+d.Item.ID+" waits "+d.Waits
		}
		list = append(list, one)
	}
	return list, err
}

// maxSignIns is how many sign-ins are counted.
const maxSignIns = 10_000

func (s *Server) signIns(ctx context.Context, since time.Time) (dashboard.SignIns, error) {
	sum := dashboard.SignIns{Since: since, Path: "/people/sign-ins"}
	rows, err := s.keeper.Find(ctx, record.Wanted{Kinds: []record.Kind{record.SignIn}, From: state.Millis(since), Limit: maxSignIns})
	for _, r := range rows {
		switch r.Verb {
		case "sign in":
			sum.Succeeded++
		case "refuse":
			sum.Refused++
		}
	}
	return sum, err
}

func (s *Server) phiMap(ctx context.Context, id string, run int64) (*phimap.Map, error) {
	m, err := s.maps.Of(ctx, id, run)
	if errors.Is(err, phimap.ErrNone) {
		return nil, history.ErrNone
	}
	return m, err
}

// seers are those who can see to findings.
func (s *Server) seers(ctx context.Context) ([]dashboard.Person, error) {
	all, err := s.people.Holders(ctx, access.Assign)
	var list []dashboard.Person
	for _, a := range all {
		list = append(list, dashboard.Person{ID: a.ID, Name: a.Name})
	}
	return list, err
}

// assessmentAt is the last assessment of an estate at a time, nil if there was none.
func (s *Server) assessmentAt(ctx context.Context, id string, at time.Time) (*assessment.Assessment, error) {
	run, err := s.history.RunAt(ctx, id, at)
	if errors.Is(err, history.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.history.Reassemble(ctx, id, run.Number)
}

// example writes the example clinic into the data directory.
func (s *Server) example() (string, error) {
	dir := filepath.Join(s.settings.Data, "example")
	if _, err := os.Stat(filepath.Join(dir, "clinic")); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", err
		}
		if err := os.CopyFS(dir, examples.Clinic); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, "clinic"), nil
}
