package people

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"

	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/web"
)

// script serves what talks to authenticators and what helps to choose passwords.
func (p *pages) script(w http.ResponseWriter, r *http.Request) error {
	text, err := scripts.ReadFile(path.Base(r.URL.Path))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(text) // a reader who has gone is no fault
	return nil
}

// answer is what the script sends back.
type answer struct {
	ID     string          `json:"id"`
	Answer json.RawMessage `json:"answer"`
	Name   string          `json:"name"`
	Next   string          `json:"next"`
}

// reply tells the script what to do next.
type reply struct {
	Next  string   `json:"next,omitempty"`
	Codes []string `json:"codes,omitempty"`
	Error string   `json:"error,omitempty"`
}

// say writes an answer for the script. Errors that its reader may see become one too.
func say(w http.ResponseWriter, value any, err error) error {
	code := http.StatusOK
	if err != nil {
		var f *web.Fault
		if !errors.As(fault(err), &f) {
			return err
		}
		code, value = f.Status, reply{Error: f.Text}
	}
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a reader who has gone is no fault
	return nil
}

// hear reads what the script sent. It must say that it is JSON, which forms of other sites cannot.
func hear(w http.ResponseWriter, r *http.Request) (answer, error) {
	var a answer
	if r.Header.Get("Content-Type") != "application/json" {
		return a, web.Faultf(http.StatusUnsupportedMediaType, "An answer of an authenticator is JSON.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostForm))
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		return a, web.Faultf(http.StatusBadRequest, "The answer of the authenticator cannot be read.")
	}
	return a, nil
}

func (p *pages) askPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := p.people.AskPasskey(r.Context(), p.people.Origin(r))
	return say(w, c, err)
}

// answerPasskey signs in, or shows the second factor again for those who are.
func (p *pages) answerPasskey(w http.ResponseWriter, r *http.Request) error {
	a, err := hear(w, r)
	if err != nil {
		return say(w, nil, err)
	}
	from := p.people.Origin(r)
	if p.people.Stage(r.Context()) == account.Full {
		err := p.people.ConfirmPasskey(r.Context(), a.ID, a.Answer, from)
		return say(w, reply{Next: web.Local(a.Next)}, err)
	}
	ticket, err := p.people.SignInPasskey(r.Context(), a.ID, a.Answer, from)
	if err != nil {
		return say(w, nil, err)
	}
	p.people.SetCookie(w, ticket)
	return say(w, reply{Next: after(ticket.Stage, a.Next)}, nil)
}

func (p *pages) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := p.people.BeginPasskey(r.Context())
	return say(w, c, err)
}

func (p *pages) finishPasskey(w http.ResponseWriter, r *http.Request) error {
	a, err := hear(w, r)
	if err != nil {
		return say(w, nil, err)
	}
	ticket, codes, err := p.people.FinishPasskey(r.Context(), a.ID, a.Name, a.Answer, p.people.Origin(r))
	if err != nil {
		return say(w, nil, err)
	}
	next := web.Local(a.Next)
	if ticket.Value != "" {
		p.people.SetCookie(w, ticket)
		next = after(ticket.Stage, a.Next)
	}
	return say(w, reply{Next: next, Codes: codes}, nil)
}
