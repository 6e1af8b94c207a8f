package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"ward.dev/ward/internal/value"
)

// Bounds of a document. No policy or container definition that AWS accepts comes near them.
const (
	maxDocument = 1 << 18
	maxDepth    = 64
)

// jsonTree parses a JSON text into a tree. Of a text with placeholders it keeps what is known: a placeholder within a
// string leaves an unknown string with its template, one in the place of a value leaves an unknown, and one in a list
// leaves the list open, since it may stand for any number of elements. Lists and objects are returned as they are.
func jsonTree(v value.Value) value.Value { return document(v, "text") }

// document is jsonTree for something that reasons call what.
func document(v value.Value, what string) value.Value {
	source, template := "", false
	switch {
	case v.IsAbsent():
		return v
	case v.IsUnknown():
		if source, template = v.Template(); !template {
			return hidden(v)
		}
	default:
		s, ok := v.AsString()
		if !ok {
			if _, scalar := v.Spelled(); scalar {
				return unreadable(v, what+" is not a JSON document")
			}
			return v
		}
		source = s
	}
	if strings.TrimSpace(source) == "" {
		return from(v, value.None())
	}
	p := parser{raw: v}
	tree, err := p.parse(source, template)
	switch {
	case err != nil && template:
		return hidden(v)
	case err != nil:
		return unreadable(v, fmt.Sprintf("%s is not valid JSON: %v", what, err))
	}
	return tree
}

// parser makes values of a JSON text.
type parser struct {
	raw   value.Value
	marks []string // the placeholders, by number
	dec   *json.Decoder
}

// A placeholder is put into the JSON text as its number between two characters of Unicode's private use area: the first
// pair within a string, the second one in the place of a value.
const (
	inString, inStringEnd = "\uE0F0", "\uE0F1"
	inPlace, inPlaceEnd   = "\uE0F2", "\uE0F3"
)

var markPattern = regexp.MustCompile("[" + inString + inPlace + `]\d+[` + inStringEnd + inPlaceEnd + "]")

func (p *parser) parse(source string, template bool) (value.Value, error) {
	if len(source) > maxDocument {
		return value.Value{}, fmt.Errorf("it is longer than %d bytes", maxDocument)
	}
	if template {
		var err error
		if source, err = p.mark(source); err != nil {
			return value.Value{}, err
		}
	}
	p.dec = json.NewDecoder(bytes.NewReader([]byte(source)))
	p.dec.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return value.Value{}, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return value.Value{}, errors.New("there is more text behind it")
	}
	return v, nil
}

// mark replaces the placeholders of a template.
func (p *parser) mark(template string) (string, error) {
	if strings.ContainsAny(template, inString+inStringEnd+inPlace+inPlaceEnd) {
		return "", errors.New("it holds characters of private use")
	}
	if strings.Contains(template, "%{") {
		return "", errors.New("it holds template directives")
	}
	out := &strings.Builder{}
	quoted := false
	for i := 0; i < len(template); i++ {
		switch {
		case template[i] == '"':
			quoted = !quoted
		case quoted && template[i] == '\\' && i+1 < len(template):
			out.WriteByte(template[i])
			i++
		case strings.HasPrefix(template[i:], "${"):
			n := holeLength(template[i:])
			if n == 0 {
				return "", errors.New("a placeholder does not end")
			}
			open, end := inString, inStringEnd
			if !quoted {
				open, end = `"`+inPlace, inPlaceEnd+`"`
			}
			fmt.Fprintf(out, "%s%d%s", open, len(p.marks), end)
			p.marks = append(p.marks, template[i:i+n])
			i += n - 1
			continue
		}
		out.WriteByte(template[i])
	}
	return out.String(), nil
}

func (p *parser) value(depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	token, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return value.Value{}, io.ErrUnexpectedEOF
	}
	if err != nil {
		return value.Value{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(depth)
		}
		return p.list(depth)
	case string:
		return p.text(t), nil
	case json.Number:
		return p.number(t), nil
	case bool:
		return from(p.raw, value.Bool(t)), nil
	}
	return from(p.raw, value.None()), nil
}

