package decisions

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/internal/yamlfile"
)

// export hands out what is in force as a part of ward.yaml.
func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	_, estate, err := p.scope(r, "")
	if err != nil {
		return err
	}
	at, err := p.day(r.FormValue("date"))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.decisions.Export(r.Context(), estate, at, &out); err != nil {
		return fault(err)
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", disposition("decisions.yaml"))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = out.WriteTo(w) // a reader who has gone is no fault
	return nil
}

// day is the end of a day that a query names, now without one.
func (p *pages) day(text string) (time.Time, error) {
	now := p.Now()
	if text == "" {
		return now, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return now, web.Faultf(http.StatusBadRequest, "The date is written as 2026-12-31.")
	}
	if end := day.Add(24*time.Hour - time.Millisecond); end.Before(now) {
		return end, nil
	}
	return now, nil
}

type exchangeBody struct {
	Estates []web.Choice
	Estate  string
	Text    string
	Errors  map[string]string
	Done    *governance.Imported
}

// importing shows the form of an import.
func (p *pages) importing(w http.ResponseWriter, r *http.Request) error {
	return p.showImport(w, r, exchangeBody{Estate: r.FormValue("estate")}, 0)
}

func (p *pages) showImport(w http.ResponseWriter, r *http.Request, body exchangeBody, status int) error {
	var err error
	if body.Estates, err = p.estates(r.Context(), "All estates"); err != nil {
		return err
	}
	return p.Show(w, r, "exchange.html", web.Page{Title: "Import from ward.yaml", Active: home, Body: body, Status: status,
		Up: []web.Crumb{{Title: "Decisions", Path: home}}})
}

// imported makes drafts of a file.
func (p *pages) imported(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 2*yamlfile.MaxSize)
	if err := r.ParseMultipartForm(yamlfile.MaxSize); err != nil && err != http.ErrNotMultipart {
		return web.Faultf(http.StatusRequestEntityTooLarge, "What was sent cannot be read, or is too large.")
	}
	body := exchangeBody{Estate: r.PostFormValue(governance.ActEstate), Text: r.PostFormValue("text")}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
		if sent := r.MultipartForm.File["file"]; len(sent) > 0 && sent[0].Size > 0 {
			f, err := sent[0].Open()
			if err != nil {
				return err
			}
			data, err := io.ReadAll(io.LimitReader(f, yamlfile.MaxSize+1))
			f.Close()
			if err != nil {
				return err
			}
			body.Text = string(data)
		}
	}
	done, err := p.read(r, body.Estate, body.Text)
	if err != nil {
		faults, other := problem(err)
		if other != nil {
			return other
		}
		body.Errors = messages(nil, faults)
		return p.showImport(w, r, body, http.StatusUnprocessableEntity)
	}
	body.Done = done
	status := 0
	if len(done.Faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.showImport(w, r, body, status)
}

func (p *pages) read(r *http.Request, estate, text string) (*governance.Imported, error) {
	c, err := config.Parse("ward.yaml", []byte(text))
	if err != nil {
		return nil, register.Faults{{Field: "text", Text: err.Error()}}
	}
	return p.decisions.Import(r.Context(), estate, c)
}
