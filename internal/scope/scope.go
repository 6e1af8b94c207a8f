// Package scope finds out which resources hold, carry or touch PHI: by what ward.yaml marks, and by following the
// references along which PHI spreads.
//
// It must not know checks nor frameworks. A resource of which nothing is known is "unknown"; "no" wants that nothing
// unseen could have marked it.
package scope

import (
	"fmt"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/resource"
)

// What a resource has to do with PHI.
const (
	Yes     = "yes"
	No      = "no"
	Unknown = "unknown"
)

// Mark is what is known of one resource.
type Mark struct {
	PHI string // Yes, No or Unknown
	// Reason is a clause: "tag phi is yes", "reached from aws_db_instance.patients by attribute key".
	Reason string
}

// Contradiction is a resource that is said to hold no PHI, and does.
type Contradiction struct {
	Resource *resource.Resource
	// None says what marks it as free of PHI, PHI what makes it hold some.
	None, PHI string
}

// Of returns the mark of each resource of the inventory, in its order. It takes time linear in resources and references.
//
// A mark "yes" spreads along references; a default "yes" is an assumption and does not.
func Of(inv *inventory.Inventory, phi config.PHI) ([]Mark, []Contradiction) {
	m := marker{phi: phi}
	marks := make([]Mark, len(inv.Resources))
	none := map[int]string{}
	var seeds []int32
	for i, r := range inv.Resources {
		yes, no := m.yes(r), m.none(r)
		switch {
		case yes != "":
			marks[i] = Mark{Yes, yes}
			seeds = append(seeds, int32(i))
		case no != "":
			marks[i] = m.unlessUnseen(r, Mark{No, no})
		case phi.Default == No:
			marks[i] = m.unlessUnseen(r, Mark{No, "the default of ward.yaml"})
		case phi.Default == Yes:
			marks[i] = Mark{Yes, "the default of ward.yaml"}
		default:
			marks[i] = Mark{Unknown, "nothing in ward.yaml says whether it holds PHI"}
		}
		if no != "" {
			none[i] = no
		}
	}
	spread(inv, marks, seeds)
	var contradictions []Contradiction
	for i, r := range inv.Resources {
		if no := none[i]; no != "" && marks[i].PHI == Yes {
			contradictions = append(contradictions, Contradiction{r, no, marks[i].Reason})
		}
	}
	return marks, contradictions
}

// spread carries "yes" from the seeds along the references, breadth first, so that each reason is a shortest way.
func spread(inv *inventory.Inventory, marks []Mark, seeds []int32) {
	if len(seeds) == 0 {
		return
	}
	g := newGraph(inv)
	reached := make([]bool, len(marks))
	for _, i := range seeds {
		reached[i] = true
	}
	for queue := seeds; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, e := range g.from(from) {
			if reached[e.to] {
				continue
			}
			reached[e.to] = true
			marks[e.to] = Mark{Yes, reason(inv.Resources[from], e)}
			queue = append(queue, e.to)
		}
	}
}

func reason(from *resource.Resource, e edge) string {
	if e.backward {
		return fmt.Sprintf("reaches %s by its attribute %s", from.Address, e.attribute)
	}
	return fmt.Sprintf("reached from %s by attribute %s", from.Address, e.attribute)
}
