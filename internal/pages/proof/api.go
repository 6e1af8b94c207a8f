package proof

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
)

var tags = []string{"evidence"}

// operations registers what programs may ask.
func (p *pages) operations(a *api.API) {
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: tags}
	}
	api.Register(a, get("list-evidence", "/evidence", "Bundles of evidence, the newest first"), access.Evidence, p.listEvidence)
	api.Register(a, get("get-evidence", "/evidence/{digest}", "A bundle of evidence with its parts"), access.Evidence, p.getEvidence)
	api.Register(a, get("export-evidence", "/evidence/{digest}/export", "A bundle with its proof, as ward-verify checks it (tar)"),
		access.Evidence, p.exportEvidence)
	api.Register(a, huma.Operation{OperationID: "share-evidence", Method: http.MethodPost, Path: "/evidence/{digest}/links", Tags: tags,
		DefaultStatus: http.StatusCreated,
		Summary:       "A link that lets somebody without an account take a bundle away, until it ends"}, access.Evidence, p.shareEvidence)
	api.Register(a, huma.Operation{OperationID: "end-evidence-link", Method: http.MethodDelete, Path: "/evidence/links/{id}", Tags: tags,
		DefaultStatus: http.StatusNoContent, Summary: "End a link at once"}, access.Evidence, p.endLink)
	api.Register(a, get("get-ledger", "/ledger", "The public key of the ledger and its newest checkpoint"), access.Evidence, p.getLedger)
	api.Register(a, get("export-ledger", "/ledger/export", "All records with their proof, as ward-verify checks it (JSON lines)"),
		access.Evidence, p.exportLedger)
	api.Register(a, get("list-records", "/records", "Records of the ledger, the newest first"), access.Evidence, p.listRecords)
}

// bundleOut is a bundle as programs see it.
type bundleOut struct {
	Digest   string     `json:"digest" doc:"of its manifest, as the record carries it"`
	Estate   string     `json:"estate"`
	Run      string     `json:"run"`
	At       time.Time  `json:"at"`
	Size     int64      `json:"size" doc:"of all parts, in bytes"`
	Until    time.Time  `json:"kept_until"`
	Copied   *time.Time `json:"copied_at,omitempty" doc:"when it was in the second store"`
	Position *int64     `json:"position,omitempty" doc:"of the record that tells of it; left out if there is none"`
	Parts    []partOut  `json:"parts,omitempty"`
}

type partOut struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

func (p *pages) out(ctx context.Context, b evidence.Bundle) (bundleOut, error) {
	o := bundleOut{Digest: b.Digest, Estate: b.Estate, Run: b.Run, At: b.Time(), Size: b.Size, Until: state.Time(b.Until)}
	if b.Copied > 0 {
		at := state.Time(b.Copied)
		o.Copied = &at
	}
	row, ok, err := p.Archive.Record(ctx, b)
	if ok {
		o.Position = &row.Position
	}
	return o, err
}