func (p *parser) number(n json.Number) value.Value {
	if i, err := n.Int64(); err == nil {
		return from(p.raw, value.Int(i))
	}
	f, err := n.Float64()
	if err != nil {
		return unreadable(p.raw, "a number is out of range")
	}
	return from(p.raw, value.Float(f))
}

func (p *parser) object(depth int) (value.Value, error) {
	members := map[string]value.Value{}
	var more []value.Reason
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return value.Value{}, err
		}
		marked, _ := token.(string)
		key, found := p.restore(marked)
		if len(found) > 0 {
			more = append(more, p.reasons(found)...)
		}
		member, err := p.value(depth + 1)
		if err != nil {
			return value.Value{}, err
		}
		if _, twice := members[key]; twice {
			member = unreadable(p.raw, "a key of the JSON object is given twice")
		}
		members[key] = member
	}
	if _, err := p.dec.Token(); err != nil {
		return value.Value{}, err
	}
	object := from(p.raw, value.Object(members))
	if len(more) > 0 {
		object = object.Open(distinct(more)...)
	}
	return object, nil
}

func (p *parser) list(depth int) (value.Value, error) {
	var elements []value.Value
	var more []value.Reason
	for p.dec.More() {
		element, err := p.value(depth + 1)
		if err != nil {
			return value.Value{}, err
		}
		if _, templated := element.Template(); element.IsUnknown() && !templated {
			more = append(more, element.Reasons()...)
			continue
		}
		elements = append(elements, element)
	}
	if _, err := p.dec.Token(); err != nil {
		return value.Value{}, err
	}
	return listOf(p.raw, elements, more), nil
}

// text makes the value of a JSON string.
func (p *parser) text(marked string) value.Value {
	if strings.HasPrefix(marked, inPlace) {
		_, found := p.restore(marked)
		return from(p.raw, value.Unresolved(p.reasons(found)...).Referring(false, p.refs(found)...))
	}
	s, found := p.restore(marked)
	parts, ok := split(s, p.raw.Refs())
	if len(found) == 0 || (ok && parts == nil) {
		return from(p.raw, value.String(s))
	}
	refs := p.refs(found)
	exact := len(parts) == 1 && len(refs) == 1 && strings.HasPrefix(parts[0].expr, refs[0].Address)
	return from(p.raw, value.Unresolved(p.reasons(found)...).Text(s).Referring(exact, refs...))
}

// restore puts the placeholders back into a string and returns those that it found.
func (p *parser) restore(marked string) (string, []string) {
	var found []string
	if len(p.marks) == 0 {
		return marked, nil
	}
	restored := markPattern.ReplaceAllStringFunc(marked, func(mark string) string {
		n, err := strconv.Atoi(strings.Trim(mark, inString+inStringEnd+inPlace+inPlaceEnd))
		if err != nil || n >= len(p.marks) {
			return mark
		}
		found = append(found, p.marks[n])
		return p.marks[n]
	})
	return restored, found
}

// reasons picks the document's reasons that speak of the placeholders; all of them if none does.
func (p *parser) reasons(placeholders []string) []value.Reason {
	return about(p.raw.Reasons(), placeholders, func(r value.Reason, expr string) bool {
		return strings.Contains(r.Why, expr)
	})
}

// refs picks the document's references that stand in the placeholders; all of them if none does.
func (p *parser) refs(placeholders []string) []value.Ref {
	return about(p.raw.Refs(), placeholders, func(r value.Ref, expr string) bool {
		return r.Address == "" || strings.Contains(expr, r.Address)
	})
}

// manyCauses is the number of reasons or references from which on they are not told apart by placeholder.
const manyCauses = 256

func about[T any](all []T, placeholders []string, speaks func(T, string) bool) []T {
	var out []T
	if len(all) > manyCauses {
		return all
	}
	for _, x := range all {
		for _, placeholder := range placeholders {
			if speaks(x, strings.TrimSpace(placeholder[2:len(placeholder)-1])) {
				out = append(out, x)
				break
			}
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}
