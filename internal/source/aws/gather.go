package aws

import (
	"context"
	"iter"
	"maps"
	"regexp"
	"strings"
	"sync"

	"ward.dev/ward/internal/value"
)

// allTexts gathers a list of texts, such as ARNs that are then described many at a time.
func allTexts(items iter.Seq[value.Value]) []string {
	var all []string
	for item := range items {
		if s, ok := item.AsString(); ok {
			all = append(all, s)
		}
	}
	return all
}

// aboutEach asks about several resources in one call. It tells what was replied about each, by the text of one of its members;
// about one that the reply leaves out, that and why nothing is known.
func aboutEach[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I, path, key string) func(string) value.Value {
	service, name := named[O]()
	replies := map[string]value.Value{}
	rest := value.Unresolved(value.Reason{Why: service + ":" + name + " left it out"}).At(r.origin(service, name))
	for item, err := range pages(ctx, r, call, input, path) {
		if err != nil {
			rest = r.told(value.Value{}, service, name, err, nil)
			break
		}
		replies[text(item, key)] = item
	}
	return func(one string) value.Value {
		if reply, ok := replies[one]; ok {
			return reply
		}
		return rest
	}
}

// with is an object with one member set anew; what is no object stays as it is.
func with(object value.Value, name string, member value.Value) value.Value {
	members, ok := object.AsObject()
	if !ok {
		return object
	}
	members = maps.Clone(members)
	members[name] = member
	made := value.Object(members)
	if object.IsOpen() {
		made = made.Open(object.Reasons()...)
	}
	return made.At(object.Origin())
}

// rows makes a list of the objects in a map, each with its key as a member.
func rows(m value.Value, key string) value.Value {
	members, ok := m.AsObject()
	if !ok {
		return m
	}
	list := make([]value.Value, 0, len(members))
	for _, name := range m.Keys() {
		list = append(list, with(members[name], key, value.String(name).At(m.Origin())))
	}
	made := value.List(list...)
	if m.IsOpen() {
		made = made.Open(m.Reasons()...)
	}
	return made.At(m.Origin())
}

var arnText = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[A-Za-z0-9][A-Za-z0-9._/:+=@-]*`)

// arnsIn are the ARNs that a text names, without what stands behind them in the path of a call.
func arnsIn(s string) value.Value {
	var all []value.Value
	for _, piece := range strings.SplitAfter(s, "arn:") { // one may stand within another
		if found := arnText.FindString("arn:" + strings.TrimSuffix(piece, "arn:")); found != "" {
			all = append(all, value.String(strings.TrimSuffix(found, "/invocations")))
		}
	}
	return value.List(all...)
}

// once remembers what was seen; several may ask at the same time.
type once struct{ seen sync.Map }

func newOnce() *once { return &once{} }

// first tells whether a text is asked for the first time.
func (o *once) first(s string) bool {
	_, before := o.seen.LoadOrStore(s, true)
	return !before
}
