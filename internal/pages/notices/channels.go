package notices

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"ward.dev/ward/internal/notify"
	"ward.dev/ward/internal/notify/delivery"
	"ward.dev/ward/internal/web"
)

// channelForm is what the form of a channel shows.
type channelForm struct {
	delivery.Channel
	Errors map[string]string
	Secret string // what it is called
	Kept   string // how it is kept: "file:NAME", "env:NAME", "sealed", "" if there is none
	Action string
	Label  string // of the kind
}

func (p *pages) newChannel(w http.ResponseWriter, r *http.Request) error {
	kind := delivery.Kind(r.URL.Query().Get("kind"))
	if labelOf(kind) == "" {
		return web.Faultf(http.StatusNotFound, "Choose a kind of channel under Notifications.")
	}
	return p.showChannel(w, r, http.StatusOK, channelForm{Channel: delivery.Channel{Kind: kind, Mended: true}})
}

func (p *pages) editChannel(w http.ResponseWriter, r *http.Request) error {
	c, kept, err := p.outbox.Channel(r.Context(), r.PathValue("id"))
	if err != nil {
		return shownFault(err)
	}
	return p.showChannel(w, r, http.StatusOK, channelForm{Channel: c, Kept: kept})
}

func (p *pages) showChannel(w http.ResponseWriter, r *http.Request, status int, f channelForm) error {
	f.Secret, f.Label, f.Action = f.Kind.SecretName(), labelOf(f.Kind), home+"/channels"
	title := "New channel: " + f.Label
	if f.ID != "" {
		f.Action += "/" + f.ID
		title = "Channel: " + f.Label
	}
	return p.shown.Show(w, r, "channel.html", web.Page{Title: title, Active: home, Status: status, Up: up, Body: f})
}

func labelOf(k delivery.Kind) string {
	for _, c := range kindChoices {
		if c.Value == string(k) {
			return c.Label
		}
	}
	return ""
}

// maxForm bounds what a form may hold, in bytes.
const maxForm = 64 << 10

func parse(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return web.Faultf(http.StatusBadRequest, "The form could not be read, or was longer than 64 kB. Go back and send it again.")
	}
	return nil
}

func (p *pages) saveChannel(w http.ResponseWriter, r *http.Request) error {
	if err := parse(w, r); err != nil {
		return err
	}
	text := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f := channelForm{Channel: delivery.Channel{
		ID: r.PathValue("id"), Name: text("name"), Kind: delivery.Kind(text("kind")), Off: text("off") != "",
		Detail: text("detail"), Mended: text("mended") != "",
		Host: text("host"), Security: text("security"), User: text("user"), From: text("from"), To: lines(text("to")),
		URL: text("url"), Project: text("project"), IssueType: text("issue_type"),
	}, Errors: map[string]string{}}
	f.Port = number(text("port"), "port", "The port", f.Errors)
	f.PerHour = number(text("per_hour"), "per_hour", "The limit", f.Errors)
	if f.ID != "" {
		before, kept, err := p.outbox.Channel(r.Context(), f.ID)
		if err != nil {
			return shownFault(err)
		}
		f.Kind, f.Kept = before.Kind, kept
	}
	if len(f.Errors) == 0 {
		_, err := p.outbox.SaveChannel(r.Context(), f.Channel, text("secret"))
		var mistake *notify.Mistake
		if !errors.As(err, &mistake) {
			if err == nil {
				http.Redirect(w, r, home, http.StatusSeeOther)
				return nil
			}
			return shownFault(err)
		}
		f.Errors[mistake.Field] = mistake.Text
	}
	if labelOf(f.Kind) == "" {
		return web.Faultf(http.StatusUnprocessableEntity, "There is no such kind of channel.")
	}
	return p.showChannel(w, r, http.StatusUnprocessableEntity, f)
}

// number reads a number that may be left out.
func number(text, name, label string, errs map[string]string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		errs[name] = label + " is a number, or nothing."
	}
	return n
}

// lines are the lines of a text that are not empty.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
