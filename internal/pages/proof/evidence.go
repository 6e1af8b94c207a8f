package proof

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"ward.dev/ward/internal/evidence"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/state"
	"ward.dev/ward/internal/web"
	"ward.dev/ward/ledger/verify"
)

// calendarBody is a month with its evidence.
type calendarBody struct {
	Month, Before, After time.Time // After is zero if it has not come yet
	Estate               string
	Weeks                [][]cell
	Total                int
	Checkpoint           string
	Key                  string
}

// cell is a day of the calendar; the zero cell is of another month.
type cell struct {
	Number  int
	Day     string
	Bundles int
}

func (p *pages) calendar(w http.ResponseWriter, r *http.Request) error {
	now := p.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	if text := r.FormValue("month"); text != "" {
		asked, err := time.Parse("2006-01", text)
		if err != nil {
			return web.Faultf(http.StatusBadRequest, "%q is no month; one looks like this: 2026-05.", text)
		}
		month = asked
	}
	body := calendarBody{Month: month, Before: month.AddDate(0, -1, 0), Estate: r.FormValue("estate"), Key: p.Ledger.Key()}
	if next := month.AddDate(0, 1, 0); !next.After(now) {
		body.After = next
	}
	days, err := p.Archive.Days(r.Context(), body.Estate, month, month.AddDate(0, 1, 0))
	if err != nil {
		return err
	}
	many := map[string]int{}
	for _, d := range days {
		many[d.Day] = d.Bundles
		body.Total += d.Bundles
	}
	body.Weeks = weeks(month, many)
	text, err := p.Ledger.Checkpoint(r.Context())
	if err != nil && !errors.Is(err, errNotExist) {
		return fmt.Errorf("read the checkpoint: %w", err)
	}
	body.Checkpoint = string(text)
	return p.show.Show(w, r, "evidence.html", web.Page{Title: "Evidence", Active: "/evidence", Body: body})
}

// weeks are those of a month, from Monday to Sunday.
func weeks(month time.Time, many map[string]int) [][]cell {
	var all [][]cell
	week := make([]cell, (int(month.Weekday())+6)%7)
	for day := month; day.Month() == month.Month(); day = day.AddDate(0, 0, 1) {
		name := day.Format(time.DateOnly)
		if week = append(week, cell{day.Day(), name, many[name]}); len(week) == 7 {
			all, week = append(all, week), nil
		}
	}
	if len(week) > 0 {
		all = append(all, append(week, make([]cell, 7-len(week))...))
	}
	return all
}

// line is a bundle as a table shows it.
type line struct {
	evidence.Bundle
	EstateName string
	Record     *record.Row // nil if no record tells of it
}

// Hex is the digest without the name of its algorithm, for addresses.
func (l line) Hex() string { return l.Digest[len("sha256:"):] }

// Last is until when it is kept at least.
func (l line) Last() time.Time { return state.Time(l.Until) }

// Second is when it was in the second store.
func (l line) Second() time.Time { return state.Time(l.Copied) }

// Kilobytes is the size of all parts.
func (l line) Kilobytes() int64 { return (l.Size + 1023) / 1024 }

func (p *pages) line(r *http.Request, b evidence.Bundle) (line, error) {
	l := line{Bundle: b, EstateName: p.Estate(b.Estate)}
	row, ok, err := p.Archive.Record(r.Context(), b)
	if ok {
		l.Record = &row
	}
	return l, err
}

type dayBody struct {
	Day           time.Time
	Before, After string
	Estate        string
	Lines         []line
	More          bool
}

func (p *pages) day(w http.ResponseWriter, r *http.Request) error {
	day, err := time.Parse(time.DateOnly, r.PathValue("day"))
	if err != nil {
		return web.Faultf(http.StatusNotFound, "%q is no day; one looks like this: 2026-05-01.", r.PathValue("day"))
	}
	body := dayBody{Day: day, Estate: r.FormValue("estate"), Before: day.AddDate(0, 0, -1).Format(time.DateOnly),
		After: day.AddDate(0, 0, 1).Format(time.DateOnly)}
	const most = 200
	found, err := p.Archive.Find(r.Context(), evidence.Wanted{Estate: body.Estate, From: day, To: day.AddDate(0, 0, 1), Limit: most})
	if err != nil {
		return err
	}
	body.More = len(found) == most
	for _, b := range found {
		l, err := p.line(r, b)
		if err != nil {
			return err
		}
		body.Lines = append(body.Lines, l)
	}
	return p.show.Show(w, r, "day.html", web.Page{Title: "Evidence of " + day.Format(time.DateOnly), Active: "/evidence", Body: body})
}

