package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/record"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

const rowsShown = 50

type findingsBody struct {
	*view
	Facets  *history.Facets
	Groups  []facetGroup
	Chips   []chip
	Tabs    []web.Tab
	Group   string
	Text    string
	Keep    []web.Param
	Items   []history.Item
	Checks  []history.CheckGroup
	Places  []history.ResourceGroup
	Total   int
	Next    string
	First   string
	People  []web.Choice
	Except  string
	Back    string
	Default bool // the filter is the one that is taken when none is given
	names   map[string]string
}

// Owner is the name of an owner.
func (b findingsBody) Owner(id string) string { return ownerName(b.names, id) }

// With is the address of this list with one more value in the filter.
func (b findingsBody) With(name, value string) string {
	q := clone(b.r.URL.Query(), "after", "group")
	q.Set(name, value)
	return "/findings?" + q.Encode()
}

func clone(q url.Values, without ...string) url.Values {
	out := url.Values{}
	for k, values := range q {
		if !slices.Contains(without, k) {
			out[k] = slices.Clone(values)
		}
	}
	return out
}

func (d *dashboard) findings(v *view, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f, err := filterOf(clone(q))
	if err != nil {
		return err
	}
	b := findingsBody{view: v, Group: q.Get("group"), Text: q.Get("q"), Except: d.Except, Back: r.URL.RequestURI()}
	if b.names, b.People, err = d.people(r.Context()); err != nil {
		return err
	}
	var both errgroup.Group
	both.Go(func() (err error) {
		b.Facets, err = d.History.Facets(r.Context(), v.Estate.ID, v.Run.Number, f)
		return err
	})
	both.Go(func() error {
		return notThere(d.rows(r.Context(), &b, f, q.Get("after"), limit(r, rowsShown)), "This part of the list")
	})
	if err := both.Wait(); err != nil {
		return err
	}
	b.Groups = facetGroups(b.Facets, q, b.Owner)
	if b.Chips = chips(v, q, b.Owner); len(b.Chips) == 0 {
		b.Default = true
	}
	for _, t := range []web.Tab{{Title: "One by one", Path: ""}, {Title: "By check", Path: "check"}, {Title: "By resource", Path: "resource"}} {
		to := clone(q, "after", "group")
		if t.Path != "" {
			to.Set("group", t.Path)
		}
		b.Tabs = append(b.Tabs, web.Tab{Title: t.Title, Current: b.Group == t.Path, Path: "/findings?" + to.Encode()})
	}
	for _, key := range []string{"estate", "date", "group", "address"} {
		for _, value := range q[key] {
			b.Keep = append(b.Keep, web.Param{Name: key, Value: value})
		}
	}
	if b.Next != "" {
		to := clone(q, "after")
		to.Set("after", b.Next)
		b.Next = "/findings?" + to.Encode()
	}
	if q.Get("after") != "" {
		b.First = "/findings?" + clone(q, "after").Encode()
	}
	return d.show(v, w, "findings.html", web.Page{Title: "Findings", Active: "/findings", Wide: true, Body: b})
}

// rows reads the part of the list that is shown, in its grouping.
func (d *dashboard) rows(ctx context.Context, b *findingsBody, f history.Filter, after string, limit int) error {
	estate, run := b.Estate.ID, b.Run.Number
	switch b.Group {
	case "check":
		p, err := d.History.ByCheck(ctx, estate, run, f, after, limit)
		if err != nil {
			return err
		}
		b.Checks, b.Total, b.Next = p.Items, p.Total, p.Next
	case "resource":
		p, err := d.History.ByResource(ctx, estate, run, f, after, limit)
		if err != nil {
			return err
		}
		b.Places, b.Total, b.Next = p.Items, p.Total, p.Next
	case "":
		p, err := d.History.Findings(ctx, estate, run, f, after, limit)
		if err != nil {
			return err
		}
		b.Items, b.Total, b.Next = p.Items, p.Total, p.Next
	default:
		return web.Faultf(http.StatusBadRequest, "Findings are grouped by check or resource, or not at all.")
	}
	return nil
}

// mostExcepted is how many findings an exception is proposed for at once.
const mostExcepted = 100

