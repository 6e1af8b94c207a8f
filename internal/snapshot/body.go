package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"ward.dev/ward/internal/value"
)

// A body is plain JSON, but for what JSON has no word for: an object whose only member is "$" is a node with state. Members
// that an API calls by a name that begins with "$" get another "$" before it, so that nothing in a reply can pass for one.
type node struct {
	// Unknown says why nothing is known here.
	Unknown []value.Reason `json:"unknown,omitempty"`
	// Absent is set where the reply said that there is none.
	Absent bool `json:"absent,omitempty"`
	// Open says why there may be more than Value holds.
	Open []value.Reason `json:"open,omitempty"`
	// Call is the number of the call that the node and what is below it was read from, counted from 1.
	Call  int             `json:"call,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// encoder writes one body.
type encoder struct {
	out   bytes.Buffer
	calls []value.Call
}

// number returns the number of a call, and makes one for a call that is new; 0 for none.
func (e *encoder) number(o *value.Origin) int {
	if o == nil || o.Call == nil {
		return 0
	}
	for i := range e.calls {
		if e.calls[i] == *o.Call {
			return i + 1
		}
	}
	e.calls = append(e.calls, *o.Call)
	return len(e.calls)
}

// write writes a value of which what is above it was read from the call with a number.
func (e *encoder) write(v value.Value, above int) error {
	call := e.number(v.Origin())
	if v.IsKnown() && !v.IsOpen() && (call == above || call == 0) {
		return e.plain(v, above)
	}
	n := node{Absent: v.IsAbsent()}
	if call != above {
		n.Call = call
	}
	switch {
	case v.IsUnknown():
		n.Unknown = v.Reasons()
	case v.IsOpen():
		n.Open = v.Reasons()
	}
	if v.IsKnown() {
		inner := encoder{calls: e.calls}
		if err := inner.plain(v, max(call, 0)); err != nil {
			return err
		}
		e.calls, n.Value = inner.calls, inner.out.Bytes()
	}
	text, err := json.Marshal(map[string]node{"$": n})
	e.out.Write(text)
	return err
}

func (e *encoder) plain(v value.Value, above int) error {
	switch data := v.Data().(type) {
	case []value.Value:
		e.out.WriteByte('[')
		for i, item := range data {
			if i > 0 {
				e.out.WriteByte(',')
			}
			if err := e.write(item, above); err != nil {
				return err
			}
		}
		e.out.WriteByte(']')
	case map[string]value.Value:
		e.out.WriteByte('{')
		for i, key := range v.Keys() {
			if i > 0 {
				e.out.WriteByte(',')
			}
			name, err := json.Marshal(escaped(key))
			if err != nil {
				return err
			}
			e.out.Write(name)
			e.out.WriteByte(':')
			if err := e.write(data[key], above); err != nil {
				return err
			}
		}
		e.out.WriteByte('}')
	case float64:
		text := strconv.FormatFloat(data, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0" // so that it is read as what it was
		}
		e.out.WriteString(text)
	default:
		text, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("write %T: %w", data, err)
		}
		e.out.Write(text)
	}
	return nil
}

func escaped(key string) string {
	if strings.HasPrefix(key, "$") {
		return "$" + key
	}
	return key
}

// decoder reads one body.
type decoder struct {
	origins []*value.Origin
	stamps  []value.Stamp
}

// origins are one for each call, so that what was read by it can be shared.
type origins map[value.Call]value.Stamp

func newDecoder(calls []value.Call, known origins) *decoder {
	d := &decoder{}
	for i := range calls {
		seen, ok := known[calls[i]]
		if !ok {
			seen = value.Seen(&value.Origin{Call: &calls[i]})
			known[calls[i]] = seen
		}
		d.origins, d.stamps = append(d.origins, seen.Origin()), append(d.stamps, seen)
	}
	return d
}

func (d *decoder) read(text []byte, call int) (value.Value, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return value.Value{}, fmt.Errorf("a value is missing")
	}
	switch text[0] {
	case '{':
		return d.object(text, call)
	case '[':
		var raw []json.RawMessage
		if err := json.Unmarshal(text, &raw); err != nil {
			return value.Value{}, err
		}
		items := make([]value.Value, len(raw))
		for i := range raw {
			item, err := d.read(raw[i], call)
			if err != nil {
				return value.Value{}, err
			}
			items[i] = item
		}
		return d.at(value.List(items...), call), nil
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		return d.at(value.String(s), call), err
	case 't', 'f':
		b, err := strconv.ParseBool(string(text))
		return d.at(value.Bool(b), call), err
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return d.at(value.Int(n), call), nil
	}
	x, err := strconv.ParseFloat(string(text), 64)
	return d.at(value.Float(x), call), err
}

func (d *decoder) at(v value.Value, call int) value.Value {
	if call == 0 {
		return v
	}
	return d.stamps[call-1].On(v)
}

func (d *decoder) object(text []byte, call int) (value.Value, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return value.Value{}, err
	}
	if state, ok := raw["$"]; ok && len(raw) == 1 {
		return d.node(state, call)
	}
	fields := make(map[string]value.Value, len(raw))
	for key, below := range raw {
		field, err := d.read(below, call)
		if err != nil {
			return value.Value{}, err
		}
		fields[strings.TrimPrefix(key, "$")] = field
	}
	return d.at(value.Compact(fields), call), nil
}

func (d *decoder) node(text []byte, call int) (value.Value, error) {
	var n node
	if err := json.Unmarshal(text, &n); err != nil {
		return value.Value{}, err
	}
	if n.Call < 0 || n.Call > len(d.stamps) {
		return value.Value{}, fmt.Errorf("there is no call %d", n.Call)
	}
	if n.Call > 0 {
		call = n.Call
	}
	switch {
	case n.Absent:
		return d.at(value.None(), call), nil
	case len(n.Value) == 0:
		if len(n.Unknown) == 0 {
			n.Unknown = []value.Reason{{Why: "the snapshot does not say why"}}
		}
		return d.at(value.Unresolved(n.Unknown...), call), nil
	}
	v, err := d.read(n.Value, call)
	if len(n.Open) > 0 {
		v = v.Open(n.Open...)
	}
	return v, err
}
