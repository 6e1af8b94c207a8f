package assess

import (
	"errors"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/rule"
	"ward.dev/ward/internal/scope"
)

// Judge answers for one resource at a time what Assess answers for a whole estate: with the parameters and the exceptions of
// ward.yaml, as of the time of its request. Its methods may be called by several goroutines.
type Judge struct{ judge *judge }

// NewJudge makes a judge of a request, which need not have an inventory.
func NewJudge(r Request) (*Judge, error) {
	if r.Catalog == nil || r.Framework == nil {
		return nil, errors.New("a judge wants a catalog and a framework")
	}
	if r.Config == nil {
		r.Config = &config.Config{}
	}
	params, err := newParameters(r.Catalog, r.Config)
	if err != nil {
		return nil, err
	}
	return &Judge{newJudge(r, params, newExceptions(r.Config.Exceptions, r.Now), nil)}, nil
}

// Of answers those checks of a resource's kind that are wanted. world finds what the resource refers to. owners are what it is surely a
// part of, such as the Deployment of a Pod: parameters and exceptions that are for them hold for it, too. Checks of resources of any kind
// are not asked, and what nobody has to act on has no evidence.
func (j *Judge) Of(world rule.World, r *resource.Resource, owners []*resource.Resource, wanted func(*check.Check) bool) []assessment.Finding {
	w := &worker{judge: j.judge, world: world, owners: owners, alone: true}
	about := subject(r, scope.Mark{PHI: scope.Unknown, Reason: "one resource alone does not tell what PHI reaches it"})
	plan := w.asked(r)
	findings := make([]assessment.Finding, 0, len(plan))
	for c := range plan {
		if wanted(plan[c].Check) {
			findings = append(findings, assessment.Finding{Subject: about})
			w.finding(&findings[len(findings)-1], &plan[c], r, r)
		}
	}
	w.setIDs(findings)
	return findings
}
