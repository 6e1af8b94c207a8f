package guard

import (
	"slices"

	"ward.dev/ward/internal/catalog"
)

// Append writes a record, as a guard that ends right after it.
func (j *Journal) Append(r Record) error { _, err := j.append(r); return err }

// Checks are the ids of all checks that the rules name, sorted.
func (p *Policy) Checks(c *catalog.Catalog) []string {
	var ids []string
	for i := range p.Rules {
		ids = append(ids, p.Rules[i].checks(c)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
