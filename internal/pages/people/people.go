// Package people is the pages and operations of accounts: signing in, one's own account, the accounts of others, elevation, and who signed in.
//
// It must not know how people prove who they are, nor how that is kept: package account does.
package people

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/account"
	"ward.dev/ward/internal/api"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/web"
)

//go:embed pages/*.html
var templates embed.FS

//go:embed passkey.js password.js
var scripts embed.FS

// Provider is an issuer of identities that people may sign in with.
type Provider struct {
	Title string // "Example Corp"
	Path  string // where the sign-in with it begins; it is given the query "next"
}

// pages are the handlers.
type pages struct {
	*web.Pages
	people    *account.People
	keeper    *record.Keeper
	providers []Provider
}

// group is the heading of the navigation that the links stand under.
const group = "People"

// Add adds the pages and operations of accounts to a server.
func Add(site *web.Site, a *api.API, people *account.People, keeper *record.Keeper, providers ...Provider) error {
	files, err := fs.Sub(templates, "pages")
	if err != nil {
		return err
	}
	show, err := site.Pages(files, template.FuncMap{"browser": browser})
	if err != nil {
		return err
	}
	p := &pages{Pages: show, people: people, keeper: keeper, providers: providers}
	p.signing(site)
	p.own(site)
	p.administration(site)
	p.elevating(site)
	operations(a, p)
	site.Link(web.Link{Title: "Accounts", Path: "/people", Need: access.People, Order: 800, Group: group})
	site.Link(web.Link{Title: "Sign-ins", Path: "/people/sign-ins", Need: access.Evidence, Order: 810, Group: group})
	site.Link(web.Link{Title: "Elevations", Path: "/people/elevations", Need: access.Evidence, Order: 820, Group: group})
	site.Link(web.Link{Title: "My account", Path: "/account", Need: access.Own, Order: 830, Group: group})
	return nil
}

// mostForm is how many bytes a form or an answer of an authenticator may have.
const mostForm = 64 << 10

// form reads a form.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return nil, web.Faultf(http.StatusBadRequest, "The form cannot be read. Go back, and send it again.")
	}
	return r.PostForm, nil
}

// to leads a browser on.
func to(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// withNext adds where to go afterwards to a path.
func withNext(path, next string) string {
	if next = web.Local(next); next != "/" {
		return path + "?next=" + url.QueryEscape(next)
	}
	return path
}

// wrong turns an error that is about what was entered into a message for its field. What is left is to be returned.
func wrong(err error, field string) (map[string]string, error) {
	var m *account.Mistake
	var wait *account.Wait
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &m):
		return map[string]string{m.Field: m.Text}, nil
	case errors.As(err, &wait):
		return map[string]string{field: wait.Error()}, nil
	case errors.Is(err, account.ErrRefused):
		return map[string]string{field: "This is wrong, or the account may not sign in. Check what you typed and try again."}, nil
	case errors.Is(err, account.ErrStale):
		return map[string]string{"code": "Show your second factor once more: type the code that your authenticator shows now."}, nil
	}
	return nil, fault(err)
}

// fault gives an error its status and words for its reader.
func fault(err error) error {
	var m *account.Mistake
	var wait *account.Wait
	switch {
	case errors.As(err, &m):
		return web.Faultf(http.StatusUnprocessableEntity, "%s", m.Text)
	case errors.As(err, &wait):
		return web.Faultf(http.StatusTooManyRequests, "%s", wait.Error())
	case errors.Is(err, account.ErrNone):
		return web.Faultf(http.StatusNotFound, "There is no such account, session, token or elevation (any more).")
	case errors.Is(err, account.ErrDenied):
		return web.Faultf(http.StatusForbidden, "This is not yours to do, or your sign-in has not come that far.")
	case errors.Is(err, account.ErrStale):
		return web.Faultf(http.StatusForbidden, "This needs a second factor that was shown in the last minutes. Show it under “My account”, "+
			"and try again.")
	case errors.Is(err, account.ErrRefused):
		return web.Faultf(http.StatusUnauthorized, "The sign-in is refused.")
	case errors.Is(err, account.ErrBusy):
		return web.Faultf(http.StatusServiceUnavailable, "The server is busy with other sign-ins. Try again in a moment.")
	case errors.Is(err, account.ErrNoPasskeys):
		return web.Faultf(http.StatusNotFound, "There are no passkeys here: browsers know this server by its number, and passkeys need a name.")
	case errors.Is(err, account.ErrLink):
		return web.Faultf(http.StatusGone, "This link is not good any more: it was used, is more than a day old, or was replaced by another. "+
			"Ask an administrator for a new one. The first administrator gets a new one when the server starts again.")
	}
	return err
}

// status is that of a form: 422 if something is wrong with it.
func status(errs map[string]string) int {
	if len(errs) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}
