// Package web is the shell of all pages: who may open which, the frame around them, what stands there when something goes wrong.
//
// It must not know what pages show: each part of the server brings its own templates and handlers.
package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
)

// Handler answers a request for a page. What it returns becomes an error page, as long as nothing was written.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Site is all pages. Parts of the server add theirs before it serves.
type Site struct {
	mux   *http.ServeMux
	log   *slog.Logger
	nav   []Link
	frame *Pages // the error page
}

// Link is an entry of the navigation.
type Link struct {
	Title string
	Path  string
	Need  access.Permission
	Order int    // the smaller, the earlier
	Group string // the heading that it stands under, "" for none
	// Scoped links keep the estate and the date that are chosen at the top.
	Scoped bool
	href   string // with the choice
}

// Href is where the link leads from the page that is shown.
func (l Link) Href() string {
	if l.href != "" {
		return l.href
	}
	return l.Path
}

// New returns a site without pages, on a mux that others may use too.
func New(mux *http.ServeMux, log *slog.Logger) (*Site, error) {
	s := &Site{mux: mux, log: log}
	var err error
	if s.frame, err = s.Pages(layout); err != nil {
		return nil, err
	}
	s.static()
	s.Handle("POST /theme", access.Anyone, setTheme)
	return s, nil
}

// Handle has a handler answer a pattern of net/http, such as "GET /findings/{id}", to those who have a permission. Others are led to the
// sign-in, or told what they lack.
func (s *Site) Handle(pattern string, need access.Permission, h Handler) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := s.admit(r, need, h, w); err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Site) admit(r *http.Request, need access.Permission, h Handler, w http.ResponseWriter) error {
	actor := access.From(r.Context())
	switch {
	case actor.May(need):
		return h(w, r)
	case actor.ID == "" && r.Method == http.MethodGet:
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return nil
	case actor.ID == "":
		return Faultf(http.StatusUnauthorized, "You are not signed in any more. Sign in and send it again.")
	}
	s.log.WarnContext(r.Context(), "a request was refused", "route", r.Pattern, "account", actor.ID, "needs", string(need))
	return Faultf(http.StatusForbidden, "Your roles do not let you do this: the permission %q is needed, which %s has. An administrator can "+
		"give you that role, or you can ask to be elevated for a limited time.", need, strings.Join(access.RolesWith(need), " or "))
}

// Fault is an error that its reader may see.
type Fault struct {
	Status int    // of HTTP
	Text   string // what happened and what to do next, in whole sentences
}

// Error implements error.
func (f *Fault) Error() string { return f.Text }

// Faultf makes a Fault.
func Faultf(status int, format string, args ...any) error {
	return &Fault{status, fmt.Sprintf(format, args...)}
}

// fail shows an error page. What is not meant for the reader goes to the log, and the page names it by an id.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	var fault *Fault
	switch {
	case errors.As(err, &fault):
	case errors.Is(err, record.ErrUnrecorded):
		s.log.ErrorContext(r.Context(), "the ledger cannot be written", "error", err)
		fault = &Fault{http.StatusServiceUnavailable,
			"Nothing was done, because what is done here must be recorded and the ledger cannot be written. Tell whoever runs this server: /readyz says what to do."}
	case state.Full(err):
		s.log.ErrorContext(r.Context(), "the disk is full", "error", err)
		fault = &Fault{http.StatusServiceUnavailable, "Nothing was done, because the disk of the server is full. Tell whoever runs this server to make room."}
	case r.Context().Err() != nil: // the reader has gone
		return
	default:
		id := state.NewID()
		s.log.ErrorContext(r.Context(), "a request went wrong", "id", id, "path", r.URL.Path, "error", err)
		fault = &Fault{http.StatusInternalServerError, "Something went wrong in the server. The log of the server says more under " + id + "."}
	}
	page := Page{Title: http.StatusText(fault.Status), Status: fault.Status, Body: fault}
	if err := s.frame.Show(w, r, "error.html", page); err != nil {
		s.log.ErrorContext(r.Context(), "the error page cannot be shown", "error", err)
	}
}
