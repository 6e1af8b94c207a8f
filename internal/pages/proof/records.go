package proof

import (
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
)

var (
	errNotExist = fs.ErrNotExist
	hexDigest   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// kinds are those of records, in the order in which they are offered.
var kinds = []record.Kind{record.SignIn, record.Account, record.Decision, record.Assessment, record.Configuration, record.Evidence,
	record.Notification, record.Server}

// onPage is how many records a page has.
const onPage = 100

type recordsBody struct {
	Kinds                        []record.Kind
	Kind, Actor, Estate, Subject string
	From, To                     string
	Errors                       map[string]string
	Rows                         []recordLine
	Next                         string
	Filtered                     bool
}

// recordLine is a record as a table shows it.
type recordLine struct {
	Row   record.Row
	Entry record.Entry
}

// At is when it was done.
func (l recordLine) At() time.Time { return state.Time(l.Row.At) }

// wanted reads filters; each mistake is named by its field.
func wanted(form url.Values) (record.Wanted, map[string]string) {
	w, wrong := record.Wanted{Actor: form.Get("actor"), Estate: form.Get("estate"), Subject: form.Get("subject"), Limit: onPage + 1}, map[string]string{}
	if kind := record.Kind(form.Get("kind")); slices.Contains(kinds, kind) {
		w.Kinds = []record.Kind{kind}
	} else if kind != "" {
		wrong["kind"] = "There is no such kind of record."
	}
	for name, into := range map[string]*int64{"from": &w.From, "to": &w.To} {
		text := form.Get(name)
		if text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			wrong[name] = "Give a day like this: 2026-05-01."
			continue
		}
		if name == "to" {
			day = day.AddDate(0, 0, 1) // the day itself belongs to it
		}
		*into = state.Millis(day)
	}
	if text := form.Get("before"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			wrong["before"] = "There is no such page."
		}
		w.Before = n
	}
	return w, wrong
}

func (p *pages) records(w http.ResponseWriter, r *http.Request) error {
	form := r.URL.Query()
	wants, wrong := wanted(form)
	body := recordsBody{Kinds: kinds, Kind: form.Get("kind"), Actor: wants.Actor, Estate: wants.Estate, Subject: wants.Subject, From: form.Get("from"),
		To: form.Get("to"), Errors: wrong, Filtered: len(form) > 0}
	if len(wrong) > 0 {
		return p.show.Show(w, r, "records.html", web.Page{Title: "Records", Active: "/records", Wide: true,
			Status: http.StatusUnprocessableEntity, Body: body})
	}
	rows, err := p.Keeper.Find(r.Context(), wants)
	if err != nil {
		return err
	}
	if len(rows) > onPage {
		rows = rows[:onPage]
		form.Set("before", strconv.FormatInt(rows[onPage-1].Position, 10))
		body.Next = "/records?" + form.Encode()
	}
	for _, row := range rows {
		e, err := row.Entry()
		if err != nil {
			return err
		}
		body.Rows = append(body.Rows, recordLine{row, e})
	}
	return p.show.Show(w, r, "records.html", web.Page{Title: "Records", Active: "/records", Wide: true, Body: body})
}
