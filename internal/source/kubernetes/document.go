package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"ward.dev/ward/internal/value"
)

const (
	maxDepth      = 100
	maxSeparators = 1_000_000 // of a file: a node is some 200 times larger than a comma
	spareNodes    = 200_000   // that aliases may expand to, beyond twice those that are written
)

// fault is what is wrong with a document, and where.
type fault struct {
	line int
	text string
}

func (f fault) Error() string { return f.text }

// locate tells where a line of a text was written: a file, a line, 0 if that cannot be told, and what to say before the path.
type locate func(line int) (file string, at int, note string)

// inFile is for texts that are read as they are.
func inFile(file string) locate {
	return func(line int) (string, int, string) { return file, line, "" }
}

// parsed is one document of a file.
type parsed struct {
	value value.Value
	line  int // its first
}

// parse reads the documents of a YAML or JSON text. A document that is broken is a fault, and the others are still read.
func parse(content []byte, where locate) (documents []parsed, faults []fault) {
	if n := separators(content); n > maxSeparators {
		return nil, []fault{{0, fmt.Sprintf("the file holds more than %d values", maxSeparators)}}
	}
	if trimmed := bytes.TrimSpace(content); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		if documents, err := parseJSON(content, where); err == nil {
			return documents, nil
		}
	}
	for _, chunk := range split(content) {
		v, err := parseYAML(chunk.text, chunk.line, where)
		switch {
		case err != nil:
			faults = append(faults, *err)
		case !v.IsAbsent():
			documents = append(documents, parsed{v, chunk.first()})
		}
	}
	return documents, faults
}

// chunk is the text of one document, and the number of lines before it.
type chunk struct {
	text []byte
	line int
}

// first is the line of the first word in a document.
func (c chunk) first() int {
	line := c.line
	for text := range bytes.Lines(c.text) {
		line++
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] != '#' && !bytes.HasPrefix(trimmed, []byte("---")) {
			return line
		}
	}
	return line
}

var separator = regexp.MustCompile(`(?m)^---([ \t\r].*)?$`)

// split divides a file into its documents, so that one that is broken leaves the others to be read.
func split(content []byte) []chunk {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var chunks []chunk
	start, line := 0, 0
	cut := func(end int) {
		text := content[start:end]
		if !directives(text) {
			chunks = append(chunks, chunk{text, line})
		}
		line += bytes.Count(text, []byte("\n"))
		start = end
	}
	for _, at := range separator.FindAllIndex(content, -1) {
		if at[0] > start {
			cut(at[0])
		}
	}
	cut(len(content))
	return chunks
}

// directives tells whether a text holds nothing but comments and YAML's directives.
func directives(text []byte) bool {
	for line := range bytes.Lines(text) {
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && trimmed[0] != '#' && trimmed[0] != '%' {
			return false
		}
	}
	return true
}

// separators counts what stands before nearly every value of YAML and JSON.
func separators(content []byte) int {
	n := bytes.Count(content, []byte("- "))
	for _, c := range []byte(",\n{[") {
		n += bytes.Count(content, []byte{c})
	}
	return n
}

