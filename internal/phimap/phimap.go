// Package phimap draws up which resources hold, carry or touch PHI and how it flows between them, and keeps the maps over time.
//
// It must not know how a map is shown. What is not known of a resource is "unknown" on it, never left out as fine.
package phimap

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/scope"
)

// MaxNodes bounds a map. Resources of which it is not known whether they have to do with PHI are left out first.
const MaxNodes = 5000

// Map is which resources have to do with PHI, and how it flows between them.
type Map struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	Left  int    `json:"left,omitempty"` // resources that are not in it because there are too many
}

// Node is a resource.
type Node struct {
	ID      string `json:"id"` // unlike that of other nodes; edges name it
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Account string `json:"account"` // account, cluster or target that it stands in
	// Namespace is that of an object in a cluster, "" if it has none.
	Namespace string `json:"namespace,omitempty"`
	Zone      string `json:"zone"`   // of the network: "internet", "public", "private", "cluster", "unknown"; "" outside of networks
	PHI       string `json:"phi"`    // "yes", "unknown"
	Reason    string `json:"reason"` // why it counts so
	// Encrypted and Eligible are "yes", "no" or "unknown" as the checks on it answer, "" where none asks. Eligible: the agreement with the
	// provider covers it.
	Encrypted string `json:"encrypted,omitempty"`
	Eligible  string `json:"eligible,omitempty"`
}

// Edge is a way that PHI takes.
type Edge struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Attribute string `json:"attribute"` // the reference that says so
	// Encrypted on the way is "yes" if an end lets nothing else through, "no" if one is known to let it, else "unknown"; "" in maps from before
	// it was told.
	Encrypted string `json:"encrypted,omitempty"`
}

// What the answers are taken from: encryption at rest and in transit, and the services that an agreement covers.
const (
	atRest    = "164.312(a)(2)(iv)"
	inTransit = "164.312(e)(2)(ii)"
	eligible  = "resource.phi-only-in-eligible-services"
)

// asks are the checks that ask whether something is encrypted. Others support the same safeguards, such as that a key rotates or that an image has
// no vulnerability, and do not tell it.
var asks = regexp.MustCompile(`\.[a-z0-9-]*(encrypt|tls)[a-z0-9-]*$`)

// Draw draws the map of an inventory that was assessed.
func Draw(inv *inventory.Inventory, phi config.PHI, a *assessment.Assessment) *Map {
	marks, _ := scope.Of(inv, phi)
	in := chosen(marks)
	answers, transit := answered(a), waysOf(a)
	m := &Map{Nodes: []Node{}, Edges: []Edge{}, Left: -len(in)}
	for i, r := range inv.Resources {
		if marks[i].PHI != scope.No {
			m.Left++
		}
		if !in[i] {
			continue
		}
		n := Node{ID: r.ID, Address: r.Address, Kind: r.Kind.Name, Account: cmp.Or(r.Account, r.Target), Namespace: namespace(inv, r), Zone: zone(inv, r), PHI: marks[i].PHI, Reason: marks[i].Reason}
		if s := answers[r.ID]; s != nil {
			n.Encrypted, n.Eligible = s.encrypted, s.eligible
		}
		m.Nodes = append(m.Nodes, n)
	}
	for _, f := range scope.Flows(inv, func(i int) bool { return in[i] }) {
		from, to := inv.Resources[f.From], inv.Resources[f.To]
		m.Edges = append(m.Edges, Edge{from.ID, to.ID, f.Attribute, transit.between(from, to)})
	}
	slices.SortFunc(m.Nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(m.Edges, func(a, b Edge) int {
		return strings.Compare(a.From+"\x00"+a.To+"\x00"+a.Attribute, b.From+"\x00"+b.To+"\x00"+b.Attribute)
	})
	m.Edges = slices.Compact(m.Edges)
	return m
}

// chosen are the resources that are in the map: those with PHI first.
func chosen(marks []scope.Mark) map[int]bool {
	in := map[int]bool{}
	for _, phi := range []string{scope.Yes, scope.Unknown} {
		for i, m := range marks {
			if m.PHI == phi && len(in) < MaxNodes {
				in[i] = true
			}
		}
	}
	return in
}

type answers struct{ encrypted, eligible string }

// answered are what the findings of each resource say, the worst of each.
func answered(a *assessment.Assessment) map[string]*answers {
	all := map[string]*answers{}
	for i := range a.Findings {
		f := &a.Findings[i]
		encryption := (slices.Contains(f.Citations, atRest) || slices.Contains(f.Citations, inTransit)) && asks.MatchString(f.Check)
		if !encryption && f.Check != eligible {
			continue
		}
		s := all[f.Resource.ID]
		if s == nil {
			s = &answers{}
			all[f.Resource.ID] = s
		}
		if encryption {
			s.encrypted = worse(s.encrypted, f.Status)
		} else {
			s.eligible = worse(s.eligible, f.Status)
		}
	}
	return all
}

// worse adds a finding to an answer. An exception makes nothing encrypted.
func worse(was string, status assessment.Status) string {
	rank := []string{"", "yes", "unknown", "no"}
	now := map[assessment.Status]string{assessment.Pass: "yes", assessment.Unknown: "unknown", assessment.Fail: "no", assessment.Excepted: "no"}[status]
	if slices.Index(rank, now) > slices.Index(rank, was) {
		return now
	}
	return was
}
