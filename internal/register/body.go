package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Body is what an item says, by field. Fields without a value are not in it.
type Body map[string]Value

// Value of a field; which of its parts is set follows from the type of the field.
type Value struct {
	Text     string
	List     []string
	Selector *Resources
	Attached []File
}

// Resources are selected as in an exception of ward.yaml: all that is given must match.
type Resources struct {
	Address string              `json:"address,omitempty"`
	Target  string              `json:"target,omitempty"`
	Tags    map[string][]string `json:"tags,omitempty"`
}

// File is one that was uploaded; its bytes are kept by their digest.
type File struct {
	Digest string `json:"digest"` // "sha256:..."
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
}

// Of makes the value of a text.
func Of(text string) Value { return Value{Text: text} }

// ListOf makes the value of a list.
func ListOf(lines ...string) Value { return Value{List: lines} }

// Empty tells whether there is no value.
func (v Value) Empty() bool {
	return v.Text == "" && len(v.List) == 0 && len(v.Attached) == 0 && (v.Selector == nil || v.Selector.empty())
}

func (r *Resources) empty() bool { return r.Address == "" && r.Target == "" && len(r.Tags) == 0 }

// Equal tells whether two values are the same.
func (v Value) Equal(w Value) bool { return v.Empty() && w.Empty() || reflect.DeepEqual(v, w) }

// MarshalJSON writes a text as a string, a list and files as an array, and a selector as an object.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Selector != nil:
		return json.Marshal(v.Selector)
	case v.Attached != nil:
		return json.Marshal(v.Attached)
	case v.List != nil:
		return json.Marshal(v.List)
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON reads what MarshalJSON writes, and numbers.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return errors.New("a value is wanted")
	}
	switch data[0] {
	case '"':
		return json.Unmarshal(data, &v.Text)
	case '{':
		v.Selector = &Resources{}
		return strict(data, v.Selector)
	case '[':
		if inner := bytes.TrimSpace(data[1:]); len(inner) > 0 && inner[0] == '{' {
			return strict(data, &v.Attached)
		}
		return json.Unmarshal(data, &v.List)
	case 'n':
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return errors.New("a text, a number, a list or an object is wanted")
	}
	v.Text = n.String()
	return nil
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// JSON is the body as it is kept and digested: the same body gives the same bytes.
func (b Body) JSON() ([]byte, error) { return json.Marshal(b) }

// ReadBody reads what JSON wrote.
func ReadBody(data []byte) (Body, error) {
	b := Body{}
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("read the body of an item: %w", err)
	}
	return b, nil
}

// Clone is a copy whose fields can be set.
func (b Body) Clone() Body {
	if b == nil {
		return Body{}
	}
	return maps.Clone(b)
}

// Changed are the fields in which two bodies differ, in the order of the register.
func (r *Register) Changed(before, after Body) []*Field {
	var all []*Field
	for _, f := range r.Fields {
		if !before[f.ID].Equal(after[f.ID]) {
			all = append(all, f)
		}
	}
	return all
}

// Attached are all files that a body names.
func (b Body) Attached() []File {
	var all []File
	for _, id := range slices.Sorted(maps.Keys(b)) {
		all = append(all, b[id].Attached...)
	}
	return all
}