type listEvidenceIn struct {
	Estate string    `query:"estate" maxLength:"200"`
	From   time.Time `query:"from" doc:"from this time"`
	To     time.Time `query:"to" doc:"before this time"`
	After  string    `query:"after" maxLength:"80" doc:"the digest that the last page ended with"`
	Limit  int64     `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type listEvidenceOut struct {
	Body struct {
		Bundles []bundleOut `json:"bundles"`
		Next    string      `json:"next,omitempty" doc:"what to give as after for the next page"`
	}
}

func (p *pages) listEvidence(ctx context.Context, in *listEvidenceIn) (*listEvidenceOut, error) {
	found, err := p.Archive.Find(ctx, evidence.Wanted{Estate: in.Estate, From: in.From, To: in.To, Before: in.After, Limit: in.Limit})
	if err != nil {
		return nil, told(err)
	}
	out := &listEvidenceOut{}
	out.Body.Bundles = []bundleOut{}
	for _, b := range found {
		o, err := p.out(ctx, b)
		if err != nil {
			return nil, err
		}
		out.Body.Bundles = append(out.Body.Bundles, o)
	}
	if int64(len(found)) == in.Limit {
		out.Body.Next = found[len(found)-1].Digest
	}
	return out, nil
}

type digestIn struct {
	Digest string `path:"digest" maxLength:"80" doc:"with or without sha256: before it"`
}

type bundleReply struct{ Body bundleOut }

func (p *pages) getEvidence(ctx context.Context, in *digestIn) (*bundleReply, error) {
	b, err := p.Archive.Bundle(ctx, full(in.Digest))
	if err != nil {
		return nil, told(err)
	}
	o, err := p.out(ctx, b)
	if err != nil {
		return nil, err
	}
	m, err := p.Archive.Manifest(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, part := range m.Parts {
		o.Parts = append(o.Parts, partOut{part.Name, part.Digest, part.Size})
	}
	return &bundleReply{o}, nil
}

// stream is a reply that is written as it is made. A fault after its first byte cuts the connection.
func stream(name, kind string, write func(context.Context, io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", kind)
		c.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		c.SetHeader("Cache-Control", "no-store")
		if err := write(c.Context(), c.BodyWriter()); err != nil {
			panic(http.ErrAbortHandler)
		}
	}}
}

func (p *pages) exportEvidence(ctx context.Context, in *digestIn) (*huma.StreamResponse, error) {
	b, err := p.Archive.Bundle(ctx, full(in.Digest))
	if err != nil {
		return nil, told(err)
	}
	if _, recorded, err := p.Archive.Record(ctx, b); err != nil || !recorded {
		return nil, errors.Join(err, told(evidence.ErrUnrecorded))
	}
	if err := p.Archive.Taken(ctx, p.Keeper, b, nil); err != nil {
		return nil, err
	}
	return stream(exportName(b), "application/x-tar", func(ctx context.Context, w io.Writer) error { return p.Archive.Export(ctx, w, b, p.Ledger) }), nil
}

type shareIn struct {
	Digest string `path:"digest" maxLength:"80"`
	Body   struct {
		Days int `json:"days" minimum:"1" maximum:"30"`
	}
}

type shareOut struct {
	Body struct {
		ID   string    `json:"id"`
		Path string    `json:"path" doc:"of the link; it is shown only now"`
		Ends time.Time `json:"ends"`
	}
}

func (p *pages) shareEvidence(ctx context.Context, in *shareIn) (*shareOut, error) {
	b, err := p.Archive.Bundle(ctx, full(in.Digest))
	if err != nil {
		return nil, told(err)
	}
	token, link, err := p.Archive.Share(ctx, p.Keeper, b, time.Duration(in.Body.Days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	out := &shareOut{}
	out.Body.ID, out.Body.Path, out.Body.Ends = link.ID, "/evidence/shared/"+token, link.Until()
	return out, nil
}

type linkIn struct {
	ID string `path:"id" maxLength:"64"`
}

func (p *pages) endLink(ctx context.Context, in *linkIn) (*struct{}, error) {
	return nil, told(p.Archive.Unshare(ctx, p.Keeper, in.ID))
}

type ledgerOut struct {
	Body struct {
		Key        string `json:"key"`
		Checkpoint string `json:"checkpoint" doc:"signed (C2SP tlog-checkpoint); empty as long as there are no records"`
		Size       int64  `json:"size" doc:"how many records are under the checkpoint"`
	}
}

func (p *pages) getLedger(ctx context.Context, _ *struct{}) (*ledgerOut, error) {
	out := &ledgerOut{}
	text, err := p.Ledger.Checkpoint(ctx)
	if err != nil && !errors.Is(err, errNotExist) {
		return nil, err
	}
	out.Body.Key, out.Body.Checkpoint = p.Ledger.Key(), string(text)
	out.Body.Size, err = p.Ledger.Size(ctx)
	return out, err
}

func (p *pages) exportLedger(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	if _, err := p.Keeper.Act(ctx, record.Entry{Kind: record.Evidence, Verb: "take away", Subject: "ledger"}, nil); err != nil {
		return nil, err
	}
	name := "ledger-" + p.Now().UTC().Format("2006-01-02") + ".jsonl"
	return stream(name, "application/jsonl", func(ctx context.Context, w io.Writer) error { return p.Ledger.Export(ctx, w, 0, -1) }), nil
}

type listRecordsIn struct {
	Kind    string    `query:"kind" maxLength:"40"`
	Actor   string    `query:"actor" maxLength:"200"`
	Estate  string    `query:"estate" maxLength:"200"`
	Subject string    `query:"subject" maxLength:"400"`
	From    time.Time `query:"from" doc:"from this time"`
	To      time.Time `query:"to" doc:"before this time"`
	After   string    `query:"after" maxLength:"20" doc:"the position that the last page ended with"`
	Limit   int64     `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// recordOut is a record as programs see it.
type recordOut struct {
	Position int64        `json:"position"`
	Entry    record.Entry `json:"entry"`
	Void     *int64       `json:"taken_back_by,omitempty" doc:"the position of the record which says that it was not done"`
}

type listRecordsOut struct {
	Body struct {
		Records []recordOut `json:"records"`
		Next    string      `json:"next,omitempty" doc:"what to give as after for the next page"`
	}
}

func (p *pages) listRecords(ctx context.Context, in *listRecordsIn) (*listRecordsOut, error) {
	w := record.Wanted{Actor: in.Actor, Estate: in.Estate, Subject: in.Subject, From: state.Millis(in.From), To: state.Millis(in.To), Limit: in.Limit}
	if in.Kind != "" {
		w.Kinds = []record.Kind{record.Kind(in.Kind)}
	}
	if in.After != "" {
		n, err := strconv.ParseInt(in.After, 10, 64)
		if err != nil || n < 1 {
			return nil, web.Faultf(http.StatusUnprocessableEntity, "after is no position that a page ended with")
		}
		w.Before = n
	}
	rows, err := p.Keeper.Find(ctx, w)
	if err != nil {
		return nil, err
	}
	out := &listRecordsOut{}
	out.Body.Records = []recordOut{}
	for _, row := range rows {
		e, err := row.Entry()
		if err != nil {
			return nil, err
		}
		o := recordOut{Position: row.Position, Entry: e}
		if row.Void >= 0 {
			o.Void = &row.Void
		}
		out.Body.Records = append(out.Body.Records, o)
	}
	if last := len(rows) - 1; int64(len(rows)) == in.Limit && rows[last].Position > 0 {
		out.Body.Next = strconv.FormatInt(rows[last].Position, 10)
	}
	return out, nil
}
