package aws

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"ward.dev/ward/internal/resource"
	"ward.dev/ward/internal/value"
)

// rehearsal runs the collectors without a network: every call gets a reply in which every member that the API has is set.
// It tells which operations a kind needs, for the least-privilege policy, and what there is to read, for the tests.
type rehearsal struct {
	operations map[string][]string // by kind: "s3:GetBucketPolicy"
	blocks     []resource.Block
}

func (h *rehearsal) note(kind, service, operation string) {
	name := service + ":" + operation
	if !slices.Contains(h.operations[kind], name) {
		h.operations[kind] = append(h.operations[kind], name)
	}
}

// rehearse runs the collectors of the table.
func rehearse(table []collector) *rehearsal {
	h := &rehearsal{operations: map[string][]string{}}
	run := &run{rehearsal: h}
	home := &account{ID: "123456789012", Partition: "aws", Caller: "rehearsal"}
	for _, c := range table {
		c.collect(context.Background(), &region{run: run, account: home, name: "eu-west-1", kind: c.kind, global: c.global, first: true})
	}
	return h
}

// rehearsed is a reply of a type with everything set.
func rehearsed(t reflect.Type) value.Value { return full(t, nil) }

var timeType = reflect.TypeFor[time.Time]()

func full(t reflect.Type, above []reflect.Type) value.Value {
	switch t.Kind() {
	case reflect.Pointer:
		return full(t.Elem(), above)
	case reflect.String:
		return value.String("x")
	case reflect.Bool:
		return value.Bool(true)
	case reflect.Float32, reflect.Float64:
		return value.Float(1)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return value.String("x")
		}
		return value.List(full(t.Elem(), above))
	case reflect.Map:
		return value.Object(map[string]value.Value{"x": full(t.Elem(), above)}).Open(value.Reason{Why: "any key"})
	case reflect.Interface:
		return value.Object(nil).Open(value.Reason{Why: "one of several"})
	case reflect.Struct:
		return fullStruct(t, above)
	}
	return value.Int(1)
}

func fullStruct(t reflect.Type, above []reflect.Type) value.Value {
	if t == timeType {
		return value.String("2026-01-01T00:00:00Z")
	}
	seen := 0
	for _, a := range above {
		if a == t {
			seen++
		}
	}
	if seen > 1 { // a type that holds itself: deep enough
		return value.Object(nil)
	}
	above = append(slices.Clip(above), t)
	fields := map[string]value.Value{}
	for i := range t.NumField() {
		if field := t.Field(i); field.IsExported() && field.Name != "ResultMetadata" {
			fields[field.Name] = full(field.Type, above)
		}
	}
	return value.Object(fields)
}

// Shapes are, for each kind, the body of a block in which everything that the API may reply is set; of a kind that several
// operations list, what all of them reply. The catalog's places are proved against them.
func Shapes() map[string]value.Value {
	members := map[string]map[string]value.Value{}
	for _, b := range rehearse(collectors).blocks {
		if members[b.Type] == nil {
			members[b.Type] = map[string]value.Value{}
		}
		own, _ := b.Body.AsObject()
		maps.Copy(members[b.Type], own)
	}
	shapes := map[string]value.Value{}
	for kind, all := range members {
		shapes[kind] = value.Object(all)
	}
	return shapes
}
