package decisions

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/web"
)

// reading adds the operations that change nothing.
func reading(a *api.API, p *pages) {
	listing(a, p)
	type history struct {
		Body struct {
			Versions []version `json:"versions" nullable:"false"`
		}
	}
	api.Register(a, huma.Operation{OperationID: "get-decision", Method: http.MethodGet, Path: home + "/{register}/{id}", Tags: []string{tag},
		Summary: "Read a decision"}, access.View, func(ctx context.Context, in *which) (*one, error) {
		return answer(p.decisions.Get(ctx, in.Register, in.ID))
	})
	api.Register(a, huma.Operation{OperationID: "get-decision-history", Method: http.MethodGet, Path: home + "/{register}/{id}/history",
		Tags:    []string{tag},
		Summary: "Read every version of a decision, the newest first"}, access.View, func(ctx context.Context, in *which) (*history, error) {
		all, err := p.decisions.History(ctx, in.Register, in.ID)
		if err != nil {
			return nil, told(err)
		}
		out := &history{}
		out.Body.Versions = []version{}
		for _, v := range all {
			fields, err := fieldsOf(v.Body)
			if err != nil {
				return nil, err
			}
			out.Body.Versions = append(out.Body.Versions, version{v.Version, v.Verb, v.State, v.InForce, fields, v.Digest, v.Reason,
				v.ActorName, v.At})
		}
		return out, nil
	})
	overviews(a, p)
}

// version is an item from one act to the next.
type version struct {
	Version int64          `json:"version"`
	Verb    string         `json:"verb"`
	State   string         `json:"state"`
	InForce int64          `json:"in_force" doc:"The version that held after it"`
	Fields  map[string]any `json:"fields"`
	Digest  string         `json:"digest" doc:"Of the fields, as the ledger has it"`
	Reason  string         `json:"reason"`
	Actor   string         `json:"actor"`
	At      time.Time      `json:"at"`
}

func listing(a *api.API, p *pages) {
	type wanted struct {
		Register string `path:"register" example:"exception"`
		Estate   string `query:"estate" doc:"What holds for it, what holds for all included"`
		State    string `query:"state"`
		Open     bool   `query:"open" doc:"Only what is not over"`
		Text     string `query:"q" doc:"In the title" maxLength:"200"`
		After    string `query:"after" doc:"As the reply before said under next"`
		Limit    int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	}
	type items struct {
		Body struct {
			Items []item `json:"items" nullable:"false"`
			Next  string `json:"next,omitempty" doc:"For the query parameter after; left out on the last page"`
		}
	}
	api.Register(a, huma.Operation{OperationID: "list-decisions", Method: http.MethodGet, Path: home + "/{register}", Tags: []string{tag},
		Summary: "List the decisions of a register, the newest first"}, access.View, func(ctx context.Context, in *wanted) (*items, error) {
		w := governance.Wanted{Register: in.Register, Estate: in.Estate, State: in.State, Open: in.Open, Text: in.Text, Limit: in.Limit}
		if in.After != "" {
			n, err := strconv.ParseInt(in.After, 10, 64)
			if err != nil || n < 1 {
				return nil, web.Faultf(http.StatusBadRequest, "after is what a reply said under next")
			}
			w.Before = n
		}
		all, err := p.decisions.List(ctx, w)
		if err != nil {
			return nil, told(err)
		}
		out := &items{}
		out.Body.Items = []item{}
		for _, i := range all {
			one, err := itemOf(i)
			if err != nil {
				return nil, err
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		if len(all) == in.Limit {
			out.Body.Next = strconv.FormatInt(all[len(all)-1].Number, 10)
		}
		return out, nil
	})
}

// overviews adds what is due, who answers for what, and the plan.
func overviews(a *api.API, p *pages) {
	type due struct {
		Register string `json:"register"`
		ID       string `json:"id"`
		Title    string `json:"title"`
		Estate   string `json:"estate"`
		Says     string `json:"says"`
		Date     string `json:"date,omitempty" format:"date" doc:"Left out where somebody is waited for"`
		Late     bool   `json:"late"`
	}
	type asked struct {
		Estate string `query:"estate"`
		Days   int    `query:"days" default:"30" minimum:"0" maximum:"400" doc:"How far ahead; registers that remind earlier do"`
	}
	type dues struct {
		Body struct {
			Due []due `json:"due" nullable:"false"`
		}
	}
	api.Register(a, huma.Operation{OperationID: "list-due-decisions", Method: http.MethodGet, Path: home, Tags: []string{tag},
		Summary: "List what is due and what waits for somebody"}, access.View, func(ctx context.Context, in *asked) (*dues, error) {
		all, err := p.decisions.Due(ctx, in.Estate, time.Duration(in.Days)*24*time.Hour)
		if err != nil {
			return nil, told(err)
		}
		out := &dues{}
		out.Body.Due = []due{}
		for _, d := range all {
			one := due{d.Item.Register, d.Item.ID, d.Item.Title, d.Item.Estate, d.Says, "", d.Late}
			if !d.Date.IsZero() {
				one.Date = d.Date.Format(time.DateOnly)
			}
			out.Body.Due = append(out.Body.Due, one)
		}
		return out, nil
	})
	responsibilities(a, p)
}

// dated is what the operations on a day are asked.
type dated struct {
	Estate string `query:"estate"`
	Date   string `query:"date" format:"date" doc:"As it was at the end of a day"`
}

func responsibilities(a *api.API, p *pages) {
	type row struct {
		Citation    string `json:"citation"`
		Name        string `json:"name"`
		Side        string `json:"side" enum:"customer,provider,shared"`
		Provider    string `json:"provider,omitempty"`
		Under       string `json:"under,omitempty"`
		Confirmed   bool   `json:"confirmed" doc:"The agreement with the provider is attested"`
		Item        string `json:"item,omitempty"`
		Accountable string `json:"accountable,omitempty"`
	}
	type rows struct {
		Body struct {
			Safeguards []row `json:"safeguards" nullable:"false"`
		}
	}
	api.Register(a, huma.Operation{OperationID: "list-responsibilities", Method: http.MethodGet, Path: "/responsibilities", Tags: []string{tag},
		Summary: "Read the shared-responsibility matrix"}, access.View, func(ctx context.Context, in *dated) (*rows, error) {
		at, err := p.day(in.Date)
		if err != nil {
			return nil, err
		}
		all, err := p.decisions.Matrix(ctx, p.Framework, in.Estate, at)
		if err != nil {
			return nil, told(err)
		}
		out := &rows{}
		for _, s := range all {
			one := row{Citation: s.Citation, Name: s.Name, Side: s.Side, Provider: s.From, Under: s.Under, Confirmed: s.Confirmed}
			if s.Item != nil {
				one.Item, one.Accountable = s.Item.ID, s.Item.Holds["accountable"].Text
			}
			out.Body.Safeguards = append(out.Body.Safeguards, one)
		}
		return out, nil
	})
	type plan struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	api.Register(a, huma.Operation{OperationID: "get-plan", Method: http.MethodGet, Path: "/plan", Tags: []string{tag},
		Summary: "Read the system security plan in OSCAL"}, access.View, func(ctx context.Context, in *dated) (*plan, error) {
		at, err := p.day(in.Date)
		if err != nil {
			return nil, err
		}
		made, err := p.makePlan(ctx, in.Estate, at)
		if err != nil {
			return nil, err
		}
		data, err := p.written(ctx, made, in.Estate)
		return &plan{"application/json", data}, err
	})
}
