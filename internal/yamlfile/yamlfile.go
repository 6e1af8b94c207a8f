// Package yamlfile reads YAML files that people write: strictly, and with every fault located as file:line.
//
// It knows nothing of what the files say.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/agext/levenshtein"
)

// MaxSize is the largest file that Decode accepts, in bytes.
const MaxSize = 4 << 20

// Fault is one thing wrong with a file.
type Fault struct {
	File string
	Line int
	Text string
}

// Error returns file:line: text.
func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Text)
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
}

// Decode reads one document into out. Unknown keys, duplicate keys, aliases and values of the wrong type are faults, and
// all are returned at once, joined. An empty document is a fault.
func Decode(file string, data []byte, out any) error {
	if len(data) > MaxSize {
		return Fault{file, 0, fmt.Sprintf("larger than %d bytes", MaxSize)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return Fault{file, 0, "the file is empty"}
	case err != nil:
		return located(file, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Fault{file, 0, "more than one YAML document; write one file for each"}
	}
	root := doc.Content[0]
	var faults []error
	checkKeys(root, reflect.TypeOf(out), func(line int, text string) { faults = append(faults, Fault{file, line, text}) })
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	if err := root.Decode(out); err != nil {
		return located(file, err)
	}
	return nil
}

// located turns the library's "yaml: line 3: ..." into Faults of the file.
func located(file string, err error) error {
	texts := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		texts = typed.Errors
	}
	var faults []error
	for _, text := range texts {
		line := 0
		if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
			text = strings.TrimSpace(text[strings.Index(text, ":")+1:])
		}
		faults = append(faults, Fault{file, line, text})
	}
	return errors.Join(faults...)
}

// Shaped is implemented by types that decode themselves: YAMLShapes returns values of the types that a node of each
// YAML kind is decoded into, so that their keys can be checked too.
type Shaped interface {
	// YAMLShape returns a pointer to what the node is decoded into, nil if its keys are free.
	YAMLShape(node *yaml.Node) any
}

var shapedType = reflect.TypeOf((*Shaped)(nil)).Elem()

func checkKeys(node *yaml.Node, t reflect.Type, fault func(int, string)) {
	if node.Kind == yaml.AliasNode {
		fault(node.Line, "aliases are not allowed here; write the value out")
		return
	}
	for t.Kind() == reflect.Pointer {
		if t.Implements(shapedType) {
			break
		}
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(shapedType) || t.Implements(shapedType) {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		shape := reflect.New(t).Interface().(Shaped).YAMLShape(node)
		if shape != nil {
			checkKeys(node, reflect.TypeOf(shape), fault)
		}
		return
	}
	switch {
	case node.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for _, item := range node.Content {
			checkKeys(item, t.Elem(), fault)
		}
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		checkDuplicates(node, fault)
		for i := 1; i < len(node.Content); i += 2 {
			checkKeys(node.Content[i], t.Elem(), fault)
		}
	case node.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		checkDuplicates(node, fault)
		fields := fieldTypes(t)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			field, ok := fields[key.Value]
			if !ok {
				fault(key.Line, fmt.Sprintf("unknown key %q%s", key.Value, Suggest(key.Value, names(fields))))
				continue
			}
			checkKeys(node.Content[i+1], field, fault)
		}
	}
}

func checkDuplicates(node *yaml.Node, fault func(int, string)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, ok := seen[key.Value]; ok {
			fault(key.Line, fmt.Sprintf("key %q is already set at line %d", key.Value, line))
		}
		seen[key.Value] = key.Line
	}
}

func fieldTypes(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
		case strings.Contains(options, "inline"):
			for k, v := range fieldTypes(field.Type) {
				fields[k] = v
			}
		case name == "":
			fields[strings.ToLower(field.Name)] = field.Type
		default:
			fields[name] = field.Type
		}
	}
	return fields
}

func names(m map[string]reflect.Type) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// Suggest returns ` (did you mean "x"?)` for the candidate nearest to word, or "" if none is near.
func Suggest(word string, candidates []string) string {
	sort.Strings(candidates)
	best, distance := "", len(word)/3+2
	for _, c := range candidates {
		if d := levenshtein.Distance(word, c, nil); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}
