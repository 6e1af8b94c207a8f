package cloudformation

import (
	"bytes"
	"encoding/json"

	"go.yaml.in/yaml/v3"
)

// parseJSON turns JSON into the nodes that the YAML parser would make, with their lines.
func parseJSON(content []byte) (*yaml.Node, bool) {
	trimmed := bytes.TrimSpace(content)
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(content) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	b := jsonNodes{decoder: d, content: content, line: 1}
	n := b.next()
	return n, n != nil
}

type jsonNodes struct {
	decoder *json.Decoder
	content []byte
	offset  int
	line    int
}

// next returns the next value, nil at the end of a list or object. The text is valid, so that no token fails.
func (b *jsonNodes) next() *yaml.Node {
	token, err := b.decoder.Token()
	if err != nil {
		return nil
	}
	end := int(b.decoder.InputOffset())
	b.line += bytes.Count(b.content[b.offset:end], []byte("\n"))
	b.offset = end
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: b.line}
	switch t := token.(type) {
	case json.Delim:
		switch t {
		case '{':
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		case '[':
			n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		default:
			return nil
		}
		for c := b.next(); c != nil; c = b.next() {
			n.Content = append(n.Content, c)
		}
	case string:
		n.Style, n.Tag, n.Value = yaml.DoubleQuotedStyle, "!!str", t
	case json.Number:
		n.Value = t.String()
	case bool:
		n.Value = "false"
		if t {
			n.Value = "true"
		}
	default:
		n.Value = "null"
	}
	return n
}
