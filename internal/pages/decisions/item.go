package decisions

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
)

type itemBody struct {
	Register  *register.Register
	Item      *governance.Item
	Address   string
	Estate    string
	State     *register.State
	Facts     []fact
	Pending   bool   // a change waits while what it changes is in force
	Held      []fact // in which what is in force differs from the newest version
	Statement *statement
	Evidence  string
	Steps     []governance.Step
	MayChange bool
	History   []past
	Errors    map[string]string
	Reason    string
}

// fact is a field with its value, as a page tells it.
type fact struct {
	Label, Help string
	Text        string
	Lines       []string
	Files       []attached
	Path        string // of what a text names
	Was         string // what is in force instead
}

// past is one act of a history.
type past struct {
	governance.Version
	State   string
	Changed []fact
	Holds   bool
}

// item shows an item with its history.
func (p *pages) item(w http.ResponseWriter, r *http.Request) error {
	return p.showItem(w, r, nil, 0)
}

// showItem shows an item, with what is wrong about a step that somebody wanted to take.
func (p *pages) showItem(w http.ResponseWriter, r *http.Request, faults register.Faults, status int) error {
	of, err := p.register(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	i, err := p.decisions.Get(ctx, of.ID, r.PathValue("id"))
	if err != nil {
		return fault(err)
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	body := itemBody{Register: of, Item: i, Address: address(i), Estate: names[i.Estate], State: of.State(i.State),
		Pending:  p.decisions.Pending(i),
		Evidence: governance.Evidence(i), Errors: messages(of, faults), Reason: r.FormValue("reason")}
	if why := body.Errors[governance.ActReason]; why != "" { // of the step that was sent, among those that are shown
		delete(body.Errors, governance.ActReason)
		body.Errors["reason-"+strings.ReplaceAll(r.PostFormValue("verb"), " ", "-")] = why
	}
	body.Facts = p.facts(of, i.Body)
	body.Statement = p.statement(i.Body["statement"].Text)
	body.MayChange = body.State.Edit != "" && access.From(ctx).May(of.Write)
	if body.Steps, err = p.decisions.Steps(ctx, i); err != nil {
		return fault(err)
	}
	if err := p.past(ctx, of, &body); err != nil {
		return fault(err)
	}
	return p.Show(w, r, "item.html", web.Page{Title: i.ID + " " + title(body.Statement, i), Active: active(of.ID), Body: body,
		Up: up(of), Status: status})
}

func title(s *statement, i *governance.Item) string {
	if s != nil && i.Register == governance.Attestation {
		return s.Name
	}
	return i.Title
}

// past tells what was done to the item, the newest first.
func (p *pages) past(ctx context.Context, of *register.Register, body *itemBody) error {
	history, err := p.decisions.History(ctx, of.ID, body.Item.ID)
	if err != nil {
		return err
	}
	for n, v := range history {
		one := past{Version: v, State: of.State(v.State).Title, Holds: v.Version == body.Item.InForce}
		before := register.Body{}
		if n+1 < len(history) {
			before = history[n+1].Body
		}
		one.Changed = differences(of, before, v.Body)
		body.History = append(body.History, one)
		if one.Holds && body.Pending { // what steps set is set again by those to come
			body.Held = differences(of, of.Emptied(v.Body), of.Emptied(body.Item.Body))
		}
	}
	return nil
}

// facts are the fields of a body that say something.
func (p *pages) facts(of *register.Register, b register.Body) []fact {
	var all []fact
	for _, f := range of.Fields {
		v := b[f.ID]
		if v.Empty() || f.By == register.ByProgram && f.Type == register.Text {
			continue
		}
		one := fact{Label: f.Label, Help: f.Help, Text: v.Text, Lines: v.List, Files: attachments(v.Attached)}
		switch f.Type {
		case register.Selector:
			one.Text = selectorText(v.Selector)
		case register.Long:
			one.Text, one.Lines = "", strings.Split(v.Text, "\n")
		case register.Item:
			one.Path = home + "/" + f.Register + "/" + v.Text
		case register.Citation:
			one.Path = "/safeguards/" + url.PathEscape(v.Text)
		case register.Link:
			if strings.HasPrefix(v.Text, "https://") || strings.HasPrefix(v.Text, "http://") {
				one.Path = v.Text
			}
		}
		all = append(all, one)
	}
	return all
}

// differences are the fields that an act changed.
func differences(of *register.Register, before, after register.Body) []fact {
	var all []fact
	for _, f := range of.Changed(before, after) {
		all = append(all, fact{Label: f.Label, Text: whole(after[f.ID]), Was: whole(before[f.ID])})
	}
	return all
}

// whole is all of a value as a text.
func whole(v register.Value) string {
	switch {
	case v.List != nil:
		return strings.Join(v.List, ", ")
	case v.Selector != nil:
		return selectorText(v.Selector)
	case v.Attached != nil:
		var all []string
		for _, f := range v.Attached {
			all = append(all, f.Name+" ("+f.Digest+")")
		}
		return strings.Join(all, ", ")
	}
	return v.Text
}

// selectorText is a selector in words.
func selectorText(s *register.Resources) string {
	var all []string
	if s.Address != "" {
		all = append(all, "address "+s.Address)
	}
	if s.Target != "" {
		all = append(all, "target "+s.Target)
	}
	for key, values := range s.Tags {
		all = append(all, "tag "+key+" = "+strings.Join(values, " or "))
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}

type formBody struct {
	Register  *register.Register
	Item      *governance.Item // nil for a new one
	Action    string
	Version   int64
	Estates   []web.Choice
	Estate    string
	Inputs    []input
	Errors    map[string]string
	Statement *statement
	Reason    string
	Pending   bool // what is in force stays so meanwhile
	Back      string
}

// fresh shows the form of a new item, filled in as far as the link says.
func (p *pages) fresh(w http.ResponseWriter, r *http.Request) error {
	of, err := p.register(r)
	if err != nil {
		return err
	}
	b := prefilled(of, r.URL.Query())
	estate := r.FormValue("estate")
	if key := b[of.Key].Text; of.Key != "" && key != "" {
		items, err := p.decisions.List(r.Context(), governance.Wanted{Register: of.ID, Estate: estate, Key: key, Limit: 1})
		if err != nil {
			return err
		}
		if len(items) == 1 && items[0].Estate == estate { // it is answered already: that one is to be changed
			http.Redirect(w, r, address(items[0]), http.StatusSeeOther)
			return nil
		}
	}
	return p.showForm(w, r, of, nil, b, nil, estate)
}

// showForm shows the form of an item, with what is wrong by the fields.
func (p *pages) showForm(w http.ResponseWriter, r *http.Request, of *register.Register, i *governance.Item, b register.Body,
	faults register.Faults, estate string) error {
	if !access.From(r.Context()).May(of.Write) {
		return web.Faultf(http.StatusForbidden, "Your roles do not let you write here: the permission %q is needed, which %s has.",
			of.Write, strings.Join(access.RolesWith(of.Write), " or "))
	}
	inputs, err := p.inputs(r.Context(), of, b, faults)
	if err != nil {
		return err
	}
	body := formBody{Register: of, Item: i, Action: home + "/" + of.ID, Inputs: inputs, Errors: messages(of, faults),
		Estate: estate, Reason: r.FormValue(governance.ActReason),
		Statement: p.statement(b["statement"].Text), Back: home + "/" + of.ID}
	page := web.Page{Title: "New: " + of.One, Active: active(of.ID), Up: up(of)}
	if i != nil {
		page.Title, page.Up = "Change "+i.ID, append(up(of), web.Crumb{Title: i.ID, Path: address(i)})
		body.Action, body.Back, body.Version, body.Pending = address(i), address(i), i.Version, i.InForce > 0
		if sent, err := strconv.ParseInt(r.PostFormValue(governance.ActVersion), 10, 64); err == nil {
			body.Version = sent
		}
	}
	if body.Estates, err = p.estates(r.Context(), "All estates"); err != nil {
		return err
	}
	if len(faults) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	page.Body = body
	return p.Show(w, r, "form.html", page)
}

// create makes an item of a form.
func (p *pages) create(w http.ResponseWriter, r *http.Request) error {
	of, err := p.register(r)
	if err != nil {
		return err
	}
	if !access.From(r.Context()).May(of.Write) { // before a file is kept
		return p.showForm(w, r, of, nil, nil, nil, "")
	}
	b, faults, err := p.submitted(w, r, of)
	if err != nil {
		return err
	}
	if len(faults) == 0 {
		i, err := p.decisions.Create(r.Context(), of.ID, r.PostFormValue(governance.ActEstate), b)
		if err == nil {
			http.Redirect(w, r, address(i), http.StatusSeeOther)
			return nil
		}
		if faults, err = problem(err); err != nil {
			return err
		}
	}
	return p.showForm(w, r, of, nil, b, faults, r.PostFormValue(governance.ActEstate))
}

// edit shows the form of an item.
func (p *pages) edit(w http.ResponseWriter, r *http.Request) error {
	of, i, err := p.found(r)
	if err != nil {
		return err
	}
	if of.State(i.State).Edit == "" {
		return web.Faultf(http.StatusConflict, "%s is %s and cannot be changed.", i.ID, i.State)
	}
	return p.showForm(w, r, of, i, i.Body, nil, i.Estate)
}

// found is the item that a request is about.
func (p *pages) found(r *http.Request) (*register.Register, *governance.Item, error) {
	of, err := p.register(r)
	if err != nil {
		return nil, nil, err
	}
	i, err := p.decisions.Get(r.Context(), of.ID, r.PathValue("id"))
	if err != nil {
		return nil, nil, fault(err)
	}
	return of, i, nil
}

// change writes a new version of an item from a form.
func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	of, i, err := p.found(r)
	if err != nil {
		return err
	}
	if !access.From(r.Context()).May(of.Write) { // before a file is kept
		return p.showForm(w, r, of, i, nil, nil, "")
	}
	b, faults, err := p.submitted(w, r, of)
	if err != nil {
		return err
	}
	if len(faults) == 0 {
		expect, _ := strconv.ParseInt(r.PostFormValue(governance.ActVersion), 10, 64)
		_, err := p.decisions.Change(r.Context(), of.ID, i.ID, expect, b, r.PostFormValue(governance.ActReason))
		if err == nil {
			http.Redirect(w, r, address(i), http.StatusSeeOther)
			return nil
		}
		if faults, err = problem(err); err != nil {
			return err
		}
	}
	return p.showForm(w, r, of, i, b, faults, i.Estate)
}

// move takes an item a step further.
func (p *pages) move(w http.ResponseWriter, r *http.Request) error {
	_, i, err := p.found(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	expect, _ := strconv.ParseInt(r.PostFormValue("version"), 10, 64)
	_, err = p.decisions.Move(r.Context(), i.Register, i.ID, expect, r.PostFormValue("verb"), r.PostFormValue("reason"))
	if err == nil {
		http.Redirect(w, r, address(i), http.StatusSeeOther)
		return nil
	}
	faults, other := problem(err)
	if other != nil {
		return other
	}
	return p.showItem(w, r, faults, http.StatusUnprocessableEntity)
}

// file hands out an evidence file, never to be shown by the browser itself.
func (p *pages) file(w http.ResponseWriter, r *http.Request) error {
	of, i, err := p.found(r)
	if err != nil {
		return err
	}
	f, data, err := p.decisions.File(r.Context(), of.ID, i.ID, r.PathValue("digest"))
	if err != nil {
		return fault(err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", disposition(f.Name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // a reader who has gone is no fault
	return nil
}

// disposition names a download, for old clients in ASCII and for others as RFC 6266 has it.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, url.PathEscape(name))
}
