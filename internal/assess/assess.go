// Package assess judges an inventory: every check for every resource of its kind, then the decisions of ward.yaml, then
// the findings folded by safeguard.
//
// It must not know how resources are read nor how an assessment is shown. Not knowing is never a pass here: what was not
// read, nobody attested or nothing shows leaves a safeguard short of met.
package assess

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/inventory"
	"ward.dev/ward/internal/scope"
)

// Request is what an assessment is made of.
type Request struct {
	Catalog   *catalog.Catalog
	Framework *framework.Framework
	Inventory *inventory.Inventory
	// Config holds the decisions; nil is none.
	Config *config.Config
	// Services are those that may hold PHI; without them it is unknown of every service.
	Services *scope.Services
	// Now is the time of the assessment. Decisions hold by its day in UTC.
	Now time.Time
	// Version of the program.
	Version string
	// Progress, if given, is told from time to time how many of the resources are judged. Its calls do not overlap.
	Progress func(done, total int)
}

// Assess judges. Its result depends on the request alone: neither on the clock nor on the number of processors.
func Assess(ctx context.Context, r Request) (*assessment.Assessment, error) {
	if r.Catalog == nil || r.Framework == nil || r.Inventory == nil {
		return nil, errors.New("an assessment wants a catalog, a framework and an inventory")
	}
	if r.Config == nil {
		r.Config = &config.Config{}
	}
	params, err := newParameters(r.Catalog, r.Config)
	if err != nil {
		return nil, err
	}
	marks, contradictions := scope.Of(r.Inventory, r.Config.PHI)
	exceptions := newExceptions(r.Config.Exceptions, r.Now)
	j := newJudge(r, params, exceptions, marks)
	if len(r.Config.Owners) > 0 {
		j.answering = scope.Owners(r.Inventory, marks, r.Config.Owners)
	}
	findings, err := j.judge(ctx)
	if err != nil {
		return nil, err
	}
	order(findings)
	a := &assessment.Assessment{
		Version:    assessment.Version,
		Tool:       assessment.Tool{Name: "ward", Version: r.Version, CatalogDigest: r.Catalog.Digest},
		AssessedAt: r.Now.UTC(),
		Estate:     r.Config.Estate,
		Framework:  assessment.Framework{ID: r.Framework.ID, Title: r.Framework.Title, Source: r.Framework.Source},
		Findings:   findings,
		Checks:     checksOf(r.Catalog, findings),
	}
	addRead(a, r.Inventory)
	f := newFolder(r, tally(findings))
	a.Safeguards = f.safeguards()
	a.Views = f.views(a.Safeguards)
	summarize(a)
	a.Notices = append(a.Notices, contradicted(contradictions)...)
	a.Notices = append(a.Notices, exceptions.notices(r, findings)...)
	a.Notices = append(a.Notices, f.notices()...)
	a.Notices = append(a.Notices, unjudged(r.Inventory.Unjudged)...)
	a.Notices = append(a.Notices, together(r.Inventory.Targets)...)
	return a, nil
}

// addRead tells what was read and what was not.
func addRead(a *assessment.Assessment, inv *inventory.Inventory) {
	a.Targets = make([]assessment.Target, 0, len(inv.Targets))
	for _, t := range inv.Targets {
		a.Targets = append(a.Targets, assessment.Target{Kind: t.Kind, Name: t.Name, Resources: t.Resources})
	}
	a.Gaps = make([]assessment.Gap, 0, len(inv.Gaps))
	for _, g := range inv.Gaps {
		a.Gaps = append(a.Gaps, assessment.Gap{Target: g.Target, What: g.What, Reason: g.Reason, Grant: g.Grant})
	}
}

// together tells of targets whose root modules are judged as if they were deployed to one account.
func together(targets []inventory.Target) []assessment.Notice {
	var notices []assessment.Notice
	for _, t := range targets {
		if t.Roots > 1 {
			notices = append(notices, assessment.Notice{Kind: "one account assumed", ID: t.Name, Text: fmt.Sprintf("%d root modules or templates were read "+
				"together, and what is asked of an account is judged as if all were deployed to one; assess them as targets of their own where "+
				"they are not", t.Roots)})
		}
	}
	return notices
}

// maxListed bounds what one notice lists.
const maxListed = 12

// unjudged tells what was read and nobody judges, so that silence is not taken for a pass.
func unjudged(list []inventory.Unjudged) []assessment.Notice {
	var notices []assessment.Notice
	tell := func(target, format string, n int, items []string) {
		if n == 0 {
			return
		}
		if more := len(items) - maxListed; more > 0 {
			items = append(items[:maxListed:maxListed], fmt.Sprintf("and %d more", more))
		}
		notices = append(notices, assessment.Notice{Kind: "not judged", ID: target,
			Text: fmt.Sprintf(format, count(n, "block")) + ": " + strings.Join(items, ", ")})
	}
	for _, u := range list {
		var types []string
		sum := 0
		for _, name := range slices.Sorted(maps.Keys(u.Types)) {
			types = append(types, fmt.Sprintf("%s (%d)", name, u.Types[name]))
			sum += u.Types[name]
		}
		tell(u.Target, "the catalog has no kind for %s", sum, types)
		tell(u.Target, "what they are about is not declared here, for %s", len(u.Stray), u.Stray)
	}
	return notices
}

func contradicted(list []scope.Contradiction) []assessment.Notice {
	var notices []assessment.Notice
	for _, c := range list {
		notices = append(notices, assessment.Notice{Kind: "phi contradiction", ID: c.Resource.Address,
			Text:     "is marked as free of PHI (" + c.None + ") and yet holds some: " + c.PHI,
			Location: Location(c.Resource.Origin)})
	}
	return notices
}
