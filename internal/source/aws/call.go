package aws

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strings"
	"sync"
	"time"

	"ward.dev/ward/internal/value"
)

// operation is one method of an SDK client.
type operation[I, O, F any] = func(context.Context, I, ...F) (O, error)

// named returns the service and the operation whose output a type is: "s3" and "GetBucketPolicy" of *s3.GetBucketPolicyOutput.
func named[O any]() (service, name string) {
	t := reflect.TypeFor[O]().Elem()
	return tail(t.PkgPath(), "/"), strings.TrimSuffix(t.Name(), "Output")
}

// send makes one call and reads its reply. Every call of every collector goes through here.
func send[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I) (value.Value, O, error) {
	service, name := named[O]()
	var none O
	if r.run.rehearsal != nil {
		r.run.rehearsal.note(r.kind, service, name)
		return rehearsed(reflect.TypeFor[O]()), none, nil
	}
	if err := r.run.take(ctx); err != nil {
		return value.Value{}, none, err
	}
	defer r.run.release()
	out, err := call(ctx, input)
	r.run.count(r, service, name, err)
	if err != nil {
		return value.Value{}, none, err
	}
	seen := r.seen(service, name)
	reply := reader{seen}.read(reflect.ValueOf(out), "", 0)
	if members, ok := reply.AsObject(); ok && len(members) == 0 {
		reply = seen.On(value.None()) // an empty reply is how many services say that there is none
	}
	return reply, out, nil
}

// pages calls an operation until its last page and yields the objects that stand at a path in each: "Reservations.Instances".
// It ends with the error that cut it off, if one did.
func pages[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I, path string) iter.Seq2[value.Value, error] {
	return func(yield func(value.Value, error) bool) {
		turned := map[string]bool{}
		for range maxPages {
			reply, out, err := send(ctx, r, call, input)
			if err != nil {
				yield(value.Value{}, err)
				return
			}
			for _, item := range found(reply, strings.Split(path, ".")) {
				if !yield(item, nil) {
					return
				}
			}
			next, more, err := turn(reflect.ValueOf(out), reflect.ValueOf(input))
			if err == nil && more && turned[next] {
				err = errors.New("the service hands out the same pages again and again")
			}
			if err != nil {
				yield(value.Value{}, err)
				return
			}
			if !more {
				return
			}
			turned[next] = true
		}
		yield(value.Value{}, errors.New("the list has too many pages"))
	}
}

const maxPages = 20_000

// found returns the objects at a path, of lists on the way all elements.
func found(v value.Value, path []string) []value.Value {
	if items, ok := v.AsList(); ok {
		var all []value.Value
		for _, item := range items {
			all = append(all, found(item, path)...)
		}
		return all
	}
	if v.IsAbsent() {
		return nil
	}
	if len(path) == 0 || path[0] == "" {
		return []value.Value{v}
	}
	return found(v.Field(path[0]), path[1:])
}

// list yields the items of a list that are to become blocks of the kind. If it cannot be read whole, the kind is marked as
// partial in this region: there may be others.
func list[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I, path string, absent ...absence) iter.Seq[value.Value] {
	return func(yield func(value.Value) bool) {
		service, name := named[O]()
		begun := false
		for item, err := range pages(ctx, r, call, input, path) {
			if err != nil {
				if begun || !means(absent, err) && !r.unoffered(ctx, service, err) { // a later page cannot say that there is none
					r.incomplete(service, name, err)
				}
				return
			}
			if begun = true; !yield(item) {
				return
			}
		}
	}
}

// ask calls an operation about a block and keeps the reply under the operation's name. What could not be learned is
// unknown there, with what to grant. absent are the errors that say that there is none. It returns what it keeps.
func ask[I, O, F any](ctx context.Context, b *block, call operation[I, O, F], input I, absent ...absence) value.Value {
	service, name := named[O]()
	reply, _, err := send(ctx, b.region, call, input)
	return b.keep(name, b.region.told(reply, service, name, err, absent))
}

// askAll is ask for an operation with pages: it keeps the list of what stands at a path in all of them.
func askAll[I, O, F any](ctx context.Context, b *block, call operation[I, O, F], input I, path string, absent ...absence) value.Value {
	service, name := named[O]()
	var items []value.Value
	for item, err := range pages(ctx, b.region, call, input, path) {
		if err != nil && len(items) == 0 {
			return b.keep(name, b.region.told(value.Value{}, service, name, err, absent))
		} else if err != nil {
			return b.keep(name, value.List(items...).Open(b.region.why(service, name, err)))
		}
		items = append(items, item)
	}
	made := value.List(items...)
	if len(items) > 0 {
		made = made.At(items[0].Origin())
	}
	return b.keep(name, made)
}

// told is what a call came to: its reply, none, or unknown.
func (r *region) told(reply value.Value, service, name string, err error, absent []absence) value.Value {
	switch {
	case err == nil:
		return reply
	case means(absent, err):
		return value.None().At(r.origin(service, name))
	}
	return value.Unresolved(r.why(service, name, err)).At(r.origin(service, name))
}

func (r *region) origin(service, name string) *value.Origin { return r.seen(service, name).Origin() }

// seen marks what was read of an operation just now.
func (r *region) seen(service, name string) value.Stamp {
	return r.run.seen.of(value.Call{API: service + ":" + name, At: time.Now().UTC().Truncate(time.Second),
		Account: r.account.ID, Region: r.where(), Caller: r.account.Caller})
}

// stamps are those of the last second. An operation is asked about thousands of resources, which share where they were seen.
type stamps struct {
	mu     sync.Mutex
	second time.Time
	byCall map[value.Call]value.Stamp
}

func (s *stamps) of(call value.Call) value.Stamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.second.Equal(call.At) {
		s.second, s.byCall = call.At, map[value.Call]value.Stamp{}
	}
	stamp, ok := s.byCall[call]
	if !ok {
		stamp = value.Seen(&value.Origin{Call: &call})
		s.byCall[call] = stamp
	}
	return stamp
}
