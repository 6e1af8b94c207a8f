package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/source"
	"ward.dev/ward/internal/value"
)

// Session is a connection to a cluster for those who keep what they read up to date. Its methods are for one goroutine, those of
// its Streams for one goroutine each.
type Session struct {
	run    *run
	wanted []objects
}

// Connect finds the cluster and the credentials. It asks nothing yet. Kubelets and Secrets cannot be watched: their options are
// taken for not set.
func Connect(o Options) (*Session, error) {
	o.Kubelet, o.SecretMetadata, o.Have, o.Progress = false, false, nil, nil
	o = o.withDefaults()
	r, err := connect(o)
	if err != nil {
		return nil, err
	}
	r.client.Timeout = 0 // a watch may last
	return &Session{r, o.chosen()}, nil
}

// Greet learns which cluster it is, who asks, and what is served. It MUST be the first call.
func (s *Session) Greet(ctx context.Context) error { return s.run.greet(ctx) }

// Renew learns anew which version the cluster has and what it serves.
func (s *Session) Renew(ctx context.Context) error {
	served, err := s.run.discover(ctx)
	if err != nil {
		return err
	}
	version, err := s.run.object(ctx, call{what: "version", verb: "get", path: "/version"})
	s.run.served, s.run.version = served, s.run.told(version, "get /version", "get /version", err)
	return context.Cause(ctx)
}

// Live tells what is read of the cluster, as Collect does.
func (s *Session) Live() source.Live { return s.run.live(s.wanted) }

// Gaps tell what the cluster does not say of what it serves.
func (s *Session) Gaps() []resource.Gap { return s.run.served.gaps(s.run.target()) }

// Itself reads what the cluster shows of itself as a whole; false if that is not wanted.
func (s *Session) Itself(ctx context.Context) (resource.Block, bool) {
	for _, t := range s.wanted {
		if t.special == itself {
			block, _ := s.run.about(ctx)
			return block, true
		}
	}
	return resource.Block{}, false
}

// Streams are the parts that can be listed and watched: one for each type that the cluster serves, or may serve, and each namespace
// of the options. A type that it surely does not serve has no objects.
func (s *Session) Streams() []*Stream {
	var all []*Stream
	for _, w := range s.run.plan(s.wanted) {
		if w.special != listed {
			continue
		}
		if version, doubt := s.run.served.find(w.objects); version != "" {
			all = append(all, &Stream{Part: w.part, Version: version, doubt: doubt, run: s.run,
				question: question{objects: w.objects, version: version, namespace: w.namespace}})
		}
	}
	return all
}

// Stream is what the API tells of one part as it changes.
type Stream struct {
	Part source.Part
	// Version of the group in which it is asked for.
	Version  string
	doubt    *value.Reason
	run      *run
	question question
	pages    *listing // on their way
	pool     *value.Pool
}

// Object is one object, as blocks.
type Object struct {
	Namespace, Name string
	Version         string // its resourceVersion
	Blocks          []resource.Block
}

// Page is a part of a list.
type Page struct {
	Objects []Object
	Next    string // what to ask for the next page with, "" if this is the last
	Version string // the resourceVersion that can be watched from
}

// List reads a page of the list as the API has it by now, from its beginning if next is "". limit is how many objects are wanted; 0
// for all. It is tried once. Errors implement errors.APIStatus of apimachinery if the API gave them.
func (s *Stream) List(ctx context.Context, next string, limit int64) (Page, error) {
	r := s.run
	if err := r.take(ctx); err != nil {
		return Page{}, err
	}
	defer r.release()
	if err := r.pace.Wait(ctx); err != nil {
		return Page{}, err
	}
	var page Page
	var fault error
	if next == "" || s.pages == nil {
		s.pool = value.NewPool()
		s.pages = &listing{question: s.question, run: r, origin: r.origin(s.question.asked(), s.question.namespace)}
	}
	s.pages.seen = map[string]bool{}
	s.pages.take = func(v value.Value) bool {
		var o Object
		o, fault = s.object(v, s.pool)
		page.Objects = append(page.Objects, o)
		return fault == nil
	}
	c := s.question.call(next)
	c.query.Del("limit")
	if limit > 0 {
		c.query.Set("limit", fmt.Sprint(limit))
	}
	err := r.attempt(ctx, c, func(body io.Reader) (err error) { page.Next, err = s.pages.page(body); return err })
	r.count(c)
	page.Version = s.pages.version
	if page.Next == "" {
		s.pages, s.pool = nil, nil // what they hold is shared by the blocks alone from now on
	}
	return page, cmp.Or(fault, err)
}

func (s *Stream) object(v value.Value, pool *value.Pool) (Object, error) {
	about := v.Field("metadata")
	var o Object
	o.Namespace, _ = about.Field("namespace").AsString()
	o.Name, _ = about.Field("name").AsString()
	o.Version, _ = about.Field("resourceVersion").AsString()
	var err error
	o.Blocks, err = s.run.blocks(s.question.objects, v, pool)
	return o, err
}

