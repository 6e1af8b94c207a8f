package dashboard

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

type accountsBody struct {
	*view
	Places []history.PlaceGroup
	Sum    history.Counts
	Total  int // resources
}

func (d *dashboard) accounts(v *view, w http.ResponseWriter, r *http.Request) error {
	places, err := d.History.Places(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	b := accountsBody{view: v, Places: places}
	for _, p := range places {
		add(&b.Sum, p.Counts)
		b.Total += p.Resources
	}
	return d.show(v, w, "accounts.html", web.Page{Title: "Accounts, clusters, repositories", Active: "/accounts", Wide: true, Body: b})
}

const changesShown = 100

type changesBody struct {
	*view
	*history.Changes
	Owners []ownerChanges
	Runs   []history.Run
	names  map[string]string
}

// Owner is the name of an owner.
func (b changesBody) Owner(id string) string { return ownerName(b.names, id) }

// Same tells that nothing differs, as far as it is told here.
func (b changesBody) Same() bool {
	return b.Counts == (history.ChangeCounts{}) && len(b.Changes.Safeguards) == 0 && len(b.Changes.Notices) == 0
}

// ownerChanges is how many findings of an owner got worse.
type ownerChanges struct {
	Owner string
	Count int
}

func (d *dashboard) changes(v *view, w http.ResponseWriter, r *http.Request) error {
	b := changesBody{view: v}
	var err error
	if from, parse := strconv.ParseInt(r.FormValue("from"), 10, 64); parse == nil && from > 0 {
		if from >= v.Run.Number {
			return web.Faultf(http.StatusBadRequest, "Run %d is not before run %d. Choose an earlier one.", from, v.Run.Number)
		}
		b.Changes, err = d.History.Changes(r.Context(), v.Estate.ID, from, v.Run.Number, changesShown)
		err = notThere(err, "Run "+strconv.FormatInt(from, 10))
	} else {
		b.Changes, err = d.sinceYesterday(r.Context(), v, changesShown)
	}
	if err != nil {
		return err
	}
	if b.names, _, err = d.people(r.Context()); err != nil {
		return err
	}
	if b.Runs, err = d.History.Runs(r.Context(), v.Estate.ID, v.Run.Number, 30); err != nil {
		return err
	}
	if b.Changes != nil {
		b.Owners = byOwner(b.Changes)
	}
	return d.show(v, w, "changes.html", web.Page{Title: "Changes", Active: "/changes", Body: b})
}

// counted is how many changes byOwner looks at, and cut whether there are more.
func counted(c *history.Changes) (n int, cut bool) {
	if c == nil {
		return 0, false
	}
	n = len(c.Worse) + len(c.NewlyUnknown) + len(c.NewFindings)
	return n, n < c.Counts.Worse+c.Counts.NewlyUnknown+c.Counts.NewFindings
}

// byOwner counts what got worse, or is not known any more, by who sees to it.
func byOwner(c *history.Changes) []ownerChanges {
	var all []ownerChanges
	for _, list := range [][]history.Change{c.Worse, c.NewlyUnknown, c.NewFindings} {
		for _, x := range list {
			i := slices.IndexFunc(all, func(o ownerChanges) bool { return o.Owner == x.Owner })
			if i < 0 {
				all = append(all, ownerChanges{Owner: x.Owner})
				i = len(all) - 1
			}
			all[i].Count++
		}
	}
	slices.SortStableFunc(all, func(a, b ownerChanges) int { return b.Count - a.Count })
	return all
}

type dueBody struct {
	*view
	Due     []Due
	Notices []assessment.Notice
}

// soon is how long before its end something is due.
const soon = 30 * 24 * time.Hour

func (d *dashboard) due(v *view, w http.ResponseWriter, r *http.Request) error {
	all, err := d.History.Safeguards(r.Context(), v.Estate.ID, v.Run.Number)
	if err != nil {
		return err
	}
	b := dueBody{view: v}
	if b.Due, err = d.allDue(r.Context(), v, all); err != nil {
		return err
	}
	if b.Notices, err = d.History.Notices(r.Context(), v.Estate.ID, v.Run.Number); err != nil {
		return err
	}
	return d.show(v, w, "due.html", web.Page{Title: "Due", Active: "/due", Body: b})
}

// allDue is what needs a person: what decisions tell, or what the assessment itself does where a date is shown or nobody else tells.
func (d *dashboard) allDue(ctx context.Context, v *view, all []assessment.Safeguard) ([]Due, error) {
	var list []Due
	told := d.Due != nil && !v.Past()
	if told {
		var err error
		if list, err = d.Due(ctx, v.Estate.ID); err != nil {
			return nil, err
		}
	}
	return append(list, attestationsDue(d, v, all, told)...), nil
}

// attestationsDue are the attestations that the assessment waited for: all of them, or only those that were never given.
func attestationsDue(d *dashboard, v *view, all []assessment.Safeguard, missing bool) []Due {
	seen := map[string]bool{}
	var list []Due
	for _, s := range all {
		for _, a := range s.Attestations {
			if seen[a.ID] {
				continue
			}
			seen[a.ID] = true
			if missing && a.State != "missing" {
				continue
			}
			x := Due{What: "attestation", Title: report.Clean(s.Citation + " " + s.Name), State: a.State, Who: a.Role, Path: v.Safeguard(s.Citation)}
			if d.Attest != "" {
				x.Path = v.URL(d.Attest, "id", a.ID)
			}
			if by, err := time.Parse(time.DateOnly, a.Expires); err == nil {
				x.By = by
			}
			if a.State == "in date" {
				if x.By.IsZero() || x.By.Sub(v.Run.AssessedAt) > soon {
					continue
				}
				x.State = "due"
			}
			list = append(list, x)
		}
	}
	order := []string{"expired", "denied", "due", "missing"}
	slices.SortStableFunc(list, func(a, b Due) int {
		return cmp.Or(slices.Index(order, a.State)-slices.Index(order, b.State), a.By.Compare(b.By))
	})
	return list
}
