// Package waste finds what is paid for and not used: best practice beyond the Security Rule, by the same engine as its
// checks. A check that names a price finds waste where it fails; ward assess does not ask it.
//
// It must not know how resources are read. What is not known is neither waste nor in use, and is told.
package waste

import (
	"cmp"
	"slices"
	"time"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// Version of the JSON.
const Version = "1"

// Waste is what could be saved.
type Waste struct {
	Version string    `json:"version"`
	AsOf    time.Time `json:"as_of"`
	// Prices say where the amounts are from: they are list prices of one region, not of the account's bill.
	Prices []string `json:"prices"`
	Items  []Item   `json:"items"`
	// Monthly sums the items whose cost is known, by currency.
	Monthly map[string]float64 `json:"monthly"`
	// Unknown are resources of which it could not be told whether they are used.
	Unknown []Unknown `json:"unknown"`
	// Gaps are what could not be listed, and may hold more that is not used.
	Gaps []resource.Gap `json:"gaps"`
	// Judged counts the resources that were asked about.
	Judged int `json:"judged"`
}

// Item is one resource that is not used.
type Item struct {
	Check    string              `json:"check"`
	Title    string              `json:"title"` // the claim that does not hold
	Fix      string              `json:"fix"`
	Resource assessment.Resource `json:"resource"`
	Location assessment.Location `json:"location"`
	// Monthly is what it costs in a month; nil if that is not known, because of Why.
	Monthly  *float64 `json:"monthly"`
	Currency string   `json:"currency,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// Unknown is one resource of which it is not known whether it is used.
type Unknown struct {
	Check   string `json:"check"`
	Address string `json:"address"`
	Reason  string `json:"reason"`
	Grant   string `json:"grant,omitempty"`
}

// Of judges an inventory.
func Of(c *catalog.Catalog, inv *inventory.Inventory, prices *Prices, now time.Time) *Waste {
	w := &Waste{Version: Version, AsOf: now.UTC(), Prices: prices.Dated(), Items: []Item{}, Unknown: []Unknown{},
		Gaps: []resource.Gap{}, Monthly: map[string]float64{}}
	checks := map[*kind.Kind][]*check.Check{}
	for _, one := range c.Checks {
		if one.Waste != "" {
			checks[one.Kind] = append(checks[one.Kind], one)
		}
	}
	for _, gap := range inv.Gaps {
		if gap.Kind == "" || asked(checks, gap.Kind) {
			w.Gaps = append(w.Gaps, gap)
		}
	}
	for _, r := range inv.Resources {
		for _, one := range checks[r.Kind] {
			if one.Live && !r.Live {
				continue
			}
			w.Judged++
			params, _ := one.With(nil) // its own defaults always fit
			answer := one.Evaluate(inv, r, params, now)
			switch answer.Status {
			case assessment.Fail:
				item := Item{Check: one.ID, Title: one.Title, Fix: cmp.Or(one.Fix.CLI, one.Fix.Console), Location: assess.Location(r.Origin),
					Resource: assessment.Resource{ID: r.ID, Address: r.Address, Provider: r.Kind.Provider(), Account: r.Account, Region: r.Region}}
				monthly, currency, why := prices.of(one.Waste, r)
				if item.Currency, item.Why = currency, why; why == "" {
					item.Monthly = &monthly
					w.Monthly[currency] += monthly
				}
				w.Items = append(w.Items, item)
			case assessment.Unknown:
				reason := firstReason(answer)
				w.Unknown = append(w.Unknown, Unknown{Check: one.ID, Address: r.Address, Reason: reason.Why, Grant: reason.Grant})
			}
		}
	}
	slices.SortStableFunc(w.Items, func(a, b Item) int { return cmp.Compare(amount(b), amount(a)) })
	return w
}

// asked tells whether any check is about a kind.
func asked(checks map[*kind.Kind][]*check.Check, name string) bool {
	for k := range checks {
		if k.Name == name {
			return true
		}
	}
	return false
}

func amount(i Item) float64 {
	if i.Monthly == nil {
		return 0
	}
	return *i.Monthly
}

func firstReason(a check.Answer) value.Reason {
	for _, u := range a.Unknowns {
		if len(u.Reasons) > 0 {
			return u.Reasons[0]
		}
	}
	return value.Reason{Why: "it is not known why"}
}