func parseYAML(text []byte, before int, where locate) (v value.Value, failed *fault) {
	// The YAML library has been seen to panic on hostile input; a broken file must not end the run.
	defer func() {
		if r := recover(); r != nil {
			v, failed = value.Value{}, &fault{before + 1, "the file is not valid YAML"}
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		line, text := located(err)
		return v, &fault{before + max(line, 1), text}
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return value.None(), nil
	}
	b := builder{before: before, where: where, left: spareNodes + 2*separators(text), open: map[*yaml.Node]bool{}}
	v, err := b.value(doc.Content[0], "", 0)
	if err != nil {
		var f fault
		errors.As(err, &f)
		return v, &fault{f.line, f.text}
	}
	return v, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// located splits the line off the YAML library's message.
func located(err error) (line int, text string) {
	text = err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return line, text
}

// builder makes values of the nodes of one document.
type builder struct {
	before int // lines before the document
	where  locate
	left   int                 // nodes that may still be made
	open   map[*yaml.Node]bool // anchors that are being expanded
}

func (b *builder) fault(n *yaml.Node, format string, args ...any) error {
	return fault{b.before + n.Line, fmt.Sprintf(format, args...)}
}

func (b *builder) value(n *yaml.Node, path string, depth int) (value.Value, error) {
	if b.left--; b.left < 0 {
		return value.Value{}, b.fault(n, "the document expands to too many values")
	}
	if depth > maxDepth {
		return value.Value{}, b.fault(n, "the document is nested too deeply")
	}
	file, line, note := b.where(b.before + n.Line)
	at := value.Seen(&value.Origin{File: file, Line: line, Path: note + path})
	switch n.Kind {
	case yaml.AliasNode:
		if b.open[n.Alias] {
			return value.Value{}, b.fault(n, "the anchor %s holds itself", n.Value)
		}
		b.open[n.Alias] = true
		defer delete(b.open, n.Alias)
		return b.value(n.Alias, path, depth+1)
	case yaml.SequenceNode:
		items := make([]value.Value, len(n.Content))
		for i, c := range n.Content {
			item, err := b.value(c, path+"["+strconv.Itoa(i)+"]", depth+1)
			if err != nil {
				return item, err
			}
			items[i] = item
		}
		return at.On(value.List(items...)), nil
	case yaml.MappingNode:
		members := make(map[string]value.Value, len(n.Content)/2)
		if err := b.members(n, path, depth, members, false); err != nil {
			return value.Value{}, err
		}
		return at.On(value.Compact(members)), nil
	}
	return at.On(scalar(n)), nil
}

// members reads a mapping. What it merges ("<<") gives way to its own keys.
func (b *builder) members(n *yaml.Node, path string, depth int, into map[string]value.Value, merged bool) error {
	lines := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return b.fault(key, "a key is not a text")
		}
		if key.Value == "<<" && key.Style == 0 {
			merges = append(merges, n.Content[i+1])
			continue
		}
		if first, twice := lines[key.Value]; twice {
			return b.fault(key, "the key %q is given twice, first in line %d", key.Value, first)
		}
		lines[key.Value] = b.before + key.Line
		if _, given := into[key.Value]; given && merged {
			continue
		}
		member, err := b.value(n.Content[i+1], below(path, key.Value), depth+1)
		if err != nil {
			return err
		}
		into[key.Value] = member
	}
	for _, m := range merges {
		if err := b.merge(m, path, depth, into); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) merge(n *yaml.Node, path string, depth int, into map[string]value.Value) error {
	if b.left--; b.left < 0 || depth > maxDepth {
		return b.fault(n, "the document expands to too many values")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return b.merge(n.Alias, path, depth+1, into)
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if err := b.merge(c, path, depth+1, into); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		return b.members(n, path, depth+1, into, true)
	}
	return b.fault(n, "a merge wants a mapping")
}

// below is the path of a member.
func below(path, key string) string {
	switch {
	case strings.ContainsAny(key, ".[ "):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

var decimal = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// scalar reads a plain scalar as kubectl does, which knows YAML 1.1: yes and on are true, 0644 is octal.
func scalar(n *yaml.Node) value.Value {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Tag == "!" ||
		n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!str" {
		return value.String(n.Value)
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return value.None()
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return value.Bool(true)
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return value.Bool(false)
	}
	if c := n.Value[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return value.String(n.Value)
	}
	plain := strings.ReplaceAll(n.Value, "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return value.Int(i)
	}
	if f, err := strconv.ParseFloat(plain, 64); err == nil && decimal.MatchString(plain) && !math.IsInf(f, 0) {
		return value.Float(f)
	}
	return value.String(n.Value)
}
