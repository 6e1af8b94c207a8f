// Package proof is the pages and operations on which an auditor finds what was recorded and kept, and takes it away with its proof: the
// days with their evidence, a bundle, links that end by themselves, the records, the ledger.
//
// It must not know how evidence is kept, nor what records mean.
package proof

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/ledger"
)

//go:embed pages/*.html
var files embed.FS

// Parts are what the pages show.
type Parts struct {
	Archive *evidence.Archive
	Keeper  *record.Keeper
	Ledger  *ledger.Reader
	// Estate is what people call an estate; nil shows its id.
	Estate func(id string) string
	Now    func() time.Time
}

type pages struct {
	Parts
	show *web.Pages
}

// Add adds pages, operations and the navigation.
func Add(site *web.Site, a *api.API, parts Parts) error {
	if parts.Estate == nil {
		parts.Estate = func(id string) string { return id }
	}
	inner, err := fs.Sub(files, "pages")
	if err != nil {
		return err
	}
	p := &pages{Parts: parts}
	if p.show, err = site.Pages(inner); err != nil {
		return err
	}
	for pattern, h := range map[string]web.Handler{
		"GET /evidence":                        p.calendar,
		"GET /evidence/{day}":                  p.day,
		"GET /evidence/checkpoint":             p.checkpoint,
		"GET /evidence/key":                    p.key,
		"GET /evidence/ledger":                 p.ledger,
		"GET /evidence/bundle/{digest}":        p.bundle,
		"POST /evidence/bundle/{digest}/check": p.check,
		"POST /evidence/bundle/{digest}/links": p.share,
		"GET /evidence/bundle/{digest}/export": p.export,
		"POST /evidence/links/{id}/end":        p.unshare,
		"GET /records":                         p.records,
	} {
		site.Handle(pattern, access.Evidence, h)
	}
	site.Handle("GET /evidence/shared/{token}", access.Anyone, p.shared)
	site.Handle("POST /evidence/shared/{token}", access.Anyone, p.takeShared)
	site.Link(web.Link{Title: "Evidence", Path: "/evidence", Need: access.Evidence, Order: 60, Group: "Work"})
	site.Link(web.Link{Title: "Records", Path: "/records", Need: access.Evidence, Order: 61, Group: "Work"})
	p.operations(a)
	return nil
}

// found returns the bundle that an address names: its digest, with or without the name of the algorithm.
func (p *pages) found(r *http.Request) (evidence.Bundle, error) {
	b, err := p.Archive.Bundle(r.Context(), full(r.PathValue("digest")))
	return b, told(err)
}

func full(digest string) string { return "sha256:" + strings.TrimPrefix(digest, "sha256:") }

// told turns the errors that a reader can do something about into words.
func told(err error) error {
	switch {
	case errors.Is(err, evidence.ErrNone):
		return web.Faultf(http.StatusNotFound, "There is no evidence of this digest. Look for it by its day under Evidence.")
	case errors.Is(err, evidence.ErrNoLink):
		return web.Faultf(http.StatusNotFound, "This link has ended, or there never was one. Ask whoever gave it to you for a new one.")
	case errors.Is(err, evidence.ErrUnrecorded):
		return web.Faultf(http.StatusConflict,
			"No record of the ledger tells of this evidence, so that nothing proves when it was made. The assessment was cut off before it was "+
				"recorded; take the evidence of another run.")
	}
	return err
}

// download begins a file that a browser saves. What goes wrong after its first byte cuts the connection, so that no half file passes for whole.
func download(w http.ResponseWriter, name, kind string, write func(io.Writer) error) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	w.Header().Set("Cache-Control", "no-store")
	counted := &counter{Writer: w}
	err := write(counted)
	if err != nil && counted.n > 0 {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		w.Header().Del("Content-Disposition")
	}
	return err
}

type counter struct {
	io.Writer
	n int
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += n
	return n, err
}

// exportName is what the file of a bundle is called.
func exportName(b evidence.Bundle) string {
	return "evidence-" + b.Time().Format("2006-01-02") + "-" + strings.TrimPrefix(b.Digest, "sha256:")[:12] + ".tar"
}

func (p *pages) writeExport(w http.ResponseWriter, r *http.Request, b evidence.Bundle, by *evidence.Link) error {
	if _, recorded, err := p.Archive.Record(r.Context(), b); err != nil || !recorded {
		return errors.Join(err, told(evidence.ErrUnrecorded))
	}
	if err := p.Archive.Taken(r.Context(), p.Keeper, b, by); err != nil {
		return told(err)
	}
	return download(w, exportName(b), "application/x-tar", func(out io.Writer) error {
		return told(p.Archive.Export(r.Context(), out, b, p.Ledger))
	})
}

func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	b, err := p.found(r)
	if err != nil {
		return err
	}
	return p.writeExport(w, r, b, nil)
}

func (p *pages) checkpoint(w http.ResponseWriter, r *http.Request) error {
	text, err := p.Ledger.Checkpoint(r.Context())
	if err != nil {
		return fmt.Errorf("read the checkpoint: %w", err)
	}
	return download(w, "checkpoint-"+p.Now().UTC().Format("2006-01-02")+".txt", "text/plain; charset=utf-8", func(out io.Writer) error {
		_, err := out.Write(text)
		return err
	})
}

func (p *pages) key(w http.ResponseWriter, _ *http.Request) error {
	return download(w, "ledger-key.txt", "text/plain; charset=utf-8", func(out io.Writer) error {
		_, err := io.WriteString(out, p.Ledger.Key()+"\n")
		return err
	})
}

// ledger gives the whole ledger away, with all records.
func (p *pages) ledger(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.Keeper.Act(r.Context(), record.Entry{Kind: record.Evidence, Verb: "take away", Subject: "ledger"}, nil); err != nil {
		return err
	}
	return download(w, "ledger-"+p.Now().UTC().Format("2006-01-02")+".jsonl", "application/jsonl", func(out io.Writer) error {
		return p.Ledger.Export(r.Context(), out, 0, -1)
	})
}
