package cluster

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"ward.dev/ward/internal/value"
)

// read reads one value of a text.
func read(text string) (value.Value, error) {
	d := newReader(strings.NewReader(text), &value.Origin{})
	v, err := d.next()
	if err == nil {
		err = d.end()
	}
	return v, err
}

// TestReader proves how JSON becomes values: null is absent, a whole number is one, and what is only bookkeeping is left out.
func TestReader(t *testing.T) {
	v, err := read(`{"a":null,"b":9007199254740993,"c":1.5,"d":[true,"x"],"metadata":{"managedFields":[{"a":[{}]}],"name":"n",
		"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":\"secret\"}","k":"v"}}}`)
	want := map[string]any{"a": nil, "b": int64(9007199254740993), "c": 1.5, "d": []any{true, "x"},
		"metadata": map[string]any{"name": "n", "annotations": map[string]any{"k": "v"}}}
	if got := v.Plain(); err != nil || !reflect.DeepEqual(got, want) || !v.Field("a").IsAbsent() {
		t.Errorf("got %v, %v", got, err)
	}
}

// FuzzReader proves that the reader takes just what is JSON, and never breaks.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{`{}`, `[1,2.5,"a",null,true]`, `{"a":{"b":[{}]}}`, `{"managedFields":[{}],"a":1}`, `{"a"`, `1e999`, `}`, `[1,]`, `{} {}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := read(text)
		if errors.Is(err, errDeep) || strings.Contains(text, "e") || strings.Contains(text, "E") { // a number may be too large
			return
		}
		if valid := json.Valid([]byte(text)); valid != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil && v.IsUnknown() {
			t.Errorf("%q is unknown", text)
		}
	})
}

// FuzzPage proves that a page that is no list of the API is never taken for one without objects.
func FuzzPage(f *testing.F) {
	for _, seed := range []string{`{"kind":"PodList","metadata":{"continue":"x"},"items":[{"metadata":{"name":"a"}}]}`, `{"items":[],"kind":"PodList"}`,
		`{"kind":"PodList","items":null}`, `{"kind":"Status","items":[]}`, `{"kind":"PodList","items":[{}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := listing{question: question{objects: objects{kind: "Pod", resource: "pods"}, version: "v1"}, run: &run{}, origin: &value.Origin{}, seen: map[string]bool{},
			take: func(value.Value) bool { return true }}
		_, err := l.page(strings.NewReader(text))
		var whole struct {
			Kind  *string
			Items *[]json.RawMessage
		}
		if err != nil {
			return
		}
		if parsed := json.Unmarshal([]byte(text), &whole); parsed != nil && !errors.Is(parsed, io.EOF) || !strings.Contains(text, "PodList") {
			t.Errorf("%q is taken for a list of pods (%v)", text, parsed)
		}
	})
}
