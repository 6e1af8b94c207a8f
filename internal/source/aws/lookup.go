package aws

import (
	"context"
	"fmt"
	"iter"
	"maps"

	"ward.dev/ward/internal/value"
)

// lookup is a list that is read once to be looked up in for many resources: what it told, by the text of a member.
type lookup struct {
	rows map[string][]value.Value
	rest value.Value // what is known of a text of which it told nothing: that there is none, or why that is not known
}

// lookUp reads a list. If it cannot be read whole, what it does not tell is unknown rather than none.
func lookUp[I, O, F any](ctx context.Context, r *region, call operation[I, O, F], input I, path, key string) lookup {
	service, name := named[O]()
	all := lookup{rows: map[string][]value.Value{}, rest: value.None().At(r.origin(service, name))}
	for item, err := range pages(ctx, r, call, input, path) {
		if err != nil {
			all.rest = r.told(value.Value{}, service, name, err, nil)
			break
		}
		all.rows[text(item, key)] = append(all.rows[text(item, key)], item)
	}
	return all
}

// of returns the rows about one: open if there may be others, none if there surely are none.
func (l lookup) of(key string) value.Value {
	rows, ok := l.rows[key]
	if !ok {
		return l.rest
	}
	list := value.List(rows...).At(rows[0].Origin())
	if l.rest.IsUnknown() {
		return list.Open(l.rest.Reasons()...)
	}
	return list
}

// one returns the only row about one.
func (l lookup) one(key string) value.Value {
	if rows := l.rows[key]; len(rows) > 0 {
		return rows[0]
	}
	return l.rest
}

// wholly adds a block for each item of a list that tells all there is to know of it.
func wholly(r *region, items iter.Seq[value.Value], operation, what, id string) {
	for item := range items {
		r.resource(r.arn("ec2", what+"/"+text(item, id)), operation, item).add()
	}
}

// regionBlock begins the one block about what is set for a whole region.
func regionBlock(r *region, service, what string) *block {
	return &block{region: r, address: r.arn(service, what), body: map[string]value.Value{}, origin: r.origin(service, what)}
}

// changed is an object with each element of one of its lists made anew.
func changed(object value.Value, name string, makes func(value.Value) value.Value) value.Value {
	items, ok := object.Field(name).AsList()
	if !ok {
		return object
	}
	made := make([]value.Value, len(items))
	for i, item := range items {
		made[i] = makes(item)
	}
	return changedTo(object, name, value.List(made...).At(object.Field(name).Origin()))
}

// changedTo is an object with one member set anew.
func changedTo(object value.Value, name string, member value.Value) value.Value {
	members, ok := object.AsObject()
	if !ok {
		return object
	}
	members = maps.Clone(members)
	members[name] = member
	made := value.Object(members).At(object.Origin())
	if object.IsOpen() {
		made = made.Open(object.Reasons()...)
	}
	return made
}

// number writes a member that is a whole number.
func number(v value.Value, name string) string { return fmt.Sprint(v.Field(name).Data()) }
