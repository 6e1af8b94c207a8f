package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"ward.dev/ward/internal/manifest"
	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

const (
	pageSize = 500
	// maxPages bounds a list: ten million objects.
	maxPages = 20_000
	// maxRestarts bounds how often a list is begun anew because its pages can no longer be turned.
	maxRestarts = 3
)

// question asks for the objects of a type.
type question struct {
	objects
	version   string
	namespace string     // "" for all
	query     url.Values // narrows it down
}

// asked is what the question is called in evidence and reasons.
func (q question) asked() string {
	if q.namespace != "" {
		return q.right() + " in " + q.namespace
	}
	return q.right()
}

// right is what the question takes, as kubectl auth can-i has it: "list deployments.apps".
func (q question) right() string { return "list " + qualified(q.resource, q.group) }

func (q question) path() string {
	path := "/api/" + q.version
	if q.group != "" {
		path = "/apis/" + q.group + "/" + q.version
	}
	if q.namespace != "" {
		path += "/namespaces/" + q.namespace
	}
	return path + "/" + q.resource
}

// asMetadata asks for nothing but the metadata of objects.
const asMetadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

func (q question) call(next string) call {
	c := call{verb: "list", what: q.resource, group: q.group, path: q.path(), query: url.Values{"limit": {strconv.Itoa(pageSize)}}}
	maps.Copy(c.query, q.query)
	if next != "" {
		c.query.Set("continue", next)
	}
	if q.special == metadata {
		c.accept = asMetadata
	}
	return c
}

// listing is one list on its way, over all its pages.
type listing struct {
	question
	run *run
	// origin is one for the whole list, so that what its objects have in common can be shared.
	origin  *value.Origin
	version string          // of the cluster's state that the last page shows
	seen    map[string]bool // objects that were handed on: a page that is asked for again begins with the same
	take    func(value.Value) bool
}

var (
	errStop     = errors.New("nobody wants more of the list")
	errRepeated = errors.New("the cluster hands out the same page again and again")
)

// items yields the objects that answer a question, each once, and at the end why there may be more.
func (r *run) items(ctx context.Context, q question) iter.Seq2[value.Value, error] {
	return func(yield func(value.Value, error) bool) {
		l := listing{question: q, run: r, origin: r.origin(q.asked(), q.namespace), seen: map[string]bool{}, take: func(v value.Value) bool { return yield(v, nil) }}
		for restarts := 0; ; restarts++ {
			err := l.pages(ctx)
			if err == nil || errors.Is(err, errStop) {
				return
			}
			if !expired(err) || restarts == maxRestarts {
				yield(value.Value{}, err)
				return
			}
		}
	}
}

// pages reads the list from its beginning.
func (l *listing) pages(ctx context.Context) error {
	next, stopped := "", false
	for range maxPages {
		last := next
		err := l.run.send(ctx, l.call(last), func(body io.Reader) (err error) {
			next, err = l.page(body)
			if errors.Is(err, errStop) {
				stopped, err = true, nil
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case stopped:
			return errStop
		case next == "":
			return nil
		case next == last:
			return errRepeated
		}
	}
	return errRepeated
}

// page reads one page and returns where the next one begins, "" after the last.
func (l *listing) page(body io.Reader) (next string, err error) {
	d := newReader(body, l.origin)
	if token, err := d.decoder.Token(); err != nil {
		return "", err
	} else if token != json.Delim('{') {
		return "", errForeign
	}
	kind, listed := "", false
	err = d.eachMember(func(name string) error {
		switch name {
		case "items":
			listed = true
			return l.each(d)
		case "kind", "metadata":
			v, err := d.next()
			if name == "kind" {
				kind, _ = v.AsString()
			} else {
				next, _ = v.Field("continue").AsString()
				l.version, _ = v.Field("resourceVersion").AsString()
			}
			return err
		}
		return d.decoder.Decode(&d.raw) // and nobody reads it
	})
	if err == nil {
		err = d.end()
	}
	wanted := l.kind + "List"
	if l.special == metadata {
		wanted = "PartialObjectMetadataList"
	}
	if err == nil && (kind != wanted || !listed) {
		err = errForeign
	}
	return next, err
}

// each hands on the objects of a page that have not been handed on.
func (l *listing) each(d *reader) error {
	token, err := d.decoder.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return errCut
	}
	for d.decoder.More() {
		object, err := d.next()
		if err != nil {
			return err
		}
		if !object.IsObject() {
			return errCut
		}
		object = l.named(d.stamp, object)
		if key := key(object); !l.seen[key] {
			l.seen[key] = true
			if !l.take(object) {
				return errStop
			}
		}
	}
	_, err = d.decoder.Token()
	return err
}

// named says of an object what it is: those of a list need not say it, since the list does.
func (q question) named(stamp value.Stamp, object value.Value) value.Value {
	return object.With(value.Member{Name: "kind", Value: stamp.On(value.String(q.kind))},
		value.Member{Name: "apiVersion", Value: stamp.On(value.String(q.apiVersion()))})
}

func (q question) apiVersion() string {
	if q.group == "" {
		return q.version
	}
	return q.group + "/" + q.version
}

// key is what tells an object from all others of its type.
func key(object value.Value) string {
	metadata := object.Field("metadata")
	namespace, _ := metadata.Field("namespace").AsString()
	name, _ := metadata.Field("name").AsString()
	return namespace + "/" + name
}

// list reads a part that the API lists.
func (r *run) list(ctx context.Context, w work) {
	version, doubt := r.served.find(w.objects)
	if version == "" {
		return // a group that is not served has nothing
	}
	q := question{objects: w.objects, version: version, namespace: w.namespace}
	pool := value.NewPool()
	for object, err := range r.items(ctx, q) {
		var refused *refusal
		switch {
		case errors.As(err, &refused) && refused.code == http.StatusNotFound && doubt != nil:
			r.Partial(w.part, *doubt)
		case err != nil:
			r.Partial(w.part, why(q.asked(), q.right(), err))
		default:
			r.keep(w, object, pool)
		}
	}
}

// scope is where the objects of the cluster belong.
func (r *run) scope(t objects) manifest.Scope {
	return manifest.Scope{Dialect: resource.Cluster, Target: r.target(), Cluster: r.uid,
		Namespaced: func(string) (bool, bool) { return t.namespaced, true }}
}

// keep makes blocks of an object.
func (r *run) keep(w work, object value.Value, pool *value.Pool) {
	blocks, err := r.blocks(w.objects, object, pool)
	if err != nil { // the API keeps no such object
		r.Partial(w.part, value.Reason{Why: "an object that list " + qualified(w.resource, w.group) + " returned has no name"})
		return
	}
	for _, one := range blocks {
		r.Block(w.part, one)
	}
}

// blocks are an object's own and those of the parts of a control plane that it starts.
func (r *run) blocks(t objects, object value.Value, pool *value.Pool) ([]resource.Block, error) {
	if t.special == metadata {
		object = object.Open(value.Reason{Why: "of Secrets only the metadata is read"})
	}
	b, err := manifest.Block(object, r.scope(t))
	if err != nil {
		return nil, err
	}
	all := append([]resource.Block{b}, manifest.Components(b)...)
	for i := range all {
		all[i].Body = pool.Share(all[i].Body)
	}
	return all, nil
}
