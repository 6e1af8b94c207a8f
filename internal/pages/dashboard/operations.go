package dashboard

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/web"
)

// About names the estate and the run that an operation is About.
type About struct {
	Estate string `query:"estate" required:"true" maxLength:"100" doc:"The id of the estate"`
	Run    int64  `query:"run" minimum:"0" doc:"The number of the assessment; 0 or none is the newest"`
}

// Paged is which part of a list is asked for.
type Paged struct {
	After string `query:"after" maxLength:"500" doc:"The next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// Filtered is a filter of findings, in the words that the pages have in their addresses.
type Filtered struct {
	Status    []string `query:"status,explode" maxItems:"60" enum:"fail,unknown,excepted,pass,not applicable,all" doc:"Without one, what is open: fail and unknown"`
	Severity  []string `query:"severity,explode" maxItems:"60" enum:"critical,high,medium,low"`
	PHI       []string `query:"phi,explode" maxItems:"60" enum:"yes,no,unknown"`
	Safeguard []string `query:"safeguard,explode" maxItems:"60" doc:"Citations"`
	Check     []string `query:"check,explode" maxItems:"60"`
	Account   []string `query:"account,explode" maxItems:"60"`
	Target    []string `query:"target,explode" maxItems:"60"`
	Kind      []string `query:"kind,explode" maxItems:"60"`
	Region    []string `query:"region,explode" maxItems:"60"`
	Owner     []string `query:"owner,explode" maxItems:"60" doc:"Ids of accounts, or nobody"`
	Address   []string `query:"address,explode" maxItems:"60"`
	Age       string   `query:"age" enum:"day,week,month,quarter,older"`
	Text      string   `query:"q" maxLength:"500" doc:"Looked for in addresses"`
}

func (f Filtered) filter() (history.Filter, error) {
	q := url.Values{"status": f.Status, "severity": f.Severity, "phi": f.PHI, "safeguard": f.Safeguard, "check": f.Check, "account": f.Account,
		"target": f.Target, "kind": f.Kind, "region": f.Region, "owner": f.Owner, "address": f.Address}
	if f.Age != "" {
		q.Set("age", f.Age)
	}
	q.Set("q", f.Text)
	return filterOf(q)
}

type body[T any] struct{ Body T }

// answer makes a reply of a question to the history.
func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, notThere(err, "What was asked for")
	}
	return &body[T]{v}, nil
}

// some is a list that is not null when it is empty.
func some[T any](list []T, err error) ([]T, error) {
	if list == nil {
		list = []T{}
	}
	return list, err
}

func get(id, path, summary, tag string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{tag}, Errors: []int{http.StatusNotFound}}
}

func (d *dashboard) operations(a *api.API) {
	d.runOperations(a)
	d.findingOperations(a)
	d.unknownOperations(a)
	h := d.History
	api.Register(a, get("list-safeguards", "/safeguards", "All safeguards with their state", "Safeguards"), access.View,
		func(ctx context.Context, in *About) (*body[[]assessment.Safeguard], error) {
			return answer(some(h.Safeguards(ctx, in.Estate, in.Run)))
		})
	type safeguard struct {
		About
		Citation string `path:"citation" maxLength:"100"`
	}
	api.Register(a, get("get-safeguard", "/safeguards/{citation}", "A safeguard with its state", "Safeguards"), access.View,
		func(ctx context.Context, in *safeguard) (*body[assessment.Safeguard], error) {
			return answer(h.Safeguard(ctx, in.Estate, in.Run, in.Citation))
		})
	api.Register(a, get("get-safeguard-history", "/safeguards/{citation}/history", "The states of a safeguard over time, the newest first", "Safeguards"), access.View,
		func(ctx context.Context, in *safeguard) (*body[[]history.Spell], error) {
			return answer(some(h.SafeguardHistory(ctx, in.Estate, in.Citation)))
		})
	api.Register(a, get("list-gaps", "/gaps", "What could not be read, and what to grant", "Assessments"), access.View,
		func(ctx context.Context, in *About) (*body[[]history.OpenGap], error) {
			return answer(some(h.Gaps(ctx, in.Estate, in.Run)))
		})
	api.Register(a, get("list-places", "/places", "What accounts, clusters and repositories come to", "Assessments"), access.View,
		func(ctx context.Context, in *About) (*body[[]history.PlaceGroup], error) {
			return answer(some(h.Places(ctx, in.Estate, in.Run)))
		})
	api.Register(a, get("get-overview", "/overview", "The state of an estate in numbers", "Assessments"), access.View,
		func(ctx context.Context, in *About) (*body[history.Overview], error) {
			return answer(h.Overview(ctx, in.Estate, in.Run))
		})
	api.Register(a, get("get-phi-map", "/phi-map", "Which resources hold, carry or touch PHI, and how it flows between them", "Assessments"), access.View,
		func(ctx context.Context, in *About) (*body[*phimap.Map], error) {
			run, err := h.Run(ctx, in.Estate, in.Run)
			if err != nil || d.Map == nil {
				return answer[*phimap.Map](nil, cmp.Or(err, history.ErrNone))
			}
			return answer(d.Map(ctx, in.Estate, run.Number))
		})
	type due struct {
		Estate string `query:"estate" required:"true" maxLength:"100"`
	}
	api.Register(a, get("list-due", "/due", "What needs a person, the first first", "Decisions"), access.View,
		func(ctx context.Context, in *due) (*body[[]Due], error) {
			run, err := h.Run(ctx, in.Estate, 0)
			if err != nil {
				return nil, notThere(err, "An assessment of the estate")
			}
			all, err := h.Safeguards(ctx, in.Estate, run.Number)
			if err != nil {
				return nil, err
			}
			v := &view{d: d, Estate: Estate{ID: in.Estate}, Run: run, Now: d.Now()}
			return answer(some(d.allDue(ctx, v, all)))
		})
}

func (d *dashboard) runOperations(a *api.API) {
	h := d.History
	type list struct {
		Estate string `query:"estate" required:"true" maxLength:"100"`
		After  int64  `query:"after" minimum:"0" doc:"The number of the last of the page before; the newest come first"`
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
	}
	api.Register(a, get("list-assessments", "/assessments", "Assessments, the newest first, without their findings", "Assessments"), access.View,
		func(ctx context.Context, in *list) (*body[[]history.Run], error) {
			return answer(some(h.Runs(ctx, in.Estate, in.After, in.Limit)))
		})
	type one struct {
		Estate string `query:"estate" required:"true" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
	}
	api.Register(a, get("get-assessment", "/assessments/{number}", "An assessment without its findings", "Assessments"), access.View,
		func(ctx context.Context, in *one) (*body[history.Run], error) {
			return answer(h.Run(ctx, in.Estate, in.Number))
		})
	type start struct {
		Body struct {
			Estate string `json:"estate" maxLength:"100"`
		}
	}
	op := huma.Operation{OperationID: "start-assessment", Method: http.MethodPost, Path: "/assessments", Summary: "Assess an estate now",
		Tags: []string{"Assessments"}, DefaultStatus: http.StatusAccepted}
	api.Register(a, op, access.Assess, func(ctx context.Context, in *start) (*struct{}, error) {
		return nil, d.Assess(ctx, in.Body.Estate)
	})
	type span struct {
		Estate string    `query:"estate" required:"true" maxLength:"100"`
		From   time.Time `query:"from" doc:"90 days ago if not given"`
		To     time.Time `query:"to" doc:"Now if not given"`
	}
	api.Register(a, get("get-trend", "/trend", "The state over time, at most 200 points", "Assessments"), access.View,
		func(ctx context.Context, in *span) (*body[[]history.Point], error) {
			if in.To.IsZero() {
				in.To = d.Now()
			}
			if in.From.IsZero() {
				in.From = in.To.Add(-trendSpan)
			}
			return answer(some(h.Trend(ctx, in.Estate, in.From, in.To)))
		})
	type between struct {
		Estate string `query:"estate" required:"true" maxLength:"100"`
		From   int64  `query:"from" minimum:"0" doc:"The number of the earlier assessment; the one before the other if not given"`
		To     int64  `query:"to" minimum:"0" doc:"The newest if not given"`
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Of each list"`
	}
	api.Register(a, get("get-changes", "/changes", "What differs between two assessments", "Assessments"), access.View,
		func(ctx context.Context, in *between) (*body[*history.Changes], error) {
			return answer(h.Changes(ctx, in.Estate, in.From, in.To, in.Limit))
		})
}

