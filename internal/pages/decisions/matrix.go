package decisions

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/governance/ssp"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/report/oscal"
	"ward.dev/ward/internal/web"
)

type matrixBody struct {
	Rows     []governance.Shared
	Open     int
	Estate   string
	MayWrite bool
}

// matrix shows who answers for what.
func (p *pages) matrix(w http.ResponseWriter, r *http.Request) error {
	scope, estate, err := p.scope(r, "/responsibilities")
	if err != nil {
		return err
	}
	rows, err := p.decisions.Matrix(r.Context(), p.Framework, estate, p.Now())
	if err != nil {
		return fault(err)
	}
	body := matrixBody{Rows: rows, Estate: estate, MayWrite: access.From(r.Context()).May(access.Propose)}
	for i := range rows {
		if rows[i].Open() {
			body.Open++
		}
	}
	return p.Show(w, r, "matrix.html", web.Page{Title: "Responsibilities", Active: "/responsibilities", Scope: scope, Body: body, Wide: true})
}

type planBody struct {
	*ssp.Plan
	Name  string
	OSCAL string
	Parts []planPart
}

// planPart is what was in force in a register, with the columns that its lists have.
type planPart struct {
	*register.Register
	Title string // of the section
	Items []governance.Holding
}

// plan shows the system security plan, or hands it out in OSCAL.
func (p *pages) plan(w http.ResponseWriter, r *http.Request) error {
	scope, estate, err := p.scope(r, "/plan")
	if err != nil {
		return err
	}
	at, err := p.day(r.FormValue("date"))
	if err != nil {
		return err
	}
	scope.NoDate, scope.Date, scope.Max = false, r.FormValue("date"), p.Now().UTC().Format(time.DateOnly)
	made, err := p.makePlan(r.Context(), estate, at)
	if err != nil {
		return err
	}
	names, err := p.names(r.Context())
	if err != nil {
		return err
	}
	switch r.FormValue("format") {
	case "":
	case "oscal-ssp":
		return p.oscal(w, r, made)
	default:
		return web.Faultf(http.StatusBadRequest, "A plan is shown as a page, or with format=oscal-ssp.")
	}
	return p.Show(w, r, "plan.html", web.Page{Title: "System security plan", Active: "/plan", Scope: scope, Body: planBody{made, names[estate],
		"/plan?" + url.Values{"format": {"oscal-ssp"}, "estate": {estate}, "date": {r.FormValue("date")}}.Encode(), p.parts(made)}})
}

func (p *pages) parts(made *ssp.Plan) []planPart {
	part := func(id, title string, items []governance.Holding) planPart {
		return planPart{p.decisions.Registers.Get(id), title, items}
	}
	return []planPart{
		part(governance.Flow, "ePHI that is created, received, kept and sent", made.Flows),
		part(governance.Policy, "Policies", made.Policies),
		part(governance.Vendor, "Vendors", made.Vendors),
		part(governance.Agreement, "Agreements", made.Agreements),
		part(governance.Risk, "Risks", made.Risks),
		part(governance.Exception, "Exceptions", made.Exceptions),
		part(governance.Drill, "Contingency drills", made.Drills),
	}
}

func (p *pages) makePlan(ctx context.Context, estate string, at time.Time) (*ssp.Plan, error) {
	var a *assessment.Assessment
	if p.Assessment != nil && estate != "" {
		var err error
		if a, err = p.Assessment(ctx, estate, at); err != nil {
			return nil, err
		}
	}
	made, err := ssp.Make(ctx, p.decisions, p.Framework, a, estate, at)
	if err != nil {
		return nil, fault(err)
	}
	return made, nil
}

// oscal hands a plan out.
func (p *pages) oscal(w http.ResponseWriter, r *http.Request, made *ssp.Plan) error {
	data, err := p.written(r.Context(), made, made.Estate)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", disposition("plan-"+made.At.UTC().Format(time.DateOnly)+".json"))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(data) // a reader who has gone is no fault
	return nil
}

// written is a plan in OSCAL. Without an assessment every safeguard is unknown.
func (p *pages) written(ctx context.Context, made *ssp.Plan, estate string) ([]byte, error) {
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := oscal.SSP{Known: made.Known()}
	err = writer.Write(&out, assessed(made, names[estate]), report.Options{})
	return out.Bytes(), err
}

// assessed is the assessment of a plan, or one in which nothing is known.
func assessed(made *ssp.Plan, name string) *assessment.Assessment {
	if made.Assessment != nil {
		return made.Assessment
	}
	f := made.Framework
	a := &assessment.Assessment{Version: assessment.Version, AssessedAt: made.At, Estate: name,
		Framework: assessment.Framework{ID: f.ID, Title: f.Title, Source: f.Source}}
	for _, s := range made.Safeguards {
		state := s.State
		state.Name, state.Specification, state.Obligation, state.Responsible = s.Name, s.Specification, s.Obligation, s.Side
		a.Safeguards = append(a.Safeguards, state)
	}
	return a
}
