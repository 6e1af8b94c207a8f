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
	"ward.dev/ward/internal/phimap"
	"ward.dev/ward/internal/report"
	"ward.dev/ward/internal/web"
)

// mapNode is a resource of the map as it is shown.
type mapNode struct {
	phimap.Node
	rank int // of its class, the worst first
}

// Faults are what is marked on a node, the worst first.
func (n mapNode) Faults() []string {
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

func (n mapNode) class() string {
	switch faults := n.Faults(); {
	case n.Encrypted == "no" || n.Eligible == "no":
		return "bad"
	case len(faults) > 0 || n.PHI == "unknown":
		return "open"
	}
	return "phi"
}

// Place is the account, cluster or folder that a node stands in, in few words.
func (n mapNode) Place() string {
	place := report.Clean(folder(n.Account))
	if place == "" {
		place = "Account not told"
	}
	if n.Namespace != "" {
		place += " / " + report.Clean(n.Namespace)
	}
	return place
}

// ZoneWord is the zone of a node in words.
func (n mapNode) ZoneWord() string { return zoneWord(n.Zone) }

// zones are the zones of the network from the outside inwards.
var zones = []string{phimap.Internet, phimap.Public, phimap.Private, phimap.Cluster, "", phimap.Unknown}

// mostDrawn is how many nodes are drawn; the tables below the drawing have more.
const (
	mostDrawn  = 120
	mostListed = 500
)

type mapBody struct {
	*view
	Drawing         template.HTML
	Known, Open     []mapNode // that have PHI, and of which nobody knows
	Hidden, Unshown int       // nodes that are not drawn, and those that are not even listed
	Yes, Unknown    int
	Plain, Covered  int // of those with PHI, not encrypted; not eligible
	Exposed         int // and open to the internet
	Ways, BareWays  int // ways, and those where what is not encrypted is let through
	Untold          int // ways of which nobody knows
	Absent          bool
	flows           map[string][]mapEdge
	names           map[string]string
}

// mapEdge is a way out of a node.
type mapEdge struct {
	phimap.Edge
	Name string // of where it leads
}

// Flows are the ways out of a node.
func (b mapBody) Flows(id string) []mapEdge { return b.flows[id] }

func (d *dashboard) phiMap(v *view, w http.ResponseWriter, r *http.Request) error {
	b := mapBody{view: v}
	var m *phimap.Map
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

func (b *mapBody) fill(m *phimap.Map) {
	nodes, order := make([]mapNode, len(m.Nodes)), map[string]int{"bad": 0, "open": 1, "phi": 2}
	b.names = map[string]string{}
	for i, n := range m.Nodes {
		nodes[i] = mapNode{Node: n}
		nodes[i].rank = order[nodes[i].class()]
		b.names[n.ID] = n.Address
		b.count(n)
	}
	b.Unknown += m.Left
	joined := b.ways(m.Edges)
	slices.SortStableFunc(nodes, func(a, b mapNode) int {
		return cmp.Or(strings.Compare(b.PHI, a.PHI), a.rank-b.rank, strings.Compare(a.Account, b.Account), strings.Compare(a.Address, b.Address))
	})
	var drawn []mapNode
	for _, n := range nodes {
		// What may have PHI is drawn where it keeps or carries something; users and settings, of which nobody knows either, would hide it.
		if len(drawn) < mostDrawn && (n.PHI == "yes" || n.Encrypted != "" || joined[n.ID]) {
			drawn = append(drawn, n)
		}
	}
	b.Hidden, b.Unshown = len(nodes)-len(drawn)+m.Left, max(0, len(nodes)-mostListed)+m.Left
	for _, n := range nodes[:min(len(nodes), mostListed)] {
		if n.PHI == "yes" {
			b.Known = append(b.Known, n)
		} else {
			b.Open = append(b.Open, n)
		}
	}
	// What is on a way stands first in its cell, where arrows begin.
	slices.SortStableFunc(drawn, func(a, b mapNode) int {
		switch on, other := joined[a.ID], joined[b.ID]; {
		case on == other:
			return 0
		case on:
			return -1
		}
		return 1
	})
	b.Drawing = b.draw(drawn, m.Edges)
}

func (b *mapBody) count(n phimap.Node) {
	if n.PHI != "yes" {
		b.Unknown++
		return
	}
	b.Yes++
	if n.Encrypted == "no" {
		b.Plain++
	}
	if n.Eligible == "no" {
		b.Covered++
	}
	if n.Zone == phimap.Internet {
		b.Exposed++
	}
}

// ways counts the ways and says what they join.
func (b *mapBody) ways(edges []phimap.Edge) (joined map[string]bool) {
	joined, b.flows = map[string]bool{}, map[string][]mapEdge{}
	for _, e := range edges {
		joined[e.From], joined[e.To] = true, true
		if len(b.flows[e.From]) < listShown {
			b.flows[e.From] = append(b.flows[e.From], mapEdge{e, b.names[e.To]})
		}
		b.Ways++
		switch e.Encrypted {
		case "no":
			b.BareWays++
		case "yes":
		default:
			b.Untold++
		}
	}
	return joined
}

func (b *mapBody) draw(nodes []mapNode, edges []phimap.Edge) template.HTML {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b mapNode) int { return strings.Compare(a.Place(), b.Place()) })
	g := chart.Graph{ID: "phi-map", Title: "Resources that hold, carry or touch PHI, by account and network zone"}
	for _, z := range zones {
		g.Columns = append(g.Columns, zoneWord(z))
	}
	for _, n := range nodes {
		g.Nodes = append(g.Nodes, chart.Node{ID: n.ID, Name: report.Clean(n.Address), Note: kindWord(n.Kind), Row: n.Place(),
			Column: zoneWord(n.Zone), Class: n.class(), Mark: strings.Join(n.Faults(), ", "), Path: b.Resource(n.Address)})
	}
	for _, e := range edges {
		a := chart.Arrow{From: e.From, To: e.To, Note: "PHI goes from " + report.Clean(b.names[e.From]) + " to " + report.Clean(b.names[e.To]) +
			", by " + report.Clean(e.Attribute) + ": " + wayWord(e.Encrypted)}
		switch e.Encrypted {
		case "no":
			a.Class = "bad"
		case "yes":
			a.Class = "good"
		default:
			a.Class = "open"
		}
		g.Arrows = append(g.Arrows, a)
	}
	return g.HTML()
}

// wayWord says how a way is encrypted.
func wayWord(encrypted string) string {
	switch encrypted {
	case "yes":
		return "encrypted on the way"
	case "no":
		return "what is not encrypted is let through"
	}
	return "encryption on the way unknown"
}

func zoneWord(zone string) string {
	switch zone {
	case phimap.Internet:
		return "Open to the internet"
	case phimap.Public:
		return "Public network"
	case phimap.Private:
		return "Private network"
	case phimap.Cluster:
		return "In the cluster"
	case phimap.Unknown:
		return "Zone unknown"
	case "":
		return "Outside networks"
	}
	return report.Clean(zone)
}