// Why says why a call of the stream told nothing, and what to grant.
func (s *Stream) Why(verb string, err error) value.Reason {
	var refused *refusal
	if errors.As(err, &refused) && refused.code == http.StatusNotFound && s.doubt != nil {
		return *s.doubt
	}
	right := verb + " " + qualified(s.question.resource, s.question.group)
	asked := right
	if s.question.namespace != "" {
		asked += " in " + s.question.namespace
	}
	return why(asked, right, err)
}

// Refused tells that the API answered, and that it will not answer this question until somebody changes something.
func Refused(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && (refused.code == http.StatusForbidden || refused.code == http.StatusUnauthorized ||
		refused.code == http.StatusNotFound || refused.code == http.StatusMethodNotAllowed)
}

// Status implements errors.APIStatus of apimachinery. It has none of the text that the API gave.
func (f *refusal) Status() meta.Status {
	s := meta.Status{Status: meta.StatusFailure, Code: int32(f.code), Reason: meta.StatusReason(f.reason), Message: f.Error()}
	if f.after > 0 {
		s.Details = &meta.StatusDetails{RetryAfterSeconds: int32(f.after / time.Second)}
	}
	return s
}

// Watch begins to tell of changes after a version of the list. It lasts until its context ends, the API ends it or after the time
// given, if that is not 0.
func (s *Stream) Watch(ctx context.Context, version string, lasting time.Duration) (*Watch, error) {
	r := s.run
	if err := r.pace.Wait(ctx); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	answered := time.AfterFunc(r.options.Timeout, stop) // only until it has begun
	c := s.question.call("")
	c.verb, c.query = "watch", url.Values{"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {version}}
	if lasting > 0 {
		c.query.Set("timeoutSeconds", fmt.Sprint(int64(lasting/time.Second)))
	}
	reply, err := r.ask(ctx, c)
	r.count(c)
	if !answered.Stop() && err == nil {
		reply.Body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		stop()
		return nil, err
	}
	return &Watch{Lively: reply.ProtoMajor >= 2, stream: s, body: reply.Body, stop: stop, reader: newReader(reply.Body, nil)}, nil
}

// Watch is a stream of changes.
type Watch struct {
	// Lively tells that a connection that is broken is noticed, even if nothing is to be told: by the pings of HTTP/2.
	Lively bool
	stream *Stream
	body   io.ReadCloser
	stop   context.CancelFunc
	reader *reader
	pool   *value.Pool
	since  time.Time // of what the pool holds
}

// Change is one thing that a watch tells.
type Change struct {
	Type   string // ADDED, MODIFIED, DELETED or BOOKMARK, which tells of a version only
	Object Object
}

// Next waits for the next change. After an error, io.EOF if the API has ended the watch, there is none.
func (w *Watch) Next() (Change, error) {
	if token, err := w.reader.decoder.Token(); err != nil {
		return Change{}, err
	} else if token != json.Delim('{') {
		return Change{}, errForeign
	}
	w.renew()
	w.reader.budget.left = maxObject
	var change Change
	var object value.Value
	err := w.reader.eachMember(func(name string) error {
		v, err := w.reader.next()
		switch name {
		case "type":
			change.Type, _ = v.AsString()
		case "object":
			object = v
		}
		return err
	})
	w.reader.budget.left = maxObject
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return change, err
	}
	return change, w.take(&change, object)
}

func (w *Watch) take(change *Change, object value.Value) error {
	if !object.IsObject() {
		return errCut
	}
	switch change.Type {
	case "ERROR":
		return ended(object)
	case "BOOKMARK":
		change.Object.Version, _ = object.Field("metadata").Field("resourceVersion").AsString()
		return nil
	case "ADDED", "MODIFIED", "DELETED":
		object = w.stream.question.named(w.reader.stamp, object)
		var err error
		change.Object, err = w.stream.object(object, w.pool)
		return err
	}
	return errForeign
}

// renew begins a new minute: what was seen in one is told to be seen as it began, and shares what it has in common.
func (w *Watch) renew() {
	now := time.Now().UTC().Truncate(time.Minute)
	if now.Equal(w.since) {
		return
	}
	w.since, w.pool = now, value.NewPool()
	q := w.stream.question
	origin := w.stream.run.origin("watch "+qualified(q.resource, q.group), q.namespace)
	origin.Call.At = now
	w.reader.seen(origin)
}

// ended is what an API that ends a watch says why.
func ended(status value.Value) error {
	f := &refusal{}
	reason, _ := status.Field("reason").AsString()
	f.reason = word(reason)
	code, _ := status.Field("code").Data().(int64)
	f.code = int(code)
	return f
}

// Close ends the watch, also while another goroutine waits for the next change.
func (w *Watch) Close() {
	w.stop()
	w.body.Close()
}
