package admission

import (
	"context"
	"slices"
	"time"

	"ward.dev/ward/internal/assess"
	"ward.dev/ward/internal/assessment"
	"ward.dev/ward/internal/check"
	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/mapping"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
)

// look and often bound how often it is looked for news while an object waits for them: soon at first, then less often.
const look, often = 5 * time.Millisecond, 80 * time.Millisecond

// settle judges an object, and again as long as there are news on which its refusal may hang.
func (r *Reviewer) settle(ctx context.Context, o *object, plans []*plan, d *Decision) error {
	version := r.cluster.Version()
	if err := r.judgeAll(o, plans, d); err != nil {
		return err
	}
	if len(d.Unread) > 0 && r.options.Wait > 0 && !o.dry && d.waits() {
		waiting, stop := context.WithTimeout(ctx, r.options.Wait)
		r.images.Await(waiting, r.images.Named(o.block))
		stop()
		if err := r.judgeAll(o, plans, d); err != nil {
			return err
		}
	}
	pause := look
	for deadline := time.Now().Add(r.options.Settle); d.Denies() && d.hangs && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(2*pause, often)
		now := r.cluster.Version()
		if now == version {
			continue
		}
		version = now
		if err := r.judgeAll(o, plans, d); err != nil {
			return err
		}
	}
	return nil
}

// judgeAll asks the checks of all plans about an object and puts the answers into a decision.
func (r *Reviewer) judgeAll(o *object, plans []*plan, d *Decision) error {
	judge, err := r.judgeNow()
	if err != nil {
		return err
	}
	d.Failed, d.Unsure, d.Excepted, d.Later, d.Before, d.Unread, d.hangs = nil, nil, nil, nil, nil, nil, false
	for _, p := range plans {
		answers, unread := r.answers(judge, o, p)
		for name, why := range unread {
			if d.Unread == nil {
				d.Unread = map[string]string{}
			}
			d.Unread[name] = why
		}
		before := map[string]assessment.Status{}
		if o.same() && slices.ContainsFunc(answers, func(a Answer) bool { return a.bad() }) {
			was, _ := r.answers(judge, o.before, p)
			for _, a := range was {
				before[a.Asked.ID] = a.Status
			}
		}
		for _, a := range answers {
			d.take(a, o.create, before[a.Asked.ID])
		}
	}
	return nil
}

// answers asks the checks of a plan about an object. unread are the images that are not known, and why.
func (r *Reviewer) answers(judge *assess.Judge, o *object, p *plan) (answers []Answer, unread map[string]string) {
	var images []*resource.Resource
	if p.needs.images && r.images != nil {
		if names := r.images.Named(o.block); len(names) > 0 {
			images, unread = r.images.Known(names, o.dry)
		}
	}
	reading, owners := r.around(o, p)
	world := mapping.Open(p.kinds, reading, images, p.needs.attributes)
	var parts []*resource.Resource
	for _, address := range owners {
		parts = append(parts, world.Of(address)...)
	}
	for _, one := range world.Of(o.block.Address) {
		if one.Kind != p.kind {
			continue
		}
		asked := func(c *check.Check) bool { _, is := p.checks[c]; return is }
		for _, f := range judge.Of(world, one, parts, asked) {
			c := r.options.Catalog.Check(f.Check)
			answers = append(answers, Answer{Finding: f, Asked: c, needs: p.checks[c]})
		}
	}
	return answers, unread
}

// around is what the cluster holds on which an answer about an object can hang, with the object in the place of the one that is kept.
// owners are the addresses of what the object is surely a part of.
func (r *Reviewer) around(o *object, p *plan) (reading source.Reading, owners []string) {
	reading = r.cluster.Around(o.namespace, p.needs.types)
	for i := range reading.Blocks {
		if b := &reading.Blocks[i]; b.Type == o.block.Type && b.Address == o.block.Address {
			reading.Blocks = slices.Delete(reading.Blocks, i, i+1)
			break
		}
	}
	reading.Blocks, reading.Dialect = append(reading.Blocks, o.block), resource.Cluster
	add := func(b resource.Block) {
		if _, whole := p.needs.types[b.Type]; !whole && b.Address != o.block.Address {
			reading.Blocks = append(reading.Blocks, b)
		}
	}
	if name, _ := o.block.Body.Field("metadata").Field("name").AsString(); p.needs.namesakes {
		for _, typ := range p.kind.Blocks(dialect) {
			if b, found := r.cluster.Named(typ, o.block.Region, name); found {
				add(b)
			}
		}
	}
	if o.owned && r.decides() {
		for _, b := range r.owners(o) {
			add(b)
			owners = append(owners, b.Address)
		}
	}
	return reading, owners
}

// decides tells whether ward.yaml decides anything about some objects rather than about all.
func (r *Reviewer) decides() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.config.Exceptions)+len(r.config.ParamsFor) > 0
}

// maxOwners bounds how many owners one behind the other are followed.
const maxOwners = 4

// owners are what an object is surely a part of, the nearest first.
func (r *Reviewer) owners(o *object) []resource.Block {
	var all []resource.Block
	part := o.block
	for range maxOwners {
		maker, name, uid := manifest.Maker(part.Type, part.Body.Field("metadata"))
		owner, found := r.cluster.Named(maker, part.Region, name)
		if is, _ := owner.Body.Field("metadata").Field("uid").AsString(); maker == "" || !found || is == "" || is != uid {
			break
		}
		all, part = append(all, owner), owner
	}
	return all
}
