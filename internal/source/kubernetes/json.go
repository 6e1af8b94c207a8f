package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"ward.dev/ward/internal/value"
)

// parseJSON reads a file of JSON values one after the other. YAML's parser would read most of them, but not tabs, surrogate
// pairs and long keys.
func parseJSON(content []byte, where locate) ([]parsed, error) {
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	b := jsonBuilder{decoder: d, content: content, line: 1, where: where}
	var all []parsed
	for {
		token, err := b.token()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		line := b.line
		v, err := b.value(token, "", 0)
		if err != nil {
			return nil, err
		}
		all = append(all, parsed{v, line})
	}
}

type jsonBuilder struct {
	decoder *json.Decoder
	content []byte
	offset  int
	line    int
	where   locate
}

// token returns the next token and counts the lines before it.
func (b *jsonBuilder) token() (json.Token, error) {
	token, err := b.decoder.Token()
	end := min(int(b.decoder.InputOffset()), len(b.content))
	b.line += bytes.Count(b.content[b.offset:end], []byte("\n"))
	b.offset = end
	return token, err
}

func (b *jsonBuilder) value(token json.Token, path string, depth int) (value.Value, error) {
	if depth > maxDepth {
		return value.Value{}, fault{b.line, "the document is nested too deeply"}
	}
	file, line, note := b.where(b.line)
	at := value.Seen(&value.Origin{File: file, Line: line, Path: note + path})
	switch t := token.(type) {
	case string:
		return at.On(value.String(t)), nil
	case bool:
		return at.On(value.Bool(t)), nil
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return at.On(value.Int(i)), nil
		}
		f, err := t.Float64()
		return at.On(value.Float(f)), err
	case json.Delim:
		if t == '[' {
			v, err := b.list(path, depth)
			return at.On(v), err
		}
		v, err := b.object(path, depth)
		return at.On(v), err
	}
	return at.On(value.None()), nil
}

func (b *jsonBuilder) list(path string, depth int) (value.Value, error) {
	var items []value.Value
	for {
		token, err := b.token()
		if err != nil {
			return value.Value{}, err
		}
		if token == json.Delim(']') {
			return value.List(items...), nil
		}
		item, err := b.value(token, path+"["+strconv.Itoa(len(items))+"]", depth+1)
		if err != nil {
			return item, err
		}
		items = append(items, item)
	}
}

func (b *jsonBuilder) object(path string, depth int) (value.Value, error) {
	members := map[string]value.Value{}
	for {
		token, err := b.token()
		if err != nil {
			return value.Value{}, err
		}
		if token == json.Delim('}') {
			return value.Compact(members), nil
		}
		key, _ := token.(string)
		if _, twice := members[key]; twice {
			return value.Value{}, fault{b.line, fmt.Sprintf("the key %q is given twice", key)}
		}
		if token, err = b.token(); err != nil {
			return value.Value{}, err
		}
		member, err := b.value(token, below(path, key), depth+1)
		if err != nil {
			return member, err
		}
		members[key] = member
	}
}
