package assess

import (
	"errors"
	"slices"

	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
	"ward.dev/ward/internal/yamlfile"
)

// parameters are those of the checks that ward.yaml sets.
type parameters struct {
	checks map[string]checkParameters
}

// checkParameters are the parameters of one check: for all resources, and for some.
type checkParameters struct {
	all  value.Value
	some []selected
}

type selected struct {
	resources config.Selector
	params    value.Value
}

// newParameters finds every parameter that is not one of its check's, all at once.
func newParameters(c *catalog.Catalog, cfg *config.Config) (*parameters, error) {
	p := &parameters{checks: map[string]checkParameters{}}
	var faults []error
	general := map[string]map[string]value.Value{}
	for _, one := range cfg.Params {
		set := values(one.Values)
		all, err := with(c, one, set)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		general[one.Check] = set
		p.checks[one.Check] = checkParameters{all: all}
	}
	for _, some := range cfg.ParamsFor {
		for _, one := range some.Params {
			set := values(one.Values)
			for name, v := range general[one.Check] {
				if _, ok := set[name]; !ok {
					set[name] = v
				}
			}
			merged, err := with(c, one, set)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			have, ok := p.checks[one.Check]
			if !ok {
				have.all, _ = with(c, one, nil) // the defaults are never wrong
			}
			have.some = append(have.some, selected{some.Resources, merged})
			p.checks[one.Check] = have
		}
	}
	return p, errors.Join(faults...)
}

func values(literals map[string]kind.Literal) map[string]value.Value {
	set := make(map[string]value.Value, len(literals))
	for name, l := range literals {
		set[name] = l.Value
	}
	return set
}

func with(c *catalog.Catalog, one config.CheckParams, set map[string]value.Value) (value.Value, error) {
	ck := c.Check(one.Check)
	if ck == nil {
		return value.Value{}, yamlfile.Fault{File: one.File, Line: one.Line, Text: "params: there is no check " + one.Check + yamlfile.Suggest(one.Check, c.IDs())}
	}
	v, err := ck.With(set)
	if err != nil {
		return v, yamlfile.Fault{File: one.File, Line: one.Line, Text: err.Error()}
	}
	return v, nil
}

// of returns the parameters of a check.
func (p *parameters) of(c *check.Check) checkParameters {
	if set, ok := p.checks[c.ID]; ok {
		return set
	}
	all, _ := c.With(nil) // the defaults are never wrong
	return checkParameters{all: all}
}

// of returns the parameters for a resource: those of the last selector that matches it or one of those it is a part of.
func (p checkParameters) of(r *resource.Resource, owners []*resource.Resource) value.Value {
	for i := len(p.some) - 1; i >= 0; i-- {
		if selectsOne(p.some[i].resources, r, owners) {
			return p.some[i].params
		}
	}
	return p.all
}

// withinRoot is a resource's address without the root that stands before it where a target holds several.
func withinRoot(r *resource.Resource) string {
	if root := resource.Root(r.Dialect, r.Address); root != "" {
		return r.Address[len(root)+1:]
	}
	return r.Address
}

// selectsOne tells whether a resource, or one of those it is a part of, has everything that the selector names.
func selectsOne(s config.Selector, r *resource.Resource, owners []*resource.Resource) bool {
	return selects(s, r) || slices.ContainsFunc(owners, func(o *resource.Resource) bool { return selects(s, o) })
}

// selects tells whether a resource has everything that the selector names. A tag that is not known is not had.
func selects(s config.Selector, r *resource.Resource) bool {
	if s.Empty() || s.Address != "" && !s.Address.Match(r.Address) && !s.Address.Match(withinRoot(r)) || s.Target != "" && !s.Target.Match(r.Target) {
		return false
	}
	if len(s.Tags) == 0 {
		return true
	}
	if r.Kind.Index("tags") < 0 {
		return false
	}
	tags := r.Get("tags")
	for key, wanted := range s.Tags {
		text, ok := tags.Field(key).AsString()
		if !ok || !config.MatchesAny(wanted, text) {
			return false
		}
	}
	return true
}
