package cloudformation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is one parsed template.
type document struct {
	file     string                // within the target
	shown    string                // from the working directory
	sections map[string]*yaml.Node // by name; one that is written twice is joined
	// transforms are the macros that the whole template goes through.
	transforms []string
	// size is the number of the document's nodes, aliases not expanded.
	size       int
	parameters map[string]entry
	mappings   map[string]*yaml.Node
}

var (
	versionKey   = regexp.MustCompile(`(?m)(^|["'{,])\s*["']?AWSTemplateFormatVersion["']?\s*:`)
	resourcesKey = regexp.MustCompile(`(?m)(^["']?|["'])Resources["']?\s*:`)
	typeValue    = regexp.MustCompile(`["']?Type["']?\s*:\s*["']?[A-Z][A-Za-z0-9]*::[A-Za-z0-9]+`)
	resourceType = regexp.MustCompile(`^[A-Za-z0-9]+::[A-Za-z0-9:_@-]+$`)
	yamlLine     = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
)

// mentionsTemplate is the cheapest test: no template passes it wrongly.
func mentionsTemplate(content []byte) bool {
	return bytes.Contains(content, []byte("AWSTemplateFormatVersion")) || bytes.Contains(content, []byte("Resources"))
}

// looksLikeTemplate tells by the text alone, also of a file that is broken or cut, whether it is meant as a template.
func looksLikeTemplate(content []byte) bool {
	return versionKey.Match(content) || resourcesKey.Match(content) && typeValue.Match(content)
}

// parseDocument returns the template, or nil if the file is none or is broken; the latter is a gap.
func parseDocument(file string, content []byte, gaps *gaps) *document {
	root, more, err := parseNodes(content)
	if err != nil {
		if looksLikeTemplate(content) {
			line, text := located(err)
			gaps.add(file, line, "", text, "")
		}
		return nil
	}
	if !isTemplate(root) {
		return nil
	}
	if more {
		gaps.add(file, 0, "", "the file holds several documents; only the first was read", "")
	}
	d := &document{file: file, sections: map[string]*yaml.Node{}}
	for _, f := range fields(root) {
		section := follow(f.value)
		if section == nil {
			continue
		}
		if earlier, ok := d.sections[f.key]; ok && earlier.Kind == yaml.MappingNode && section.Kind == yaml.MappingNode {
			joined := *earlier
			joined.Content = append(append([]*yaml.Node(nil), earlier.Content...), section.Content...)
			section = &joined
		}
		d.sections[f.key] = section
	}
	var dups []duplicate
	dups, d.size = duplicates(root)
	for _, dup := range dups {
		gaps.add(file, dup.line, "", fmt.Sprintf("the key %q is given twice, first in line %d", dup.key, dup.first), "")
	}
	if r := d.sections["Resources"]; r == nil || r.Kind != yaml.MappingNode {
		gaps.add(file, root.Line, "", "the template has no Resources", "")
	}
	d.transforms = transformsOf(d)
	d.parameters, d.mappings = map[string]entry{}, map[string]*yaml.Node{}
	for _, f := range fields(d.sections["Parameters"]) {
		d.parameters[f.key] = f
	}
	for _, f := range fields(d.sections["Mappings"]) {
		d.mappings[f.key] = f.value
	}
	return d
}

// isTemplate tells whether the top of a document is a template's.
func isTemplate(root *yaml.Node) bool {
	if root == nil || root.Kind != yaml.MappingNode {
		return false
	}
	if field(root, "AWSTemplateFormatVersion") != nil {
		return true
	}
	for _, r := range fields(field(root, "Resources")) {
		if strings.HasPrefix(r.key, forEachPrefix) {
			return true
		}
		if t := follow(field(r.value, "Type")); t != nil && t.Kind == yaml.ScalarNode && resourceType.MatchString(t.Value) {
			return true
		}
	}
	return false
}

// parseNodes parses YAML or JSON and tells whether more documents follow the first. JSON has a parser of its own: YAML
// knows no surrogate pairs, and its keys end at 1,024 bytes.
func parseNodes(content []byte) (root *yaml.Node, more bool, err error) {
	// The YAML library has been seen to panic on hostile input; a broken file must not end the run.
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, errors.New("the file is not valid YAML")
		}
	}()
	if separators(content) > maxSeparators {
		return nil, false, fmt.Errorf("the file holds more than %d values", maxSeparators)
	}
	if root, ok := parseJSON(content); ok {
		return root, false, nil
	}
	var first, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&first); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	more = decoder.Decode(&second) == nil
	if first.Kind != yaml.DocumentNode || len(first.Content) == 0 {
		return nil, false, nil
	}
	return follow(first.Content[0]), more, nil
}

// maxSeparators bounds the memory that a file's nodes take: a node is some 200 times larger than a comma.
const maxSeparators = 1_000_000

// separators counts what stands before nearly every value of YAML and JSON.
func separators(content []byte) int {
	n := bytes.Count(content, []byte("- "))
	for _, c := range []byte(",\n{[") {
		n += bytes.Count(content, []byte{c})
	}
	return n
}

// located splits the line off a parser's message.
func located(err error) (line int, text string) {
	text = err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return line, text
}

// maxDuplicates bounds how many are reported of one file.
const maxDuplicates = 100

type duplicate struct {
	key         string
	first, line int
}

// duplicates finds keys that one mapping gives twice, in the order of the file, and counts the nodes. Aliases are not
// followed: what they name is looked at where it is written.
func duplicates(n *yaml.Node) (found []duplicate, size int) {
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n == nil {
			return
		}
		size++
		if n.Kind == yaml.MappingNode && len(found) < maxDuplicates {
			seen := make(map[string]int, len(n.Content)/2)
			for i := 0; i+1 < len(n.Content); i += 2 {
				key := n.Content[i]
				if key.Kind != yaml.ScalarNode || isMerge(key) {
					continue
				}
				if first, ok := seen[key.Value]; ok {
					found = append(found, duplicate{key.Value, first, key.Line})
					continue
				}
				seen[key.Value] = key.Line
			}
		}
		for _, c := range n.Content {
			visit(c)
		}
	}
	visit(n)
	return found, size
}
