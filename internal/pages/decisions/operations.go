package decisions

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
)

// item is a decision as the interface tells it.
type item struct {
	Register string         `json:"register"`
	ID       string         `json:"id" doc:"As people call it" example:"EX-12"`
	Estate   string         `json:"estate" doc:"The id of an estate, empty for all"`
	Version  int64          `json:"version" doc:"The newest; changes and steps name the version that they follow"`
	State    string         `json:"state"`
	InForce  int64          `json:"in_force" doc:"The version that holds, 0 if none does"`
	Title    string         `json:"title"`
	Fields   map[string]any `json:"fields" doc:"By the ids of the register's fields: texts, lists, files, a selector of resources"`
	Created  time.Time      `json:"created"`
	Changed  time.Time      `json:"changed"`
}

func itemOf(i *governance.Item) (item, error) {
	fields, err := fieldsOf(i.Body)
	return item{i.Register, i.ID, i.Estate, i.Version, i.State, i.InForce, i.Title, fields, i.Created, i.At}, err
}

func fieldsOf(b register.Body) (map[string]any, error) {
	data, err := b.JSON()
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	return fields, json.Unmarshal(data, &fields)
}

func bodyOf(fields map[string]any) (register.Body, error) {
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	b, err := register.ReadBody(data)
	if err != nil {
		return nil, web.Faultf(http.StatusUnprocessableEntity, "fields: a text, a number, a list or an object is wanted for each")
	}
	return b, nil
}

// told turns an error of governance into a problem (RFC 9457), faults of fields with their places.
func told(err error) error {
	faults, other := problem(err)
	if faults == nil {
		return other
	}
	var details []error
	for _, f := range faults {
		at := "body.fields." + f.Field
		if part, ok := strings.CutPrefix(f.Field, "act."); ok {
			at = "body." + part
		}
		details = append(details, &huma.ErrorDetail{Location: at, Message: f.Text})
	}
	return huma.Error422UnprocessableEntity("nothing was written: "+strconv.Itoa(len(faults))+" fields are not as they should be", details...)
}

type one struct{ Body item }

func answer(i *governance.Item, err error) (*one, error) {
	if err != nil {
		return nil, told(err)
	}
	body, err := itemOf(i)
	return &one{body}, err
}

type which struct {
	Register string `path:"register" example:"exception"`
	ID       string `path:"id" example:"EX-12"`
}

// writing is what is sent to make an item.
type writing struct {
	Body struct {
		Estate string         `json:"estate,omitempty"`
		Fields map[string]any `json:"fields"`
	}
}

// rewriting is what is sent to change an item.
type rewriting struct {
	ID   string `path:"id" example:"EX-12"`
	Body struct {
		Version int64          `json:"version"`
		Reason  string         `json:"reason,omitempty"`
		Fields  map[string]any `json:"fields"`
	}
}

const tag = "decisions"

// operations adds the interface: what can be asked and done by page, by program.
func operations(a *api.API, p *pages) {
	reading(a, p)
	for _, r := range p.decisions.Registers {
		schema := schemaOf(r)
		api.Register(a, huma.Operation{OperationID: "create-" + r.ID, Method: http.MethodPost, Path: home + "/" + r.ID, Tags: []string{tag},
			Summary: "Create " + r.One, Description: r.Doc, DefaultStatus: http.StatusCreated, RequestBody: request(schema, false)},
			access.View, func(ctx context.Context, in *writing) (*one, error) {
				b, err := bodyOf(in.Body.Fields)
				if err != nil {
					return nil, err
				}
				return answer(p.decisions.Create(ctx, r.ID, in.Body.Estate, b))
			})
		api.Register(a, huma.Operation{OperationID: "change-" + r.ID, Method: http.MethodPut, Path: home + "/" + r.ID + "/{id}", Tags: []string{tag},
			Summary: "Change " + r.One, Description: "Fields that are left out become empty. What is in force stays so until the change is, too.",
			RequestBody: request(schema, true)},
			access.View, func(ctx context.Context, in *rewriting) (*one, error) {
				b, err := bodyOf(in.Body.Fields)
				if err != nil {
					return nil, err
				}
				return answer(p.decisions.Change(ctx, r.ID, in.ID, in.Body.Version, b, in.Body.Reason))
			})
	}
	moving(a, p)
	exchanging(a, p)
}

// request is the schema of the body that makes or changes an item.
func request(fields *huma.Schema, change bool) *huma.RequestBody {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"fields"},
		Properties: map[string]*huma.Schema{"fields": fields}}
	if change {
		s.Required = append(s.Required, "version")
		s.Properties["version"] = &huma.Schema{Type: huma.TypeInteger, Description: "The version that this is a change of"}
		s.Properties["reason"] = text("Why it is changed")
	} else {
		s.Properties["estate"] = text("The id of an estate, empty for all")
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: s}}}
}

// schemaOf is what a register says of its fields, as a schema. Fields that steps and Ward set may be sent and are not heard.
func schemaOf(r *register.Register) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	for _, f := range r.Fields {
		one := &huma.Schema{Type: huma.TypeString, Title: f.Label, Description: f.Help}
		switch {
		case f.Type == register.Choice && f.Asked():
			for _, o := range f.Options {
				one.Enum = append(one.Enum, o.Value)
			}
		case f.Type == register.Date:
			one.Description += " A day: 2026-12-31."
		case f.Type == register.Number: // written as a text in replies
			one.Type, one.OneOf = "", []*huma.Schema{{Type: huma.TypeInteger}, {Type: huma.TypeString}}
		case f.Type == register.List, f.Type == register.Checks:
			one.Type, one.Items = huma.TypeArray, &huma.Schema{Type: huma.TypeString}
		case f.Type == register.Files:
			one.Type, one.Items = huma.TypeArray, &huma.Schema{Type: huma.TypeObject, Description: "As the upload answered",
				Required: []string{"digest", "name", "size"}, Properties: map[string]*huma.Schema{"digest": {Type: huma.TypeString},
					"name": {Type: huma.TypeString}, "size": {Type: huma.TypeInteger}}}
		case f.Type == register.Selector:
			one.Type, one.Properties = huma.TypeObject, map[string]*huma.Schema{"address": {Type: huma.TypeString}, "target": {Type: huma.TypeString},
				"tags": {Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}}}
		}
		if !f.Asked() {
			one.ReadOnly = true
		}
		s.Properties[f.ID] = one
		if f.Required {
			s.Required = append(s.Required, f.ID)
		}
	}
	return s
}

