package aws

import (
	"context"
	"iter"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// collector reads all resources of one kind in one region of one account.
type collector struct {
	kind string
	// global collectors ask once for an account, in its home region: what they read is the same in every region.
	global  bool
	collect func(context.Context, *region)
}

// region is what a collector works in: one region of one account, for one kind.
type region struct {
	run     *run
	account *account
	name    string // "eu-west-1"
	kind    string
	global  bool
	first   bool   // of the regions that are read: where a regional kind asks for what is the same in all of them
	asked   string // another region that answers for a global kind; "" for name
	from    string // what a refusal adds to the permission: who else has to ask
}

// in is the same part, asked in another region: where a bucket is.
func (r *region) in(name string) *region {
	other := *r
	other.asked = name
	return &other
}

func (r *region) where() string {
	if r.asked != "" {
		return r.asked
	}
	return r.name
}

// config returns what the client of a service is made of: s3.NewFromConfig(r.config("s3")). All clients of a service in
// a region share one token bucket.
func (r *region) config(service string) aws.Config {
	c := r.account.config.Copy()
	c.Region = r.where()
	if r.run != nil && r.run.rehearsal == nil && c.Retryer == nil {
		retryer := r.run.retryer(r.account.ID, r.where(), service)
		c.Retryer = func() aws.Retryer { return retryer }
	}
	return c
}

// arn makes the ARN of something in this region and account, where the service's replies hold none.
func (r *region) arn(service, rest string) string {
	return "arn:" + r.account.Partition + ":" + service + ":" + r.where() + ":" + r.account.ID + ":" + rest
}

// block is one resource on its way: the replies of the operations that were asked about it, by their names.
type block struct {
	region  *region
	address string
	mu      sync.Mutex
	body    map[string]value.Value
	origin  *value.Origin
}

// resource begins a block. Its address is an ARN where there is one; the item of the list that named it is kept under the
// name of the operation that listed it. Call add when all is asked.
func (r *region) resource(address, operation string, item value.Value) *block {
	b := &block{region: r, address: address, body: map[string]value.Value{}, origin: item.Origin()}
	b.keep(operation, item)
	return b
}

// keep puts what an operation replied into the block. It replaces what an earlier call of the operation left.
func (b *block) keep(operation string, v value.Value) value.Value {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.body[operation] = v
	return v
}

// add hands the block on. It MUST NOT be used afterwards.
func (b *block) add() {
	b.region.run.emit(b.region, resource.Block{Dialect: resource.AWS, Type: b.region.kind, Address: b.address, Target: b.region.account.target(),
		Body: value.Compact(b.body), Origin: b.origin, Account: b.region.account.ID, Region: b.region.where(), Global: b.region.global})
}

// each works on the items side by side and waits for all.
func each(ctx context.Context, r *region, items iter.Seq[value.Value], work func(value.Value)) {
	if r.run.rehearsal != nil {
		for item := range items {
			work(item)
		}
		return
	}
	var all sync.WaitGroup
	slots := make(chan struct{}, perCollector)
	for item := range items {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			defer r.survive()
			work(item)
		})
	}
	all.Wait()
}

// perCollector bounds how many resources a collector asks about at once.
const perCollector = 16

// incomplete notes that there may be more of the kind in this region than was read.
func (r *region) incomplete(service, operation string, err error) {
	r.run.partial(r, r.why(service, operation, err))
}