func (d *dashboard) findingOperations(a *api.API) {
	h := d.History
	type list struct {
		About
		Paged
		Filtered
	}
	api.Register(a, get("list-findings", "/findings", "Findings, those with the highest risk first", "Findings"), access.View,
		func(ctx context.Context, in *list) (*body[*history.Page[history.Item]], error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			return answer(h.Findings(ctx, in.Estate, in.Run, f, in.After, in.Limit))
		})
	type facets struct {
		About
		Filtered
	}
	api.Register(a, get("get-facets", "/finding-facets", "How many findings there are by all that they can be chosen by", "Findings"), access.View,
		func(ctx context.Context, in *facets) (*body[*history.Facets], error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			return answer(h.Facets(ctx, in.Estate, in.Run, f))
		})
	type one struct {
		About
		ID string `path:"id" maxLength:"200"`
	}
	api.Register(a, get("get-finding", "/findings/{id}", "A finding with its evidence and how to fix it", "Findings"), access.View,
		func(ctx context.Context, in *one) (*body[*history.Detail], error) {
			return answer(h.Finding(ctx, in.Estate, in.Run, in.ID))
		})
	api.Register(a, get("get-finding-history", "/findings/{id}/history", "The states of a finding over time, the newest first", "Findings"), access.View,
		func(ctx context.Context, in *one) (*body[[]history.Spell], error) {
			return answer(some(h.FindingHistory(ctx, in.Estate, in.ID)))
		})
	type assign struct {
		Body struct {
			Estate string          `json:"estate" maxLength:"100"`
			Scopes []history.Scope `json:"scopes" minItems:"1" maxItems:"500"`
			Owner  string          `json:"owner" maxLength:"100" doc:"The id of an account; empty takes the assignment back"`
		}
	}
	op := huma.Operation{OperationID: "assign-findings", Method: http.MethodPost, Path: "/assignments", Summary: "Say who sees to findings",
		Tags: []string{"Findings"}, DefaultStatus: http.StatusNoContent}
	api.Register(a, op, access.Assign, func(ctx context.Context, in *assign) (*struct{}, error) {
		if err := d.hasEstate(ctx, in.Body.Estate); err != nil {
			return nil, err
		}
		return nil, d.assignAll(ctx, in.Body.Estate, in.Body.Scopes, in.Body.Owner)
	})
	api.Register(a, get("list-assignments", "/assignments", "Who sees to which findings", "Findings"), access.View,
		func(ctx context.Context, in *About) (*body[[]history.Assignment], error) {
			return answer(some(h.Assignments(ctx, in.Estate)))
		})
}

// hasEstate is an error unless the estate is declared.
func (d *dashboard) hasEstate(ctx context.Context, id string) error {
	estates, err := d.Estates(ctx)
	if err != nil {
		return err
	}
	for _, e := range estates {
		if e.ID == id {
			return nil
		}
	}
	return web.Faultf(http.StatusNotFound, "There is no such estate.")
}
