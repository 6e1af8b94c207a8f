package decisions

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"ward.dev/ward/internal/access"
	"ward.dev/ward/internal/governance"
	"ward.dev/ward/internal/register"
	"ward.dev/ward/internal/web"
)

// ahead is how far the desk looks into the future.
const ahead = 30 * 24 * time.Hour

type deskBody struct {
	Estate     string
	Dated      []governance.Due
	Waiting    []governance.Due
	Registers  []deskRegister
	Statements []statement // nobody has attested
	Names      map[string]string
	MayWrite   bool
	MayAttest  bool
}

type deskRegister struct {
	*register.Register
	Open, Waiting, InForce int
}

// desk shows what is due first.
func (p *pages) desk(w http.ResponseWriter, r *http.Request) error {
	scope, estate, err := p.scope(r, home)
	if err != nil {
		return err
	}
	who := access.From(r.Context())
	body := deskBody{Estate: estate, MayWrite: who.May(access.Propose), MayAttest: who.May(access.Attest)}
	if body.Names, err = p.names(r.Context()); err != nil {
		return err
	}
	due, err := p.decisions.Due(r.Context(), estate, ahead)
	if err != nil {
		return err
	}
	for _, d := range due {
		if d.Waits != "" {
			body.Waiting = append(body.Waiting, d)
		} else {
			body.Dated = append(body.Dated, d)
		}
	}
	if body.Registers, err = p.counted(r, estate); err != nil {
		return err
	}
	held, err := p.decisions.InForce(r.Context(), governance.Attestation, estate, p.Now())
	if err != nil {
		return err
	}
	said := map[string]bool{}
	for _, h := range held {
		said[h.Holds["statement"].Text] = true
	}
	for _, s := range p.statements() {
		if !said[s.ID] {
			body.Statements = append(body.Statements, s)
		}
	}
	return p.Show(w, r, "desk.html", web.Page{Title: "Decisions", Active: home, Scope: scope, Body: body})
}

func (p *pages) counted(r *http.Request, estate string) ([]deskRegister, error) {
	counts, err := p.decisions.Count(r.Context(), estate)
	if err != nil {
		return nil, err
	}
	var all []deskRegister
	for _, of := range p.decisions.Registers {
		one := deskRegister{Register: of}
		for _, s := range of.States {
			n := counts[of.ID][s.ID]
			switch {
			case s.InForce:
				one.InForce += n
			case s.Waits != "":
				one.Waiting += n
			}
			if !s.Over {
				one.Open += n
			}
		}
		all = append(all, one)
	}
	return all, nil
}

type listBody struct {
	Register *register.Register
	Estate   string
	State    string
	Text     string
	States   []web.Choice
	Columns  []*register.Field
	Rows     []listRow
	Names    map[string]string
	Filtered bool
	Next     string
	First    string
	MayWrite bool
}

type listRow struct {
	*governance.Item
	Address string
	State   string
	Pending bool
	Cells   []string
}

// list shows the items of a register.
func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	of, err := p.register(r)
	if err != nil {
		return err
	}
	path := home + "/" + of.ID
	scope, estate, err := p.scope(r, path)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	body := listBody{Register: of, Estate: estate, State: q.Get("state"), Text: q.Get("q"), MayWrite: access.From(r.Context()).May(of.Write),
		States: []web.Choice{{Value: "", Label: "All that are not over"}, {Value: "any", Label: "All"}}}
	for _, s := range of.States {
		body.States = append(body.States, web.Choice{Value: s.ID, Label: s.Title})
	}
	for _, id := range of.Columns {
		body.Columns = append(body.Columns, of.Field(id))
	}
	if body.Names, err = p.names(r.Context()); err != nil {
		return err
	}
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	wanted := governance.Wanted{Register: of.ID, Estate: estate, Text: body.Text, Before: before, Open: body.State == "", Limit: 101}
	if body.State != "any" {
		wanted.State = body.State
	}
	items, err := p.decisions.List(r.Context(), wanted)
	if err != nil {
		return fault(err)
	}
	body.Filtered = body.State != "" || body.Text != "" || estate != "" || before > 0
	if before > 0 {
		body.First = again(path, q, "")
	}
	if len(items) == 101 {
		items = items[:100]
		body.Next = again(path, q, strconv.FormatInt(items[99].Number, 10))
	}
	for _, i := range items {
		body.Rows = append(body.Rows, p.row(of, i))
	}
	return p.Show(w, r, "list.html", web.Page{Title: of.Title, Active: active(of.ID), Scope: scope, Body: body, Up: up(of)[:1]})
}

// active is the link of the navigation that a register belongs to.
func active(registerID string) string {
	if registerID == governance.Risk {
		return home + "/risk"
	}
	return home
}

// again is the address of the same list from another item on.
func again(path string, q url.Values, before string) string {
	q = url.Values{"estate": q["estate"], "state": q["state"], "q": q["q"]}
	if before != "" {
		q.Set("before", before)
	}
	return path + "?" + q.Encode()
}

func (p *pages) row(of *register.Register, i *governance.Item) listRow {
	row := listRow{Item: i, Address: address(i), State: of.State(i.State).Title, Pending: p.decisions.Pending(i)}
	for _, id := range of.Columns {
		row.Cells = append(row.Cells, shown(i.Body[id]))
	}
	return row
}

// shown is a value on one line.
func shown(v register.Value) string {
	switch {
	case len(v.List) == 1:
		return v.List[0]
	case len(v.List) > 1:
		return fmt.Sprintf("%s and %d more", v.List[0], len(v.List)-1)
	case len(v.Attached) > 0:
		return web.Plural(len(v.Attached), "file")
	case v.Selector != nil:
		return selectorText(v.Selector)
	}
	return v.Text
}
