package mirror

import (
	"errors"
	"io"
	"time"

	faults "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source/cluster"
)

// pageSize is how many objects are listed at once.
const pageSize = 500

// object is what reflectors hand on of an object of the cluster.
type object struct {
	meta.TypeMeta
	meta.ObjectMeta
	blocks []resource.Block
}

// DeepCopyObject implements runtime.Object. Blocks are never changed.
func (o *object) DeepCopyObject() runtime.Object { copied := *o; return &copied }

func made(o cluster.Object) *object {
	return &object{ObjectMeta: meta.ObjectMeta{Namespace: o.Namespace, Name: o.Name, ResourceVersion: o.Version}, blocks: o.Blocks}
}

// page is a part of a list.
type page struct {
	meta.TypeMeta
	meta.ListMeta
	Items []runtime.Object
}

// DeepCopyObject implements runtime.Object.
func (p *page) DeepCopyObject() runtime.Object { copied := *p; return &copied }

// calls are what a reflector asks of the API. It implements cache.ListerWatcher.
type calls struct{ part *part }

// List reads a page as the API has it by now: what it remembers of earlier may be older than what was told before.
func (c *calls) List(o meta.ListOptions) (runtime.Object, error) {
	found, err := c.part.stream.List(c.part.ctx, o.Continue, o.Limit)
	if err != nil {
		if !faults.IsResourceExpired(err) && !faults.IsGone(err) { // which begins the list anew
			c.part.failed("list", err)
		}
		return nil, err
	}
	c.part.hears(false)
	p := &page{ListMeta: meta.ListMeta{ResourceVersion: found.Version, Continue: found.Next}}
	for _, o := range found.Objects {
		p.Items = append(p.Items, made(o))
	}
	return p, nil
}

// Watch begins to tell of changes.
func (c *calls) Watch(o meta.ListOptions) (watch.Interface, error) {
	p := c.part
	lasting := time.Duration(0)
	if o.TimeoutSeconds != nil {
		lasting = time.Duration(*o.TimeoutSeconds) * time.Second
	}
	w, err := p.stream.Watch(p.ctx, o.ResourceVersion, lasting)
	if err != nil {
		if !faults.IsResourceExpired(err) && !faults.IsGone(err) {
			p.failed("watch", err)
		}
		return nil, err
	}
	p.watches(w.Lively)
	if !w.Lively { // a connection that broke unnoticed is begun anew before the part counts as unknown
		again := time.AfterFunc(p.mirror.options.Stale*2/3, w.Close)
		return watch.NewStreamWatcher(&events{p, w, again}, reporter{}), nil
	}
	return watch.NewStreamWatcher(&events{p, w, nil}, reporter{}), nil
}

// events implements watch.Decoder.
type events struct {
	part  *part
	watch *cluster.Watch
	again *time.Timer // ends the watch
}

// Decode waits for the next change.
func (e *events) Decode() (watch.EventType, runtime.Object, error) {
	change, err := e.watch.Next()
	if err == nil {
		e.part.hears(e.watch.Lively)
		return watch.EventType(change.Type), made(change.Object), nil
	}
	e.part.lost(err)
	var told faults.APIStatus
	if errors.As(err, &told) {
		status := told.Status()
		return watch.Error, &status, nil
	}
	return "", nil, io.EOF // whatever it is: the watch is over, and begun anew from where it was
}

// Close ends the watch.
func (e *events) Close() {
	if e.again != nil {
		e.again.Stop()
	}
	e.watch.Close()
}

// reporter implements watch.Reporter, for faults that Decode does not have.
type reporter struct{}

// AsObject implements watch.Reporter.
func (reporter) AsObject(err error) runtime.Object {
	status := faults.NewInternalError(err).ErrStatus
	return &status
}