// except leads to the form of an exception for what was chosen. An exception is about checks and the resources of one selector: where
// several resources were chosen, the person is left to say which in the form.
func (d *dashboard) except(v *view, w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	checks, addresses := slices.Clone(q["check"]), slices.Clone(q["address"])
	if d.Except == "" || len(q["finding"])+len(checks)+len(addresses) == 0 {
		return web.Faultf(http.StatusUnprocessableEntity, "Nothing was chosen. Go back and tick what is to be excepted.")
	}
	if len(q["finding"])+len(checks)+len(addresses) > mostExcepted {
		return web.Faultf(http.StatusUnprocessableEntity, "An exception is proposed for at most %d entries at once. Choose fewer, or a check as a whole.", mostExcepted)
	}
	for _, id := range q["finding"] {
		f, err := d.History.Finding(r.Context(), v.Estate.ID, v.Run.Number, id)
		if err != nil {
			return notThere(err, "One of the findings")
		}
		checks, addresses = append(checks, f.Check), append(addresses, f.Item.Address)
	}
	slices.Sort(checks)
	slices.Sort(addresses)
	resource := ""
	if addresses = slices.Compact(addresses); len(addresses) == 1 {
		resource = addresses[0]
	}
	http.Redirect(w, r, exceptPath(d.Except, v.Estate.ID, slices.Compact(checks), resource), http.StatusSeeOther)
	return nil
}

func exceptPath(form, estate string, checks []string, resource string) string {
	q := url.Values{"estate": {estate}, "check": checks}
	if resource != "" {
		q.Set("resource", resource)
	}
	return form + "?" + q.Encode()
}

// people are the names of those who can see to findings, by id and as choices.
func (d *dashboard) people(ctx context.Context) (map[string]string, []web.Choice, error) {
	if d.People == nil {
		return nil, nil, nil
	}
	all, err := d.People(ctx)
	if err != nil {
		return nil, nil, err
	}
	names, choices := map[string]string{}, make([]web.Choice, len(all))
	for i, p := range all {
		names[p.ID] = p.Name
		choices[i] = web.Choice{Value: p.ID, Label: p.Name}
	}
	return names, choices, nil
}

func ownerName(names map[string]string, id string) string {
	if id == "" {
		return "nobody"
	}
	return report.Clean(or(names[id], id))
}

// mostAssigned is how many assignments one form makes.
const mostAssigned = 500

// assign says who sees to what was chosen: findings, all of a check, all of a resource.
func (d *dashboard) assign(v *view, w http.ResponseWriter, r *http.Request) error {
	var scopes []history.Scope
	for _, id := range r.PostForm["finding"] {
		scopes = append(scopes, history.Scope{Finding: id})
	}
	for _, id := range r.PostForm["check"] {
		scopes = append(scopes, history.Scope{Check: id})
	}
	for _, address := range r.PostForm["address"] {
		scopes = append(scopes, history.Scope{Address: address})
	}
	owner := r.PostFormValue("owner")
	if err := d.assignAll(r.Context(), v.Estate.ID, scopes, owner); err != nil {
		return err
	}
	http.Redirect(w, r, web.Local(or(r.PostFormValue("back"), "/findings")), http.StatusSeeOther)
	return nil
}

func (d *dashboard) assignAll(ctx context.Context, estate string, scopes []history.Scope, owner string) error {
	switch {
	case len(scopes) == 0:
		return web.Faultf(http.StatusUnprocessableEntity, "Nothing was chosen. Go back and tick what is to be assigned.")
	case len(scopes) > mostAssigned:
		return web.Faultf(http.StatusUnprocessableEntity, "At most %d entries are assigned at once. Choose fewer, or assign a check or a resource as a whole.", mostAssigned)
	}
	if owner != "" {
		names, _, err := d.people(ctx)
		if err != nil {
			return err
		}
		if _, ok := names[owner]; !ok {
			return web.Faultf(http.StatusUnprocessableEntity, "There is no such person. Go back and choose one of the list.")
		}
	}
	for _, s := range scopes {
		if len(s.Finding)+len(s.Check)+len(s.Address) > 4096 {
			return web.Faultf(http.StatusUnprocessableEntity, "One of the entries chosen is no finding, check or resource.")
		}
	}
	verb := "assign"
	if owner == "" {
		verb = "unassign"
	}
	entry := record.Entry{Kind: record.Decision, Verb: verb, Estate: estate, Subject: "account/" + owner,
		Facts: map[string]string{"entries": web.Number(len(scopes))}, Digests: map[string]string{"scopes": digestOf(scopes)}}
	now := d.Now()
	_, err := d.Keeper.Act(ctx, entry, func(ctx context.Context, tx bun.Tx) error {
		for _, s := range scopes {
			if err := d.History.Assign(ctx, tx, estate, s, owner, now); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
