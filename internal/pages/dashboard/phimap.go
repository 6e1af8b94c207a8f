package dashboard

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"ward.dev/ward/internal/chart"
	"ward.dev/ward/internal/history"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// Map is which resources hold, carry or touch PHI, and how it flows between them.
type Map struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	Left  int    `json:"left,omitempty"` // resources that are not in it because there are too many, those not known to hold PHI first
}

// Node is a resource.
type Node struct {
	ID      string `json:"id"` // unlike that of other nodes; edges name it
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Account string `json:"account"` // account, cluster or repository that it stands in
	Zone    string `json:"zone"`    // of the network: "internet", "public", "private", "cluster"; "" for none
	PHI     string `json:"phi"`     // "yes", "unknown"; others need not be in the map
	Reason  string `json:"reason"`  // why it counts so
	// Encrypted and Eligible are "yes", "no", "unknown", or "" where the question makes no sense. Eligible: the provider's agreement covers it.
	Encrypted string `json:"encrypted"`
	Eligible  string `json:"eligible"`
}

// Edge is a way that PHI takes.
type Edge struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Attribute string `json:"attribute"` // the reference that says so
	Encrypted string `json:"encrypted"` // on the way: "yes", "no", "unknown", ""
}

// Faults are what is marked on a node, the worst first.
func (n Node) Faults() []string {
	var list []string
	if n.Encrypted == "no" {
		list = append(list, "not encrypted")
	}
	if n.Eligible == "no" {
		list = append(list, "not eligible")
	}
	if n.Encrypted == "unknown" {
		list = append(list, "encryption unknown")
	}
	if n.Eligible == "unknown" {
		list = append(list, "eligibility unknown")
	}
	return list
}

func (n Node) class() string {
	switch faults := n.Faults(); {
	case n.Encrypted == "no" || n.Eligible == "no":
		return "bad"
	case len(faults) > 0 || n.PHI == "unknown":
		return "open"
	}
	return "phi"
}

// zones are the zones of the network from the outside inwards.
var zones = []string{"internet", "public", "private", "cluster"}

// mostDrawn is how many nodes are drawn; the table below the drawing has more.
const (
	mostDrawn  = 120
	mostListed = 500
)

type mapBody struct {
	*view
	Drawing         template.HTML
	Nodes           []Node
	Edges           []Edge
	Hidden, Unshown int // nodes that are not drawn, and those that are not even listed
	Yes, Unknown    int
	Plain, Covered  int // not encrypted; not eligible
	Absent          bool
}

// Flows are the ways out of a node.
func (b mapBody) Flows(id string) []Edge {
	var out []Edge
	for _, e := range b.Edges {
		if e.From == id && len(out) < listShown {
			out = append(out, e)
		}
	}
	return out
}

// Name is the address of a node.
func (b mapBody) Name(id string) string {
	for _, n := range b.Nodes {
		if n.ID == id {
			return n.Address
		}
	}
	return id
}

func (d *dashboard) phiMap(v *view, w http.ResponseWriter, r *http.Request) error {
	b := mapBody{view: v}
	var m *Map
	err := error(history.ErrNone)
	if d.Map != nil {
		m, err = d.Map(r.Context(), v.Estate.ID, v.Run.Number)
	}
	switch {
	case errors.Is(err, history.ErrNone) || err == nil && m == nil:
		b.Absent = true
	case err != nil:
		return err
	default:
		b.fill(m)
	}
	return d.show(v, w, "phi.html", web.Page{Title: "PHI map", Active: "/phi", Wide: true, Body: b})
}

func (b *mapBody) fill(m *Map) {
	nodes := slices.Clone(m.Nodes)
	for _, n := range nodes {
		switch n.PHI {
		case "yes":
			b.Yes++
		case "unknown":
			b.Unknown++
		}
		if n.Encrypted == "no" {
			b.Plain++
		}
		if n.Eligible == "no" {
			b.Covered++
		}
	}
	order := map[string]int{"bad": 0, "open": 1, "phi": 2}
	slices.SortStableFunc(nodes, func(a, b Node) int {
		return cmp.Or(order[a.class()]-order[b.class()], strings.Compare(b.PHI, a.PHI), strings.Compare(a.Account, b.Account), strings.Compare(a.Address, b.Address))
	})
	b.Edges = m.Edges
	b.Unknown += m.Left
	b.Hidden, b.Unshown = max(0, len(nodes)-mostDrawn)+m.Left, max(0, len(nodes)-mostListed)+m.Left
	b.Nodes = nodes[:min(len(nodes), mostListed)]
	b.Drawing = b.draw(nodes[:min(len(nodes), mostDrawn)])
}

func (b *mapBody) draw(nodes []Node) template.HTML {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b Node) int { return strings.Compare(a.Account, b.Account) })
	g := chart.Graph{ID: "phi-map", Title: "Resources that hold, carry or touch PHI, by account and network zone"}
	for _, z := range zones {
		g.Columns = append(g.Columns, zoneWord(z))
	}
	for _, n := range nodes {
		g.Nodes = append(g.Nodes, chart.Node{ID: n.ID, Name: report.Clean(n.Address), Note: kindWord(n.Kind), Row: or(report.Clean(n.Account), "Account not told"),
			Column: zoneWord(n.Zone), Class: n.class(), Mark: strings.Join(n.Faults(), ", "), Path: b.Resource(n.Address)})
	}
	for _, e := range b.Edges {
		a := chart.Arrow{From: e.From, To: e.To, Note: "by " + report.Clean(e.Attribute)}
		if e.Encrypted == "no" {
			a.Class, a.Note = "bad", a.Note+", not encrypted on the way"
		}
		g.Arrows = append(g.Arrows, a)
	}
	return g.HTML()
}

func zoneWord(zone string) string {
	switch zone {
	case "internet":
		return "Open to the internet"
	case "public":
		return "Public network"
	case "private":
		return "Private network"
	case "cluster":
		return "In the cluster"
	case "":
		return "Outside networks"
	}
	return report.Clean(zone)
}