type bundleBody struct {
	line
	Manifest   verify.Manifest
	Links      []evidence.Link
	Export     string // the name of its file
	Days       string // what was typed
	Error      string // of Days
	Token      string // of a link that was just made
	Lasts      time.Time
	Checked    bool
	CheckFault string
}

func (p *pages) bundleBody(r *http.Request) (bundleBody, error) {
	b, err := p.found(r)
	if err != nil {
		return bundleBody{}, err
	}
	body := bundleBody{Days: "7", Export: exportName(b)}
	if body.line, err = p.line(r, b); err != nil {
		return body, err
	}
	if body.Manifest, err = p.Archive.Manifest(r.Context(), b); err != nil {
		return body, err
	}
	body.Links, err = p.Archive.Links(r.Context(), b)
	return body, err
}

func (p *pages) showBundle(w http.ResponseWriter, r *http.Request, status int, body bundleBody) error {
	return p.show.Show(w, r, "bundle.html", web.Page{Title: "Evidence of run " + body.Run, Active: "/evidence", Status: status, Body: body})
}

func (p *pages) bundle(w http.ResponseWriter, r *http.Request) error {
	body, err := p.bundleBody(r)
	if err != nil {
		return err
	}
	return p.showBundle(w, r, 0, body)
}

// check reads all of a bundle again. That somebody did is recorded, with what came of it.
func (p *pages) check(w http.ResponseWriter, r *http.Request) error {
	body, err := p.bundleBody(r)
	if err != nil {
		return err
	}
	body.Checked = true
	result := "as it was kept"
	if err := p.Archive.Check(r.Context(), body.Bundle); err != nil {
		body.CheckFault, result = err.Error(), "not as it was kept"
	}
	e := record.Entry{Kind: record.Evidence, Verb: "check", Estate: body.Bundle.Estate, Subject: "bundle/" + body.Digest,
		Facts: map[string]string{"result": result}}
	if _, err := p.Keeper.Act(r.Context(), e, nil); err != nil {
		return err
	}
	return p.showBundle(w, r, 0, body)
}

// share makes a link for an auditor. The page that answers is the only one that shows it.
func (p *pages) share(w http.ResponseWriter, r *http.Request) error {
	body, err := p.bundleBody(r)
	if err != nil {
		return err
	}
	body.Days = r.PostFormValue("days")
	days, err := strconv.Atoi(body.Days)
	if most := int(evidence.MaxLink / (24 * time.Hour)); err != nil || days < 1 || days > most {
		body.Error = fmt.Sprintf("Give a number of days from 1 to %d.", most)
		return p.showBundle(w, r, http.StatusUnprocessableEntity, body)
	}
	token, link, err := p.Archive.Share(r.Context(), p.Keeper, body.Bundle, time.Duration(days)*24*time.Hour)
	if err != nil {
		return err
	}
	body.Token, body.Lasts = token, link.Until()
	body.Links = append([]evidence.Link{link}, body.Links...)
	return p.showBundle(w, r, http.StatusCreated, body)
}

func (p *pages) unshare(w http.ResponseWriter, r *http.Request) error {
	if err := p.Archive.Unshare(r.Context(), p.Keeper, r.PathValue("id")); err != nil {
		return told(err)
	}
	to := "/evidence"
	if digest := r.PostFormValue("bundle"); hexDigest.MatchString(digest) {
		to = "/evidence/bundle/" + digest
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// shared is the page that a link leads to.
func (p *pages) shared(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Referrer-Policy", "no-referrer")
	b, link, err := p.Archive.Shared(r.Context(), r.PathValue("token"))
	if err != nil {
		return told(err)
	}
	l, err := p.line(r, b)
	if err != nil {
		return err
	}
	body := bundleBody{line: l, Token: r.PathValue("token"), Lasts: link.Until(), Export: exportName(b)}
	return p.show.Show(w, r, "shared.html", web.Page{Title: "Evidence for an auditor", Body: body})
}

func (p *pages) takeShared(w http.ResponseWriter, r *http.Request) error {
	b, link, err := p.Archive.Shared(r.Context(), r.PathValue("token"))
	if err != nil {
		return told(err)
	}
	return p.writeExport(w, r, b, &link)
}
