package aws

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"time"

	"ward.dev/ward/internal/decode"
	"ward.dev/ward/internal/value"
)

// maxDepth bounds how deep a reply is read; deeper ones are unknown from there on.
const maxDepth = 24

// reader turns replies of the SDK into values. What a reply does not hold is absent: its pointer is nil, its text empty.
type reader struct{ seen value.Stamp }

func (r reader) read(v reflect.Value, name string, depth int) value.Value {
	if depth > maxDepth {
		return value.Unresolved(value.Reason{Why: "the reply is nested too deep"})
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return value.None()
		}
		return r.read(v.Elem(), name, depth)
	case reflect.Interface:
		return r.union(v, depth)
	case reflect.Struct:
		return r.structure(v, name, depth)
	case reflect.Slice:
		return r.slice(v, name, depth)
	case reflect.Map:
		return r.dictionary(v, name, depth)
	}
	return r.scalar(v, name)
}

func (r reader) scalar(v reflect.Value, name string) value.Value {
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 {
			return value.None()
		}
		switch {
		case neverKept[name]:
			return r.seen.On(value.String(leftOut))
		case isScript(name):
			return r.seen.On(decode.ScrubScript(v.String()))
		}
		if name == "Location" {
			return r.seen.On(value.String(withoutLogin(v.String())))
		}
		return r.seen.On(value.String(v.String()))
	case reflect.Bool:
		return r.seen.On(value.Bool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.seen.On(value.Int(v.Int()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return r.seen.On(value.Int(int64(v.Uint())))
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); !math.IsNaN(x) && !math.IsInf(x, 0) { // which a snapshot could not hold
			return r.seen.On(value.Float(x))
		}
	}
	return r.seen.On(value.Unresolved(value.Reason{Why: "the reply holds a " + v.Kind().String() + " that is not read"}))
}

func (r reader) structure(v reflect.Value, name string, depth int) value.Value {
	if t, ok := v.Interface().(time.Time); ok {
		return r.seen.On(value.String(t.UTC().Format(time.RFC3339)))
	}
	fields := make(map[string]value.Value)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" || field.Name == "noSmithyDocumentSerde" {
			continue
		}
		if read := r.read(v.Field(i), within(name, field.Name), depth+1); !read.IsAbsent() {
			fields[field.Name] = read
		}
	}
	scrubPair(fields)
	return r.seen.On(value.Compact(fields))
}

func (r reader) slice(v reflect.Value, name string, depth int) value.Value {
	if v.IsNil() {
		return value.None()
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		if neverKept[name] {
			return r.seen.On(value.String(leftOut))
		}
		return r.seen.On(value.String(base64.StdEncoding.EncodeToString(v.Bytes())))
	}
	items := make([]value.Value, v.Len())
	for i := range items {
		items[i] = r.read(v.Index(i), name, depth+1)
	}
	return r.seen.On(value.List(items...))
}

// dictionary reads a map of texts to anything.
func (r reader) dictionary(v reflect.Value, name string, depth int) value.Value {
	if v.IsNil() {
		return value.None()
	}
	fields := make(map[string]value.Value, v.Len())
	for each := v.MapRange(); each.Next(); {
		key := each.Key().String()
		read := r.read(each.Value(), key, depth+1)
		if text, ok := read.AsString(); ok && isEnvironment(name) {
			read = r.seen.On(value.String(scrubbed(key, text)))
		}
		fields[key] = read
	}
	return r.seen.On(value.Object(fields))
}

// union reads one of several members, which the SDK has as types called OWNERMemberNAME, and documents.
func (r reader) union(v reflect.Value, depth int) value.Value {
	if v.IsNil() {
		return value.None()
	}
	inner := reflect.Indirect(v.Elem())
	if document, ok := v.Interface().(interface{ MarshalSmithyDocument() ([]byte, error) }); ok {
		return r.document(document)
	}
	if _, member, found := strings.Cut(inner.Type().Name(), "Member"); found && inner.Kind() == reflect.Struct {
		return r.seen.On(value.Object(map[string]value.Value{member: r.read(inner.FieldByName("Value"), member, depth+1)}))
	}
	return r.read(inner, "", depth+1)
}

func (r reader) document(d interface{ MarshalSmithyDocument() ([]byte, error) }) value.Value {
	data, err := d.MarshalSmithyDocument()
	if err != nil || !json.Valid(data) {
		return r.seen.On(value.Unresolved(value.Reason{Why: "the reply holds a document that cannot be read"}))
	}
	return r.seen.On(value.String(string(data)))
}

// text returns a member's text, "" if there is none.
func text(v value.Value, path ...string) string {
	for _, name := range path {
		v = v.Field(name)
	}
	s, _ := v.AsString()
	return s
}

// texts returns a list's texts.
func texts(v value.Value) []string {
	items, _ := v.AsList()
	var all []string
	for _, item := range items {
		if s, ok := item.AsString(); ok {
			all = append(all, s)
		}
	}
	return all
}

// textsOf returns one text of each object: its member of this name.
func textsOf(objects []value.Value, name string) []string {
	var all []string
	for _, object := range objects {
		if s := text(object, name); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// tail returns what stands after the last of a separator: the name in an ARN.
func tail(s, separator string) string { return s[strings.LastIndex(s, separator)+1:] }
