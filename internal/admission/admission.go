// Package admission decides which objects a cluster of Kubernetes lets in, by the checks of the catalog: those that need images or
// other objects, which no policy inside of the API server can ask about, and any others that are wanted.
//
// An object gets the answers that an assessment of the cluster would give for it if it were there already. Not knowing is never a pass
// here either: an object of which something is unknown is let in only where Options.Unknown says so, and it is told.
//
// The package must not know of HTTP (that is package webhook's), nor how the cluster and images are read.
package admission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	review "k8s.io/api/admission/v1"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/catalog"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/config"
	"ward.dev/ward/internal/framework"
	"ward.dev/ward/internal/kind"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/rbac"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// Mode is what happens to an object of which a check fails.
type Mode string

const (
	Deny  Mode = "deny"  // it is refused
	Warn  Mode = "warn"  // it is let in, and whoever sent it is told
	Audit Mode = "audit" // it is let in, and only the audit log and the metrics tell
)

// Modes are all of them.
func Modes() []Mode { return []Mode{Deny, Warn, Audit} }

// OnUnknown is what happens in Deny mode to an object of which no check fails and some are unknown.
type OnUnknown string

const (
	DenyUnknown  OnUnknown = "deny"
	WarnUnknown  OnUnknown = "warn"
	AllowUnknown OnUnknown = "allow" // and only the audit log tells
)

// Cluster is what is known of the cluster around an object, as package mirror keeps it.
type Cluster interface {
	// Live tells which cluster it is.
	Live() source.Live
	// Around returns the blocks of some types that are in a namespace or in none; those of all namespaces where everywhere is true of
	// a type. What is not known of them the reading says.
	Around(namespace string, everywhere map[string]bool) source.Reading
	// Named returns the block of a type, a namespace and a name.
	Named(typ, namespace, name string) (resource.Block, bool)
	// Version changes whenever anything else does.
	Version() uint64
}

// Images is what is known of images.
type Images interface {
	// Known returns the resources of the images of these names, and why others are not known. Unless it is only asked, it sees to it
	// that those are known soon.
	Known(names []string, onlyAsked bool) (known []*resource.Resource, unknown map[string]string)
	// Await waits until all images that were asked for are known or cannot be, or until the context ends.
	Await(ctx context.Context, names []string)
	// Named lists the images that a workload names.
	Named(b resource.Block) []string
}

// Options say what is asked of objects, and what follows.
type Options struct {
	Catalog   *catalog.Catalog
	Framework *framework.Framework
	Config    *config.Config // nil for no decisions
	// Checks chooses by id; nil for those that need images or other objects.
	Checks func(id string) bool
	// Severity is the least that a check must have; "" for any.
	Severity assessment.Severity
	// Unknown is what happens in Deny mode to what nobody knows to be right or wrong.
	Unknown OnUnknown
	// Settle bounds how long an object that would be refused for what other objects say waits for news of them: whoever applies a
	// manifest sends what belongs together within milliseconds, and the copy of the cluster follows a moment later.
	Settle time.Duration
	// Wait bounds how long an object waits for images that are not known. It has to be shorter than the webhook's timeout.
	Wait time.Duration
	// Version of the program.
	Version string
}

// Reviewer decides. Its methods may be called by several goroutines.
type Reviewer struct {
	options Options
	cluster Cluster
	images  Images
	plans   map[string][]*plan // by type of object

	mu     sync.Mutex
	config *config.Config
	judge  *assess.Judge
	judged time.Time // as of when the judge is
}

// plan is what is asked of the objects of a type as resources of one kind.
type plan struct {
	kind   *kind.Kind
	checks map[*check.Check]needs
	needs  needs
	kinds  []*kind.Kind // that take part in the answers
}

// ErrNoCheck means that none of the checks that were chosen is asked of objects.
var ErrNoCheck = errors.New("none of the checks that were chosen is asked of what is sent to a cluster")

// New makes a reviewer. It is an error if the options choose no check or if ward.yaml sets what no check has.
func New(o Options) (*Reviewer, error) {
	if o.Config == nil {
		o.Config = &config.Config{}
	}
	r := &Reviewer{options: o, plans: map[string][]*plan{}, config: o.Config}
	// ward.yaml may set parameters of any check, now and later.
	if err := o.Catalog.LoadChecks(func(string) bool { return true }); err != nil {
		return nil, err
	}
	for _, p := range choose(o) {
		for _, typ := range p.kind.Blocks(dialect) {
			r.plans[typ] = append(r.plans[typ], p)
		}
	}
	if len(r.plans) == 0 {
		return nil, ErrNoCheck
	}
	_, err := r.judgeNow()
	return r, err
}

var ranks = []assessment.Severity{assessment.Low, assessment.Medium, assessment.High, assessment.Critical}

