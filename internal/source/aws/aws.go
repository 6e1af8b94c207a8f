// Package aws reads live AWS accounts: every kind that the table of collectors names, in every region that is turned on. It
// only asks; it never changes anything.
//
// A collector keeps the replies of the API as they are, under the names of the operations, and the kind files say what
// they mean. So the package must not know of checks or of what is right. What a call did not tell is unknown, with the
// permission to grant; a kind of which not all could be listed is marked, so that nobody takes the rest for all.
package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// Options say what is read and as whom.
type Options struct {
	Profile string
	// Role is the ARN of a role to assume first; External its external id.
	Role, External string
	// Organization is the name of a role to assume in each other account of the organization; "" reads one account.
	Organization string
	// Regions to read; none for all that are turned on.
	Regions []string
	// NoOtherRegions says that nothing is in regions that are not in Regions: an organization denies them, or they were looked
	// at by other means. Without it, what asks for all of an account stays open.
	NoOtherRegions bool
	// Kinds tells which kinds are wanted; nil for all. Left says why the others are not.
	Kinds func(kind string) bool
	Left  string
	// Concurrency bounds the calls at once; 0 is 32.
	Concurrency int
	// Attempts bounds how often a call is tried; 0 is what the AWS configuration says (AWS_MAX_ATTEMPTS, max_attempts), else
	// 6. Backoff bounds the pause between two; 0 is 20 s.
	Attempts int
	Backoff  time.Duration
	// Timeout bounds one attempt; 0 is 60 s.
	Timeout time.Duration
	// Have tells that an earlier run has read a part whole; nil for none.
	Have func(source.Part) bool
	// Progress, if given, is told of each part as it begins. Its calls may overlap.
	Progress func(done, total int, what string)
	// Configure, if given, changes the configuration of all clients: for tests.
	Configure func(*aws.Config)
}

// ErrNothing means that not even the caller's own identity could be learned.
var ErrNothing = errors.New("nothing could be read")

// Collect reads accounts into a sink. An error means that the run could not begin or was cut off; what was read by then
// is in the sink.
func Collect(ctx context.Context, o Options, sink source.Sink) (source.Stats, error) {
	o = o.withDefaults()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{Recorder: source.Recorder{Sink: sink, Stop: stop}, options: o, slots: make(chan struct{}, o.Concurrency), retryers: map[string]aws.Retryer{}}
	own, err := r.signIn(ctx)
	if err != nil {
		return r.Stats(), err
	}
	accounts := []*account{own}
	if o.Organization != "" {
		if accounts, err = r.members(ctx, own); err != nil {
			return r.Stats(), err
		}
	}
	r.accounts = accounts
	table := o.chosen()
	var all []work
	for _, a := range accounts {
		if err := r.Begin(source.Live{Dialect: resource.AWS, Name: a.target(), Account: a.ID, Caller: a.Caller, Kinds: kindsOf(table), Left: o.Left,
			Regions: o.limited(), Regional: o.regional(table)}); err != nil {
			return r.Stats(), err
		}
		if a.fault != "" { // nothing of it can be read
			for _, c := range table {
				r.Partial(source.Part{Target: a.target(), Region: a.home, Kind: c.kind}, a.reason())
			}
			continue
		}
		all = append(all, r.plan(a, r.regions(ctx, a, table), table)...)
	}
	err = r.collect(ctx, all)
	return r.Stats(), err
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 32
	}
	if o.Backoff <= 0 {
		o.Backoff = defaultBackoff
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	return o
}

// limited are the regions that are read where others may hold something.
func (o Options) limited() []string {
	if o.NoOtherRegions {
		return nil
	}
	return o.Regions
}

// regional are the kinds that every region may hold, where not every region is read.
func (o Options) regional(table []collector) []string {
	if len(o.limited()) == 0 {
		return nil
	}
	return kindsOf(slices.DeleteFunc(slices.Clone(table), func(c collector) bool { return c.global }))
}

// chosen are the collectors of the kinds that are wanted.
func (o Options) chosen() []collector {
	if o.Kinds == nil {
		return collectors
	}
	var some []collector
	for _, c := range collectors {
		if o.Kinds(c.kind) {
			some = append(some, c)
		}
	}
	return some
}

func kindsOf(table []collector) []string {
	var names []string
	for _, c := range table {
		if !slices.Contains(names, c.kind) {
			names = append(names, c.kind)
		}
	}
	return names
}

// Kinds are the kinds that can be read live, sorted.
func Kinds() []string {
	names := kindsOf(collectors)
	slices.Sort(names)
	return names
}

// Operations are the API operations that reading a kind takes: "s3:GetBucketPolicy". It asks nothing of any account.
func Operations(wanted func(string) bool) map[string][]string {
	return rehearse(Options{Kinds: wanted}.chosen()).operations
}

// PermissionsOf are the IAM actions that reading kinds takes, by kind.
func PermissionsOf(wanted func(string) bool) map[string][]string {
	all := map[string][]string{}
	for kind, operations := range Operations(wanted) {
		for _, o := range operations {
			service, name, _ := strings.Cut(o, ":")
			all[kind] = append(all[kind], Permissions(service, name)...)
		}
		slices.Sort(all[kind])
		all[kind] = slices.Compact(all[kind])
	}
	return all
}
