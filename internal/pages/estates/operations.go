package estates

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/estate"
	"ward.dev/ward/internal/state"
)

// Named is a request about one estate.
type Named struct {
	ID string `path:"id" maxLength:"60" doc:"The id of the estate"`
}

// Sent is a request that says what an estate consists of. Both are exported because huma looks at no other embedded structs.
type Sent struct {
	Body declared
}

// declared is what callers say of an estate.
type declared struct {
	Name    string          `json:"name" maxLength:"80" minLength:"1"`
	Sources []estate.Source `json:"sources" minItems:"1" maxItems:"200"`
	Hours   int             `json:"hours,omitempty" minimum:"0" maximum:"720" doc:"Hours between assessments; 0 is on demand only"`
	Config  string          `json:"config,omitempty" maxLength:"1000" doc:"Path of a ward.yaml on the server"`
	Images  bool            `json:"images,omitempty"`
}

func (d declared) estate() estate.Estate {
	return estate.Estate{Name: d.Name, Sources: d.Sources, Hours: d.Hours, Config: d.Config, Images: d.Images}
}

type reply struct {
	Body estate.Estate
}

type all struct {
	Body struct {
		Estates []estate.Estate `json:"estates"`
	}
}

// job is an assessment that is wanted, under way or over.
type job struct {
	estate.Job
	Created  time.Time       `json:"created"`
	Started  time.Time       `json:"started,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	Progress estate.Progress `json:"progress"`
}

func jobOf(j estate.Job) job {
	return job{j, state.Time(j.Created), state.Time(j.Started), state.Time(j.Ended), j.How()}
}

type jobReply struct {
	Status int
	Body   job
}

type jobsReply struct {
	Body struct {
		Jobs []job `json:"jobs"`
	}
}

func (p *pages) operations(a *api.API) {
	tags := []string{"estates"}
	api.Register(a, huma.Operation{OperationID: "list-estates", Method: http.MethodGet, Path: "/estates", Summary: "List the estates",
		Tags: tags}, access.View, func(ctx context.Context, _ *struct{}) (*all, error) {
		list, err := p.Store.List(ctx)
		out := &all{}
		out.Body.Estates = list
		return out, err
	})
	api.Register(a, huma.Operation{OperationID: "create-estate", Method: http.MethodPost, Path: "/estates", Summary: "Declare an estate",
		DefaultStatus: http.StatusCreated, Tags: tags}, access.Sources,
		func(ctx context.Context, in *Sent) (*reply, error) {
			e, err := p.Store.Create(ctx, in.Body.estate())
			p.Changed(e.ID)
			return &reply{e}, told(err)
		})
	api.Register(a, huma.Operation{OperationID: "get-estate", Method: http.MethodGet, Path: "/estates/{id}", Summary: "Read an estate",
		Tags: tags}, access.View, func(ctx context.Context, in *Named) (*reply, error) {
		e, err := p.Store.Get(ctx, in.ID)
		return &reply{e}, told(err)
	})
	api.Register(a, huma.Operation{OperationID: "change-estate", Method: http.MethodPut, Path: "/estates/{id}", Summary: "Change an estate",
		Tags: tags}, access.Sources, func(ctx context.Context, in *struct {
		Named
		Version int64 `query:"version" required:"true" doc:"The version that is changed"`
		Sent
	}) (*reply, error) {
		e := in.Body.estate()
		e.ID, e.Version = in.ID, in.Version
		e, err := p.Store.Change(ctx, e)
		p.Changed(e.ID)
		return &reply{e}, told(err)
	})
	api.Register(a, huma.Operation{OperationID: "remove-estate", Method: http.MethodDelete, Path: "/estates/{id}",
		Summary: "End the assessments of an estate; its history stays", Tags: tags}, access.Sources,
		func(ctx context.Context, in *struct {
			Named
			Version int64 `query:"version" required:"true" doc:"The version that is removed"`
		}) (*struct{}, error) {
			err := p.Store.Remove(ctx, in.ID, in.Version)
			p.Changed(in.ID)
			return nil, told(err)
		})
	api.Register(a, huma.Operation{OperationID: "assess-estate", Method: http.MethodPost, Path: "/estates/{id}/assess",
		Summary: "Ask for an assessment", DefaultStatus: http.StatusAccepted, Tags: tags}, access.Assess, p.want)
	api.Register(a, huma.Operation{OperationID: "list-jobs", Method: http.MethodGet, Path: "/estates/{id}/jobs",
		Summary: "List the newest jobs of an estate", Tags: tags}, access.View, p.jobs)
}

// want answers 202 with the job; with one that waits or runs already, 200.
func (p *pages) want(ctx context.Context, in *Named) (*jobReply, error) {
	j, err := p.Store.Want(ctx, in.ID, "demand")
	if errors.Is(err, estate.ErrRunning) {
		return &jobReply{http.StatusOK, jobOf(j)}, nil
	}
	if err != nil {
		return nil, told(err)
	}
	p.Changed(in.ID)
	return &jobReply{http.StatusAccepted, jobOf(j)}, nil
}

func (p *pages) jobs(ctx context.Context, in *struct {
	Named
	Limit int64 `query:"limit" minimum:"1" maximum:"500" default:"20"`
}) (*jobsReply, error) {
	if _, err := p.Store.Get(ctx, in.ID); err != nil {
		return nil, told(err)
	}
	list, err := p.Store.Jobs(ctx, in.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &jobsReply{}
	out.Body.Jobs = []job{}
	for _, j := range list {
		out.Body.Jobs = append(out.Body.Jobs, jobOf(j))
	}
	return out, nil
}