// choose makes the plans of the checks that are asked.
func choose(o Options) []*plan {
	a := newAnalyst(o.Catalog)
	byKind := map[*kind.Kind]*plan{}
	var plans []*plan
	for _, c := range o.Catalog.Checks {
		if !reviewed(c.Kind) || c.Waste != "" || slices.Index(ranks, c.Severity) < slices.Index(ranks, o.Severity) {
			continue
		}
		n := a.of(c)
		if o.Checks != nil && !o.Checks(c.ID) || o.Checks == nil && (!n.others() || holdsSecrets(c.Kind)) {
			continue
		}
		p := byKind[c.Kind]
		if p == nil {
			p = &plan{kind: c.Kind, checks: map[*check.Check]needs{}, needs: noNeeds()}
			byKind[c.Kind], plans = p, append(plans, p)
		}
		p.checks[c] = n
		p.needs.add(n)
	}
	for _, p := range plans {
		p.needs.kinds[p.kind.Name] = true
		if hasRoles(p.needs, p.kind) { // what of them a cluster brings along is told together with who has them
			p.needs.kinds[subjects(o.Catalog)] = true
		}
		for _, k := range o.Catalog.Kinds {
			if !p.needs.kinds[k.Name] {
				continue
			}
			p.kinds = append(p.kinds, k)
			for i, one := range k.All() {
				if one.Name == "tags" || slices.Contains(k.Shown(), i) { // by which ward.yaml chooses, and what every finding shows
					p.needs.attributes[one] = true
				}
			}
		}
	}
	return plans
}

// hasRoles tells whether roles are asked about.
func hasRoles(n needs, k *kind.Kind) bool {
	return slices.ContainsFunc(slices.Concat(slices.Collect(maps.Keys(n.types)), k.Blocks(dialect)), rbac.IsRole)
}

// subjects is the name of the kind of those who have roles.
func subjects(c *catalog.Catalog) string {
	for _, k := range c.Kinds {
		if slices.Contains(k.Blocks(dialect), rbac.SubjectType) {
			return k.Name
		}
	}
	return ""
}

// reviewed tells whether a kind is made of objects that somebody sends to the API server.
func reviewed(k *kind.Kind) bool {
	return slices.ContainsFunc(k.Blocks(dialect), func(typ string) bool { return typ != k.Name && typ != rbac.SubjectType })
}

// holdsSecrets tells of a kind that whoever reviews its objects is sent secrets in clear.
func holdsSecrets(k *kind.Kind) bool { return slices.Contains(k.Blocks(dialect), "Secret") }

// Join says which cluster the objects are sent to, and what is known of images; nil if nothing is. It MUST be called once, before
// Review.
func (r *Reviewer) Join(c Cluster, i Images) { r.cluster, r.images = c, i }

// ImageKinds are those that images are made into.
func (r *Reviewer) ImageKinds() []*kind.Kind {
	return slices.DeleteFunc(slices.Clone(r.options.Catalog.Kinds), func(k *kind.Kind) bool { return len(k.Image) == 0 })
}

// Types are those of the objects that the reviewer asks about, sorted: "Deployment.apps".
func (r *Reviewer) Types() []string {
	var all []string
	for typ := range r.plans {
		all = append(all, typ)
	}
	slices.Sort(all)
	return all
}

// Needed are the types of objects that the reviewer has to know of in a cluster, sorted.
func (r *Reviewer) Needed() []string {
	needed := map[string]bool{"Namespace": true}
	for typ, plans := range r.plans {
		for _, p := range plans {
			for other := range p.needs.types {
				needed[other] = true
			}
			if p.needs.namesakes {
				needed[typ] = true
			}
		}
		for _, owner := range manifest.Makers(typ) {
			needed[owner] = true
		}
	}
	var all []string
	for typ := range needed {
		all = append(all, typ)
	}
	slices.Sort(all)
	return all
}

// Decide takes new decisions of ward.yaml. Those it had stay if the new ones are at fault.
func (r *Reviewer) Decide(c *config.Config) error {
	if c == nil {
		c = &config.Config{}
	}
	judge, err := r.newJudge(c, time.Now())
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config, r.judge, r.judged = c, judge, time.Now()
	return nil
}

// judgeAge is how long a judge is asked: it answers as of the time that it was made.
const judgeAge = time.Minute

func (r *Reviewer) judgeNow() (*assess.Judge, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.judge != nil && now.Sub(r.judged) < judgeAge {
		return r.judge, nil
	}
	judge, err := r.newJudge(r.config, now)
	if err != nil {
		return nil, err
	}
	r.judge, r.judged = judge, now
	return judge, nil
}

func (r *Reviewer) newJudge(c *config.Config, now time.Time) (*assess.Judge, error) {
	return assess.NewJudge(assess.Request{Catalog: r.options.Catalog, Framework: r.options.Framework, Config: c, Now: now,
		Version: r.options.Version})
}

// ErrRequest means that a review is not what an API server sends.
var ErrRequest = errors.New("this is no review of an object")

// Review decides on a request. An error means that no decision was possible; the API server then does what the webhook's failure policy
// says.
func (r *Reviewer) Review(ctx context.Context, q *review.AdmissionRequest, mode Mode) (*Decision, error) {
	d := &Decision{Mode: mode, unknown: r.options.Unknown}
	if q == nil || q.UID == "" {
		return nil, fmt.Errorf("%w: request.uid is missing", ErrRequest)
	}
	if q.Operation != review.Create && q.Operation != review.Update {
		return d, nil
	}
	o, err := r.object(q, q.Object.Raw)
	if err != nil {
		return nil, err
	}
	plans := r.plans[o.block.Type]
	if len(plans) == 0 || o.deleted {
		return d, nil
	}
	d.Object = o.block.Address
	if q.DryRun != nil {
		o.dry = *q.DryRun
	}
	if q.Operation == review.Update {
		if o.before, err = r.object(q, q.OldObject.Raw); err != nil {
			return nil, err
		}
	}
	if err := r.settle(ctx, o, plans, d); err != nil {
		return nil, err
	}
	return d, nil
}