type move struct {
	Register string `path:"register" example:"exception"`
	ID       string `path:"id" example:"EX-12"`
	Body     struct {
		Version int64  `json:"version" doc:"The version that is taken further"`
		Verb    string `json:"verb" doc:"A step of the register from where the item stands, or discard" example:"approve"`
		Reason  string `json:"reason,omitempty" maxLength:"2000"`
	}
}

func moving(a *api.API, p *pages) {
	api.Register(a, huma.Operation{OperationID: "move-decision", Method: http.MethodPost, Path: home + "/{register}/{id}/moves", Tags: []string{tag},
		Summary: "Take a decision a step further", Description: "403 if a second person is needed or a permission is missing, " +
			"409 if somebody changed it meanwhile, 422 if something is to be filled in first."},
		access.View, func(ctx context.Context, in *move) (*one, error) {
			return answer(p.decisions.Move(ctx, in.Register, in.ID, in.Body.Version, in.Body.Verb, in.Body.Reason))
		})
	type upload struct {
		Name    string `query:"name" required:"true" maxLength:"200"`
		RawBody []byte `contentType:"application/octet-stream"`
	}
	type uploaded struct{ Body register.File }
	api.Register(a, huma.Operation{OperationID: "upload-evidence-file", Method: http.MethodPost, Path: home + "/files", Tags: []string{tag},
		MaxBodyBytes: governance.MaxFile, Summary: "Upload an evidence file",
		Description: "What it answers is put into a field of an item; a file that no item names goes after a day."},
		access.Propose, func(ctx context.Context, in *upload) (*uploaded, error) {
			f, err := p.decisions.Keep(ctx, in.Name, bytes.NewReader(in.RawBody))
			if err != nil {
				return nil, told(err)
			}
			return &uploaded{f}, nil
		})
	type download struct {
		Register string `path:"register" example:"exception"`
		ID       string `path:"id" example:"EX-12"`
		Digest   string `path:"digest"`
	}
	type downloaded struct {
		ContentType string `header:"Content-Type"`
		Disposition string `header:"Content-Disposition"`
		Sniff       string `header:"X-Content-Type-Options"`
		Body        []byte
	}
	api.Register(a, huma.Operation{OperationID: "get-evidence-file", Method: http.MethodGet, Path: home + "/{register}/{id}/files/{digest}",
		Tags: []string{tag}, Summary: "Read an evidence file"}, access.View, func(ctx context.Context, in *download) (*downloaded, error) {
		f, data, err := p.decisions.File(ctx, in.Register, in.ID, in.Digest)
		if err != nil {
			return nil, told(err)
		}
		return &downloaded{"application/octet-stream", disposition(f.Name), "nosniff", data}, nil
	})
}

func exchanging(a *api.API, p *pages) {
	type exported struct {
		ContentType string `header:"Content-Type"`
		Body        []byte
	}
	api.Register(a, huma.Operation{OperationID: "export-decisions", Method: http.MethodGet, Path: home + "/export", Tags: []string{tag},
		Summary: "Read the decisions in force as a part of ward.yaml"}, access.View, func(ctx context.Context, in *dated) (*exported, error) {
		at, err := p.day(in.Date)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := p.decisions.Export(ctx, in.Estate, at, &out); err != nil {
			return nil, told(err)
		}
		return &exported{"application/yaml", out.Bytes()}, nil
	})
	type importing struct {
		Estate  string `query:"estate"`
		RawBody []byte `contentType:"application/yaml"`
	}
	type fault struct {
		What string `json:"what"`
		Text string `json:"text"`
	}
	type imported struct {
		Body struct {
			Created   []string `json:"created" nullable:"false"`
			Changed   []string `json:"changed" nullable:"false"`
			Unchanged []string `json:"unchanged" nullable:"false"`
			Faults    []fault  `json:"faults" nullable:"false" doc:"If there are any, nothing was written"`
		}
	}
	api.Register(a, huma.Operation{OperationID: "import-decisions", Method: http.MethodPost, Path: home + "/import", Tags: []string{tag},
		MaxBodyBytes: 4 << 20, Summary: "Make drafts of the decisions of a ward.yaml", Description: "Nothing comes into force by it."},
		access.Propose, func(ctx context.Context, in *importing) (*imported, error) {
			c, err := config.Parse("ward.yaml", in.RawBody)
			if err != nil {
				return nil, web.Faultf(http.StatusUnprocessableEntity, "%s", err.Error())
			}
			done, err := p.decisions.Import(ctx, in.Estate, c)
			if err != nil {
				return nil, told(err)
			}
			out := &imported{}
			out.Body.Created, out.Body.Changed = append([]string{}, done.Created...), append([]string{}, done.Changed...)
			out.Body.Unchanged, out.Body.Faults = append([]string{}, done.Unchanged...), []fault{}
			for _, f := range done.Faults {
				out.Body.Faults = append(out.Body.Faults, fault(f))
			}
			return out, nil
		})
}
