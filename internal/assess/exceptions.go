package assess

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
)

// exceptions are those of ward.yaml, in its order: the first that covers a finding counts.
type exceptions struct{ list []*exception }

type exception struct {
	config.Exception
	// flaw says why it has no effect, "" if it is in force; expired that its last day is over.
	flaw    string
	expired bool
	// matched counts the findings that fail or are unknown and that it is about.
	matched atomic.Int64
}

func (e *exception) inForce() bool { return e.flaw == "" }

func newExceptions(list []config.Exception, now time.Time) *exceptions {
	today := config.NewDate(now)
	x := &exceptions{}
	for _, e := range list {
		made := &exception{Exception: e}
		switch {
		case today.After(e.Expires):
			made.expired = true
			made.flaw = fmt.Sprintf("ended on %s and covers nothing any more", e.Expires)
		case e.Approver == "" || e.Approved.IsZero():
			made.flaw = "is not approved: approver and approved are wanted"
		case samePerson(e.Approver, e.Owner):
			made.flaw = "is approved by its owner; someone else must approve it"
		case e.Approved.After(today):
			made.flaw = fmt.Sprintf("is approved from %s on only", e.Approved)
		}
		x.list = append(x.list, made)
	}
	return x
}

func samePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// of returns the exceptions that are about a check.
func (x *exceptions) of(check string) []*exception {
	var list []*exception
	for _, e := range x.list {
		if e.Checks.Match(check) {
			list = append(list, e)
		}
	}
	return list
}

// notices tells of the exceptions that cover nothing, and why.
func (x *exceptions) notices(r Request, findings []assessment.Finding) []assessment.Notice {
	covered := map[string]int{}
	for i := range findings {
		if id := findings[i].Exception; id != "" {
			covered[id]++
		}
	}
	var notices []assessment.Notice
	for _, e := range x.list {
		tell := func(kind, text string) {
			notices = append(notices, assessment.Notice{Kind: "exception " + kind, ID: e.ID, Text: text,
				Location: assessment.Location{File: e.File, Line: e.Line}})
		}
		switch n := int(e.matched.Load()); {
		case e.expired:
			tell("expired", e.flaw+standing(n))
		case !e.inForce():
			tell("ineffective", e.flaw+standing(n))
		case !matchesCheck(r.Catalog, e):
			tell("ineffective", "names no check of the catalog")
		case covered[e.ID] == 0 && n > 0:
			tell("unused", "an exception before it covers all that it matches")
		case covered[e.ID] == 0 && matchesResource(r.Catalog, r.Inventory, e):
			tell("ineffective", "matches only findings that neither fail nor are unknown; it may be taken out")
		case covered[e.ID] == 0:
			tell("unused", "matches no finding; it may be taken out")
		}
	}
	return notices
}

func standing(n int) string {
	if n == 0 {
		return ""
	}
	return "; " + count(n, "finding") + " that it is about stand as they are"
}

func matchesCheck(c *catalog.Catalog, e *exception) bool {
	return slices.ContainsFunc(c.IDs(), e.Checks.Match)
}

func matchesResource(c *catalog.Catalog, inv *inventory.Inventory, e *exception) bool {
	kinds := map[string]bool{}
	for _, id := range c.IDs() {
		if e.Checks.Match(id) {
			kinds[catalog.KindOf(id)] = true
		}
	}
	for _, r := range inv.Resources {
		if (kinds[r.Kind.Name] || kinds[AnyKind]) && selects(e.Resources, r) {
			return true
		}
	}
	return false
}
