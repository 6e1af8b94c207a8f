package scope

import (
	"cmp"
	"slices"

	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/resource"
)

// Owners returns who answers for each resource of an inventory by the first rule that matches it, "" for nobody. marks are those of Of.
func Owners(inv *inventory.Inventory, marks []Mark, rules []config.OwnerRule) []string {
	owners := make([]string, len(inv.Resources))
	for i, r := range inv.Resources {
		at := slices.IndexFunc(rules, func(rule config.OwnerRule) bool { return owned(r, marks[i].PHI, rule) })
		if at >= 0 {
			owners[i] = rules[at].Owner
		}
	}
	return owners
}

// owned tells whether a rule matches. A property that is not known matches nothing: who answers is then said by a later rule, or by nobody.
func owned(r *resource.Resource, phi string, rule config.OwnerRule) bool {
	switch {
	case len(rule.PHI) > 0 && !slices.Contains(rule.PHI, phi),
		len(rule.Accounts) > 0 && !rule.Accounts.Match(cmp.Or(r.Account, r.Target)),
		len(rule.Kinds) > 0 && !rule.Kinds.Match(r.Kind.Name),
		len(rule.Addresses) > 0 && !rule.Addresses.Match(r.Address),
		len(rule.Paths) > 0 && !declaredIn(r, rule.Paths):
		return false
	}
	have, _ := tags(r).AsObject()
	for key, wanted := range rule.Tags {
		text, known := text(have[key])
		if !known || !config.MatchesAny(wanted, text) {
			return false
		}
	}
	return true
}

func declaredIn(r *resource.Resource, paths []config.PathPattern) bool {
	return r.Origin != nil && slices.ContainsFunc(paths, func(p config.PathPattern) bool { return p.Match(r.Origin.File) || p.Match(withinTarget(r)) })
}
